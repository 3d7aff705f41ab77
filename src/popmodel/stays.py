"""Crises and stays -> tables: the way of patients through settings, and beds in use by week.

Beds are counted against what a scenario says there are; who waits for one stands in waits.csv.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from popmodel.rules.records import History
from popmodel.units import DAYS_PER_WEEK
from popmodel.vocabulary import SETTINGS, STAY_EVENTS

MOVES: Final = {
    "fatal": ("crisis", "death"),
    "arrived": ("crisis", "emergency"),
    "again": ("crisis", "same_stay"),
    "admitted": ("emergency", "inpatient"),
    "home_from_emergency": ("emergency", "home"),
    "died_in_emergency": ("emergency", "death"),
    "still_in_emergency": ("emergency", "still_there"),
    "home_from_ward": ("inpatient", "home"),
    "died_on_ward": ("inpatient", "death"),
    "still_on_ward": ("inpatient", "still_there"),
}
"""From where to where, by what is counted; what leaves a place adds up to what came to it."""
STAY_COLUMNS: Final = ("strategy", "start", "end", "count")
BEGUN_COLUMNS: Final = ("strategy", "treatment", "setting", "count")
BED_COLUMNS: Final = (
    "strategy", "service", "week", "beds", "beds_in_use", "admissions", "above", "beds_short",
)  # fmt: skip
"""Columns of beds.csv: beds there are at the start of the week, mean beds in use during it and
admissions (means over replicates), 1 if more were in use than there are, and how many more."""


def stay_table(name: str, history: History) -> pd.DataFrame:
    """Return how often patients went from one place to another: `strategy, start, end, count`."""
    counts = history.tally["stay"][0]
    rows = [(name, *MOVES[what], int(counts[STAY_EVENTS.index(what)])) for what in MOVES]
    return pd.DataFrame(rows, columns=list(STAY_COLUMNS))


def begun_table(name: str, history: History, treatments: Sequence[str]) -> pd.DataFrame:
    """Return courses begun by treatment and setting, empty ones left out."""
    counts = history.tally["begun"][0]
    rows = [
        (name, treatments[t], SETTINGS[k], int(counts[t, k]))
        for t, k in zip(*np.nonzero(counts), strict=True)
    ]
    return pd.DataFrame(rows, columns=list(BEGUN_COLUMNS))


def bed_table(
    weekly: pd.DataFrame,
    service: str,
    since_days: NDArray[np.float64],
    beds: NDArray[np.float64],
    replicates: int,
    horizon_days: float,
) -> pd.DataFrame:
    """Return beds.csv of one strategy: beds in use by week against the beds there are.

    Args:
        weekly: weekly table of the strategy, all replicates together.
        service: card that stands for beds.
        since_days: days on which the number of beds changes; the first is 0.
        beds: beds from then on; nan: nobody said.
        replicates: how many the weekly table comes from.
        horizon_days: days simulated.
    """
    start = weekly["week"].to_numpy() * DAYS_PER_WEEK
    days = np.minimum(start + DAYS_PER_WEEK, horizon_days) - start
    used = weekly["bed_days"].to_numpy() / days / replicates
    there = beds[np.searchsorted(since_days, start, side="right") - 1]
    short = np.where(np.isnan(there), np.nan, np.maximum(used - there, 0.0))
    table = pd.DataFrame(
        {
            "strategy": weekly["strategy"], "service": service, "week": weekly["week"],
            "beds": there, "beds_in_use": used,
            "admissions": weekly["admissions"] / replicates,
            "above": (short > 0.0).astype(int), "beds_short": short,
        }
    )  # fmt: skip
    return table[list(BED_COLUMNS)]
