"""Rules compiled to arrays mean what the file says."""

from __future__ import annotations

import numpy as np
import pytest

from popmodel.errors import InputError
from popmodel.scenario import compile_strategies, load_scenario
from popmodel.scenario.routing import MOST_RULES, Rules
from popmodel.vocabulary import (
    AFTER_LAST,
    COURSE_OUTCOMES,
    FLAGS,
    ON_RELAPSE,
    ON_RESPONSE,
    SETTINGS,
)


def compiled(scenario):
    return {one.id: one for one in compile_strategies(scenario, scenario.evidence())}


@pytest.fixture
def load(small, write):
    """Load the small scenario with one rule of saint_first replaced, and more keys for it."""

    def loaded(rule="{treat: saint}", more="", usual=""):
        text = small.replace("{treat: saint, when: {severity: {at_least: 35}}}", rule)
        text = text.replace("    then: usual_care\n", f"    then: usual_care\n{more}")
        return load_scenario(write(text.replace("  saint_first:\n", f"{usual}  saint_first:\n")))

    return loaded


def test_own_rules_come_first_then_those_of_then(load):
    scenario = load()
    order = sorted(scenario.evidence().treatments)
    first = compiled(scenario)["saint_first"]
    assert [order[treat] for treat in first.treat] == ["saint", "escitalopram", "ect"]
    assert first.own_rules == 1
    assert first.label == "SAINT first"
    assert first.repeat.tolist() == [False, False, True]


def test_a_rule_without_conditions_always_fits(load):
    scenario = load()
    rule = compiled(scenario)["saint_first"]
    assert rule.line_min[0] == rule.step_min[0] == 1
    assert rule.line_max[0] == rule.step_max[0] == 99
    assert rule.severity_min[0] == -np.inf
    assert rule.severity_max[0] == np.inf
    assert rule.biotype_mask[0] == 2 ** len(scenario.evidence().biotypes) - 1
    assert rule.setting_mask[0] == 2 ** len(SETTINGS) - 1
    assert rule.last_outcome_mask[0] == 2 ** len(COURSE_OUTCOMES) - 1
    nothing = (rule.flags_all, rule.flags_none, rule.tried_all, rule.not_tried)
    assert [mask[0] for mask in nothing] == [0, 0, 0, 0]
    assert not rule.uses_biotype[0]


@pytest.mark.parametrize(
    ("condition", "field", "expected"),
    [
        ("line: 2", "line_min", 2),
        ("line: 2", "line_max", 2),
        ("line: {at_least: 3}", "line_min", 3),
        ("line: {at_least: 3}", "line_max", 99),
        ("line: {at_most: 3}", "line_min", 1),
        ("line: {at_most: 3}", "line_max", 3),
        ("line: {equals: 4}", "line_max", 4),
        ("step: 1", "step_max", 1),
        ("severity: {at_least: 35}", "severity_min", 35.0),
        ("severity: {below: 35}", "severity_max", 35.0),
        ("severity: {at_least: 0}", "severity_min", 0.0),
        ("setting: home", "setting_mask", 0b0011),
        (
            "setting: [inpatient, emergency]",
            "setting_mask",
            (1 << SETTINGS.index("inpatient")) | (1 << SETTINGS.index("emergency")),
        ),
        ("flags: psychotic_features", "flags_all", 1 << FLAGS.index("psychotic_features")),
        ("not_flags: [heart_disease]", "flags_none", 1 << FLAGS.index("heart_disease")),
        ("last_outcome: failed", "last_outcome_mask", 1 << COURSE_OUTCOMES.index("failed")),
    ],
)
def test_a_condition_becomes_the_element_of_its_array(condition, field, expected, load):
    rules = compiled(load(f"{{treat: saint, when: {{{condition}}}}}"))["saint_first"]
    assert getattr(rules, field)[0] == expected


def test_tried_and_not_tried_are_bits_of_the_sorted_treatments(load):
    scenario = load("{treat: saint, when: {tried: [ect, escitalopram], not_tried: saint}}")
    order = sorted(scenario.evidence().treatments)
    rules = compiled(scenario)["saint_first"]
    assert rules.tried_all[0] == (1 << order.index("ect")) | (1 << order.index("escitalopram"))
    assert rules.not_tried[0] == 1 << order.index("saint")


def test_a_wait_is_a_rule_without_a_treatment(load):
    scenario = load("{wait_days: 30, contact: waiting_list}")
    rules = compiled(scenario)["saint_first"]
    assert rules.treat[0] == -1
    assert rules.wait_days[0] == 30.0
    assert rules.wait_contact[0] == sorted(scenario.evidence().contacts).index("waiting_list")
    assert rules.wait_contact[1] == -1
    assert rules.wait_days[1] == 0.0


