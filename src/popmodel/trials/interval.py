"""Intervals in which a published number should lie, given what the model expects.

A share is a count of people: the interval is that of a beta-binomial count whose variance is the
binomial one plus what the setting of a trial (and doubt about the number) adds, so it never leaves
[0, 1], leans away from the nearer end, and 0 of 20 can lie inside. Means and contrasts are normal.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln

from popmodel.trials.terms import LEAST

Z95: Final = 1.959963984540054
TAIL: Final = 0.025
LARGEST_CORRELATION: Final = 0.99
"""Between people of a trial; more would make everybody's outcome the same."""
SMALLEST_CORRELATION: Final = 1e-7
"""Less is a binomial count, up to rounding."""


def normal_interval(expected: float, sd: float) -> tuple[float, float]:
    """Return the 95 % prediction interval of a mean or contrast."""
    return expected - Z95 * sd, expected + Z95 * sd


def share_interval(expected: float, people: float, sd: float) -> tuple[float, float]:
    """Return the 95 % prediction interval of a share: all that rounds to a count inside it.

    At most 2.5 % of trials count fewer people than the interval allows, at most 2.5 % more.

    Args:
        expected: the model's share.
        people: how many the published share counts.
        sd: standard deviation of the published share around it; sampling alone at least.
    """
    size = max(1, round(people))
    cumulated = np.cumsum(chances_of_counts(expected, size, sd))
    fewest = int(np.searchsorted(cumulated, TAIL))
    most = min(size, int(np.searchsorted(cumulated, 1.0 - TAIL)))
    low, high = max(0.0, (fewest - 0.5) / size), min(1.0, (most + 0.5) / size)
    return min(low, expected), max(high, expected)


def chances_of_counts(expected: float, size: int, sd: float) -> NDArray[np.float64]:
    """Return the chance of every count from 0 to `size` (beta-binomial; Skellam 1948).

    Args:
        expected: expected share.
        size: people.
        sd: standard deviation of the share around it.
    """
    p = min(max(expected, LEAST), 1.0 - LEAST)
    correlation = _correlation(p, size, sd)
    total = 1.0 / correlation - 1.0
    a, b = p * total, (1.0 - p) * total
    k = np.arange(size + 1)
    ways = gammaln(size + 1) - gammaln(k + 1) - gammaln(size - k + 1)
    chances = np.exp(ways + betaln(k + a, size - k + b) - betaln(a, b))
    return np.asarray(chances / chances.sum())


def _correlation(p: float, size: int, sd: float) -> float:
    """Return the correlation between people that gives a share this standard deviation."""
    if size == 1:
        return SMALLEST_CORRELATION
    inflated = size * sd**2 / (p * (1.0 - p))
    found = (inflated - 1.0) / (size - 1.0)
    return min(max(found, SMALLEST_CORRELATION), LARGEST_CORRELATION)
