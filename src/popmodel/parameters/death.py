"""What a death takes away: years of life, and work; in closed form by the life table.

Hazards and wages are constant within a year of age, so a year from age x is worth
w (1 - exp(-(h + r))) / (h + r), and the rest is worked out backwards from the oldest age.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from popmodel.parameters.record import AGES, Record
from popmodel.units import DAYS_PER_YEAR

Floats = NDArray[np.float64]
OLDEST: Final = AGES - 2
"""Years: nobody lives beyond, as in `rules.mortality`."""


def years_ahead(record: Record, sex: NDArray[Any], age: Floats, rate: float = 0.0) -> Floats:
    """Return the years of life ahead by the life table, continuously discounted.

    Args:
        record: parameters, one element.
        sex: positions in `vocabulary.SEXES`, one a person.
        age: years, one a person.
        rate: per year; 0 gives life expectancy.
    """
    hazard = _yearly_hazard(record)
    return _worth(np.ones_like(hazard), hazard, sex, age, rate)


def earnings_ahead(
    record: Record, sex: NDArray[Any], age: Floats, rate: float = 0.0, days: float = np.inf
) -> Floats:
    """Return the earnings expected within `days`, weighed by survival, continuously discounted.

    Human capital: `days` without end. Friction cost: until somebody else does the work (Drummond
    et al., Methods for the Economic Evaluation of Health Care Programmes, 4th ed., ch. 7).

    Args:
        record: parameters, one element; wages by age band.
        sex: positions in `vocabulary.SEXES`, one a person.
        age: years at death, one a person.
        rate: discount rate per year.
        days: days after the death.
    """
    if days <= 0.0:
        return np.zeros(len(age))
    hazard, wage = _yearly_hazard(record), _yearly_wage(record)
    whole = _worth(wage, hazard, sex, age, rate)
    if not np.isfinite(days):
        return whole
    years = days / DAYS_PER_YEAR
    later = np.minimum(age + years, float(OLDEST))
    grown = _accumulated(hazard, sex, later) - _accumulated(hazard, sex, age)
    kept = np.exp(-grown - rate * (later - age))
    return np.asarray(whole - kept * _worth(wage, hazard, sex, later, rate))


def _yearly_hazard(record: Record) -> Floats:
    """Return the hazard by sex and year of age."""
    return np.diff(record["cumulative_mortality"][0][:, : OLDEST + 1], axis=1)


def _yearly_wage(record: Record) -> Floats:
    """Return the wage of a year by sex and year of age."""
    bands = int(record["age_bands"][0])
    high = record["age_band_high"][0][: bands - 1]
    band = np.searchsorted(high, np.arange(OLDEST), side="right")
    return np.asarray(record["wage"][0][:, band] * DAYS_PER_YEAR)


def _worth(amount: Floats, hazard: Floats, sex: NDArray[Any], age: Floats, rate: float) -> Floats:
    """Return what `amount` a year from an age on is worth, until the oldest age."""
    ahead = np.zeros((2, OLDEST + 1))
    within, kept = amount * _annuity(hazard + rate), np.exp(-(hazard + rate))
    for x in range(OLDEST - 1, -1, -1):
        ahead[:, x] = within[:, x] + kept[:, x] * ahead[:, x + 1]
    inside = np.clip(np.asarray(age, dtype=float), 0.0, float(OLDEST))
    year = np.minimum(inside.astype(np.int64), OLDEST - 1)
    rest = year + 1.0 - inside
    force = hazard[sex, year] + rate
    part = amount[sex, year] * rest * _annuity(force * rest)
    return np.asarray(part + np.exp(-force * rest) * ahead[sex, year + 1])


def _accumulated(hazard: Floats, sex: NDArray[Any], age: Floats) -> Floats:
    """Return the hazard accumulated from birth to an age."""
    to_birthday = np.concatenate([np.zeros((2, 1)), np.cumsum(hazard, axis=1)], axis=1)
    year = np.minimum(age.astype(np.int64), OLDEST - 1)
    return np.asarray(to_birthday[sex, year] + (age - year) * hazard[sex, year])


def _annuity(force: Floats) -> Floats:
    """Return (1 - exp(-x)) / x, 1 at 0."""
    small = force < 1e-12
    safe = np.where(small, 1.0, force)
    return np.asarray(np.where(small, 1.0, -np.expm1(-safe) / safe))
