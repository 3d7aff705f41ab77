"""Typical mistakes: each is caught on its line, says what was found and what was meant."""

from __future__ import annotations

import pytest

from popmodel.errors import InputError
from popmodel.scenario import check_scenario, load_scenario

# (what is replaced in the right scenario, by what, words that the message must hold)
MISTAKES = {
    "unknown key": ("title: A", "titel: A", ["unknown key", "title"]),
    "unknown key of a strategy": ("    then:", "    than:", ["unknown key", "then"]),
    "unknown key of a condition": ("{line: {at_least: 3}}", "{lines: 3}", ["unknown key", "line"]),
    "unknown treatment": ("treat: saint", "treat: saynt", ["saynt", "saint"]),
    "unknown treatment tried": ("not_tried: [escitalopram]", "not_tried: [escitalo]", ["escital"]),
    "booster offered": ("treat: saint,", "treat: saint_booster,", ["saint_booster"]),
    "unknown strategy": ("then: usual_care", "then: usual_car", ["usual_car", "usual_care"]),
    "unknown setting card": ("setting: united", "setting: untied", ["untied_states", "united"]),
    "unknown population": ("card: us_adults_mdd", "card: us_adult", ["us_adult", "us_adults_mdd"]),
    "comparator not a strategy": ("comparator: usual", "comparator: usul", ["usul", "usual_care"]),
    "negative years": ("years: 2", "years: -2", ["greater than 0", "-2"]),
    "no years": ("years: 2", "years: 0", ["greater than 0"]),
    "nobody": ("size: 1000", "size: 0", ["1", "0"]),
    "too many": ("size: 1000", "size: 1000000000000000", ["too large"]),
    "a text for years": ("years: 2", "years: two", ["two"]),
    "decimal comma": ("years: 2", "years: '1,5'", ["1,5", "1.5"]),
    "exponent for a count": ("size: 1000", "size: 1e5", ["whole number", "100000"]),
    "fraction of a patient": ("size: 1000", "size: 10.5", ["whole number"]),
    "NO for a switch": ("repeat: true", "repeat: NO", ["true or false", "NO"]),
    "severity off the scale": ("at_least: 35", "at_least: 350", ["60", "350"]),
    "line zero": ("line: {at_least: 3}", "line: 0", ["1", "0"]),
    "swapped severities": (
        "severity: {at_least: 35}",
        "severity: {at_least: 35, below: 20}",
        ["swapped"],
    ),
    "swapped lines": ("line: {at_least: 3}", "line: {at_least: 3, at_most: 2}", ["swapped"]),
    "tried and not": (
        "{severity: {at_least: 35}}",
        "{tried: [ect], not_tried: [ect]}",
        ["ect", "both"],
    ),
    "unknown flag": ("severity: {at_least: 35}", "flags: [opioid]", ["flag", "opioid_antagonist"]),
    "unknown place": ("severity: {at_least: 35}", "setting: hospital", ["setting", "inpatient"]),
    "unknown outcome": ("severity: {at_least: 35}", "last_outcome: fail", ["outcome", "failed"]),
    "biotype untested": ("severity: {at_least: 35}", "biotype: [anxious]", ["test"]),
    "unknown test": ("{treat: saint, when", "{test: scan, when", ["scan", "biotype_scan"]),
    "treatment and test": ("treat: saint,", "treat: saint, test: biotype_scan,", ["one of"]),
    "unknown result": (
        "severity: {at_least: 35}",
        "result: {biotype_scan: good}",
        ["result", "positive"],
    ),
    "a result nobody has": (
        "severity: {at_least: 35}",
        "result: {circuit_timing: positive}",
        ["no rule"],
    ),
    "a biotype as a result": (
        "severity: {at_least: 35}",
        "result: {biotype_scan: positive}",
        ["biotype", "neither"],
    ),
    "path as a name": ("  saint_first:", "  ../x:", ["../x", "name"]),
    "absolute path as a name": ("  saint_first:", "  /etc/x:", ["/etc/x", "name"]),
    "device as a name": ("  saint_first:", "  con:", ["con", "name"]),
    "capitals in a name": ("  saint_first:", "  SAINT first:", ["SAINT first", "name"]),
    "no treatment and no wait": ("{treat: saint, when", "{when", ["treat", "wait_days"]),
    "wait without contact": ("{treat: saint, when", "{wait_days: 5, when", ["contact"]),
    "a day that is none": ("start: 2026-01-01", "start: 2026-02-30", ["2026-02-30"]),
    "percent": ("horizon:", "discount: {costs: 3%}\nhorizon:", ["3%", "0.03"]),
    "3 for a rate": ("horizon:", "discount: {costs: 3}\nhorizon:", ["0.03", "3"]),
    "unknown perspective": ("horizon:", "perspective: payer\nhorizon:", ["payer", "societal"]),
    "unknown structure": (
        "horizon:",
        "structure: {severity_effect: evidenc}\nhorizon:",
        ["evidenc", "evidence"],
    ),
    "open without new episodes": ("size: 1000", "size: 1000, intake: open", ["incident_per_year"]),
    "unknown service": (
        "horizon:",
        "services: {saint_suit: {places: 4}}\nhorizon:",
        ["saint_suit", "saint_suite"],
    ),
    "negative places": ("horizon:", "services: {saint_suite: {places: -4}}\nhorizon:", ["-4"]),
    "unknown override": (
        "horizon:",
        "overrides: {treatments.saint.cost.curse: 4}\nhorizon:",
        ["course"],
    ),
    "override of the wrong type": (
        "horizon:",
        "overrides: {treatments.saint.cost.course: cheap}\nhorizon:",
        ["treatments.saint.cost.course"],
    ),
    "35 for a probability in an override": (
        "horizon:",
        "overrides: {population.us_adults_mdd.female_share: 35}\nhorizon:",
        ["0.35"],
    ),
    "35 for a share": (
        "    then: usual_care",
        "    stop_if: {improvement_below: 35, after_weeks: 4}\n    then: usual_care",
        ["0.35"],
    ),
    "the same amount twice": (
        "horizon:",
        "willingness_to_pay: [50000, 50000]\nhorizon:",
        ["twice"],
    ),
    "duplicate key": ("horizon:", "title: Again\nhorizon:", ["title", "twice"]),
    "no strategies": ("strategies:", "strategy:", ["strategies"]),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_on_its_line(name, small, write):
    old, new, words = MISTAKES[name]
    assert small.count(old) >= 1, "the test changes something"
    text = small.replace(old, new, 1)
    line = _line_of_change(small, text)
    checked = check_scenario(write(text))
    assert checked.scenario is None
    told = [str(problem) for problem in checked.problems]
    assert any(all(word in one for word in words) for one in told), told
    if name != "no strategies":
        assert any(problem.line == line for problem in checked.problems), (line, told)
    assert all(problem.file.endswith("question.yaml") for problem in checked.problems)


def _line_of_change(before: str, after: str) -> int:
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    return next(number for number, (old, new) in enumerate(pairs, start=1) if old != new)


def test_all_mistakes_are_told_at_once(small, write):
    text = (
        small.replace("treat: saint,", "treat: saynt,")
        .replace("size: 1000", "size: 0")
        .replace("comparator: usual_care", "comparator: usual")
        .replace("repeat: true", "repeat: maybe")
        .replace("horizon:", "overrides: {treatments.saint.cost.curse: 4}\nhorizon:")
    )
    with pytest.raises(InputError) as caught:
        load_scenario(write(text))
    assert len(caught.value.problems) == 5
    lines = [problem.line for problem in caught.value.problems]
    assert lines == sorted(lines)


def test_strategies_that_go_round_are_told_once(small, write):
    text = small.replace("  usual_care:\n", "  usual_care:\n    then: saint_first\n")
    problems = check_scenario(write(text)).problems
    assert len(problems) == 1
    assert "goes round" in str(problems[0])
    assert "saint_first" in str(problems[0])


def test_a_strategy_that_continues_with_itself_goes_round(small, write):
    text = small.replace("then: usual_care", "then: saint_first")
    problems = check_scenario(write(text)).problems
    assert [problem.line for problem in problems] == [15]
    assert "goes round" in str(problems[0])


def test_a_rule_may_use_the_biotype_when_everybody_is_tested(small, write):
    text = small.replace("severity: {at_least: 35}", "biotype: [anxious]").replace(
        "horizon:", "structure: {biotypes_known: true}\nhorizon:"
    )
    assert check_scenario(write(text)).problems == ()


def test_a_label_with_markup_is_only_a_label(small, write):
    text = small.replace("label: SAINT first", "label: '<script>alert(1)</script> [bold]'")
    scenario = load_scenario(write(text))
    assert scenario.label("saint_first") == "<script>alert(1)</script> [bold]"


def test_a_treatment_before_the_failures_its_trials_required_is_allowed(small, write):
    checked = check_scenario(write(small))
    assert checked.problems == ()
    assert checked.warnings == ()
    evidence = checked.scenario.evidence()
    assert evidence.treatments["saint"].tested_after > 0


# ------------------------------------------------------------------ suspicions


def test_grouped_digits_are_read_and_remarked_on(small, write):
    checked = check_scenario(write(small.replace("size: 1000", "size: 100_000")))
    assert checked.scenario is not None
    assert checked.scenario.population.size == 100000
    assert len(checked.warnings) == 1
    assert "100_000" in checked.warnings[0]
    assert ":4:" in checked.warnings[0]


def test_a_rule_behind_one_that_always_fits_is_remarked_on(small, write):
    text = small.replace(
        "      - {treat: escitalopram, when: {not_tried: [escitalopram]}}\n",
        "      - {treat: escitalopram, repeat: true}\n",
    )
    checked = check_scenario(write(text))
    assert checked.scenario is not None
    assert len(checked.warnings) == 1
    assert ":10:" in checked.warnings[0]
    assert "can never apply" in checked.warnings[0]


def test_rules_that_are_never_reached_by_then_are_remarked_on(small, write):
    text = small.replace(
        "      - {treat: saint, when: {severity: {at_least: 35}}}\n",
        "      - {wait_days: 30, contact: waiting_list, repeat: true}\n",
    )
    checked = check_scenario(write(text))
    assert len(checked.warnings) == 1
    assert "never reached" in checked.warnings[0]


def test_a_narrower_rule_before_a_wider_one_is_fine(small, write):
    text = small.replace(
        "      - {treat: saint, when: {severity: {at_least: 35}}}\n",
        "      - {treat: rtms, when: {severity: {at_least: 35}}, repeat: true}\n"
        "      - {treat: rtms, repeat: true}\n",
    ).replace("    then: usual_care\n", "")
    assert check_scenario(write(text)).warnings == ()


def test_a_rule_that_the_card_rules_out_is_remarked_on(small, write):
    text = small.replace("severity: {at_least: 35}", "setting: home").replace(
        "treat: saint,", "treat: augmentation,"
    )
    text = text.replace("setting: home", "line: 1")
    checked = check_scenario(write(text))
    assert len(checked.warnings) == 1
    assert "failed courses" in checked.warnings[0]


def test_new_episodes_that_are_not_used_are_remarked_on(small, write):
    text = small.replace("size: 1000", "size: 1000, incident_per_year: 500")
    (warning,) = check_scenario(write(text)).warnings
    assert "incident_per_year" in warning


def test_a_service_that_nothing_needs_is_remarked_on(small, write):
    text = small.replace("horizon:", "services: {therapist: {places: 4}}\nreplicates: 20\nhorizon:")
    (warning,) = check_scenario(write(text)).warnings
    assert "therapist" in warning


def test_load_scenario_warns_in_python_too(small, write):
    with pytest.warns(UserWarning, match="incident_per_year"):
        load_scenario(write(small.replace("size: 1000", "size: 1000, incident_per_year: 500")))
