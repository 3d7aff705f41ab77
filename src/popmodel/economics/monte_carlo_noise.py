"""EVPI of our own simulations: how much of it is only luck of the patients simulated.

A draw of a stochastic model is a mean over so many patients. Its noise looks like uncertainty that
information could remove, and noise as large as the parameter variance can turn an EVPI of 26 into
97. Here the variance that is noise is taken out of the net benefits before they are compared.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from popmodel.economics.acceptability import net_benefits
from popmodel.economics.checks import FloatArray, checked, each_structure, wtp_values
from popmodel.economics.information import highest
from popmodel.economics.rescaling import Spread, at_price, gain_of_choice, spread_of
from popmodel.economics.samples import Samples, samples_of
from popmodel.errors import InputError

BLOCK = "block"
HALVINGS = 40
MOST_TIMES = 1e9
"""More patients than this many times those simulated count as never."""


def evpi_without_noise(
    psa: pd.DataFrame,
    wtp: float | Sequence[float] | FloatArray,
    effect: str = "qaly",
    patients: int | None = None,
    tolerance: float = 0.05,
    negligible: float = 1.0,
    shared_luck: bool = False,
) -> pd.DataFrame:
    """Return the EVPI raw and corrected for Monte Carlo noise, and the patients that would cure it.

    The net benefits keep their means and the shape of their distribution; the covariance of the
    noise is taken out of theirs. Exact for normal ones.

    Args:
        psa: columns `sample, strategy, cost, <effect>` and one of two that tell the noise:
            `block`: means of equally many patients each, the same patients in every strategy, at
            least 2 blocks and better 8 or more; or `cost_se` and `<effect>_se`: standard errors,
            taken as independent between strategies and of each other. Under common random numbers
            that is too much noise and corrects too far: give blocks. `structure`: each apart.
        wtp: willingness to pay, money per unit of effect.
        effect: name of the effect column.
        patients: simulated for each draw and strategy, all blocks together; None if not known.
        tolerance: excess over the corrected EVPI that is accepted, as a share of it.
        negligible: excess that is always accepted, money per person.
        shared_luck: the same patients live every draw. What luck adds to all draws alike then
            spreads nothing and is no part of the noise that is taken out; only with blocks.

    Returns:
        Columns `wtp, evpi` (raw), `evpi_corrected`, `noise_share` (of the variance of net benefit
        between strategies) and, if `patients` is given, `patients_needed` for each draw and
        strategy; infinite if no number would do.

    Raises:
        InputError: as `evpi`; the table does not tell the noise, or blocks are incomplete.
    """
    prices = wtp_values(wtp)
    if patients is not None and patients < 1:
        raise InputError(f"patients: {patients} is no number of patients")

    def one(part: pd.DataFrame) -> pd.DataFrame:
        samples, noise = _with_noise(part, effect, shared_luck)
        rows = []
        for price in prices:
            spread = spread_of(net_benefits(samples, price), at_price(noise, price))
            corrected, share = gain_of_choice(spread.without()), _share(spread)
            excess = max(tolerance * corrected, negligible)
            times = _times_needed(spread, corrected + excess)
            rows.append((corrected, share, times))
        table = pd.DataFrame(rows, columns=["evpi_corrected", "noise_share", "times"])
        table.insert(0, "wtp", prices)
        table.insert(1, "evpi", highest(samples, prices))
        if patients is not None:
            table["patients_needed"] = np.ceil(table["times"] * patients)
        return table.drop(columns="times")

    return each_structure(psa, one)


def _with_noise(part: pd.DataFrame, effect: str, shared: bool) -> tuple[Samples, FloatArray]:
    """Return the draws and the covariance of their noise, of costs and then effects."""
    if BLOCK in part.columns:
        return _from_blocks(part, effect, shared)
    errors = ["cost_se", f"{effect}_se"]
    if not set(errors) <= set(part.columns):
        raise InputError(f"noise: a column {BLOCK} is needed, or columns {' and '.join(errors)}")
    samples = samples_of(part, effect)
    plain = checked(part, ["sample", "strategy"], errors)
    if (plain[errors] < 0.0).any(axis=None):
        raise InputError("noise: a standard error is negative")
    mean_square = (
        plain[errors].pow(2).groupby(plain["strategy"]).mean().loc[list(samples.strategies)]
    )
    return samples, np.diag(mean_square.to_numpy().T.ravel())


def _from_blocks(part: pd.DataFrame, effect: str, shared: bool) -> tuple[Samples, FloatArray]:
    """Return means over blocks and the mean covariance of such a mean.

    Where luck is shared, what a block has in common over all draws is taken out first.
    """
    plain = checked(part, ["sample", "strategy", BLOCK], ["cost", effect])
    parts = [
        samples_of(rows.drop(columns=BLOCK), effect) for _, rows in plain.groupby(BLOCK, sort=True)
    ]
    first = parts[0]
    if len(parts) < 2:
        raise InputError("noise: one block tells nothing of it, 2 or more are needed")
    for other in parts[1:]:
        same = set(other.strategies) == set(first.strategies) and other.labels.equals(first.labels)
        if not same:
            raise InputError("noise: every block needs every sample and strategy")
    rows = [[other.strategies.index(name) for name in first.strategies] for other in parts]
    stacked = np.stack(
        [np.vstack([p.cost[row], p.effect[row]]) for p, row in zip(parts, rows, strict=True)]
    )
    mean = stacked.mean(axis=0)
    gaps = stacked - mean
    draws = mean.shape[1]
    if shared and draws > 1:
        gaps = gaps - gaps.mean(axis=2, keepdims=True)
        draws -= 1
    apart = gaps.transpose(1, 0, 2).reshape(len(mean), -1)
    count, blocks = len(first.strategies), len(parts)
    noise = apart @ apart.T / (draws * (blocks - 1) * blocks)
    return Samples(first.strategies, first.labels, mean[:count], mean[count:]), noise


def _share(spread: Spread) -> float:
    """Return the share of all variance between strategies that is noise."""
    variance = np.square(spread.loading).sum(axis=0)
    whole = float(variance.sum())
    return float(variance @ np.minimum(spread.share, 1.0)) / whole if whole > 0.0 else 0.0


def _times_needed(spread: Spread, most: float) -> float:
    """Return how many times the patients simulated bring the expected EVPI down to `most`.

    With n times the patients 1/n of the noise stays: noise is taken out 1 − 1/n times.
    """

    def expected(times: float) -> float:
        return gain_of_choice(_noisier(spread, 1.0 / times))

    low, high = 1.0 / MOST_TIMES, MOST_TIMES
    if not len(spread.share) or expected(low) <= most:
        return low
    if expected(high) > most:
        return np.inf
    for _ in range(HALVINGS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if expected(middle) > most else (low, middle)
    return high


def _noisier(spread: Spread, noise: float) -> FloatArray:
    """Return net benefits without their noise, and with so many times of it put back."""
    share = np.minimum(spread.share, 1.0)
    size = np.sqrt(1.0 - share + noise * share)
    benefit: FloatArray = spread.mean + (spread.loading * size) @ spread.scores
    return benefit
