"""Who a virtual trial recruits."""

from __future__ import annotations

import numpy as np
import pytest
from tests.trials.conftest import SEED

from popmodel.errors import RunError
from popmodel.evidence.schema import Limits
from popmodel.trials.recruits import draw_stock, effective_share, recruit, tilted, within


def test_tilting_reaches_the_wanted_mean_and_spread():
    scores = np.random.default_rng(1).normal(27.0, 7.5, 5000).clip(16.0, 60.0)
    weights = tilted(scores, 31.0, 5.0)
    mean = weights @ scores
    assert mean == pytest.approx(31.0, abs=0.01)
    assert np.sqrt(weights @ (scores - mean) ** 2) == pytest.approx(5.0, abs=0.01)
    assert weights.sum() == pytest.approx(1.0)
    assert 0.3 < effective_share(weights) < 1.0


def test_a_mean_nobody_has_is_refused():
    scores = np.linspace(20.0, 30.0, 100)
    with pytest.raises(RunError, match="45 is wanted"):
        tilted(scores, 45.0, None)


def test_without_tilting_everybody_counts_the_same():
    assert effective_share(np.full(50, 0.02)) == pytest.approx(1.0)


def test_limits_include_their_ends_unless_they_say_above_or_below():
    values = np.array([1.0, 2.0, 3.0])
    assert within(Limits(at_least=2.0), values).tolist() == [False, True, True]
    assert within(Limits(above=2.0), values).tolist() == [False, False, True]
    assert within(Limits(at_most=2.0), values).tolist() == [True, True, False]
    assert within(Limits(below=2.0), values).tolist() == [True, False, False]


def test_recruits_have_lived_the_failures_their_trial_asked_for(evidence, parameters):
    stock = draw_stock(parameters, ("prevalent", 2), SEED, 500)
    for trial in evidence.trials.values():
        failed = trial.include.failed_trials
        if failed is None or failed.at_least != 2:
            continue
        recruits = recruit(trial, stock, parameters)
        assert (recruits.persons["failures"] == 2).all()
        asked = trial.include.severity
        if asked is not None and asked.at_least is not None:
            assert (recruits.before >= asked.at_least).all()
        return
    pytest.fail("no trial asks for two failures")
