"""Whatever a file holds, it is either a scenario or a list of problems; never a crash."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tests.worlds import SCENARIOS

from popmodel.scenario import check_scenario, compile_strategies, load_scenario
from popmodel.vocabulary import COURSE_OUTCOMES, FLAGS, SETTINGS

JUNK = [
    *("", "~", "null", "[]", "{}", "-1", "0", "1.5", "35", "1e5", "1e400", ".nan", "-.inf", "010"),
    *("1,5", "NO", "yes", "true", "100_000", "0x1F", "2026-13-01", "'", '"', "[[[[", "{a: {b: c}}"),
    *(
        "&a x",
        "*a",
        "!!python/object:os.system x",
        "<<: *a",
        "- x",
        "? x",
        "|",
        ">",
        "%",
        "@x",
        "`",
    ),
    *("\u202e", "\u200b", "\x07", "\t", "é", "=1+1", "<script>", "../x", "/etc/passwd", "x" * 3000),
    "1" + "0" * 400,
    *("usual_care", "saint", "[saint]", "{at_least: 3}", "[[saint]]", "{1: 2}", "[null]"),
]
SCALAR = re.compile(r"[A-Za-z_0-9.:/-]+")
RELAXED = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def check_never_breaks(path: Path) -> None:
    start = time.process_time()
    checked = check_scenario(path)
    assert time.process_time() - start < 2.0
    assert (checked.scenario is None) == bool(checked.problems)
    for problem in checked.problems:
        assert problem.message
        assert problem.file.endswith("mutant.yaml")
    if checked.scenario is not None:
        compile_strategies(checked.scenario, checked.scenario.evidence())


@RELAXED
@given(data=st.data())
def test_a_mutated_scenario_is_told_or_loaded(data, small, tmp_path):
    text = small
    for _ in range(data.draw(st.integers(1, 4), label="mutations")):
        words = list(SCALAR.finditer(text))
        word = words[data.draw(st.integers(0, len(words) - 1), label="word")]
        junk = data.draw(st.sampled_from(JUNK), label="junk")
        text = text[: word.start()] + junk + text[word.end() :]
    path = tmp_path / "mutant.yaml"
    path.write_text(text, encoding="utf-8")
    check_never_breaks(path)


@RELAXED
@given(data=st.data())
def test_lines_lost_doubled_or_moved_are_told_or_loaded(data, small, tmp_path):
    lines = small.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        here = data.draw(st.integers(0, len(lines) - 1))
        what = data.draw(st.sampled_from(["lose", "double", "indent", "swap"]))
        if what == "lose":
            del lines[here]
        elif what == "double":
            lines.insert(here, lines[here])
        elif what == "indent":
            lines[here] = "  " + lines[here]
        else:
            lines[here], lines[0] = lines[0], lines[here]
    path = tmp_path / "mutant.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    check_never_breaks(path)


KEYS = [
    *("cards", "setting", "start", "population", "horizon", "perspective", "discount"),
    *("willingness_to_pay", "structure", "seed", "replicates", "services", "overrides"),
    *("strategies", "comparator", "note", "title", "extends"),
]


@pytest.mark.parametrize("key", KEYS)
def test_any_value_for_any_key_is_told_or_loaded(key, small, tmp_path):
    kept = [line for line in small.splitlines() if not re.match(rf"{key}:", line)]
    if key == "strategies":
        kept = [line for line in kept if not line.startswith("  ")]
    path = tmp_path / "mutant.yaml"
    for junk in JUNK:
        path.write_text("\n".join([*kept, f"{key}: {junk}"]) + "\n", encoding="utf-8")
        check_never_breaks(path)


# ------------------------------------------------------------------ random right scenarios

TREATMENTS = ["saint", "ect", "rtms", "cbt", "escitalopram", "ketamine_iv", "exercise"]


def some(words):
    return st.lists(st.sampled_from(words), unique=True, min_size=1, max_size=3)


ranges = st.tuples(st.integers(1, 9), st.integers(0, 5)).map(
    lambda pair: {"at_least": pair[0], "at_most": pair[0] + pair[1]}
)
conditions = st.fixed_dictionaries(
    {},
    optional={
        "line": ranges | st.integers(1, 9),
        "step": ranges,
        "severity": st.floats(0, 50).map(lambda low: {"at_least": low, "below": low + 5}),
        "setting": some(SETTINGS) | st.sampled_from(SETTINGS),
        "flags": some(FLAGS[:2]),
        "not_flags": some(FLAGS[2:]),
        "tried": some(TREATMENTS[:3]),
        "not_tried": some(TREATMENTS[3:]),
        "last_outcome": some(COURSE_OUTCOMES),
    },
)
treats = st.fixed_dictionaries(
    {"treat": st.sampled_from(TREATMENTS)}, optional={"when": conditions, "repeat": st.booleans()}
)
waits = st.fixed_dictionaries(
    {"wait_days": st.floats(0.5, 400), "contact": st.sampled_from(["none", "waiting_list"])},
    optional={"when": conditions},
)
strategies = st.fixed_dictionaries(
    {"offer": st.lists(treats | waits, max_size=5)},
    optional={
        "label": st.text("aé<&'\"[]{}#: ", min_size=1, max_size=20),
        "stop_if": st.fixed_dictionaries(
            {"improvement_below": st.floats(0, 1), "after_weeks": st.floats(0.5, 50)}
        ),
        "on_response": st.sampled_from(["continue", "augment", "next"]),
        "on_relapse": st.sampled_from(["repeat", "restart", "next"]),
        "after_last": st.sampled_from(["care_as_usual", "none"]),
    },
)
scenarios = st.fixed_dictionaries(
    {
        "title": st.just("Random"),
        "setting": st.just("united_states"),
        "start": st.dates().map(str),
        "population": st.fixed_dictionaries(
            {
                "card": st.just("us_adults_mdd"),
                "size": st.integers(1, 10**7),
                "intake": st.sampled_from(["prevalent", "incident", "open"]),
                "incident_per_year": st.integers(1, 10**5),
            }
        ),
        "horizon": st.just("lifetime") | st.floats(0.1, 100).map(lambda years: {"years": years}),
        "strategies": st.dictionaries(
            st.from_regex(r"[a-z][a-z0-9_]{3,9}", fullmatch=True),
            strategies,
            min_size=1,
            max_size=4,
        ),
    }
)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(said=scenarios, data=st.data())
def test_every_right_scenario_loads_compiles_and_says_itself_again(said, data, tmp_path):
    names = list(said["strategies"])
    for before, name in pairwise(names):
        if data.draw(st.booleans()):
            said["strategies"][name]["then"] = before
    said["comparator"] = data.draw(st.sampled_from(names))
    path = tmp_path / "random.yaml"
    yaml = YAML(typ="safe")
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(said, file)
    checked = check_scenario(path)
    assert checked.problems == ()
    scenario = checked.scenario
    compiled = compile_strategies(scenario, scenario.evidence())
    assert [one.id for one in compiled] == list(scenario.strategies)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(scenario.resolved(), file)
    again = check_scenario(path).scenario
    assert again.model_dump() == scenario.model_dump()


def test_a_scenario_of_many_strategies_is_read_quickly(small, tmp_path):
    text = small.replace("comparator: usual_care\n", "")
    rules = "      - {treat: saint, when: {line: {at_least: 3}, not_tried: [saint, ect]}}\n" * 20
    for number in range(60):
        text += f"  strategy_{number}:\n    offer:\n{rules}"
    path = tmp_path / "many.yaml"
    path.write_text(text + "comparator: usual_care\n", encoding="utf-8")
    start = time.process_time()
    scenario = load_scenario(path)
    assert len(scenario.strategies) == 62
    assert time.process_time() - start < 10.0


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("services.inpatient_bed.board_dayz=3", "unknown key (did you mean board_days?)"),
        ("services.saint_suite.place_cost_per_yea=3", "place_cost_per_year?"),
        ("economics.care_costs.charged.crisis.share.remission.valu=3", "did you mean value?"),
        ("economics.care_costs.charged.crisis.share.remission.value=two", "must be a number"),
        ("treatments.saint.potencee=3", "potency?"),
    ],
)
def test_one_mistake_among_parts_of_a_whole_is_told_once(said, told):
    """The scenario sets all shares of a category, which are wrong alone and right together."""
    path, value = said.split("=")
    checked = check_scenario(SCENARIOS / "saint_on_the_ward.yaml", {path: value})
    (problem,) = checked.problems
    assert problem.file == "--set"
    assert told in f"{problem.message} ({problem.hint})"


def test_two_mistakes_on_one_card_are_told_both():
    crisis = "economics.care_costs.charged.crisis"
    wrong = {f"{crisis}.share.remission.value": "two", f"{crisis}.share.depressed.basis": "x"}
    checked = check_scenario(SCENARIOS / "saint_on_the_ward.yaml", wrong)
    assert {problem.where for problem in checked.problems} == set(wrong)
