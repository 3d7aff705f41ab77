"""Net benefit: cost and effect on one scale, at a willingness to pay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from popmodel.economics.checks import FloatArray, each_structure, strategy_means, wtp_values


def nmb(table: pd.DataFrame, wtp: float, effect: str = "qaly") -> pd.Series[Any]:
    """Return net monetary benefit, effect × wtp − cost, for every row.

    Args:
        table: columns `cost` and `<effect>`.
        wtp: money per unit of effect, at least 0.
        effect: name of the effect column.
    """
    price = float(wtp_values(wtp)[0])
    return (table[effect] * price - table["cost"]).rename("nmb")


def nhb(table: pd.DataFrame, wtp: float, effect: str = "qaly") -> pd.Series[Any]:
    """Return net health benefit, effect − cost ÷ wtp, for every row.

    Raises:
        ValueError: wtp is 0: no amount of money buys health then.
    """
    price = float(wtp_values(wtp)[0])
    if price == 0.0:
        raise ValueError("net health benefit needs a willingness to pay above 0")
    return (table[effect] - table["cost"] / price).rename("nhb")


def best_strategies(
    table: pd.DataFrame, wtp: float | Sequence[float] | FloatArray, effect: str = "qaly"
) -> pd.DataFrame:
    """Return the strategy with the highest expected net benefit at each willingness to pay.

    Of equal ones the first by name. Columns `wtp, strategy, nmb`; `structure` first if given.
    """
    prices = wtp_values(wtp)

    def best(part: pd.DataFrame) -> pd.DataFrame:
        means = strategy_means(part, effect).sort_values("strategy", ignore_index=True)
        benefit = np.stack([nmb(means, price, effect).to_numpy() for price in prices])
        winner = benefit.argmax(axis=1)
        names = means["strategy"].to_numpy()[winner]
        return pd.DataFrame({"wtp": prices, "strategy": names, "nmb": benefit.max(axis=1)})

    return each_structure(table, best)
