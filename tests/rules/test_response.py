"""Severity is the soft positive part of a hidden depth; treatment adds to depth and no more."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from popmodel.rules import response
from popmodel.rules.codes import CARE_COURSE, CARE_OUT, REMITTED

QUIET = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def exact_severity(worst, depth, k):
    return worst * math.exp(-k * np.logaddexp(0.0, depth / k))


@QUIET
@given(worst=st.floats(14, 60), depth=st.floats(-8, 8))
def test_the_score_is_the_formula_of_the_specification(new_q, new_patient, worst, depth):
    q, p = new_q(), new_patient(worst=worst)
    expected = exact_severity(worst, depth, q["softness"])
    assert response.severity_of_depth(p, q, depth) == pytest.approx(expected, rel=2e-8)


def test_the_score_never_rises_with_depth_and_never_exceeds_the_worst(q, new_patient):
    p = new_patient(worst=60.0)
    scores = [response.severity_of_depth(p, q, x) for x in np.linspace(-12, 12, 4001)]
    assert max(scores) == 60.0
    assert (np.diff(scores) <= 0).all()
    assert scores[-1] > 0


@QUIET
@given(fall=st.floats(0.01, 3.0))
def test_the_depth_of_a_fall_brings_that_fall(fall):
    depth = response.depth_for_fall(fall, 0.15)
    assert response.soft_floor(depth, 0.15) == pytest.approx(fall, rel=1e-9)


def test_equal_scores_hide_different_depths(q, new_patient):
    """Above the floor depth shows; far under it, it does not: that is resistance."""
    p = new_patient(worst=30.0)
    shallow, deep = (response.severity_of_depth(p, q, x) for x in (-2.0, -1.0))
    assert shallow == pytest.approx(deep, abs=0.01)
    one, two = (response.severity_of_depth(p, q, x + 1.5) for x in (-2.0, -1.0))
    assert one - two > 5


def test_contact_nears_its_level_with_its_lag_and_is_never_reset(q, new_patient, parameters):
    usual = parameters.contacts.index("usual_care")
    level = q["contact_level"][usual]
    p = new_patient(contact_target=usual, contact_from=0.1, contact_since=50.0)
    assert response.contact_at(p, q, 50.0) == pytest.approx(0.1, rel=1e-12)
    share = (response.contact_at(p, q, 50.0 + q["contact_lag"]) - 0.1) / (level - 0.1)
    assert share == pytest.approx(1 - math.exp(-1), rel=1e-12)
    assert response.contact_at(p, q, 5000.0) == pytest.approx(level, rel=1e-12)


def test_treatment_effect_grows_on_course_is_held_after_it_and_absent_without(q, new_patient):
    p = new_patient(gain=0.8, care=CARE_COURSE, treatment=2, started=10.0)
    q["onset_rate"][2] = 1.0 / 7.0
    assert response.effect_at(p, q, 10.0) == 0.0
    assert response.effect_at(p, q, 17.0) == pytest.approx(0.8 * (1 - math.exp(-1)))
    p["care"] = CARE_OUT
    assert response.effect_at(p, q, 17.0) == 0.8
    p["gain"] = 0.0
    assert response.effect_at(p, q, 17.0) == 0.0


def test_in_remission_the_score_is_held(q, new_patient):
    p = new_patient(state=REMITTED, reference=7.5, swing=-3.0)
    assert response.severity_now(p, q, 1.0) == response.severity_now(p, q, 999.0) == 7.5


def test_a_zero_potency_gives_exactly_nothing_whatever_the_luck(q, new_patient):
    q["potency"][:] = 0.0
    for number in range(40):
        assert response.gain_of_course(new_patient(number), q, number % 20, 33.0, number) == 0.0


def test_the_gain_is_the_formula_of_the_specification(q, new_patient):
    """D kappa max(0, 1 - f g(z) + delta) prod(1 - share block) w, term by term."""
    card = 3
    q["potency"][card] = 0.9
    q["loss_share"][card], q["loss_threshold"][card] = 0.5, 0.2
    q["dose_slope"][card] = 0.3
    q["biotype_shift"][card][1] = 0.15
    q["block_flag"][card], q["block_share"][card] = [0, -1, -1], [0.25, 0.0, 0.0]
    q["tested_after"][card] = 0
    for severity in (12.0, 26.0, 45.0):
        p = new_patient(8, biotype=1, conditions=1)
        z = (math.log(severity) - q["reference_log_severity"]) / q["reference_log_sd"]
        g = 0.3 * math.log1p(math.exp((z - 0.2) / 0.3))
        kept = max(0.0, 1 - 0.5 * g + 0.15) * (1 - 0.25)
        dose = 2 / (1 + math.exp(0.3 * z))
        expected = dose * 0.9 * kept * response.luck(p, q, card, 5)
        assert response.gain_of_course(p, q, card, severity, 5) == pytest.approx(
            expected, rel=1e-12
        )


def test_a_loss_that_eats_all_potency_leaves_zero_not_less(q, new_patient):
    q["potency"][3], q["loss_share"][3], q["loss_threshold"][3] = 1.0, 5.0, -2.0
    assert response.gain_of_course(new_patient(), q, 3, 55.0, 0) == 0.0


def test_treatments_that_work_better_in_the_severe_do(q, new_patient):
    q["loss_share"][3] = -0.2
    gains = [response.gain_of_course(new_patient(5), q, 3, s, 0) for s in (15.0, 26.0, 45.0)]
    assert gains[0] < gains[1] < gains[2]


@pytest.mark.parametrize("card", ["cbt", "saint", "ketamine_iv", "augmentation"])
def test_luck_has_mean_one_and_its_declared_spread(q, parameters, new_patient, card):
    n = parameters.treatments.index(card)
    luck = np.array([response.luck(new_patient(k, trait=t), q, n, 0) for k, t in enumerate(TRAITS)])
    sd = math.sqrt(2 * q["luck_half_variance"])
    assert luck.mean() == pytest.approx(1.0, abs=5 * luck.std() / math.sqrt(len(luck)))
    assert np.log(luck).std() == pytest.approx(sd, rel=0.06)


TRAITS = np.random.default_rng(1).standard_normal(3000)


def test_the_same_patient_has_the_same_luck_at_the_same_attempt_and_other_luck_at_the_next(
    q, new_patient
):
    p = new_patient(2)
    assert response.luck(p, q, 3, 0) == response.luck(p, q, 3, 0)
    assert len({response.luck(p, q, 3, attempt) for attempt in range(20)}) == 20


def test_attempts_are_counted_by_treatment_and_episode(q, new_patient):
    p = new_patient()
    keys = [response.attempt_number(p, 4)]
    p["tried"] = 1 << 4
    keys.append(response.attempt_number(p, 4))
    assert response.attempt_number(p, 5) == keys[0]  # another treatment: a first attempt
    p["again"] = 1 << 4
    p["courses"] = 3
    keys.append(response.attempt_number(p, 4))
    p["courses"] = 4
    keys.append(response.attempt_number(p, 4))
    p["episode"], p["tried"], p["again"] = 1, 0, 0
    keys.append(response.attempt_number(p, 4))
    assert len(set(keys)) == len(keys)


def test_measurement_error_is_keyed_by_day_and_has_the_spread_of_the_card(shipped, q, new_patient):
    sd = shipped.disease["response"].measurement_sd.value
    p = new_patient(4)
    seen = np.array([response.measured(p, q, 30.0, float(day)) for day in range(2000)])
    assert response.measured(p, q, 30.0, 12.2) == response.measured(p, q, 30.0, 12.9) == seen[12]
    assert seen.mean() == pytest.approx(30.0, abs=5 * sd / math.sqrt(2000))
    assert seen.std() == pytest.approx(sd, rel=0.1)
    assert response.measured(p, q, 59.9, 3.0) <= 60.0
    assert min(response.measured(p, q, 0.1, float(day)) for day in range(50)) == 0.0
