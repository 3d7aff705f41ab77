"""Death of background causes and of the excess natural causes that come with depression.

Background hazard is constant within a year of age; excess = (HR - 1) x background, of which the
reversible share ends with remission. Each has its own budget, so the same patient dies of
background causes on the same day under every strategy.
"""

from __future__ import annotations

import math
from typing import Any

from popmodel.jit import rule
from popmodel.parameters.record import NEVER
from popmodel.randomness import exponential, subject_salt
from popmodel.rules.codes import REMITTED
from popmodel.units import DAYS_PER_YEAR

SALT_DEATH = subject_salt("death of background causes", "")
SALT_EXCESS = subject_salt("death of excess natural causes", "")
OLDEST = 110
"""Years: the life table ends here and nobody lives beyond."""


@rule
def cumulative_hazard(q: Any, sex: Any, age: Any) -> Any:
    """Return the background hazard accumulated from birth to an age in years."""
    if age >= OLDEST:
        whole = q.cumulative_mortality[sex, OLDEST]
        return whole + (age - OLDEST) * (whole - q.cumulative_mortality[sex, OLDEST - 1])
    year = int(age)
    low = q.cumulative_mortality[sex, year]
    return low + (age - year) * (q.cumulative_mortality[sex, year + 1] - low)


@rule
def age_reaching(q: Any, sex: Any, age: Any, hazard: Any) -> Any:
    """Return the age at which the accumulated hazard reaches `hazard`, from `age` on."""
    year, beyond = int(age), OLDEST
    while year < beyond:
        middle = (year + beyond) >> 1
        if q.cumulative_mortality[sex, middle + 1] < hazard:
            year = middle + 1
        else:
            beyond = middle
    year = min(year, OLDEST - 1)
    low = q.cumulative_mortality[sex, year]
    return year + (hazard - low) / (q.cumulative_mortality[sex, year + 1] - low)


@rule
def age_at(p: Any, t: Any) -> Any:
    """Return the age in years at day t."""
    return p.age + (t - p.entry) / DAYS_PER_YEAR


@rule
def excess_factor(q: Any, well: Any) -> Any:
    """Return excess mortality as a multiple of background: less when well if reversible."""
    if well:
        return q.excess_mortality * max(1.0 - q.reversible_share, NEVER)
    return q.excess_mortality


@rule
def excess_day(p: Any, q: Any, t: Any, budget: Any, factor: Any) -> Any:
    """Return the day excess mortality uses up `budget` from day t on."""
    if factor <= 0.0:
        return math.inf
    age = age_at(p, t)
    reached = age_reaching(q, p.sex, age, cumulative_hazard(q, p.sex, age) + budget / factor)
    return t + (reached - age) * DAYS_PER_YEAR


@rule
def begin_mortality(p: Any, q: Any) -> None:
    """Set both days of death at entry."""
    start = cumulative_hazard(q, p.sex, p.age)
    budget = exponential(p.key, SALT_DEATH, 0)
    age = min(age_reaching(q, p.sex, p.age, start + budget), float(OLDEST))
    p.death = p.entry + DAYS_PER_YEAR * (age - p.age)
    factor = excess_factor(q, p.state >= REMITTED)
    p.excess = excess_day(p, q, p.entry, exponential(p.key, SALT_EXCESS, 0), factor)


@rule
def change_excess(p: Any, q: Any, t: Any, well_before: Any, well: Any) -> None:
    """Spend the excess budget at a new rate when remission begins or ends."""
    old, new = excess_factor(q, well_before), excess_factor(q, well)
    if old == new or old <= 0.0 or p.excess == math.inf:
        return
    ahead = cumulative_hazard(q, p.sex, age_at(p, p.excess))
    left = old * (ahead - cumulative_hazard(q, p.sex, age_at(p, t)))
    p.excess = excess_day(p, q, t, left, new)
