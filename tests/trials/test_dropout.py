"""Who leaves an arm, and who leaves sooner."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from popmodel.trials.dropout import logistic_slope


@pytest.fixture(scope="module")
def leaving(evidence):
    return next(
        t for t in evidence.trials.values() if any(o.measure == "dropout" for o in t.outcomes)
    )


def changed(parameters, trial, **fields):
    (arm,) = trial.arms.values()
    record = parameters.record.copy()
    for name, value in fields.items():
        record[0][name][parameters.treatments.index(arm.treat)] = value
    return replace(parameters, record=record)


def values(emulator, trial, parameters):
    return {row.measure: row.value for row in emulator.predict(trial, parameters)}


def test_nobody_leaves_where_nobody_drops_out(parameters, emulator, leaving):
    found = values(emulator, leaving, changed(parameters, leaving, dropout_rate=0.0))
    assert found["dropout"] < 0.02  # deaths and crises alone


def test_the_severe_leave_sooner_where_the_card_says_so(parameters, emulator, leaving):
    flat = values(emulator, leaving, changed(parameters, leaving, dropout_slope=0.0))
    steep = values(emulator, leaving, changed(parameters, leaving, dropout_slope=0.08))
    assert abs(flat["dropout_slope"]) < 0.02
    assert steep["dropout_slope"] > flat["dropout_slope"] + 0.03


def test_a_logistic_slope_is_found_again():
    rng = np.random.default_rng(2)
    x = rng.normal(27.0, 6.0, 40_000)
    y = (rng.random(len(x)) < expit(-3.0 + 0.06 * x)).astype(float)
    weights = np.full(len(x), 1.0 / len(x))
    assert logistic_slope(y, x, weights) == pytest.approx(0.06, abs=0.01)  # four standard errors
    assert math.isnan(logistic_slope(np.zeros_like(x), x, weights))
