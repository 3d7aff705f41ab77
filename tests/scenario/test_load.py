"""Reading a scenario: layers, options, defaults, and what may be named."""

from __future__ import annotations

from datetime import date

import pytest
from ruamel.yaml import YAML

from popmodel.errors import InputError
from popmodel.scenario import check_scenario, load_scenario
from popmodel.scenario.options import where_of
from popmodel.scenario.schema import Correlation, SeverityEffect, Structure
from popmodel.vocabulary import CORRELATIONS, SEVERITY_EFFECTS


def told(path, **arguments):
    checked = check_scenario(path, **arguments)
    assert checked.scenario is None
    return [str(problem) for problem in checked.problems]


# ------------------------------------------------------------------ defaults


def test_what_is_left_out_comes_from_the_setting_card(write):
    scenario = load_scenario(write())
    card = scenario.evidence().settings["united_states"]
    assert scenario.discount.costs == card.discount.costs.value
    assert scenario.discount.health == card.discount.health.value
    assert scenario.willingness_to_pay == tuple(card.willingness_to_pay)


def test_half_a_discount_keeps_the_other_half_of_the_card(small, write):
    scenario = load_scenario(write(small.replace("horizon:", "discount: {costs: 0.05}\nhorizon:")))
    assert scenario.discount.costs == 0.05
    assert scenario.discount.health == 0.03


def test_a_strategy_without_a_label_is_called_by_its_name(write):
    scenario = load_scenario(write())
    assert scenario.labels() == {"usual_care": "Usual care", "saint_first": "SAINT first"}


def test_all_severity_effects_run_side_by_side_unless_one_is_chosen(write):
    scenario = load_scenario(write())
    assert [one.name for one in scenario.structures()] == ["evidence", "mixture", "premise"]
    assert {one.correlation for one in scenario.structures()} == {"default"}
    one = load_scenario(write(), structure="premise")
    assert [choice.name for choice in one.structures()] == ["premise"]


def test_all_correlations_run_side_by_side_under_one_severity_effect(write):
    settings = {"structure.severity_effect": "evidence", "structure.correlation": "all"}
    scenario = load_scenario(write(), settings)
    assert [one.name for one in scenario.structures()] == ["default", "optimistic", "pessimistic"]
    assert {one.severity_effect for one in scenario.structures()} == {"evidence"}


def test_both_alls_at_once_are_refused(write):
    (problem,) = told(write(), overrides={"structure.correlation": "all"})
    assert "one at a time" in problem


def test_structures_are_the_words_of_the_vocabulary():
    assert set(SeverityEffect.__args__) == set(SEVERITY_EFFECTS)
    assert set(Correlation.__args__) == set(CORRELATIONS)
    for field, words in (
        ("contact_credit", {"full", "none"}),
        ("extrapolation", {"model", "none"}),
    ):
        assert set(Structure.model_fields[field].annotation.__args__) == words


def test_a_lifetime_may_be_written_both_ways(small, write):
    for written in ("horizon: lifetime", "horizon: {years: lifetime}"):
        scenario = load_scenario(write(small.replace("horizon: {years: 2}", written)))
        assert scenario.is_lifetime
    assert not load_scenario(write()).is_lifetime


def test_a_resolved_scenario_loads_to_the_same(write, tmp_path):
    scenario = load_scenario(
        write(),
        {"treatments.saint.cost.course": "15000", "services.saint_suite.places": "4"},
        replicates=20,
    )
    path = tmp_path / "resolved.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(scenario.resolved(), file)
    again = load_scenario(path)
    assert again.resolved() == scenario.resolved()
    assert again.model_dump() == scenario.model_dump()


def test_the_cards_of_a_scenario_have_its_overrides(write):
    path = "treatments.saint.cost.course"
    scenario = load_scenario(write(), {path: 15000})
    assert scenario.evidence().quantity(path).value == 15000
    assert load_scenario(write()).evidence().quantity(path).value != 15000


def test_a_changed_scenario_keeps_its_cards_and_files(write):
    scenario = load_scenario(write(), {"treatments.saint.cost.course": 15000})
    other = scenario.changed(patients=50, years=1, seed=3, replicates=2, structure="evidence")
    assert (other.population.size, other.horizon.years, other.seed) == (50, 1, 3)
    assert (other.replicates, len(other.structures())) == (2, 1)
    assert other.evidence() is scenario.evidence()
    assert other.source_files == scenario.source_files
    assert scenario.population.size == 1000


def test_a_change_that_is_not_allowed_is_told(write):
    with pytest.raises(InputError, match=r"population\.size"):
        load_scenario(write()).changed(patients=0)


# ------------------------------------------------------------------ extends


