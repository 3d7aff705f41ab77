"""The cost-effectiveness plane: increments against the comparator, draw by draw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from popmodel.economics.checks import FloatArray, each_structure, one_price
from popmodel.economics.samples import Samples, samples_of
from popmodel.errors import InputError

QUADRANTS = ("north_east", "south_east", "south_west", "north_west")
"""Dearer and better, cheaper and better, cheaper and worse, dearer and worse."""
MOST_IN_ELLIPSE = float(stats.chi2.ppf(0.95, 2))
"""Squared distance within which 95 % of a normal in two dimensions lie."""


def increments(psa: pd.DataFrame, comparator: str, effect: str = "qaly") -> pd.DataFrame:
    """Return what every strategy costs and achieves more than the comparator in every draw.

    Args:
        psa: columns `sample, strategy, cost, <effect>`; `structure`: each apart.
        comparator: strategy of today.
        effect: name of the effect column.

    Returns:
        Columns `sample, strategy, inc_cost, inc_effect`, the comparator left out.

    Raises:
        InputError: as `evpi`; the comparator is unknown.
    """

    def one(part: pd.DataFrame) -> pd.DataFrame:
        samples = samples_of(part, effect)
        base = _place(samples, comparator)
        rows = [
            pd.DataFrame(
                {
                    "sample": samples.labels,
                    "strategy": name,
                    "inc_cost": samples.cost[k] - samples.cost[base],
                    "inc_effect": samples.effect[k] - samples.effect[base],
                }
            )
            for k, name in enumerate(samples.strategies)
            if k != base
        ]
        columns = ["sample", "strategy", "inc_cost", "inc_effect"]
        return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)

    return each_structure(psa, one)


def plane(psa: pd.DataFrame, comparator: str, wtp: float, effect: str = "qaly") -> pd.DataFrame:
    """Return where each strategy lies on the plane: mean, spread and shares of draws.

    A draw on an axis counts as no gain, or no saving: as the worse side.

    Args:
        psa: as `increments`, and so the other arguments.
        comparator: strategy of today.
        wtp: willingness to pay of `share_worth`.
        effect: name of the effect column.

    Returns:
        One row a strategy: `strategy, samples, inc_cost, inc_effect` (means), `…_low, …_high`
        (2.5 % and 97.5 % of the draws), `sd_cost, sd_effect, correlation`, the shares of draws
        `north_east` (dearer and better), `south_east`, `south_west`, `north_west`, and
        `share_worth`: net benefit above that of the comparator.

    Raises:
        InputError: as `increments`.
    """
    price = one_price(wtp)

    def one(part: pd.DataFrame) -> pd.DataFrame:
        draws = increments(part, comparator, effect)
        rows = [_summary(str(s), own, price) for s, own in draws.groupby("strategy", sort=False)]
        return pd.DataFrame(rows)

    return each_structure(psa, one)


def ellipse(row: pd.Series[Any], points: int = 73) -> tuple[FloatArray, FloatArray]:
    """Return cost and effect along the ellipse that holds 95 % of a normal with these moments.

    Args:
        row: of `plane`.
        points: along the curve, first and last the same.
    """
    angle = np.linspace(0.0, 2.0 * np.pi, points)
    a, b = np.sqrt(MOST_IN_ELLIPSE) * np.cos(angle), np.sqrt(MOST_IN_ELLIPSE) * np.sin(angle)
    rho = float(row["correlation"])
    effect = row["inc_effect"] + row["sd_effect"] * a
    cost = row["inc_cost"] + row["sd_cost"] * (rho * a + np.sqrt(max(0.0, 1.0 - rho**2)) * b)
    return np.asarray(cost, dtype=np.float64), np.asarray(effect, dtype=np.float64)


def _place(samples: Samples, comparator: str) -> int:
    if comparator not in samples.strategies:
        raise InputError(f"comparator: {comparator} is not in the table")
    return samples.strategies.index(comparator)


def _summary(name: str, own: pd.DataFrame, price: float) -> dict[str, object]:
    cost, effect = own["inc_cost"].to_numpy(), own["inc_effect"].to_numpy()
    better, dearer = effect > 0.0, cost >= 0.0
    row: dict[str, object] = {"strategy": name, "samples": len(own)}
    for column, values in (("inc_cost", cost), ("inc_effect", effect)):
        low, high = np.quantile(values, [0.025, 0.975])
        row |= {column: values.mean(), f"{column}_low": low, f"{column}_high": high}
    row |= {"sd_cost": _sd(cost), "sd_effect": _sd(effect), "correlation": _rho(cost, effect)}
    shares = (better & dearer, better & ~dearer, ~better & ~dearer, ~better & dearer)
    row |= {quadrant: share.mean() for quadrant, share in zip(QUADRANTS, shares, strict=True)}
    return row | {"share_worth": (price * effect - cost > 0.0).mean()}


def _sd(values: FloatArray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def _rho(cost: FloatArray, effect: FloatArray) -> float:
    spread = _sd(cost) * _sd(effect)
    return float(np.cov(cost, effect)[0, 1] / spread) if spread > 0.0 else 0.0
