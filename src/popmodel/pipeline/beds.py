"""Beds of a scenario: how many there are by week, against how many admissions used."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from popmodel.evidence.load import Evidence
from popmodel.scenario.schema import Scenario
from popmodel.scenario.services import UNLIMITED, bed_services, compile_services, site_names
from popmodel.stays import BED_COLUMNS, bed_table


def beds_of(
    scenario: Scenario, evidence: Evidence, weekly: pd.DataFrame, horizon_days: float
) -> pd.DataFrame:
    """Return beds.csv; empty where the scenario says of no bed service how many beds it has.

    Args:
        scenario: a checked scenario.
        evidence: the cards, overrides applied.
        weekly: weekly tables of all strategies.
        horizon_days: days simulated.
    """
    tables = [
        bed_table(own, service, *beds, scenario.replicates, horizon_days)
        for strategy, own in weekly.groupby("strategy", sort=False)
        for service in bed_services(evidence)
        if not np.isnan((beds := beds_there(scenario, evidence, str(strategy), service))[1]).all()
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=BED_COLUMNS)


def beds_there(
    scenario: Scenario, evidence: Evidence, strategy: str, service: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return days of change and the beds of all sites together; nan where one has no number."""
    sites = [
        one
        for site in site_names(scenario)
        for one in compile_services(scenario, evidence, strategy, site)
        if one.id == service
    ]
    since = np.unique(np.concatenate([one.since_days for one in sites]))
    total = np.zeros(len(since))
    for one in sites:
        places = np.where(one.places == UNLIMITED, np.nan, one.places.astype(np.float64))
        total += places[np.searchsorted(one.since_days, since, side="right") - 1]
    return since, total
