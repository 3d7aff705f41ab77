"""The sixty settings: kind of queue, places, load; and what theory says of each.

Theory knows no ticks. Three corrections for a tick of b days are exact for one place and of first
order for more (see `docs/concepts/queues.md`): everybody waits half a tick for the decision; a hold
ends on a tick, so its first two moments are those of the rounded law, whose mean is kept; and
somebody who would have waited less than the rest of the tick has not waited. An urgent patient also
overtakes all others if a place comes free in the tick of joining.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from tests.verification.queues.theory import (
    Expected,
    exponential_holds,
    fixed_holds,
    general_holds,
    impatient,
    two_classes,
)

TICKS_A_HOLD = 100
MIXED = (0.25, 3.0)
"""Hyperexponential holds: a quarter of the patients holds a place 3 times the mean."""
CUT = 1.5
"""Cut holds: exponential, but never longer than 1.5 times the mean before the cut."""


@dataclass(frozen=True)
class Setting:
    """One queue with mean hold 1 day.

    Attributes:
        kind: exponential, fixed, mixed, cut, impatient or urgent.
        places: c.
        load: arrivals x hold / c.
        extra: impatient: rate of giving up a day; urgent: share of the urgent class.
        ticks: Ticks to a mean hold at least, for every place.
    """

    kind: str
    places: int
    load: float
    extra: float = 0.0
    ticks: int = TICKS_A_HOLD

    @property
    def name(self) -> str:
        """Name in tables."""
        more = f", {self.extra:g}" if self.extra else ""
        return f"{self.kind} {self.places} @ {self.load:g}{more}"

    @property
    def tick(self) -> float:
        """Days between decisions: a power of two, so that sums of ticks are exact.

        Finer with several places, for which the corrections are of first order only; where ranks
        differ (who comes last before a decision may overtake all the others); and where people
        give up, for whom no correction of the hold's second moment is known.
        """
        rough = self.places > 1 or self.kind in ("urgent", "impatient")
        ticks = self.ticks * self.places * (4 if rough else 1)
        return float(2.0 ** -math.ceil(math.log2(ticks)))

    @property
    def arrivals(self) -> float:
        """Patients a day."""
        return self.load * self.places

    @property
    def hold_squared(self) -> float:
        """Mean of the squared hold as ended on ticks; its mean is 1."""
        b = self.tick
        if self.kind == "fixed":
            return 1.0
        if self.kind == "mixed":
            share, long = MIXED
            return share * geometric(long, b) + (1.0 - share) * geometric(short_mean(), b)
        if self.kind == "cut":
            return cut_law(b)[2]
        return geometric(1.0, b)


def geometric(mean: float, b: float) -> float:
    """Return the second moment of an exponential hold rounded up to ticks of b, of this mean."""
    return 2.0 * mean**2 - b * mean


def short_mean() -> float:
    """Return the mean of the shorter holds of the mixture, so that all have mean 1."""
    share, long = MIXED
    return (1.0 - share * long) / (1.0 - share)


def rate_for(mean: float, b: float) -> float:
    """Return the rate of an exponential whose value rounded up to ticks of b has this mean."""
    return -math.log1p(-b / mean) / b


def cut_law(b: float) -> tuple[float, float, float]:
    """Return rate and longest hold of the cut law of mean 1 on ticks, and its second moment."""

    def moments(rate: float, ticks: int) -> tuple[float, float]:
        stay = np.exp(-rate * b * np.arange(ticks))  # still there after n ticks
        n = np.arange(ticks)
        return float(b * stay.sum()), float(b * b * ((2 * n + 1) * stay).sum())

    unscaled = 1.0 - math.exp(-CUT)
    ticks = round(CUT / unscaled / b)
    low, high = 1e-6, 10.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if moments(middle, ticks)[0] > 1.0 else (low, middle)
    return low, ticks * b, moments(low, ticks)[1]


def expected(one: Setting) -> Expected:
    """Return what theory says of a setting on its tick."""
    b, c, arrivals = one.tick, one.places, one.arrivals
    if one.kind == "impatient":
        found = impatient(c, arrivals, 1.0, one.extra)
        wait = found.wait + 0.5 * b
        return Expected(wait, one.extra * wait, arrivals * wait)
    if one.kind == "fixed":
        found = fixed_holds(c, arrivals, 1.0)
    elif one.kind == "urgent":
        found = two_classes(c, arrivals, 1.0, one.extra)
    elif one.kind == "exponential":
        found = exponential_holds(c, arrivals, 1.0)
    else:
        found = general_holds(arrivals, 1.0, one.hold_squared)
    rounded = 1.0
    if one.kind in ("exponential", "urgent"):
        rounded = 0.5 * one.hold_squared
    wait = found.wait * rounded + 0.5 * b
    if one.kind == "urgent":
        overtakes = one.extra * (one.load - one.extra * one.load)
        share = found.share * (1.0 - c * b * (0.5 * (1.0 - one.load) + overtakes))
    elif c == 1:
        missed = math.expm1(arrivals * b) / (arrivals * b) - 1.0
        share = 1.0 - (1.0 - found.share) * (1.0 + missed)
    else:
        share = found.share * (1.0 - 0.5 * (1.0 - one.load) * c * b)
    return Expected(wait, share, arrivals * wait, found.first * rounded + 0.5 * b)


def _each(kind: str, *rows: tuple[int, tuple[float, ...]], extra: float = 0.0) -> list[Setting]:
    return [Setting(kind, c, load, extra) for c, loads in rows for load in loads]


SETTINGS: tuple[Setting, ...] = (
    *_each(
        "exponential",
        (1, (0.3, 0.5, 0.7, 0.8, 0.9, 0.95)),
        (2, (0.3, 0.6, 0.8, 0.9)),
        (3, (0.5, 0.85)),
        (5, (0.5, 0.7, 0.9, 0.98)),
        (10, (0.7, 0.8, 0.9, 0.98)),
        (20, (0.8, 0.9, 0.95)),
        (50, (0.85, 0.9, 0.98)),
    ),
    *_each(
        "fixed",
        (1, (0.5, 0.8, 0.9)),
        (2, (0.7,)),
        (5, (0.8, 0.95)),
        (10, (0.9,)),
        (20, (0.9,)),
        (50, (0.9, 0.98)),
    ),
    *_each("mixed", (1, (0.3, 0.6, 0.8, 0.95))),
    *_each("cut", (1, (0.3, 0.5, 0.7, 0.9))),
    *_each("impatient", (1, (0.7,)), (2, (0.8,)), extra=0.5),
    *_each("impatient", (1, (0.9,)), (20, (0.95,)), extra=0.2),
    *_each("impatient", (5, (0.9,)), (10, (0.98,)), extra=0.1),
    *_each("impatient", (5, (0.8,)), (50, (0.9,)), extra=1.0),
    *_each("impatient", (10, (0.9,)), (50, (0.98,)), extra=0.4),
    *_each("urgent", (1, (0.6, 0.8, 0.95)), (5, (0.7, 0.9)), (20, (0.9,)), extra=0.3),
)  # fmt: skip
