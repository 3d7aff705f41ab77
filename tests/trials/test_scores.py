"""Scores of predictions, the naive rival, and weights of structures."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from popmodel.parameters import Structure
from popmodel.trials.interval import share_interval
from popmodel.trials.scores import (
    calibration_line,
    log_score,
    naive_of,
    naive_score,
    scores_of,
)
from popmodel.trials.structures import softmax, standings
from popmodel.trials.validate import Row


def share(observed, predicted, people=100.0, use="test", trial="t", line=1, measure="response"):
    """Make a row of a share with sampling error alone."""
    sd = math.sqrt(predicted * (1.0 - predicted) / people)
    low, high = share_interval(predicted, people, sd)
    z = (observed - predicted) / sd
    name = f"{measure} {observed:.5f}"
    return Row(
        trial, use, name, observed, predicted, low, high, z, "", measure, people, sd, line, sd
    )


def mean(observed, predicted, se, sd):
    z = (observed - predicted) / sd
    return Row("m", "test", "change", observed, predicted, predicted - 2 * sd, predicted + 2 * sd,
               z, "", "mean_change", 0.0, sd, 1, se)  # fmt: skip


@pytest.fixture(scope="module")
def fair():
    """Numbers drawn from their own predictions."""
    rng = np.random.default_rng(5)
    p = rng.uniform(0.1, 0.8, 150)
    return [share(rng.binomial(100, one) / 100, one, trial=f"t{n}") for n, one in enumerate(p)]


def test_the_truth_scores_better_than_what_is_off(fair):
    off = [
        replace(row, predicted=min(row.predicted + 0.1, 0.95), z=row.z - 0.1 / row.sd)
        for row in fair
    ]
    assert sum(map(log_score, fair)) > sum(map(log_score, off)) + 20.0


def test_wide_intervals_cost_and_narrow_ones_cost_when_they_miss():
    near, far = (mean(one, 0.0, 1.0, 1.0) for one in (0.1, 4.0))
    wide = [replace(row, sd=4.0, z=row.z / 4.0) for row in (near, far)]
    assert log_score(near) > log_score(wide[0])
    assert log_score(far) < log_score(wide[1])


def test_one_number_far_out_costs_a_limited_sum():
    assert log_score(share(0.9, 0.01)) > math.log(0.05 / 101) - 1e-9
    assert log_score(mean(1000.0, 0.0, 1.0, 1.0)) > -7.0


def test_fair_predictions_are_calibrated_and_covered(fair):
    slope, slope_se, intercept, intercept_se = calibration_line(fair)
    assert abs(slope - 1.0) < 3.0 * slope_se
    assert abs(intercept) < 3.0 * intercept_se
    scores = scores_of(fair, "test")
    assert scores.outside <= 15  # 7.5 expected; more in fewer than one of a hundred
    assert scores.numbers == scores.shares == 150


def test_predictions_that_are_too_extreme_have_a_slope_under_one(fair):
    def logit(p):
        return math.log(p / (1.0 - p))

    extreme = [
        replace(row, predicted=1.0 / (1.0 + math.exp(-2.0 * logit(row.predicted)))) for row in fair
    ]
    assert calibration_line(extreme)[0] < 0.7


def test_the_naive_model_knows_the_line_and_not_the_trial():
    fitted = [
        share(observed, 0.5, use="fit", trial=f"f{n}", line=line)
        for n, (observed, line) in enumerate([(0.5, 1), (0.6, 1), (0.4, 1), (0.2, 3), (0.1, 4),
                                              (0.3, 3)])
    ]  # fmt: skip
    assert naive_of(share(0.3, 0.3, line=1), fitted).mean == pytest.approx(0.5)
    assert naive_of(share(0.3, 0.3, line=4), fitted).mean == pytest.approx(0.2)
    assert naive_of(share(0.3, 0.3, line=2), fitted).mean == pytest.approx(0.35)
    own = share(0.9, 0.5, use="fit", trial="f0", line=1)
    assert naive_of(own, fitted).mean == pytest.approx(np.mean([0.6, 0.4, 0.2, 0.1, 0.3]))


def test_a_model_that_knows_more_scores_better_than_the_naive_one(fair):
    fitted = [replace(row, use="fit", trial=f"f{n}") for n, row in enumerate(fair[:75])]
    tests = fair[75:]
    own = sum(map(log_score, tests))
    rival = sum(naive_score(row, naive_of(row, fitted)) for row in tests)
    assert own > rival + 20.0


def test_weights_add_up_to_one_and_follow_the_scores():
    assert softmax([-1000.0, -1001.0]) == pytest.approx([1 / (1 + math.exp(-1)), 1 / (1 + math.e)])
    assert softmax([]) == []


def test_an_uncalibrated_structure_is_marked_and_gets_no_weight(fair):
    one, other = Structure("evidence", "default"), Structure("premise", "optimistic")
    found = standings({one: fair, other: fair}, [one.calibration])
    assert [row.calibrated for row in found] == [True, False]
    assert found[0].weight == 1.0
    assert math.isnan(found[1].weight)
    assert found[0].difference == found[1].difference == 0.0
    assert found[0].log_score == pytest.approx(sum(map(log_score, fair)))


def test_structures_are_compared_on_the_numbers_that_all_of_them_emulate(fair):
    one, other = Structure("evidence"), Structure("premise")
    fewer = [replace(fair[0], z=math.nan), *fair[1:]]
    found = standings({one: fair, other: fewer}, [one.calibration, other.calibration])
    assert found[0].log_score == pytest.approx(found[1].log_score)
