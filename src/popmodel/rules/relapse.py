"""Relapse, recurrence and loss of a response: one piecewise hazard on its own clock.

The clock starts with remission (or with a held response) and the hazard is constant between 2, 6,
12 and 24 months; after that the long-run recurrence rate holds. Maintenance multiplies it while it
lasts. The budget is one keyed unit exponential a spell, so the day can be solved at once.
"""

from __future__ import annotations

import math
from typing import Any

from popmodel.jit import rule
from popmodel.randomness import exponential, normal, subject_salt

SALT_RELAPSE = subject_salt("relapse", "")
SALT_FRAILTY = subject_salt("relapse frailty", "")
PERIODS = 5


@rule
def frailty(p: Any, q: Any) -> Any:
    """Return the patient's own relapse factor, mean 1."""
    if q.relapse_frailty_sd == 0.0:
        return 1.0
    z = normal(p.key, SALT_FRAILTY, 0)
    return math.exp(q.relapse_frailty_sd * z - 0.5 * q.relapse_frailty_sd**2)


@rule
def power(base: Any, times: Any) -> Any:
    """Return a whole power by multiplication: the same bits with and without compilation."""
    product = 1.0
    for _ in range(times):
        product *= base
    return product


@rule
def relapse_rate(p: Any, q: Any, card: Any, period: Any) -> Any:
    """Return the relapse hazard per day in a period after remission, without maintenance.

    `card` is the treatment that brought remission, -1 for remission without treatment.
    """
    if period == PERIODS - 1:
        past = min(int(p.past_episodes) + int(p.episode), q.past_episode_cap)
        return q.recurrence_rate * power(q.past_episode_ratio, past)
    base = q.natural_relapse[period] if card < 0 else q.treatment_relapse[card, period]
    lines = power(q.failed_line_ratio, min(p.failures, 4))
    return base * lines * q.biotype_relapse[p.biotype]


@rule
def relapse_day(
    p: Any, q: Any, since: Any, card: Any, residual: Any, before: Any, kept_from: Any,
    kept_until: Any,
) -> Any:  # fmt: skip
    """Return the day a spell that began at `since` ends in relapse.

    Args:
        p: patient; `p.keeper` is the card whose maintenance protects.
        q: parameters.
        since: day the spell began.
        card: treatment behind it, -1 none.
        residual: hazard factor for residual symptoms (1 in remission).
        before: hazard factor until `kept_from`: what protected earlier in this spell.
        kept_from: day maintenance begins to protect.
        kept_until: day it stops.
    """
    left = exponential(p.key, SALT_RELAPSE, p.spell)
    factor = frailty(p, q) * residual
    kept_ratio = q.upkeep_ratio[p.keeper] if p.keeper >= 0 else 1.0
    day = since
    for period in range(PERIODS):
        rate = relapse_rate(p, q, card, period) * factor
        end = since + q.relapse_period_end[period]
        for part in range(3):
            stop = end
            if part == 0:
                stop = min(end, kept_from)
            elif part == 1:
                stop = min(end, kept_until)
            if stop <= day:
                continue
            pace = rate
            if part == 0:
                pace *= before
            elif part == 1:
                pace *= kept_ratio
            if pace > 0.0 and left <= pace * (stop - day):
                return day + left / pace
            if stop == math.inf:
                return math.inf
            left -= pace * (stop - day)
            day = stop
    return math.inf
