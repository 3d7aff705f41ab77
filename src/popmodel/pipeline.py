"""The story of a run: scenario and cards -> parameters -> patients -> histories -> tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pandas as pd

from popmodel import outcomes, provenance
from popmodel.economics.incremental import incremental_table
from popmodel.engine import compiled
from popmodel.errors import InputError
from popmodel.evidence.load import Evidence
from popmodel.parameters import Parameters, Structure, compile_parameters, compile_strategy
from popmodel.population import synthesise
from popmodel.results import TABLES, Folder, Result, structure_folder
from popmodel.rules.records import History
from popmodel.scenario.routing import compile_strategies
from popmodel.scenario.schema import Scenario
from popmodel.thresholds import severity_curves
from popmodel.units import DAYS_PER_YEAR

LIFETIME_YEARS: Final = 90.0
RECRUITS: Final = 16_000
"""Patients of the virtual trials behind the severity thresholds, at most."""
PATIENT_FILES_UP_TO: Final = 1_000_000
Progress = Callable[[str, int, int], None]
Tables = dict[str, pd.DataFrame]


def run(
    scenario: Scenario,
    *,
    engine: str = "compiled",
    out: Path | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Result:
    """Simulate every strategy of a scenario under every structure it asks for.

    Args:
        scenario: what is asked.
        engine: `compiled` or `mesa`; histories are equal.
        out: folder for the tables; kept in memory when None.
        threads: how many; all processors when None.
        progress: called with what is done, how many parts are done, and how many there are.

    Raises:
        InputError: scenario or cards are wrong; nothing is written.
    """
    evidence = scenario.evidence()
    structures = tuple(choice.name for choice in scenario.structures())
    parts: list[Tables] = []
    weeks: Tables = {}
    rows: dict[tuple[str, str], pd.DataFrame] = {}
    tell = _Teller(progress, scenario, len(structures))
    with _folder(out) as folder:
        for choice in scenario.structures():
            parameters = parameters_of(scenario, evidence, choice)
            population = population_of(scenario, parameters, threads)
            histories = simulate(scenario, evidence, parameters, population, engine, threads, tell)
            tables, weeks[choice.name], patients = evaluate(
                scenario, evidence, parameters, population, histories, threads
            )
            parts.append(_named(tables, choice.name, structures))
            keep_patients(folder, structures, choice.name, patients, rows)
        tables = {n: pd.concat([p[n] for p in parts], ignore_index=True) for n in TABLES}
        result = Result(
            tables, structures, weeks, rows, manifest_of(scenario, evidence, parameters, engine),
            scenario.resolved(), out,
        )  # fmt: skip
        if folder is not None:
            folder.publish(result)
    return result


def horizon_days(scenario: Scenario) -> float:
    """Return the days simulated."""
    years = scenario.horizon.years
    return (LIFETIME_YEARS if isinstance(years, str) else float(years)) * DAYS_PER_YEAR


def parameters_of(scenario: Scenario, evidence: Evidence, choice: Any) -> Parameters:
    """Return the parameters of one structure at the cards' base values."""
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
    )


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
    return scheduler(engine)(
        population, parameters.record, records, threads=threads, progress=tell, keep_persons=False
    )


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


def evaluate(
    scenario: Scenario,
    evidence: Evidence,
    parameters: Parameters,
    population: Any,
    histories: list[History],
    threads: int | None,
) -> tuple[Tables, pd.DataFrame, Tables]:
    """Return the small tables, the weekly table and the patient tables of one structure."""
    days = horizon_days(scenario)
    names = list(scenario.strategies)
    patients = {
        name: outcomes.patient_table(population, history, parameters)
        for name, history in zip(names, histories, strict=True)
    }
    strategies = outcomes.strategy_table(patients, days)
    cost = f"cost_{scenario.perspective}"
    means = strategies[["strategy", cost, "qaly"]].rename(columns={cost: "cost"})
    recruits = min(RECRUITS, max(2000, scenario.population.size))
    curves, thresholds = severity_curves(
        evidence, parameters, scenario.seed, recruits=recruits, threads=threads
    )
    pairs = list(zip(names, histories, strict=True))
    tables = {
        "strategies": strategies,
        "incremental": incremental_table(means),
        "versus_comparator": outcomes.versus_comparator(
            patients, scenario.comparator, scenario.perspective, scenario.willingness_to_pay
        ),
        "thresholds": thresholds,
        "severity_curves": curves,
        "subgroups": outcomes.subgroup_table(patients),
        "flow": pd.concat(
            [outcomes.flow_table(n, h, parameters.treatments) for n, h in pairs], ignore_index=True
        ),
        "cost_by_category": outcomes.cost_table(patients),
    }
    weekly = pd.concat([outcomes.weekly_table(n, h, days) for n, h in pairs], ignore_index=True)
    return tables, weekly, patients


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


