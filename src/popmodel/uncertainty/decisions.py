"""What draws say to those who decide: frontier, acceptability, value of learning, of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from popmodel.economics import (
    Population,
    acceptability,
    acceptability_frontier,
    enbs,
    evpi,
    evsi,
    expected_loss,
    incremental_table,
)
from popmodel.economics.policy import Question, policy_tables
from popmodel.economics.study import Mean, Study
from popmodel.errors import InputError, did_you_mean
from popmodel.scenario.schema import Scenario
from popmodel.uncertainty.contrasts import asked_of
from popmodel.uncertainty.learning import value_of_learning
from popmodel.uncertainty.psa import STRUCTURE, Analysis, Tables, variance_split
from popmodel.uncertainty.reading import treatments_offered

CURVE_POINTS: Final = 100
BEYOND: Final = 2.0
"""Curves reach twice the largest amount a scenario asks about."""
DEPTH_SD: Final = "disease.response.depth_sd"
SIZES: Final = (50, 100, 200, 400, 800)


def amounts_of(scenario: Scenario) -> Any:
    """Return the amounts per QALY of curves: 0 to twice the largest asked, those asked included."""
    most = BEYOND * max(scenario.willingness_to_pay)
    grid = np.linspace(0.0, most, CURVE_POINTS + 1)
    return np.unique(np.concatenate([grid, np.asarray(scenario.willingness_to_pay, dtype=float)]))


def decision_tables(
    analysis: Analysis,
    tables: Mapping[str, pd.DataFrame],
    courses: pd.DataFrame | None = None,
    population: Population | None = None,
) -> Tables:
    """Return the tables of the decision layer, by file name without ending.

    Args:
        analysis: what was run.
        tables: from `psa_tables`.
        courses: `courses.csv` of a run of the same scenario, for prices.
        population: for whom the decision is taken; None for one person.
    """
    scenario, psa, blocks = analysis.job.scenario, tables["psa"], tables["psa_blocks"]
    amounts, middle = amounts_of(scenario), asked_of(scenario).main_wtp
    keys = [*([STRUCTURE] if STRUCTURE in psa.columns else []), "strategy"]
    means = psa.groupby(keys, sort=False)[["cost", "qaly", "remission_weeks"]].mean().reset_index()
    size = int(blocks.groupby([*keys, "sample"])["patients"].sum().iloc[0])
    question = Question(scenario.comparator, middle, amounts, size, courses, shared_luck=True)
    return {
        "incremental": incremental_table(means),
        "ceac": acceptability(psa, amounts),
        "ceaf": acceptability_frontier(psa, amounts),
        "evpi": evpi(psa, amounts, population=population),
        "expected_loss": expected_loss(psa, amounts),
        "variance": variance_split(blocks, scenario.comparator, middle),
        **policy_tables(psa, blocks, tables["psa_subgroups"], question),
    }


def learning_table(
    analysis: Analysis, tables: Mapping[str, pd.DataFrame], population: Population | None = None
) -> pd.DataFrame:
    """Return `evppi`: what it is worth to learn the numbers that matter most.

    Args:
        analysis: what was run.
        tables: from `psa_tables`.
        population: for whom the decision is taken; None for one person.
    """
    scenario = analysis.job.scenario
    table = value_of_learning(
        tables["psa"], tables["psa_parameters"], analysis.factors, scenario.comparator,
        scenario.willingness_to_pay,
    )  # fmt: skip
    if population is None:
        return table
    return table.assign(evppi_population=table["evppi"] * population.persons)


# ------------------------------------------------------------------ a proposed trial


@dataclass(frozen=True)
class Trial:
    """A trial that might be done: two equal arms, a treatment against its control.

    Attributes:
        path: potency of the treatment, `treatments.<id>.potency`.
        sd: standard deviation of the outcome between patients, on the scale of the potency.
        sizes: patients in both arms together.
        fixed_cost: money.
        cost_per_patient: money.
        years_to_results: until its results change care.
    """

    path: str
    sd: float
    sizes: tuple[int, ...] = SIZES
    fixed_cost: float = 0.0
    cost_per_patient: float = 0.0
    years_to_results: float = 0.0


def untested(scenario: Scenario) -> tuple[str, ...]:
    """Return the potencies of the treatments offered that nobody has tested in people."""
    cards = scenario.evidence().treatments
    offered = sorted(treatments_offered(scenario))
    return tuple(f"treatments.{name}.potency" for name in offered if not cards[name].human_efficacy)


def spread_of_patients(scenario: Scenario) -> float:
    """Return the standard deviation of depth between patients: the noise of a trial's outcome.

    A trial reads the fall of ln(score), which is depth: its mean differs between arms by the
    potency, and patients differ by this much around it.
    """
    return float(scenario.evidence().quantity(DEPTH_SD).value)


def trial_table(
    analysis: Analysis,
    tables: Mapping[str, pd.DataFrame],
    trial: Trial,
    population: Population | None = None,
) -> pd.DataFrame:
    """Return what a trial is worth by its size, and what is left of that after its costs.

    The difference of two equal arms of n patients in all has the variance 4 sd² / n, that of a mean
    of n values with twice the standard deviation.

    Args:
        analysis: what was run.
        tables: from `psa_tables`.
        trial: what would be done.
        population: for whom the decision is taken; without it there is no `enbs`.

    Returns:
        Columns of `economics.evsi`, and with a population of `economics.enbs`; `parameter` first.

    Raises:
        InputError: the potency is not among the numbers drawn.
    """
    parameters = tables["psa_parameters"]
    if trial.path not in parameters.columns:
        hint = did_you_mean(trial.path, parameters.columns)
        raise InputError(f"--study {trial.path}: is not among the numbers drawn {hint}".rstrip())
    if any(size < 2 for size in trial.sizes):
        raise InputError(f"--sizes {','.join(map(str, trial.sizes))}: two arms need 2 patients")
    study = Study((Mean(trial.path, trial.sizes[0], 2.0 * trial.sd),))
    keep = [name for name in (STRUCTURE, "sample", trial.path) if name in parameters.columns]
    asked: Sequence[float] = analysis.job.scenario.willingness_to_pay
    table = evsi(tables["psa"], parameters[keep], asked, study, sizes=trial.sizes)
    if population is not None:
        table = enbs(
            table, population, trial.fixed_cost, trial.cost_per_patient, trial.years_to_results
        )
    place = 1 if STRUCTURE in table.columns else 0
    table.insert(place, "parameter", trial.path)
    return table
