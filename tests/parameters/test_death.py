"""What a death takes away: years and earnings, against closed forms, quadrature and a census."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from popmodel.parameters import earnings_ahead, years_ahead
from popmodel.parameters.record import AGES

OLDEST = 110.0
BOTH = np.array([0, 1])


@pytest.fixture
def even(parameters):
    """A world with one hazard (women .01, men .02 a year) and one wage at all ages."""
    record = parameters.record.copy()
    record["cumulative_mortality"][0] = np.outer([0.01, 0.02], np.arange(AGES))
    record["wage"][0] = 100.0
    return record


def test_under_one_hazard_the_years_ahead_are_an_annuity(even):
    for age in (0.0, 18.4, 40.0, 77.7, 109.5):
        for rate in (0.0, 0.03):
            found = years_ahead(even, BOTH, np.full(2, age), rate)
            force = np.array([0.01, 0.02]) + rate
            expected = -np.expm1(-force * (OLDEST - age)) / force
            assert found == pytest.approx(expected, rel=1e-12)


def test_nobody_has_years_ahead_at_the_oldest_age(even):
    assert years_ahead(even, BOTH, np.full(2, OLDEST)).tolist() == [0.0, 0.0]


def test_life_expectancy_is_that_of_the_published_table(parameters):
    """US 2014: 81.2 years for girls and 76.4 for boys at birth (Arias, NVSR 66(4))."""
    found = years_ahead(parameters.record, BOTH, np.zeros(2))
    assert found == pytest.approx([81.2, 76.4], abs=0.15)


def test_earnings_are_the_wage_times_the_years_ahead_if_the_wage_never_changes(even):
    age = np.array([30.2, 71.0])
    for rate in (0.0, 0.05):
        expected = 36525.0 * years_ahead(even, BOTH, age, rate)
        assert earnings_ahead(even, BOTH, age, rate) == pytest.approx(expected, rel=1e-12)


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from([0, 1]), st.floats(18.0, 100.0), st.sampled_from([0.0, 0.03]),
    st.sampled_from([40.0, 90.0, 700.0, math.inf]),
)  # fmt: skip
def test_earnings_are_the_integral_of_wage_survival_and_discounting(
    parameters, sex, age, rate, days
):
    record = parameters.record
    hazard = record["cumulative_mortality"][0][sex]
    high = record["age_band_high"][0][: int(record["age_bands"][0])]

    def worth(s):
        at = min(age + s, OLDEST)
        band = min(int(np.searchsorted(high, at, side="right")), len(high) - 1)
        alive = np.interp(at, np.arange(AGES), hazard) - np.interp(age, np.arange(AGES), hazard)
        return record["wage"][0][sex, band] * 365.25 * math.exp(-alive - rate * s)

    end = min(days / 365.25, OLDEST - age)
    edges = [0.0, *[x - age for x in range(math.floor(age) + 1, 111) if x - age < end], end]
    expected = sum(integrate.quad(worth, a + 1e-12, b - 1e-12)[0] for a, b in pairwise(edges))
    found = earnings_ahead(record, np.array([sex]), np.array([age]), rate, days)[0]
    assert found == pytest.approx(expected, rel=1e-6)


def test_friction_costs_are_no_more_than_human_capital_and_nothing_after_no_days(parameters):
    age = np.array([25.0, 64.9])
    record = parameters.record
    whole = earnings_ahead(record, BOTH, age)
    assert (earnings_ahead(record, BOTH, age, days=90.0) < whole).all()
    assert earnings_ahead(record, BOTH, age, days=0.0).tolist() == [0.0, 0.0]
    assert earnings_ahead(record, BOTH, age, days=1e9) == pytest.approx(whole, rel=1e-12)
