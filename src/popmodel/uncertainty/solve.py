"""At which value of a number does a condition begin to hold: price, potency, hazard, threshold.

Every evaluation has the same patients and the same luck, so the condition's margin is a function
of the number alone. Where it is linear (money in a price) the secant hits it at once; elsewhere
the bracket is halved whenever the secant does not shrink it enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import pandas as pd
from scipy import stats

from popmodel.errors import InputError
from popmodel.uncertainty.condition import Margin

FOUND: Final = "found"
ALWAYS: Final = "holds_everywhere"
NEVER: Final = "holds_nowhere"
UNSURE: Final = "within_noise"
"""Found, but Monte Carlo error leaves both ends of the range possible."""
NOT_CHECKED: Final = "not_confirmed"
"""The run at the value found contradicts it: the margin jumps or turns there."""
MOST_EVALUATIONS: Final = 40
FINE: Final = 1e-4
"""Width of the last bracket, as a share of the range."""
EXACT: Final = 1e-9
"""A margin this small against those at the ends counts as 0."""
BLOCKS: Final = 8
LEVEL: Final = 0.95


@dataclass(frozen=True)
class Evaluation:
    """One look at the model: the value tried, the margin, and whether the condition held."""

    value: float
    margin: float
    se: float
    holds: bool


@dataclass(frozen=True)
class Solution:
    """Where a condition begins to hold.

    Attributes:
        path: the number.
        condition: as it was written.
        value: on the side where the condition holds; not a number if there is none.
        low: of the 95 % interval from Monte Carlo error, inside the range searched.
        high: of it.
        side: `from` if the condition holds above the value, `up_to` if below; else empty.
        status: `found`, `within_noise`, `holds_everywhere`, `holds_nowhere`, `not_confirmed`.
        margin: at the value, by the run that checks it.
        margin_se: its Monte Carlo error.
        tried: every evaluation, in order; the last one is the check.
    """

    path: str
    condition: str
    value: float
    low: float
    high: float
    side: str
    status: str
    margin: float
    margin_se: float
    tried: tuple[Evaluation, ...] = field(default=(), repr=False)

    def table(self) -> pd.DataFrame:
        """Return the evaluations as a table `value, margin, se, holds`, sorted by value."""
        rows = [vars(one) for one in self.tried]
        columns = ["value", "margin", "se", "holds"]
        return pd.DataFrame(rows, columns=columns).sort_values("value", ignore_index=True)


def solve(
    evaluate: Callable[[float], Margin],
    path: str,
    condition: str,
    low: float,
    high: float,
    *,
    holds: Callable[[float], bool] = lambda margin: margin >= 0.0,
    fine: float = FINE,
) -> Solution:
    """Return the value of a number at which a condition begins, or ceases, to hold.

    The margin is taken to change sign once between `low` and `high`; if it does so more often, one
    of the places is found. With the same sign at both ends nothing is searched between them.

    Args:
        evaluate: gives the margin at a value: at least 0 where the condition holds.
        path: name of the number, for the answer.
        condition: in words, for the answer.
        low: lowest value to look at.
        high: highest value to look at.
        holds: whether a margin fulfils the condition.
        fine: width of the last bracket as a share of the range.

    Raises:
        InputError: the range is empty, or a margin is no number.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(f"--between: from {low:g} to {high:g} is no range")
    look = _Look(evaluate, holds)
    left, right = look(low), look(high)
    if left.holds == right.holds:
        status = ALWAYS if left.holds else NEVER
        return Solution(
            path, condition, math.nan, math.nan, math.nan, "", status, math.nan, math.nan,
            tuple(look.tried),
        )  # fmt: skip
    good, bad = _closed_in(look, left, right, fine * (high - low))
    check = look.again(good.value)
    slope = _slope(look.tried, good, bad)
    reach = _reach(check.se, slope)
    status = FOUND
    if not (check.holds or abs(check.margin) <= look.tiny):
        status = NOT_CHECKED
    elif good.value - reach <= low and good.value + reach >= high:
        status = UNSURE
    return Solution(
        path, condition, good.value, max(low, good.value - reach), min(high, good.value + reach),
        "from" if right.holds else "up_to", status, check.margin, check.se, tuple(look.tried),
    )  # fmt: skip


class _Look:
    """Evaluates and remembers."""

    def __init__(self, evaluate: Callable[[float], Margin], holds: Callable[[float], bool]) -> None:
        self.evaluate, self.holds = evaluate, holds
        self.tried: list[Evaluation] = []

    @property
    def tiny(self) -> float:
        """Margins that are 0 but for rounding."""
        return EXACT * max((abs(one.margin) for one in self.tried), default=0.0)

    def __call__(self, value: float) -> Evaluation:
        found = self.evaluate(value)
        if not math.isfinite(found.value):
            raise InputError(f"the margin at {value:.10g} is no number")
        met = self.holds(found.value) or (bool(self.tried) and abs(found.value) <= self.tiny)
        self.tried.append(Evaluation(value, found.value, found.se, met))
        return self.tried[-1]

    def again(self, value: float) -> Evaluation:
        """Check a value by a run of its own."""
        return self(value)


def _closed_in(
    look: _Look, left: Evaluation, right: Evaluation, width: float
) -> tuple[Evaluation, Evaluation]:
    """Return the last bracket: where the condition holds, and where it does not."""
    good, bad = (left, right) if left.holds else (right, left)
    halve = False
    while len(look.tried) < MOST_EVALUATIONS and abs(good.value - bad.value) > width:
        before = abs(good.value - bad.value)
        middle = 0.5 * (good.value + bad.value)
        value = middle if halve else _secant(good, bad)
        if not min(good.value, bad.value) < value < max(good.value, bad.value):
            value = middle
        tried = look(value)
        if abs(tried.margin) <= look.tiny:
            return tried, bad
        good, bad = (tried, bad) if tried.holds else (good, tried)
        halve = not halve and abs(good.value - bad.value) > 0.5 * before
    return good, bad


def _secant(good: Evaluation, bad: Evaluation) -> float:
    fall = good.margin - bad.margin
    if fall == 0.0:
        return 0.5 * (good.value + bad.value)
    return good.value - good.margin * (good.value - bad.value) / fall


def _slope(tried: list[Evaluation], good: Evaluation, bad: Evaluation) -> float:
    """Return the slope around the value found, over a stretch wide enough not to be noise."""
    nearest = sorted(tried, key=lambda one: abs(one.value - good.value))
    others = [one for one in nearest if one.value != good.value]
    wide = [
        one for one in others if abs(one.margin - good.margin) > 2.0 * max(one.se, good.se, 0.0)
    ]
    other = wide[0] if wide else max(others, key=lambda one: abs(one.value - good.value))
    return (other.margin - good.margin) / (other.value - good.value)


def _reach(se: float, slope: float) -> float:
    """Return the half width of the interval; infinite where the margin is flat."""
    if not math.isfinite(se) or se == 0.0:
        return 0.0
    factor = float(stats.t.ppf(0.5 + LEVEL / 2, BLOCKS - 1))
    return factor * se / abs(slope) if slope else math.inf
