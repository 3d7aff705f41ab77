"""Attempts and crises: a hazard by severity band; some are fatal, some lead to admission."""

from __future__ import annotations

from typing import Any

from popmodel.jit import rule
from popmodel.randomness import exponential, subject_salt, uniform
from popmodel.rules.accrual import count, enter_crisis, pay
from popmodel.rules.codes import COST_CRISIS, EMERGENCY, FLOW_CRISES, INPATIENT

SALT_CRISIS = subject_salt("crisis", "")
SALT_FATAL = subject_salt("fatal attempt", "")
SALT_ADMITTED = subject_salt("admission after a crisis", "")


@rule
def begin_crises(p: Any, q: Any) -> None:
    """Set the first crisis from its budget."""
    p.crisis = p.entry + exponential(p.key, SALT_CRISIS, 0) / q.attempt_rate[p.band]


@rule
def respend_crisis(p: Any, q: Any, t: Any, band: Any) -> None:
    """Spend the rest of the crisis budget at the rate of a severity band."""
    moved = t + (p.crisis - t) * q.attempt_ratio[p.band, band]
    p.crisis = moved if band != p.band else p.crisis


@rule
def suffer_crisis(p: Any, o: Any, q: Any, tally: Any, t: Any) -> Any:
    """Let a crisis happen: charge it, admit or not, set the next; True if it is fatal."""
    o.crises += 1
    count(o, tally, FLOW_CRISES, t)
    fatal = uniform(p.key, SALT_FATAL, p.crises) < q.attempt_fatality[p.band, p.sex]
    if fatal:
        o.suicide = 1
        pay(o, q, tally, COST_CRISIS, q.cost_suicide, t)
        return True
    cost = q.cost_attempt
    if uniform(p.key, SALT_ADMITTED, p.crises) < q.admission_share:
        stay = q.admission_days
        cost += stay * q.cost_admission_day
        p.setting = INPATIENT
    else:
        stay = q.emergency_days
        cost += q.cost_emergency
        p.setting = EMERGENCY
    pay(o, q, tally, COST_CRISIS, cost, t)
    enter_crisis(p, o, tally, t + stay, t)
    p.discharged = 0
    p.crises += 1
    p.crisis = t + exponential(p.key, SALT_CRISIS, p.crises) / q.attempt_rate[p.band]
    return False