def test_mappings_merge_and_lists_replace(small, write):
    write(small, "base.yaml")
    scenario = load_scenario(
        write(
            "extends: base.yaml\npopulation: {size: 5}\nwillingness_to_pay: [1]\n"
            "strategies:\n  saint_first:\n    offer: [{treat: rtms}]\n"
        )
    )
    assert scenario.population.size == 5
    assert scenario.population.card == "us_adults_mdd"
    assert scenario.willingness_to_pay == (1,)
    assert [offer.treat for offer in scenario.strategies["saint_first"].offer] == ["rtms"]
    assert scenario.strategies["saint_first"].label == "SAINT first"
    assert list(scenario.strategies) == ["usual_care", "saint_first"]
    assert [file.name for file in scenario.source_files] == ["question.yaml", "base.yaml"]


def test_null_takes_away_what_a_base_said(small, write):
    write(small, "base.yaml")
    scenario = load_scenario(write("extends: base.yaml\nstrategies: {saint_first: null}\n"))
    assert list(scenario.strategies) == ["usual_care"]


def test_a_problem_points_at_the_file_that_wrote_it(small, write):
    write(small.replace("treat: saint,", "treat: saynt,"), "base.yaml")
    path = write("extends: base.yaml\npopulation:\n  size: 0\n")
    checked = check_scenario(path)
    places = {(problem.file.rsplit("/", 1)[-1], problem.line) for problem in checked.problems}
    assert places == {("base.yaml", 14), ("question.yaml", 3)}


def test_overrides_merge_however_they_are_written(small, write):
    base = small + "overrides: {treatments.saint.cost: {course: 1000, visit: 7}}\n"
    write(base, "base.yaml")
    scenario = load_scenario(
        write("extends: base.yaml\noverrides: {treatments: {saint: {cost.course: 2000}}}\n")
    )
    assert scenario.overrides == {
        "treatments.saint.cost.course": 2000,
        "treatments.saint.cost.visit": 7,
    }


def test_an_override_of_the_whole_replaces_overrides_of_parts(small, write):
    path = "treatments.saint.cost.course"
    write(small + f"overrides: {{{path}: {{value: 3, price_year: 2020}}}}\n", "base.yaml")
    scenario = load_scenario(write(f"extends: base.yaml\noverrides: {{{path}: 4}}\n"))
    assert scenario.overrides == {path: 4}


def test_fields_of_a_number_can_be_overridden(small, write):
    path = "treatments.saint.cost.course"
    kind = "{value: 3, distribution: {kind: fixed}}"
    scenario = load_scenario(write(small + f"overrides: {{{path}: {kind}}}\n"))
    assert scenario.evidence().quantity(path).value == 3


def test_an_override_written_twice_is_told(small, write):
    twice = "overrides:\n  treatments.saint.cost.course: 1\n  treatments.saint: {cost.course: 2}\n"
    (problem,) = told(write(small + twice))
    assert ":19:" in problem
    assert "twice" in problem


def test_overrides_inside_one_another_are_told(small, write):
    both = (
        "overrides:\n  treatments.saint.cost.course: 1\n  treatments.saint.cost.course.value: 2\n"
    )
    problems = told(write(small + both))
    assert all("question.yaml:" in problem for problem in problems)


def test_extends_that_goes_round_is_refused(small, write):
    write("extends: question.yaml\n" + small, "base.yaml")
    problems = told(write("extends: base.yaml\n" + small))
    assert any("goes round" in problem and "base.yaml:1:1" in problem for problem in problems)


def test_a_file_that_extends_itself_is_refused(small, write):
    (problem,) = told(write("extends: question.yaml\n" + small))
    assert "goes round" in problem


@pytest.mark.parametrize(
    "named",
    [
        "../../etc/passwd",
        "../base.yaml",
        "/etc/passwd",
        "C:\\x.yaml",
        "C:/x.yaml",
        "..\\base.yaml",
        "\\\\server\\x.yaml",
        "a/../../base.yaml",
        "''",
        "[base.yaml]",
        "17",
    ],
)
def test_extends_stays_in_the_folder_of_the_scenario(named, small, write):
    write(small, "base.yaml")
    quoted = named if named[0] in "'[1" else f"'{named}'"
    path = write(f"extends: {quoted}\n" + small, "inner/question.yaml")
    (problem,) = told(path)
    assert "question.yaml:1:1: extends" in problem


def test_a_link_out_of_the_folder_is_refused(small, write, tmp_path):
    write(small, "base.yaml")
    path = write("extends: link.yaml\n" + small, "inner/question.yaml")
    (tmp_path / "inner" / "link.yaml").symlink_to(tmp_path / "base.yaml")
    (problem,) = told(path)
    assert "leads out" in problem


def test_a_base_that_is_missing_is_told_with_the_nearest_name(small, write):
    write(small, "base_adults.yaml")
    (problem,) = told(write("extends: base_adult.yaml\n" + small))
    assert "base_adults.yaml" in problem
    assert ":1:1" in problem


