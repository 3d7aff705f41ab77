"""Rates, probabilities and discounting: converted in one place, exponentially."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popmodel.units import (
    DAYS_PER_MONTH,
    DAYS_PER_WEEK,
    DAYS_PER_YEAR,
    MONTHS_PER_YEAR,
    discount_rate_per_day,
    per_day,
    probability_to_rate,
    rate_to_probability,
)


@given(st.floats(0, 0.999999), st.floats(0.01, 1000))
def test_a_probability_survives_the_way_to_a_rate_and_back(probability, time):
    rate = probability_to_rate(probability, time)
    assert rate_to_probability(rate, time) == pytest.approx(probability, abs=1e-12)


def test_two_half_years_of_a_rate_are_one_year_of_it():
    year = rate_to_probability(0.3, 1.0)
    half = rate_to_probability(0.3, 0.5)
    assert 1 - (1 - half) ** 2 == pytest.approx(year, rel=1e-14)


def test_a_year_of_the_daily_discount_rate_is_the_yearly_rate():
    assert math.exp(discount_rate_per_day(0.03) * DAYS_PER_YEAR) == pytest.approx(1.03, rel=1e-14)
    assert discount_rate_per_day(0.0) == 0.0


def test_twelve_months_make_a_year_and_the_julian_year_has_leap_days():
    assert DAYS_PER_MONTH * MONTHS_PER_YEAR == DAYS_PER_YEAR == 365.25
    assert per_day(1.0, "1/week") == 1 / DAYS_PER_WEEK
    assert per_day(12.0, "1/month") == pytest.approx(per_day(144.0, "1/year"), rel=1e-15)


@pytest.mark.parametrize("wrong", [-0.1, 1.0, 35.0])
def test_what_is_no_probability_is_refused(wrong):
    with pytest.raises(ValueError, match="probability"):
        probability_to_rate(wrong)


def test_negative_rates_and_times_and_unknown_units_are_refused():
    with pytest.raises(ValueError, match="positive time"):
        probability_to_rate(0.5, 0.0)
    with pytest.raises(ValueError, match="negative"):
        rate_to_probability(-1.0)
    with pytest.raises(ValueError, match="negative"):
        rate_to_probability(1.0, -1.0)
    with pytest.raises(ValueError, match="unknown rate unit"):
        per_day(1.0, "per fortnight")
