"""Health gained for a million spent, where more is spent and more is gained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from popmodel.economics.checks import FloatArray
from popmodel.errors import InputError
from popmodel.outcomes import fieller_limits

MILLION = 1e6
GAINS, SAVES, WORSE, UNCLEAR = "gains", "saves", "worse", "unclear"
STATUSES = (GAINS, SAVES, WORSE, UNCLEAR)


def gained_per_million(
    units: Mapping[str, pd.DataFrame], comparator: str, cost: str, effects: Sequence[str]
) -> pd.DataFrame:
    """Return what every strategy gains for a million spent more than the comparator spends.

    Ratio of the paired mean differences, effect ÷ cost, with Fieller's 95 % limits.

    Args:
        units: by strategy, one row a patient (limits are then Monte Carlo error) or one row a
            draw (parameter uncertainty), the same rows in the same order in every strategy.
        comparator: strategy of today.
        cost: name of the column of cost.
        effects: names of columns of effect, more is better.

    Returns:
        One row a strategy and effect: `strategy, effect, inc_cost, inc_effect, per_million, low,
        high, status`. `status`: `gains`; `worse`: it costs more for less, and the number is
        negative; `saves`: it does not cost more, nothing is spent and there is no number;
        `unclear`: the limits include 0, or are empty because it may cost nothing more.

    Raises:
        InputError: the comparator is unknown, or rows do not pair.
    """
    if comparator not in units:
        raise InputError(f"comparator: {comparator} is not in the table")
    base = units[comparator]
    rows = []
    for name, own in units.items():
        if name == comparator:
            continue
        if len(own) != len(base):
            raise InputError(f"{name}: has {len(own)} rows, {comparator} has {len(base)}")
        spent = _difference(own, base, cost)
        for effect in effects:
            rows.append({"strategy": name, "effect": effect}
                        | _ratio(_difference(own, base, effect), spent))  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


COLUMNS = [
    "strategy", "effect", "inc_cost", "inc_effect", "per_million", "low", "high", "status",
]  # fmt: skip


def of_draws(psa: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the draws of a table `sample, strategy, …` by strategy, in the order of samples."""
    ordered = psa.sort_values("sample", kind="stable")
    return {str(s): own for s, own in ordered.groupby("strategy", sort=False)}


def _difference(own: pd.DataFrame, base: pd.DataFrame, column: str) -> FloatArray:
    one, two = own[column].to_numpy(dtype=float), base[column].to_numpy(dtype=float)
    return np.asarray(one - two, dtype=np.float64)


def _ratio(gained: FloatArray, spent: FloatArray) -> dict[str, object]:
    count = len(spent)
    mean, cost = float(gained.mean()), float(spent.mean())
    row: dict[str, object] = {"inc_cost": cost, "inc_effect": mean}
    if cost <= 0.0 or count < 2:
        return row | {"per_million": np.nan, "low": np.nan, "high": np.nan,
                      "status": SAVES if cost <= 0.0 else UNCLEAR}  # fmt: skip
    covariance = np.cov(gained, spent) / count
    low, high = fieller_limits(mean, cost, covariance[0, 0], covariance[1, 1], covariance[0, 1])
    status = GAINS if low > 0.0 else WORSE if high < 0.0 else UNCLEAR
    return row | {
        "per_million": MILLION * mean / cost, "low": MILLION * low, "high": MILLION * high,
        "status": status,
    }  # fmt: skip
