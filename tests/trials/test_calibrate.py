"""Fitting: priors, and finding again what made the data."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.trials.conftest import SEED, with_results

from popmodel.parameters import Structure
from popmodel.trials.calibrate import Likelihood, calibrate, fit_trials, trial_parameters_of
from popmodel.trials.emulate import Emulator
from popmodel.trials.free import Free, free_parameters, values_at


@pytest.mark.parametrize("link", ["identity", "log", "logit"])
def test_a_free_number_goes_to_its_scale_and_back(link):
    free = Free("a.b", link, -0.4, 0.3)
    for x in (-2.0, 0.0, 1.5):
        assert free.at(free.value(x)) == pytest.approx(x)
        slope = (free.value(x + 1e-6) - free.value(x - 1e-6)) / 2e-6
        assert free.slope(x) == pytest.approx(slope, rel=1e-5)


def test_what_nobody_has_tried_in_people_is_not_fitted(evidence):
    free = {one.path for one in free_parameters(evidence, Structure(), fit_trials(evidence))}
    for name, card in evidence.treatments.items():
        if not card.human_efficacy:
            assert f"treatments.{name}.potency" not in free
    assert all(evidence.quantity(path).sd > 0.0 for path in free)


def test_the_persistent_share_is_free_only_where_no_structure_sets_it(evidence):
    trials = fit_trials(evidence)
    default = {one.path for one in free_parameters(evidence, Structure(), trials)}
    other = {
        one.path for one in free_parameters(evidence, Structure(correlation="optimistic"), trials)
    }
    assert {path.rsplit(".", 1)[-1] for path in default - other} == {"persistent_share"}


def synthetic(trial, parameters, seed: int, size: int):
    """Return a trial whose counts are what the model expects of many patients."""
    rows = Emulator(seed, size).predict(trial, parameters)
    outcomes = []
    for number, outcome in enumerate(trial.outcomes):
        results = {
            row.arm: row.result.model_copy(
                update={"count": round(400 * row.value), "of": 400, "share": None}
            )
            for row in rows
            if row.outcome == number
        }
        outcomes.append(with_results(outcome, results))
    return trial.model_copy(update={"outcomes": tuple(outcomes), "pooled": True})


@pytest.mark.slow
def test_a_fit_finds_the_potency_and_the_contact_that_made_the_data(evidence):
    trial = next(
        t
        for t in fit_trials(evidence)
        if t.design == "parallel" and len({arm.treat for arm in t.arms.values()}) == 2
        and all(o.measure in ("response", "remission") for o in t.outcomes)
        and sum(evidence.treatments[arm.treat].kind == "control" for arm in t.arms.values()) == 1
    )  # fmt: skip
    structure = Structure()
    free = free_parameters(evidence, structure, [trial])
    truth = np.zeros(len(free))
    moved = [n for n, one in enumerate(free) if not one.path.startswith("disease")]
    truth[moved] = 0.4
    values = dict(values_at(free, truth))
    parameters = trial_parameters_of(evidence, structure, values)
    made = synthetic(trial, parameters, SEED, 4096)
    fit = calibrate(evidence, structure, seed=SEED, recruits=4096, trials=[made], evaluations=8)
    for n in moved:
        error = math.sqrt(fit.covariance[n, n])
        assert fit.values[free[n].path] == pytest.approx(values[free[n].path], abs=2.0 * error)
    assert fit.deviance < len(fit.terms)


@pytest.mark.slow
def test_the_jacobian_points_downhill(evidence):
    likelihood = Likelihood(
        evidence, Structure(), fit_trials(evidence)[:6], seed=SEED, recruits=2048
    )
    x = np.zeros(len(likelihood.free))
    here = likelihood.residuals(x)
    gradient = likelihood.jacobian(x).T @ here
    step = -0.3 * gradient / np.linalg.norm(gradient)
    there = likelihood.residuals(x + step)
    assert there @ there < here @ here
