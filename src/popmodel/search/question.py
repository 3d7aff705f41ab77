"""What a search asks: the scenario, one form of the model, the patients, and what is traded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from popmodel.errors import InputError, Problem
from popmodel.scenario.schema import Scenario, Search, StructureChoice
from popmodel.scenario.services import limited_services
from popmodel.yaml_source import shown_path

PATIENTS: Final = 3000
SHORTLIST_PATIENTS: Final = 10_000
FRESH_PATIENTS: Final = 20_000
LESS_IS_BETTER: Final = frozenset({"cost", "wait_days"})


@dataclass(frozen=True)
class Question:
    """A search that can be carried out.

    Attributes:
        scenario: what is asked; its strategies are where the search starts.
        search: its block `search`, or the defaults.
        choice: the form of the model.
        then: whose rules follow the searched ones.
        objectives: what is traded.
        patients: on whom every proposal is tried.
        shortlist_patients: on whom the best are tried again, simplified and chosen.
        fresh_patients: on whom those that were chosen are tried at last.
        is_limited: whether a service has a number of places.
    """

    scenario: Scenario
    search: Search
    choice: StructureChoice
    then: str
    objectives: tuple[str, ...]
    patients: int
    shortlist_patients: int
    fresh_patients: int
    is_limited: bool

    @property
    def wtp(self) -> float:
        """The middle willingness to pay, at which net benefits are compared."""
        amounts = sorted(self.scenario.willingness_to_pay)
        return amounts[len(amounts) // 2]


def question_of(scenario: Scenario) -> Question:
    """Return what a scenario asks of a search.

    Raises:
        InputError: it asks for several structures, or for waits where nobody waits.
    """
    said = scenario.search or Search()
    limited = is_limited(scenario)
    if problems := _problems(scenario, said, limited):
        raise InputError(problems)
    usual: tuple[str, ...] = ("cost", "qaly", "wait_days") if limited else ("cost", "qaly")
    size = scenario.population.size
    fewest = size * scenario.replicates if limited else 0
    return Question(
        scenario=scenario,
        search=said,
        choice=scenario.structures()[0],
        then=said.then or scenario.comparator,
        objectives=said.objectives or usual,
        patients=said.patients or (PATIENTS if limited else min(size, PATIENTS)),
        shortlist_patients=said.shortlist_patients or SHORTLIST_PATIENTS,
        fresh_patients=said.fresh_patients or max(FRESH_PATIENTS, fewest),
        is_limited=limited,
    )


def is_limited(scenario: Scenario) -> bool:
    """Return whether a service of a treatment has a number of places."""
    return bool(limited_services(scenario, scenario.evidence()))


def _problems(scenario: Scenario, said: Search, limited: bool) -> list[Problem]:
    file = shown_path(scenario.source_files[0]) if scenario.source_files else ""
    found: list[Problem] = []

    def tell(where: str, message: str, hint: str) -> None:
        found.append(Problem(file, 0, 0, where, message, hint))

    if len(scenario.structures()) > 1:
        names = ", ".join(choice.name for choice in scenario.structures())
        told = f"a search needs one form of the model, and these are several: {names}"
        tell("structure", told, "choose one, such as --structure mixture")
    if "wait_days" in said.objectives and not limited:
        told = "nobody waits: no service has a number of places"
        tell("search.objectives", told, "leave wait_days out, or limit a service")
    return found
