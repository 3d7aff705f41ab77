"""The card of a test that guides treatment: what it informs, how well, what it costs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from popmodel.evidence.distributions import Positive
from popmodel.evidence.quantity import Text
from popmodel.evidence.schema.parts import (
    Card,
    Hours,
    Money,
    Probability,
    Reference,
    Setting,
    Several,
)
from popmodel.yaml_source import Fault, faults


class Biomarker(Card):
    """A test that guides treatment.

    `informs` is what it shows: `biotype`; `on_target`, whether the usual aim of the treatment `of`
    hits in this patient; `suits`, whether a class of mechanisms suits the patient better than it
    suits half of all people. `accuracy` is the probability of the right biotype; the others have
    `sensitivity` and `specificity`. `delay_days` pass before rules may ask for the result.
    """

    grade: Literal["A", "B", "C", "D"]
    use: Literal["scenario", "exploratory"]
    informs: Literal["biotype", "on_target", "suits"]
    of: Annotated[Text | None, Reference("treatments")] = None
    mechanism: Annotated[Text | None, Reference("mechanisms")] = None
    accuracy: Probability | None = None
    sensitivity: Probability | None = None
    specificity: Probability | None = None
    price: Money
    patient_hours: Hours
    delay_days: Positive
    contact: Annotated[Text, Reference("contacts")]
    settings: Annotated[Several[Setting], Field(min_length=1)]

    @model_validator(mode="after")
    def _says_what_it_informs(self) -> Biomarker:
        """Demand the fields that belong to what the test informs, and no others."""
        needed = {
            "biotype": ("accuracy",),
            "on_target": ("of", "sensitivity", "specificity"),
            "suits": ("mechanism", "sensitivity", "specificity"),
        }[self.informs]
        found = []
        for name in ("of", "mechanism", "accuracy", "sensitivity", "specificity"):
            is_given = getattr(self, name) is not None
            if is_given and name not in needed:
                found.append(
                    Fault(f"does not belong to a test that informs {self.informs}", (name,))
                )
            elif not is_given and name in needed:
                found.append(Fault(f"a test that informs {self.informs} needs it", (name,)))
        if found:
            raise faults(found)
        return self
