"""One patient's life under a strategy, event by event, in words.

The same compiled rules are called one event at a time, and what changed is told.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from popmodel.engine.agents import enter_one, leave_one, score_of, wake_one
from popmodel.rules import codes as c
from popmodel.rules.records import ACCOUNT, new_tally
from popmodel.vocabulary import COURSE_OUTCOMES, STATES

Moment = tuple[float, str, float]
"""Day since the model start, what happened, true score (MADRS) when it did."""


def tell_life(
    person: NDArray[Any],
    parameters: NDArray[Any],
    strategy: NDArray[Any],
    treatments: Sequence[str],
) -> list[Moment]:
    """Return the moments of one patient's life.

    Args:
        person: one patient record at entry; not changed.
        parameters: one parameter record.
        strategy: one strategy record.
        treatments: labels in the order of the record's positions.
    """
    p = person.copy()
    o, tally, q, s = np.zeros(1, dtype=ACCOUNT), new_tally(), parameters[0], strategy[0]
    enter_one(p[0], o[0], q, s, tally[0])
    entry = float(p[0]["entry"])
    moments = [(entry, _at_entry(person[0]), float(o[0]["entry_severity"]))]
    while p[0]["wake"] < q["horizon"]:
        before = p.copy()
        day, event = float(p[0]["wake"]), int(p[0]["event"])
        wake_one(p[0], o[0], q, s, tally[0])
        told = _told(event, before[0], p[0], treatments)
        if told:
            moments.append((day, told, _score(before, q, day)))
    leave_one(p[0], o[0], q, tally[0])
    if p[0]["state"] != c.DEAD:
        end = float(q["horizon"])
        moments.append((end, f"the model ends: {_state(p[0])}", _score(p, q, end)))
    return moments


def _score(p: NDArray[Any], q: Any, day: float) -> float:
    return math.nan if p[0]["state"] == c.DEAD else float(score_of(p[0], q, day))


def _state(p: Any) -> str:
    return STATES[p["state"]].replace("_", " ")


def _at_entry(p: Any) -> str:
    failures = int(p["failures_before"])
    past = "no failed treatment" if not failures else f"{failures} failed treatment(s)"
    care = "in care" if p["care"] == c.CARE_WAIT else "not in care"
    return f"enters the model: {past} in this episode, {care}"


def _told(event: int, before: Any, after: Any, treatments: Sequence[str]) -> str:
    """Return what an event did, an empty string for what nobody needs to read."""
    parts = [_happened(event, before, after, treatments)]
    if after["state"] != before["state"] and after["state"] in (c.REMITTED, c.RECOVERED):
        parts.append("remission" if after["state"] == c.REMITTED else "recovered")
    if after["care"] == c.CARE_COURSE and _new_course(event, before, after):
        parts.append(f"starts {treatments[after['treatment']]}")
    if after["care"] == c.CARE_OUT and before["care"] != c.CARE_OUT:
        parts.append("leaves care")
    if after["care"] == c.CARE_LAST and before["care"] != c.CARE_LAST:
        parts.append("nothing is left to offer: care as usual")
    return "; ".join(dict.fromkeys(part for part in parts if part))


def _new_course(event: int, before: Any, after: Any) -> bool:
    return bool(
        before["care"] != c.CARE_COURSE
        or before["treatment"] != after["treatment"]
        or before["started"] != after["started"]
    )


def _happened(event: int, before: Any, after: Any, treatments: Sequence[str]) -> str:
    if event == c.EVENT_JUDGE:
        outcome = COURSE_OUTCOMES[after["outcome"]].replace("_", " ")
        return f"{treatments[before['treatment']]} judged: {outcome}"
    if event == c.EVENT_DROP:
        return f"drops out of {treatments[before['treatment']]}"
    if event == c.EVENT_VISIT:
        stopped = after["outcome"] == c.OUTCOME_STOPPED and before["care"] == c.CARE_COURSE
        if stopped and after["treatment"] < 0:
            return f"{treatments[before['treatment']]} stopped: too little improvement"
        return ""
    if event == c.EVENT_RELAPSE:
        if before["state"] == c.RECOVERED:
            return "recurrence: a new episode"
        return "relapse" if before["state"] == c.REMITTED else "the response is lost"
    quiet = {
        c.EVENT_KNOT: "", c.EVENT_DECIDE: "", c.EVENT_RECOVERED: "", c.EVENT_BOOSTER: "booster",
        c.EVENT_SESSIONS: "last session", c.EVENT_CRISIS_END: "crisis over",
        c.EVENT_ASK: "asks for care", c.EVENT_KEPT: "maintenance ends",
        c.EVENT_CRISIS: "attempt or crisis", c.EVENT_DEATH: "dies",
        c.EVENT_EXCESS: "dies (excess mortality of depression)",
    }  # fmt: skip
    if event == c.EVENT_CRISIS and after["state"] == c.DEAD:
        return "dies by suicide"
    return quiet.get(event, "")
