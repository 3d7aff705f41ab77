"""Demand under a roll-out: referrals, places, and the places that leave nobody waiting, by year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from popmodel.pipeline.places import service_weeks
from popmodel.planning.systems import Found, World
from popmodel.planning.waiting_cost import NO_WAIT
from popmodel.rules.codes import WAIT_SERVED
from popmodel.scenario.services import site_names
from popmodel.units import DAYS_PER_WEEK, DAYS_PER_YEAR
from popmodel.waiting import wait_quantile


def demand(world: World, strategy: str, base: Found, no_wait: Found) -> pd.DataFrame:
    """Return demand.csv of one strategy: by service, site and year.

    `places_needed` are the places in use at a time if there were one for everybody on the day;
    `wait_days_median` is that of courses which began in the year.

    Args:
        world: of `world_of`.
        strategy: its name.
        base: its run with the places as they are.
        no_wait: its run with a place for everybody.
    """
    scenario, days = world.scenario, world.horizon_days
    given = (scenario, world.evidence, world.parameters)
    real = service_weeks(*given, {strategy: base.waits}, days)
    ideal = service_weeks(*given, {strategy: no_wait.waits}, days, NO_WAIT)
    found = _by_year(real).merge(
        _by_year(ideal)[["service", "site", "year", "joined", "in_use"]].rename(
            columns={"joined": "referrals_without_waiting", "in_use": "places_needed"}
        ),
        on=["service", "site", "year"],
    )
    medians = [_median(world, base, row) for row in found.to_dict("records")]
    found["wait_days_median"] = medians
    found.insert(0, "structure", world.structure)
    return found


def _by_year(weekly: pd.DataFrame) -> pd.DataFrame:
    last = np.ceil(weekly["week"].max() * DAYS_PER_WEEK / DAYS_PER_YEAR)
    year = np.floor(weekly["week"] * DAYS_PER_WEEK / DAYS_PER_YEAR).clip(upper=last - 1) + 1
    keys = ["strategy", "service", "site", "year"]
    return (
        weekly.assign(year=year.astype(int))
        .groupby(keys, sort=False)
        .agg(
            places=("places", "mean"), in_use=("in_use", "mean"), waiting=("waiting", "mean"),
            waiting_at_end=("waiting", "last"), joined=("joined", "sum"),
            started=("started", "sum"), left=("left", "sum"),
        )
        .reset_index()
    )  # fmt: skip


def _median(world: World, found: Found, row: Mapping[Any, Any]) -> float:
    waits, sites = found.waits, list(site_names(world.scenario))
    own = (waits["service"] == sorted(world.evidence.services).index(str(row["service"]))) & (
        waits["booster"] == 0
    )
    if row["site"] != "all":
        own &= waits["site"] == sites.index(str(row["site"]))
    start = (int(str(row["year"])) - 1) * DAYS_PER_YEAR
    began = (waits["left"] >= start) & (waits["left"] < start + DAYS_PER_YEAR)
    rows = waits[own & began & (waits["ended"] == WAIT_SERVED)]
    return wait_quantile(rows["left"] - rows["joined"], np.ones(len(rows), dtype=bool), 0.5)
