"""What a fit compares."""

from __future__ import annotations

import math

import numpy as np
import pytest

from popmodel.trials.terms import (
    SETTING_SD,
    Term,
    most_people,
    signed_root_deviance,
    terms_of,
    whitening,
)


def test_the_root_deviance_is_near_the_standardised_difference_in_large_samples():
    z = (0.32 - 0.30) / math.sqrt(0.3 * 0.7 / 5000)
    assert signed_root_deviance(0.32, 0.30, 5000) == pytest.approx(z, rel=0.03)
    assert signed_root_deviance(0.28, 0.30, 5000) < 0.0
    assert signed_root_deviance(0.30, 0.30, 5000) == 0.0


def test_nobody_and_everybody_have_a_finite_deviance():
    assert signed_root_deviance(0.0, 0.2, 15) == pytest.approx(-math.sqrt(-30 * math.log(0.8)))
    assert math.isfinite(signed_root_deviance(1.0, 0.0, 10))


def test_whitened_residuals_have_unit_covariance():
    terms = [Term("t", "a", 0.5, 0.4, 100, math.nan), Term("t", "b", 0.2, 0.3, 100, math.nan)]
    slopes = [0.25, 0.2]
    w = whitening(terms, slopes)
    g = np.array([t.precision * s for t, s in zip(terms, slopes, strict=True)])
    covariance = np.eye(2) + SETTING_SD**2 * np.outer(g, g)
    assert w @ covariance @ w.T == pytest.approx(np.eye(2), abs=1e-12)
    assert whitening(terms, [0.0, 0.0]) == pytest.approx(np.eye(2))


def test_cumulative_counts_are_compared_by_their_increments(evidence, parameters, emulator):
    for trial in evidence.trials.values():
        if trial.use == "fit" and all(arm.treat is None for arm in trial.arms.values()):
            terms = terms_of(trial, emulator.predict(trial, parameters))
            sizes = [term.size for term in terms]
            assert sizes == sorted(sizes, reverse=True)
            assert all(0.0 <= term.observed <= 1.0 for term in terms)
            kept = np.prod([1.0 - term.observed for term in terms])
            last = trial.outcomes[-1].results.popitem()[1]
            assert kept == pytest.approx(1.0 - last.count / last.of)


def test_pooled_rates_and_large_trials_are_capped(evidence):
    for trial in evidence.trials.values():
        assert most_people(trial, False) <= 400.0
        assert most_people(trial, True) == (200.0 if trial.pooled else math.inf)


def test_a_share_of_nobody_says_nothing():
    """Nobody responded, so nobody could remit given response."""
    empty = Term("t", "remission given response", 0.0, 0.6, 0.0, math.nan)
    assert empty.is_share
    assert empty.residual == 0.0
    assert empty.precision == 0.0
