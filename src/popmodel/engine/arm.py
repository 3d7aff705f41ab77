"""One arm of a virtual trial: patients begin a course on day 0 and are read on a later day.

The same rules and the same scheduler as in a policy run; only what a trial decides is set: who
enters, what is given, until when its contact lasts, and when the score is read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from popmodel.engine.compiled import simulate
from popmodel.jit import entry_point
from popmodel.parameters import MAX_RULES, STRATEGY
from popmodel.rules import codes as c
from popmodel.rules.response import measured, severity_now

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """What an arm saw, by patient.

    Attributes:
        severity: measured score on the day of reading; nan for the dead.
        true_severity: the score without measurement error.
        dropped_out: whether the course ended early.
        first_remission: days until the first remission, inf if none.
    """

    severity: Scores
    true_severity: Scores
    dropped_out: NDArray[np.bool_]
    first_remission: Scores


@entry_point
def read_scores(persons: Any, q: Any, day: Any, true: Any, seen: Any) -> None:
    """Read true and measured scores of a block on a day; nan for the dead."""
    for n in range(len(persons)):
        p = persons[n]
        if p.state == c.DEAD:
            true[n] = math.nan
            seen[n] = math.nan
        else:
            true[n] = severity_now(p, q, day)
            seen[n] = measured(p, q, true[n], day)


def baseline_scores(persons: NDArray[Any], parameters: NDArray[Any]) -> Scores:
    """Return measured scores at entry."""
    true, seen = np.empty(len(persons)), np.empty(len(persons))
    read_scores(persons, parameters[0], 0.0, true, seen)
    return seen


def trial_strategy(*treatments: int) -> NDArray[Any]:
    """Return a strategy that offers courses in order and nothing else."""
    s = np.zeros(1, dtype=STRATEGY)
    row = s[0]
    row["rules"] = len(treatments)
    row["treat"][: len(treatments)] = treatments
    for name, most in (("line_max", 99), ("step_max", 9999), ("severity_max", math.inf)):
        row[name][:MAX_RULES] = most
    for name in ("biotypes", "settings", "last_outcomes"):
        row[name][:] = -1
    row["stop_after_days"] = math.inf
    row["booster"][:] = -1
    row["booster_days"][:] = math.inf
    return s


def trial_parameters(
    parameters: NDArray[Any], treatment: int, days: float, **changes: float
) -> NDArray[Any]:
    """Return parameters for an arm: everybody included may be treated, contact lasts until read.

    Args:
        parameters: one parameter record; not changed.
        treatment: position of the treatment.
        days: day of the reading.
        changes: fields of the treatment to set, such as `potency=0` or `loss_share=0`.
    """
    q = parameters.copy()
    row = q[0]
    row["horizon"] = days
    row["assess_days"][treatment] = max(days, row["assess_days"][treatment])
    row["minimum_failures"][treatment] = 0
    row["excluded_flags"][treatment] = 0
    row["required_flags"][treatment] = 0
    row["after"][treatment] = 0
    row["settings"][treatment] = 15
    for name, value in changes.items():
        row[name][treatment] = value
    return q


def enrol(persons: NDArray[Any]) -> NDArray[Any]:
    """Return patients for whom a decision is due on day 0."""
    enrolled = persons.copy()
    enrolled["care"] = c.CARE_WAIT
    enrolled["due"] = 0.0
    enrolled["entry"] = 0.0
    return enrolled


def run_arm(
    persons: NDArray[Any],
    parameters: NDArray[Any],
    treatment: int,
    days: float,
    *,
    threads: int | None = None,
    **changes: float,
) -> Reading:
    """Treat patients from day 0 and read them on a day.

    Args:
        persons: recruits at entry; not changed.
        parameters: one parameter record.
        treatment: position of the treatment given.
        days: day of the reading.
        threads: how many; all processors when None.
        changes: see `trial_parameters`.
    """
    q = trial_parameters(parameters, treatment, days, **changes)
    history = simulate(
        enrol(persons), q, [trial_strategy(treatment)], threads=threads, count=False
    )[0]
    true, seen = np.empty(len(persons)), np.empty(len(persons))
    read_scores(history.persons, q[0], days, true, seen)
    return Reading(
        seen, true, history.persons["outcome"] == c.OUTCOME_DROPPED,
        history.accounts["first_remission"],
    )  # fmt: skip
