"""What is wrong, or looks wrong, with the places of a scenario."""

from __future__ import annotations

from collections.abc import Iterator

from popmodel.errors import Problem
from popmodel.scenario.merge import Merged
from popmodel.scenario.schema import Bridge, Scenario, Service
from popmodel.scenario.services import (
    bed_services,
    compile_services,
    limited_services,
    place_costs,
    services_used,
    site_names,
)

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
    for name, service in scenario.services.items():
        for treatment in service.serves:
            others = [o for o, s in scenario.services.items() if treatment in s.serves]
            if others[0] != name:
                told = f"'{treatment}' is served by {others[0]} too"
                yield merged.problem(("services", name, "serves"), told, "one service each")
    yield from _ticks(scenario, merged, limited)


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
    for name in beds:
        asked = scenario.services.get(name, Service()).model_dump(exclude_none=True, by_alias=False)
        for key in sorted(asked.keys() - {"places", "opening", "serves", "place_cost"}):
            told = "nobody waits for a bed, so only the number of beds is read"
            yield merged.problem(("services", name, key), told)
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
        for service in strategy.services.keys() - known:
            at = ("strategies", name, "services", service)
            yield merged.problem(at, "no treatment needs this service")
    for name, site in scenario.sites.items():
        for service in site.services.keys() - known:
            at = ("sites", name, "services", service)
            yield merged.problem(at, "no treatment needs this service")
