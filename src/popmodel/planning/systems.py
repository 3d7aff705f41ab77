"""One structure of a scenario, ready to be run with other places on the same patients and luck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
from numpy.typing import NDArray

from popmodel.errors import InputError, Problem, did_you_mean
from popmodel.evidence.load import Evidence
from popmodel.outcomes import patient_table
from popmodel.parameters import Parameters, compile_strategy
from popmodel.pipeline.places import replicate_of, services_here
from popmodel.pipeline.stages import histories_of, parameters_of, population_of
from popmodel.rules.codes import COST_PLACES
from popmodel.scenario.place_change import AS_SAID, PlaceChange
from popmodel.scenario.refusals import require_simulable
from popmodel.scenario.routing import compile_strategies
from popmodel.scenario.schema import Scenario
from popmodel.scenario.services import limited_services, site_names

FEWEST_REPLICATES: Final = 8
"""Replicates below which an error taken from them says next to nothing."""
HEALTH: Final = ("qaly", "suicides", "deaths", "crises", "remission_weeks")
"""What is added up over the patients of a replicate, besides cost."""


@dataclass(frozen=True)
class World:
    """One structure of a scenario.

    Attributes:
        scenario: what is asked.
        evidence: its cards.
        structure: name of the structure.
        parameters: its numbers.
        population: patients at entry, the same in every run.
        records: compiled strategies by name.
        threads: how many; all processors when None.
    """

    scenario: Scenario
    evidence: Evidence
    structure: str
    parameters: Parameters
    population: NDArray[Any]
    records: Mapping[str, Any]
    threads: int | None = None

    @property
    def horizon_days(self) -> float:
        """Days simulated."""
        return float(self.parameters.record["horizon"][0])

    @property
    def wtp(self) -> float:
        """The middle amount per QALY."""
        amounts = sorted(self.scenario.willingness_to_pay)
        return float(amounts[len(amounts) // 2])


@dataclass(frozen=True)
class Found:
    """What one run left: sums over the patients of every replicate, and the waits.

    Attributes:
        totals: by replicate: `patients, cost, cost_places` and those of `HEALTH`.
        waits: rows of waits.
    """

    totals: pd.DataFrame
    waits: NDArray[Any]


def require_places(scenario: Scenario) -> None:
    """Refuse a scenario whose places nothing can be said about.

    Raises:
        InputError: no service is limited, or replicates are too few to give errors.
    """
    require_simulable(scenario)
    where = str(scenario.source_files[0]) if scenario.source_files else ""
    problems = []
    if not limited_services(scenario, scenario.evidence()):
        told, hint = "no service has a number of places", "say one: saint_suite: {places: 4}"
        problems.append(Problem(where, 0, 0, "services", told, hint))
    if scenario.replicates < FEWEST_REPLICATES:
        told = f"{scenario.replicates} are too few: patients wait for each other, so errors come "
        told += f"from replicates, and {FEWEST_REPLICATES} are the fewest"
        hint = f"replicates: {FEWEST_REPLICATES} or more, or --replicates"
        problems.append(Problem(where, 0, 0, "replicates", told, hint))
    if problems:
        raise InputError(problems)


def world_of(scenario: Scenario, structure: str, threads: int | None = None) -> World:
    """Return one structure of a scenario, with its patients.

    Raises:
        InputError: see `require_places`.
    """
    require_places(scenario)
    evidence = scenario.evidence()
    choice = next(one for one in scenario.structures() if one.name == structure)
    parameters = parameters_of(scenario, evidence, choice)
    population = population_of(scenario, parameters, threads)
    compiled = compile_strategies(scenario, evidence)
    records = {
        name: compile_strategy(one) for name, one in zip(scenario.strategies, compiled, strict=True)
    }
    return World(scenario, evidence, structure, parameters, population, records, threads)


def main_structure(scenario: Scenario) -> str:
    """Return the structure that planning uses when none is asked for: the mixture, or the first."""
    names = [choice.name for choice in scenario.structures()]
    return "mixture" if "mixture" in names else names[0]


def limited_here(scenario: Scenario, strategy: str) -> list[tuple[str, str]]:
    """Return service and site of every number of places that holds under a strategy."""
    evidence = scenario.evidence()
    return [
        (one.id, site)
        for site in site_names(scenario)
        for one in services_here(scenario, evidence, strategy, site)
        if one.is_limited
    ]


def strategies_with_places(scenario: Scenario, asked: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the strategies under which somebody may wait, or those asked for.

    Raises:
        InputError: a strategy asked for does not exist or has as many places as it needs.
    """
    known = tuple(name for name in scenario.strategies if limited_here(scenario, name))
    wrong = [name for name in asked if name not in known]
    if wrong:
        told = "is no strategy with a number of places"
        raise InputError([Problem("--strategy", 0, 0, wrong[0], told, did_you_mean(wrong[0], known)
                                  or f"one of {', '.join(known)}")])  # fmt: skip
    return asked or known


def run_with(world: World, strategy: str, change: PlaceChange = AS_SAID) -> Found:
    """Run one strategy with other places, on the same patients and the same luck.

    Args:
        world: of `world_of`.
        strategy: its name.
        change: made to its places.
    """
    scenario, population = world.scenario, world.population
    (history,) = histories_of(
        scenario, world.evidence, world.parameters, population, [world.records[strategy]],
        names=[strategy], change=change, threads=world.threads, keep_persons=False,
    )  # fmt: skip
    replicate = replicate_of(scenario, population)
    table = patient_table(population, history, world.parameters)
    kept = table[[*HEALTH, f"cost_{scenario.perspective}"]].astype(float)
    kept = kept.rename(columns={f"cost_{scenario.perspective}": "cost"})
    kept["cost_places"] = history.accounts["cost"][:, COST_PLACES]
    totals = kept.fillna(0.0).groupby(replicate).sum()
    totals.insert(0, "patients", pd.Series(replicate).value_counts().sort_index())
    return Found(totals, history.waits)
