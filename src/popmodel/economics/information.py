"""The value of information: what deciding under uncertainty is expected to cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from popmodel.economics.acceptability import choices, net_benefits
from popmodel.economics.checks import (
    FloatArray,
    each_structure,
    wtp_values,
)
from popmodel.economics.population import Population
from popmodel.economics.samples import Samples, samples_of


def expected_loss(
    psa: pd.DataFrame, wtp: float | Sequence[float] | FloatArray, effect: str = "qaly"
) -> pd.DataFrame:
    """Return what each strategy is expected to lose against always choosing right.

    Mean over draws of (highest net benefit in the draw − net benefit of the strategy). The lowest
    loss belongs to the strategy with the highest expected net benefit and equals the EVPI.

    Args:
        psa: columns `sample, strategy, cost, <effect>`; `structure`: each apart.
        wtp: willingness to pay, money per unit of effect.
        effect: name of the effect column.

    Returns:
        Columns `wtp, strategy, expected_loss` (money per person).

    Raises:
        InputError: a sample lacks a strategy, or a number is missing or infinite.
    """
    prices = wtp_values(wtp)
    return each_structure(psa, lambda part: _losses(samples_of(part, effect), prices))


def evpi(
    psa: pd.DataFrame,
    wtp: float | Sequence[float] | FloatArray,
    effect: str = "qaly",
    population: Population | None = None,
) -> pd.DataFrame:
    """Return the expected value of perfect information: E[max NMB] − max E[NMB], never negative.

    Args:
        psa: columns `sample, strategy, cost, <effect>`; `structure`: each apart.
        wtp: willingness to pay, money per unit of effect.
        effect: name of the effect column.
        population: for whom the decision is taken; None for one person.

    Returns:
        Columns `wtp, evpi` (money per person), `evpi_se` (its standard error from the number of
        draws) and, for a population, `evpi_population`.

    Raises:
        InputError: as `expected_loss`.
    """
    prices = wtp_values(wtp)

    def one(part: pd.DataFrame) -> pd.DataFrame:
        values = _value_and_error(samples_of(part, effect), prices)
        out = pd.DataFrame({"wtp": prices, "evpi": values[:, 0], "evpi_se": values[:, 1]})
        return for_population(out, "evpi", population)

    return each_structure(psa, one)


def for_population(table: pd.DataFrame, column: str, population: Population | None) -> pd.DataFrame:
    """Add `<column>_population`, the value over everyone for whom is decided, if that is known."""
    if population is None:
        return table
    return table.assign(**{f"{column}_population": table[column] * population.persons})


def losses(samples: Samples, price: float) -> FloatArray:
    """Return net benefit lost against the best of the draw, shape (strategies, samples)."""
    benefit = net_benefits(samples, price)
    loss: FloatArray = benefit.max(axis=0) - benefit
    return loss


def highest(samples: Samples, prices: FloatArray) -> FloatArray:
    """Return the EVPI at each price, shape (prices,): nothing less than all is worth more."""
    pairs = zip(prices, choices(samples, prices), strict=True)
    return np.array([losses(samples, price)[chosen].mean() for price, chosen in pairs])


def _value_and_error(samples: Samples, prices: FloatArray) -> FloatArray:
    """Return EVPI and its standard error, shape (prices, 2).

    The error is that of a mean: the loss of the strategy to choose, over draws.
    """
    rows = []
    for price, chosen in zip(prices, choices(samples, prices), strict=True):
        least = losses(samples, price)[chosen]
        error = least.std(ddof=1) / np.sqrt(len(least)) if len(least) > 1 else np.nan
        rows.append((least.mean(), error))
    return np.array(rows)


def _losses(samples: Samples, prices: FloatArray) -> pd.DataFrame:
    mean = np.stack([losses(samples, price).mean(axis=1) for price in prices])
    return pd.DataFrame(
        {
            "wtp": np.repeat(prices, len(samples.strategies)),
            "strategy": list(samples.strategies) * len(prices),
            "expected_loss": mean.ravel(),
        }
    )
