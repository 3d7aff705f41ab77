"""Which numbers in doubt a scenario reads: found by moving each and looking at the parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from popmodel.errors import InputError, Problem, did_you_mean
from popmodel.evidence.load import Evidence
from popmodel.parameters import Parameters
from popmodel.parameters.treatments import FAMILIES_DRAWN
from popmodel.pipeline.stages import parameters_of
from popmodel.scenario.options import where_of
from popmodel.scenario.routing import chain
from popmodel.scenario.schema import Scenario
from popmodel.uncertainty.factors import Beliefs, Factor, structure_beliefs

EXTREMES: Final = (0.02, 0.98)
ALWAYS: Final = ("none", "usual_care")
"""Contacts of patients who are on no course."""


def scenario_beliefs(scenario: Scenario, paths: Iterable[str] = ()) -> tuple[Beliefs, ...]:
    """Return what is believed under each structure a scenario asks for.

    Args:
        scenario: what is asked.
        paths: further numbers that will be moved; their value today is noted.

    Raises:
        InputError: one of these paths is not there.
    """
    settings = {path: value_today(scenario, path) for path in paths}
    return structure_beliefs(scenario.evidence(), scenario.structures(), settings)


def value_today(scenario: Scenario, path: str) -> float:
    """Return the number at a path of the scenario or of a card, as the scenario has it.

    A number that trials fitted has another value under each structure; this is the card's.

    Raises:
        InputError: there is no such path, or no number.
    """
    if path.startswith(FAMILIES_DRAWN):
        card = scenario.evidence().treatments[path.removeprefix(FAMILIES_DRAWN)]
        return card.severity_effect.premise_weight.value
    if where_of(path)[0] == "overrides":
        found = scenario.evidence().value_at(path)
    else:
        found = _setting(scenario, path)
    value = getattr(found, "value", found)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError([Problem("", 0, 0, path, f"is no number (found {value!r:.40})")])
    return float(value)


def is_number(scenario: Scenario, path: str) -> bool:
    """Say whether a path leads to a number of the scenario or of a card."""
    try:
        value_today(scenario, path)
    except InputError:
        return False
    return True


def _setting(scenario: Scenario, path: str) -> Any:
    """Return what stands at a path of the scenario.

    Raises:
        InputError: nothing does; names the nearest.
    """
    node: Any = scenario.model_dump()
    for part in path.split("."):
        if isinstance(node, list | tuple) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        elif isinstance(node, dict) and part in node:
            node = node[part]
        else:
            known = [str(k) for k in node] if isinstance(node, dict) else []
            told = f"there is no '{part}' here"
            raise InputError([Problem("", 0, 0, path, told, did_you_mean(part, known))])
    return node


def live_paths(scenario: Scenario) -> tuple[str, ...]:
    """Return the numbers in doubt that can change a result of a scenario under any structure.

    A number counts if moving it changes the parameters that the rules read, and if it belongs to
    no treatment or contact that no strategy of the scenario can reach.
    """
    evidence = scenario.evidence()
    offered = treatments_offered(scenario)
    contacts, tests = _contacts(scenario, evidence, offered), _tests_offered(scenario)
    found: dict[str, None] = {}
    for belief, choice in zip(scenario_beliefs(scenario), scenario.structures(), strict=True):
        paths = [p for p in belief.uncertain() if _reachable(p, offered, contacts, tests)]
        still = parameters_of(scenario, evidence, choice)
        for path in paths:
            if path not in found and _changes(scenario, belief, choice, path, still):
                found[path] = None
    return tuple(found)


def treatments_offered(scenario: Scenario) -> frozenset[str]:
    """Return the treatments and boosters that some strategy of a scenario can offer."""
    found: set[str] = set()
    for name in scenario.strategies:
        for strategy in chain(scenario, name):
            found |= {offer.treat for offer in strategy.offer if offer.treat}
            found |= {care.treat for care in strategy.maintain.values()}
    return frozenset(found)


def _contacts(scenario: Scenario, evidence: Evidence, offered: frozenset[str]) -> frozenset[str]:
    found = set(ALWAYS)
    for name in offered:
        card = evidence.treatments[name]
        upkeep = card.durability.maintenance
        found |= {card.contact, *([upkeep.contact] if upkeep and upkeep.contact else [])}
    for strategy in scenario.strategies.values():
        found |= {offer.contact for offer in strategy.offer if offer.contact}
    return frozenset(found)


def _tests_offered(scenario: Scenario) -> frozenset[str]:
    offers = [offer for strategy in scenario.strategies.values() for offer in strategy.offer]
    return frozenset(offer.test for offer in offers if offer.test is not None)


def _reachable(
    path: str, offered: frozenset[str], contacts: frozenset[str], tests: frozenset[str]
) -> bool:
    if path.startswith(FAMILIES_DRAWN):
        return path.removeprefix(FAMILIES_DRAWN) in offered
    folder, name = path.split(".")[:2]
    return name in {"treatments": offered, "contacts": contacts, "tests": tests}.get(
        folder, (name,)
    )


def _changes(
    scenario: Scenario, belief: Beliefs, choice: Any, path: str, still: Parameters
) -> bool:
    return any(
        parameters_of(scenario, belief.evidence, choice, draw).record.tobytes()
        != still.record.tobytes()
        for draw in _moves(belief, path)
    )


def _moves(belief: Beliefs, path: str) -> Iterator[dict[str, float]]:
    for quantile in EXTREMES:
        yield belief.at(Factor(path, (path,)), quantile)


def structure_names(scenario: Scenario) -> Sequence[str]:
    """Return the names of the structures a scenario asks for."""
    return [choice.name for choice in scenario.structures()]
