"""The frontier tried again on patients whom no proposal has seen, so that luck is not rewarded.

Who is best of many on the same patients is partly best by their luck. On new patients the gain of
each strategy that was chosen before is told without that bias.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import pandas as pd

from popmodel.economics.incremental import incremental_table
from popmodel.outcomes import versus_comparator
from popmodel.search.bench import SURE, bench_of, budget_word, row_of
from popmodel.search.explore import Found, Progress
from popmodel.search.question import Question
from popmodel.search.space import Candidate, words_of
from popmodel.uncertainty.model import seed_of

FRESH: Final = 1
"""Replicate of luck of the patients who confirm; 0 is that of the search."""


@dataclass(frozen=True)
class Confirmed:
    """What the chosen strategies, and those of the scenario, are worth on fresh patients.

    Attributes:
        found: the shortlist.
        candidates: the chosen strategies by name, in order of cost.
        recommended: name of the one with the highest net benefit at the middle amount per QALY
            on the patients of the shortlist.
        frontier: one row a strategy (columns in the glossary).
        against: every searched strategy against every strategy of the scenario.
    """

    found: Found
    candidates: dict[str, Candidate]
    recommended: str
    frontier: pd.DataFrame
    against: pd.DataFrame

    @property
    def question(self) -> Question:
        """What is asked."""
        return self.found.question


def confirm(
    found: Found, threads: int | None = None, progress: Progress | None = None
) -> Confirmed:
    """Try the chosen strategies again beside those of the scenario.

    Args:
        found: the shortlist; at least one of it is within the budget.
        threads: how many; all processors when None.
        progress: called with what is done.
    """
    question = found.question
    if progress is not None:
        progress("fresh patients", 0, 1)
    seed = seed_of(question.scenario.seed, FRESH)
    bench = bench_of(question, question.fresh_patients, seed, threads)
    tried = {f"t{k}": one for k, one in enumerate(found.kept())}
    asked = found.space.scenario_of(tried, whole=True)
    tables = bench.tables(asked)
    names = _names(tables, list(tried), question)
    tables = {names.get(name, name): table for name, table in tables.items()}
    candidates = {names[name]: one for name, one in tried.items()}
    candidates = dict(sorted(candidates.items(), key=lambda item: _number(item[0])))
    against = _against(question, list(candidates), tables)
    return Confirmed(
        found,
        candidates,
        names["t0"],
        _frontier(found, candidates, tables, against),
        against,
    )


def _names(tables: dict[str, pd.DataFrame], tried: list[str], question: Question) -> dict[str, str]:
    """Return names for the new strategies, numbered by cost, none of them taken."""
    taken = set(question.scenario.strategies)
    stem = "searched"
    while any(name.startswith(f"{stem}_") for name in taken):
        stem += "_again"
    cost = f"cost_{question.scenario.perspective}"
    order = sorted(tried, key=lambda name: float(tables[name][cost].mean()))
    return {name: f"{stem}_{k + 1}" for k, name in enumerate(order)}


def _number(name: str) -> int:
    return int(name.rpartition("_")[2])


def _against(
    question: Question, candidates: list[str], tables: dict[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return every searched strategy against every one of the scenario, patient by patient."""
    scenario, parts = question.scenario, []
    for given in scenario.strategies:
        own = {name: tables[name] for name in [given, *candidates]}
        part = versus_comparator(own, given, scenario.perspective, scenario.willingness_to_pay)
        part.insert(1, "against", given)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    gain = f"nmb_{question.wtp:g}"
    table.insert(2, "beats", table[gain] > SURE * table[f"{gain}_se"])
    return table


def _frontier(
    found: Found,
    candidates: dict[str, Candidate],
    tables: dict[str, pd.DataFrame],
    against: pd.DataFrame,
) -> pd.DataFrame:
    """Return one row a strategy, those of the scenario first."""
    scenario, budget = found.question.scenario, found.question.search.budget_per_year
    beaten = against.groupby("strategy")["beats"].sum()
    rows = []
    for name in [*scenario.strategies, *candidates]:
        row = row_of(tables[name], tables[scenario.comparator], scenario, found.question.wtp)
        one = candidates.get(name)
        rows.append(
            {
                "strategy": name,
                "origin": "scenario" if one is None else "search",
                "rules": "" if one is None else words_of(one),
                "budget": budget_word(row, budget),
                "beats_comparator": row["nmb"] > SURE * row["nmb_se"],
                "beats": "" if one is None else f"{beaten[name]} of {len(scenario.strategies)}",
                **row,
                "nmb_on_shortlist": math.nan if one is None else found.rows[one]["nmb"],
            }
        )
    table = pd.DataFrame(rows)
    status = incremental_table(table[["strategy", "cost", "qaly"]]).set_index("strategy")
    table.insert(3, "status", table["strategy"].map(status["status"]))
    return table
