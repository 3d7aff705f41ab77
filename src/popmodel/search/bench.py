"""Patients who are made once and try every proposal: same patients, same luck.

The cost of the program is what the budget limits: undiscounted health-care costs without what
follows from the illness and from treatment (adverse events, crises, background care), for each
patient and year of the horizon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from popmodel.outcomes import mean_and_error, patient_table, replicates_of
from popmodel.parameters import Parameters
from popmodel.pipeline import parameters_of, population_of
from popmodel.pipeline.places import replicates_shared
from popmodel.pipeline.stages import simulate
from popmodel.scenario.schema import Scenario
from popmodel.search.question import LESS_IS_BETTER, Question
from popmodel.units import DAYS_PER_YEAR
from popmodel.vocabulary import HEALTH_CARE_CATEGORIES

CONSEQUENCES: Final = ("adverse_events", "crisis", "background")
"""Costs that follow from illness and treatment; all other health care is the program."""
PROGRAM: Final = tuple(name for name in HEALTH_CARE_CATEGORIES if name not in CONSEQUENCES)
OUTCOMES: Final = ("cost", "qaly", "remission_weeks", "wait_days", "program_per_year")
"""What is known of every patient; `cost` is that of the scenario's perspective."""
FEWEST_REPLICATES: Final = 4
"""Whole populations of a bench where places are shared."""
SURE: Final = 2.0
"""Standard errors by which a difference must be away from none to be believed."""


@dataclass(frozen=True)
class Bench:
    """Patients, parameters, and the strategies of the scenario as they did on them.

    Attributes:
        question: what is asked.
        scenario: with as many patients as are tried, and their seed.
        parameters: of the question's form of the model.
        population: patients at entry.
        threads: how many; all processors when None.
    """

    question: Question
    scenario: Scenario
    parameters: Parameters
    population: NDArray[Any]
    threads: int | None = None

    def tables(self, asked: Scenario) -> dict[str, pd.DataFrame]:
        """Return the patient table of every strategy of a scenario, with program costs.

        Args:
            asked: a scenario that differs from the bench's in its strategies only.
        """
        tried = self.scenario.model_copy(update={"strategies": asked.strategies})
        evidence = tried.evidence()
        histories = simulate(
            tried, evidence, self.parameters, self.population, "compiled", self.threads
        )
        shared = replicates_shared(tried, evidence, self.population)
        return {
            name: _with_program(
                patient_table(self.population, history, self.parameters, shared), self
            )
            for name, history in zip(asked.strategies, histories, strict=True)
        }

    def try_out(self, asked: Scenario) -> dict[str, dict[str, float]]:
        """Return by strategy means of `OUTCOMES`, differences from the comparator, net benefit.

        Args:
            asked: a scenario whose strategies are tried, the comparator among them.
        """
        tables, wtp = self.tables(asked), self.question.wtp
        base = tables[asked.comparator]
        return {name: row_of(table, base, asked, wtp) for name, table in tables.items()}


def bench_of(question: Question, patients: int, seed: int, threads: int | None = None) -> Bench:
    """Return a bench with about so many patients, and those who join over time in proportion.

    Places are shared by the whole population of the scenario; where they are limited the bench
    holds so many whole populations, at least as many as an error can be told from.

    Args:
        question: what is asked.
        patients: at the start.
        seed: their luck; another seed means other patients.
        threads: how many; all processors when None.
    """
    asked, said = question.scenario, question.scenario.population
    size, replicates = patients, 1
    if question.is_limited:
        size, replicates = said.size, max(FEWEST_REPLICATES, round(patients / said.size))
    joining = said.incident_per_year * size / said.size
    scenario = asked.with_values(
        {"population.size": size, "population.incident_per_year": joining, "seed": seed,
         "replicates": replicates}
    )  # fmt: skip
    parameters = parameters_of(scenario, scenario.evidence(), question.choice)
    population = population_of(scenario, parameters, threads)
    return Bench(question, scenario, parameters, population, threads)


def row_of(
    own: pd.DataFrame, base: pd.DataFrame, scenario: Scenario, wtp: float
) -> dict[str, float]:
    """Return means, paired differences from a base, and net benefit, each with its error.

    Args:
        own: patient table of a strategy, from `Bench.tables`.
        base: that of the comparator.
        scenario: says whose costs count.
        wtp: money per QALY.
    """
    row: dict[str, float] = {}
    of, ours, theirs = replicates_of(own), _values(own, scenario), _values(base, scenario)
    for name in OUTCOMES:
        row[name], row[f"{name}_se"] = mean_and_error(ours[name], of)
    for name in OUTCOMES:
        more = mean_and_error(ours[name] - theirs[name], of)
        row[f"inc_{name}"], row[f"inc_{name}_se"] = more
    gain = wtp * (ours["qaly"] - theirs["qaly"]) - (ours["cost"] - theirs["cost"])
    row["nmb"], row["nmb_se"] = mean_and_error(gain, of)
    return row


def signed(row: Mapping[str, Any], objectives: tuple[str, ...]) -> tuple[float, ...]:
    """Return the objectives of a row so that less is better."""
    return tuple(
        float(row[name]) if name in LESS_IS_BETTER else -float(row[name]) for name in objectives
    )


def over_budget(row: Mapping[str, Any], budget: float | None, errors: float = 0.0) -> float:
    """Return the money per patient and year above a budget; at most 0: within it.

    Args:
        row: of a strategy.
        budget: None: no limit.
        errors: standard errors that are added to what the program costs, to be cautious.
    """
    if budget is None:
        return -1.0
    error = float(row["inc_program_per_year_se"])
    return float(row["inc_program_per_year"]) + errors * error - budget


def budget_word(row: Mapping[str, Any], budget: float | None) -> str:
    """Return `within` or `over`, or `unsure` where the error of luck reaches the budget."""
    over = over_budget(row, budget)
    if budget is not None and abs(over) <= SURE * float(row["inc_program_per_year_se"]):
        return "unsure"
    return "over" if over > 0.0 else "within"


def _with_program(table: pd.DataFrame, bench: Bench) -> pd.DataFrame:
    """Add what the program costs each patient in a mean year of the horizon."""
    horizon = float(bench.parameters.record["horizon"][0])
    years = (horizon - table["entry_day"].to_numpy(dtype=float)) / DAYS_PER_YEAR
    spent = sum(table[f"cost_{name}_undiscounted"].to_numpy(dtype=float) for name in PROGRAM)
    return table.assign(program_per_year=spent / years.mean())


def _values(table: pd.DataFrame, scenario: Scenario) -> dict[str, NDArray[np.float64]]:
    """Return what is known of every patient, by name in `OUTCOMES`."""
    named = {name: name for name in OUTCOMES} | {"cost": f"cost_{scenario.perspective}"}
    return {name: table[column].to_numpy(dtype=float) for name, column in named.items()}
