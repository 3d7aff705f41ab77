"""Withdrawal trials and cohorts of the well: who relapses, when, and how arms compare.

They are stock patients who remit (or respond without remission) in the treatment's own course, or
who remit while they wait. The relapse rule of the engine then gives the day of relapse: protected
while treatment goes on, and not after it stops. Who relapses before the trial begins (after
`well_days`) is not in it.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from popmodel.evidence.schema import Arm, Trial
from popmodel.jit import entry_point
from popmodel.parameters import Parameters
from popmodel.rules import codes as c
from popmodel.rules.relapse import relapse_day
from popmodel.trials.arms import run_arm
from popmodel.trials.recruits import Recruits
from popmodel.units import DAYS_PER_YEAR

Floats = NDArray[np.float64]

NOBODY: Final = -1
"""Position of the treatment where remission came without one."""
LEAST: Final = 1e-9
HALF: Final = 0.5


@entry_point
def relapse_days(
    persons: Any, q: Any, treatment: Any, residual: Any, kept_until: Any, days: Any
) -> None:
    """Fill in the day of relapse of each patient, counted from remission."""
    for n in range(len(persons)):
        p = persons[n]
        p.keeper = treatment
        days[n] = relapse_day(p, q, 0.0, treatment, residual, 1.0, 0.0, kept_until)


def relapses(
    trial: Trial, arm: str, parameters: Parameters, recruits: Recruits
) -> tuple[Floats, Floats]:
    """Return the days from the begin of the trial to relapse, and weights that add up to one.

    Args:
        trial: the card.
        arm: name of the arm; one whose treatment has no potency stands for stopping.
        parameters: compiled parameters.
        recruits: stock patients, among whom those who get well on the treatment are in the trial.
    """
    position = _treatment(trial, parameters)
    begin = trial.include.well_days
    persons, weights, residual = _well(trial, position, parameters, recruits)
    days = np.empty(len(persons))
    kept = _kept_until(trial, arm, parameters, position)
    relapse_days(persons, parameters.record[0], position, residual, kept, days)
    there = days > begin
    return days[there] - begin, weights[there] / weights[there].sum()


def relapse_share(
    trial: Trial, arm: str, parameters: Parameters, recruits: Recruits, within: float
) -> float:
    """Return the share of an arm that relapses within some days of the trial's begin."""
    days, weights = relapses(trial, arm, parameters, recruits)
    return float(weights @ (days <= within))


def log_hazard_ratio(
    trial: Trial, parameters: Parameters, recruits: Recruits, within: float
) -> float:
    """Return the log of the hazards of the first arm over the last, both cumulated to a day.

    The same people live both arms; -ln(1 - share) is the cumulated hazard of a share.
    """
    names = list(trial.arms)
    first, last = (
        -math.log1p(-min(relapse_share(trial, name, parameters, recruits, within), 1.0 - LEAST))
        for name in (names[0], names[-1])
    )
    return math.log(max(first, LEAST) / max(last, LEAST))


def weighted_median(days: Floats, weights: Floats, most: float) -> float:
    """Return the first day by which half of the weight has been reached, `most` at most."""
    order = np.argsort(days)
    place = int(np.searchsorted(np.cumsum(weights[order]), HALF))
    return float(min(days[order][min(place, len(days) - 1)], most))


def _well(
    trial: Trial, position: int, parameters: Parameters, recruits: Recruits
) -> tuple[NDArray[Any], Floats, float]:
    """Return who gets well before the trial, their weights, and what residual symptoms do."""
    if position == NOBODY:
        before, days = Arm(wait_days=DAYS_PER_YEAR), DAYS_PER_YEAR
    else:
        before = Arm(treat=parameters.treatments[position])
        days = float(parameters.record[0]["assess_days"][position])
    reading = run_arm(recruits.persons, parameters, before, days)
    alive, state = np.isfinite(reading.end), reading.persons["state"]
    if trial.include.well == "remission":
        well, residual = alive & (state >= c.REMITTED), 1.0
    else:
        halved = reading.end <= HALF * reading.start
        well = alive & (state < c.REMITTED) & halved
        residual = float(parameters.record[0]["residual_ratio"])
    return reading.persons[well], recruits.weights[well], residual


def _treatment(trial: Trial, parameters: Parameters) -> int:
    """Return the treatment that made people well: the one with a potency; none if all wait."""
    potency = parameters.record[0]["potency"]
    given = [arm.treat for arm in trial.arms.values() if arm.treat is not None]
    positions = [parameters.treatments.index(name) for name in given]
    return max(positions, key=lambda n: float(potency[n]), default=NOBODY)


def _kept_until(trial: Trial, arm: str, parameters: Parameters, position: int) -> float:
    """Return the day from remission until which an arm is protected."""
    begin = trial.include.well_days
    given = trial.arms[arm].treat
    if given is None or parameters.treatments.index(given) != position:
        return begin
    if len(trial.arms) > 1:
        return math.inf
    return max(begin, float(parameters.record[0]["upkeep_days"][position]))
