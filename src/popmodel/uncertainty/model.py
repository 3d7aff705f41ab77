"""The model as a function: parameter values and a replicate of luck in, outcomes out.

A run gives, for every strategy, means per patient over eight equal blocks of patients. The mean
over blocks is the mean over all; blocks are the same patients in every strategy and every run, so
their spread tells the Monte Carlo error of any difference. Where patients share limited places,
blocks are whole replicates, because patients of one system wait for each other. For maps by
subgroup the same means can be had by biotype and severity.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
from numba.core import event
from numpy.typing import NDArray

from popmodel.errors import InputError, Problem
from popmodel.evidence.load import Evidence
from popmodel.outcomes import groups_of, patient_table
from popmodel.parameters import Parameters, compile_strategy
from popmodel.parameters.reach import AFTER_ENTRY, digest, reachable, treated_before_entry
from popmodel.parameters.treatments import FAMILIES_DRAWN
from popmodel.pipeline.manifest import card_hashes
from popmodel.pipeline.places import replicates_shared
from popmodel.pipeline.stages import histories_of, parameters_of, population_of
from popmodel.provenance import code_hash
from popmodel.randomness import subject_salt
from popmodel.rules.records import History
from popmodel.scenario.options import where_of
from popmodel.scenario.routing import compile_strategies
from popmodel.scenario.schema import Scenario, StructureChoice
from popmodel.scenario.services import limited_services
from popmodel.uncertainty.remembered import Recent
from popmodel.uncertainty.run import Run
from popmodel.units import DAYS_PER_WEEK
from popmodel.vocabulary import STATES
from popmodel.waiting import wait_summary

BLOCKS: Final = 8
BLOCK: Final = "block"
SUBGROUP: Final = "biotype|severity_band"
WEEK: Final = "week"
WEEKS_APART: Final = 8
IN_REMISSION: Final = "in_remission"
"""Share remitted or recovered of all who have entered, in rows of a week."""
WELL: Final = (STATES.index("remitted"), STATES.index("recovered"))
KEYS: Final = ("strategy", "dimension", "group", "patients")
OUTCOMES: Final = (
    "cost_health_care", "cost_societal", "qaly", "daly", "life_years", "remission_weeks",
    "remission_12m", "ever_remission", "ever_response", "remission_days_90d",
    "share_time_in_remission", "relapses", "courses", "crises", "deaths", "suicides",
)  # fmt: skip
"""Means per patient that every run leaves."""
WAITS: Final = ("wait_days_mean", "wait_days_median", "wait_days_p90")
"""Days waited for a place, all services together, in rows of blocks; where services are limited."""
WANTED: Final = frozenset({"patient", "age", "sex", "biotype", "severity", *OUTCOMES})
"""What a run needs to know of its patients."""
SEEDS: Final = 10**15
PATIENTS: Final[Recent[NDArray[Any]]] = Recent(64_000_000, lambda patients: patients.nbytes)
ROWS: Final[Recent[pd.DataFrame]] = Recent(256)
"""What this process keeps of its last runs: patients (bytes at most) and rows (tables at most)."""


@dataclass(frozen=True)
class ModelJob:
    """What a run of the model leaves: rows by strategy and group of patients.

    Attributes:
        scenario: what is asked; its patients, years, strategies and seed.
        subgroups: whether to give means by biotype and severity band too, and remission by week.
    """

    scenario: Scenario
    subgroups: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the rows."""
        waits = WAITS if self.shares_places else ()
        return (*KEYS, *OUTCOMES, *waits, *([IN_REMISSION] if self.subgroups else []))

    @cached_property
    def shares_places(self) -> bool:
        """Whether a service has a number of places, so that patients wait for each other."""
        return bool(limited_services(self.scenario, self.scenario.evidence()))

    @cached_property
    def identity(self) -> str:
        """Hash of scenario, cards and code."""
        told = {
            "scenario": self.scenario.resolved(),
            "cards": card_hashes(self.scenario.evidence()),
            "code": code_hash(),
            "subgroups": self.subgroups,
        }
        text = json.dumps(told, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def _strategies(self) -> list[Any]:
        found = compile_strategies(self.scenario, self.scenario.evidence())
        return [compile_strategy(one) for one in found]

    def prepare(self) -> bool:
        """Load the compiled rules, or compile them; return whether they had to be compiled here.

        Done by a run of one patient: the rules are the same for any number of them.
        """
        asked = self.scenario
        few = {"population.size": 1, "replicates": BLOCKS if self.shares_places else 1}
        if asked.population.incident_per_year:
            few["population.incident_per_year"] = 1
        with event.install_recorder("numba:compile") as compiled_now:
            first = Run(0, asked.structures()[0].name, 0, {})
            ModelJob(asked.with_values(few), self.subgroups)(first)
        return bool(compiled_now.buffer)

    def __call__(self, run: Run) -> pd.DataFrame:
        """Return the rows of one run.

        Raises:
            InputError: a path does not exist or a value is not allowed.
        """
        scenario, evidence, drawn = settled(self.scenario, run.values)
        parameters = parameters_of(scenario, evidence, choice_of(scenario, run.structure), drawn)
        strategies = self._strategies
        if scenario is not self.scenario:
            strategies = [compile_strategy(s) for s in compile_strategies(scenario, evidence)]
        require_replicates(scenario, evidence)
        asked = _Asked(self, run, scenario, evidence, parameters, dict(zip(
            scenario.strategies, strategies, strict=True
        )))  # fmt: skip
        found = pd.concat(asked.rows(), ignore_index=True)
        return found[list(self.columns)]


@dataclass(frozen=True)
class _Asked:
    """One run with its numbers settled."""

    job: ModelJob
    run: Run
    scenario: Scenario
    evidence: Evidence
    parameters: Parameters
    strategies: dict[str, Any]

    def rows(self) -> list[pd.DataFrame]:
        """Return the rows of every strategy; those that no changed number reaches from memory."""
        keys = {name: self.key(name) for name in self.strategies}
        rows = {name: None if key is None else ROWS.find(key) for name, key in keys.items()}
        missing = [name for name, found in rows.items() if found is None]
        for name, found in zip(missing, self.lived(missing) if missing else [], strict=True):
            rows[name] = found if keys[name] is None else ROWS.keep(keys[name], found)
        return [found for found in rows.values() if found is not None]

    def key(self, name: str) -> Hashable | None:
        """Return all that the rows of a strategy depend on, in short; none if that is too much.

        Patients who share places depend on each other, and other files may change: nothing is kept.
        """
        if self.scenario is not self.job.scenario or self.job.shares_places:
            return None
        record = self.parameters.record
        numbers = digest(record, reachable(record, self.strategies[name]))
        return (*self._told, name, numbers)

    @property
    def _told(self) -> tuple[Hashable, ...]:
        return (self.job.identity, self.run.structure, self.run.luck)

    def patients(self, scenario: Scenario) -> NDArray[Any]:
        """Return the patients at entry."""
        record, key = self.parameters.record, None
        if self.scenario is self.job.scenario:
            numbers = digest(record, treated_before_entry(record), AFTER_ENTRY)
            key = (*self._told, numbers)
            kept = PATIENTS.find(key)
            if kept is not None:
                return kept
        made: NDArray[Any] = population_of(scenario, self.parameters, threads=1)
        return made if key is None else PATIENTS.keep(key, made)

    def lived(self, names: list[str]) -> list[pd.DataFrame]:
        """Return the rows of some strategies."""
        scenario, parameters, job = self.scenario, self.parameters, self.job
        if self.run.luck:
            scenario = scenario.changed(seed=seed_of(scenario.seed, self.run.luck))
        population = self.patients(scenario)
        histories = histories_of(
            scenario, self.evidence, parameters, population,
            [self.strategies[name] for name in names], names=names, threads=1, keep_persons=False,
        )  # fmt: skip
        replicate = replicates_shared(scenario, self.evidence, population)
        rows = []
        for name, history in zip(names, histories, strict=True):
            table = patient_table(population, history, parameters, wanted=WANTED)
            block = (table["patient"].to_numpy() if replicate is None else replicate) % BLOCKS
            found = _rows(name, table, block, job.subgroups)
            if job.shares_places:
                found = found.join(_waits(history.waits, len(found)))
            if job.subgroups:
                weeks = _weeks(name, history, float(parameters.record["horizon"][0]))
                found = pd.concat([found, weeks], ignore_index=True)
            rows.append(found)
        return rows


def seed_of(seed: int, luck: int) -> int:
    """Return the seed of a replicate of patient luck; replicate 0 is the scenario's own."""
    return seed if luck == 0 else (seed ^ subject_salt("replicate", str(luck))) % SEEDS


def settled(
    scenario: Scenario, values: Mapping[str, float]
) -> tuple[Scenario, Evidence, dict[str, float]]:
    """Return the scenario and cards under some values, and those that are numbers on cards.

    A path may be a number on a card, a plain setting of a card, or a number in the scenario, such
    as `discount.health`.

    Raises:
        InputError: a path does not exist or a value is not allowed.
    """
    evidence = scenario.evidence()
    quantities = evidence.quantities()
    drawn = {p: x for p, x in values.items() if p in quantities or p.startswith(FAMILIES_DRAWN)}
    others = {p: x for p, x in values.items() if p not in drawn}
    on_cards = {p: x for p, x in others.items() if where_of(p)[0] == "overrides"}
    asked = {p: x for p, x in others.items() if p not in on_cards}
    if on_cards:
        evidence = evidence.with_overrides(on_cards)
    if asked:
        scenario = scenario.with_values(asked)
    return scenario, evidence, drawn


def choice_of(scenario: Scenario, structure: str) -> StructureChoice:
    """Return a structure of a scenario by name.

    Raises:
        InputError: the scenario does not ask for it.
    """
    choices = {choice.name: choice for choice in scenario.structures()}
    if structure not in choices:
        raise InputError(f"structure {structure!r}: one of {', '.join(choices)} is needed")
    return choices[structure]


def require_replicates(scenario: Scenario, evidence: Evidence) -> None:
    """Refuse a scenario whose patients share places in too few replicates to fill all blocks.

    Raises:
        InputError: patients of one system wait for each other, so luck is told by replicates.
    """
    if scenario.replicates >= BLOCKS or not limited_services(scenario, evidence):
        return
    where = str(scenario.source_files[0]) if scenario.source_files else ""
    told = (
        f"{scenario.replicates} are too few: patients wait for each other, so luck is told by "
        f"replicates, and {BLOCKS} are the fewest"
    )
    hint = f"replicates: {BLOCKS} or more, or --set replicates={BLOCKS}"
    raise InputError([Problem(where, 0, 0, "replicates", told, hint)])


def _waits(waits: NDArray[Any], rows: int) -> pd.DataFrame:
    """Return days waited by block, for the first rows; nan for the rows of subgroups."""
    courses = waits[waits["booster"] == 0]
    of = courses["replicate"] % BLOCKS
    found = pd.DataFrame([wait_summary(courses[of == block], 1) for block in range(BLOCKS)])
    return found[list(WAITS)].reindex(range(rows))


def _rows(strategy: str, table: pd.DataFrame, block: NDArray[Any], subgroups: bool) -> pd.DataFrame:
    """Return the means of one strategy by block of patients, and by subgroup if wanted."""
    parts = [_means(BLOCK, block, range(BLOCKS), table)]
    if subgroups:
        groups = groups_of(table)
        biotype, band = groups["biotype"], groups["severity_band"]
        size = len(band.categories)
        code = biotype.codes.astype(np.int64) * size + band.codes
        names = [f"{a}|{b}" for a in biotype.categories for b in band.categories]
        parts.append(_means(SUBGROUP, code, names, table))
    found = pd.concat(parts, ignore_index=True)
    found.insert(0, "strategy", strategy)
    return found


def _weeks(strategy: str, history: History, horizon_days: float) -> pd.DataFrame:
    """Return the share in remission at the start of every so many weeks, by strategy."""
    weeks = np.arange(0, math.ceil(horizon_days / DAYS_PER_WEEK), WEEKS_APART)
    occupancy = np.cumsum(history.tally["week"][0][:, : len(STATES)], axis=0)[weeks]
    everyone = occupancy.sum(axis=1)
    share = occupancy[:, list(WELL)].sum(axis=1) / np.maximum(everyone, 1)
    return pd.DataFrame(
        {
            "strategy": strategy, "dimension": WEEK, "group": weeks.astype(str),
            "patients": everyone, IN_REMISSION: share,
        }
    )  # fmt: skip


def _means(
    dimension: str, code: NDArray[Any], names: Iterable[Any], table: pd.DataFrame
) -> pd.DataFrame:
    """Return means of every outcome over the patients of every group that has any."""
    labels = [str(name) for name in names]
    size = np.bincount(code, minlength=len(labels))
    found: dict[str, Any] = {"dimension": dimension, "group": labels, "patients": size}
    for name in OUTCOMES:
        found[name] = _mean_of_known(code, table[name].to_numpy(dtype=float), len(labels))
    return pd.DataFrame(found)[size > 0]


def _mean_of_known(code: NDArray[Any], x: NDArray[np.float64], size: int) -> NDArray[Any]:
    """Return the mean of the known values of every code, nan where there are none."""
    known = ~np.isnan(x)
    if not known.all():
        code, x = code[known], x[known]
    n = np.bincount(code, minlength=size)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.bincount(code, weights=x, minlength=size) / n)
