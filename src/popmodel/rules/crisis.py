"""Attempts and crises: a hazard by severity band; some are fatal, some lead to admission."""

from __future__ import annotations

from typing import Any

from popmodel.jit import rule
from popmodel.randomness import exponential, subject_salt, uniform
from popmodel.rules.accrual import count, pay
from popmodel.rules.codes import COST_CRISIS, FLOW_CRISES, STAY_FATAL
from popmodel.rules.stay import arrive, note_stay

SALT_CRISIS = subject_salt("crisis", "")
SALT_FATAL = subject_salt("fatal attempt", "")


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
    """Let a crisis happen: charge it, begin a stay, set the next; True if it is fatal."""
    o.crises += 1
    count(o, tally, FLOW_CRISES, t)
    fatal = uniform(p.key, SALT_FATAL, p.crises) < q.attempt_fatality[p.band, p.sex]
    if fatal:
        o.suicide = 1
        note_stay(o, tally, STAY_FATAL)
        pay(o, q, tally, COST_CRISIS, q.cost_suicide, t)
        return True
    pay(o, q, tally, COST_CRISIS, q.cost_attempt, t)
    arrive(p, o, q, tally, t)
    p.crises += 1
    p.crisis = t + exponential(p.key, SALT_CRISIS, p.crises) / q.attempt_rate[p.band]
    return False
