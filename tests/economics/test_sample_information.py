"""EVSI and ENBS: conjugate closed forms, limits, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta, betabinom, gamma, nbinom
from tests.economics.tables import (
    normal_grid,
    params_of,
    shuffled,
    two_strategies,
    unit_normal_loss,
)

from popmodel.economics import (
    Events,
    Mean,
    Population,
    Share,
    Study,
    enbs,
    evppi,
    evsi,
)
from popmodel.economics.population import discounted_years
from popmodel.errors import InputError

COUNT = 4000
GRID = (np.arange(COUNT) + 0.5) / COUNT
ONE, REST = normal_grid(COUNT), shuffled(normal_grid(COUNT), 1)


def of_study(benefit: np.ndarray, study: Study, sizes=None, **params: np.ndarray) -> pd.DataFrame:
    return evsi(two_strategies(benefit), params_of(**params), 0.0, study, sizes=sizes)


@pytest.mark.parametrize("mean", [0.0, 500.0])
def test_a_normal_mean_is_learnt_as_far_as_the_study_reaches(mean):
    # prior N(0, 1), n patients with sd 10: the preposterior variance is 1 ÷ (1 + 100 ÷ n)
    study = Study((Mean("effect", 10, sd=10.0),))
    out = of_study(mean + 1000 * ONE + 1000 * REST, study, [10, 100, 1000], effect=ONE)
    for row in out.to_dict("records"):
        sd = 1000 / np.sqrt(1 + 100 / row["patients"])
        exact = unit_normal_loss(mean, sd)
        assert row["evsi"] == pytest.approx(exact, abs=0.03 * exact + 4)
        assert row["evsi_check"] == pytest.approx(exact, abs=3.5 * row["evsi_se"] + 5)
    assert out["evsi"].is_monotonic_increasing
    assert (out["evsi"] <= out["evppi"]).all()


def test_a_share_of_patients_with_a_beta_prior_has_the_beta_binomial_value():
    # net benefit 10000·(p − 0.4), p ~ Beta(8, 12), n = 30: x is beta-binomial
    p, count = beta.ppf(GRID, 8, 12), 30
    x = np.arange(count + 1)
    posterior = 10_000 * ((8 + x) / (20 + count) - 0.4)
    exact = betabinom.pmf(x, count, 8, 12) @ np.maximum(posterior, 0.0)
    row = of_study(10_000 * (p - 0.4) + 500 * REST, Study((Share("p", count),)), p=p).iloc[0]
    assert row["evsi"] == pytest.approx(exact, rel=0.03)
    assert row["evsi_check"] == pytest.approx(exact, abs=3.5 * row["evsi_se"])


def test_events_with_a_gamma_prior_have_the_negative_binomial_value():
    # rate ~ Gamma(5, 1/10), 20 patients for 2 years: x is negative binomial
    rate, time = gamma.ppf(GRID, 5, scale=0.1), 40
    x = np.arange(400)
    posterior = 1000 * ((5 + x) / (10 + time) - 0.5)
    exact = nbinom.pmf(x, 5, 10 / (10 + time)) @ np.maximum(posterior, 0.0)
    row = of_study(1000 * (rate - 0.5), Study((Events("rate", 20, years=2.0),)), rate=rate).iloc[0]
    assert row["evsi"] == pytest.approx(exact, rel=0.03)
    assert row["evsi_check"] == pytest.approx(exact, rel=0.06)


def test_a_trial_with_two_arms_learns_about_their_difference():
    # θ₁ − θ₂, both N(0, 1), 50 patients an arm with sd 5: each variance 1 ÷ (1 + 25 ÷ 50)
    other = shuffled(ONE, 2)
    study = Study((Mean("new", 50, sd=5.0), Mean("old", 50, sd=5.0)))
    row = of_study(1000 * (ONE - other), study, new=ONE, old=other).iloc[0]
    exact = unit_normal_loss(0.0, 1000 * np.sqrt(2 / 1.5))
    assert row["evsi"] == pytest.approx(exact, rel=0.03)
    assert row["evsi_check"] == pytest.approx(exact, rel=0.06)
    assert row["patients"] == 100


def test_a_huge_study_is_worth_as_much_as_knowing_and_one_patient_next_to_nothing():
    study = Study((Share("p", 10),))
    p = beta.ppf(GRID, 80, 120)
    out = of_study(10_000 * (p - 0.4), study, [1, 10**7], p=p)
    learnt = evppi(two_strategies(10_000 * (p - 0.4)), params_of(p=p), 0.0)["evppi"].item()
    assert out["evppi"].tolist() == pytest.approx([learnt] * 2)
    assert out["evsi"].iloc[1] == pytest.approx(learnt, rel=0.01)
    assert out["evsi"].iloc[0] < 0.15 * learnt


def test_a_study_of_what_does_not_matter_is_worth_nothing():
    # also the results of a study of something irrelevant are noise that may look like knowledge
    row = of_study(ONE * 1000, Study((Mean("idle", 50, sd=1.0),)), idle=REST).iloc[0]
    assert row["evsi"] < 15
    assert row["evsi_check"] < 15


def test_the_same_seed_gives_the_same_and_another_seed_nearly_so():
    study, tables = Study((Mean("one", 50, sd=10.0),)), (two_strategies(ONE), params_of(one=ONE))
    first, again, other = (evsi(*tables, 0.0, study, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert other["evsi"].item() == pytest.approx(first["evsi"].item(), rel=0.03)


def test_groups_of_a_resized_study_stay_in_proportion():
    study = Study((Share("a", 100), Share("b", 50)))
    assert [one.patients for one in study.resized(300).measures] == [200, 100]
    assert study.resized(301).patients == 301
    assert [one.patients for one in study.resized(2).measures] == [1, 1]
    with pytest.raises(InputError, match="1 patients are too few"):
        study.resized(1)


def test_a_study_is_worth_its_cost_when_enough_people_are_treated_after_it():
    table = pd.DataFrame({"wtp": [5e4, 5e4], "patients": [100, 400], "evsi": [10.0, 14.0]})
    people = Population(per_year=20_000, years=10, discount=0.03)
    out = enbs(table, people, fixed_cost=400_000, cost_per_patient=2000, years_to_results=2)
    reached = 20_000 * (discounted_years(10, 0.03) - discounted_years(2, 0.03))
    np.testing.assert_allclose(out["evsi_population"], [10 * reached, 14 * reached])
    assert out["study_cost"].tolist() == [600_000, 1_200_000]
    np.testing.assert_allclose(out["enbs"], out["evsi_population"] - out["study_cost"])
    late = enbs(table, people, 400_000, 2000, years_to_results=10)
    assert late["enbs"].tolist() == [-600_000, -1_200_000]


def test_those_who_face_the_decision_now_are_treated_before_the_results():
    people = Population(per_year=0, years=10, discount=0.0, now=1000)
    assert people.persons == 1000
    assert people.after(1.0).persons == 0.0


def test_discounted_years_are_an_annuity():
    assert discounted_years(10, 0.0) == 10
    steps = (np.arange(100_000) + 0.5) / 10_000
    assert discounted_years(10, 0.035) == pytest.approx((1.035**-steps).sum() / 10_000, rel=1e-8)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Study(()), "measures nothing"),
        (lambda: Study((Share("p", 0),)), "p: 0 patients are no group"),
        (lambda: Mean("m", 10, sd=0.0), "sd 0.0 is not above 0"),
        (lambda: Events("r", 10, years=-1.0), "years -1.0 is not above 0"),
        (lambda: Population(-1, 10), "per_year: -1"),
        (lambda: Population(1, np.nan), "years: nan"),
    ],
)
def test_a_study_that_is_none_is_refused(build, words):
    with pytest.raises(InputError, match=words):
        build()


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(InputError, match="q is no parameter"):
        of_study(ONE, Study((Share("q", 10),)), p=GRID)
    with pytest.raises(InputError, match=r"p: .* is no probability"):
        of_study(ONE, Study((Share("p", 10),)), p=GRID + 1)
    with pytest.raises(InputError, match=r"r: .* is no rate"):
        of_study(ONE, Study((Events("r", 10),)), r=ONE)
    with pytest.raises(InputError, match="no size"):
        of_study(ONE, Study((Share("p", 10),)), sizes=[], p=GRID)
    table = pd.DataFrame({"wtp": [1.0], "patients": [1], "evsi": [1.0]})
    with pytest.raises(InputError, match="cost per patient: -1"):
        enbs(table, Population(1, 1), 0.0, -1.0)