def test_a_chain_of_many_files_ends(small, write):
    for number in range(12):
        write(f"extends: file{number + 1}.yaml\n" + small, f"file{number}.yaml")
    write(small, "file12.yaml")
    (problem,) = told(write("extends: file0.yaml\n" + small))
    assert "deep" in problem


def test_a_base_below_the_scenario_may_be_extended(small, write):
    write(small, "bases/base.yaml")
    assert load_scenario(write("extends: bases/base.yaml\n")).title == "A small question"


# ------------------------------------------------------------------ options


def test_named_options_win_over_set_and_set_over_the_file(write):
    scenario = load_scenario(write(), {"population.size": "20", "seed": "3"}, patients=30)
    assert scenario.population.size == 30
    assert scenario.seed == 3


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("population.size", ("population", "size")),
        ("population.us_adults_mdd.female_share", None),
        ("services.saint_suite.places", ("services", "saint_suite", "places")),
        ("services.saint_suite.place_cost_per_year", None),
        ("structure.correlation", ("structure", "correlation")),
        ("treatments.saint.cost.course", None),
        ("overrides.treatments.saint.cost.course", ("overrides", "treatments.saint.cost.course")),
        ("seed", ("seed",)),
    ],
)
def test_a_path_belongs_to_the_scenario_or_to_a_card(path, where):
    assert where_of(path) == (where or ("overrides", path))


def test_a_set_reaches_into_lists_and_new_places(write):
    scenario = load_scenario(
        write(),
        {
            "strategies.saint_first.offer.0.when.severity.at_least": "20",
            "services.saint_suite.places": "7",
            "replicates": "20",
        },
    )
    assert scenario.strategies["saint_first"].offer[0].when.severity.at_least == 20
    assert scenario.services["saint_suite"].places == 7


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("population.sise", "10", ["--set", "population.sise", "size"]),
        ("structur.correlation", "default", ["--set", "structur", "structure"]),
        ("structure.correlation", "optimist", ["--set", "optimist", "optimistic"]),
        ("treatments.saint.cost.curse", "1", ["--set", "course"]),
        ("treatments.saint.cost.course", "cheap", ["--set", "treatments.saint.cost.course"]),
        ("population.us_adults_mdd.female_share", "35", ["--set", "0.35"]),
        ("population.size", "1e5", ["--set", "100000"]),
        ("population.size", "[1, 2]", ["--set", "population.size"]),
        ("population.size", "!!python/object:os.system x", ["--set", "tag"]),
        ("strategies.saint_first.offer.7.treat", "ect", ["--set", "positions 0 to 0"]),
        ("title.first", "x", ["--set", "title"]),
        ("a..b", "x", ["--set", "a..b"]),
        ("", "x", ["--set", "path"]),
        ("comparator", "usual", ["--set", "usual_care"]),
    ],
)
def test_a_wrong_set_is_told_by_its_name(path, value, words, write):
    problems = told(write(), overrides={path: value})
    assert any(all(word in problem for word in words) for problem in problems), problems


def test_a_wrong_named_option_is_told_by_its_name(write):
    (problem,) = told(write(), options={"--patients": 0})
    assert problem.startswith("--patients: population.size")


# ------------------------------------------------------------------ cards of one's own


def test_a_scenario_may_bring_its_own_cards(small, write):
    base = load_scenario(write()).evidence().file_of("contacts", "usual_care")
    text = base.read_text(encoding="utf-8").replace("id: usual_care", "id: my_clinic")
    write(text, "cards/contacts/my_clinic.yaml")
    small = small.replace("horizon:", "cards: [cards]\nhorizon:")
    small = small.replace(
        "{treat: saint, when: {severity: {at_least: 35}}}", "{wait_days: 9, contact: my_clinic}"
    )
    assert "my_clinic" in load_scenario(write(small)).evidence().contacts


@pytest.mark.parametrize("named", ["../cards", "/etc", "nowhere"])
def test_cards_stay_in_the_folder_of_the_scenario(named, small, write, tmp_path):
    (tmp_path / "cards").mkdir()
    path = write(small.replace("horizon:", f"cards: [{named}]\nhorizon:"), "inner/question.yaml")
    (problem,) = told(path)
    assert "question.yaml:5:" in problem


# ------------------------------------------------------------------ reading


def test_a_file_that_is_missing_is_told(tmp_path):
    (problem,) = told(tmp_path / "nothing.yaml")
    assert "no such file" in problem


def test_days_are_days(write):
    assert load_scenario(write()).start == date(2026, 1, 1)


def test_crlf_and_a_byte_order_mark_change_nothing(small, write):
    other = write("\ufeff" + small.replace("\n", "\r\n"), "other.yaml")
    assert load_scenario(other).model_dump() == load_scenario(write()).model_dump()
