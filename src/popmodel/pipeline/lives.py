"""One patient's life under every strategy of a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from popmodel.errors import InputError, Problem
from popmodel.evidence.load import Evidence
from popmodel.parameters import Parameters, compile_strategy
from popmodel.pipeline.places import has_systems, plans_of_scenario
from popmodel.pipeline.stages import parameters_of, population_of
from popmodel.population import synthesise
from popmodel.scenario.refusals import require_simulable
from popmodel.scenario.routing import compile_strategies
from popmodel.scenario.schema import Scenario

if TYPE_CHECKING:
    from popmodel.engine.story import Life

MOST_TOGETHER: Final = 10_000
"""Patients of one replicate and site that are run one by one for the life of one of them."""


def patient_story(scenario: Scenario, patient: int) -> dict[str, dict[str, Life]]:
    """Return one patient's life by structure and strategy.

    Args:
        scenario: what is asked.
        patient: number of the patient, from 0.

    Raises:
        InputError: no such patient, or the scenario asks what no run answers yet.
    """
    from popmodel.engine.story import tell_life

    require_simulable(scenario)
    evidence = scenario.evidence()
    if has_systems(scenario, evidence):
        return _among_others(scenario, evidence, patient)
    lives: dict[str, dict[str, Life]] = {}
    for choice in scenario.structures():
        parameters = parameters_of(scenario, evidence, choice)
        population = one_patient(scenario, parameters, patient)
        labels = [evidence.treatments[name].label for name in parameters.treatments]
        lives[choice.name] = {
            s.id: tell_life(population, parameters.record, compile_strategy(s), labels)
            for s in compile_strategies(scenario, evidence)
        }
    return lives


def _among_others(
    scenario: Scenario, evidence: Evidence, patient: int
) -> dict[str, dict[str, Life]]:
    """Return one patient's life by structure and strategy, where patients share places."""
    from popmodel.engine.story import tell_life
    from popmodel.engine.story_in_queue import position_of, tell_life_in_queue

    records = [compile_strategy(s) for s in compile_strategies(scenario, evidence)]
    lives: dict[str, dict[str, Life]] = {}
    for choice in scenario.structures():
        parameters = parameters_of(scenario, evidence, choice)
        population = population_of(scenario, parameters)
        at = position_of(population, patient)
        if at < 0:
            last = int(population["id"].max())
            raise InputError(f"patient {patient}: a number from 0 to {last} is needed")
        plans = plans_of_scenario(scenario, evidence, parameters, population, records)
        if plans is None:
            raise InputError(f"patient {patient}: nobody shares places in this scenario")
        site = int(population["site"][at])
        shared = (plans.replicate == plans.replicate[at]) & (population["site"] == site)
        _refuse_crowds(scenario, patient, int(shared.sum()))
        number, others = position_of(population[shared], patient), population[shared]
        labels = [evidence.treatments[name].label for name in parameters.treatments]
        lives[choice.name] = {
            name: tell_life_in_queue(others, number, own[site], labels)
            if own[site].strategy["limited"][0]
            else tell_life(
                others[number : number + 1], own[site].parameters, own[site].strategy, labels
            )
            for name, own in zip(scenario.strategies, plans.sites, strict=True)
        }
    return lives


def _refuse_crowds(scenario: Scenario, patient: int, size: int) -> None:
    """Refuse a system of more patients than can be followed one by one."""
    if size <= MOST_TOGETHER:
        return
    where = str(scenario.source_files[0]) if scenario.source_files else ""
    told = (
        f"patient {patient} shares places with {size - 1:,} others, and who gets one depends on "
        f"all of them; at most {MOST_TOGETHER:,} can be followed one by one"
    )
    hint = "give fewer --patients, and fewer newcomers with --set population.incident_per_year=…"
    raise InputError([Problem(where, 0, 0, "population", told, hint)])


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
