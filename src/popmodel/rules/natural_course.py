"""The natural course: hidden depth moves from month to month; episodes begin and begin again."""

from __future__ import annotations

import math
from typing import Any

from popmodel.jit import rule
from popmodel.randomness import normal, normal_probability, normal_quantile, subject_salt, uniform
from popmodel.rules.response import depth_for_fall

SALT_MONTH = subject_salt("month", "")
SALT_ONSET = subject_salt("episode onset", "")
SALT_WORST = subject_salt("worst severity", "")
MONTHS = 100000


@rule
def pass_knot(p: Any, q: Any, knot: Any) -> None:
    """Move b by one month: b <- phi b + sqrt(1 - phi^2) eta, eta keyed by episode and month."""
    eta = normal(p.key, SALT_MONTH, int(p.episode) * MONTHS + knot + MONTHS // 2)
    p.swing = q.persistence * p.swing + q.innovation * eta


@rule
def next_grid_point(p: Any, q: Any, t: Any) -> Any:
    """Return the number of the first grid point after day t."""
    return math.floor((t - p.phase) / q.grid_days) + 1


@rule
def draw_onset_swing(p: Any, q: Any, contact: Any, occurrence: Any) -> Any:
    """Return b at the start of an episode or relapse: N(0, 1) given a score above `onset_severity`.

    Drawn by inversion of a keyed uniform, so the same patient keeps the same rank.
    """
    u = uniform(p.key, SALT_ONSET, occurrence)
    fall = math.log(p.worst / q.onset_severity)
    limit = depth_for_fall(fall, q.softness) if fall > 0.0 else -40.0
    bound = (limit - q.depth_mean - contact - q.depth_persistent * p.trait) / q.depth_moving
    top = normal_probability(bound)
    if top < 1e-12:
        return bound - 1e-6
    return normal_quantile(u * top)


@rule
def draw_worst(p: Any, q: Any, occurrence: Any) -> Any:
    """Return the worst score of an episode, cut to the scale, shifted by biotype."""
    u = uniform(p.key, SALT_WORST, occurrence)
    low, high = q.worst_rank_low[p.biotype], q.worst_rank_high[p.biotype]
    mean = q.worst_log_mean + q.worst_log_shift[p.biotype]
    return math.exp(mean + q.worst_log_sd * normal_quantile(low + u * (high - low)))
