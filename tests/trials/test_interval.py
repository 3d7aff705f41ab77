"""Intervals for published shares stay between 0 and 1 and hold 95 % of what could be seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from popmodel.trials.interval import Z95, normal_interval, share_interval

SHARES = (0.01, 0.1, 0.3, 0.5, 0.8, 0.97)
SIZES = (12, 40, 200, 1000)


def sampling_sd(p, size):
    return math.sqrt(p * (1.0 - p) / size)


@given(
    expected=st.floats(0.0, 1.0),
    people=st.floats(1.0, 3000.0),
    sd=st.floats(0.0, 3.0),
)
def test_a_share_never_leaves_zero_to_one_and_the_expected_one_lies_inside(expected, people, sd):
    low, high = share_interval(expected, people, sd)
    assert 0.0 <= low <= expected <= high <= 1.0
    assert low < high


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("p", SHARES)
def test_sampling_alone_is_a_binomial_count(p, size):
    low, high = share_interval(p, size, sampling_sd(p, size))
    law = stats.binom(size, p)
    assert low == pytest.approx(min(p, max(0.0, law.ppf(0.025) - 0.5) / size), abs=1e-9)
    assert high == pytest.approx(max(p, min(size, law.ppf(0.975) + 0.5) / size), abs=1e-9)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("p", SHARES)
@pytest.mark.parametrize("between", [0.03, 0.1])
def test_the_spread_between_trials_is_that_of_a_beta_binomial(p, size, between):
    between *= math.sqrt(p * (1.0 - p)) * 2.0
    total = between**2 * (1.0 - 1.0 / size) + sampling_sd(p, size) ** 2
    precision = p * (1.0 - p) / between**2 - 1.0
    law = stats.betabinom(size, p * precision, (1.0 - p) * precision)
    low, high = share_interval(p, size, math.sqrt(total))
    inside = law.cdf(math.floor(high * size)) - law.cdf(math.ceil(low * size) - 1)
    assert law.std() / size == pytest.approx(math.sqrt(total), rel=1e-6)
    assert inside >= 0.95
    for tail in (law.cdf(math.ceil(low * size)), law.sf(math.floor(high * size) - 1)):
        assert tail > 0.025 or law.pmf(0) > 0.9  # a narrower interval would hold too little


def test_a_setting_that_moves_depth_is_covered_as_promised():
    """The setting acts as a normal effect on depth, not as a beta on the share: 20,000 trials."""
    chance = np.random.default_rng(20261122)
    trials, size, spread = 20_000, 60, 0.30
    for depth in (-2.0, -1.0, 0.3):
        p, slope = stats.norm.cdf(depth), stats.norm.pdf(depth)
        sd = math.hypot(sampling_sd(p, size), spread * slope)
        low, high = share_interval(p, size, sd)
        seen = chance.binomial(size, stats.norm.cdf(depth + spread * chance.normal(size=trials)))
        covered = np.mean((seen / size >= low) & (seen / size <= high))
        assert 0.93 < covered < 0.985


def test_none_of_a_few_lies_inside_where_few_are_expected():
    assert share_interval(0.05, 20, sampling_sd(0.05, 20))[0] == 0.0
    assert share_interval(0.95, 20, sampling_sd(0.95, 20))[1] == 1.0


def test_means_are_normal():
    assert normal_interval(-3.0, 2.0) == (-3.0 - 2.0 * Z95, -3.0 + 2.0 * Z95)
