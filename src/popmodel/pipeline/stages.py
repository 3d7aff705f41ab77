"""The stages of a run, each one step of the story in `popmodel.pipeline`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from popmodel import outcomes
from popmodel.burden import burden_table
from popmodel.economics.impact_inventory import impact_inventory
from popmodel.economics.incremental import incremental_table
from popmodel.engine import compiled
from popmodel.errors import InputError
from popmodel.evidence.load import Evidence
from popmodel.parameters import Parameters, Structure, compile_parameters, compile_strategy
from popmodel.pipeline.beds import beds_of
from popmodel.pipeline.decisions import decision_tables
from popmodel.pipeline.places import (
    charge_places,
    place_tables,
    plans_of_scenario,
    replicates_shared,
    served_elsewhere,
)
from popmodel.population import synthesise
from popmodel.results import Folder, structure_folder
from popmodel.rules.records import History
from popmodel.scenario.place_change import AS_SAID, PLENTY, PlaceChange
from popmodel.scenario.routing import compile_strategies
from popmodel.scenario.schema import Scenario
from popmodel.stays import begun_table, stay_table
from popmodel.thresholds import severity_curves
from popmodel.units import DAYS_PER_YEAR

LIFETIME_YEARS: Final = 90.0
RECRUITS: Final = 10_000
"""Patients of the virtual trials behind the severity thresholds, at most."""
FEWEST_RECRUITS: Final = 2_000
PATIENT_FILES_UP_TO: Final = 1_000_000
"""Larger populations leave no file of patients."""
Tables = dict[str, pd.DataFrame]


def horizon_days(scenario: Scenario) -> float:
    """Return the days simulated."""
    years = scenario.horizon.years
    return (LIFETIME_YEARS if isinstance(years, str) else float(years)) * DAYS_PER_YEAR


def parameters_of(
    scenario: Scenario, evidence: Evidence, choice: Any, draw: Mapping[str, float] | None = None
) -> Parameters:
    """Return the parameters of one structure at the cards' base values, or under a draw."""
    structure = Structure(
        choice.severity_effect, choice.correlation, choice.contact_credit, choice.extrapolation
    )
    return compile_parameters(
        evidence,
        structure,
        setting=scenario.setting,
        population=scenario.population.card,
        horizon_days=horizon_days(scenario),
        discount=(scenario.discount.costs, scenario.discount.health),
        draw=draw,
        serves=served_elsewhere(scenario),
    )


def population_of(scenario: Scenario, parameters: Parameters, threads: int | None = None) -> Any:
    """Return the patients of a scenario at entry; replicates are further patients."""
    asked = scenario.population
    years = horizon_days(scenario) / DAYS_PER_YEAR
    arriving = round((asked.incident_per_year or 0) * years * scenario.replicates)
    return synthesise(
        parameters,
        asked.size * scenario.replicates,
        scenario.seed,
        intake=asked.intake,
        new_patients=arriving,
        threads=threads,
        catchments=[site.share for site in scenario.sites.values()] or [1.0],
    )


def stock_of(scenario: Scenario, population: Any) -> Any:
    """Return the patients of the prevalent stock among those of a scenario."""
    asked = scenario.population
    return population[: 0 if asked.intake == "incident" else asked.size * scenario.replicates]


def simulate(
    scenario: Scenario,
    evidence: Evidence,
    parameters: Parameters,
    population: Any,
    engine: str,
    threads: int | None,
    tell: Callable[[int], None] | None = None,
) -> list[History]:
    """Run every strategy on the same patients with one of the two schedulers."""
    records = [compile_strategy(s) for s in compile_strategies(scenario, evidence)]
    return histories_of(
        scenario, evidence, parameters, population, records,
        engine=engine, threads=threads, progress=tell, keep_persons=False,
    )  # fmt: skip


def histories_of(
    scenario: Scenario,
    evidence: Evidence,
    parameters: Parameters,
    population: Any,
    records: list[Any],
    engine: str = "compiled",
    names: Sequence[str] | None = None,
    change: PlaceChange = AS_SAID,
    **options: Any,
) -> list[History]:
    """Run compiled strategies on patients, with the places that the scenario says there are.

    Args:
        scenario: what is asked.
        evidence: its cards.
        parameters: its numbers.
        population: patients at entry.
        records: compiled strategies.
        engine: `compiled` or `mesa`.
        names: of the strategies in `records`; None: all of the scenario.
        change: made to their places; `PLENTY` of them are not charged.
        options: for the scheduler.
    """
    plans = plans_of_scenario(scenario, evidence, parameters, population, records, names, change)
    histories = scheduler(engine)(population, parameters.record, records, plans=plans, **options)
    if change.number is None or change.number < PLENTY:
        charge_places(scenario, evidence, parameters, population, histories, names, change)
    return histories


