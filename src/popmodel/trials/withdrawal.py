"""Withdrawal trials: patients who remitted on a treatment go on with it or stop.

They are stock patients who remit in the treatment's own course. The relapse rule of the engine then
gives the day of relapse: protected while treatment goes on, and not after it stops. Who relapses
before the trial begins (after `well_days` in remission) is not in it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from popmodel.evidence.schema import Arm, Trial
from popmodel.jit import entry_point
from popmodel.parameters import Parameters
from popmodel.rules import codes as c
from popmodel.rules.relapse import relapse_day
from popmodel.trials.arms import run_arm
from popmodel.trials.recruits import Recruits

Floats = NDArray[np.float64]


@entry_point
def relapse_days(persons: Any, q: Any, treatment: Any, kept_until: Any, days: Any) -> None:
    """Fill in the day of relapse of each patient, counted from remission."""
    for n in range(len(persons)):
        p = persons[n]
        p.keeper = treatment
        days[n] = relapse_day(p, q, 0.0, treatment, 1.0, 1.0, 0.0, kept_until)


def relapse_share(
    trial: Trial, arm: str, parameters: Parameters, recruits: Recruits, within: float
) -> float:
    """Return the share of an arm that relapses within some days of the trial's begin.

    Args:
        trial: the card.
        arm: name of the arm; one whose treatment has no potency stands for stopping.
        parameters: compiled parameters.
        recruits: stock patients, among whom those who remit on the treatment are in the trial.
        within: days from the begin of the trial.
    """
    position = _treatment(trial, parameters)
    begin = trial.include.well_days
    days = float(parameters.record[0]["assess_days"][position])
    before = Arm(treat=parameters.treatments[position])
    reading = run_arm(recruits.persons, parameters, before, days)
    well = np.isfinite(reading.end) & (reading.persons["state"] >= c.REMITTED)
    persons, weights = reading.persons[well], recruits.weights[well]
    relapse = np.empty(len(persons))
    kept = _kept_until(trial, arm, parameters, position)
    relapse_days(persons, parameters.record[0], position, kept, relapse)
    there = relapse > begin
    return float(weights[there] @ (relapse[there] <= begin + within) / weights[there].sum())


def _treatment(trial: Trial, parameters: Parameters) -> int:
    """Return the treatment that brought remission: the one with a potency."""
    potency = parameters.record[0]["potency"]
    given = [arm.treat for arm in trial.arms.values() if arm.treat is not None]
    positions = [parameters.treatments.index(name) for name in given]
    return max(positions, key=lambda n: float(potency[n]))


def _kept_until(trial: Trial, arm: str, parameters: Parameters, position: int) -> float:
    """Return the day from remission until which an arm is protected."""
    begin = trial.include.well_days
    given = trial.arms[arm].treat
    if given is None or parameters.treatments.index(given) != position:
        return begin
    if len(trial.arms) > 1:
        return math.inf
    return max(begin, float(parameters.record[0]["upkeep_days"][position]))
