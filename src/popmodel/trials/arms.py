"""The arms of a virtual trial, run by the same engine and the same rules as a policy run.

A parallel arm begins on day 0 and is read on a later day. A sequence is lived step by step: who
has not remitted by the end of a step enters the next at once. Who stops the drug counts in the step
and does not enter the next, as in the published rates of those who entered; between steps nobody
leaves (the convention behind a cumulative rate). The contact that an arm names stays with those who
stop. Flags of an arm hold while it lasts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from popmodel.engine.arm import enrol, read_scores, trial_parameters, trial_strategy
from popmodel.engine.compiled import simulate
from popmodel.evidence.schema import Arm
from popmodel.parameters import Parameters
from popmodel.rules import codes as c
from popmodel.vocabulary import FLAGS

Floats = NDArray[np.float64]

GOLDEN: Final = 0.6180339887498949
"""Multiples of it spread evenly over 0 to 1: patient numbers are allotted to treatments by them."""


@dataclass(frozen=True)
class Reading:
    """What an arm (or a step) saw, by patient.

    Attributes:
        start: true score at its start.
        end: true score on the day of reading; inf for the dead, who reach no outcome.
        first_remission: days until the first remission (true score), inf if none.
        first_response: days until the score first fell to half, inf if never.
        completed: whether the patient was alive and on course at the end.
        persons: patient records at the end.
    """

    start: Floats
    end: Floats
    first_remission: Floats
    first_response: Floats
    completed: NDArray[np.bool_]
    persons: NDArray[Any]


def run_arm(
    persons: NDArray[Any],
    parameters: Parameters,
    arm: Arm,
    days: float,
    *,
    begins: float = 0.0,
    stays: bool = False,
    remission: float | None = None,
    shift: float = 0.0,
) -> Reading:
    """Treat patients from a day on, or let them wait, and read them `days` later.

    Args:
        persons: recruits; not changed.
        parameters: compiled parameters.
        arm: what is given.
        days: length of the arm.
        begins: day it begins.
        stays: nobody leaves care (a step of a sequence).
        remission: score that counts as remission in this arm; the model's when None.
        shift: added to the arm's contact, the effect of a setting.
    """
    given = _allotted(persons, arm)
    parts = []
    for number, treatment in enumerate([arm.treat, *arm.instead]):
        one = arm.model_copy(update={"treat": treatment, "instead": {}})
        parts.append(
            _run_one(
                persons[given == number], parameters, one, days, begins, stays, remission, shift
            )
        )
    if len(parts) == 1:
        return parts[0]
    order = np.argsort(given, kind="stable").argsort(kind="stable")
    return Reading(
        *(
            np.concatenate([getattr(part, field.name) for part in parts])[order]
            for field in fields(Reading)
        )
    )


def _allotted(persons: NDArray[Any], arm: Arm) -> NDArray[np.int64]:
    """Return what each patient is given: 0 the arm's treatment, 1, 2, … those instead of it."""
    given = np.zeros(len(persons), dtype=np.int64)
    if arm.instead:
        edges = np.cumsum(list(arm.instead.values()))
        place = np.searchsorted(edges, persons["id"] * GOLDEN % 1.0, side="right")
        given = np.where(place < len(edges), place + 1, 0)
    return given


def _run_one(
    persons: NDArray[Any],
    parameters: Parameters,
    arm: Arm,
    days: float,
    begins: float,
    stays: bool,
    remission: float | None,
    shift: float,
) -> Reading:
    """Run the people of an arm who are given the same."""
    q, strategy = _rules_of(parameters, arm, days)
    row = q[0]
    row["horizon"] = begins + days
    if remission is not None:
        row["remission_severity"] = remission
    if stays:
        row["leave_probability"][:] = 0.0
        row["leave_after_dropout"] = 0.0
    contact = _contact_of(parameters, arm)
    if arm.contact is not None:
        row["contact_usual"] = contact
    row["contact_level"][contact] += shift
    entrants = enrol(persons)
    for flag in arm.flags:
        entrants["conditions"] |= 1 << FLAGS.index(flag)
    entrants["entry"] = entrants["due"] = begins
    history = simulate(entrants, q, [strategy], threads=1)[0]
    accounts = history.accounts
    end = _scores(history.persons, q, begins + days)
    history.persons["conditions"] = persons["conditions"]
    return Reading(
        accounts["entry_severity"],
        end,
        accounts["first_remission"],
        accounts["first_response"],
        np.isfinite(end) & (history.persons["care"] == c.CARE_COURSE),
        history.persons,
    )


def next_step(persons: NDArray[Any]) -> NDArray[Any]:
    """Return patients whose course failed without remission, ready for the next step."""
    ready = next_period(persons)
    ready["previous"] = persons["treatment"]
    ready["outcome"] = c.OUTCOME_FAILED
    ready["failures"] += 1
    ready["line"] += 1
    return ready


def next_period(persons: NDArray[Any]) -> NDArray[Any]:
    """Return patients whose treatment stopped and taught nothing: its effect is gone."""
    ready = persons.copy()
    ready["treatment"] = -1
    ready["sessions"] = 0
    ready["gain"] = 0.0
    ready["used"] = 0
    ready["relapse"] = math.inf
    ready["crisis_end"] = math.inf
    return ready


def _rules_of(parameters: Parameters, arm: Arm, days: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return parameters and strategy of an arm: one course, or one wait."""
    if arm.treat is None:
        strategy = trial_strategy(0)
        strategy[0]["treat"][0] = -1
        strategy[0]["wait_days"][0] = 2.0 * days
        strategy[0]["wait_contact"][0] = _contact_of(parameters, arm)
        return parameters.record.copy(), strategy
    position = parameters.treatments.index(arm.treat)
    changes: dict[str, float] = {}
    if arm.contact is not None:
        changes["contact"] = parameters.contacts.index(arm.contact)
    return (
        trial_parameters(parameters.record, position, days, **changes),
        trial_strategy(position),
    )


def _contact_of(parameters: Parameters, arm: Arm) -> int:
    """Return the position of the contact that an arm has."""
    if arm.contact is not None:
        return parameters.contacts.index(arm.contact)
    if arm.treat is None:
        return int(parameters.record[0]["contact_none"])
    return int(parameters.record[0]["contact"][parameters.treatments.index(arm.treat)])


def _scores(persons: NDArray[Any], q: NDArray[Any], day: float) -> Floats:
    """Return true scores on a day; inf for the dead."""
    true, seen = np.empty(len(persons)), np.empty(len(persons))
    read_scores(persons, q[0], day, true, seen)
    return np.where(np.isnan(true), math.inf, true)
