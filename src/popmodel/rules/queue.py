"""Waiting for a place in a limited service: joining, rank, and how a wait ends.

A rule never sees who else waits or how many places are free: it says what the patient wants
(`p.want`), since when, and with which rank. The schedulers alone give places (`places.take_place`)
and turn patients away; so without limited services nothing here ever runs.
"""

from __future__ import annotations

import math
from typing import Any

from popmodel.jit import rule
from popmodel.randomness import exponential, subject_salt, uniform
from popmodel.rules.accrual import in_crisis, set_flows
from popmodel.rules.codes import (
    BED_WANTED,
    CARE_AFTER,
    CARE_WAIT,
    JOIN_BOOSTER,
    JOIN_COURSE,
    WAIT_SERVED,
    WAIT_STILL,
)
from popmodel.rules.response import measured, severity_now

SALT_RENEGE = subject_salt("giving up a wait", "")
SALT_REFUSE = subject_salt("referral never taken up", "")
HIGHEST_BAND = 3


@rule
def is_limited(q: Any, s: Any, treatment: Any) -> Any:
    """Tell whether a treatment needs a place in a service that has a number of places."""
    service = q.service[treatment]
    return service >= 0 and ((s.limited >> service) & 1) == 1


@rule
def waits(p: Any) -> Any:
    """Tell whether a patient waits for a place or for a bed, so that one may come any day."""
    return p.want >= 0 or p.bed == BED_WANTED


@rule
def measured_band(p: Any, q: Any, score: Any) -> Any:
    """Return the severity band of a measured score; a crisis counts as the highest."""
    if in_crisis(p):
        return HIGHEST_BAND
    limit = q.band_limit
    return int(score > limit[0]) + int(score > limit[1]) + int(score > limit[2])


@rule
def rank_of(p: Any, q: Any, s: Any, service: Any, score: Any, joined: Any) -> Any:
    """Return the rank in the queue of a service, of somebody who joined it on a day."""
    waited = s.weight_week[service] * joined / 7.0
    return waited - (
        s.weight_band[service] * measured_band(p, q, score)
        + s.weight_severity[service] * score
        + s.weight_line[service] * p.line
    )


@rule
def rank_for_bed(p: Any, o: Any, q: Any, s: Any) -> Any:
    """Return the rank of somebody who has just begun to wait for a bed; it stays as it is."""
    t = o.boarded
    score = measured(p, q, severity_now(p, q, t), t)
    return rank_of(p, q, s, s.beds - 1, score, t)


@rule
def set_rank(p: Any, q: Any, s: Any, t: Any) -> None:
    """Set the rank in the queue and whether ring-fenced places are open to the patient.

    The weighted score falls by its weight for every week waited; as it does so for everybody, the
    order of two patients never changes, and the day of joining can stand for the time waited.
    """
    service = q.service[p.want]
    score = measured(p, q, severity_now(p, q, t), t)
    p.rank = rank_of(p, q, s, service, score, p.joined)
    fits = score >= s.fence_severity[service] and p.line >= s.fence_line[service]
    p.lane = 1 if fits else 0
    if p.asked_by == JOIN_BOOSTER:
        p.rank = -1e18
        p.lane = 1


@rule
def join(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any, treatment: Any, n: Any) -> None:
    """Join the queue for a course that rule n (-1: none) offers.

    Somebody better, not well, keeps what has been gained while waiting; the others wait with the
    contact of the service's waiting list. A referral that is never taken up ends at once.
    """
    p.want = treatment
    p.asked_by = JOIN_COURSE
    p.joined_rule = n
    p.joined = t
    service = q.service[treatment]
    set_rank(p, q, s, t)
    rate = q.renege_rate
    p.renege = t + exponential(p.key, SALT_RENEGE, p.joins) / rate if rate > 0.0 else math.inf
    if uniform(p.key, SALT_REFUSE, p.joins) < q.refuse_share:
        p.renege = t
    p.joins += 1
    if p.care != CARE_AFTER:
        p.gain = 0.0
        p.care = CARE_WAIT
        p.due = t + s.review_days[service]
    set_flows(p, o, q, tally, t)


@rule
def join_for_booster(p: Any, q: Any, s: Any, t: Any) -> None:
    """Join the queue for a booster: kept appointments are served before new courses."""
    p.want = p.keeper
    p.asked_by = JOIN_BOOSTER
    p.joined_rule = -1
    p.joined = t
    p.renege = math.inf
    p.joins += 1
    p.due = math.inf
    set_rank(p, q, s, t)


@rule
def end_wait(p: Any, o: Any, t: Any, how: Any) -> None:
    """Leave the queue, if in one."""
    if p.want < 0:
        return
    p.want = -1
    p.ended = how
    p.renege = math.inf
    if how in (WAIT_SERVED, WAIT_STILL):
        o.wait_days += t - p.joined
        o.waits += 1


@rule
def free_place(p: Any, t: Any) -> None:
    """Free the place of a course that is cut short while its sessions run."""
    if p.place >= 0 and p.sessions:
        p.freed = min(t, p.place_until)
