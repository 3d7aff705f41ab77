"""At which price a success would be adopted: what a trial asks, if it turns out well.

A potency that may be nothing is drawn above 0 in some of the draws: in those the trial has
succeeded. In them each strategy is compared with the best of those whose cost does not depend on
the price. Cost is linear in a price, so its slope is found by running the model at two prices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from popmodel.economics.checks import each_structure_with
from popmodel.errors import InputError, did_you_mean
from popmodel.uncertainty.psa import SAMPLE, STRUCTURE, Analysis
from popmodel.uncertainty.run import Run

FEWEST_SUCCESSES: Final = 10
STEP: Final = 1.0
"""Money by which the price is moved; any step finds the slope of a line."""
COLUMNS: Final = (
    "parameter", "price_of", "strategy", "wtp", "successes", "courses", "price_now", "price",
    "price_se", "gain_now", "gain_now_se",
)  # fmt: skip


def adoption_table(
    analysis: Analysis, tables: Mapping[str, pd.DataFrame], potency: str, price: str
) -> pd.DataFrame:
    """Return up to which price each strategy would be adopted if the treatment works.

    Args:
        analysis: what was run.
        tables: from `psa_tables`.
        potency: path of the potency that a trial would measure.
        price: path of a price on a card.

    Returns:
        Columns `parameter, price_of, strategy, wtp, successes` (draws in which the potency is above
        0), `courses` (discounted, per patient, at the cards' values), `price_now` (mean of the
        draws), `price` and `price_se` (highest price at which it is as good as the best strategy
        without), `gain_now, gain_now_se` (net benefit against that one at today's price);
        `structure` first if there are several.

    Raises:
        InputError: a path is not drawn or no price, no strategy depends on the price, or too few
            draws succeed.
    """
    scenario = analysis.job.scenario
    parameters = _priced(analysis, tables["psa_parameters"], potency, price)
    choices = [choice.name for choice in scenario.structures()]
    slopes = {name: price_slopes(analysis, name, price) for name in choices}
    wtp = sorted(scenario.willingness_to_pay)

    def one(psa: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
        name = str(psa[STRUCTURE].iloc[0]) if STRUCTURE in psa.columns else choices[0]
        return _of_one(psa, given, slopes[name], (potency, price), wtp)

    return each_structure_with(tables["psa"], parameters, one)


def price_slopes(analysis: Analysis, structure: str, price: str) -> dict[str, float]:
    """Return by strategy what a patient costs more when a price rises by one.

    Args:
        analysis: whose scenario is run, twice.
        structure: its name.
        price: path of the price.
    """
    scenario = analysis.job.scenario
    now = scenario.evidence().quantity(price).value
    cost = f"cost_{scenario.perspective}"
    runs = [
        analysis.job(Run(number, structure, 0, {price: now + STEP * number})) for number in (0, 1)
    ]
    means = [_mean_by_strategy(rows[rows["dimension"] == "block"], cost) for rows in runs]
    return {name: (means[1][name] - means[0][name]) / STEP for name in means[0]}


def _mean_by_strategy(rows: pd.DataFrame, column: str) -> dict[str, float]:
    whole = rows.assign(total=rows[column] * rows["patients"]).groupby("strategy", sort=False)
    sums = whole[["total", "patients"]].sum()
    return {str(name): float(x) for name, x in (sums["total"] / sums["patients"]).items()}


def _priced(analysis: Analysis, parameters: pd.DataFrame, potency: str, price: str) -> pd.DataFrame:
    """Return sample, potency and price of every draw; a price without doubt is the card's."""
    if potency not in parameters.columns:
        hint = did_you_mean(potency, parameters.columns)
        raise InputError(f"--study {potency}: is not among the numbers drawn {hint}".rstrip())
    quantity = analysis.job.scenario.evidence().quantity(price)
    if quantity.price_year is None:
        raise InputError(f"--price-of {price}: is in {quantity.unit} and no price")
    drawn = parameters[price] if price in parameters.columns else quantity.value
    keys = [name for name in (STRUCTURE, SAMPLE) if name in parameters.columns]
    return parameters[keys].assign(potency=parameters[potency], price=drawn)


def _of_one(
    psa: pd.DataFrame,
    given: pd.DataFrame,
    slopes: Mapping[str, float],
    paths: tuple[str, str],
    wtp: Sequence[float],
) -> pd.DataFrame:
    given = given.set_index(SAMPLE)
    success = given.index[given["potency"] > 0.0]
    if len(success) < FEWEST_SUCCESSES:
        told = f"--price-of {paths[1]}: {len(success)} draws in which {paths[0]} is above 0"
        raise InputError(f"{told}; at least {FEWEST_SUCCESSES} are needed: more --samples")
    own = psa[psa[SAMPLE].isin(success)]
    using = [name for name, slope in slopes.items() if slope > 0.0]
    if not using or len(using) == len(slopes):
        raise InputError(f"--price-of {paths[1]}: all strategies pay it, or none")
    rows = []
    for amount in wtp:
        benefit = own.assign(nmb=amount * own["qaly"] - own["cost"])
        wide = benefit.pivot(index=SAMPLE, columns="strategy", values="nmb").loc[success]
        rest = [name for name in wide.columns if name not in using]
        best = wide[rest].mean().idxmax()
        for name in using:
            gain = wide[name] - wide[best]
            rows.append(_row(paths, name, amount, gain, given.loc[success, "price"], slopes[name]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(
    paths: tuple[str, str], name: str, amount: float, gain: Any, price: Any, slope: float
) -> tuple[Any, ...]:
    """Return one row: what a course may cost is today's price and what is gained beside it."""
    count = len(gain)
    worth = price.to_numpy() + gain.to_numpy() / slope
    errors = [float(np.std(x, ddof=1) / np.sqrt(count)) for x in (worth, gain)]
    return (
        *paths, name, amount, count, slope, float(price.mean()), float(worth.mean()), errors[0],
        float(gain.mean()), errors[1],
    )  # fmt: skip
