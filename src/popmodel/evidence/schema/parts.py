"""What all cards are made of: identifiers, references, parts, and checks of shares and bands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from popmodel.errors import did_you_mean
from popmodel.evidence.quantity import Quantity, Text
from popmodel.vocabulary import COST_CATEGORIES, FLAGS, SETTINGS
from popmodel.yaml_source import Fault

T = TypeVar("T")
Several = Annotated[tuple[T, ...], Field(strict=False)]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=80)]
AtLeastZero = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)]
Count = Annotated[int, Field(strict=True, ge=0)]


@dataclass(frozen=True)
class Reference:
    """Marks a field that names cards: a folder, `sources`, or `mechanisms` for their order."""

    to: str


def word_of(options: Iterable[str]) -> AfterValidator:
    """Return a check that a text is one of the vocabulary's words."""
    known = tuple(options)

    def check(word: str) -> str:
        if word not in known:
            raise ValueError(f"{word} is not known; {did_you_mean(word, known)}".rstrip("; "))
        return word

    return AfterValidator(check)


Flag = Annotated[str, word_of(FLAGS)]
Setting = Annotated[str, word_of(SETTINGS)]
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

    months_0_2: Quantity
    months_2_6: Quantity
    months_6_12: Quantity
    after_12: Quantity


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
