"""Tables for tests: draws as arrays into the columns that users type, and normal closed forms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import norm


def psa_of(cost: np.ndarray, effect: np.ndarray, names: Sequence[str] = ()) -> pd.DataFrame:
    """Return `sample, strategy, cost, qaly` from arrays of shape (samples, strategies)."""
    count, strategies = cost.shape
    named = list(names) or [f"s{i}" for i in range(strategies)]
    return pd.DataFrame(
        {
            "sample": np.repeat(np.arange(count), strategies),
            "strategy": named * count,
            "cost": np.asarray(cost, dtype=float).ravel(),
            "qaly": np.asarray(effect, dtype=float).ravel(),
        }
    )


def two_strategies(benefit: np.ndarray) -> pd.DataFrame:
    """Return `old`, which costs and does nothing, and `new` with this net benefit at any price."""
    zero = np.zeros_like(benefit)
    return psa_of(
        np.stack([zero, -benefit], axis=1), np.stack([zero, zero], axis=1), ("old", "new")
    )


def params_of(**columns: np.ndarray) -> pd.DataFrame:
    """Return `sample, <parameter>…`."""
    count = len(next(iter(columns.values())))
    return pd.DataFrame({"sample": np.arange(count), **columns})


def normal_grid(count: int, mean: float = 0.0, sd: float = 1.0) -> np.ndarray:
    """Return a normal distribution as its own quantiles, in order."""
    return norm.ppf((np.arange(count) + 0.5) / count, mean, sd)


def shuffled(values: np.ndarray, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(values)


def unit_normal_loss(mean: float, sd: float) -> float:
    """Return E[max(0, X)] − max(0, E X) for X ~ N(mean, sd²)."""
    z = abs(mean) / sd
    return float(sd * (norm.pdf(z) - z * norm.sf(z)))
