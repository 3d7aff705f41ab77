"""What a schema cannot see: strategies that go round, rules that never apply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from popmodel.errors import Problem
from popmodel.evidence.load import Evidence
from popmodel.evidence.schema import Treatment
from popmodel.scenario.merge import Merged
from popmodel.scenario.routing import Rules, compile_rules, mask
from popmodel.scenario.schema import Scenario, Strategy
from popmodel.vocabulary import FLAGS, SETTINGS
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
    found = [*_unused(scenario, merged), *_uncalibrated(scenario, merged)]
    for name, strategy in scenario.strategies.items():
        found += _never_applied(scenario, name, strategy, merged)
    return found


def _unused(scenario: Scenario, merged: Merged) -> Iterator[Problem]:
    people = scenario.population
    if people.intake == "prevalent" and people.incident_per_year > 0:
        told = "incident_per_year is not used with intake: prevalent"
        yield merged.problem(("population", "incident_per_year"), told)
    cards = scenario.evidence().treatments
    offered = {
        treatment
        for strategy in scenario.strategies.values()
        for treatment in [
            *(offer.treat for offer in strategy.offer if offer.treat),
            *(care.treat for care in strategy.maintain.values()),
        ]
    }
    needed = {cards[treatment].service for treatment in offered}
    for service in scenario.services.keys() - needed:
        yield merged.problem(("services", service), "nothing that is offered needs this service")
    for name, strategy in scenario.strategies.items():
        for treatment in strategy.maintain.keys() - offered:
            where = ("strategies", name, "maintain", treatment)
            yield merged.problem(where, f"no strategy offers '{treatment}'")


def _uncalibrated(scenario: Scenario, merged: Merged) -> Iterator[Problem]:
    """Yield each form of the model that no fit to trials belongs to."""
    known = scenario.evidence().calibrated
    for choice in scenario.structures():
        if choice.calibration not in known:
            told = f"there is no fit {choice.calibration}: its results will be called uncalibrated"
            make = f"--structure {choice.severity_effect} --correlation {choice.correlation}"
            hint = f"popmodel calibrate {make} makes one"
            yield merged.problem(("structure", "correlation"), told, hint)


def _never_applied(
    scenario: Scenario, name: str, strategy: Strategy, merged: Merged
) -> Iterator[Problem]:
    """Yield each rule that another rule or the treatment's card keeps from ever applying."""
    evidence = scenario.evidence()
    rules = compile_rules(scenario, name, evidence)
    own, count = len(strategy.offer), len(rules.treat)
    for later in range(own):
        here: Where = ("strategies", name, "offer", later)
        if (first := _blocker(rules, later, later, evidence)) is not None:
            told = f"can never apply: rule {first + 1} fits whenever this one does, and repeats"
            yield merged.problem(here, told)
        elif reason := _not_eligible(rules, later, evidence):
            yield merged.problem(here, f"can never apply: {reason}")
    blockers = [_blocker(rules, later, own, evidence) for later in range(own, count)]
    if blockers and None not in blockers:
        told = f"the rules of '{strategy.then}' are never reached: an earlier rule always fits"
        yield merged.problem(("strategies", name, "then"), told)


def _blocker(rules: Rules, later: int, end: int, evidence: Evidence) -> int | None:
    """Return the first rule before `end` that takes every patient a later rule could have."""
    return next((first for first in range(end) if _covers(rules, first, later, evidence)), None)


def _covers(rules: Rules, first: int, later: int, evidence: Evidence) -> bool:
    """Return whether an earlier rule takes every patient a later one could have."""
    if not rules.repeat[first] or not _open_to_all(rules, first, later, evidence):
        return False
    return bool(
        rules.line_min[first] <= rules.line_min[later]
        and rules.line_max[first] >= rules.line_max[later]
        and rules.step_min[first] <= rules.step_min[later]
        and rules.step_max[first] >= rules.step_max[later]
        and rules.severity_min[first] <= rules.severity_min[later]
        and rules.severity_max[first] >= rules.severity_max[later]
        and _within(rules.biotype_mask[later], rules.biotype_mask[first])
        and _within(rules.setting_mask[later], rules.setting_mask[first])
        and _within(rules.last_outcome_mask[later], rules.last_outcome_mask[first])
        and _within(rules.flags_all[first], rules.flags_all[later])
        and _within(rules.flags_none[first], rules.flags_none[later])
        and _within(rules.tried_all[first], rules.tried_all[later])
        and _within(rules.not_tried[first], rules.not_tried[later])
    )


def _within(part: int, whole: int) -> bool:
    return int(part) & ~int(whole) == 0


def _open_to_all(rules: Rules, first: int, later: int, evidence: Evidence) -> bool:
    """Return whether the card behind a rule takes every patient that a later rule could have."""
    card = _card(rules, first, evidence)
    if card is None:
        return True
    may, other = card.eligibility, _card(rules, later, evidence)
    places = int(rules.setting_mask[later]) & (_places(other.settings) if other else -1)
    return (
        not (may.excludes or may.requires or may.after)
        and may.minimum_failures <= rules.line_min[later] - 1
        and _within(places, _places(card.settings))
    )


def _card(rules: Rules, rule: int, evidence: Evidence) -> Treatment | None:
    """Return the card a rule offers, or None for a wait."""
    position = int(rules.treat[rule])
    return evidence.treatments[sorted(evidence.treatments)[position]] if position >= 0 else None


def _not_eligible(rules: Rules, rule: int, evidence: Evidence) -> str:
    """Return why the treatment's card refuses everybody the rule means, or nothing."""
    card = _card(rules, rule, evidence)
    if card is None:
        return ""
    name, may = card.id, card.eligibility
    if rules.line_max[rule] - 1 < may.minimum_failures:
        return f"'{name}' needs at least {may.minimum_failures} failed courses"
    if not int(rules.setting_mask[rule]) & _places(card.settings):
        return f"'{name}' is given only here: {', '.join(card.settings)}"
    if int(rules.flags_all[rule]) & mask(may.excludes, FLAGS):
        return f"'{name}' excludes patients with a flag the rule requires"
    if int(rules.flags_none[rule]) & mask(may.requires, FLAGS):
        return f"'{name}' requires a flag the rule rules out"
    return ""


def _places(settings: tuple[str, ...]) -> int:
    """Return the bits of the settings a treatment reaches: who lives at home can go to a clinic."""
    found = mask(settings, SETTINGS)
    community = mask(("home", "outpatient"), SETTINGS)
    return found | community if found & community else found
