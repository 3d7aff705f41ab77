"""Acceptability: how likely each strategy is the best one, over parameter draws."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from popmodel.economics.checks import (
    FloatArray,
    each_structure,
    wtp_values,
)
from popmodel.economics.samples import Samples, samples_of

TIE = 1e-12
"""Net benefits that differ by less than this share of what was added up to them are equal."""


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
    most often best; of equal ones the first by name. Arguments, columns and errors as
    `acceptability`; one row a price.
    """
    prices = wtp_values(wtp)
    return each_structure(psa, lambda part: _frontier(samples_of(part, effect), prices))


def net_benefits(samples: Samples, price: float) -> FloatArray:
    """Return net monetary benefit, shape (strategies, samples)."""
    benefit: FloatArray = samples.effect * price
    benefit -= samples.cost
    return benefit


def optimal(names: Sequence[str], benefit: FloatArray, size: FloatArray) -> int:
    """Return the position of the strategy with the highest net benefit, of equal ones by name.

    Args:
        names: of the strategies.
        benefit: expected net benefit, shape (strategies,).
        size: what was added up to it, price × |effect| + |cost|, same shape.
    """
    best: list[int] = np.flatnonzero(are_best(benefit, size)).tolist()
    return min(best, key=lambda position: names[position])


def are_best(benefit: FloatArray, size: FloatArray) -> npt.NDArray[np.bool_]:
    """Say which net benefits equal the highest, strategies along the first axis."""
    best: npt.NDArray[np.bool_] = benefit >= benefit.max(axis=0) - TIE * size.max(axis=0)
    return best


def mean_sizes(samples: Samples, prices: FloatArray) -> FloatArray:
    """Return the mean of price × |effect| + |cost|, shape (prices, strategies)."""
    cost = np.abs(samples.cost).mean(axis=1)
    sizes: FloatArray = np.outer(prices, np.abs(samples.effect).mean(axis=1)) + cost
    return sizes


def choices(samples: Samples, prices: FloatArray) -> list[int]:
    """Return the strategy with the highest expected net benefit at each price."""
    expected = np.outer(prices, samples.effect.mean(axis=1)) - samples.cost.mean(axis=1)
    pairs = zip(expected, mean_sizes(samples, prices), strict=True)
    return [optimal(samples.strategies, benefit, size) for benefit, size in pairs]


def _shares(samples: Samples, price: float, sizes: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Return the share of draws in which each strategy is best."""
    cost, effect = sizes
    benefit = net_benefits(samples, price)
    wins = benefit >= benefit.max(axis=0) - TIE * (price * effect + cost)
    shares: FloatArray = (wins / wins.sum(axis=0)).mean(axis=1)
    return shares


def _largest(samples: Samples) -> tuple[FloatArray, FloatArray]:
    return np.abs(samples.cost).max(axis=0), np.abs(samples.effect).max(axis=0)


def _curves(samples: Samples, prices: FloatArray) -> pd.DataFrame:
    sizes = _largest(samples)
    shares = np.stack([_shares(samples, price, sizes) for price in prices])
    return pd.DataFrame(
        {
            "wtp": np.repeat(prices, len(samples.strategies)),
            "strategy": list(samples.strategies) * len(prices),
            "probability": shares.ravel(),
        }
    )


def _frontier(samples: Samples, prices: FloatArray) -> pd.DataFrame:
    sizes, rows = _largest(samples), []
    for price, best in zip(prices, choices(samples, prices), strict=True):
        rows.append((price, samples.strategies[best], _shares(samples, price, sizes)[best]))
    return pd.DataFrame(rows, columns=["wtp", "strategy", "probability"])
