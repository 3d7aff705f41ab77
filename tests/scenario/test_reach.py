"""Check remarks on every rule that no patient can fit, and on none that somebody fits."""

from __future__ import annotations

import pytest

from popmodel.scenario import check_scenario
from popmodel.scenario.routing import compile_rules

RULE = "      - {treat: saint, when: {severity: {at_least: 35}}}\n"


@pytest.fixture
def warnings_of(small, write):
    """The warnings after the rule in line 13, of the strategy SAINT first, has been replaced."""

    def warnings(rule, *changes):
        text = small.replace(RULE, f"      - {rule}\n")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        checked = check_scenario(write(text))
        assert checked.problems == ()
        return checked.warnings

    return warnings


NO_REPEAT = (", repeat: true", "")


@pytest.mark.parametrize(
    ("rule", "changes", "words"),
    [
        ("{treat: saint, when: {severity: {below: 0}}}", [], "no measured score is below 0"),
        ("{treat: saint, when: {line: {at_least: 20}}}", [NO_REPEAT], "line 20 needs 19 courses"),
        ("{treat: saint, when: {step: {at_least: 9}}}", [NO_REPEAT], "step 9 needs 8 rules"),
        ("{treat: saint, when: {tried: [rtms]}}", [], "'rtms' is tried by nobody"),
        ("{treat: saint, when: {tried: [saint]}}", [], "'saint' is tried by nobody"),
        ("{treat: saint, when: {tried: [saint_booster]}}", [], "'saint_booster' is tried by"),
        (
            "{treat: saint, when: {tried: [second_antidepressant]}}",
            [("size: 1000", "size: 1000, intake: incident")],
            "'second_antidepressant' is tried by nobody",
        ),
        (
            "{treat: augmentation}",
            [("size: 1000", "size: 1000, intake: incident"), ("treat: escitalopram", "treat: cbt")],
            "is given only after 'escitalopram' or 'second_antidepressant'",
        ),
        (
            "{treat: saint, when: {flags: [heart_disease]}}",
            [
                (
                    "horizon:",
                    "overrides: {population.us_adults_mdd.flags.heart_disease: 0}\nhorizon:",
                )
            ],
            "nobody in the population has 'heart_disease'",
        ),
    ],
)
def test_a_rule_that_fits_nobody_is_remarked_on_where_it_stands(warnings_of, rule, changes, words):
    (warning,) = [one for one in warnings_of(rule, *changes) if "saint_first" in one]
    assert "strategies.saint_first.offer.0: " in warning
    assert words in warning


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("{treat: saint, when: {severity: {below: 20}}}", []),
        ("{treat: saint, when: {line: {at_least: 6}}}", [NO_REPEAT]),
        ("{treat: saint, when: {line: {at_least: 20}}}", []),
        ("{treat: saint, when: {step: {at_least: 3}}}", [NO_REPEAT]),
        ("{treat: saint, when: {tried: [ect]}}", []),
        ("{treat: saint, when: {tried: [second_antidepressant]}}", []),
        ("{treat: augmentation}", [("size: 1000", "size: 1000, intake: incident")]),
        ("{treat: augmentation}", [("treat: escitalopram", "treat: cbt")]),
        ("{treat: saint, when: {flags: [heart_disease]}}", []),
        ("{treat: aih_home, when: {setting: home}}", []),
        ("{treat: saint, when: {setting: home}}", []),
    ],
)
def test_a_rule_that_somebody_fits_is_not_remarked_on(warnings_of, rule, changes):
    assert [one for one in warnings_of(rule, *changes) if "saint_first" in one] == []


def test_a_rule_that_only_another_strategy_leads_to_is_not_remarked_on(small, write):
    text = small.replace(
        "      - {treat: ect,",
        "      - {treat: rtms, when: {tried: [saint]}}\n      - {treat: ect,",
    )
    assert check_scenario(write(text)).warnings == ()
    alone = text.replace("    then: usual_care\n", "")
    (warning,) = check_scenario(write(alone)).warnings
    assert "strategies.usual_care.offer.1" in warning


@pytest.mark.parametrize("setting", ["home", "outpatient"])
def test_home_and_outpatient_both_mean_who_lives_in_the_community(small, write, setting):
    text = small.replace("severity: {at_least: 35}", f"setting: {setting}")
    scenario = check_scenario(write(text)).scenario
    rules = compile_rules(scenario, "saint_first", scenario.evidence())
    assert rules.setting_mask[0] == 0b0011
