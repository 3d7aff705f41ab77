"""Published models beside ours: each figure, ours with its error, and whether it lies inside."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Final

import pandas as pd

from popmodel import outcomes
from popmodel.pipeline.stages import parameters_of, population_of, simulate
from popmodel.scenario import Scenario
from popmodel.trials.published_figures import Figure, PublishedModel
from popmodel.trials.published_measures import measured

INSIDE: Final = "inside"
OUTSIDE: Final = "outside"
NOT_EXPRESSIBLE: Final = "not expressible"
Z95: Final = 1.96
DIGITS: Final = 6
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Row:
    """One published figure beside ours.

    Attributes:
        model: the published model.
        scenario: name of our scenario that asks its question.
        figure: what it is, with its unit.
        strategy: whose figure.
        against: the strategy it is a difference from; empty if none.
        published: what was published.
        ours: what our scenario gives; nan where it is not expressible.
        se: its Monte Carlo standard error.
        difference: ours minus published.
        low: lower end of what was agreed to be near enough.
        high: its upper end.
        verdict: inside, outside, or not expressible.
        unsure: whether the nearer end lies within the 95 % Monte Carlo error of ours.
        why: why ours may differ, or why it is not expressible.
        source: id of the source.
        locator: where in it.
        seen: whether it was read there.
        tolerances_set: day on which it was agreed what is near enough.
    """

    model: str
    scenario: str
    figure: str
    strategy: str
    against: str
    published: float
    ours: float
    se: float
    difference: float
    low: float
    high: float
    verdict: str
    unsure: bool
    why: str
    source: str
    locator: str
    seen: bool
    tolerances_set: str


@dataclass(frozen=True)
class ChangedRow:
    """A figure outside its tolerance, and ours under a change that may explain it.

    Attributes:
        scenario: name of our scenario.
        figure: what it is, with its unit.
        strategy: whose figure.
        change: what was changed, in words.
        published: what was published.
        ours: what our scenario gives.
        changed: what it gives under the change.
        se: Monte Carlo standard error of that.
        verdict: inside or outside, under the change.
    """

    scenario: str
    figure: str
    strategy: str
    change: str
    published: float
    ours: float
    changed: float
    se: float
    verdict: str


def compare(
    models: Iterable[PublishedModel], tell: Tell | None = None, threads: int | None = None
) -> list[Row]:
    """Simulate the scenario of every published model and return a row for each figure.

    Args:
        models: what is compared.
        tell: called with the name of each scenario before it is run.
        threads: how many; all processors when None.
    """
    rows: list[Row] = []
    for model in models:
        if tell is not None:
            tell(f"{model.name}:")
        rows += rows_of(model, patients_of(model.scenario, threads))
    return rows


def patients_of(scenario: Scenario, threads: int | None = None) -> dict[str, pd.DataFrame]:
    """Return the patient table of every strategy, under the only structure of a scenario."""
    evidence = scenario.evidence()
    (choice,) = scenario.structures()
    parameters = parameters_of(scenario, evidence, choice)
    people = population_of(scenario, parameters, threads)
    histories = simulate(scenario, evidence, parameters, people, "compiled", threads)
    return {
        name: outcomes.patient_table(people, history, parameters)
        for name, history in zip(scenario.strategies, histories, strict=True)
    }


def rows_of(model: PublishedModel, patients: Mapping[str, pd.DataFrame]) -> Iterator[Row]:
    """Yield a row for every figure of a model.

    Args:
        model: figures and their tolerances.
        patients: patient table by strategy.
    """
    for figure in model.figures.figures:
        for strategy, published in figure.published.items():
            yield _row(model, figure, strategy, published, patients)


def _row(
    model: PublishedModel,
    figure: Figure,
    strategy: str,
    published: float,
    patients: Mapping[str, pd.DataFrame],
) -> Row:
    ours = se = low = high = math.nan
    verdict, unsure = NOT_EXPRESSIBLE, False
    if figure.measure is not None:
        base = patients[figure.against] if figure.against else None
        ours, se = measured(patients[strategy], base, figure.measure, figure.per)
        low, high = figure.limits(published)
        verdict = INSIDE if figure.allows(published, ours) else OUTSIDE
        unsure = min(abs(ours - low), abs(ours - high)) < Z95 * se
    said = model.figures
    return Row(
        said.model, model.name, figure.says, strategy, figure.against or "", published, ours, se,
        ours - published, low, high, verdict, unsure, figure.why or figure.reason or "",
        figure.source or said.source, figure.locator or said.locator or "",
        said.seen if figure.seen is None else figure.seen, said.tolerances_set.isoformat(),
    )  # fmt: skip


def explain(
    models: Iterable[PublishedModel], rows: Iterable[Row], threads: int | None = None
) -> list[ChangedRow]:
    """Return, for every figure that lies outside, ours under each change that moves it.

    Args:
        models: what was compared.
        rows: what `compare` found.
        threads: how many; all processors when None.
    """
    missed = {(r.scenario, r.figure, r.strategy): r for r in rows if r.verdict == OUTSIDE}
    found: list[ChangedRow] = []
    for model in models:
        if not any(scenario == model.name for scenario, _, _ in missed):
            continue
        for says, scenario in model.changed.items():
            for new in rows_of(model, patients_of(scenario, threads)):
                old = missed.get((new.scenario, new.figure, new.strategy))
                if old is not None and new.ours != old.ours:
                    found.append(_changed_row(old, new, says))
    return found


def _changed_row(old: Row, new: Row, says: str) -> ChangedRow:
    return ChangedRow(
        old.scenario, old.figure, old.strategy, says, old.published, old.ours, new.ours, new.se,
        new.verdict,
    )  # fmt: skip


def table_of(rows: Iterable[Row] | Iterable[ChangedRow]) -> pd.DataFrame:
    """Return rows as a table, rounded so that it is the same on every machine."""
    return pd.DataFrame([asdict(row) for row in rows]).round(DIGITS)


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """Return how many figures lie inside, outside, and are not expressible."""
    verdicts = [row.verdict for row in rows]
    return {name: verdicts.count(name) for name in (INSIDE, OUTSIDE, NOT_EXPRESSIBLE)}
