"""People: ages, sexes, biotypes, flags and histories of the population."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from popmodel.evidence.load import Evidence
from popmodel.parameters.cards import Names, cards_of
from popmodel.units import DAYS_PER_YEAR
from popmodel.vocabulary import FLAGS


def fill_population(
    q: Any, v: Mapping[str, float], evidence: Evidence, population: str, names: Names
) -> None:
    """Fill in who the patients are and what lies behind them; shares are made to add to one."""
    card = cards_of(evidence.population)[population]
    p = f"population.{population}."
    q["female_share"] = v[p + "female_share"]
    q["age_groups"] = len(card.age_bands)
    for k, band in enumerate(card.age_bands):
        q["age_group_share"][k] = v[f"{p}age_bands.{band.name}.share"]
        q["age_group_low"][k], q["age_group_high"][k] = band.low, band.high + 1.0
    q["biotypes"] = len(names.biotypes)
    for k, name in enumerate(names.biotypes):
        q["biotype_share"][k] = v[f"biotypes.{name}.share"]
    for k, flag in enumerate(FLAGS):
        q["flag_share"][k] = v[f"{p}flags.{flag}"]
    for k, name in enumerate(("none", "one", "two", "three")):
        q["failure_share"][k] = v[f"{p}history.failures.{name}"]
    courses = [names.treatments.index(name) for name in card.history.courses]
    q["history_course"][:] = [courses[min(k, len(courses) - 1)] for k in range(4)]
    q["stock_days"] = v[p + "history.stock_years"] * DAYS_PER_YEAR
    q["past_episodes_mean"] = v[p + "history.past_episodes_mean"]
    q["in_care_share"] = v[p + "in_care_share"]
    for field in ("age_group_share", "biotype_share", "failure_share"):
        q[field] /= q[field].sum()
