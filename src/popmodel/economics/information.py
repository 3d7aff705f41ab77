"""The value of information: what deciding under uncertainty is expected to cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from popmodel.economics.acceptability import net_benefits
from popmodel.economics.checks import (
    FloatArray,
    Samples,
    each_structure,
    samples_of,
    wtp_values,
)


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
    psa: pd.DataFrame, wtp: float | Sequence[float] | FloatArray, effect: str = "qaly"
) -> pd.DataFrame:
    """Return the expected value of perfect information: E[max NMB] − max E[NMB], never negative.

    Arguments and errors as `expected_loss`. Columns `wtp, evpi` (money per person).
    """
    prices = wtp_values(wtp)

    def one(part: pd.DataFrame) -> pd.DataFrame:
        samples = samples_of(part, effect)
        return pd.DataFrame({"wtp": prices, "evpi": _mean_losses(samples, prices).min(axis=1)})

    return each_structure(psa, one)


def _mean_losses(samples: Samples, prices: FloatArray) -> FloatArray:
    """Return mean losses, shape (prices, strategies)."""
    rows = []
    for price in prices:
        benefit = net_benefits(samples, price)
        rows.append((benefit.max(axis=1, keepdims=True) - benefit).mean(axis=0))
    return np.stack(rows)


def _losses(samples: Samples, prices: FloatArray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "wtp": np.repeat(prices, len(samples.strategies)),
            "strategy": list(samples.strategies) * len(prices),
            "expected_loss": _mean_losses(samples, prices).ravel(),
        }
    )
