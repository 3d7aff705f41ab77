"""How far doubt about the fitted numbers spreads a prediction: sd^2 = g' V g.

V is the covariance on the calibrated card, g the change of the prediction with each fitted number,
by differences over a quarter of its standard error with the same patients and luck.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from popmodel.errors import RunError
from popmodel.evidence.calibration import fitted_values
from popmodel.evidence.load import Evidence
from popmodel.evidence.schema import Trial
from popmodel.parameters import Parameters, Structure
from popmodel.trials.calibrate import STEP, trial_parameters_of
from popmodel.trials.emulate import Emulator

Floats = NDArray[np.float64]

RECRUITS: Final = 2048
"""Enough for a spread, which need not be as exact as a prediction."""


def doubt_about_trials(
    evidence: Evidence, structure: Structure, *, seed: int, recruits: int = RECRUITS
) -> dict[str, list[float]]:
    """Return by trial the standard deviation of each prediction, in the order of its numbers.

    Trials that cannot be emulated are left out; nothing is returned for a structure without fit.

    Args:
        evidence: cards.
        structure: structural choices.
        seed: patient luck.
        recruits: stock patients among whom each trial recruits.
    """
    card = evidence.calibrated.get(structure.calibration)
    if card is None or not card.paths:
        return {}
    emulator = Emulator(seed, recruits)
    values = fitted_values(evidence, card)
    free = [n for n, path in enumerate(card.paths) if path in values]
    covariance = np.array(card.covariance)[np.ix_(free, free)]
    steps = STEP * np.sqrt(np.diag(covariance))
    paths = [card.paths[n] for n in free]
    base = trial_parameters_of(evidence, structure, values)
    moved = [
        trial_parameters_of(evidence, structure, {**values, path: values[path] + step})
        for path, step in zip(paths, steps, strict=True)
    ]
    found = {}
    for trial in evidence.trials.values():
        here = _predicted(emulator, trial, base)
        if here is not None:
            there = [_predicted(emulator, trial, one) for one in moved]
            slopes = np.array([
                (here if one is None else one) - here for one in there
            ]) / steps[:, None]  # fmt: skip
            spread = np.sqrt(np.einsum("ik,ij,jk->k", slopes, covariance, slopes))
            found[trial.id] = [float(one) for one in spread]
    return found


def _predicted(emulator: Emulator, trial: Trial, parameters: Parameters) -> Floats | None:
    """Return the predictions of a trial, nan where one is not emulated; None if nothing is."""
    try:
        return np.array([row.value for row in emulator.predict(trial, parameters)])
    except RunError:
        return None
