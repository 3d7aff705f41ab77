"""Draws from what a calibration found: fitted numbers move together, each on its own scale.

A fit gives means and a covariance; they hold on the scale without limits (log, logit, or as it is)
on which the number was fitted, and are carried there by the slope of the link.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from popmodel.evidence.quantity import Quantity
from popmodel.evidence.schema import Calibrated
from popmodel.parameters.links import link_of, linked, slope_of, unlinked

Floats = NDArray[np.float64]

SUBJECT: Final = "fit."
"""What the uniform of a fitted number is called: `fit.<path>`."""
SMALLEST: Final = 1e-15
"""Uniforms are kept this far from 0 and 1."""


def posterior_draws(
    card: Calibrated,
    quantities: Mapping[str, Quantity],
    uniform: Callable[[str], ArrayLike],
    held: Mapping[str, Any] | None = None,
) -> dict[str, Floats]:
    """Return draws of the fitted numbers by path, correlated as the fit found.

    Args:
        card: what a calibration found.
        quantities: numbers by path; their distribution names the scale.
        uniform: uniform numbers in [0, 1] for `fit.<path>`; all of one shape, that of the draws.
        held: paths that a scenario overrides; they are not drawn.
    """
    paths = [path for path in card.paths if path not in (held or {})]
    if not paths:
        return {}
    rows = [card.paths.index(path) for path in paths]
    values = [card.values[path].value for path in paths]
    links = [link_of(quantities[path]) for path in paths]
    slopes = np.array([slope_of(v, k) for v, k in zip(values, links, strict=True)])
    spread = np.asarray(card.covariance, dtype=float)[np.ix_(rows, rows)]
    root = _root(spread / np.outer(slopes, slopes))
    normal = np.stack([_normal(uniform(SUBJECT + path)) for path in paths])
    moved = np.tensordot(root, normal, axes=1)
    return {
        path: unlinked(linked(value, link) + step, link)
        for path, value, link, step in zip(paths, values, links, moved, strict=True)
    }


def _normal(u: ArrayLike) -> Floats:
    inside = np.clip(np.asarray(u, dtype=float), SMALLEST, 1.0 - SMALLEST)
    return np.asarray(special.ndtri(inside), dtype=float)


def _root(covariance: Floats) -> Floats:
    """Return L with L L' = covariance, of which rounding may have left no Cholesky factor."""
    values, vectors = np.linalg.eigh(covariance)
    root: Floats = np.linalg.qr((vectors * np.sqrt(np.maximum(values, 0.0))).T)[1].T
    return root
