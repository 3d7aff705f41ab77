"""Who enters: published shares hold, histories were lived, and everybody is still depressed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from popmodel.errors import RunError
from popmodel.parameters import Structure, compile_parameters
from popmodel.population import synthesise
from popmodel.rules.codes import CARE_OUT, CARE_WAIT, REMITTED
from popmodel.vocabulary import FLAGS

N = 6000


@pytest.fixture(scope="module")
def stock(parameters):
    return synthesise(parameters, N, 20261121)


@pytest.fixture(scope="module")
def new(parameters):
    return synthesise(parameters, N, 20261121, intake="incident")


@pytest.fixture(scope="module")
def card(shipped):
    return shipped.population["us_adults_mdd"]


def assert_share(found, expected, sigmas=5.0):
    error = math.sqrt(max(expected * (1 - expected), 1e-6) / N)
    assert np.mean(found) == pytest.approx(expected, abs=sigmas * error)


@pytest.mark.parametrize("intake", ["stock", "new"])
def test_sex_age_biotype_and_conditions_have_their_published_shares(
    request, shipped, parameters, card, intake
):
    people = request.getfixturevalue(intake)
    assert_share(people["sex"] == 0, card.female_share.value)
    total = sum(band.share.value for band in card.age_bands)
    for band in card.age_bands:
        inside = (people["age"] >= band.low) & (people["age"] < band.high + 1)
        assert_share(inside, band.share.value / total)
    total = sum(b.share.value for b in shipped.biotypes.values())
    for k, name in enumerate(parameters.biotypes):
        assert_share(people["biotype"] == k, shipped.biotypes[name].share.value / total)
    for k, flag in enumerate(FLAGS):
        assert_share((people["conditions"] >> k) & 1, card.flags[flag].value)


def test_failures_before_entry_have_their_published_shares_and_were_lived(parameters, stock, card):
    shares = [getattr(card.history.failures, n).value for n in ("none", "one", "two", "three")]
    for failures, share in enumerate(shares):
        mine = stock["failures_before"] == failures
        assert_share(mine, share / sum(shares))
        tried = set(stock["tried"][mine].tolist())
        courses = card.history.courses
        lived = {courses[min(k, len(courses) - 1)] for k in range(failures)}
        assert tried == {sum(1 << parameters.treatments.index(name) for name in lived)}
    assert (stock["line"] == stock["failures_before"] + 1).all()


def test_everybody_enters_depressed_above_the_onset_score(parameters, stock, new):
    for people in (stock, new):
        assert (people["state"] < REMITTED).all()
        assert (people["reference"][people["failures"] == 0] > 10).all()


def test_new_episodes_have_no_history_and_are_not_in_care(new):
    assert (new["failures_before"] == 0).all()
    assert (new["tried"] == 0).all()
    assert (new["care"] == CARE_OUT).all()
    assert (new["entry"] == 0).all()


def test_of_the_stock_those_in_care_await_a_decision_on_the_first_day(stock, card, shipped):
    waiting = stock["care"] == CARE_WAIT
    assert (stock["due"][waiting] == 0).all()
    untreated = stock["failures_before"] == 0
    share = card.in_care_share.value
    found = waiting[untreated]
    assert found.mean() == pytest.approx(share, abs=5 * math.sqrt(0.25 / untreated.sum()))


def test_the_stock_is_harder_to_treat_than_new_episodes(stock, new):
    """Length bias comes by itself: who recovers quickly is not found among the depressed."""
    assert stock["trait"].mean() < new["trait"].mean() - 0.3
    assert abs(new["trait"].mean()) < 5 / math.sqrt(N)
    assert stats.kstest(new["trait"], "norm").pvalue > 1e-6


def test_more_failures_mean_harder_to_treat(stock):
    means = [stock["trait"][stock["failures_before"] == k].mean() for k in range(4)]
    assert means[0] > means[1] > means[3]


def test_open_intake_spreads_new_episodes_evenly_over_the_horizon(parameters):
    people = synthesise(parameters, 50, 3, intake="open", new_patients=3000)
    entry = people["entry"][50:]
    assert (people["entry"][:50] == 0).all()
    horizon = float(parameters.record["horizon"][0])
    assert stats.kstest(entry / horizon, "uniform").pvalue > 1e-6


@pytest.mark.parametrize("failures", [0, 1, 2, 3])
def test_trials_can_ask_for_people_with_an_exact_history(parameters, failures):
    people = synthesise(parameters, 300, 3, failures=failures)
    assert (people["failures_before"] == failures).all()


def test_numbers_reach_as_far_as_trials_need(parameters):
    people = synthesise(parameters, 5, 1, first=50_000_000)
    assert people["id"].tolist() == list(range(50_000_000, 50_000_005))
    assert len(set(people["key"].tolist())) == 5


def test_who_somebody_is_does_not_change_with_the_parameters_of_the_disease(shipped, stock):
    """Attributes are quantiles of keyed uniforms; what is hidden may change, who it is may not."""
    changed = shipped.with_overrides({"disease.response.depth_mean": 1.1})
    parameters = compile_parameters(
        changed, Structure("premise"), setting="united_states", population="us_adults_mdd",
        horizon_days=1826.25,
    )  # fmt: skip
    other = synthesise(parameters, 500, 20261121)
    for name in ("age", "sex", "biotype", "conditions", "past_episodes", "phase"):
        assert np.array_equal(other[name], stock[name][:500])
    assert np.array_equal(other["failures_before"], stock["failures_before"][:500])


def test_an_age_share_that_grows_moves_only_people_between_bands(shipped, stock, card):
    first = card.age_bands[0]
    path = f"population.us_adults_mdd.age_bands.{first.name}.share"
    changed = shipped.with_overrides(shipped.rebalanced(path, first.share.value + 0.1))
    parameters = compile_parameters(
        changed, Structure(), setting="united_states", population="us_adults_mdd",
        horizon_days=1826.25,
    )  # fmt: skip
    other = synthesise(parameters, 2000, 20261121)
    young = other["age"] < first.high + 1
    assert (young >= (stock["age"][:2000] < first.high + 1)).all()
    assert np.array_equal(other["sex"], stock["sex"][:2000])


def test_when_nobody_can_be_depressed_that_is_said(shipped):
    changed = shipped.with_overrides({"disease.response.onset_severity": 58})
    parameters = compile_parameters(
        changed, Structure(), setting="united_states", population="us_adults_mdd",
        horizon_days=365.25,
    )  # fmt: skip
    with pytest.raises(RunError, match="leave anybody depressed"):
        synthesise(parameters, 5, 1)
