"""What is expected given some parameters: smooth regression of costs and effects on them.

A function of parameters is written as `flat` columns, which are fitted freely, and `curved` ones,
which are shrunk the more the rougher they are. How much is decided by restricted maximum
likelihood (REML; Wood, Generalized Additive Models, 2nd ed. 2017, 6.2.6), for every response on
its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from popmodel.economics.checks import FloatArray

SHRINKAGE = np.geomspace(1e-10, 1e4, 71)  # tried, relative to the smoothest curved column
NEGLIGIBLE = 1e-12
FOLDS = 5  # of draws; what is learnt from four is tried on the fifth


@dataclass(frozen=True)
class Basis:
    """Functions of parameters at every draw, as orthonormal columns.

    Attributes:
        flat: fitted freely, the constant among them, shape (samples, m).
        curved: orthogonal to `flat`, the smoothest first, shape (samples, r).
        variance: how large each curved coefficient is expected to be, falling, shape (r,).
    """

    flat: FloatArray
    curved: FloatArray
    variance: FloatArray


def basis_of(flat: FloatArray, curved: FloatArray) -> Basis:
    """Return a basis from columns; equal prior variance is expected of all curved ones.

    Args:
        flat: shape (samples, any), the constant is added.
        curved: shape (samples, any).
    """
    ones = np.ones((len(flat), 1))
    free = orthonormal(np.hstack([ones, standardised(flat)]))
    rest = curved - free @ (free.T @ curved)
    variance, rotation = np.linalg.eigh(rest.T @ rest)
    keep = variance > 1e-10 * max(variance.max(initial=0.0), np.square(curved).sum() * 1e-6)
    order = np.flatnonzero(keep)[::-1]
    return Basis(free, rest @ rotation[:, order] / np.sqrt(variance[order]), variance[order])


def smooth(basis: Basis, responses: FloatArray) -> FloatArray:
    """Return what is expected of each response given the parameters, same shape and same means.

    Args:
        basis: functions of the parameters.
        responses: one a row, shape (responses, samples).
    """
    mean = responses.mean(axis=1, keepdims=True)
    centred = responses - mean
    straight = (centred @ basis.flat) @ basis.flat.T
    bent = (centred @ basis.curved * likeliest(basis, responses)) @ basis.curved.T
    fitted: FloatArray = straight + bent + mean
    return fitted


def smooth_of_others(basis: Basis, responses: FloatArray) -> FloatArray:
    """Return what is expected of each response, learnt from the other folds of draws only.

    Arguments as `smooth`; the shrinkage is that of the whole. Draws are dealt to `FOLDS` folds in
    turn.
    """
    columns = np.hstack([basis.flat, basis.curved])
    shrink = likeliest(basis, responses)
    free = np.zeros((len(responses), basis.flat.shape[1]))
    penalty = NEGLIGIBLE + np.hstack([free, 1.0 / shrink - 1.0])
    fitted, whole = np.empty_like(responses), np.eye(columns.shape[1])
    for fold in range(FOLDS):
        own, seen = columns[fold::FOLDS], responses[:, fold::FOLDS]
        normal = whole - own.T @ own
        target = responses @ columns - seen @ own
        for row, limit in enumerate(penalty):
            weights = np.linalg.solve(normal + np.diag(limit), target[row])
            fitted[row, fold::FOLDS] = own @ weights
    return fitted


def likeliest(basis: Basis, responses: FloatArray) -> FloatArray:
    """Return the share that is kept of each curved coefficient, shape (responses, curved)."""
    best = deviances(basis, responses).argmin(axis=1)
    kept: FloatArray = _shrinkage(basis)[:, best].T
    return kept


def deviances(basis: Basis, responses: FloatArray) -> FloatArray:
    """Return −2 × restricted log likelihood, shape (responses, candidate shrinkages).

    Up to a constant that is the same for all bases with the same `flat` columns.
    """
    kept = _shrinkage(basis)
    centred = responses - responses.mean(axis=1, keepdims=True)
    left = centred - (centred @ basis.flat) @ basis.flat.T
    whole, rest = np.square(centred).sum(axis=1), np.square(left).sum(axis=1)
    freedom = responses.shape[1] - basis.flat.shape[1]
    told = rest > NEGLIGIBLE * whole  # of the others the straight part says everything
    explained = np.square(left[told] @ basis.curved) @ kept / rest[told, None]
    out = np.zeros((len(responses), kept.shape[1]))
    out[told] = freedom * np.log(np.maximum(1.0 - explained, NEGLIGIBLE))
    out[told] -= np.log1p(-kept).sum(axis=0)
    return out


def orthonormal(columns: FloatArray) -> FloatArray:
    """Return an orthonormal basis of what the columns span; repeated columns count once."""
    left, size, _ = np.linalg.svd(columns, full_matrices=False)
    out: FloatArray = left[:, size > 1e-9 * size[0]]
    return out


def standardised(values: FloatArray) -> FloatArray:
    """Return columns with mean 0 and variance 1; a constant column becomes 0."""
    size = np.abs(values).max(axis=0, initial=0.0)
    values = values / np.where(size > 0.0, size, 1.0)
    spread = values.std(axis=0)
    centred: FloatArray = values - values.mean(axis=0)
    varies = spread > NEGLIGIBLE
    centred[:, ~varies] = 0.0
    return centred / np.where(varies, spread, 1.0)


def _shrinkage(basis: Basis) -> FloatArray:
    """Return the share of each curved coefficient that is kept, shape (curved, candidates)."""
    if not len(basis.variance):
        return np.ones((0, 1))
    penalty = SHRINKAGE * basis.variance[0]
    kept: FloatArray = basis.variance[:, None] / (basis.variance[:, None] + penalty)
    return kept
