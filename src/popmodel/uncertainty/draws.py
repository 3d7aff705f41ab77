"""Draws of the parameters: keyed, so that no sample and no number moves another's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from popmodel.evidence.load import Evidence
from popmodel.evidence.schema import Calibrated
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
    evidence: Evidence,
    structure: Structure,
    uniform: Uniform,
    only: Sequence[str] | None = None,
) -> dict[str, Floats]:
    """Return draws of every number in doubt under a structure, by path.

    Cards first; what a calibration fitted is drawn from its posterior instead. Under `mixture`
    every family of treatments takes the premise or the evidence reading, by the weight on its card.

    Args:
        evidence: cards with a scenario's overrides applied.
        structure: structural choices.
        uniform: uniform numbers in [0, 1] by subject; all of one shape.
        only: paths that are wanted, in that order; all if None. The rest of the fit, and of the
            shares of a whole, keeps its value.
    """
    paths = numbers_in_doubt(evidence, structure) if only is None else tuple(only)
    mixed, own = readings(evidence), fitted_numbers(evidence, structure)
    fitted = [path for path in paths if path in own]
    plain = {path for path in paths if path not in mixed and path not in own}
    found: dict[str, Any] = evidence.draws(uniform, plain)
    if fitted:
        card = evidence.calibrated[structure.calibration]
        held = {path: None for path in card.paths if path not in fitted}
        found |= posterior_draws(card, evidence.quantities(), uniform, held)
    for path in paths:
        if path in mixed:
            family, weight = mixed[path]
            u = np.asarray(uniform(FAMILIES_DRAWN + family), dtype=float)
            found[path] = (u < weight).astype(float)
    return {path: np.asarray(found[path], dtype=float) for path in paths}


def fitted_draws(evidence: Evidence, card: Calibrated, seed: int, count: int) -> pd.DataFrame:
    """Return draws of the fitted numbers of a card: those of a run of draws with the same seed.

    Args:
        evidence: cards, for the scales of the numbers.
        card: what a calibration found.
        seed: seed of the parameter draws.
        count: how many, from the first on.

    Returns:
        A row a draw: `sample`, then a column a path in the order of the card.
    """
    uniform = sample_uniforms(seed, 0, count)
    found = posterior_draws(card, evidence.quantities(), uniform)
    return pd.DataFrame({"sample": range(count), **found})


def numbers_in_doubt(evidence: Evidence, structure: Structure) -> tuple[str, ...]:
    """Return every path that draws move under a structure.

    Args:
        evidence: cards with a scenario's overrides applied.
        structure: structural choices.
    """
    card = evidence.calibrated.get(structure.calibration)
    fixed = set(card.values) - set(card.paths) - set(evidence.overridden) if card else set()
    quantities = evidence.quantities()
    cards = [p for p, q in quantities.items() if q.is_uncertain and p not in fixed]
    mixed = readings(evidence) if structure.severity_effect == "mixture" else {}
    return tuple(dict.fromkeys([*cards, *fitted_numbers(evidence, structure), *mixed]))


def fitted_numbers(evidence: Evidence, structure: Structure) -> tuple[str, ...]:
    """Return the paths that are drawn from the posterior of a structure's calibration."""
    card = evidence.calibrated.get(structure.calibration)
    return tuple(p for p in card.paths if p not in evidence.overridden) if card else ()


def readings(evidence: Evidence) -> dict[str, tuple[str, float]]:
    """Return family and weight of the premise of every treatment whose reading is in doubt."""
    weights = {
        name: (card.family, card.severity_effect.premise_weight.value)
        for name, card in evidence.treatments.items()
    }
    return {FAMILIES_DRAWN + name: one for name, one in weights.items() if 0.0 < one[1] < 1.0}
