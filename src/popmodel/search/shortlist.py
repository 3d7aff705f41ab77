"""The best proposals tried on other and more patients, before any of them is chosen.

A search looks at many strategies on few patients, so those that seem best, and those that seem to
keep the budget, are partly lucky. Some dozens of them are looked at again on patients who had no
part in finding them; only there are strategies simplified and chosen, and there a program must be
under the budget by a standard error.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from popmodel.search.bench import SURE, Bench, bench_of
from popmodel.search.explore import Found, Progress, try_new, undominated
from popmodel.search.space import Candidate
from popmodel.uncertainty.model import seed_of

SHORT: Final = 60
"""Strategies on the shortlist."""
OTHERS: Final = 2
"""Replicate of luck of its patients."""
CAUTION: Final = 1.0


def shortlist(
    found: Found, threads: int | None = None, progress: Progress | None = None
) -> tuple[Bench, Found]:
    """Return other patients, and what the best proposals are worth on them.

    Args:
        found: a search.
        threads: how many; all processors when None.
        progress: called with what is done.
    """
    question = found.question
    if progress is not None:
        progress("shortlist", 0, 1)
    seed = seed_of(question.scenario.seed, OTHERS)
    bench = bench_of(question, question.shortlist_patients, seed, threads)
    again = Found(found.space, proposals=found.proposals, caution=CAUTION)
    try_new(best_of(found, SHORT), bench, again)
    return bench, again


def best_of(found: Found, count: int) -> list[Candidate]:
    """Return the strategies that no other beats, then those that only these beat, and so on.

    Args:
        found: a search; what is over the budget by more than two errors is left out.
        count: how many, if there are as many.
    """
    candidates, points = list(found.rows), found.points()
    left = np.flatnonzero(found.within_budget(-SURE))
    kept: list[int] = []
    while len(left) and len(kept) < count:
        front = left[undominated(points[left])]
        kept += front.tolist()
        left = np.setdiff1d(left, front)
    return [candidates[k] for k in kept[:count]]
