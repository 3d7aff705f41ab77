"""What a schema cannot see: strategies that go round, parts nobody uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from popmodel.errors import Problem
from popmodel.scenario.merge import Merged
from popmodel.scenario.never import never_applied
from popmodel.scenario.place_checks import odd_places
from popmodel.scenario.schema import Scenario
from popmodel.scenario.services import services_used
from popmodel.yaml_source import Where


def mistakes(merged: Merged) -> list[Problem]:
    """Return what is wrong across the parts of a scenario, whatever else is wrong with it."""
    strategies = merged.data.get("strategies")
    if not isinstance(strategies, dict):
        return []
    return [*_rounds(strategies, merged), *_biotype_rules(strategies, merged)]


def _rounds(strategies: Mapping[str, Any], merged: Merged) -> Iterator[Problem]:
    """Yield each circle of `then` once."""
    follows = {
        name: said.get("then") for name, said in strategies.items() if isinstance(said, dict)
    }
    seen: set[str] = set()
    for start in follows:
        way: list[str] = []
        step: Any = start
        while isinstance(step, str) and step in follows and step not in way and step not in seen:
            way.append(step)
            step = follows[step]
        if step in way:
            circle = [*way[way.index(step) :], step]
            told = f"then goes round: {' → '.join(circle)}"
            yield merged.problem(("strategies", circle[-2], "then"), told)
        seen.update(way)


def _biotype_rules(strategies: Mapping[str, Any], merged: Merged) -> Iterator[Problem]:
    structure = merged.data.get("structure")
    if isinstance(structure, dict) and structure.get("biotypes_known") is True:
        return
    for name, said in strategies.items():
        offers = said.get("offer") if isinstance(said, dict) else None
        for number, offer in enumerate(offers if isinstance(offers, list) else []):
            when = offer.get("when") if isinstance(offer, dict) else None
            if isinstance(when, dict) and when.get("biotype"):
                where = ("strategies", name, "offer", number, "when", "biotype")
                told = "a rule may use the biotype only after a test that shows it"
                hint = "structure: {biotypes_known: true} assumes a free test for everybody"
                yield merged.problem(where, told, hint)


# ------------------------------------------------------------------ suspicions


def suspicions(scenario: Scenario, merged: Merged) -> list[Problem]:
    """Return what is allowed and looks like a mistake."""
    found = [
        *_unused(scenario, merged),
        *_uncalibrated(scenario, merged),
        *_exploratory(scenario, merged),
        *odd_places(scenario, merged),
    ]
    for name, strategy in scenario.strategies.items():
        found += never_applied(scenario, name, strategy, merged)
    return found


def _unused(scenario: Scenario, merged: Merged) -> Iterator[Problem]:
    people = scenario.population
    if people.intake == "prevalent" and people.incident_per_year > 0:
        told = "incident_per_year is not used with intake: prevalent"
        yield merged.problem(("population", "incident_per_year"), told)
    offered = {
        treatment
        for strategy in scenario.strategies.values()
        for treatment in [
            *(offer.treat for offer in strategy.offer if offer.treat),
            *(care.treat for care in strategy.maintain.values()),
        ]
    }
    used = services_used(scenario, scenario.evidence())
    needed = {used.get(treatment) for treatment in offered}
    for service in scenario.services.keys() - needed:
        yield merged.problem(("services", service), "nothing that is offered needs this service")
    for name, strategy in scenario.strategies.items():
        for treatment in strategy.maintain.keys() - offered:
            where = ("strategies", name, "maintain", treatment)
            yield merged.problem(where, f"no strategy offers '{treatment}'")


def _exploratory(scenario: Scenario, merged: Merged) -> Iterator[Problem]:
    """Yield each place that offers a card whose effect in depressed people is hardly known."""
    cards = scenario.evidence().treatments
    for name, strategy in scenario.strategies.items():
        placed: list[tuple[Where, str | None]] = [
            *((("offer", n, "treat"), offer.treat) for n, offer in enumerate(strategy.offer)),
            *((("maintain", key, "treat"), care.treat) for key, care in strategy.maintain.items()),
        ]
        for where, treatment in placed:
            if treatment and cards[treatment].use == "exploratory":
                told = f"'{treatment}' is exploratory: its effect in depression is a guess"
                hint = f"popmodel evidence {treatment} says what it rests on"
                yield merged.problem(("strategies", name, *where), told, hint)


def _uncalibrated(scenario: Scenario, merged: Merged) -> Iterator[Problem]:
    """Yield each form of the model that no fit to trials belongs to."""
    known = scenario.evidence().calibrated
    for choice in scenario.structures():
        if choice.calibration not in known:
            told = f"there is no fit {choice.calibration}: its results will be called uncalibrated"
            make = f"--structure {choice.severity_effect} --correlation {choice.correlation}"
            hint = f"popmodel calibrate {make} makes one"
            yield merged.problem(("structure", "correlation"), told, hint)
