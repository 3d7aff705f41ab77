"""Waits for places -> tables: who waited how long, and how services were used week by week.

Quantiles of waiting are those of courses served and still waited for, the latter censored
(Kaplan & Meier, J Am Stat Assoc 1958;53:457); so are those of beds, of which nobody came in time
for who was sent home. Who left the queue otherwise is counted apart.
Errors come from replicates, because patients of one system wait for each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from popmodel.rules.codes import WAIT_RENEGED, WAIT_SERVED, WAIT_STILL
from popmodel.units import DAYS_PER_WEEK, DAYS_PER_YEAR
from popmodel.vocabulary import SEVERITY_BANDS, WAIT_ENDS

Floats = NDArray[np.float64]

WAIT_COLUMNS: Final = (
    "strategy", "service", "dimension", "group", "joined", *WAIT_ENDS, "wait_days_mean",
    "wait_days_median", "wait_days_p90", "wait_days_mean_se", "wait_days_median_se",
    "wait_days_p90_se",
)  # fmt: skip
"""Columns of waits.csv. Counts are means over replicates."""
SERVICE_COLUMNS: Final = (
    "strategy", "service", "site", "week", "places", "in_use", "waiting", "waiting_p10",
    "waiting_p90", "joined", "started", "left", "wait_days",
)  # fmt: skip
"""Columns of services.csv: places open and in use, patients waiting at the start of the week (mean
and 10th and 90th percentile of replicates), what happened during it, and the mean days that those
who started then had waited."""
_WAIT_DAYS: Final = (
    "wait_days_mean", "wait_days_median", "wait_days_p90", "wait_days_mean_se",
    "wait_days_median_se", "wait_days_p90_se",
)  # fmt: skip
USE_COLUMNS: Final = (
    "strategy", "service", "site", "place_years", "place_years_in_use", "idle_share",
    "cost_of_places", "cost_of_idleness", "start_up_weeks", "settled",
    *(f"{name}{after}" for after in ("", "_after_start_up") for name in ("joined", *_WAIT_DAYS)),
)  # fmt: skip
"""Columns of service_use.csv: place-years open and in use, means over replicates; their cost where
places are charged, undiscounted; and waits of all, and of those who joined after the start-up."""
ADMISSION: Final = "-1"
"""The treatment of who waits for a bed: none."""
MSER_BATCH: Final = 5
"""Weeks in a batch of MSER-5."""
MSER_FEWEST: Final = 4
"""Batches below which nothing can be said about a start-up phase."""
MOST_LINES: Final = 5


def wait_quantile(days: Floats, served: NDArray[np.bool_], level: float) -> float:
    """Return the Kaplan-Meier quantile of days waited; nan where too few were served to tell.

    Args:
        days: waited by courses served or still waited for.
        served: which of them were served; the others are censored.
        level: such as .5 for the median.
    """
    if len(days) == 0:
        return math.nan
    if served.all():
        return float(np.quantile(days, level))
    order = np.lexsort((~served, days))
    at_risk = np.arange(len(days), 0, -1)
    waiting = np.cumprod(1.0 - served[order] / at_risk)
    reached = np.flatnonzero(1.0 - waiting >= level - 1e-12)
    return float(days[order][reached[0]]) if len(reached) else math.nan


def wait_summary(waits: NDArray[Any], replicates: int) -> dict[str, float]:
    """Return counts (means over replicates) by ending, and days waited with their errors."""
    ended = waits["ended"]
    found = {"joined": len(waits) / replicates}
    counts = np.bincount(ended, minlength=len(WAIT_ENDS))
    found |= {name: counts[n] / replicates for n, name in enumerate(WAIT_ENDS)}
    sent_home = (ended == WAIT_RENEGED) & (waits["treatment"] < 0)  # no bed came: a wait cut short
    known = (ended == WAIT_SERVED) | (ended == WAIT_STILL) | sent_home
    days, served = (waits["left"] - waits["joined"])[known], ended[known] == WAIT_SERVED
    of = waits["replicate"][known]
    found |= _days(days, served)
    parts = [_days(days[of == r], served[of == r]) for r in np.unique(of)]
    for name in ("mean", "median", "p90"):
        column = f"wait_days_{name}"
        found[column + "_se"] = error_of_replicates(np.array([part[column] for part in parts]))
    return found


def _days(days: Floats, served: NDArray[np.bool_]) -> dict[str, float]:
    return {
        "wait_days_mean": float(days[served].mean()) if served.any() else math.nan,
        "wait_days_median": wait_quantile(days, served, 0.5),
        "wait_days_p90": wait_quantile(days, served, 0.9),
    }


def error_of_replicates(values: Floats) -> float:
    """Return the standard error of a mean over replicates; nan for one, or where one is unknown."""
    if len(values) < 2 or np.isnan(values).any():
        return math.nan
    return float(values.std(ddof=1) / math.sqrt(len(values)))


def wait_table(
    waits: Mapping[str, NDArray[Any]],
    services: Sequence[str],
    sites: Sequence[str],
    biotypes: Sequence[str],
    replicates: int,
) -> pd.DataFrame:
    """Return waits.csv: by strategy, service and group of patients.

    Args:
        waits: rows of waits by strategy.
        services: sorted service cards.
        sites: names of the sites.
        biotypes: sorted biotype cards.
        replicates: how many the waits come from.
    """
    rows = []
    for strategy, all_waits in waits.items():
        own = all_waits[all_waits["booster"] == 0]
        for number in np.unique(own["service"]):
            part = own[own["service"] == number]
            for dimension, labels, code in _groups(part, sites, biotypes):
                for n, label in enumerate(labels):
                    here = part[code == n] if dimension != "all" else part
                    if len(here):
                        rows.append(
                            {
                                "strategy": strategy, "service": services[number],
                                "dimension": dimension, "group": label,
                                **wait_summary(here, replicates),
                            }
                        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(WAIT_COLUMNS))


def _groups(
    waits: NDArray[Any], sites: Sequence[str], biotypes: Sequence[str]
) -> list[tuple[str, list[str], NDArray[Any]]]:
    lines = [str(n) for n in range(1, MOST_LINES)] + [f"{MOST_LINES}+"]
    groups = [
        ("all", ["all"], np.zeros(len(waits), dtype=int)),
        ("severity_band", list(SEVERITY_BANDS), waits["band"]),
        ("line", lines, np.clip(waits["line"], 1, MOST_LINES) - 1),
        ("biotype", list(biotypes), waits["biotype"]),
    ]
    if len(sites) > 1:
        groups.append(("site", list(sites), waits["site"]))
    return groups


def service_table(
    waits: Mapping[str, NDArray[Any]],
    services: Sequence[str],
    sites: Sequence[str],
    places: Mapping[tuple[str, str, str], tuple[Floats, Floats]],
    parts: Mapping[str, float],
    replicates: int,
    horizon_days: float,
) -> pd.DataFrame:
    """Return services.csv: places, use and queues by week, means over replicates.

    Args:
        waits: rows of waits by strategy.
        services: sorted service cards.
        sites: names of the sites.
        places: days of change and places by (strategy, service, site); limited services only.
        parts: share of a place that a course takes, by treatment position as text; and that of
            an admission, by service of beds.
        replicates: how many the waits come from.
        horizon_days: days simulated.
    """
    weeks = np.arange(math.ceil(horizon_days / DAYS_PER_WEEK))
    tables = []
    for (strategy, service, site), (since, number) in places.items():
        found = waits[strategy]
        own = found[
            (found["service"] == services.index(service)) & (found["site"] == sites.index(site))
        ]
        table = _weekly(own, weeks, {**parts, ADMISSION: parts.get(service, 1.0)}, replicates)
        start = weeks * DAYS_PER_WEEK
        table["places"] = number[np.searchsorted(since, start, side="right") - 1]
        table.insert(0, "strategy", strategy)
        table.insert(1, "service", service)
        table.insert(2, "site", site or "all")
        tables.append(table[list(SERVICE_COLUMNS)])
    if not tables:
        return pd.DataFrame(columns=list(SERVICE_COLUMNS))
    return pd.concat(tables, ignore_index=True)


def _weekly(
    waits: NDArray[Any], weeks: NDArray[np.int64], parts: Mapping[str, float], replicates: int
) -> pd.DataFrame:
    size = len(weeks)
    joined, left = _week(waits["joined"], size), _week(waits["left"], size)
    served = waits["ended"] == WAIT_SERVED
    gone = ~served & (waits["ended"] != WAIT_STILL)
    started = np.bincount(left[served], minlength=size)[:size]
    waited = np.bincount(
        left[served], weights=(waits["left"] - waits["joined"])[served], minlength=size
    )[:size]
    queue = np.zeros((replicates, size))
    _count_between(queue, waits["replicate"], waits["joined"], waits["left"], 1.0)
    use = np.zeros((1, size))
    share = np.array([parts[str(t)] for t in waits["treatment"]])[served] if len(waits) else 0.0
    until = np.where(np.isnan(waits["until"]), math.inf, waits["until"])[served]
    none = np.zeros(int(served.sum()), dtype=int)
    _count_between(use, none, waits["left"][served], until, share)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_wait = np.where(started > 0, waited / started, math.nan)
    return pd.DataFrame(
        {
            "week": weeks, "in_use": use[0] / replicates, "waiting": queue.mean(axis=0),
            "waiting_p10": np.quantile(queue, 0.1, axis=0),
            "waiting_p90": np.quantile(queue, 0.9, axis=0),
            "joined": np.bincount(joined, minlength=size)[:size] / replicates,
            "started": started / replicates,
            "left": np.bincount(left[gone], minlength=size)[:size] / replicates,
            "wait_days": mean_wait,
        }
    )  # fmt: skip


def service_use(
    weekly: pd.DataFrame,
    waits: Mapping[str, NDArray[Any]],
    services: Sequence[str],
    sites: Sequence[str],
    replicates: int,
    prices: Mapping[str, float],
) -> pd.DataFrame:
    """Return service_use.csv: use and idleness of every service, its start-up phase, and waits.

    Args:
        weekly: of `service_table`.
        waits: rows of waits by strategy.
        services: sorted service cards.
        sites: names of the sites.
        replicates: how many the waits come from.
        prices: cost of a place-year by service whose places are charged.
    """
    rows = []
    for names, part in weekly.groupby(["strategy", "service", "site"], sort=False):
        strategy, service, site = (str(name) for name in tuple(names))
        number = -1 if site == "all" and "" in sites else list(sites).index(site)
        found = waits[strategy]
        own = found[(found["service"] == services.index(service)) & (found["booster"] == 0)]
        if number >= 0:
            own = own[own["site"] == number]
        weeks, settled = start_up(part["waiting"].to_numpy(), part["places"].to_numpy())
        after = own[own["joined"] >= weeks * DAYS_PER_WEEK]
        row = {
            "strategy": strategy, "service": service, "site": site,
            **_use(part, prices.get(service, math.nan)),
            "start_up_weeks": weeks, "settled": settled,
        }  # fmt: skip
        for name, rows_of in (("", own), ("_after_start_up", after)):
            told = wait_summary(rows_of, replicates)
            row |= {f"{column}{name}": told[column] for column in ("joined", *_WAIT_DAYS)}
        rows.append(row)
    return pd.DataFrame(rows, columns=list(USE_COLUMNS))


def _use(part: pd.DataFrame, price: float) -> dict[str, float]:
    years = DAYS_PER_WEEK / DAYS_PER_YEAR
    open_years = float(part["places"].sum()) * years
    in_use = float(part["in_use"].sum()) * years
    idle = open_years - in_use
    return {
        "place_years": open_years, "place_years_in_use": in_use,
        "idle_share": idle / open_years if open_years > 0.0 else math.nan,
        "cost_of_places": price * open_years, "cost_of_idleness": price * idle,
    }  # fmt: skip


def start_up(queue: Floats, places: Floats) -> tuple[int, bool]:
    """Return the weeks in which a queue is still filling or emptying, and whether it settles.

    MSER-5 (White, Simulation 1997;69:323) on the mean queue at the start of every week, up to the
    first change in the number of places: from the first batch of five weeks on, so many batches
    are left out as make the squared error of the mean of the rest smallest. Where that is more
    than half of them the queue has not settled, and the whole stretch is start-up.

    Args:
        queue: mean patients waiting at the start of every week.
        places: open in every week.
    """
    changes = np.flatnonzero(np.diff(places) != 0.0)
    stretch = int(changes[0]) + 1 if len(changes) else len(queue)
    batches = stretch // MSER_BATCH
    if batches < MSER_FEWEST:
        return stretch, False
    means = queue[: batches * MSER_BATCH].reshape(batches, MSER_BATCH).mean(axis=1)
    left_out = np.arange(batches - 1)
    errors = [float(means[d:].var()) / (batches - d) for d in left_out]
    best = int(np.argmin(errors))
    if best > batches // 2:
        return stretch, False
    return best * MSER_BATCH, True


def _week(days: Floats, size: int) -> NDArray[np.int64]:
    return np.minimum(np.floor(days / DAYS_PER_WEEK), size - 1).astype(np.int64)


def _count_between(
    into: Floats, row: NDArray[Any], start: Floats, end: Floats, weight: Any
) -> None:
    """Add the weight of each to the starts of weeks from `start` on until before `end`."""
    size = into.shape[1]
    change = np.zeros((into.shape[0], size + 1))
    first = np.minimum(np.ceil(start / DAYS_PER_WEEK), size).astype(np.int64)
    last = np.minimum(np.ceil(np.minimum(end, size * DAYS_PER_WEEK) / DAYS_PER_WEEK), size)
    np.add.at(change, (row, first), weight)
    np.add.at(change, (row, last.astype(np.int64)), -np.asarray(weight))
    into += np.cumsum(change, axis=1)[:, :size]
