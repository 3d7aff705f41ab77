"""EVPPI: what it is worth to learn some of the parameters, and only these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from popmodel.economics.acceptability import net_benefits
from popmodel.economics.checks import (
    FloatArray,
    each_structure_with,
    wtp_values,
)
from popmodel.economics.information import for_population, highest
from popmodel.economics.population import Population
from popmodel.economics.samples import Samples, parameters_of, samples_of
from popmodel.economics.second_opinion import bins_of, kernel, means_of_others
from popmodel.economics.smoothing import Basis, smooth, smooth_of_others
from popmodel.economics.splines import functions_of, spline
from popmodel.errors import InputError

FEWEST_DRAWS = 30
DRAWS_A_PARAMETER = 10
SHUFFLES = 20
SHUFFLES_OF_GROUP = 5
SEED_OF_SHUFFLES = 20_131
Groups = Mapping[str, Sequence[str]]


def evppi(
    psa: pd.DataFrame,
    params: pd.DataFrame,
    wtp: float | Sequence[float] | FloatArray,
    effect: str = "qaly",
    groups: Groups | None = None,
    population: Population | None = None,
) -> pd.DataFrame:
    """Return the expected value of partial perfect information, E[max E[NMB|φ]] − max E[NMB].

    The inner expectation is a regression of costs and effects on the parameters φ (Strong, Oakley
    & Brennan, Med Decis Making 2014;34:311): a penalised spline for one parameter, splines with
    interactions for a group. Values are kept between 0 and the EVPI of the same draws.

    Args:
        psa: columns `sample, strategy, cost, <effect>`; `structure`: each apart.
        params: columns `sample, <parameter>…`, and `structure` if they differ by structure.
        wtp: willingness to pay, money per unit of effect.
        effect: name of the effect column.
        groups: parameters learnt together, by the name of the group; reported after the single
            ones.
        population: for whom the decision is taken; None for one person.

    Returns:
        Columns `wtp, parameter, evppi` (money per person), and beside them

        - `evppi_se`: standard error from the number of draws, that of the mean gain of the rule
          "choose by φ" over "choose now" (its efficient influence function),
        - `evppi_check`: the same by another method, means of bins for one parameter (Strong &
          Oakley, Med Decis Making 2013;33:755), a Gaussian process for a group. Its rule is learnt
          from some draws and tried on others, so it errs to the low side where `evppi` errs to the
          high side,
        - `evppi_noise`: what the method finds when the draws of the parameters are shuffled, so
          that they influence nothing: its bias; a value not well above it means nothing,
        - `evppi_population` for a population.

    Raises:
        InputError: as `evpi`; parameters are missing, infinite or unknown; there are too few draws.
    """
    prices = wtp_values(wtp)

    def one(part: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
        samples = samples_of(part, effect)
        table = _table(samples, parameters_of(given, samples), prices, groups or {})
        return for_population(table, "evppi", population)

    return each_structure_with(psa, params, one)


def value_of_fit(
    fitted: tuple[FloatArray, FloatArray], prices: FloatArray, most: FloatArray
) -> FloatArray:
    """Return E[max NMB] − max E[NMB] of expected costs and effects, shape (prices,).

    Args:
        fitted: cost and effect expected at each draw, each of shape (strategies, samples).
        prices: willingness to pay.
        most: upper limits, the EVPI.
    """
    cost, effect = fitted
    values = np.empty(len(prices))
    for position, price in enumerate(prices):
        benefit = effect * price
        benefit -= cost
        values[position] = benefit.max(axis=0).mean() - benefit.mean(axis=1).max()
    out: FloatArray = np.clip(values, 0.0, most)
    return out


def value_of_rule(
    samples: Samples,
    fitted: tuple[FloatArray, FloatArray],
    prices: FloatArray,
    most: FloatArray,
) -> FloatArray:
    """Return what choosing by `fitted` gains in the draws themselves, shape (prices,)."""
    gains = (gain.mean() for gain in _gains(samples, fitted, prices))
    out: FloatArray = np.clip(np.fromiter(gains, np.float64, len(prices)), 0.0, most)
    return out


def error_of_fit(
    samples: Samples, fitted: tuple[FloatArray, FloatArray], prices: FloatArray
) -> FloatArray:
    """Return the standard error of `value_of_fit`, shape (prices,)."""
    errors = (gain.std(ddof=1) for gain in _gains(samples, fitted, prices))
    out: FloatArray = np.fromiter(errors, np.float64, len(prices)) / np.sqrt(len(samples.labels))
    return out


def _gains(
    samples: Samples, fitted: tuple[FloatArray, FloatArray], prices: FloatArray
) -> Iterator[FloatArray]:
    """Give, price by price, net benefit of the choice by `fitted` less that of the choice now."""
    draws = np.arange(len(samples.labels))
    for price in prices:
        expected, benefit = fitted[1] * price, net_benefits(samples, price)
        expected -= fitted[0]
        yield benefit[expected.argmax(axis=0), draws] - benefit[benefit.mean(axis=1).argmax()]


def refuse_few(samples: Samples, parameters: int) -> None:
    """Refuse to learn a function of parameters from too few draws.

    Raises:
        InputError: there are fewer than 30, or than 10 a parameter.
    """
    least = max(FEWEST_DRAWS, DRAWS_A_PARAMETER * parameters)
    if len(samples.labels) < least:
        have = len(samples.labels)
        raise InputError(f"{have} samples are too few to learn from, {least} are needed")


def _table(
    samples: Samples, params: pd.DataFrame, prices: FloatArray, groups: Groups
) -> pd.DataFrame:
    _refuse_groups(params, groups)
    refuse_few(samples, max([len(members) for members in groups.values()], default=1))
    most = highest(samples, prices)
    rows = list(_single(samples, params, prices, most))
    rows += _joint(samples, params, prices, most, groups)
    return pd.concat(rows, ignore_index=True)


def _refuse_groups(params: pd.DataFrame, groups: Groups) -> None:
    for name, members in groups.items():
        unknown = [member for member in members if member not in params.columns]
        if unknown or not members:
            what = f"{unknown[0]} is no parameter" if unknown else "has no parameters"
            raise InputError(f"group {name}: {what}")
        if name in params.columns:
            raise InputError(f"group {name}: is the name of a parameter, too")


def _single(
    samples: Samples, params: pd.DataFrame, prices: FloatArray, most: FloatArray
) -> Iterator[pd.DataFrame]:
    count = len(samples.labels)
    bins = round(2 * count ** (1 / 3))
    flat = spline(np.arange(count, dtype=np.float64))
    noise = _noise(samples, flat, prices, most, SHUFFLES)
    for name in params.columns:
        values = params[name].to_numpy()
        fitted = _fits(samples, functions_of(values[:, None]))
        place = bins_of(values, bins)
        check = means_of_others(place, samples.cost), means_of_others(place, samples.effect)
        yield _rows(name, samples, fitted, check, prices, most, noise)


def _joint(
    samples: Samples, params: pd.DataFrame, prices: FloatArray, most: FloatArray, groups: Groups
) -> Iterator[pd.DataFrame]:
    for name, members in groups.items():
        values = params[list(members)].to_numpy()
        basis = functions_of(values)
        cost, effect = samples.cost, samples.effect
        check = (
            smooth_of_others(kernel(values, cost), cost),
            smooth_of_others(kernel(values, effect), effect),
        )
        noise = _noise(samples, basis, prices, most, SHUFFLES_OF_GROUP)
        yield _rows(name, samples, _fits(samples, basis), check, prices, most, noise)


def _fits(samples: Samples, basis: Basis) -> tuple[FloatArray, FloatArray]:
    return smooth(basis, samples.cost), smooth(basis, samples.effect)


def _noise(
    samples: Samples, basis: Basis, prices: FloatArray, most: FloatArray, times: int
) -> FloatArray:
    """Return the mean value found when costs and effects are dealt to the parameters anew."""
    total, luck = np.zeros(len(prices)), np.random.default_rng(SEED_OF_SHUFFLES)
    for _ in range(times):
        order = luck.permutation(len(samples.labels))
        dealt = Samples(
            samples.strategies, samples.labels, samples.cost[:, order], samples.effect[:, order]
        )
        total += value_of_fit(_fits(dealt, basis), prices, most)
    return total / times


def _rows(
    name: str,
    samples: Samples,
    fitted: tuple[FloatArray, FloatArray],
    check: tuple[FloatArray, FloatArray],
    prices: FloatArray,
    most: FloatArray,
    noise: FloatArray,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "wtp": prices,
            "parameter": name,
            "evppi": value_of_fit(fitted, prices, most),
            "evppi_se": error_of_fit(samples, fitted, prices),
            "evppi_check": value_of_rule(samples, check, prices, most),
            "evppi_noise": noise,
        }
    )
