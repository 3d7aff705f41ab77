"""From waits to means with standard errors: replicates, warm-up dropped, control variates.

A control is a quantity of the same run whose mean is known: the number of arrivals; the mean hold;
waits in a queue that is simpler than the one under test, on the same arrivals or the same holds
(Lindley's recursion, mean by Pollaczek and Khinchine). What the measure has in common with it by
luck is taken off by regression over replicates (Lavenberg & Welch, Management Science 1981;27:322).
No control has a mean that rests on the formula under test.

The mean wait of a replicate is a ratio: where more people come they also wait longer, so its
expectation is below the mean of all (by some tenths of a per cent here). A mean wait in a simpler
queue errs in the same way, which takes the error off; a queue length is a mean over time and has no
such error, so it gets controls that are sums over the time of the replicate.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tests.verification.queues import drive
from tests.verification.queues.design import Setting, expected

BATCH = 16
FEWEST, MOST = 48, 8000
"""Replicates of a setting."""


@dataclass(frozen=True)
class Measured:
    """A measure of a setting beside theory.

    Attributes:
        setting: Which.
        measure: wait, share, queue or first.
        theory: What it must be, ticks allowed for.
        value: What the engine gave.
        error: Standard error.
        replicates: How many.
        joined: Patients who joined the queue after the warm-up.
    """

    setting: Setting
    measure: str
    theory: float
    value: float
    error: float
    replicates: int
    joined: int

    @property
    def z(self) -> float:
        """Standard errors from theory."""
        return (self.value - self.theory) / self.error

    @property
    def relative_error(self) -> float:
        """Standard error as a share of the value."""
        return self.error / self.value


def relaxation(one: Setting) -> float:
    """Return the days in which a queue forgets its start (M/M/c), by spread of holds."""
    spread = 0.5 * max(one.hold_squared, 1.0)
    if one.kind == "impatient":
        return max(1.0, 1.0 / one.extra)
    return 2.0 * spread / (one.places * (1.0 - math.sqrt(one.load)) ** 2)


def window(one: Setting) -> tuple[float, float]:
    """Return the days from which on, and until which, those who join are counted.

    Above a load of 0.9 the start is forgotten slowly, and the error asked for is ten times wider.
    """
    easy = one.load <= 0.9
    warm = (3.0 if easy else 2.0) * relaxation(one) + 10.0
    return warm, warm + max((2.0 if easy else 1.0) * warm, 3000.0 / one.arrivals)


def queue_length(w: drive.Waits, start: float, end: float) -> float:
    """Return the mean number waiting between two days."""
    overlap = np.minimum(w.left, end) - np.maximum(w.joined, start)
    return float(np.maximum(overlap, 0.0).sum() / (end - start))


def measures(w: drive.Waits, one: Setting, start: float, end: float) -> list[float]:
    """Return wait, share, queue length and wait of the urgent in one replicate."""
    inside = (w.joined >= start) & (w.joined < end)
    wait = w.left[inside] - w.joined[inside]
    seen = np.ceil(w.joined[inside] / one.tick) * one.tick
    late = ~w.served[inside] if one.kind == "impatient" else w.left[inside] > seen
    urgent = w.urgent[inside]
    first = wait[urgent].mean() if one.kind == "urgent" else math.nan
    return [float(wait.mean()), float(late.mean()), queue_length(w, start, end), float(first)]


def lindley(arrived: NDArray[Any], hold: NDArray[Any]) -> NDArray[Any]:
    """Return waits at one place that serves in order (Lindley 1952)."""
    path = np.concatenate([[0.0], np.cumsum(hold[:-1] - np.diff(arrived))])
    return np.asarray(path - np.minimum.accumulate(path))


def controls(
    w: drive.Waits, one: Setting, start: float, end: float, luck: Any
) -> tuple[list[float], list[float]]:
    """Return the controls of one replicate, each minus its mean: for means a patient, and a day."""
    inside = (w.joined >= start) & (w.joined < end)
    days = end - start
    found = [inside.sum() / (one.arrivals * days) - 1.0]
    if one.kind != "fixed":
        found.append(float(w.hold[inside & w.served].mean()) - 1.0)
    if one.kind == "impatient":
        return found, found
    simpler: list[tuple[NDArray[Any], float]] = []
    gap, c = 1.0 / one.arrivals, one.places
    if c > 1 or one.kind == "urgent":
        wait = lindley(w.joined, w.hold / c)[inside]
        mean = one.arrivals * one.hold_squared / c**2 / (2.0 * (1.0 - one.load))
        simpler += [(wait, mean), (wait > 0.0, one.load)]
    elif one.kind != "fixed":
        even = lindley(w.joined, np.ones(len(w.joined)))[inside]
        simpler.append((even, one.load / (2.0 * (1.0 - one.load))))
        other = np.cumsum(luck.exponential(gap, len(w.joined)))
        same = lindley(other, w.hold)[inside]
        simpler.append((same, one.arrivals * one.hold_squared / (2.0 * (1.0 - one.load))))
    return (
        found + [float(x.mean()) - mean for x, mean in simpler],
        found + [float(x.sum()) / (one.arrivals * days) - mean for x, mean in simpler],
    )


def regressed(values: NDArray[Any], known: NDArray[Any]) -> tuple[float, float]:
    """Return the mean at controls of 0 by least squares, and its standard error."""
    design = np.column_stack([np.ones(len(values)), known])
    fit, *_ = np.linalg.lstsq(design, values, rcond=None)
    rest = values - design @ fit
    variance = rest @ rest / (len(values) - design.shape[1])
    return float(fit[0]), math.sqrt(variance * np.linalg.inv(design.T @ design)[0, 0])


def target(one: Setting) -> float:
    """Return the relative standard error that is asked for."""
    return 0.005 if one.load <= 0.9 else 0.05


def measure(
    one: Setting,
    seed: int,
    *,
    threads: int = 1,
    goal: float | None = None,
    most: int = MOST,
    note: Callable[[list[Measured]], None] | None = None,
) -> list[Measured]:
    """Run replicates of a setting until every measure is as exact as asked for.

    Args:
        one: The setting.
        seed: Of arrivals and of patients' luck.
        threads: How many.
        goal: Relative standard error; None: as the setting asks for.
        most: Replicates at most.
        note: Told of the measures after every batch.
    """  # fmt: skip
    goal = target(one) if goal is None else goal
    start, end = window(one)
    rows: list[list[float]] = []
    known: list[tuple[list[float], list[float]]] = []
    joined, batch = 0, BATCH
    found: list[Measured] = []
    while len(rows) < most:
        key = int(np.random.SeedSequence([seed, len(rows)]).generate_state(1)[0])
        luck = np.random.default_rng([seed, len(rows), 1])
        history = drive.run(one, end, key, batch, threads)
        for w in drive.waits_by_replicate(history, one, batch):
            rows.append(measures(w, one, start, end))
            known.append(controls(w, one, start, end, luck))
            joined += int(((w.joined >= start) & (w.joined < end)).sum())
        if len(rows) >= FEWEST:
            found = summed_up(one, np.array(rows), np.array(known), joined)
            if note is not None:
                note(found)
            if max(m.relative_error for m in found) <= goal:
                break
    return found


def summed_up(one: Setting, rows: NDArray[Any], known: NDArray[Any], joined: int) -> list[Measured]:
    """Return the measures of a setting from those of its replicates."""
    said = expected(one)
    found = []
    for n, name in enumerate(("wait", "share", "queue", "first")):
        theory = getattr(said, name)
        if not math.isnan(theory):
            value, error = regressed(rows[:, n], known[:, 1 if name == "queue" else 0])
            found.append(Measured(one, name, theory, value, error, len(rows), joined))
    return found


def measure_all(settings: tuple[Setting, ...], seed: int, threads: int = 2) -> list[list[Measured]]:
    """Measure settings in parallel, the longest first."""
    order = sorted(range(len(settings)), key=lambda n: -relaxation(settings[n]))
    with ThreadPoolExecutor(threads) as pool:
        jobs = {n: pool.submit(measure, settings[n], seed + n) for n in order}
        return [jobs[n].result() for n in range(len(settings))]
