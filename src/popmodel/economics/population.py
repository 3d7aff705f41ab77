"""For whom a decision is taken: everyone treated while it stands, counted in today's money."""

from __future__ import annotations

import math
from dataclasses import dataclass

from popmodel.errors import InputError


@dataclass(frozen=True)
class Population:
    """Those whom a decision concerns.

    Attributes:
        per_year: persons who newly face the decision in a year, arriving evenly.
        years: how long the decision stands: until better evidence or another treatment is there.
        discount: yearly rate for money, such as 0.03.
        now: persons who face it on the first day.

    Raises:
        InputError: one of them is negative or no number.
    """

    per_year: float
    years: float
    discount: float = 0.03
    now: float = 0.0

    def __post_init__(self) -> None:
        for name in ("per_year", "years", "discount", "now"):
            value = getattr(self, name)
            if not math.isfinite(value) or value < 0.0:
                raise InputError(f"population: {name}: {value} is not a number of at least 0")

    @property
    def persons(self) -> float:
        """Return the discounted number of persons: now + per_year × ∫ (1 + discount)^−t dt."""
        return self.now + self.per_year * discounted_years(self.years, self.discount)

    def after(self, delay: float) -> Population:
        """Return those who are left when results are awaited first; the waiting is discounted."""
        left = max(0.0, self.years - delay)
        weight = (1.0 + self.discount) ** -min(delay, self.years)
        return Population(self.per_year * weight, left, self.discount)


def discounted_years(years: float, discount: float) -> float:
    """Return the present value of one a year over `years`, discounted continuously.

    (1 − e^−δT) ÷ δ with δ = ln(1 + discount); without discounting, T.
    """
    force = math.log1p(discount)
    return years if force == 0.0 else -math.expm1(-force * years) / force
