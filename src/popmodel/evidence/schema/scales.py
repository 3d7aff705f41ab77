"""The card of scales: which score on another scale stands for which score of the model."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Final

from pydantic import Field, model_validator

from popmodel.evidence.distributions import Number
from popmodel.evidence.quantity import Text
from popmodel.evidence.schema.parts import Card, Part, Reference, Several
from popmodel.yaml_source import Fault, faults

OWN: Final = "madrs"
"""The scale of the model's own score."""


Pair = Annotated[tuple[Number, Number], Field(strict=False)]


class ScaleLink(Part):
    """Pairs of equal scores, of the scale first and of the MADRS second; straight between them."""

    label: Text
    points: Annotated[Several[Pair], Field(min_length=2)]
    source: Annotated[Text, Reference("sources")]
    locator: Text
    seen: bool
    note: Text | None = None

    @model_validator(mode="after")
    def _rises(self) -> ScaleLink:
        for number, (one, next_) in enumerate(pairwise(self.points), start=1):
            if one[0] >= next_[0] or one[1] >= next_[1]:
                raise faults([Fault("does not rise above the pair before", ("points", number))])
        return self


class Scales(Card):
    """Scales of depression that are linked to the MADRS, by the name trial cards use."""

    links: Annotated[dict[Text, ScaleLink], Field(min_length=1)]
