"""Draws of the parameters: keyed, so that no sample and no number moves another's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from popmodel.evidence.load import Evidence
from popmodel.parameters import Structure
from popmodel.parameters.posterior import posterior_draws
from popmodel.parameters.treatments import FAMILIES_DRAWN
from popmodel.randomness import patient_keys, subject_salt

Floats = NDArray[np.float64]
Uniform = Callable[[str], ArrayLike]


def sample_uniforms(seed: int, first: int, count: int) -> Callable[[str], Floats]:
    """Return the uniforms of samples by subject: a function of seed, sample and name alone.

    Args:
        seed: seed of the parameter draws, apart from patient luck.
        first: number of the first sample.
        count: how many.
    """

    def uniforms(subject: str) -> Floats:
        keys = patient_keys(seed ^ subject_salt("parameter draw", subject), first, count)
        return np.asarray(((keys >> np.uint64(12)) + 0.5) * 2.0**-52, dtype=float)

    return uniforms


def parameter_draws(
    evidence: Evidence, structure: Structure, uniform: Uniform
) -> dict[str, Floats]:
    """Return draws of every number in doubt under a structure, by path.

    Cards first; what a calibration fitted is drawn from its posterior instead. Under `mixture`
    every family of treatments takes the premise or the evidence reading, by the weight on its card.

    Args:
        evidence: cards with a scenario's overrides applied.
        structure: structural choices.
        uniform: uniform numbers in [0, 1] by subject; all of one shape.
    """
    drawn = {path: np.asarray(x, dtype=float) for path, x in evidence.draws(uniform).items()}
    card = evidence.calibrated.get(structure.calibration)
    if card is not None:
        fitted = posterior_draws(card, evidence.quantities(), uniform, evidence.overridden)
        drawn |= fitted
        for path in set(card.values) - set(card.paths) - set(evidence.overridden):
            drawn.pop(path, None)
    if structure.severity_effect == "mixture":
        drawn |= _readings(evidence, uniform)
    return drawn


def _readings(evidence: Evidence, uniform: Uniform) -> dict[str, Floats]:
    """Return 1 for the premise and 0 for the evidence reading of every treatment."""
    found: dict[str, Any] = {}
    for name, card in evidence.treatments.items():
        weight = card.severity_effect.premise_weight.value
        if 0.0 < weight < 1.0:
            u = np.asarray(uniform(FAMILIES_DRAWN + card.family), dtype=float)
            found[FAMILIES_DRAWN + name] = (u < weight).astype(float)
    return found
