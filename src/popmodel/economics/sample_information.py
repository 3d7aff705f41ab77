"""EVSI and ENBS: what a study of limited size is worth, and whether it is worth its cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd

from popmodel.economics.acceptability import choices
from popmodel.economics.checks import FloatArray, each_structure_with, wtp_values
from popmodel.economics.information import highest
from popmodel.economics.partial_information import (
    Fitted,
    error_of_fit,
    fits_of,
    refuse_few,
    value_of_fit,
)
from popmodel.economics.population import Population
from popmodel.economics.rescaling import at_price, gain_of_choice, spread_of
from popmodel.economics.samples import Samples, parameters_of, samples_of
from popmodel.economics.smoothing import smooth
from popmodel.economics.splines import functions_of
from popmodel.economics.study import Study
from popmodel.errors import InputError

DATASETS = 300
CELLS_AT_ONCE = 2_000_000


def evsi(
    psa: pd.DataFrame,
    params: pd.DataFrame,
    wtp: float | Sequence[float] | FloatArray,
    study: Study,
    effect: str = "qaly",
    sizes: Sequence[int] | None = None,
    seed: int = 1,
) -> pd.DataFrame:
    """Return the expected value of sample information of a proposed study.

    Moment matching (Heath, Manolopoulou & Baio, Med Decis Making 2018;38:163): what is expected
    given the measured parameters keeps its shape, and its variance is reduced to what the study
    would explain. That is the prior variance less the mean posterior variance over possible results
    of the study, each posterior a weighting of the draws by likelihood.

    Args:
        psa: columns `sample, strategy, cost, <effect>`; `structure`: each apart.
        params: columns `sample, <parameter>…`, those that the study measures among them.
        wtp: willingness to pay, money per unit of effect.
        study: what is measured, and in how many patients.
        effect: name of the effect column.
        sizes: patients in all, groups in proportion; None for the study as it is.
        seed: luck of the simulated results.

    Returns:
        Columns `wtp, patients, evsi` (money per person), and beside them

        - `evsi_check`: the same by regression on a simulated result of every draw (Strong, Oakley,
          Brennan & Breeze, Med Decis Making 2015;35:570), and `evsi_se`, its standard error,
        - `evppi`: what an infinitely large study would be worth.

    Raises:
        InputError: as `evppi`; a measured column is missing or not a probability or rate.
    """
    prices = wtp_values(wtp)
    studies = [study] if sizes is None else [study.resized(size) for size in sizes]
    if not studies:
        raise InputError("study: no size is asked for")

    def one(part: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
        samples = samples_of(part, effect)
        refuse_few(samples, len(study.parameters))
        values = _measured(study, parameters_of(given, samples))
        luck = np.random.default_rng(seed)
        return pd.concat(_tables(samples, values, prices, studies, luck), ignore_index=True)

    return each_structure_with(psa, params, one)


def enbs(
    table: pd.DataFrame,
    population: Population,
    fixed_cost: float,
    cost_per_patient: float,
    years_to_results: float = 0.0,
) -> pd.DataFrame:
    """Return the expected net benefit of sampling: what a study is worth less what it costs.

    Args:
        table: of `evsi`.
        population: for whom the decision is taken; those treated before the results are in gain
            nothing from them, and what later ones gain is discounted.
        fixed_cost: of the study, money of today.
        cost_per_patient: of the study, for each patient in it.
        years_to_results: from today.

    Returns:
        The table with columns `evsi_population`, `study_cost`, `enbs`; worth doing if above 0, and
        of several sizes the one with the highest `enbs` is the best.

    Raises:
        InputError: a cost or time is negative or no number.
    """
    given = {
        "fixed cost": fixed_cost,
        "cost per patient": cost_per_patient,
        "years to results": years_to_results,
    }
    for name, value in given.items():
        if not np.isfinite(value) or value < 0.0:
            raise InputError(f"study: {name}: {value} is not a number of at least 0")
    worth = table["evsi"] * population.after(years_to_results).persons
    cost = fixed_cost + cost_per_patient * table["patients"]
    return table.assign(evsi_population=worth, study_cost=cost, enbs=worth - cost)


def _measured(study: Study, params: pd.DataFrame) -> dict[str, FloatArray]:
    for name in study.parameters:
        if name not in params.columns:
            raise InputError(f"study: {name} is no parameter")
    return {name: params[name].to_numpy() for name in study.parameters}


def _tables(
    samples: Samples,
    values: dict[str, FloatArray],
    prices: FloatArray,
    studies: Sequence[Study],
    luck: np.random.Generator,
) -> Iterator[pd.DataFrame]:
    most, now = highest(samples, prices), choices(samples, prices)
    fits = fits_of(samples, partial(smooth, functions_of(np.column_stack(list(values.values())))))
    full = value_of_fit(samples, fits, prices, most)
    for study in studies:
        unknown = _posterior_variance({one: fits(one) for one in now}, values, study, luck)
        results = np.column_stack([one.draw(values[one.parameter], luck) for one in study.measures])
        again = fits_of(samples, partial(smooth, functions_of(results)))
        reduced = [
            _preposterior_value(fits(one), unknown[one], price)
            for one, price in zip(now, prices, strict=True)
        ]
        yield pd.DataFrame(
            {
                "wtp": prices,
                "patients": study.patients,
                "evsi": np.minimum(reduced, full),
                "evsi_se": error_of_fit(samples, again, prices),
                "evsi_check": value_of_fit(samples, again, prices, full),
                "evppi": full,
            }
        )


def _preposterior_value(fitted: Fitted, unknown: FloatArray, price: float) -> float:
    """Return E[max] − max E after as much variance as stays unknown is taken out."""
    cost, effect = fitted
    spread = spread_of(effect * price - cost, at_price(unknown, price))
    return gain_of_choice(spread.without())


def _posterior_variance(
    fitted: dict[int, Fitted],
    values: dict[str, FloatArray],
    study: Study,
    luck: np.random.Generator,
) -> dict[int, FloatArray]:
    """Return the mean posterior covariance of what is expected over results of the study.

    Args:
        fitted: costs and effects expected at each draw, by reference.
        values: measured parameters at each draw.
        study: what is measured.
        luck: for the results.
    """
    order = np.argsort(values[study.parameters[0]], kind="stable")
    count = min(DATASETS, len(order))
    true = order[np.linspace(0, len(order) - 1, count).round().astype(int)]
    results = [one.draw(values[one.parameter][true], luck) for one in study.measures]
    rows = {one: np.vstack(pair) for one, pair in fitted.items()}
    rows = {one: pair - pair.mean(axis=1, keepdims=True) for one, pair in rows.items()}
    weight, explained = np.zeros(len(order)), dict.fromkeys(rows, np.zeros(()))
    for part in np.array_split(np.arange(count), -(-count * len(order) // CELLS_AT_ONCE)):
        posterior = _weights([one[part] for one in results], values, study)
        weight += posterior.sum(axis=0) / count
        for one, pair in rows.items():
            means = posterior @ pair.T
            explained[one] = explained[one] + means.T @ means / count
    return {one: (pair * weight) @ pair.T - explained[one] for one, pair in rows.items()}


def _weights(
    results: Sequence[FloatArray], values: dict[str, FloatArray], study: Study
) -> FloatArray:
    """Return the posterior weight of every draw under every result, shape (results, samples)."""
    pairs = zip(study.measures, results, strict=True)
    log_weight = sum(one.log_likelihood(found, values[one.parameter]) for one, found in pairs)
    weight = np.exp(log_weight - np.max(log_weight, axis=1, keepdims=True))
    out: FloatArray = weight / weight.sum(axis=1, keepdims=True)
    return out
