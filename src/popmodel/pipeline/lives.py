"""One patient's life under every strategy of a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from popmodel.errors import InputError
from popmodel.parameters import Parameters, compile_strategy
from popmodel.pipeline.stages import parameters_of
from popmodel.population import synthesise
from popmodel.scenario.refusals import require_simulable
from popmodel.scenario.routing import compile_strategies
from popmodel.scenario.schema import Scenario

if TYPE_CHECKING:
    from popmodel.engine.story import Life


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
