"""The natural course: a hidden depth that moves from month to month, episode by episode."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from popmodel.rules import natural_course, response


def test_depth_moves_as_a_stationary_process_of_the_stated_persistence(q, new_patient):
    """b_j = phi b_j-1 + sqrt(1 - phi^2) eta_j keeps a standard normal spread."""
    p = new_patient(1)
    path = []
    for month in range(6000):
        natural_course.pass_knot(p, q, month)
        path.append(p["swing"])
    path = np.array(path)
    assert path.std() == pytest.approx(1.0, abs=0.06)
    assert np.corrcoef(path[:-1], path[1:])[0, 1] == pytest.approx(q["persistence"], abs=0.05)
    assert q["persistence"] ** 2 + q["innovation"] ** 2 == pytest.approx(1.0, rel=1e-12)


def test_a_month_is_keyed_by_patient_episode_and_number_and_nothing_else(q, new_patient):
    def after(month, episode=0, number=1, **fields):
        p = new_patient(number, episode=episode, **fields)
        natural_course.pass_knot(p, q, month)
        return p["swing"]

    assert after(7) == after(7, treatment=3, courses=4, visit=2, care=2, line=3)
    assert len({after(7), after(8), after(-7), after(7, episode=1), after(7, number=2)}) == 5


def test_grid_points_come_four_to_a_month_and_the_next_one_is_after_now(q, new_patient):
    assert 4 * q["grid_days"] == pytest.approx(q["knot_days"])
    p = new_patient(phase=3.3)
    for t in (0.0, 3.29, 3.31, 10.0, 1000.1, -900.0):
        n = natural_course.next_grid_point(p, q, t)
        assert t < p["phase"] + n * q["grid_days"] <= t + q["grid_days"] * (1 + 1e-12)


def test_an_episode_begins_depressed(q, new_patient):
    """Beyond the onset score, and standard normal below the bound that this sets."""
    ranks = []
    for number in range(2000):
        p = new_patient(number, worst=28.0, trait=0.4)
        p["swing"] = natural_course.draw_onset_swing(p, q, 0.2, 0)
        p["contact"] = 0.2
        assert response.severity_now(p, q, 0.0) > q["onset_severity"] * (1 - 1e-6)
        ranks.append(stats.norm.cdf(p["swing"]))
    top = max(ranks)
    assert stats.kstest(np.array(ranks) / top, "uniform").pvalue > 1e-6


def test_a_relapse_keeps_the_rank_and_moves_with_what_bounds_it(q, new_patient):
    p = new_patient(9)
    low, high = (natural_course.draw_onset_swing(p, q, contact, 3) for contact in (0.6, 0.0))
    assert low < high  # more contact: the same rank under a lower bound
    assert natural_course.draw_onset_swing(p, q, 0.0, 3) == high


@pytest.mark.parametrize("biotype", range(4))
def test_worst_scores_are_cut_lognormals_shifted_by_biotype(q, new_patient, biotype):
    mean = q["worst_log_mean"] + q["worst_log_shift"][biotype]
    worst = np.array(
        [natural_course.draw_worst(new_patient(n, biotype=biotype), q, 0) for n in range(2500)]
    )
    assert worst.min() >= 14 * (1 - 1e-9)
    assert worst.max() <= 60 * (1 + 1e-9)
    low, high = ((math.log(x) - mean) / q["worst_log_sd"] for x in (14, 60))
    law = stats.truncnorm(low, high, loc=mean, scale=q["worst_log_sd"])
    assert stats.kstest(np.log(worst), law.cdf).pvalue > 1e-6


def test_every_new_episode_draws_its_worst_score_anew(q, new_patient):
    p = new_patient(3)
    assert len({natural_course.draw_worst(p, q, episode) for episode in range(10)}) == 10
