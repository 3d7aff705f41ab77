"""What a scenario may ask and no run answers yet: the one place that refuses it, and its words."""

from __future__ import annotations

from collections.abc import Iterator

from popmodel.errors import InputError, Problem
from popmodel.evidence.calibration import lack_of_extrapolation
from popmodel.scenario.merge import Tell
from popmodel.scenario.schema import Scenario
from popmodel.yaml_source import Where, dotted, shown_path


def require_simulable(scenario: Scenario) -> None:
    """Refuse what would be ignored, or fail, in the middle of a run.

    Raises:
        InputError: A fit that is asked for does not exist.
    """
    file = shown_path(scenario.source_files[0]) if scenario.source_files else ""

    def tell(where: Where, message: str, hint: str) -> Problem:
        return Problem(file, 0, 0, dotted(where), message, hint)

    if found := refusals(scenario, tell):
        raise InputError(found)


def refusals(scenario: Scenario, tell: Tell) -> list[Problem]:
    """Return why a scenario that is right in itself cannot be simulated yet.

    Args:
        scenario: A checked scenario.
        tell: Makes a problem that stands at a key of it.
    """
    return list(_fits(scenario, tell))


def _offered(scenario: Scenario) -> set[str]:
    """Return the treatments that any strategy offers."""
    rules = [rule for strategy in scenario.strategies.values() for rule in strategy.offer]
    return {rule.treat for rule in rules if rule.treat is not None}


def _fits(scenario: Scenario, tell: Tell) -> Iterator[Problem]:
    """Yield a problem for each form of the model that needs factors no fit has found."""
    if scenario.structure.extrapolation != "none":
        return
    for choice in scenario.structures():
        told, hint = lack_of_extrapolation(
            scenario.evidence(), choice.calibration, _offered(scenario)
        )
        if told:
            yield tell(("structure", "extrapolation"), told, hint)
