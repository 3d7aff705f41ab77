"""Less is easier to read: limits and rules that buy nothing are taken away.

A proposal carries rules that hardly anybody meets and limits that exclude hardly anybody. From
each strategy that was chosen, one rule or one limit after the other is taken away while nothing
that is traded gets worse by more than a hundredth of its range on the frontier. What is found to be
better on the way takes its place among the chosen ones and is simplified in its turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from popmodel.search.bench import Bench, over_budget, signed
from popmodel.search.explore import Found, Progress, try_new
from popmodel.search.space import Candidate, Rule

LOSS: Final = 0.01
"""Share of an objective's range on the frontier that a simpler strategy may lose."""
NO_LIMITS: Final = Rule("")


def simplify(bench: Bench, found: Found, progress: Progress | None = None) -> None:
    """Try simpler forms of the chosen strategies, and note which stand for them.

    It ends because a form has fewer parts than what it was made of, and no strategy comes twice.

    Args:
        bench: the patients of the shortlist.
        found: the shortlist; its `simpler` is filled.
        progress: called with what is done, how many strategies, and of how many.
    """
    while left := [one for one in found.chosen() if one not in found.simpler]:
        points = found.points()[found.frontier_positions()]
        allowed = LOSS * np.ptp(points, axis=0)
        found.simpler[left[0]] = _simplest(left[0], bench, found, allowed)
        if progress is not None:
            done = len(found.simpler)
            progress("strategies simplified", done, done + len(left) - 1)


def _simplest(
    candidate: Candidate, bench: Bench, found: Found, allowed: NDArray[np.float64]
) -> Candidate:
    """Return the simplest form that is reached by taking away one thing after the other."""
    worst = _worth(candidate, found) + allowed
    current = candidate
    while True:
        forms = list(dict.fromkeys(_one_less(current, found)))
        try_new(forms, bench, found)
        fits = [one for one in forms if _fits(one, found, worst)]
        if not fits:
            return current
        current = min(fits, key=lambda one: float((_worth(one, found) - worst).sum()))


def _worth(candidate: Candidate, found: Found) -> NDArray[np.float64]:
    return np.array(signed(found.rows[candidate], found.question.objectives))


def _fits(candidate: Candidate, found: Found, worst: NDArray[np.float64]) -> bool:
    budget = found.question.search.budget_per_year
    within = over_budget(found.rows[candidate], budget, found.caution) <= 0.0
    return within and bool((_worth(candidate, found) <= worst).all())


def _one_less(candidate: Candidate, found: Found) -> Iterator[Candidate]:
    """Yield what a strategy becomes when one rule or one limit is taken away."""
    for k, rule in enumerate(candidate):
        before, after = candidate[:k], candidate[k + 1 :]
        yield found.space.reachable((*before, *after))
        for less in _without_a_limit(rule, found.space.first_lines[rule.treat]):
            yield found.space.reachable((*before, less, *after))


def _without_a_limit(rule: Rule, first_line: int) -> Iterator[Rule]:
    bare = replace(NO_LIMITS, treat=rule.treat, line_from=first_line)
    for name in ("severity_from", "severity_below", "line_from", "line_to", "biotype"):
        if getattr(rule, name) != getattr(bare, name):
            yield replace(rule, **{name: getattr(bare, name)})
