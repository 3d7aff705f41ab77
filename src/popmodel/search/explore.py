"""The search itself: propose, try on the same patients, keep everything that was tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from popmodel.search.bench import Bench, over_budget, signed
from popmodel.search.optimiser import GENERATION, Optimiser, optimiser_of
from popmodel.search.question import Question
from popmodel.search.space import Candidate, Space, words_of

Progress = Callable[[str, int, int], None]
MOST_AT_ONCE: Final = 40
"""Strategies simulated in one call; more only need more memory."""


@dataclass
class Found:
    """Everything that was tried, in the order of its first proposal.

    Attributes:
        space: what could be proposed.
        rows: by strategy, what it was worth (columns of `Bench.try_out`).
        first: by strategy, at which proposal it came first.
        proposals: how many proposals there were, repeated ones too.
        simpler: by chosen strategy, the simpler one that stands for it.
        caution: standard errors by which a program must be under the budget.
    """

    space: Space
    rows: dict[Candidate, dict[str, Any]] = field(default_factory=dict)
    first: dict[Candidate, int] = field(default_factory=dict)
    proposals: int = 0
    simpler: dict[Candidate, Candidate] = field(default_factory=dict)
    caution: float = 0.0

    @property
    def question(self) -> Question:
        """What is asked."""
        return self.space.question

    def table(self) -> pd.DataFrame:
        """Return one row a strategy tried: its rules, outcomes, whether it is on the frontier."""
        names = [f"c{k + 1}" for k in range(len(self.rows))]
        head = {
            "candidate": names,
            "rules": [words_of(one) for one in self.rows],
            "proposal": [self.first[one] for one in self.rows],
            "budget": ["within" if fits else "over" for fits in self.within_budget(self.caution)],
            "on_frontier": False,
        }
        table = pd.DataFrame(head).join(pd.DataFrame(list(self.rows.values())))
        table.loc[self.frontier_positions(), "on_frontier"] = True
        return table

    def within_budget(self, caution: float) -> list[bool]:
        """Return which strategies are within the budget, errors of their cost added to it."""
        budget = self.question.search.budget_per_year
        return [over_budget(row, budget, caution) <= 0.0 for row in self.rows.values()]

    def points(self) -> NDArray[np.float64]:
        """Return the objectives of every strategy tried, less is better."""
        points = [signed(row, self.question.objectives) for row in self.rows.values()]
        return np.array(points).reshape(len(points), len(self.question.objectives))

    def frontier_positions(self) -> list[int]:
        """Return which strategies within the budget no other one within it beats."""
        allowed = [k for k, fits in enumerate(self.within_budget(self.caution)) if fits]
        return [allowed[k] for k in undominated(self.points()[allowed])]

    def chosen(self) -> list[Candidate]:
        """Return the strategies to try again: the best at every amount per QALY, then spread.

        The first is the best at the middle amount: what would be recommended before the patients
        who confirm it are looked at. None if nothing that was tried is within the budget.
        """
        frontier = self.frontier_positions()
        if not frontier:
            return []
        rows = list(self.rows.items())
        best = [self._best_at(wtp, frontier) for wtp in _middle_first(self.question)]
        points = self.points()[frontier]
        order = spread(points, [frontier.index(k) for k in dict.fromkeys(best)])
        return [rows[frontier[k]][0] for k in order[: self.question.search.keep]]

    def kept(self) -> list[Candidate]:
        """Return the chosen strategies in the simpler forms that stand for them, each once."""
        return list(dict.fromkeys(self.simpler.get(one, one) for one in self.chosen()))

    def _best_at(self, wtp: float, among: Sequence[int]) -> int:
        rows = list(self.rows.values())
        return max(among, key=lambda k: wtp * rows[k]["inc_qaly"] - rows[k]["inc_cost"])


def _middle_first(question: Question) -> Iterable[float]:
    return [question.wtp, *question.scenario.willingness_to_pay]


def undominated(points: NDArray[np.float64]) -> list[int]:
    """Return the points that no other one beats: no worse in anything and better in something.

    Of equal points the first stays.

    Args:
        points: one a row, less is better.
    """
    kept = []
    for k, point in enumerate(points):
        no_worse = (points <= point).all(axis=1)
        better = no_worse & (points < point).any(axis=1)
        earlier = no_worse & ~better & (np.arange(len(points)) < k)
        if not (better | earlier).any():
            kept.append(k)
    return kept


def spread(points: NDArray[np.float64], start: Sequence[int]) -> list[int]:
    """Return all points in an order in which each is the farthest from those before it.

    Args:
        points: one a row; every column is measured in its own range.
        start: positions that come first, in their order.
    """
    width = np.ptp(points, axis=0)
    scaled = points / np.where(width > 0.0, width, 1.0)
    order = list(start)
    while len(order) < len(points):
        gaps = np.linalg.norm(scaled[:, None] - scaled[None, order], axis=2).min(axis=1)
        gaps[order] = -1.0
        order.append(int(gaps.argmax()))
    return order


def explore(bench: Bench, found: Found, progress: Progress | None = None) -> None:
    """Propose and try until the proposals are used up.

    Args:
        bench: patients on whom proposals are tried.
        found: filled on the way, so that an interruption leaves what was found.
        progress: called with what is done, how many proposals, and of how many.
    """
    wanted = found.question.search.evaluations
    optimiser = optimiser_of(found.space, found.question.scenario.seed)
    while found.proposals < wanted:
        _generation(optimiser, min(GENERATION, wanted - found.proposals), bench, found)
        if progress is not None:
            progress("strategies tried", found.proposals, wanted)


def _generation(optimiser: Optimiser, count: int, bench: Bench, found: Found) -> None:
    """Try one generation of proposals and say what they were worth."""
    candidates = [optimiser.space.candidate(one) for one in optimiser.ask(count)]
    try_new(candidates, bench, found)
    rows = [found.rows[one] for one in candidates]
    found.proposals += count
    search = found.question.search
    optimiser.tell(
        [signed(row, found.question.objectives) for row in rows],
        [over_budget(row, search.budget_per_year) for row in rows],
    )


def try_new(candidates: Sequence[Candidate], bench: Bench, found: Found) -> None:
    """Try the strategies that were not tried before."""
    new = [one for one in dict.fromkeys(candidates) if one not in found.rows]
    for begin in range(0, len(new), MOST_AT_ONCE):
        part = {f"c{k}": one for k, one in enumerate(new[begin : begin + MOST_AT_ONCE])}
        tried = bench.try_out(found.space.scenario_of(part))
        for name, one in part.items():
            found.first.setdefault(one, found.proposals + 1)
            found.rows[one] = tried[name]
