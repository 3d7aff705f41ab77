"""A number on a card: value, unit, uncertainty, and where it comes from.

The rules are those of the project's interface: a number has a unit; it has a source that says
whether it was read there, or a fit, or is an assumption with a rationale; probabilities lie in
[0, 1]; money has a price year; `value` is the mean of an additive quantity and the median of a
ratio.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal

from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict, Field, model_validator

from popmodel.evidence.distributions import Distribution, Mixture, Number
from popmodel.evidence.laws import Array, Law, point_law, quantiles
from popmodel.yaml_source import Fault, faults

# The stated value may differ from the centre of its distribution by rounding: by one part in a
# hundred of itself, and if the spread is wide by a twentieth of the spread or of itself.
VALUE_TOLERANCE = 0.01
SPREAD_TOLERANCE = 0.05
# A number whose standard error is a hundred times itself is a slip of the keyboard.
WIDEST_SPREAD = 100.0

Text = Annotated[str, Field(min_length=1, max_length=2000)]

_MONEY = re.compile(r"(USD|GBP|EUR)\b")
# What a value may be in a unit, and whether every draw must stay inside as well. A loss of potency
# may be drawn as a normal: the model itself cuts it; a probability may not.
_RANGES: tuple[tuple[str, float, float, bool], ...] = (
    (r"share|share of wage|weight|probability|probability (per|of|in) .*", 0.0, 1.0, True),
    (r"disability weight", 0.0, 1.0, True),
    (r"correlation", -1.0, 1.0, True),
    (r"(USD|GBP|EUR)\b.*|1/.*|courses/week|visits/year", 0.0, math.inf, True),
    (r"(hours|days|weeks|months|years|visits|sessions|episodes)\b.*", 0.0, math.inf, True),
    (r"((hazard|odds|rate|risk) )?ratio\b.*", 0.0, math.inf, True),
    (r"utility", -1.0, 1.0, False),
    (r"utility loss", 0.0, 2.0, False),
    (r"share of potency|relative loss", -1.0, 1.0, False),
    (r"MADRS\b.*", 0.0, 60.0, False),
    (r"QALY\b.*", -100.0, 100.0, False),
    (r"log .*|z\b.*|per z", -20.0, 20.0, False),
)


class Quantity(BaseModel):
    """One number with its unit, its uncertainty and its origin.

    Attributes:
        value: Mean of an additive quantity, median of a ratio.
        unit: Unit in words, such as `1/month`, `USD`, `probability`.
        distribution: How sure we are; none means the number is taken as it is.
        source: Id of an entry in `sources.yaml`.
        locator: Where in the source: table, page, abstract.
        seen: Whether the number was read in the source, or recalled.
        basis: `assumption` or `calibrated`, for numbers that no source states.
        rationale: Why an assumption is what it is.
        fit: Id of the calibrated card a fitted number comes from.
        scale: `additive`, or `ratio` for numbers that multiply.
        group: Name shared by quantities that are drawn together.
        price_year: Year of the prices of an amount of money.
        note: Anything a reader should know.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    value: Number
    unit: Text
    distribution: Distribution | None = None
    source: Text | None = None
    locator: Text | None = None
    seen: bool | None = None
    basis: Literal["assumption", "calibrated"] | None = None
    rationale: Text | None = None
    fit: Text | None = None
    scale: Literal["additive", "ratio"] = "additive"
    group: Text | None = None
    price_year: Annotated[int, Field(ge=1950, le=2100)] | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _obeys_the_rules(self) -> Quantity:
        found = [*self._origin_faults(), *range_faults(self.value, self.unit)]
        if _MONEY.match(self.unit) and self.price_year is None:
            found.append(Fault("money needs a price year", hint="price_year: the year of prices"))
        if self.distribution is not None and not found:
            found += self._distribution_faults()
        if found:
            raise faults(found)
        return self

    def _origin_faults(self) -> Iterator[Fault]:
        """Yield what is missing to know where the number comes from."""
        if not (self.source or self.fit or self.basis):
            hint = "source with seen, fit, or basis: assumption with rationale"
            yield Fault("does not say where it comes from", hint=hint)
        if self.source and self.seen is None:
            hint = "seen: true if read in the source, false if recalled"
            yield Fault("does not say whether it was seen in its source", hint=hint)
        if self.basis == "assumption" and not self.rationale:
            yield Fault("is an assumption without a rationale", ("basis",))
        if self.basis == "calibrated" and not self.fit:
            yield Fault("is calibrated without naming its fit", ("basis",), "fit: id of the card")

    def _distribution_faults(self) -> Iterator[Fault]:
        """Yield what is wrong between the value and its distribution."""
        here = ("distribution",)
        try:
            law = self.law
        except ArithmeticError:
            yield Fault("has no finite mean and spread", here)
            return
        except ValueError as error:
            yield Fault(str(error), here)
            return
        if not (math.isfinite(law.mean) and math.isfinite(law.sd)):
            yield Fault("has no finite mean and spread", here)
            return
        low, high, every_draw = unit_range(self.unit)
        if every_draw and (law.low < low or law.high > high):
            told = f"reaches from {law.low:g} to {law.high:g}, outside the range of {self.unit}"
            yield Fault(told, here, _hint_for_range(low, high))
        widest = high - low if math.isfinite(high - low) else WIDEST_SPREAD * abs(self.value)
        if law.sd > widest > 0.0:
            yield Fault(f"has spread {law.sd:g}, wider than {self.unit} can be", here)
        centre, called = self._centre(law)
        size = abs(self.value)
        rounding = SPREAD_TOLERANCE * min(law.sd, size)
        allowed = max(VALUE_TOLERANCE * size, rounding, 1e-12)
        if not abs(centre - self.value) <= allowed:
            yield Fault(f"has {called} {centre:.6g}, but value is {self.value:g}", here)

    def _centre(self, law: Law) -> tuple[float, str]:
        """Return what `value` should be: median of ratios, else mean; mean of any mixture."""
        if self.scale == "ratio" and not isinstance(self.distribution, Mixture):
            return law.median, "median"
        return law.mean, "mean"

    @property
    def law(self) -> Law:
        """The distribution ready to draw from; a point if none is stated.

        Raises:
            ValueError: If the parameters do not describe a distribution.
        """
        return self.distribution.law(self.value) if self.distribution else point_law(self.value)

    @property
    def mean(self) -> float:
        """Expected value under the stated uncertainty."""
        return self.law.mean

    @property
    def sd(self) -> float:
        """Standard deviation of the stated uncertainty."""
        return self.law.sd

    @property
    def is_assumption(self) -> bool:
        """Whether no source and no fit stands behind the number."""
        return self.basis == "assumption"

    @property
    def is_uncertain(self) -> bool:
        """Whether the number varies between draws."""
        return self.distribution is not None and self.distribution.kind != "fixed"

    def quantile(self, u: ArrayLike) -> Array:
        """Return the values at cumulative probabilities, in the unit of the quantity.

        Args:
            u: Probabilities in [0, 1], any shape.

        Raises:
            ValueError: If a probability lies outside [0, 1].
        """
        return quantiles(self.law, u)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the central interval that holds the number with this probability."""
        low, high = self.quantile([0.5 - 0.5 * level, 0.5 + 0.5 * level])
        return float(low), float(high)

    def with_value(self, value: float) -> Quantity:
        """Return this quantity set to a number that is no longer in doubt.

        Args:
            value: The number, in the same unit.

        Raises:
            ValueError: If the number cannot be a value in this unit.
        """
        wrong = next(iter(range_faults(value, self.unit)), None)
        if wrong:
            raise ValueError(f"{wrong.message} ({wrong.hint})" if wrong.hint else wrong.message)
        changes: dict[str, Any] = {"value": value, "distribution": None}
        return self.model_copy(update=changes)


@cache
def unit_range(unit: str) -> tuple[float, float, bool]:
    """Return the lowest and highest value a unit allows, and whether draws must stay inside too."""
    for pattern, low, high, every_draw in _RANGES:
        if re.fullmatch(pattern, unit):
            return low, high, every_draw
    return -math.inf, math.inf, False


def range_faults(value: float, unit: str) -> Iterator[Fault]:
    """Yield a fault if a value lies outside the range of its unit."""
    low, high, _ = unit_range(unit)
    if not math.isfinite(value):
        yield Fault(f"must be a finite number (found {value})", ("value",))
    elif not low <= value <= high:
        percent = high == 1.0 and low == 0.0 and 2.0 <= value <= 100.0
        hint = f"did you mean {value:g} %, which is {value / 100:g}?" if percent else ""
        upper = "" if high == math.inf else f" and at most {high:g}"
        lower = "" if low == -math.inf else f" at least {low:g}"
        told = f"{unit} must be{lower}{upper} (found {value:g})".replace("be and", "be")
        yield Fault(told, ("value",), hint)


def _hint_for_range(low: float, high: float) -> str:
    if (low, high) == (0.0, 1.0):
        return "beta, or truncated_normal with low: 0 and high: 1"
    if low == 0.0:
        return "gamma, lognormal, or truncated_normal with low: 0"
    return "beta or truncated_normal with low and high"
