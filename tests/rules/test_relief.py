"""First relief: the day the score fell to half, found between readings."""

from __future__ import annotations

import math

import pytest

from popmodel.rules.codes import CARE_COURSE, CARE_WAIT
from popmodel.rules.relief import relief_day
from popmodel.rules.response import (
    depth_for_fall,
    effect_at,
    natural_depth,
    severity_of_depth,
)


@pytest.fixture
def on_course(new_patient, q):
    """A patient with 30 points whom a course of 3 days' onset will bring far down."""

    def make(gain=3.0, theta=3.0, **fields):
        q["onset"][0], q["onset_rate"][0] = theta, 1.0 / theta
        depth = depth_for_fall(math.log(40.0 / 30.0), q["softness"])
        swing = (depth - 0.2 - q["depth_mean"]) / q["depth_moving"]
        fields = {
            "swing": swing,
            "care": CARE_COURSE,
            "treatment": 0,
            "gain": gain,
            "started": 100.0,
            **fields,
        }
        return new_patient(worst=40.0, reference=30.0, contact=0.2, **fields)

    return make


def score(p, q, day):
    return severity_of_depth(p, q, natural_depth(p, q) + p["contact"] + effect_at(p, q, day))


def test_relief_is_the_day_on_which_half_the_score_is_left(on_course, q):
    p = on_course(theta=2.0)
    day = relief_day(p, q, 106.0)
    assert 100 < day < 106
    assert score(p, q, day) == pytest.approx(15.0, rel=1e-6)


def test_a_faster_treatment_relieves_sooner_in_proportion(on_course, q):
    days = [relief_day(on_course(theta=theta), q, 107.0) - 100 for theta in (0.5, 1.0, 2.0)]
    assert days[1] == pytest.approx(2 * days[0])
    assert days[2] == pytest.approx(4 * days[0])
    assert days[0] < 1  # relief within hours is seen within the first day


def test_relief_lies_between_the_reading_and_one_grid_step_before(on_course, q):
    p = on_course(theta=0.5)
    assert relief_day(p, q, 200.0) == pytest.approx(200.0 - q["grid_days"])


@pytest.mark.parametrize("fields", [{"care": CARE_WAIT}, {"gain": 0.0}, {"gain": 0.05}])
def test_relief_that_no_course_explains_is_found_when_it_is_read(on_course, q, fields):
    assert relief_day(on_course(**fields), q, 107.0) == 107.0


def test_whoever_was_never_that_ill_is_relieved_when_read(on_course, q):
    p = on_course()
    p["worst"] = 14.0
    assert math.isclose(relief_day(p, q, 107.0), 107.0)
