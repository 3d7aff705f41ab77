"""Rates of a cohort: attempts and suicides by how severe people are, deaths against a life table.

Events are rare, so they are not counted: the hazards that the rules give people on a few days of
the follow-up are averaged over those alive (and within the scores that a card asks for), each day
standing for its part of the follow-up. Hazards as in `rules.crisis` and `rules.mortality`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from popmodel.evidence.schema import TrialOutcome
from popmodel.parameters import Parameters
from popmodel.rules import codes as c
from popmodel.trials.arms import Reading
from popmodel.trials.recruits import score_limits, within
from popmodel.units import DAYS_PER_YEAR

Floats = NDArray[np.float64]

ATTEMPTS: Final = "attempt_rate"
SUICIDES: Final = "suicide_rate"
DEATHS: Final = "mortality_ratio"
RATES: Final = (ATTEMPTS, SUICIDES, DEATHS)
READINGS: Final = 4
"""Days of the follow-up on which people are looked at."""
PER: Final = 1000.0
"""Person-years that a rate counts events in."""
LEAST: Final = 1e-12


def reading_days(follow_up: float) -> list[float]:
    """Return the days on which a cohort is looked at: the middles of equal parts."""
    return [(n + 0.5) / READINGS * follow_up for n in range(READINGS)]


def cohort_rate(
    outcome: TrialOutcome, readings: list[tuple[Reading, Floats]], parameters: Parameters
) -> float:
    """Return a rate in 1,000 person-years, or deaths over those the life table expects.

    Args:
        outcome: what is asked, and during which scores.
        readings: people on each day of the follow-up, with their weights.
        parameters: compiled parameters.
    """
    events = at_risk = 0.0
    for reading, weights in readings:
        there = np.isfinite(reading.end)
        there &= within(score_limits(outcome.during, parameters), reading.end)
        here = weights[there]
        hazard, base = _hazards(
            outcome.measure, reading.persons[there], reading.end[there], parameters.record[0]
        )
        events += float(here @ hazard)
        at_risk += float(here @ base)
    return events / at_risk if at_risk > LEAST else float("nan")


def _hazards(measure: str, persons: NDArray[Any], score: Floats, q: Any) -> tuple[Floats, Floats]:
    """Return yearly hazards and what they are counted against, by person."""
    attempts, suicides = _self_harm(persons, score, q)
    if measure == DEATHS:
        background = _background(persons, q)
        return background * (1.0 + _excess(persons, q)) + suicides, background
    found = attempts if measure == ATTEMPTS else suicides
    return PER * found, np.ones(len(persons))


def _self_harm(persons: NDArray[Any], score: Floats, q: Any) -> tuple[Floats, Floats]:
    """Return attempts and suicides a year by person."""
    band = np.searchsorted(q["band_limit"], score, side="left")
    attempts = q["attempt_rate"][band] * DAYS_PER_YEAR
    return attempts, attempts * q["attempt_fatality"][band, persons["sex"]]


def _background(persons: NDArray[Any], q: Any) -> Floats:
    """Return the hazard of the life table a year, by sex and age at entry."""
    year = np.minimum(persons["age"].astype(np.int64), q["cumulative_mortality"].shape[1] - 2)
    table = np.diff(q["cumulative_mortality"], axis=1)
    return np.asarray(table[persons["sex"], year])


def _excess(persons: NDArray[Any], q: Any) -> Floats:
    """Return excess mortality as a multiple of background."""
    left = np.where(persons["state"] >= c.REMITTED, 1.0 - float(q["reversible_share"]), 1.0)
    return np.asarray(float(q["excess_mortality"]) * left)
