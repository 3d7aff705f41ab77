"""What is wrong, or looks wrong, with the places of a scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from popmodel.errors import Problem
from popmodel.scenario.merge import Merged
from popmodel.scenario.schema import Bridge, Scenario, Service, ServiceChange
from popmodel.scenario.services import (
    BOARD,
    bed_services,
    beds_waited_for,
    compile_services,
    limited_services,
    place_costs,
    services_used,
    site_names,
)
from popmodel.yaml_source import Where

ENOUGH_REPLICATES = 20
"""Replicates from which Monte Carlo errors of shared queues are worth reading."""


def wrong_places(scenario: Scenario, merged: Merged) -> Iterator[Problem]:
    """Yield what cannot be simulated: bridges that wait themselves, ticks, costs of no places."""
    evidence = scenario.evidence()
    limited, where = set(limited_services(scenario, evidence)), services_used(scenario, evidence)
    for name, strategy in scenario.strategies.items():
        if isinstance(strategy.on_full, Bridge) and where.get(strategy.on_full.bridge) in limited:
            told = f"'{strategy.on_full.bridge}' needs a place in a limited service itself"
            at = ("strategies", name, "on_full", "bridge")
            yield merged.problem(at, told, "a bridge is what can begin at once")
    for name in sorted(place_costs(scenario).keys() & set(bed_services(evidence))):
        told = "days on a ward are charged as events, so beds are not charged as places too"
        yield merged.problem(("services", name, "place_cost"), told)
    for name in place_costs(scenario).keys() - limited - set(bed_services(evidence)):
        told = "places are charged as such, and there is no number of them"
        yield merged.problem(("services", name, "place_cost"), told, "say how many: places: 4")
    for name in bed_services(evidence):
        beds = scenario.services.get(name, Service())
        if beds.serves:
            told = "beds are used by admissions and serve no treatment"
            yield merged.problem(("services", name, "serves"), told)
    yield from _wrong_beds(scenario, merged)
    for name, service in scenario.services.items():
        for treatment in service.serves:
            others = [o for o, s in scenario.services.items() if treatment in s.serves]
            if others[0] != name:
                told = f"'{treatment}' is served by {others[0]} too"
                yield merged.problem(("services", name, "serves"), told, "one service each")
    yield from _ticks(scenario, merged, limited)


def _wrong_beds(scenario: Scenario, merged: Merged) -> Iterator[Problem]:
    """Yield waits for beds where there are none, no number of them, or too many kinds."""
    evidence = scenario.evidence()
    beds = bed_services(evidence)
    boards: dict[str, Where] = {}
    for at, name, service in _said_of_services(scenario):
        for key in ("when_full", "board_days"):
            if name not in beds and getattr(service, key) is not None:
                told = f"only admissions board, and '{name}' is no service of beds"
                hint = f"beds: {', '.join(beds)}; for courses say on_full in the strategy"
                yield merged.problem((*at, key), told, hint)
        if name in beds and service.when_full == BOARD:
            boards.setdefault(name, (*at, "when_full"))
    for name in sorted(boards.keys() - set(limited_services(scenario, evidence))):
        told = "admissions would wait for a bed, and there is no number of them"
        yield merged.problem(boards[name], told, "say how many: places: 20")
    if len(boards) > 1:
        told = f"admissions can wait for one kind of bed, not for {' and '.join(sorted(boards))}"
        yield merged.problem([*boards.values()][1], told)


def _said_of_services(scenario: Scenario) -> Iterator[tuple[Where, str, ServiceChange]]:
    """Yield where, of which service, and what is said: in general, of sites, and of strategies."""
    said: list[tuple[Where, Mapping[str, ServiceChange]]] = [(("services",), scenario.services)]
    said += [(("sites", name, "services"), one.services) for name, one in scenario.sites.items()]
    for name, strategy in scenario.strategies.items():
        said.append((("strategies", name, "services"), strategy.services))
    for at, services in said:
        for name, service in services.items():
            yield (*at, name), name, service


def _odd_beds(scenario: Scenario, merged: Merged) -> Iterator[Problem]:
    """Yield what is said of beds and read by nothing."""
    evidence = scenario.evidence()
    beds, waited_for = bed_services(evidence), beds_waited_for(scenario, evidence)
    for at, name, service in _said_of_services(scenario):
        if name not in beds:
            continue
        asked = service.model_dump(exclude_none=True, by_alias=False)
        read = {"places", "opening", "serves", "place_cost", "when_full"}
        told = "nobody waits for a bed here (when_full: board), so only the number of beds is read"
        if name in waited_for:
            read |= {"order", "tick_days", "board_days"}
            told = "who boards is in the emergency department, and every bed is for all"
        for key in sorted(asked.keys() - read):
            yield merged.problem((*at, key), told)
        here = scenario.services.get(name, Service()).under(service)
        tick, limit = here.tick_days or 1.0, here.board_days
        said = [key for key in ("board_days", "tick_days") if key in asked]
        if name in waited_for and said and limit is not None and limit < tick:
            told = (
                f"{limit:g} days are over before the next decision ({tick:g} days), bed or no bed"
            )
            yield merged.problem((*at, said[0]), told, "give a finer tick_days")


def _ticks(scenario: Scenario, merged: Merged, limited: set[str]) -> Iterator[Problem]:
    """Yield ticks that are no multiple of the shortest one of the same site and strategy."""
    evidence = scenario.evidence()
    told: set[str] = set()
    for strategy in scenario.strategies:
        for site in site_names(scenario):
            found = {
                one.id: one.tick_days
                for one in compile_services(scenario, evidence, strategy, site)
                if one.id in limited
            }
            shortest = min(found.values(), default=1.0)
            for name, days in found.items():
                if abs(days / shortest - round(days / shortest)) > 1e-9 and name not in told:
                    told.add(name)
                    yield merged.problem(
                        ("services", name, "tick_days"),
                        f"{days:g} days is no multiple of the shortest tick, {shortest:g}",
                    )


def odd_places(scenario: Scenario, merged: Merged) -> Iterator[Problem]:
    """Yield what is allowed and looks like a mistake."""
    evidence = scenario.evidence()
    limited = limited_services(scenario, evidence)
    beds = bed_services(evidence)
    known = {*services_used(scenario, evidence).values(), *beds}
    yield from _odd_beds(scenario, merged)
    if limited and scenario.replicates < ENOUGH_REPLICATES:
        told = (
            f"patients wait for each other, so errors come from replicates: {scenario.replicates} "
            f"of them give none that can be trusted"
        )
        yield merged.problem(("replicates",), told, f"replicates: {ENOUGH_REPLICATES} or more")
    for name, strategy in scenario.strategies.items():
        if strategy.on_full not in (None, "wait") and not limited:
            told = "no service is limited, so nothing is ever full"
            yield merged.problem(("strategies", name, "on_full"), told)
    for at, service, _ in _said_of_services(scenario):
        if at[0] != "services" and service not in known:
            yield merged.problem(at, "no treatment needs this service")
