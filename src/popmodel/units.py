"""Units: rates and probabilities, time, discounting. The only place they are converted."""

from __future__ import annotations

import math
from typing import Final

DAYS_PER_YEAR: Final = 365.25
DAYS_PER_WEEK: Final = 7.0
MONTHS_PER_YEAR: Final = 12.0
DAYS_PER_MONTH: Final = DAYS_PER_YEAR / MONTHS_PER_YEAR
WEEKS_PER_YEAR: Final = DAYS_PER_YEAR / DAYS_PER_WEEK


def probability_to_rate(probability: float, time: float = 1.0) -> float:
    """Return the constant hazard that gives `probability` within `time`.

    Args:
        probability: in [0, 1).
        time: any unit; the rate comes back per that unit.

    Raises:
        ValueError: probability outside [0, 1) or time not positive.
    """
    if not 0.0 <= probability < 1.0:
        raise ValueError(f"a probability in [0, 1) is needed, got {probability}")
    if time <= 0.0:
        raise ValueError(f"a positive time is needed, got {time}")
    return -math.log1p(-probability) / time


def rate_to_probability(rate: float, time: float = 1.0) -> float:
    """Return the probability of an event within `time` under the constant hazard `rate`.

    Raises:
        ValueError: negative rate or time.
    """
    if rate < 0.0 or time < 0.0:
        raise ValueError(f"rate and time must not be negative, got {rate} and {time}")
    return -math.expm1(-rate * time)


def per_day(rate: float, unit: str) -> float:
    """Convert a rate given per day, week, month or year to per day.

    Raises:
        ValueError: unknown unit.
    """
    days = {
        "1/day": 1.0,
        "1/week": DAYS_PER_WEEK,
        "1/month": DAYS_PER_MONTH,
        "1/year": DAYS_PER_YEAR,
    }
    if unit not in days:
        raise ValueError(f"unknown rate unit {unit!r}; known: {', '.join(days)}")
    return rate / days[unit]


def discount_rate_per_day(rate_per_year: float) -> float:
    """Return the continuous discount rate per day for a yearly rate: ln(1 + rate) / 365.25."""
    return math.log1p(rate_per_year) / DAYS_PER_YEAR
