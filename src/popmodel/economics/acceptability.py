"""Acceptability: how likely each strategy is the best one, over parameter draws."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from popmodel.economics.checks import (
    FloatArray,
    Samples,
    each_structure,
    samples_of,
    wtp_values,
)


def acceptability(
    psa: pd.DataFrame, wtp: float | Sequence[float] | FloatArray, effect: str = "qaly"
) -> pd.DataFrame:
    """Return the cost-effectiveness acceptability curves (CEAC).

    The share of draws in which a strategy has the highest net benefit; strategies that tie in a
    draw share it equally, so that the probabilities always sum to 1.

    Args:
        psa: columns `sample, strategy, cost, <effect>`; `structure`: each apart.
        wtp: willingness to pay, money per unit of effect.
        effect: name of the effect column.

    Returns:
        Columns `wtp, strategy, probability`.

    Raises:
        InputError: a sample lacks a strategy, or a number is missing or infinite.
    """
    prices = wtp_values(wtp)
    return each_structure(psa, lambda part: _curves(samples_of(part, effect), prices))


def acceptability_frontier(
    psa: pd.DataFrame, wtp: float | Sequence[float] | FloatArray, effect: str = "qaly"
) -> pd.DataFrame:
    """Return the acceptability frontier (CEAF): the CEAC of the strategy to choose at each price.

    To choose is the strategy with the highest *expected* net benefit, which need not be the one
    most often best. Arguments, columns and errors as `acceptability`; one row a price.
    """
    prices = wtp_values(wtp)
    return each_structure(psa, lambda part: _frontier(samples_of(part, effect), prices))


def net_benefits(samples: Samples, price: float) -> FloatArray:
    """Return net monetary benefit, shape (samples, strategies)."""
    return samples.effect * price - samples.cost


def optimal(samples: Samples, benefit: FloatArray) -> int:
    """Return the position of the strategy with the highest mean net benefit, first by name."""
    mean = benefit.mean(axis=0)
    best = np.flatnonzero(mean == mean.max())
    return int(min(best, key=lambda position: samples.strategies[position]))


def _shares(benefit: FloatArray) -> FloatArray:
    wins = benefit == benefit.max(axis=1, keepdims=True)
    shares: FloatArray = (wins / wins.sum(axis=1, keepdims=True)).mean(axis=0)
    return shares


def _curves(samples: Samples, prices: FloatArray) -> pd.DataFrame:
    shares = np.stack([_shares(net_benefits(samples, price)) for price in prices])
    return pd.DataFrame(
        {
            "wtp": np.repeat(prices, len(samples.strategies)),
            "strategy": list(samples.strategies) * len(prices),
            "probability": shares.ravel(),
        }
    )


def _frontier(samples: Samples, prices: FloatArray) -> pd.DataFrame:
    rows = []
    for price in prices:
        benefit = net_benefits(samples, price)
        best = optimal(samples, benefit)
        rows.append((price, samples.strategies[best], _shares(benefit)[best]))
    return pd.DataFrame(rows, columns=["wtp", "strategy", "probability"])
