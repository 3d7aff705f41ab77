"""What trials tell about numbers: doubt, studies left out, rivals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.trials.conftest import SEED

from popmodel.errors import RunError
from popmodel.parameters import Structure
from popmodel.trials.calibrate import fit_trials
from popmodel.trials.doubt import doubt_about_trials
from popmodel.trials.identify import (
    HARM,
    card_of,
    correlations,
    left_out,
    numbers_told,
    separation,
    told_share,
)
from popmodel.trials.terms import study
from popmodel.trials.validate import validate

FEW = 512
STRUCTURE = Structure()


@pytest.fixture(scope="module")
def some(evidence):
    """Sequences and a few of the other trials: enough to see what must hold."""
    others = [t for t in evidence.trials.values() if t.design == "parallel"]
    few = [
        one
        for use, count in (("fit", 7), ("test", 2))
        for one in [t for t in others if t.use == use][:count]
    ]
    sequences = [t for t in evidence.trials.values() if t.design == "sequence"]
    kept = {trial.id: trial for trial in [*sequences, *few]}
    return replace(evidence, trials=kept)


@pytest.fixture(scope="module")
def left(some):
    return left_out(some, STRUCTURE, seed=SEED, recruits=FEW)


@pytest.fixture(scope="module")
def rivals(some):
    return separation(some, STRUCTURE, seed=SEED, recruits=FEW)


@pytest.fixture(scope="module")
def two(evidence):
    """A fitted trial and the one with most numbers of those held back."""
    parallel = [t for t in evidence.trials.values() if t.design == "parallel"]
    fitted = next(t for t in parallel if t.use == "fit")
    held = max((t for t in parallel if t.use == "test"), key=lambda t: len(t.outcomes))
    return replace(evidence, trials={one.id: one for one in (fitted, held)})


@pytest.fixture(scope="module")
def doubt(two):
    return doubt_about_trials(two, STRUCTURE, seed=SEED, recruits=256)


def test_trials_narrow_what_they_meet(evidence):
    told = {one.path: one for one in numbers_told(evidence, STRUCTURE)}
    assert set(told) == set(card_of(evidence, STRUCTURE).paths)
    assert all(one.low < one.value < one.high for one in told.values())
    assert np.median([one.told for one in told.values()]) > 0.5
    assert all(one.partner != path for path, one in told.items())


def test_a_correlation_matrix_has_ones_and_nothing_beyond(evidence):
    matrix = correlations(card_of(evidence, STRUCTURE))
    assert np.allclose(np.diag(matrix), 1.0)
    assert np.abs(matrix).max() < 1.0 + 1e-9


def test_a_prior_that_stays_as_it_is_was_told_nothing():
    assert told_share(1.3 * 0.2, 0.2) == pytest.approx(0.0)
    assert told_share(0.13, 0.2) == pytest.approx(0.75)


def test_every_study_is_left_out_once_and_all_its_cards_together(some, left):
    trials = {trial.id: trial for trial in fit_trials(some)}
    moved = {}
    for row in left:
        moved.setdefault(study(trials[row.trial]), set()).add((row.moved, row.by))
    assert all(len(one) == 1 for one in moved.values())
    assert len(moved) > 3


def test_numbers_foretold_from_other_studies_lie_farther_off_than_fitted_ones(left):
    """Each fitted number pulls the fit towards itself: left out, its raw distance grows."""
    fitted = np.array([abs(row.observed - row.fitted) for row in left])
    foretold = np.array([abs(row.observed - row.foretold) for row in left])
    assert foretold.mean() > fitted.mean()
    assert all(math.isfinite(row.foretold) for row in left)


def test_more_trials_never_tell_less_of_a_rival(rivals):
    sd = {(one.trials, one.number): one.sd for one in rivals}
    for which, number in sd:
        assert sd["all", number] <= sd["sequences", number] * (1.0 + 1e-9)
        assert which in ("all", "sequences")
    assert {one.number for one in rivals} >= {HARM}
    assert all(one.sd_alone <= one.sd * (1.0 + 1e-9) for one in rivals if one.trials == "all")


def test_doubt_widens_the_intervals_of_what_was_held_back_and_of_nothing_else(
    two, parameters, doubt
):
    plain = validate(two, parameters, seed=SEED, recruits=FEW)
    wide = validate(two, parameters, seed=SEED, recruits=FEW, doubt=doubt)
    wider = 0
    for one, other in zip(plain, wide, strict=True):
        if math.isnan(one.z):
            continue
        assert other.predicted == one.predicted
        assert other.sd >= one.sd
        wider += other.sd > one.sd
        if one.use == "fit":
            assert other.sd == one.sd
    assert wider >= 4


def test_doubt_about_relapse_spreads_a_prediction_that_no_fit_moves(evidence):
    """No fitted number moves who relapses by much; the pieces on the cards are in doubt."""
    name = "antler-2021"
    alone = replace(evidence, trials={name: evidence.trials[name]})
    spread = doubt_about_trials(alone, STRUCTURE, seed=SEED, recruits=256)[name]
    assert all(sd > 0.02 for sd in spread)


def test_a_structure_without_fit_has_no_doubt_and_says_so(evidence):
    bare = replace(evidence, calibrated={})
    assert doubt_about_trials(bare, STRUCTURE, seed=SEED, recruits=FEW) == {}
    with pytest.raises(RunError, match="popmodel calibrate"):
        numbers_told(bare, STRUCTURE)
