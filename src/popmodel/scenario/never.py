"""Rules that can never apply, because an earlier one always does or a card refuses everybody."""

from __future__ import annotations

from collections.abc import Iterator

from popmodel.errors import Problem
from popmodel.evidence.load import Evidence
from popmodel.evidence.schema import Treatment
from popmodel.scenario.merge import Merged
from popmodel.scenario.reach import unreachable
from popmodel.scenario.routing import Rules, community_mask, compile_rules, mask
from popmodel.scenario.schema import Scenario, Strategy
from popmodel.vocabulary import FLAGS
from popmodel.yaml_source import Where


def never_applied(
    scenario: Scenario, name: str, strategy: Strategy, merged: Merged
) -> Iterator[Problem]:
    """Yield each rule that can never apply: kept from it by another, by a card, or by the past.

    Args:
        scenario: A checked scenario.
        name: The strategy.
        strategy: The same.
        merged: Where its rules stand.
    """
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
        elif told := unreachable(scenario, name, later):
            yield merged.problem(here, told)
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
        and _within(rules.positive_mask[first], rules.positive_mask[later])
        and _within(rules.negative_mask[first], rules.negative_mask[later])
        and _within(rules.unknown_mask[first], rules.unknown_mask[later])
        and rules.biotype_as_seen[first] <= rules.biotype_as_seen[later]
    )


def _within(part: int, whole: int) -> bool:
    return int(part) & ~int(whole) == 0


def _open_to_all(rules: Rules, first: int, later: int, evidence: Evidence) -> bool:
    """Return whether the card behind a rule takes every patient that a later rule could have."""
    card = _card(rules, first, evidence)
    if card is None:
        return True
    may, other = card.eligibility, _card(rules, later, evidence)
    places = int(rules.setting_mask[later]) & (community_mask(other.settings) if other else -1)
    return (
        not (may.excludes or may.requires or may.after)
        and may.minimum_failures <= rules.line_min[later] - 1
        and _within(places, community_mask(card.settings))
    )


def _card(rules: Rules, rule: int, evidence: Evidence) -> Treatment | None:
    """Return the card a rule offers, or None for a wait."""
    position = int(rules.treat[rule])
    return evidence.treatments[sorted(evidence.treatments)[position]] if position >= 0 else None


def _not_eligible(rules: Rules, rule: int, evidence: Evidence) -> str:
    """Return why the treatment's card refuses everybody the rule means, or nothing."""
    card = _card(rules, rule, evidence)
    if card is None:
        nowhere = rules.test[rule] > 0 and not rules.setting_mask[rule]
        return "its test is not done in such a setting" if nowhere else ""
    name, may = card.id, card.eligibility
    if rules.line_max[rule] - 1 < may.minimum_failures:
        return f"'{name}' needs at least {may.minimum_failures} failed courses"
    if not int(rules.setting_mask[rule]) & community_mask(card.settings):
        return f"'{name}' is given only here: {', '.join(card.settings)}"
    if int(rules.flags_all[rule]) & mask(may.excludes, FLAGS):
        return f"'{name}' excludes patients with a flag the rule requires"
    if int(rules.flags_none[rule]) & mask(may.requires, FLAGS):
        return f"'{name}' requires a flag the rule rules out"
    return ""
