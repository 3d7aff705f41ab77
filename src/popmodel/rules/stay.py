"""A stay after a crisis: the emergency department, for some the ward, then home.

The day the present stage ends is `p.crisis_end`; whether a ward follows, later when it began, is
`p.ward`. Days are charged and counted when the patient leaves, for as long as the stay really was.
Where beds are waited for, who finds none boards in the emergency department: `p.bed` says so, and
`p.crisis_end` is then the day on which the patient is sent home without one.
"""

from __future__ import annotations

import math
from typing import Any

from popmodel.jit import rule
from popmodel.randomness import subject_salt, uniform
from popmodel.rules.accrual import count, in_crisis, move, pay, week_of
from popmodel.rules.codes import (
    BED_NONE,
    BED_WANTED,
    CARE_WAIT,
    COST_CRISIS,
    EMERGENCY,
    FLOW_ADMISSIONS,
    IN_CRISIS,
    INPATIENT,
    OUTPATIENT,
    STAY_ADMITTED,
    STAY_AGAIN,
    STAY_ARRIVED,
    STAY_DIED,
    STAY_HOME,
    WAIT_DIED,
    WAIT_RENEGED,
    WAIT_WELL,
)
from popmodel.rules.records import MICRO, WEEK_BEDS
from popmodel.units import DAYS_PER_WEEK

SALT_ADMITTED = subject_salt("admission after a crisis", "")


@rule
def note_stay(o: Any, tally: Any, what: Any) -> None:
    """Count a step on the way through settings."""
    if o.recording:
        tally.stay[what] += 1


@rule
def arrive(p: Any, o: Any, q: Any, tally: Any, t: Any) -> None:
    """Come to the emergency department; a crisis within a stay can only prolong it."""
    days = q.admission_days
    if uniform(p.key, SALT_ADMITTED, p.crises) >= q.admission_share:
        days = 0.0
    if in_crisis(p):
        note_stay(o, tally, STAY_AGAIN)
        if p.setting == INPATIENT:
            p.crisis_end = max(p.crisis_end, t + days)
        else:
            p.crisis_end = max(p.crisis_end, t + q.emergency_days)
            p.ward = max(p.ward, days)
        return
    note_stay(o, tally, STAY_ARRIVED)
    move(o, tally, p.state, IN_CRISIS, t)
    p.setting = EMERGENCY
    p.crisis_end = t + q.emergency_days
    p.ward = days
    p.discharged = 0


@rule
def end_stage(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> None:
    """Go from the emergency department to the ward, to a wait for a bed there, or home."""
    if p.setting != EMERGENCY or p.ward <= 0.0 or p.bed == BED_WANTED:
        leave_hospital(p, o, q, tally, t, STAY_HOME)
    elif s.beds > 0:
        p.bed = BED_WANTED
        p.crisis_end = t + s.board_days
        o.boarded = t
    else:
        admit(p, o, tally, t)


@rule
def admit(p: Any, o: Any, tally: Any, t: Any) -> None:
    """Go from the emergency department to the ward."""
    p.setting = INPATIENT
    p.crisis_end = t + p.ward
    p.ward = t
    o.admissions += 1
    count(o, tally, FLOW_ADMISSIONS, t)
    note_stay(o, tally, STAY_ADMITTED)


@rule
def stop_boarding(p: Any, o: Any, q: Any, tally: Any, t: Any, how: Any) -> None:
    """End a wait for a bed, if there is one, and charge its days."""
    if p.bed == BED_WANTED:
        days = t - o.boarded
        pay(o, q, tally, COST_CRISIS, days * q.cost_boarding_day, t)
        decide_when_moved(p, t)
        p.bed = BED_NONE
        p.bed_ended = how


@rule
def decide_when_moved(p: Any, t: Any) -> None:
    """Bring a decision that was put off to the end of boarding forward to its real end."""
    if p.care == CARE_WAIT and p.want < 0 and p.due == p.crisis_end:
        p.due = t


@rule
def leave_hospital(p: Any, o: Any, q: Any, tally: Any, t: Any, what: Any) -> None:
    """Close a stay, if there is one; from then on occupancy counts the clinical state again."""
    if in_crisis(p):
        how = WAIT_WELL if p.ward <= 0.0 else WAIT_RENEGED
        stop_boarding(p, o, q, tally, t, WAIT_DIED if what == STAY_DIED else how)
        close_stay(p, o, q, tally, t, what)
        move(o, tally, IN_CRISIS, p.state, t)
        p.crisis_end = math.inf
        p.ward = 0.0
        p.bed = BED_NONE
        p.setting = OUTPATIENT


@rule
def close_stay(p: Any, o: Any, q: Any, tally: Any, t: Any, what: Any) -> None:
    """Charge and count a stay up to day t: days on the ward, or the emergency visit.

    The bill of an admission holds the emergency visit that led to it. `what` is the code of how it
    ended in the emergency department; the next is that of the ward.
    """
    if p.setting == INPATIENT:
        days = t - p.ward
        o.bed_days += days
        pay(o, q, tally, COST_CRISIS, days * q.cost_admission_day, t)
        tally_beds(o, tally, p.ward, t)
        note_stay(o, tally, what + 1)
    else:
        pay(o, q, tally, COST_CRISIS, q.cost_emergency, t)
        note_stay(o, tally, what)


@rule
def tally_beds(o: Any, tally: Any, start: Any, end: Any) -> None:
    """Count days on a ward in the weeks they lie in."""
    if not o.recording:
        return
    while start < end:
        week = week_of(start)
        until = min((week + 1) * DAYS_PER_WEEK, end)
        tally.week[week, WEEK_BEDS] += math.floor((until - start) * MICRO + 0.5)
        start = until


@rule
def discharge_early(p: Any, q: Any, t: Any) -> None:
    """Shorten a stay, once, because of a response or remission seen in it; by default by 0 days.

    Seen in the emergency department it shortens the admission to come, or spares it.
    """
    days = q.discharge_days_saved
    if days > 0.0 and in_crisis(p) and not p.discharged:
        p.discharged = 1
        if p.setting == INPATIENT:
            p.crisis_end = max(t, p.crisis_end - days)
        else:
            p.ward = max(0.0, p.ward - days)
            if p.bed == BED_WANTED and p.ward == 0.0:
                decide_when_moved(p, t)
                p.crisis_end = t
