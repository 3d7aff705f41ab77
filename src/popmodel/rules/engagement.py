"""Engagement: asking for care, dropping out of a course, leaving care after failures."""

from __future__ import annotations

import math
from typing import Any

from popmodel.jit import rule
from popmodel.randomness import exponential, subject_salt, uniform
from popmodel.rules.codes import ASK_FIRST, ASK_LEFT, CARE_OUT

SALT_ASK = subject_salt("asking for care", "")
SALT_LEAVE = subject_salt("leaving care after a failure", "")
SALT_LEAVE_DROP = subject_salt("leaving care after a drop-out", "")


@rule
def ask_rate(p: Any, q: Any) -> Any:
    """Return the hazard per day of asking for care when out of care and depressed."""
    if p.ask_mode == ASK_FIRST:
        return q.ask_rate[p.band]
    if p.ask_mode == ASK_LEFT:
        return q.return_rate[min(p.failures, 3)]
    return q.ask_again_rate


@rule
def begin_asking(p: Any, q: Any, t: Any) -> None:
    """Start the clock of asking for care, with the budget laid aside or a new one."""
    budget = -p.ask if p.ask < 0.0 else exponential(p.key, SALT_ASK, p.asked)
    rate = ask_rate(p, q)
    p.ask = t + budget / rate if rate > 0.0 else -budget


@rule
def stop_asking(p: Any, q: Any, t: Any) -> None:
    """Lay the rest of the budget of asking aside."""
    if 0.0 <= p.ask < math.inf:
        p.ask = -max((p.ask - t) * ask_rate(p, q), 1e-300)


@rule
def respend_asking(p: Any, q: Any, t: Any, band: Any) -> None:
    """Spend the rest of the budget of asking at the rate of a severity band."""
    if p.care == CARE_OUT and p.ask_mode == ASK_FIRST and 0.0 <= p.ask < math.inf:
        moved = t + (p.ask - t) * q.ask_ratio[p.band, band]
        p.ask = moved if band != p.band else p.ask


@rule
def drop_out_day(p: Any, q: Any, treatment: Any, severity: Any, attempt: Any, t: Any) -> Any:
    """Return the day a course begun at t ends in drop-out, `inf` if its hazard is zero."""
    rate = q.dropout_rate[treatment]
    if rate <= 0.0:
        return math.inf
    slope = q.dropout_slope[treatment] * (severity - q.reference_severity)
    rate *= math.exp(slope) * q.biotype_dropout[p.biotype]
    return t + exponential(p.key, q.salt_dropout[treatment], attempt) / rate


@rule
def leaves_after_failure(p: Any, q: Any) -> Any:
    """Tell whether a patient leaves care after a failed line; likelier with more failures."""
    u = uniform(p.key, SALT_LEAVE, int(p.episode) * 64 + int(p.failures))
    return u < q.leave_probability[min(p.failures, 3)]


@rule
def leaves_after_dropout(p: Any, q: Any) -> Any:
    """Tell whether a patient who dropped out of a course leaves care for now."""
    u = uniform(p.key, SALT_LEAVE_DROP, int(p.episode) * 1024 + int(p.courses))
    return u < q.leave_after_dropout
