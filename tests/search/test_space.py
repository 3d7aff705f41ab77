"""What a search may propose: readable rules, mended where they contradict each other."""

from __future__ import annotations

import numpy as np
import pytest
from tests.worlds import USUAL_CARE, ask

from popmodel.errors import InputError
from popmodel.scenario.routing import compile_strategies
from popmodel.search import Rule, Space, question_of, space_of
from popmodel.search.space import words_of

EARLY_ECT = {"treat": "ect", "when": {"line": {"at_least": 2}, "severity": {"at_least": 34}}}
STEPPED = {
    "offer": [{"treat": "cbt", "when": {"severity": {"below": 30}}}, EARLY_ECT],
    "then": "usual_care",
}
STRATEGIES = {"usual_care": USUAL_CARE, "stepped": STEPPED}


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Space:
    search = {"treatments": ["cbt", "ect", "rtms"], "severity": {"at_least": 16, "at_most": 40}}
    return space_of(question_of(ask(tmp_path_factory.mktemp("space"), STRATEGIES, search=search)))


def random_choices(space: Space, seed: int) -> dict[str, int]:
    luck = np.random.default_rng(seed)
    return {name: int(luck.integers(size)) for name, size in space.sizes.items()}


def test_every_proposal_is_a_strategy_that_patients_can_fit(space: Space):
    for seed in range(200):
        candidate = space.candidate(random_choices(space, seed))
        treatments = [rule.treat for rule in candidate]
        assert len(set(treatments)) == len(treatments) <= 3
        for rule in candidate:
            assert rule.line_from >= space.first_lines[rule.treat]
            assert rule.line_to is None or rule.line_to >= rule.line_from
            low, high = rule.severity_from, rule.severity_below
            assert low is None or high is None or low < high
        scenario = space.scenario_of({"x": candidate})
        compiled = {one.id: one for one in compile_strategies(scenario, scenario.evidence())}
        assert compiled["x"].own_rules == len(candidate)


def test_the_choices_of_a_strategy_mean_that_strategy(space: Space):
    for seed in range(200):
        candidate = space.candidate(random_choices(space, seed))
        assert space.candidate(space.choices(candidate)) == candidate


def test_a_search_starts_with_nothing_each_treatment_alone_and_what_is_given(space: Space):
    starts = [space.candidate(one) for one in space.starts()]
    assert starts[0] == ()
    assert [one[0].treat for one in starts[1:4]] == ["cbt", "ect", "rtms"]
    cbt, ect = starts[-1]
    assert cbt == Rule("cbt", severity_below=31.0)  # the nearest threshold to 30
    assert ect == Rule("ect", severity_from=34.0, line_from=2)


def test_all_that_is_offered_may_be_used_where_nothing_is_said(tmp_path):
    found = space_of(question_of(ask(tmp_path, STRATEGIES)))
    assert set(found.treatments) == {
        "augmentation", "cbt", "ect", "escitalopram", "rtms", "second_antidepressant",
    }  # fmt: skip


def test_biotypes_are_asked_for_only_where_they_are_known(space: Space, tmp_path):
    assert space.biotypes == ()
    known = ask(tmp_path, STRATEGIES, structure={"biotypes_known": True})
    found = space_of(question_of(known))
    assert len(found.biotypes) > 1 and "biotype_1" in found.sizes
    rule = Rule("cbt", biotype=found.biotypes[0])
    assert rule.offer().when.biotype == (found.biotypes[0],)


def test_a_rule_is_told_in_few_words():
    rules = (Rule("cbt", 16.0, 28.0), Rule("ect", line_from=2), Rule("rtms", None, 31.0, 1, 2))
    assert words_of(rules) == "cbt ≥16 <28; ect, line 2+; rtms <31, lines 1-2"
    assert words_of(()) == "no rule of its own"


# ------------------------------------------------------------------ what is refused


def test_a_search_needs_one_form_of_the_model(tmp_path):
    several = ask(tmp_path, STRATEGIES, structure={"severity_effect": "all"})
    with pytest.raises(InputError, match=r"one form of the model.*--structure mixture"):
        question_of(several)


def test_waits_cannot_be_traded_where_nobody_waits(tmp_path):
    asked = ask(tmp_path, STRATEGIES, search={"objectives": ["qaly", "wait_days"]})
    with pytest.raises(InputError, match="nobody waits"):
        question_of(asked)


def test_waits_are_traded_where_a_service_has_a_number_of_places(tmp_path):
    asked = ask(tmp_path, STRATEGIES, services={"ect_suite": {"places": 3}}, replicates=50)
    question = question_of(asked)
    assert question.is_limited and question.objectives == ("cost", "qaly", "wait_days")
    assert question.fresh_patients == 25_000


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"treatments": ["cbtt"]}, "did you mean cbt"),
        ({"then": "usual"}, "did you mean usual_care"),
        ({"objectives": ["qaly"]}, "one objective has no frontier"),
        ({"objectives": ["qaly", "qaly"]}, "stands twice"),
        ({"severity": {"at_least": 30, "at_most": 20}}, "were they swapped"),
        ({"evaluation": 100}, "evaluation"),
        ({"budget_per_year": -1}, "budget_per_year"),
    ],
)
def test_a_wrong_search_is_refused_with_what_was_meant(said, told, tmp_path):
    with pytest.raises(InputError, match=told):
        ask(tmp_path, STRATEGIES, search=said)
