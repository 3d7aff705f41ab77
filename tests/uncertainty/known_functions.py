"""Functions on the unit cube whose sensitivity indices are known in closed form."""

from __future__ import annotations

import numpy as np

A, B = 7.0, 0.1
INPUTS = ("x1", "x2", "x3")


def ishigami(points):
    """sin x1 + 7 sin² x2 + 0.1 x3⁴ sin x1 on (-π, π)³."""
    x = np.pi * (2.0 * points - 1.0)
    return np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_indices():
    """First order, total and second order (Ishigami and Homma 1990)."""
    v1 = 0.5 * (1.0 + B * np.pi**4 / 5.0) ** 2
    v2 = A**2 / 8.0
    v13 = B**2 * np.pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
    total = v1 + v2 + v13
    return {
        ("x1", "S1", ""): v1 / total,
        ("x2", "S1", ""): v2 / total,
        ("x3", "S1", ""): 0.0,
        ("x1", "ST", ""): (v1 + v13) / total,
        ("x2", "ST", ""): v2 / total,
        ("x3", "ST", ""): v13 / total,
        ("x1", "S2", "x2"): 0.0,
        ("x1", "S2", "x3"): v13 / total,
        ("x2", "S2", "x3"): 0.0,
    }


WEIGHTS = np.array([0.0, 0.5, 3.0, 9.0])
G_INPUTS = ("g1", "g2", "g3", "g4")


def sobol_g(points):
    """Product of (|4 x - 2| + a) / (1 + a) (Saltelli and Sobol 1995)."""
    return ((np.abs(4.0 * points - 2.0) + WEIGHTS) / (1.0 + WEIGHTS)).prod(axis=1)


def sobol_g_indices():
    """First order and total of every input."""
    own = 1.0 / (3.0 * (1.0 + WEIGHTS) ** 2)
    variance = np.prod(1.0 + own) - 1.0
    found = {}
    for k, name in enumerate(G_INPUTS):
        others = np.prod(np.delete(1.0 + own, k))
        found[name, "S1", ""] = own[k] / variance
        found[name, "ST", ""] = own[k] * others / variance
    return found


def looked_up(table):
    """Rows of a table of indices by factor, index and other factor."""
    return {(r["factor"], r["index"], r["other"]): r for r in table.to_dict("records")}
