"""Smooth functions of parameters: penalised natural cubic splines, and products of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from popmodel.economics.checks import FloatArray
from popmodel.economics.smoothing import Basis, basis_of, orthonormal, standardised

KNOTS = 20
DRAWS_A_KNOT = 10
FEW_VALUES = 12  # up to here a parameter counts as discrete: one free mean a value
ATOM = 0.05  # a value that this share of draws has gets a mean of its own
MOST_DEGREE = 9  # of a product of functions of several parameters
MOST_COLUMNS = 500
MOST_CELLS = 20_000_000  # columns × draws: 160 MB

Term = tuple[tuple[int, int], ...]
"""A product of functions: which parameter, and which of its functions, counted from 1."""


def functions_of(values: FloatArray) -> Basis:
    """Return smooth functions of one or of several parameters, shape (samples, parameters)."""
    return spline(values[:, 0]) if values.shape[1] == 1 else joint_spline(values)


def spline(values: FloatArray) -> Basis:
    """Return smooth functions of one parameter: a penalised natural cubic spline.

    A discrete parameter gets one mean a value. A value that many draws share, such as the zero of
    an effect that may not exist, gets a mean of its own beside the curve.

    Args:
        values: shape (samples,).
    """
    found, counts = np.unique(values, return_counts=True)
    if len(found) <= FEW_VALUES:
        return basis_of(
            (values[:, None] == found[1:]).astype(np.float64), np.empty((len(values), 0))
        )
    atoms = found[counts >= ATOM * len(values)]
    number = int(np.clip(len(values) // DRAWS_A_KNOT, 4, KNOTS))
    knots = np.unique(np.quantile(found, np.linspace(0.0, 1.0, number)))
    flat = np.column_stack([values, values[:, None] == atoms])
    return basis_of(flat, _bent(values, knots) if len(knots) > 2 else np.empty((len(values), 0)))


def joint_spline(values: FloatArray) -> Basis:
    """Return smooth functions of several parameters: their splines and products of these.

    Products are taken of up to three parameters, all of a degree (straight × straight is the
    first) if they fit into `MOST_COLUMNS` columns, else none; a product of degree d is expected to
    vary as (d − 1)^−4, as a curve of one parameter does.

    Args:
        values: shape (samples, parameters).
    """
    single = [_functions_of_one(column) for column in values.T]
    most = min(MOST_COLUMNS, len(values) // DRAWS_A_KNOT, MOST_CELLS // len(values))
    terms: list[Term] = []
    for degree in range(2, MOST_DEGREE + 1):
        alone, together = _terms([one.shape[1] for one in single], degree)
        room = most - len(terms)
        terms += alone + together if len(alone) + len(together) <= room else alone[:room]
    curved = np.empty((len(values), len(terms)))
    for position, term in enumerate(terms):
        degree = sum(d for _, d in term)
        product = np.prod([single[j][:, d - 1] for j, d in term], axis=0)
        curved[:, position] = product / (degree - 1.0) ** 2
    return basis_of(np.column_stack([one[:, 0] for one in single]), curved)


def _functions_of_one(values: FloatArray) -> FloatArray:
    """Return functions of one parameter with unit variance, straight first, then by smoothness."""
    basis = spline(values)
    straight = standardised(values)[:, None]
    free = basis.flat - straight @ (straight.T @ basis.flat) / len(values)
    other = orthonormal(free - free.mean(axis=0)) if basis.flat.shape[1] > 2 else free[:, :0]
    out: FloatArray = np.hstack([straight, np.hstack([other, basis.curved]) * np.sqrt(len(values))])
    return out[:, :MOST_DEGREE]


def _terms(sizes: Sequence[int], degree: int) -> tuple[list[Term], list[Term]]:
    """Return functions of this degree of one parameter, and products of two or three.

    Args:
        sizes: how many functions there are of each parameter.
        degree: sum of the places of the functions in a product, from 1.
    """
    found: tuple[list[Term], list[Term]] = ([], [])
    for size in range(1, min(3, len(sizes)) + 1):
        for chosen in combinations(range(len(sizes)), size):
            for degrees in _splits(degree, size):
                term = tuple(zip(chosen, degrees, strict=True))
                if all(d <= sizes[j] for j, d in term):
                    found[size > 1].append(term)
    return found


def _splits(total: int, parts: int) -> list[tuple[int, ...]]:
    """Return all ways to write a degree as a sum of positive ones, in order."""
    if parts == 1:
        return [(total,)]
    return [(d, *rest) for d in range(1, total) for rest in _splits(total - d, parts - 1)]


def _bent(values: FloatArray, knots: FloatArray) -> FloatArray:
    """Return curves with unit roughness ∫ f″² for parameter values scaled to [0, 1]."""
    low, width = knots[0], knots[-1] - knots[0]
    x, k = (values - low) / width, (knots - low) / width
    step = np.diff(k)
    second = _second_differences(step)  # (knots − 2, knots)
    band = _spline_band(step)  # (knots − 2, knots − 2)
    curvature = np.vstack([np.zeros(len(k)), np.linalg.solve(band, second), np.zeros(len(k))])
    roughness, shapes = np.linalg.eigh(second.T @ np.linalg.solve(band, second))
    curves: FloatArray = _cubic(x, k, step, curvature) @ (shapes[:, 2:] / np.sqrt(roughness[2:]))
    return curves


def _second_differences(step: FloatArray) -> FloatArray:
    out = np.zeros((len(step) - 1, len(step) + 1))
    for i in range(len(out)):
        out[i, i : i + 3] = 1 / step[i], -1 / step[i] - 1 / step[i + 1], 1 / step[i + 1]
    return out


def _spline_band(step: FloatArray) -> FloatArray:
    middle = np.diag((step[:-1] + step[1:]) / 3)
    beside = np.diag(step[1:-1] / 6, 1)
    band: FloatArray = middle + beside + beside.T
    return band


def _cubic(x: FloatArray, k: FloatArray, step: FloatArray, curvature: FloatArray) -> FloatArray:
    """Return the natural spline through unit values at each knot (Wood 2017, 5.3.1)."""
    at = np.clip(np.searchsorted(k, x, side="right") - 1, 0, len(step) - 1)
    h, after, before = step[at], x - k[at], k[at + 1] - x
    out: FloatArray = (before**3 / h - h * before)[:, None] / 6 * curvature[at]
    out += (after**3 / h - h * after)[:, None] / 6 * curvature[at + 1]
    rows = np.arange(len(x))
    out[rows, at] += before / h
    out[rows, at + 1] += after / h
    return out