def scheduler(engine: str) -> Callable[..., list[History]]:
    """Return the `simulate` of an engine.

    Raises:
        InputError: no such engine.
    """
    if engine == "compiled":
        return compiled.simulate
    if engine == "mesa":
        from popmodel.engine import agents

        return agents.simulate
    raise InputError(f"engine {engine!r}: compiled or mesa is needed")


def offered_in(scenario: Scenario) -> frozenset[str]:
    """Return the treatments that some strategy offers."""
    return frozenset(
        offer.treat
        for strategy in scenario.strategies.values()
        for offer in strategy.offer
        if offer.treat is not None
    )


def evaluate(
    scenario: Scenario,
    evidence: Evidence,
    parameters: Parameters,
    population: Any,
    histories: list[History],
    threads: int | None,
) -> tuple[Tables, pd.DataFrame, Tables]:
    """Return the small tables, the weekly table and the patient tables of one structure.

    The accounts in `histories` are given up on the way: tables and accounts of all strategies at
    once would double the memory.
    """
    days = horizon_days(scenario)
    names = list(scenario.strategies)
    patients: Tables = {}
    shared = replicates_shared(scenario, evidence, population)
    for k, name in enumerate(names):
        patients[name] = outcomes.patient_table(population, histories[k], parameters, shared)
        histories[k] = without_accounts(histories[k])
    waits = {name: history.waits for name, history in zip(names, histories, strict=True)}
    strategies = outcomes.strategy_table(patients, days, waits)
    cost = f"cost_{scenario.perspective}"
    means = strategies[["strategy", cost, "qaly"]].rename(columns={cost: "cost"})
    recruits = min(RECRUITS, max(FEWEST_RECRUITS, scenario.population.size))
    curves, thresholds = severity_curves(
        evidence, parameters, scenario.seed, recruits=recruits,
        known=stock_of(scenario, population), offered=offered_in(scenario), threads=threads,
    )  # fmt: skip
    pairs = list(zip(names, histories, strict=True))
    costs = outcomes.cost_table(patients, parameters.payers)
    tables = {
        "strategies": strategies,
        "incremental": outcomes.with_other_effects(incremental_table(means), strategies),
        "versus_comparator": outcomes.versus_comparator(
            patients, scenario.comparator, scenario.perspective, scenario.willingness_to_pay
        ),
        "thresholds": thresholds,
        "severity_curves": curves,
        "subgroups": outcomes.subgroup_table(patients),
        "burden": burden_table(patients, evidence, scenario.comparator),
        "flow": pd.concat(
            [outcomes.flow_table(n, h, parameters.treatments) for n, h in pairs], ignore_index=True
        ),
        "stays": pd.concat([stay_table(n, h) for n, h in pairs], ignore_index=True),
        "courses_by_setting": pd.concat(
            [begun_table(n, h, parameters.treatments) for n, h in pairs], ignore_index=True
        ),
        "cost_by_category": costs,
        "impact_inventory": impact_inventory(costs, *what_is_counted(scenario, evidence)),
    }
    weekly = pd.concat([outcomes.weekly_table(n, h, days) for n, h in pairs], ignore_index=True)
    tables |= decision_tables(scenario, parameters, tables, weekly, patients)
    tables |= place_tables(scenario, evidence, parameters, waits, days)
    tables["beds"] = beds_of(scenario, evidence, weekly, days)
    return tables, weekly, patients


def what_is_counted(scenario: Scenario, evidence: Evidence) -> tuple[set[str], str]:
    """Return what costs by state hold inside, and how work lost to death is valued."""
    country = evidence.settings[scenario.setting]
    care: Any = evidence.economics[country.care_costs]
    work: Any = evidence.economics[country.productivity]
    return {*care.includes, *work.includes}, work.death.method if work.death else "none"


def without_accounts(history: History) -> History:
    """Return a history whose accounts are given up, once the patient table holds them."""
    return replace(history, accounts=history.accounts[:0].copy())


def keep_patients(
    folder: Folder | None,
    structures: tuple[str, ...],
    structure: str,
    patients: Tables,
    rows: dict[tuple[str, str], pd.DataFrame],
) -> None:
    """Write patient tables, or keep them in memory when there is no folder."""
    for strategy, table in patients.items():
        if folder is None:
            rows[structure, strategy] = table
        elif len(table) <= PATIENT_FILES_UP_TO:
            place = structure_folder(folder.path, structures, structure)
            folder.write_patients(place, strategy, table)


def named(tables: Tables, structure: str, structures: tuple[str, ...]) -> Tables:
    """Put the structure's name in front of every table when there are several."""
    if len(structures) > 1:
        for table in tables.values():
            table.insert(0, "structure", structure)
    return tables