def manifest_of(
    scenario: Scenario, evidence: Evidence, parameters: Parameters, engine: str
) -> dict[str, Any]:
    """Return how a result was made and what its names mean."""
    country = evidence.settings[scenario.setting]
    costs: Any = evidence.economics[country.care_costs]
    files = scenario.source_files
    return provenance.manifest(
        files,
        title=scenario.title,
        scenario=files[0].stem if files else "scenario",
        perspective=scenario.perspective,
        currency=country.currency,
        price_year=country.price_year,
        discount={"costs": scenario.discount.costs, "health": scenario.discount.health},
        horizon_years=horizon_days(scenario) / DAYS_PER_YEAR,
        lifetime=scenario.is_lifetime,
        intake=scenario.population.intake,
        patients=scenario.population.size * scenario.replicates,
        structures=[choice.name for choice in scenario.structures()],
        contact_credit=scenario.structure.contact_credit,
        extrapolation=scenario.structure.extrapolation,
        calibrated=parameters.calibrated,
        comparator=scenario.comparator,
        strategies=scenario.labels(),
        treatments=_treatments_told(evidence),
        biotypes={name: card.label for name, card in evidence.biotypes.items()},
        willingness_to_pay=list(scenario.willingness_to_pay),
        engine=engine,
        seed=scenario.seed,
        evidence=counts_of_origin(evidence),
        included_in_background=list(costs.includes),
    )


def _treatments_told(evidence: Evidence) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "label": card.label,
            "kind": card.kind,
            "family": card.family,
            "grade": card.grade,
            "human_efficacy": card.human_efficacy,
            "tested_after": card.tested_after,
            "basis": evidence.quantity(f"treatments.{name}.potency").basis or "source",
        }
        for name, card in evidence.treatments.items()
    }


def counts_of_origin(evidence: Evidence) -> dict[str, int]:
    """Return how many numbers were seen in a source, recalled, assumed or calibrated."""
    counts = {"seen": 0, "unseen": 0, "assumption": 0, "calibrated": 0}
    for quantity in evidence.quantities().values():
        if quantity.basis is not None:
            counts[quantity.basis] += 1
        else:
            counts["seen" if quantity.seen else "unseen"] += 1
    return counts


def _named(tables: Tables, structure: str, structures: tuple[str, ...]) -> Tables:
    """Put the structure's name in front of every table when there are several."""
    if len(structures) > 1:
        for table in tables.values():
            table.insert(0, "structure", structure)
    return tables


class _Teller:
    """Turns finished blocks of patients into progress over the whole run."""

    def __init__(self, progress: Progress | None, scenario: Scenario, structures: int) -> None:
        self.progress = progress
        self.done = 0
        size = scenario.population.size * scenario.replicates
        self.total = size * len(scenario.strategies) * structures

    def __call__(self, patients: int) -> None:
        self.done += patients
        if self.progress is not None:
            self.progress("patients simulated", min(self.done, self.total), self.total)


class _NoFolder:
    """Stands in for a folder when results stay in memory."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        return None


def _folder(out: Path | None) -> Folder | _NoFolder:
    return _NoFolder() if out is None else Folder(out)


def patient_story(scenario: Scenario, patient: int) -> dict[str, dict[str, list[Any]]]:
    """Return one patient's life by structure and strategy: (day, what happened, score).

    Args:
        scenario: what is asked.
        patient: number of the patient, from 0.

    Raises:
        InputError: no such patient.
    """
    from popmodel.engine.story import tell_life

    evidence = scenario.evidence()
    lives: dict[str, dict[str, list[Any]]] = {}
    for choice in scenario.structures():
        parameters = parameters_of(scenario, evidence, choice)
        population = one_patient(scenario, parameters, patient)
        labels = [evidence.treatments[name].label for name in parameters.treatments]
        lives[choice.name] = {
            s.id: tell_life(population, parameters.record, compile_strategy(s), labels)
            for s in compile_strategies(scenario, evidence)
        }
    return lives


def one_patient(scenario: Scenario, parameters: Parameters, patient: int) -> Any:
    """Return the record of one patient; a patient depends on seed and number alone.

    Raises:
        InputError: no such patient.
    """
    size = scenario.population.size * scenario.replicates
    if not 0 <= patient < size:
        raise InputError(f"patient {patient}: a number from 0 to {size - 1} is needed")
    intake = "prevalent" if scenario.population.intake == "open" else scenario.population.intake
    return synthesise(parameters, 1, scenario.seed, intake=intake, first=patient)


MICROSECONDS_PER_LIFE: Final = 12.0
MICROSECONDS_PER_PATIENT: Final = 25.0
SECONDS_PER_STRUCTURE: Final = 4.0
BYTES_PER_LIFE: Final = 1000.0
SECONDS_TO_COMPILE: Final = 40.0
"""Measured on one core of a shared two-core machine; see docs/performance.md."""


def estimate(scenario: Scenario, threads: int | None = None) -> dict[str, str]:
    """Return about how long a run takes and how much memory it needs, as words."""
    from popmodel.population import default_threads

    size = scenario.population.size * scenario.replicates
    structures, strategies = len(scenario.structures()), len(scenario.strategies)
    years = horizon_days(scenario) / DAYS_PER_YEAR / 5.0
    work = size * structures * (
        strategies * MICROSECONDS_PER_LIFE * years + MICROSECONDS_PER_PATIENT
    ) / 1e6 / (threads or default_threads())  # fmt: skip
    memory = size * (strategies * BYTES_PER_LIFE + 250.0) / 1e6
    return {
        "time": f"about {work + structures * SECONDS_PER_STRUCTURE:,.0f} s, and up to "
        f"{SECONDS_TO_COMPILE:.0f} s to compile the rules the first time",
        "memory": f"about {300.0 + memory:,.0f} MB",
    }
