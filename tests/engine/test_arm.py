"""One arm of a virtual trial: the same patients, the same rules, read on a day."""

from __future__ import annotations

import numpy as np
import pytest

from popmodel.engine.arm import baseline_scores, run_arm, trial_parameters
from popmodel.population import synthesise


@pytest.fixture(scope="module")
def recruits(parameters):
    return synthesise(parameters, 2500, 9, failures=1)


@pytest.fixture(scope="module")
def position(parameters):
    return {name: n for n, name in enumerate(parameters.treatments)}


def test_two_arms_of_the_same_treatment_read_the_same_scores(recruits, parameters, position):
    arms = [run_arm(recruits, parameters.record, position["saint"], 28.0) for _ in range(2)]
    assert np.array_equal(arms[0].severity, arms[1].severity, equal_nan=True)


def test_recruits_and_parameters_stay_as_they_were(recruits, parameters, position):
    people, record = recruits.copy(), parameters.record.copy()
    run_arm(recruits, parameters.record, position["cbt"], 84.0, potency=0.0)
    for one, other in ((people, recruits), (record, parameters.record)):
        for name in one.dtype.names:
            assert np.array_equal(one[name], other[name], equal_nan=True), name


def test_a_potent_arm_beats_the_same_contact_without_effect(recruits, parameters, position):
    active, control = (
        run_arm(recruits, parameters.record, position["saint"], 28.0, potency=kappa)
        for kappa in (2.0, 0.0)
    )
    gain = np.nanmean(control.true_severity - active.true_severity)
    assert gain > 3
    alive = np.isfinite(active.true_severity) & np.isfinite(control.true_severity)
    kept = alive & ~active.dropped_out
    worse = active.true_severity[kept] > control.true_severity[kept] + 1e-9
    assert worse.mean() < 0.15  # who remitted earlier may have relapsed by then


def test_without_effect_and_drop_out_arms_differ_by_contact_alone(recruits, parameters, position):
    """Two treatments of one contact, one length and no potency: one and the same arm."""
    changes = {"potency": 0.0, "dropout_rate": 0.0}
    contact = parameters.contacts.index("pill")
    a, b = (
        run_arm(recruits, parameters.record, position[name], 56.0, contact=contact, **changes)
        for name in ("escitalopram", "rtms")
    )
    assert np.array_equal(a.severity, b.severity, equal_nan=True)


def test_better_contact_gives_lower_scores(recruits, parameters, position):
    scores = [
        np.nanmean(
            run_arm(
                recruits, parameters.record, position["rtms"], 56.0, potency=0.0,
                dropout_rate=0.0, contact=parameters.contacts.index(contact),
            ).true_severity
        )
        for contact in ("none", "waiting_list", "usual_care", "pill")
    ]  # fmt: skip
    assert scores == sorted(scores, reverse=True)
    assert scores[0] - scores[-1] > 2


def test_everybody_included_is_treated_whatever_the_card_says(recruits, parameters, position):
    """A trial decides who enters: eligibility is lifted for the arm's treatment and it alone."""
    q = trial_parameters(parameters.record, position["aih_home"], 28.0)[0]
    assert q["excluded_flags"][position["aih_home"]] == 0
    assert q["settings"][position["aih_home"]] == 15
    other = position["aih_clinic"]
    assert q["excluded_flags"][other] == parameters.record[0]["excluded_flags"][other]


def test_regression_to_the_mean_shows_in_who_was_included_by_a_measured_score(
    recruits, parameters, position
):
    """Those measured above 30 at entry have lower true scores than measured ones."""
    seen = baseline_scores(recruits, parameters.record)
    reading = run_arm(
        recruits, parameters.record, position["control_waiting_list"], 0.5, potency=0.0
    )
    chosen = seen >= 32
    assert seen[chosen].mean() > np.nanmean(reading.true_severity[chosen]) + 0.5


def test_drop_outs_lose_the_effect(recruits, parameters, position):
    reading = run_arm(
        recruits, parameters.record, position["escitalopram"], 84.0, potency=2.5, dropout_rate=0.01
    )
    assert 0.2 < reading.dropped_out.mean() < 0.9
    left = reading.dropped_out
    stayed = np.nanmean(reading.true_severity[~left])
    assert stayed < np.nanmean(reading.true_severity[left]) - 3
