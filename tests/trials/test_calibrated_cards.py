"""The committed calibrations: what must hold of them (section 10 of the model)."""

from __future__ import annotations

import numpy as np
import pytest

from popmodel.parameters import Structure
from popmodel.trials.calibrate import trial_parameters_of
from popmodel.trials.emulate import Emulator

RECRUITS = 8192


@pytest.fixture(scope="module")
def fitted(evidence):
    if not evidence.calibrated:
        pytest.skip("no calibrated card yet")
    return trial_parameters_of(evidence, Structure()), Emulator(20261122, RECRUITS)


def shares(evidence, fitted, trial: str) -> dict[str, float]:
    parameters, emulator = fitted
    rows = emulator.predict(evidence.trials[trial], parameters)
    return {f"{row.arm} {row.days:g}": row.value for row in rows}


def test_star_d_falls_from_step_to_step_as_published(evidence, fitted):
    first = shares(evidence, fitted, "star-d")["step_1 98"]
    second = shares(evidence, fitted, "star-d-pooled-step-2")["step_2 98"]
    later = shares(evidence, fitted, "star-d-later-steps")
    third, fourth = later["step_3 98"], later["step_4 98"]
    assert first == pytest.approx(0.368, abs=0.03)
    assert second == pytest.approx(0.306, abs=0.03)
    assert third == pytest.approx(0.137, abs=0.05)
    assert fourth == pytest.approx(0.130, abs=0.05)
    assert 0.64 <= 1.0 - np.prod([1.0 - p for p in (first, second, third, fourth)]) <= 0.72


def test_the_untreated_remit_as_published(evidence, fitted):
    for trial, wanted in (
        ("whiteford-2013", (0.23, 0.32, 0.53)),
        ("spijker-2002", (0.50, 0.63, 0.76)),
    ):
        found = shares(evidence, fitted, trial).values()
        assert list(found) == pytest.approx(list(wanted), abs=0.06)


def test_calibrated_cards_are_complete(evidence):
    for name, card in evidence.calibrated.items():
        assert name == card.id == card.fit
        assert set(card.paths) == set(card.values)
        covariance = np.array(card.covariance)
        assert covariance == pytest.approx(covariance.T)
        assert np.linalg.eigvalsh(covariance).min() > -1e-9
        errors = [card.values[path].se for path in card.paths]
        assert np.sqrt(np.diag(covariance)) == pytest.approx(errors, rel=0.01)
        assert all(evidence.quantity(path) for path in card.paths)
        for treatment, factors in card.extrapolation.items():
            assert len(factors) == evidence.treatments[treatment].tested_after
            assert list(factors) == sorted(factors, reverse=True) or max(factors) == 1.0
