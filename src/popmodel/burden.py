"""Outcomes beside QALYs and costs, expected from what patients lived: in no total, at no price.

First relief is read from the histories. Coronary events and opioids after surgery do not happen to
simulated patients: they are expected from the years a patient spent depressed and in remission, at
the rates of their cards. Nothing is discounted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from popmodel.evidence.load import Evidence
from popmodel.evidence.schema import Coronary, SurgicalOpioids
from popmodel.outcomes import mean_and_error
from popmodel.units import DAYS_PER_WEEK, DAYS_PER_YEAR

COLUMNS: Final = ("strategy", "outcome", "unit", "mean", "mean_se", "inc", "inc_se")
Floats = NDArray[np.float64]
Values = dict[tuple[str, str], Floats]


def burden_table(
    patients: Mapping[str, pd.DataFrame], evidence: Evidence, comparator: str
) -> pd.DataFrame:
    """Return `burden`: outcomes beside QALYs, by strategy, paired with the comparator.

    Args:
        patients: patient table by strategy.
        evidence: cards with the scenario's overrides applied.
        comparator: what the others are compared with.

    Returns:
        Columns `strategy, outcome, unit, mean, mean_se` (per patient), `inc, inc_se` (paired
        difference; 0 for the comparator).
    """
    base = burden_of(patients[comparator], evidence)
    rows = []
    for name, table in patients.items():
        for (outcome, unit), values in burden_of(table, evidence).items():
            change = mean_and_error(values - base[outcome, unit])
            rows.append((name, outcome, unit, *mean_and_error(values), *change))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def burden_of(patients: pd.DataFrame, evidence: Evidence) -> Values:
    """Return what each patient has or can expect, by outcome and unit."""
    years = patients["life_years"].to_numpy(dtype=float)
    well = patients["remission_weeks"].to_numpy(dtype=float) * DAYS_PER_WEEK / DAYS_PER_YEAR
    ill = np.maximum(years - well, 0.0)
    relief = patients["days_to_relief"].to_numpy(dtype=float)
    found: Values = {
        ("relief_within_7_days", "share"): (relief <= 7.0).astype(float),
        ("relief_within_28_days", "share"): (relief <= 28.0).astype(float),
    }
    for card in evidence.disease.values():
        if isinstance(card, Coronary):
            found |= coronary_events(card, ill, well)
        elif isinstance(card, SurgicalOpioids):
            found |= surgical_opioids(card, ill)
    return found


def coronary_events(card: Coronary, ill: Floats, well: Floats) -> Values:
    """Return expected coronary events: rate x (HR x years ill + HR after remission x years well).

    Of the excess HR - 1 a share ends with remission (Gan et al., BMC Psychiatry 2014;14:371 for HR;
    that remission relieves anything is an assumption).

    Args:
        card: rates.
        ill: years depressed, by patient.
        well: years in remission, by patient.
    """
    rate, excess = card.events_per_year.value, card.hazard_ratio_depressed.value - 1.0
    left = excess * (1.0 - card.share_relieved_by_remission.value)
    due = rate * (excess * ill + left * well)
    return {
        ("coronary_events", "events"): rate * (ill + well) + due,
        ("coronary_events_of_depression", "events"): due,
    }


def surgical_opioids(card: SurgicalOpioids, ill: Floats) -> Values:
    """Return opioids after surgery that depression adds, as read in a source and as claimed.

    Args:
        card: operations, amounts, and the two readings.
        ill: years depressed, by patient.
    """
    amount = card.operations_per_year.value * card.usual_amount.value * ill
    read = card.ratio_prior_users.value - 1.0
    return {
        ("surgical_opioids_as_read", "mg"): amount * card.prior_users.value * read,
        ("surgical_opioids_as_claimed", "mg"): amount * (card.ratio_claimed.value - 1.0),
    }
