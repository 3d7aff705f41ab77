"""A second opinion on what is expected given parameters: bins of one, a kernel over several.

Both are asked honestly: what they learn from some folds of the draws is tried on the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np

from popmodel.economics.checks import FloatArray, IntArray
from popmodel.economics.smoothing import (
    FOLDS,
    Basis,
    basis_of,
    deviances,
    smooth_of_others,
    standardised,
)

LANDMARKS = 250
DRAWS_TO_TUNE = 2000
WIDTHS = (0.5, 1.0, 2.0, 4.0)  # of the kernel, in typical distances


def bins_of(values: FloatArray, bins: int) -> IntArray:
    """Return the bin of every draw: cut at quantiles, equal values together, none empty.

    Args:
        values: of one parameter, shape (samples,).
        bins: how many at most.
    """
    edges = np.quantile(values, np.linspace(0.0, 1.0, bins + 1)[1:-1])
    place = np.searchsorted(edges, values, side="left")
    numbered: IntArray = np.unique(place, return_inverse=True)[1]
    return numbered


def means_of_others(place: IntArray, responses: FloatArray) -> FloatArray:
    """Return the mean of each response in the draw's bin, taken over the other folds only.

    Args:
        place: bin of every draw, shape (samples,).
        responses: shape (strategies, samples).
    """
    fold = np.arange(len(place)) % FOLDS
    cell, shape = place * FOLDS + fold, (int(place.max()) + 1, FOLDS)
    counts = np.bincount(cell, minlength=shape[0] * FOLDS).reshape(shape)
    others = counts.sum(axis=1, keepdims=True) - counts
    fitted = np.empty_like(responses)
    for row, response in zip(fitted, responses, strict=True):
        sums = np.bincount(cell, response, minlength=counts.size).reshape(shape)
        total = sums.sum(axis=1, keepdims=True) - sums
        mean = np.full(shape, response.mean())
        np.divide(total, others, out=mean, where=others > 0)
        row[:] = mean.ravel()[cell]
    return fitted


def kernel(values: FloatArray) -> Callable[[FloatArray], Basis]:
    """Return a Gaussian process on several parameters over a straight trend, for any responses.

    Squared-exponential kernel on standardised parameters, reduced to landmarks (Nyström); the width
    is the likeliest of `WIDTHS` for the responses on some of the draws.

    Args:
        values: shape (samples, parameters).
    """
    scaled = standardised(values)
    some = slice(None, None, math.ceil(len(scaled) / DRAWS_TO_TUNE))
    typical = math.sqrt(scaled.shape[1])
    tried = [_landmark_basis(scaled[some], typical * width) for width in WIDTHS]
    whole = cache(lambda place: _landmark_basis(scaled, typical * WIDTHS[place]))

    def basis(responses: FloatArray) -> Basis:
        scores = [deviances(one, responses[:, some]).min(axis=1).sum() for one in tried]
        return whole(int(np.argmin(scores)))

    return basis


def kernel_of_others(kernel: Callable[[FloatArray], Basis], responses: FloatArray) -> FloatArray:
    """Return what a kernel expects of each response, learnt from the other folds only."""
    return smooth_of_others(kernel(responses), responses)


def _landmark_basis(scaled: FloatArray, width: float) -> Basis:
    landmarks = scaled[np.linspace(0, len(scaled) - 1, min(LANDMARKS, len(scaled))).astype(int)]
    size, rotation = np.linalg.eigh(_similarity(landmarks, landmarks, width))
    keep = size > 1e-8 * size[-1]
    root = rotation[:, keep] / np.sqrt(size[keep])
    return basis_of(scaled, _similarity(scaled, landmarks, width) @ root)


def _similarity(one: FloatArray, two: FloatArray, width: float) -> FloatArray:
    square = np.square(one).sum(axis=1)[:, None] + np.square(two).sum(axis=1) - 2 * one @ two.T
    out: FloatArray = np.exp(-np.maximum(square, 0.0) / (2 * width**2))
    return out
