"""The frontier by definition, slowly: every strategy against every other and every mix of two."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

Row = tuple[str, Fraction, Fraction]  # strategy, cost, effect


def dominates(other: Row, row: Row) -> bool:
    """Say whether `other` costs no more, achieves no less, and is not `row` in all but name."""
    if other[1] > row[1] or other[2] < row[2]:
        return False
    return other[1:] != row[1:] or other[0] < row[0]


def mix_is_cheaper(one: Row, two: Row, row: Row) -> bool:
    """Say whether some mix of two strategies achieves what `row` does, for less."""
    low, high = sorted((one, two), key=lambda r: r[2])
    if not low[2] < row[2] < high[2]:
        return False
    share = (row[2] - low[2]) / (high[2] - low[2])
    return low[1] + share * (high[1] - low[1]) < row[1]


def statuses(rows: list[Row]) -> dict[str, str]:
    """Return strategy → status."""
    out = {}
    for row in rows:
        others = [other for other in rows if other[0] != row[0]]
        if any(dominates(other, row) for other in others):
            out[row[0]] = "dominated"
        elif any(mix_is_cheaper(a, b, row) for a, b in combinations(others, 2)):
            out[row[0]] = "extended_dominated"
        else:
            out[row[0]] = "frontier"
    cheapest = min((row for row in rows if out[row[0]] == "frontier"), key=lambda row: row[1])
    return out | {cheapest[0]: "reference"}
