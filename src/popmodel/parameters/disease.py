"""Disease: relapse, mortality, crises, asking for care."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from popmodel.evidence.load import Evidence
from popmodel.parameters.cards import Prices, cards_of
from popmodel.parameters.record import AGES, NEVER
from popmodel.units import DAYS_PER_MONTH, DAYS_PER_YEAR
from popmodel.vocabulary import SEVERITY_BANDS


def fill_relapse(q: Any, v: Mapping[str, float]) -> None:
    """Fill in relapse hazards by period, and what multiplies them."""
    r = "disease.relapse."
    months = np.array([2.0, 6.0, 12.0, 24.0, math.inf])
    q["relapse_period_end"][:] = months * DAYS_PER_MONTH
    for k, period in enumerate(("months_0_2", "months_2_6", "months_6_12", "after_12")):
        q["natural_relapse"][k] = v[f"{r}natural.{period}"] / DAYS_PER_MONTH
    q["residual_ratio"] = v[r + "residual_hazard_ratio"]
    q["failed_line_ratio"] = v[r + "per_failed_line_hazard_ratio"]
    q["relapse_frailty_sd"] = v[r + "frailty_sd"]
    q["recovery_days"] = v[r + "recovery_days"]
    q["recurrence_rate"] = v[r + "recurrence_per_year"] / DAYS_PER_YEAR
    q["past_episode_ratio"] = v[r + "per_past_episode_hazard_ratio"]
    q["past_episode_cap"] = round(v[r + "past_episode_cap"])


def fill_mortality(q: Any, v: Mapping[str, float], evidence: Evidence) -> None:
    """Fill in cumulative background hazards by sex and age, and excess mortality."""
    card = cards_of(evidence.disease)["mortality"]
    ages, male, female = evidence.life_table(card.life_table)
    for sex, deaths in enumerate((female, male)):
        hazard = -np.log1p(-np.minimum(np.asarray(deaths, dtype=float), 0.999999))
        padded = np.full(AGES - 1, hazard[-1])
        padded[np.asarray(ages, dtype=int)[: AGES - 1]] = hazard[: AGES - 1]
        q["cumulative_mortality"][sex, 1:] = np.cumsum(padded)
    q["excess_mortality"] = max(0.0, v["disease.mortality.natural_hazard_ratio"] - 1.0)
    q["reversible_share"] = v["disease.mortality.reversible_share"]


def fill_crises(q: Any, v: Mapping[str, float], country: Any, price: Prices) -> None:
    """Fill in attempts by severity band, how many are fatal, and what a crisis costs.

    Suicides = attempts x fatality, so fatality is solved from the two rates.
    """
    c = "disease.crisis."
    sexes = (v[c + "female_ratio"], v[c + "male_ratio"])
    for band, name in enumerate(SEVERITY_BANDS):
        attempts = v[f"{c}attempts_per_1000_years.{name}"] / 1000.0
        suicides = v[f"{c}suicides_per_100000_years.{name}"] / 100000.0
        q["attempt_rate"][band] = max(attempts / DAYS_PER_YEAR, NEVER)
        for sex, ratio in enumerate(sexes):
            q["attempt_fatality"][band, sex] = (
                min(1.0, suicides * ratio / attempts) if attempts > 0.0 else 0.0
            )
    q["attempt_ratio"][:] = np.divide.outer(q["attempt_rate"], q["attempt_rate"])
    q["admission_share"] = v[c + "admission_share"]
    q["admission_days"] = v[c + "admission_days"]
    q["emergency_days"] = v[c + "emergency_days"]
    events = f"economics.{country.events}."
    q["cost_attempt"] = price(v, events + "crisis_attempt")
    q["cost_emergency"] = price(v, events + "emergency_visit")
    q["cost_admission_day"] = price(v, events + "admission_day")
    q["cost_boarding_day"] = price(v, events + "boarding_day")
    q["cost_suicide"] = price(v, events + "suicide_death")


def fill_care(q: Any, v: Mapping[str, float]) -> None:
    """Fill in how patients ask for care, leave it and come back."""
    c = "disease.care_seeking."
    for band, name in enumerate(SEVERITY_BANDS[1:], start=1):
        q["ask_rate"][band] = max(v[f"{c}asks_per_year.{name}"] / DAYS_PER_YEAR, NEVER)
    q["ask_rate"][0] = q["ask_rate"][1]
    q["ask_ratio"][:] = np.divide.outer(q["ask_rate"], q["ask_rate"])
    q["ask_again_rate"] = 1.0 / v[c + "asks_again_days"]
    q["switch_gap"] = v[c + "switch_gap_days"]
    q["return_rate"][0] = q["ask_again_rate"]
    for n, name in enumerate(("one", "two", "three"), start=1):
        q["leave_probability"][n] = v[f"{c}disengage_after_failures.{name}"]
        q["return_rate"][n] = 1.0 / v[f"{c}return_days.{name}"]
    q["leave_after_dropout"] = v[c + "disengage_after_dropout"]
