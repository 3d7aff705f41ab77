"""Who has left an arm by the day of reading, and how that rises with the score at entry."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from popmodel.trials.arms import Reading

Floats = NDArray[np.float64]

SHARE: Final = "dropout"
ROUNDS: Final = 25
"""Newton steps of the logistic regression; it settles in five or six."""


def dropout(measure: str, reading: Reading, before: Floats, weights: Floats) -> float:
    """Return the share that has left, or the slope of its log odds on the score at entry.

    Args:
        measure: `dropout` or `dropout_slope`.
        reading: of the arm.
        before: measured score at entry.
        weights: they add up to one.
    """
    left = ~reading.completed
    if measure == SHARE:
        return float(weights @ left)
    return logistic_slope(left.astype(float), before, weights)


def logistic_slope(y: Floats, x: Floats, weights: Floats) -> float:
    """Return the slope of a weighted logistic regression of y (0 or 1) on x; nan if y is constant.

    Newton's method (McCullagh and Nelder 1989, 4.4).
    """
    share = float(weights @ y)
    if not 0.0 < share < 1.0:
        return float("nan")
    design = np.column_stack([np.ones_like(x), x - weights @ x])
    beta = np.array([np.log(share / (1.0 - share)), 0.0])
    for _ in range(ROUNDS):
        p = expit(design @ beta)
        information = design.T @ ((weights * p * (1.0 - p))[:, None] * design)
        beta += np.linalg.solve(information, design.T @ (weights * (y - p)))
    return float(beta[1])