def test_defaults_hold_where_nothing_is_said(load):
    rules = compiled(load())["saint_first"]
    assert ON_RESPONSE[rules.on_response] == "continue"
    assert ON_RELAPSE[rules.on_relapse] == "repeat"
    assert AFTER_LAST[rules.after_last] == "care_as_usual"
    assert np.isnan(rules.stop_improvement_below)
    assert np.isnan(rules.stop_after_days)
    assert set(rules.booster) == {-1}
    assert set(rules.every_days) == {np.inf}


def test_what_a_strategy_does_not_say_comes_from_the_one_it_continues_with(load):
    usual = (
        "    on_response: augment\n    on_relapse: restart\n    after_last: none\n"
        "    stop_if: {improvement_below: 0.2, after_weeks: 4}\n"
    )
    scenario = load(usual=usual, more="    on_relapse: next\n")
    rules = compiled(scenario)["saint_first"]
    assert ON_RESPONSE[rules.on_response] == "augment"
    assert ON_RELAPSE[rules.on_relapse] == "next"
    assert AFTER_LAST[rules.after_last] == "none"
    assert rules.stop_improvement_below == 0.2
    assert rules.stop_after_days == 28.0


def test_boosters_of_both_strategies_hold(load):
    scenario = load(
        more="    maintain: {saint: {treat: saint_booster, every_weeks: 12}}\n",
        usual="    maintain: {ect: {treat: saint_booster, every_weeks: 4},"
        " saint: {treat: saint_booster, every_weeks: 1}}\n",
    )
    order = sorted(scenario.evidence().treatments)
    rules = compiled(scenario)["saint_first"]
    assert rules.booster[order.index("saint")] == order.index("saint_booster")
    assert rules.every_days[order.index("saint")] == 84.0
    assert rules.every_days[order.index("ect")] == 28.0
    assert rules.booster[order.index("rtms")] == -1


def test_a_strategy_may_offer_nothing(small, write):
    text = small.replace(
        "comparator", "  nothing:\n    offer: []\n    after_last: none\ncomparator"
    )
    rules = compiled(load_scenario(write(text)))["nothing"]
    assert len(rules.treat) == 0
    assert rules.treat.dtype == np.int64
    assert rules.repeat.dtype == np.bool_


def test_every_array_has_one_element_a_rule(load):
    for strategy in compiled(load()).values():
        for name in Rules.__dataclass_fields__:
            array = getattr(strategy, name)
            assert isinstance(array, np.ndarray)
            assert len(array) == len(strategy.treat)


def test_more_rules_than_the_masks_hold_are_refused(small, write):
    offers = "      - {treat: saint}\n" * (MOST_RULES + 1)
    text = small.replace("      - {treat: saint, when: {severity: {at_least: 35}}}\n", offers)
    with pytest.raises(InputError, match=f"at most {MOST_RULES}"):
        load_scenario(write(text))


def test_a_test_is_a_rule_that_treats_nobody(load):
    scenario = load("{test: biotype_scan, when: {setting: [outpatient, emergency]}}")
    rule = compiled(scenario)["saint_first"]
    tests = sorted(scenario.evidence().tests)
    assert (rule.test[0], rule.treat[0], rule.wait_days[0]) == (
        1 + tests.index("biotype_scan"), -1, 0,
    )  # fmt: skip
    assert list(rule.test[1:]) == [0, 0]
    community = {"home", "outpatient"}  # the scan is not done in an emergency
    assert rule.setting_mask[0] == sum(1 << SETTINGS.index(place) for place in community)


def test_results_become_bits_of_the_tests(load):
    words = {
        "biotype_scan": "unknown",
        "circuit_timing": "positive",
        "heart_rate_slowing": "negative",
    }
    asked = ", ".join(f"{name}: {word}" for name, word in words.items())
    usual = "  tested:\n    offer:\n"
    usual += "".join(f"      - {{test: {name}}}\n" for name in words) + "    then: saint_first\n"
    scenario = load(f"{{treat: saint, when: {{result: {{{asked}}}}}}}", usual=usual)
    rule, tests = compiled(scenario)["saint_first"], sorted(scenario.evidence().tests)
    masks = {"unknown": rule.unknown_mask, "positive": rule.positive_mask,
             "negative": rule.negative_mask}  # fmt: skip
    for name, word in words.items():
        assert masks[word][0] == 1 << tests.index(name)
    assert rule.asks_results.tolist() == [True, False, False]


def test_the_biotype_asked_for_is_the_one_that_a_test_shows(load, small, write):
    more = "{test: biotype_scan}\n      - {treat: saint, when: {biotype: anxious}}"
    tested = compiled(load(more))["saint_first"]
    assert tested.biotype_as_seen.tolist() == [False, True, False, False]
    text = small.replace("{treat: saint, when: {severity: {at_least: 35}}}", more)
    known = load_scenario(write(f"structure: {{biotypes_known: true}}\n{text}"))
    assert not compiled(known)["saint_first"].biotype_as_seen.any()


def test_a_test_done_nowhere_that_the_rule_means_can_never_apply(load):
    with pytest.warns(UserWarning, match="not done in such a setting"):
        load("{test: biotype_scan, when: {setting: [emergency]}}")
