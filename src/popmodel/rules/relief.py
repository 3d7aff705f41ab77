"""The day of first relief: when the score fell to half of what it was at the last decision.

Scores are read at visits and grid points. Between two readings only the effect of a course grows,
so the day it crossed follows from its growth; relief within hours is found on its day.
"""

from __future__ import annotations

import math
from typing import Any

from popmodel.jit import rule
from popmodel.rules.codes import CARE_COURSE
from popmodel.rules.response import depth_for_fall, natural_depth


@rule
def relief_day(p: Any, q: Any, t: Any) -> Any:
    """Return the day of relief that the reading at t has found, at most one grid step before it.

    1 - exp(-d / theta) = (depth at half the score - N - c) / T, solved for d.
    """
    if p.care != CARE_COURSE or p.gain <= 0.0 or p.worst <= 0.5 * p.reference:
        return t
    half = depth_for_fall(math.log(p.worst / (0.5 * p.reference)), q.softness)
    share = (half - natural_depth(p, q) - p.contact) / p.gain
    if share <= 0.0 or share >= 1.0:
        return t
    day = p.started - q.onset[p.treatment] * math.log(1.0 - share)
    return min(t, max(day, p.started, t - q.grid_days))
