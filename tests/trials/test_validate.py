"""Published numbers beside the model's."""

from __future__ import annotations

import math

import pytest
from tests.trials.conftest import SEED

from popmodel.errors import NotMet
from popmodel.trials.validate import Row, agreement, outside, require_agreement, validate


@pytest.fixture(scope="module")
def rows(evidence, parameters):
    return validate(evidence, parameters, seed=SEED, recruits=1024)


def test_every_published_number_has_a_row(evidence, rows):
    published = sum(len(o.results) for t in evidence.trials.values() for o in t.outcomes)
    assert len(rows) == published
    assert {row.trial for row in rows} == set(evidence.trials)


def test_a_row_without_a_prediction_says_why(rows):
    for row in rows:
        assert math.isnan(row.predicted) == row.note.startswith(("not ", "trial "))


def test_predictions_lie_inside_their_own_interval(rows):
    for row in rows:
        if not math.isnan(row.predicted):
            assert row.low < row.predicted < row.high
            assert row.outside == (not row.low <= row.observed <= row.high)


def test_no_share_is_expected_below_zero_or_above_one(evidence, rows):
    means = {t.id for t in evidence.trials.values() for o in t.outcomes for r in o.results.values()
             if r.mean is not None}  # fmt: skip
    shares = [row for row in rows if row.trial not in means and not math.isnan(row.predicted)]
    assert len(shares) > 30
    for row in shares:
        assert 0.0 <= row.low < row.high <= 1.0


def test_no_more_may_lie_outside_than_a_binomial_count_exceeds_once_in_forty():
    far = Row("a", "test", "x", 0.9, 0.5, 0.4, 0.6, 8.0)
    near = Row("a", "test", "x", 0.5, 0.5, 0.4, 0.6, 0.0)
    found = agreement([near] * 95 + [far] * 5, "test")
    assert (found.numbers, found.outside, found.allowed, found.met) == (100, 5, 10, True)
    assert not agreement([near] * 89 + [far] * 11, "test").met


def test_nine_in_ten_fitted_numbers_must_lie_within_two_standard_deviations():
    near = Row("a", "fit", "x", 0.5, 0.5, 0.4, 0.6, 1.9)
    far = Row("a", "fit", "x", 0.59, 0.5, 0.4, 0.6, 2.1)
    assert agreement([near] * 9 + [far], "fit").met
    with pytest.raises(NotMet, match="80% of 10 fitted numbers"):
        require_agreement([near] * 8 + [far] * 2)


def test_too_many_numbers_outside_are_told():
    near = Row("a", "test", "x", 0.5, 0.5, 0.4, 0.6, 0.0)
    far = Row("a", "test", "x", 0.9, 0.5, 0.4, 0.6, 8.0)
    require_agreement([near] * 9 + [far])
    assert outside([near, far], "test") == (1, 2)
    with pytest.raises(NotMet, match="2 of 4 numbers"):
        require_agreement([near, far] * 2)
