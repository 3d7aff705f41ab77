"""A condition and a number of a scenario, and the model runs that bring them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pandas as pd

from popmodel.errors import InputError, Problem
from popmodel.evidence.quantity import unit_range
from popmodel.scenario.refusals import require_simulable
from popmodel.scenario.schema import Scenario
from popmodel.uncertainty.condition import Condition, Margin, margin_of, read_condition
from popmodel.uncertainty.contrasts import Asked, asked_of
from popmodel.uncertainty.factors import Factor
from popmodel.uncertainty.model import OUTCOMES, WAITS, ModelJob
from popmodel.uncertainty.reading import scenario_beliefs, value_today
from popmodel.uncertainty.run import Run
from popmodel.uncertainty.solve import MOST_EVALUATIONS, Solution, solve
from popmodel.uncertainty.switch import switches

SWITCH: Final = "best changes"
WIDE: Final = (0.001, 0.999)
"""Quantiles between which is looked when no range is given."""


@dataclass(frozen=True)
class Question:
    """What is looked for.

    Attributes:
        path: the number.
        condition: what should hold.
        low: lowest value to look at.
        high: highest value.
        structures: under which structures.
    """

    path: str
    condition: Condition
    low: float
    high: float
    structures: tuple[str, ...]
    most_runs: int = MOST_EVALUATIONS + 1


def question_of(
    scenario: Scenario, path: str, until: str, between: tuple[float, float] | None = None
) -> Question:
    """Return a question, checked against the scenario before anything is run.

    Args:
        scenario: what is asked.
        path: a number of a card or of the scenario.
        until: the condition.
        between: where to look; the central 99.8 % of what is believed of the number if None.

    Raises:
        InputError: no such path or condition, or a range is needed, or not allowed for the number.
    """
    require_simulable(scenario)
    value_today(scenario, path)
    known = [*OUTCOMES, *(WAITS if ModelJob(scenario).shares_places else ())]
    condition = read_condition(until, asked_of(scenario), known)
    low, high = between or _believed(scenario, path)
    _check_unit(scenario, path, low, high)
    names = tuple(choice.name for choice in scenario.structures())
    return Question(path, condition, low, high, names)


def is_switch(until: str) -> bool:
    """Say whether it is asked where the best strategy changes: `best changes [at 100000]`."""
    return " ".join(until.split()).startswith(SWITCH)


def find_switches(
    scenario: Scenario, path: str, until: str, between: tuple[float, float] | None = None
) -> pd.DataFrame:
    """Return every value of a number at which another strategy becomes the best.

    Args:
        scenario: what is asked.
        path: a number of a card or of the scenario.
        until: `best changes`, or `best changes at 100000` for an amount per QALY.
        between: where to look, as in `question_of`.

    Returns:
        Columns `structure` and those of `switch.switches`.

    Raises:
        InputError: as `question_of`, or the amount is none.
    """
    asked = asked_of(scenario)
    rest = " ".join(until.split()).removeprefix(SWITCH).strip()
    told = f"lead({asked.strategies[0]}) >= 0 {rest}"
    question = question_of(scenario, path, told, between)
    parts = []
    for name in question.structures:
        evaluate = rows_by_value(scenario, path, name)
        found = switches(evaluate, path, question.low, question.high, asked, question.condition.wtp)
        found.insert(0, "structure", name)
        parts.append(found)
    return pd.concat(parts, ignore_index=True)


def _believed(scenario: Scenario, path: str) -> tuple[float, float]:
    ends = []
    for belief in scenario_beliefs(scenario):
        if path in belief.uncertain():
            ends += [belief.at(Factor(path, (path,)), q)[path] for q in WIDE]
    if not ends or min(ends) == max(ends):
        told = "has no distribution, so a range is needed"
        raise InputError([Problem("--for", 0, 0, path, told, "--between low:high")])
    return min(ends), max(ends)


def _check_unit(scenario: Scenario, path: str, low: float, high: float) -> None:
    quantity = scenario.evidence().quantities().get(path)
    if quantity is None:
        return
    least, most, _ = unit_range(quantity.unit)
    if low < least or high > most:
        told = f"from {low:g} to {high:g} leaves what {quantity.unit} can be"
        raise InputError([Problem("--between", 0, 0, path, told, f"{least:g} to {most:g}")])


def rows_by_value(scenario: Scenario, path: str, structure: str) -> Callable[[float], pd.DataFrame]:
    """Return the model as a function of one number: rows by strategy and block of patients."""
    job = ModelJob(scenario)
    shares = scenario.evidence()
    known = path in shares.quantities()

    def evaluate(value: float) -> pd.DataFrame:
        values = shares.rebalanced(path, value) if known else {path: value}
        return job(Run(0, structure, 0, values))

    return evaluate


def search(
    scenario: Scenario,
    question: Question,
    structure: str,
    tell: Callable[[int, int], None] | None = None,
) -> Solution:
    """Return the answer to a question under one structure; see `solve.solve`.

    Args:
        scenario: what is asked.
        question: of `question_of`.
        structure: name of the structure.
        tell: called with the runs done and the most there can be.
    """
    asked: Asked = asked_of(scenario)
    evaluate = rows_by_value(scenario, question.path, structure)
    done = 0

    def margin(value: float) -> Margin:
        nonlocal done
        found = margin_of(question.condition, evaluate(value), asked)
        done += 1
        if tell is not None:
            tell(done, question.most_runs)
        return found

    return solve(
        margin, question.path, question.condition.text, question.low, question.high,
        holds=question.condition.holds,
    )  # fmt: skip
