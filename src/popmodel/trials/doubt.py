"""How far doubt about the numbers behind it spreads a prediction: sd^2 = g' V g + sum (h s)^2.

V is the covariance on the calibrated card, g the change of the prediction with each fitted number.
Numbers that no fit moved (relapse, harm, onset, what has not been in a fitted trial) keep the
doubt of their own cards: s is its standard deviation, h the change with it; they are taken as
independent. Changes are differences over a quarter of a standard deviation with the same patients
and luck.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from popmodel.errors import RunError
from popmodel.evidence.calibration import fitted_values
from popmodel.evidence.load import Evidence
from popmodel.evidence.schema import (
    Calibrated,
    Card,
    Crisis,
    Mortality,
    Relapse,
    Response,
    Trial,
)
from popmodel.parameters import Parameters, Structure
from popmodel.trials.calibrate import STEP, trial_parameters_of
from popmodel.trials.emulate import Emulator
from popmodel.trials.free import treatments_met
from popmodel.trials.rates import RATES
from popmodel.trials.terms import contacts_met

Floats = NDArray[np.float64]

RECRUITS: Final = 2048
"""Enough for a spread, which need not be as exact as a prediction."""
OF_A_COURSE: Final = ("potency", "onset.", "engagement.", "severity_effect.")
"""Numbers of a treatment that the score on a day may depend on."""
OF_THE_WELL: Final = "durability."


def doubt_about_trials(
    evidence: Evidence, structure: Structure, *, seed: int, recruits: int = RECRUITS
) -> dict[str, list[float]]:
    """Return by trial the standard deviation of each prediction, in the order of its numbers.

    Trials that cannot be emulated are left out; nothing is returned for a structure without fit.
    Doubt about numbers that no fit moved is counted for trials held back only: it is for them.

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
    base = trial_parameters_of(evidence, structure, values)
    here = {
        trial.id: found
        for trial in evidence.trials.values()
        if (found := _predicted(emulator, trial, base)) is not None
    }
    variance = _of_the_fit(evidence, structure, card, emulator, here)
    for path, names in _met_by(evidence, card, here).items():
        sd = evidence.quantity(path).sd
        moved = {**values, path: evidence.quantity(path).value + STEP * sd}
        slopes = _slopes(evidence, structure, emulator, moved, {t: here[t] for t in names})
        for name, slope in slopes.items():
            variance[name] = variance[name] + (slope / STEP) ** 2
    return {name: [float(one) for one in np.sqrt(found)] for name, found in variance.items()}


def _of_the_fit(
    evidence: Evidence,
    structure: Structure,
    card: Calibrated,
    emulator: Emulator,
    here: Mapping[str, Floats],
) -> dict[str, Floats]:
    """Return by trial the variance that doubt about the fitted numbers makes."""
    values = fitted_values(evidence, card)
    free = [n for n, path in enumerate(card.paths) if path in values]
    covariance = np.array(card.covariance)[np.ix_(free, free)]
    steps = STEP * np.sqrt(np.diag(covariance))
    columns = [
        _slopes(evidence, structure, emulator, {**values, path: values[path] + step}, here)
        for path, step in zip([card.paths[n] for n in free], steps, strict=True)
    ]
    found = {}
    for name in here:
        slopes = np.array([column[name] for column in columns]) / steps[:, None]
        found[name] = np.einsum("ik,ij,jk->k", slopes, covariance, slopes)
    return found


def _slopes(
    evidence: Evidence,
    structure: Structure,
    emulator: Emulator,
    values: Mapping[str, float],
    here: Mapping[str, Floats],
) -> dict[str, Floats]:
    """Return by trial how far other values move its predictions."""
    parameters = trial_parameters_of(evidence, structure, values)
    found = {}
    for name, before in here.items():
        after = _predicted(emulator, evidence.trials[name], parameters)
        found[name] = np.zeros_like(before) if after is None else after - before
    return found


def _met_by(
    evidence: Evidence, card: Calibrated, names: Mapping[str, Floats]
) -> dict[str, list[str]]:
    """Return numbers in doubt that no fit moved, each with the trials held back that meet it."""
    found: dict[str, list[str]] = {}
    in_doubt = {p: q for p, q in evidence.quantities().items() if q.sd > 0.0}
    for name in names:
        trial = evidence.trials[name]
        if trial.use == "test":
            starts = tuple(_prefixes(evidence, trial))
            for path in in_doubt:
                if path.startswith(starts) and path not in card.values:
                    found.setdefault(path, []).append(name)
    return found


def _prefixes(evidence: Evidence, trial: Trial) -> Iterator[str]:
    """Yield how the paths begin of the numbers that the predictions of a trial may depend on."""
    forms: list[type[Card]] = [Response]
    parts: tuple[str, ...] = OF_A_COURSE
    if trial.design == "withdrawal":
        forms.append(Relapse)
        parts = (*parts, OF_THE_WELL)
    if any(outcome.measure in RATES for outcome in trial.outcomes):
        forms += [Crisis, Mortality]
    for form in forms:
        yield f"disease.{evidence.the(form).id}."
    for contact in contacts_met(trial, evidence):
        yield f"contacts.{contact}.level"
    for treatment in treatments_met([trial]):
        yield from (f"treatments.{treatment}.{part}" for part in parts)


def _predicted(emulator: Emulator, trial: Trial, parameters: Parameters) -> Floats | None:
    """Return the predictions of a trial, nan where one is not emulated; None if nothing is."""
    try:
        return np.array([row.value for row in emulator.predict(trial, parameters)])
    except RunError:
        return None
