"""Cross-over trials: the same people under every condition, one period after another.

Every recruit lives every order of the periods, each with the same weight, so a comparison of two
conditions is free of the luck of who was given which first. Between periods the treatment is
stopped (its effect is gone) and the wash-out is waited for under the contact of usual care; what
carries over is the contact, the natural course and the trait that a repeated treatment meets again.
Who is in remission when a period begins has nothing to treat and is not read in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from popmodel.evidence.schema import Arm, Trial
from popmodel.parameters import Parameters
from popmodel.rules import codes as c
from popmodel.trials.arms import Reading, next_period, run_arm
from popmodel.trials.recruits import Recruits

Floats = NDArray[np.float64]
Read = tuple[Reading, Floats, Floats]


def orders(names: list[str]) -> list[list[str]]:
    """Return the orders of periods: every condition stands once in every place."""
    return [names[n:] + names[:n] for n in range(len(names))]


def read_condition(
    trial: Trial, arm: str, recruits: Recruits, parameters: Parameters, days: float, shift: float
) -> Read:
    """Return what a condition showed in all orders: reading, score before, weight.

    Args:
        trial: the card, with its wash-out.
        arm: name of the condition.
        recruits: who lives every order.
        parameters: compiled parameters.
        days: from the begin of a period to the reading.
        shift: added to the contact of every arm, the effect of a setting.
    """
    length = max(o.at_days or 0.0 for o in trial.outcomes)
    ending_with = sorted((o[: o.index(arm) + 1] for o in orders(list(trial.arms))), key=len)
    found = [
        _in_order(trial, order, recruits, parameters, days, length, shift) for order in ending_with
    ]
    weights = np.concatenate([part[2] for part in found])
    return (
        _joined([part[0] for part in found]),
        np.concatenate([part[1] for part in found]),
        weights / weights.sum(),
    )


def _in_order(
    trial: Trial,
    order: list[str],
    recruits: Recruits,
    parameters: Parameters,
    days: float,
    length: float,
    shift: float,
) -> Read:
    """Return what the last condition of an order showed, read `days` after its period began."""
    persons, before, weights = recruits.persons, recruits.before, recruits.weights
    begins, washout = 0.0, trial.washout_days or 0.0
    for name in order[:-1]:
        last = run_arm(persons, parameters, trial.arms[name], length, begins=begins, shift=shift)
        begins += length
        wait = _washout(parameters, washout)
        ready = next_period(last.persons)
        waited = run_arm(ready, parameters, wait, washout, begins=begins, shift=shift)
        begins += washout
        ill = np.isfinite(waited.end) & (waited.persons["state"] < c.REMITTED)
        persons, before, weights = next_period(waited.persons[ill]), waited.end[ill], weights[ill]
    arm = trial.arms[order[-1]]
    reading = run_arm(persons, parameters, arm, days, begins=begins, shift=shift)
    return reading, before, weights


def _washout(parameters: Parameters, days: float) -> Arm:
    """Return the wait between two periods."""
    usual = int(parameters.record[0]["contact_usual"])
    return Arm(wait_days=2.0 * days, contact=parameters.contacts[usual])


def _joined(readings: list[Reading]) -> Reading:
    columns: Iterator[str] = (field.name for field in fields(Reading))
    return Reading(*(np.concatenate([getattr(r, name) for r in readings]) for name in columns))
