"""What of a patient is compared with a published figure, by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from popmodel.outcomes import mean_and_error
from popmodel.units import DAYS_PER_MONTH, DAYS_PER_WEEK, DAYS_PER_YEAR
from popmodel.vocabulary import COST_CATEGORIES

Values = NDArray[np.float64]
PLAIN: Final = (
    "ever_response", "ever_remission", "remission_12m", "remission_end", "share_time_in_remission",
    "remission_weeks", "relapses", "recurrences", "courses", "crises", "deaths", "suicides",
    "life_years", "qaly", "qaly_undiscounted", "cost_health_care", "cost_societal",
    *(f"cost_{name}" for name in COST_CATEGORIES),
)  # fmt: skip
"""Columns of the patient table that are taken as they are."""


def _column(name: str) -> Callable[[pd.DataFrame], Values]:
    return lambda table: table[name].to_numpy(dtype=float)


def _total(*names: str) -> Callable[[pd.DataFrame], Values]:
    return lambda table: table[list(names)].to_numpy(dtype=float).sum(axis=1)


def _remission_days(table: pd.DataFrame) -> Values:
    return table["remission_weeks"].to_numpy(dtype=float) * DAYS_PER_WEEK


def _months_to_first_remission(table: pd.DataFrame) -> Values:
    """Months from entry; nan, which does not count, for those who never had one."""
    days = table["days_to_remission"].to_numpy(dtype=float)
    return np.where(np.isfinite(days), days / DAYS_PER_MONTH, math.nan)


def _outside_health_care(table: pd.DataFrame) -> Values:
    return np.asarray(table["cost_societal"] - table["cost_health_care"], dtype=float)


MEASURES: Final[Mapping[str, Callable[[pd.DataFrame], Values]]] = {
    **{name: _column(name) for name in PLAIN},
    "remission_months": lambda table: _remission_days(table) / DAYS_PER_MONTH,
    "remission_years": lambda table: _remission_days(table) / DAYS_PER_YEAR,
    "months_to_first_remission": _months_to_first_remission,
    "cost_of_treatment": _total("cost_treatment", "cost_visits", "cost_drugs"),
    "cost_outside_health_care": _outside_health_care,
}
"""One value a patient: discounted costs and QALYs as in the tables of a run."""


def measured(
    table: pd.DataFrame, base: pd.DataFrame | None, measure: str, per: str | None
) -> tuple[float, float]:
    """Return a mean over patients, or a ratio of means, and its Monte Carlo standard error.

    Args:
        table: patients under the strategy.
        base: the same patients under the strategy it is compared with; None: no difference.
        measure: name in `MEASURES`.
        per: name of what it is divided by; None: no ratio. The error of a ratio is that of its
            linear form (delta method), patients paired.
    """
    top = _difference(table, base, measure)
    if per is None:
        return mean_and_error(top)
    bottom = _difference(table, base, per)
    below = float(bottom.mean())
    if below == 0.0:
        return math.nan, math.nan
    ratio = float(top.mean()) / below
    return ratio, mean_and_error(top - ratio * bottom)[1] / abs(below)


def _difference(table: pd.DataFrame, base: pd.DataFrame | None, name: str) -> Values:
    values = MEASURES[name](table)
    return values if base is None else values - MEASURES[name](base)
