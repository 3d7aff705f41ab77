"""Scores on other scales as scores of the model, and back: straight lines between linked pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from popmodel.evidence.load import Evidence
from popmodel.evidence.schema import Scales
from popmodel.evidence.schema.scales import OWN

Floats = NDArray[np.float64]
Pairs = Sequence[tuple[float, float]]


def linked_scales(evidence: Evidence) -> dict[str, tuple[tuple[float, float], ...]]:
    """Return the pairs (score, MADRS) of every linked scale by name."""
    cards = [card for card in evidence.disease.values() if isinstance(card, Scales)]
    return {name: link.points for card in cards for name, link in card.links.items()}


def to_madrs(scales: Mapping[str, Pairs], scale: str, score: ArrayLike) -> Floats:
    """Return the MADRS that stands for scores on a scale.

    Args:
        scales: pairs by name, as `linked_scales` gives them.
        scale: name of the scale; that of the model changes nothing.
        score: scores on it, any shape; beyond the last pair its line goes on.
    """
    if scale == OWN:
        return np.asarray(score, dtype=float)
    own, linked = _columns(scales[scale])
    return _lines(score, own, linked)


def from_madrs(scales: Mapping[str, Pairs], scale: str, score: ArrayLike) -> Floats:
    """Return the scores on a scale that stand for a MADRS; arguments as in `to_madrs`."""
    if scale == OWN:
        return np.asarray(score, dtype=float)
    own, linked = _columns(scales[scale])
    return _lines(score, linked, own)


def _columns(pairs: Pairs) -> tuple[Floats, Floats]:
    columns = np.asarray(pairs, dtype=float).T
    return columns[0], columns[1]


def _lines(x: ArrayLike, known: Floats, wanted: Floats) -> Floats:
    x = np.asarray(x, dtype=float)
    left = np.clip(np.searchsorted(known, x, side="right") - 1, 0, len(known) - 2)
    slope = (wanted[left + 1] - wanted[left]) / (known[left + 1] - known[left])
    return np.asarray(wanted[left] + slope * (x - known[left]))
