"""Net benefit: cost and effect on one scale, at a willingness to pay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from popmodel.economics.acceptability import optimal
from popmodel.economics.checks import (
    FloatArray,
    checked,
    each_structure,
    one_price,
    strategy_means,
    wtp_values,
)
from popmodel.errors import InputError


def nmb(table: pd.DataFrame, wtp: float, effect: str = "qaly") -> pd.Series[Any]:
    """Return net monetary benefit, effect × wtp − cost, for every row.

    Args:
        table: columns `cost` and `<effect>`.
        wtp: money per unit of effect, at least 0.
        effect: name of the effect column.

    Raises:
        InputError: a column or number is missing or infinite, or the price is none.
    """
    price, rows = one_price(wtp), _rows(table, effect)
    return (rows[effect] * price - rows["cost"]).rename("nmb")


def nhb(table: pd.DataFrame, wtp: float, effect: str = "qaly") -> pd.Series[Any]:
    """Return net health benefit, effect − cost ÷ wtp, for every row.

    Arguments and errors as `nmb`; a wtp of 0 is refused too: no amount of money buys health then.
    """
    price, rows = one_price(wtp), _rows(table, effect)
    if price == 0.0:
        raise InputError("net health benefit needs a willingness to pay above 0")
    return (rows[effect] - rows["cost"] / price).rename("nhb")


def best_strategies(
    table: pd.DataFrame, wtp: float | Sequence[float] | FloatArray, effect: str = "qaly"
) -> pd.DataFrame:
    """Return the strategy with the highest expected net benefit at each willingness to pay.

    Of equal ones the first by name. Columns `wtp, strategy, nmb`; `structure` first if given.
    """
    prices = wtp_values(wtp)

    def best(part: pd.DataFrame) -> pd.DataFrame:
        means = strategy_means(part, effect)
        names, cost = list(means["strategy"]), means["cost"].to_numpy()
        benefit = np.outer(prices, means[effect]) - cost
        size = np.outer(prices, means[effect].abs()) + np.abs(cost)
        winner = [optimal(names, *pair) for pair in zip(benefit, size, strict=True)]
        return pd.DataFrame(
            {
                "wtp": prices,
                "strategy": [names[position] for position in winner],
                "nmb": benefit[np.arange(len(prices)), winner],
            }
        )

    return each_structure(table, best)


def _rows(table: pd.DataFrame, effect: str) -> pd.DataFrame:
    rows = checked(table.reset_index(drop=True), [], ["cost", effect])
    return rows.set_index(table.index)
