"""What all cards are made of: identifiers, references, parts, and checks of shares and bands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from popmodel.errors import did_you_mean
from popmodel.evidence.quantity import Quantity, Text
from popmodel.vocabulary import COST_CATEGORIES, FLAGS, SETTINGS, SEXES
from popmodel.yaml_source import Fault, Where, faults

T = TypeVar("T")
Checked = TypeVar("Checked")
CURRENCIES = ("USD", "GBP", "EUR")
Several = Annotated[tuple[T, ...], Field(strict=False)]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=80)]
AtLeastZero = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)]
Count = Annotated[int, Field(strict=True, ge=0)]


@dataclass(frozen=True)
class Reference:
    """Marks a field that names cards.

    Attributes:
        to: What it names: the form of a card, a folder, or `sources`, `life_tables`, `boosters`
            (treatments of that kind), `mechanisms` (their order on the disease card) or `scales`
            (those linked to the model's score).
    """

    to: str | type[BaseModel]

    @property
    def key(self) -> str:
        """What it names, as a key of the known names."""
        return self.to if isinstance(self.to, str) else self.to.__name__


def word_of(options: Iterable[str]) -> AfterValidator:
    """Return a check that a text is one of the vocabulary's words."""
    known = tuple(options)

    def check(word: str) -> str:
        if word not in known:
            raise ValueError(f"{word} is not known; {did_you_mean(word, known)}".rstrip("; "))
        return word

    return AfterValidator(check)


def in_unit(*units: str) -> AfterValidator:
    """Return a check that a number, or every number of a part, is in one of these units.

    The unit is written out on the card and demanded by the form: so a weekly rate cannot stand
    where a yearly one is meant.

    Args:
        units: The units; `money` stands for any currency.
    """
    known = tuple(
        unit.replace("money", currency)
        for unit in units
        for currency in (CURRENCIES if "money" in unit else ("",))
    )

    def check(value: Checked) -> Checked:
        found = [
            Fault(f"must be in {known[0]} (found {quantity.unit!r})", (*where, "unit"))
            for where, quantity in _numbers(value, ())
            if quantity.unit not in known
        ]
        if found:
            raise faults(found)
        return value

    return AfterValidator(check)


def _numbers(value: Any, where: Where) -> Iterator[tuple[Where, Quantity]]:
    """Yield the numbers of a part with their places in it."""
    if isinstance(value, Quantity):
        yield where, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _numbers(getattr(value, name), (*where, name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, (*where, key))
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _numbers(item, (*where, number))


Share = Annotated[Quantity, in_unit("share")]
Probability = Annotated[Quantity, in_unit("probability")]
Weight = Annotated[Quantity, in_unit("weight")]
Ratio = Annotated[Quantity, in_unit("ratio", "hazard ratio")]
Hours = Annotated[Quantity, in_unit("hours")]
Days = Annotated[Quantity, in_unit("days")]
Months = Annotated[Quantity, in_unit("months")]
Years = Annotated[Quantity, in_unit("years")]
PerWeek = Annotated[Quantity, in_unit("1/week")]
PerMonth = Annotated[Quantity, in_unit("1/month")]
PerYear = Annotated[Quantity, in_unit("1/year")]
VisitsPerYear = Annotated[Quantity, in_unit("visits/year")]
CoursesPerWeek = Annotated[Quantity, in_unit("courses/week")]
Milligrams = Annotated[Quantity, in_unit("mg")]
Episodes = Annotated[Quantity, in_unit("episodes")]
Money = Annotated[Quantity, in_unit("money")]
MoneyPerHour = Annotated[Quantity, in_unit("money/hour")]
MoneyPerDay = Annotated[Quantity, in_unit("money/day")]
MoneyPerMonth = Annotated[Quantity, in_unit("money/month")]
MoneyPerYear = Annotated[Quantity, in_unit("money/year")]
Utility = Annotated[Quantity, in_unit("utility")]
UtilityLoss = Annotated[Quantity, in_unit("utility loss")]
DisabilityWeight = Annotated[Quantity, in_unit("disability weight")]
Qaly = Annotated[Quantity, in_unit("QALY")]
Points = Annotated[Quantity, in_unit("MADRS")]
LogScore = Annotated[Quantity, in_unit("log MADRS")]
LogDepth = Annotated[Quantity, in_unit("log depth")]
LogPotency = Annotated[Quantity, in_unit("log potency")]
LogHazard = Annotated[Quantity, in_unit("log hazard")]
LogHazardPerPoint = Annotated[Quantity, in_unit("log hazard per MADRS point")]
Z = Annotated[Quantity, in_unit("z of log severity", "z units", "z")]
PerZ = Annotated[Quantity, in_unit("per z")]
PotencyShare = Annotated[Quantity, in_unit("share of potency")]
RelativeLoss = Annotated[Quantity, in_unit("relative loss")]
CorrelationNumber = Annotated[Quantity, in_unit("correlation")]


Flag = Annotated[str, word_of(FLAGS)]
Setting = Annotated[str, word_of(SETTINGS)]
Sex = Annotated[str, word_of(SEXES)]
CostCategory = Annotated[str, word_of(COST_CATEGORIES)]


class Part(BaseModel):
    """A part of a card: nothing unknown, nothing changed later."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, populate_by_name=True
    )


class Card(Part):
    """What every card says.

    `groups_span_folder`: a `group:` of its numbers reaches over all cards of the folder, and not
    over this card alone.
    """

    groups_span_folder: ClassVar[bool] = False

    id: Identifier
    label: Text
    description: Text | None = None
    note: Text | None = None


class ByMonths(Part):
    """A rate by time since remission."""

    months_0_2: PerMonth
    months_2_6: PerMonth
    months_6_12: PerMonth
    after_12: PerMonth


def none_stated(unit: str, what: str) -> Quantity:
    """Return the number that stands where a card may stay silent."""
    return Quantity(
        value=0.0, unit=unit, basis="assumption", rationale=f"The card states no {what}: none."
    )


class Source(Part):
    """A publication or file that numbers come from."""

    citation: Text
    doi: Text | None = None
    url: Text | None = None
    year: Annotated[int, Field(ge=1800, le=2100)] | None = None
    note: Text | None = None


def sum_faults(shares: Iterable[Quantity], where: tuple[str, ...]) -> list[Fault]:
    """Return a fault if shares do not add up to one (to one part in a billion)."""
    total = sum(share.value for share in shares)
    if abs(total - 1.0) <= 1e-9:
        return []
    return [Fault(f"shares add up to {total:.10g} and not to 1", where)]


def band_faults(bands: Iterable[Any], where: tuple[str, ...]) -> list[Fault]:
    """Return a fault for every band that does not begin where the one before ends."""
    listed = list(bands)
    return [
        Fault(f"{after.name} must begin at {before.high + 1}", (*where, number, "low"))
        for number, (before, after) in enumerate(pairwise(listed), start=1)
        if after.low != before.high + 1
    ]
