"""Simulation-based calibration of the fitting procedure (Talts et al. 2018), made small.

Numbers are drawn from their priors, trials are made from them by the emulator with binomial
counts, and the fit is asked for the numbers again. If posteriors are right, the ranks of the true
numbers in them are uniform. The posterior of the fit is normal around its optimum; the
overdispersion that it is multiplied by for real trials is taken off, since these trials have none.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from popmodel.errors import RunError
from popmodel.evidence.load import load_evidence
from popmodel.evidence.schema import ArmResult
from popmodel.parameters import Structure
from popmodel.trials.calibrate import (
    OVERDISPERSION,
    Likelihood,
    calibrate,
    fit_trials,
    trial_parameters_of,
)
from popmodel.trials.emulate import Emulator, response_beside
from popmodel.trials.free import free_parameters, values_at

SEED, RECRUITS, PEOPLE, REPLICATES = 11, 1024, 200, 32
FALSE_ALARM = 0.001
STRUCTURE = Structure()


@pytest.fixture(scope="module")
def evidence():
    return load_evidence()


def plain(trial, evidence):
    """Tell whether a trial compares one treatment with its own control in shares."""
    kinds = [evidence.treatments[arm.treat].kind for arm in trial.arms.values() if arm.treat]
    return (
        trial.design == "parallel"
        and sorted(kinds) == ["control", "treatment"]
        and all(o.measure in ("response", "remission") for o in trial.outcomes)
        and {o.measure for o in trial.outcomes} == {"response", "remission"}
    )


def made(trial, parameters, rng):
    """Return the trial with counts drawn from what the model expects."""
    rows = Emulator(SEED, RECRUITS).predict(trial, parameters)
    response = {r.arm: rng.binomial(PEOPLE, r.value) for r in rows if r.measure == "response"}
    outcomes = []
    for number, outcome in enumerate(trial.outcomes):
        shown = {}
        for row in (r for r in rows if r.outcome == number):
            count = response[row.arm]
            if row.measure == "remission":
                assert response_beside(trial, row) is not None
                count = rng.binomial(count, row.given_response)
            shown[row.arm] = ArmResult(count=int(count), of=PEOPLE)
        said = outcome.model_dump(exclude_none=True, exclude=set(outcome.results))
        shown = {arm: result.model_dump(exclude_none=True) for arm, result in shown.items()}
        outcomes.append(type(outcome).model_validate({**said, **shown}))
    return trial.model_copy(update={"outcomes": tuple(outcomes), "pooled": True})


@pytest.fixture(scope="module")
def ranks(evidence):
    """Rank of each true number in its posterior, by replicate and number."""
    trial = next(t for t in fit_trials(evidence) if plain(t, evidence))
    free = free_parameters(evidence, STRUCTURE, [trial])
    rng = np.random.default_rng(20261122)
    found = []
    while len(found) < REPLICATES:
        truth = np.clip(rng.normal(size=len(free)), -2.0, 2.0)
        parameters = trial_parameters_of(evidence, STRUCTURE, values_at(free, truth))
        try:
            data = made(trial, parameters, rng)
            fit = calibrate(
                evidence, STRUCTURE, seed=SEED, recruits=RECRUITS, trials=[data], evaluations=8
            )
        except RunError:  # nobody ill enough can be recruited so far from the middle of the prior
            continue
        slopes = np.array([one.slope(float(x)) for one, x in zip(fit.free, fit.x, strict=True)])
        sd = np.sqrt(np.diag(fit.covariance)) / np.abs(slopes) / OVERDISPERSION
        found.append(stats.norm.cdf((truth - fit.x) / sd))
    return np.array(found), [one.path for one in free]


@pytest.mark.slow
def test_true_numbers_have_uniform_ranks_in_their_posteriors(ranks):
    values, paths = ranks
    alarm = FALSE_ALARM / len(paths)
    found = {p: stats.kstest(values[:, n], "uniform").pvalue for n, p in enumerate(paths)}
    assert min(found.values()) > alarm, found


@pytest.mark.slow
def test_intervals_hold_the_true_number_as_often_as_they_say(ranks):
    values, _ = ranks
    inside = int(((values > 0.05) & (values < 0.95)).sum())
    number = values.size
    low, high = stats.binom.ppf([FALSE_ALARM / 2, 1 - FALSE_ALARM / 2], number, 0.9)
    assert low <= inside <= high, f"{inside} of {number}"


@pytest.mark.slow
def test_the_procedure_can_fail_this_test(ranks):
    """Posteriors half as wide as they should be are found out."""
    values, _ = ranks
    narrow = stats.norm.cdf(2.0 * stats.norm.ppf(values.ravel()))
    assert stats.kstest(narrow, "uniform").pvalue < FALSE_ALARM


@pytest.mark.slow
def test_a_trial_tells_the_sum_of_contact_and_potency_better_than_the_prior(evidence):
    """What the data of one trial narrow: its contact and its potency, in most directions."""
    trial = next(t for t in fit_trials(evidence) if plain(t, evidence))
    likelihood = Likelihood(evidence, STRUCTURE, [trial], seed=SEED, recruits=RECRUITS)
    jacobian = likelihood.jacobian(np.zeros(len(likelihood.free)))
    values = np.linalg.eigvalsh(jacobian.T @ jacobian)
    assert values.min() > 1.0 - 1e-6
    assert values.max() > 2.0
