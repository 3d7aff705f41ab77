"""The incremental table: who is worth comparing with whom, and at which price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from popmodel.economics.checks import each_structure, strategy_means

REFERENCE = "reference"
FRONTIER = "frontier"
DOMINATED = "dominated"
EXTENDED_DOMINATED = "extended_dominated"
STATUSES = (REFERENCE, FRONTIER, DOMINATED, EXTENDED_DOMINATED)


@dataclass(frozen=True)
class _Point:
    """A strategy as a point; numbers exactly as their shortest decimal says, so ties are ties."""

    strategy: str
    cost: Fraction
    effect: Fraction


def incremental_table(table: pd.DataFrame, effect: str = "qaly") -> pd.DataFrame:
    """Return the cost-effectiveness frontier, one row a strategy, sorted by cost.

    `dominated`: another strategy costs no more and achieves no less. `extended_dominated`: a mix of
    two others does, so the ICER would exceed that of the next strategy. `reference`: the cheapest;
    `frontier`: the others that are the best choice at some willingness to pay. Increments and ICER
    refer to the previous strategy on the frontier and are empty elsewhere.

    Ties have one rule each, independent of the order of rows: of strategies equal in cost and
    effect the first by name stays and the others are dominated; a strategy exactly on the line
    between two others stays on the frontier.

    Args:
        table: columns `strategy`, `cost`, `<effect>`, means per person; with a column `structure`,
            every structure is evaluated apart.
        effect: name of the effect column, more is better.

    Returns:
        Columns `strategy, cost, <effect>, inc_cost, inc_<effect>, icer, status`.

    Raises:
        InputError: a column, a number or a name is missing, infinite or repeated.
    """
    return each_structure(table, lambda part: _one_table(strategy_means(part, effect), effect))


def _one_table(means: pd.DataFrame, effect: str) -> pd.DataFrame:
    status = _statuses(_points(means, effect))
    order = {strategy: place for place, strategy in enumerate(status)}
    out = means.sort_values("strategy", key=lambda names: names.map(order), ignore_index=True)
    out["status"] = out["strategy"].map(status)
    efficient = out["status"].isin([REFERENCE, FRONTIER])
    out["inc_cost"] = out.loc[efficient, "cost"].diff()
    out[f"inc_{effect}"] = out.loc[efficient, effect].diff()
    out["icer"] = out["inc_cost"] / out[f"inc_{effect}"]
    return out[["strategy", "cost", effect, "inc_cost", f"inc_{effect}", "icer", "status"]]


def _points(means: pd.DataFrame, effect: str) -> list[_Point]:
    rows = zip(means["strategy"], means["cost"], means[effect], strict=True)
    points = [_Point(s, Fraction(repr(float(c))), Fraction(repr(float(e)))) for s, c, e in rows]
    return sorted(points, key=lambda p: (p.cost, -p.effect, p.strategy))


def _statuses(points: Sequence[_Point]) -> dict[str, str]:
    """Return strategy → status, in order of cost."""
    undominated = _undominated(points)
    frontier = {p.strategy for p in _lower_hull(undominated)}
    efficient = {p.strategy for p in undominated}
    status = {p.strategy: DOMINATED for p in points}
    status |= {s: EXTENDED_DOMINATED for s in status if s in efficient}
    status |= {s: FRONTIER for s in status if s in frontier}
    return status | {points[0].strategy: REFERENCE}


def _undominated(points: Sequence[_Point]) -> list[_Point]:
    """Keep the points that achieve more than every cheaper one."""
    kept: list[_Point] = []
    for point in points:
        if not kept or point.effect > kept[-1].effect:
            kept.append(point)
    return kept


def _lower_hull(points: Sequence[_Point]) -> list[_Point]:
    """Keep the points whose ICERs do not fall from one to the next."""
    hull: list[_Point] = []
    for point in points:
        while len(hull) > 1 and _icer(hull[-2], hull[-1]) > _icer(hull[-1], point):
            hull.pop()
        hull.append(point)
    return hull


def _icer(cheaper: _Point, dearer: _Point) -> Fraction:
    return (dearer.cost - cheaper.cost) / (dearer.effect - cheaper.effect)
