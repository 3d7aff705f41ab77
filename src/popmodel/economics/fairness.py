"""Who gains: the equity plane of every way to group patients."""

from __future__ import annotations

import numpy as np
import pandas as pd

from popmodel.economics.checks import each_structure
from popmodel.economics.equity import equity_plane, equity_weighted, subgroup_benefit

PROPORTIONAL = 1.0
"""Atkinson's ε at which the same relative gain is worth the same in every group."""


def fairness(
    subgroups: pd.DataFrame, comparator: str, wtp: float, aversion: float = PROPORTIONAL
) -> pd.DataFrame:
    """Return by dimension what a strategy adds to health, and to its fair distribution.

    Health of a group today are its QALYs per patient over the horizon under the comparator: not
    those of a lifetime, which no table of a run holds.

    Args:
        subgroups: columns `strategy, dimension, group, patients, qaly, cost_health_care`;
            `structure`: each apart.
        comparator: strategy of today.
        wtp: money per QALY, above 0.
        aversion: Atkinson's ε.

    Returns:
        One row a dimension and strategy: `dimension, wtp, aversion, strategy, inhb` (net QALYs per
        patient), `inc_ede, equity_impact` (empty where a group has or keeps no health),
        `share_gaining, least_group, least_inhb, worst_off`
        (group with the least health today), `worst_off_inhb`.

    Raises:
        InputError: as `equity_plane`.
    """

    def one(part: pd.DataFrame) -> pd.DataFrame:
        plain = part.rename(columns={"cost_health_care": "cost"})
        parts = [
            _dimension(str(name), own, comparator, wtp, aversion)
            for name, own in plain.groupby("dimension", sort=False)
        ]
        return pd.concat(parts, ignore_index=True)

    return each_structure(subgroups, one)


def _dimension(
    name: str, own: pd.DataFrame, comparator: str, wtp: float, aversion: float
) -> pd.DataFrame:
    table = own[["strategy", "group", "patients", "cost", "qaly"]].reset_index(drop=True)
    today = table[table["strategy"] == comparator].set_index("group")["qaly"]
    health = {str(group): float(value) for group, value in today.items()}
    worst = min(health, key=lambda group: (health[group], group))
    even = equity_weighted(table, comparator, wtp, dict.fromkeys(health, 1.0))
    benefit = subgroup_benefit(table, comparator, wtp)
    left = benefit["inhb"] + benefit["group"].map(health)
    if min(*health.values(), left.min(), np.inf) > 0.0:
        plane = equity_plane(table, comparator, wtp, health, aversion)
    else:  # no equal distribution is as good as one in which somebody has no health at all
        plane = even[["strategy", "inhb"]].assign(inc_ede=np.nan, equity_impact=np.nan)
    there = benefit[benefit["group"] == worst].set_index("strategy")["inhb"]
    gains = even[["strategy", "share_gaining", "least_group", "least_inhb"]]
    out = plane.merge(gains, on="strategy", how="left")
    out.insert(0, "dimension", name)
    out.insert(1, "wtp", float(wtp))
    out.insert(2, "aversion", float(aversion))
    return out.assign(worst_off=worst, worst_off_inhb=out["strategy"].map(there))
