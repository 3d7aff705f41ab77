"""The cards, typed: what a card of each folder must and may say.

Numbers are `Quantity` unless they are plain settings of the model (days of a schedule, age
limits). A field that names another card is marked with `Reference`; the loader follows the mark.
The folders `disease` and `economics` hold cards of several forms: a card is read as the form whose
keys it shares most, so no card's name occurs here.
"""

from __future__ import annotations

from typing import Any, Final

from popmodel.evidence.schema.biomarker import Biomarker
from popmodel.evidence.schema.disease import (
    CareSeeking,
    Coronary,
    Correlation,
    Crisis,
    Mechanisms,
    Mortality,
    Relapse,
    Response,
    SurgicalOpioids,
)
from popmodel.evidence.schema.economics import (
    CareCosts,
    Country,
    DisabilityWeights,
    EventCosts,
    Prices,
    Productivity,
    TimeCosts,
    UtilityByState,
    UtilityCurve,
    UtilityNorms,
)
from popmodel.evidence.schema.parts import Card, Part, Reference, Source
from popmodel.evidence.schema.people import Biotype, Contact, Population, Service
from popmodel.evidence.schema.scales import Scales
from popmodel.evidence.schema.treatment import Treatment
from popmodel.evidence.schema.trial import (
    Arm,
    ArmResult,
    Calibrated,
    Citation,
    Definition,
    Estimate,
    Include,
    Limits,
    Trial,
    TrialOutcome,
)

__all__ = [
    "FORMS",
    "Arm",
    "ArmResult",
    "Biomarker",
    "Biotype",
    "Calibrated",
    "Card",
    "CareCosts",
    "CareSeeking",
    "Citation",
    "Contact",
    "Coronary",
    "Correlation",
    "Country",
    "Crisis",
    "Definition",
    "DisabilityWeights",
    "DiseaseCard",
    "EconomicsCard",
    "Estimate",
    "EventCosts",
    "Include",
    "Limits",
    "Mechanisms",
    "Mortality",
    "Part",
    "Population",
    "Prices",
    "Productivity",
    "Reference",
    "Relapse",
    "Response",
    "Scales",
    "Service",
    "Source",
    "SurgicalOpioids",
    "TimeCosts",
    "Treatment",
    "Trial",
    "TrialOutcome",
    "UtilityByState",
    "UtilityCurve",
    "UtilityNorms",
    "form_of",
]

DiseaseCard = (
    Response
    | Correlation
    | Mechanisms
    | Relapse
    | Mortality
    | Crisis
    | CareSeeking
    | Scales
    | Coronary
    | SurgicalOpioids
)
EconomicsCard = (
    UtilityCurve
    | UtilityByState
    | UtilityNorms
    | DisabilityWeights
    | CareCosts
    | Productivity
    | EventCosts
    | TimeCosts
    | Prices
)

FORMS: Final[dict[str, tuple[type[Part], ...]]] = {
    "treatments": (Treatment,),
    "contacts": (Contact,),
    "biotypes": (Biotype,),
    "disease": (
        Response,
        Correlation,
        Mechanisms,
        Relapse,
        Mortality,
        Crisis,
        CareSeeking,
        Scales,
        Coronary,
        SurgicalOpioids,
    ),
    "population": (Population,),
    "economics": (
        UtilityCurve,
        UtilityByState,
        UtilityNorms,
        DisabilityWeights,
        CareCosts,
        Productivity,
        EventCosts,
        TimeCosts,
        Prices,
    ),
    "settings": (Country,),
    "services": (Service,),
    "tests": (Biomarker,),
    "trials": (Trial,),
    "calibrated": (Calibrated,),
}
"""The folders of cards and the forms a card may have in each."""


def form_of(group: str, data: dict[Any, Any]) -> type[Part]:
    """Return the form of a card: the one of its folder with which it shares most keys.

    Args:
        group: The folder.
        data: What the card says.
    """
    return max(FORMS[group], key=lambda form: len(set(form.model_fields) & set(data)))
