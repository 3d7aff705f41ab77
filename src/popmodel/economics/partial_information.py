"""EVPPI: what it is worth to learn some of the parameters, and only these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pandas as pd

from popmodel.economics.acceptability import choices, net_benefits
from popmodel.economics.checks import (
    FloatArray,
    each_structure_with,
    wtp_values,
)
from popmodel.economics.information import for_population, highest
from popmodel.economics.population import Population
from popmodel.economics.samples import Samples, parameters_of, samples_of
from popmodel.economics.second_opinion import (
    bins_of,
    kernel,
    kernel_of_others,
    means_of_others,
)
from popmodel.economics.smoothing import Basis, smooth
from popmodel.economics.splines import functions_of, spline
from popmodel.errors import InputError

FEWEST_DRAWS = 30
DRAWS_A_PARAMETER = 10
SHUFFLES = 20
SHUFFLES_OF_GROUP = 5
SEED_OF_SHUFFLES = 20_131
Groups = Mapping[str, Sequence[str]]
Fitted = tuple[FloatArray, FloatArray]
Fits = Callable[[int], Fitted]
"""Expected cost and effect of every strategy less those of the given one, (strategies, samples)."""


def evppi(
    psa: pd.DataFrame,
    params: pd.DataFrame,
    wtp: float | Sequence[float] | FloatArray,
    effect: str = "qaly",
    groups: Groups | None = None,
    population: Population | None = None,
) -> pd.DataFrame:
    """Return the expected value of partial perfect information, E[max E[NMB|φ]] − max E[NMB].

    The inner expectation is a regression on the parameters φ (Strong, Oakley & Brennan, Med Decis
    Making 2014;34:311), of the differences in costs and effects from the strategy that is best on
    average: a penalised spline for one parameter, splines with interactions for a group. Values are
    kept between 0 and the EVPI of the same draws.

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
        - `evppi_noise`: what the method finds when the draws of the parameters (of any smooth one
          for single ones) are shuffled, so that they influence nothing: its bias; a value not well
          above it means nothing,
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


def fits_of(samples: Samples, expect: Callable[[FloatArray], FloatArray]) -> Fits:
    """Return what is expected of cost and effect less those of a reference, given the parameters.

    Args:
        samples: the draws.
        expect: a regression on parameters; from and to shape (strategies, samples).
    """

    @cache
    def fits(reference: int) -> Fitted:
        cost, effect = samples.cost, samples.effect
        return expect(cost - cost[reference]), expect(effect - effect[reference])

    return fits


def value_of_fit(samples: Samples, fits: Fits, prices: FloatArray, most: FloatArray) -> FloatArray:
    """Return E[max NMB] − max E[NMB] of what is expected given parameters, shape (prices,).

    Args:
        samples: the draws.
        fits: from `fits_of`.
        prices: willingness to pay.
        most: upper limits, the EVPI.
    """
    values = np.empty(len(prices))
    for position, benefit in enumerate(_expected(samples, fits, prices)):
        values[position] = benefit.max(axis=0).mean() - benefit.mean(axis=1).max()
    out: FloatArray = np.clip(values, 0.0, most)
    return out


def value_of_rule(samples: Samples, fits: Fits, prices: FloatArray, most: FloatArray) -> FloatArray:
    """Return what choosing by `fits` gains in the draws themselves, shape (prices,)."""
    gains = (gain.mean() for gain in _gains(samples, fits, prices))
    out: FloatArray = np.clip(np.fromiter(gains, np.float64, len(prices)), 0.0, most)
    return out


def error_of_fit(samples: Samples, fits: Fits, prices: FloatArray) -> FloatArray:
    """Return the standard error of `value_of_fit`, shape (prices,)."""
    errors = (gain.std(ddof=1) for gain in _gains(samples, fits, prices))
    out: FloatArray = np.fromiter(errors, np.float64, len(prices)) / np.sqrt(len(samples.labels))
    return out


def _expected(samples: Samples, fits: Fits, prices: FloatArray) -> Iterator[FloatArray]:
    """Give, price by price, expected net benefit less that of the choice now, given parameters."""
    for price, reference in zip(prices, choices(samples, prices), strict=True):
        cost, effect = fits(reference)
        benefit = effect * price
        benefit -= cost
        yield benefit


def _gains(samples: Samples, fits: Fits, prices: FloatArray) -> Iterator[FloatArray]:
    """Give, price by price, net benefit of the choice by `fits` less that of the choice now."""
    draws, now = np.arange(len(samples.labels)), choices(samples, prices)
    expected = _expected(samples, fits, prices)
    for price, reference, one in zip(prices, now, expected, strict=True):
        benefit = net_benefits(samples, price)
        yield benefit[one.argmax(axis=0), draws] - benefit[reference]


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
    noise = _noise(samples, spline(np.arange(count, dtype=np.float64)), prices, most, SHUFFLES)
    for name in params.columns:
        values = params[name].to_numpy()
        check = fits_of(samples, partial(means_of_others, bins_of(values, bins)))
        yield _rows(name, samples, spline(values), check, prices, most, noise)


def _joint(
    samples: Samples, params: pd.DataFrame, prices: FloatArray, most: FloatArray, groups: Groups
) -> Iterator[pd.DataFrame]:
    for name, members in groups.items():
        values = params[list(members)].to_numpy()
        basis = functions_of(values)
        check = fits_of(samples, partial(kernel_of_others, kernel(values)))
        noise = _noise(samples, basis, prices, most, SHUFFLES_OF_GROUP)
        yield _rows(name, samples, basis, check, prices, most, noise)


def _noise(
    samples: Samples, basis: Basis, prices: FloatArray, most: FloatArray, times: int
) -> FloatArray:
    """Return the mean value found when costs and effects are dealt to the parameters anew."""
    total, luck = np.zeros(len(prices)), np.random.default_rng(SEED_OF_SHUFFLES)
    for _ in range(times):
        order = luck.permutation(len(samples.labels))
        dealt = replace(samples, cost=samples.cost[:, order], effect=samples.effect[:, order])
        total += value_of_fit(dealt, fits_of(dealt, partial(smooth, basis)), prices, most)
    return total / times


def _rows(
    name: str,
    samples: Samples,
    basis: Basis,
    check: Fits,
    prices: FloatArray,
    most: FloatArray,
    noise: FloatArray,
) -> pd.DataFrame:
    fits = fits_of(samples, partial(smooth, basis))
    return pd.DataFrame(
        {
            "wtp": prices,
            "parameter": name,
            "evppi": value_of_fit(samples, fits, prices, most),
            "evppi_se": error_of_fit(samples, fits, prices),
            "evppi_check": value_of_rule(samples, check, prices, most),
            "evppi_noise": noise,
        }
    )
