"""One patient's life under a strategy, event by event, in words.

The same compiled rules are called one event at a time, and what changed is told.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from popmodel.engine.agents import enter_one, score_of, wake_one
from popmodel.jit import entry_point
from popmodel.rules import codes as c
from popmodel.rules.records import ACCOUNT, new_tally
from popmodel.rules.wake import settle
from popmodel.units import DAYS_PER_WEEK
from popmodel.vocabulary import COURSE_OUTCOMES, STATES

Moment = tuple[float, str, float]
"""Day since the model start, what happened, true score (MADRS) when it did."""


@dataclass(frozen=True)
class Life:
    """One patient's life under one strategy.

    Attributes:
        moments: what happened, in order.
        days: one day a week.
        scores: true score (MADRS) on those days; nan after death.
        courses: first day, last day and treatment label of every course.
    """

    moments: tuple[Moment, ...]
    days: tuple[float, ...]
    scores: tuple[float, ...]
    courses: tuple[tuple[float, float, str], ...]


@entry_point
def settle_one(p: Any, o: Any, q: Any, tally: Any) -> None:
    """Find a patient's next event again, after the horizon was moved."""
    settle(p, o, q, tally)


def tell_life(
    person: NDArray[Any],
    parameters: NDArray[Any],
    strategy: NDArray[Any],
    treatments: Sequence[str],
) -> Life:
    """Return one patient's life.

    The horizon is moved week by week, so that the score can be read on the way; a wake-up that
    changes nothing changes no history, so the life is the one that a run would give.

    Args:
        person: one patient record at entry; not changed.
        parameters: one parameter record; not changed.
        strategy: one strategy record.
        treatments: labels in the order of the record's positions.
    """
    p, q, s = person.copy(), parameters.copy(), strategy[0]
    o, tally = np.zeros(1, dtype=ACCOUNT), new_tally()
    end, entry = float(q[0]["horizon"]), float(p[0]["entry"])
    q[0]["horizon"] = entry
    enter_one(p[0], o[0], q[0], s, tally[0])
    moments = [(entry, at_entry(person[0]), float(o[0]["entry_severity"]))]
    days, scores, courses = [entry], [float(o[0]["entry_severity"])], Courses(treatments)
    while days[-1] < end:
        day = min(days[-1] + DAYS_PER_WEEK, end)
        q[0]["horizon"] = day
        if p[0]["state"] != c.DEAD:
            settle_one(p[0], o[0], q[0], tally[0])
        while p[0]["wake"] < day:
            before, now, event = p.copy(), float(p[0]["wake"]), int(p[0]["event"])
            wake_one(p[0], o[0], q[0], s, tally[0])
            courses.note(before[0], p[0], now)
            told = told_of(event, before[0], p[0], treatments)
            if told:
                moments.append((now, told, _score(before, q[0], now)))
        days.append(day)
        scores.append(_score(p, q[0], day))
    if p[0]["state"] != c.DEAD:
        moments.append((end, f"the model ends: {state_of(p[0])}", scores[-1]))
    return Life(tuple(moments), tuple(days), tuple(scores), courses.until(end))


class Courses:
    """Courses as they begin and end."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = labels
        self.done: list[tuple[float, float, str]] = []
        self.open: tuple[float, str] | None = None

    def note(self, before: Any, after: Any, day: float) -> None:
        """Take in what an event did to the course under way."""
        running = after["care"] == c.CARE_COURSE and after["state"] != c.DEAD
        if self.open is not None and (not running or after["started"] != self.open[0]):
            self.done.append((*self.open[:1], day, self.open[1]))
            self.open = None
        if running and self.open is None:
            self.open = (float(after["started"]), self.labels[after["treatment"]])

    def until(self, end: float) -> tuple[tuple[float, float, str], ...]:
        """Return all courses; one still under way ends at the horizon."""
        last = [] if self.open is None else [(self.open[0], end, self.open[1])]
        return tuple(self.done + last)


def _score(p: NDArray[Any], q: Any, day: float) -> float:
    return math.nan if p[0]["state"] == c.DEAD else float(score_of(p[0], q, day))


def state_of(p: Any) -> str:
    """Return the state of a patient in words."""
    return STATES[p["state"]].replace("_", " ")


def at_entry(p: Any) -> str:
    """Return with which past, and whether in care, a patient enters."""
    failures = int(p["failures_before"])
    past = "no failed treatment" if not failures else f"{failures} failed treatment(s)"
    care = "in care" if p["care"] == c.CARE_WAIT else "not in care"
    return f"enters the model: {past} in this episode, {care}"


def told_of(event: int, before: Any, after: Any, treatments: Sequence[str]) -> str:
    """Return what an event did, an empty string for what nobody needs to read."""
    parts = [_happened(event, before, after, treatments)]
    if after["state"] != before["state"] and after["state"] in (c.REMITTED, c.RECOVERED):
        parts.append("remission" if after["state"] == c.REMITTED else "recovered")
    if after["tested"] != before["tested"]:
        parts.append("is tested")
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
    if event == c.EVENT_CRISIS_END and after["setting"] == c.INPATIENT:
        return "admitted to a ward"
    if event == c.EVENT_CRISIS_END and after["bed"] == c.BED_WANTED:
        return "waits for a bed in the emergency department"
    if event == c.EVENT_CRISIS_END and before["bed"] == c.BED_WANTED:
        return "goes home without an admission"
    quiet = {
        c.EVENT_KNOT: "", c.EVENT_DECIDE: "", c.EVENT_RECOVERED: "", c.EVENT_BOOSTER: "booster",
        c.EVENT_SESSIONS: "last session", c.EVENT_CRISIS_END: "leaves hospital",
        c.EVENT_ASK: "asks for care", c.EVENT_KEPT: "maintenance ends",
        c.EVENT_CRISIS: "attempt or crisis", c.EVENT_DEATH: "dies",
        c.EVENT_EXCESS: "dies (excess mortality of depression)",
    }  # fmt: skip
    if event == c.EVENT_CRISIS and after["state"] == c.DEAD:
        return "dies by suicide"
    return quiet.get(event, "")
