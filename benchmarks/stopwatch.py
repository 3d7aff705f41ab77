"""Time something with the benchmark fixture and hand back the median; or two things in turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

Clock = Callable[[], float]


def median_of(benchmark: Any, work: Callable[[], Any], *, rounds: int = 5) -> float:
    """Return the median duration of some rounds after one that does not count.

    Measured by the clock that the test's benchmark marker names; nan when benchmarks are disabled.
    """
    benchmark.pedantic(work, rounds=rounds, iterations=1, warmup_rounds=1)
    return float("nan") if benchmark.stats is None else float(benchmark.stats["median"])


def median_and_ratio(
    benchmark: Any,
    work: Callable[[], Any],
    other: Callable[[], Any],
    *,
    rounds: int = 5,
    clock: Clock = time.process_time,
) -> tuple[float, float, float]:
    """Time `work` and `other` in turns, so that noise hits both.

    Returns:
        Median duration of `work`, of `other`, and the median of the paired ratios work / other.
    """
    others: list[float] = []

    def run_other() -> None:
        start = clock()
        other()
        others.append(clock() - start)

    benchmark.pedantic(work, setup=run_other, rounds=rounds, iterations=1, warmup_rounds=1)
    if benchmark.stats is None:
        return float("nan"), float("nan"), float("nan")
    works = list(benchmark.stats.stats.data)
    paired = others[-len(works) :]
    ratios = [a / b for a, b in zip(works, paired, strict=True)]
    return statistics.median(works), statistics.median(paired), statistics.median(ratios)
