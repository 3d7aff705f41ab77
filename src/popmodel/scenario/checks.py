"""What a schema cannot see: strategies that go round, parts nobody uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

from popmodel.errors import Problem
from popmodel.evidence.schema import Biomarker
from popmodel.scenario.merge import Merged
from popmodel.scenario.never import never_applied
from popmodel.scenario.place_checks import odd_places
from popmodel.scenario.schema import Scenario
from popmodel.scenario.services import bed_services, services_used
from popmodel.yaml_source import Where


def mistakes(merged: Merged, tests: Mapping[str, Biomarker]) -> list[Problem]:
    """Return what is wrong across the parts of a scenario, whatever else is wrong with it.

    Args:
        merged: The tree of the files.
        tests: The cards of tests by id.
    """
    strategies = merged.data.get("strategies")
    if not isinstance(strategies, dict):
        return []
    return [*_rounds(strategies, merged), *_result_rules(strategies, merged, tests)]


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


def _result_rules(
    strategies: Mapping[str, Any], merged: Merged, tests: Mapping[str, Biomarker]
) -> Iterator[Problem]:
    """Yield each rule that asks for what no test of its strategy, or of one before it, shows."""
    known = merged.data.get("structure")
    is_known = isinstance(known, dict) and known.get("biotypes_known") is True
    for name, said in strategies.items():
        used = _tests_before(strategies, name)
        shows_biotype = any(tests[test].informs == "biotype" for test in used if test in tests)
        for number, offer in enumerate(_offers(said)):
            when = offer.get("when") if isinstance(offer, dict) else None
            where: Where = ("strategies", name, "offer", number, "when")
            if not isinstance(when, dict):
                continue
            if when.get("biotype") and not is_known and not shows_biotype:
                told = "a rule may use the biotype only after a test that shows it"
                hint = "offer a test that informs the biotype before, or take it as known: "
                hint += "structure: {biotypes_known: true}"
                yield merged.problem((*where, "biotype"), told, hint)
            asked = when.get("result")
            for test, result in (asked if isinstance(asked, dict) else {}).items():
                if told := _not_shown(test, result, used, tests):
                    yield merged.problem((*where, "result", test), told)


def _not_shown(test: Any, result: Any, used: Set[Any], tests: Mapping[str, Biomarker]) -> str:
    """Return why a test cannot have the result a rule asks for, or nothing."""
    if test in tests and result in ("positive", "negative"):
        if tests[test].informs == "biotype":
            return f"'{test}' shows a biotype and is neither positive nor negative; ask for biotype"
        if test not in used:
            return f"'{test}' is offered by no rule of this strategy"
    return ""


def _tests_before(strategies: Mapping[str, Any], name: str) -> set[Any]:
    """Return the tests of a strategy, of those it goes on with, and of those that lead to it.

    What leads to it by `then` shares one patient with it, so its tests are known there.
    """
    found = set()
    for leader in strategies:
        way = _way(strategies, leader)
        if name in way:
            found |= {
                offer["test"]
                for one in way
                for offer in _offers(strategies[one])
                if isinstance(offer, dict) and isinstance(offer.get("test"), str)
            }
    return found


def _way(strategies: Mapping[str, Any], leader: str) -> list[str]:
    """Return a strategy and those that follow it by `then`; a circle ends where it closes."""
    way: list[str] = []
    step: Any = leader
    while isinstance(step, str) and step in strategies and step not in way:
        way.append(step)
        said = strategies[step]
        step = said.get("then") if isinstance(said, dict) else None
    return way


def _offers(said: Any) -> list[Any]:
    offers = said.get("offer") if isinstance(said, dict) else None
    return offers if isinstance(offers, list) else []


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
    needed = {used.get(treatment) for treatment in offered} | {*bed_services(scenario.evidence())}
    for service in scenario.services.keys() - needed:
        yield merged.problem(("services", service), "nothing that is offered needs this service")
    for name, strategy in scenario.strategies.items():
        for treatment in strategy.maintain.keys() - offered:
            where = ("strategies", name, "maintain", treatment)
            yield merged.problem(where, f"no strategy offers '{treatment}'")


def _exploratory(scenario: Scenario, merged: Merged) -> Iterator[Problem]:
    """Yield each place that offers a card whose effect in depressed people is hardly known."""
    cards, tests = scenario.evidence().treatments, scenario.evidence().tests
    for name, strategy in scenario.strategies.items():
        for n, offer in enumerate(strategy.offer):
            if offer.test and tests[offer.test].use == "exploratory":
                told = f"'{offer.test}' is exploratory: that it tells anything is a guess"
                hint = f"popmodel evidence {offer.test} says what it rests on"
                yield merged.problem(("strategies", name, "offer", n, "test"), told, hint)
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
