"""The cards of money and utility, and of a country that says which of them hold there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from popmodel.evidence.distributions import Number, Positive
from popmodel.evidence.quantity import Quantity, Text
from popmodel.evidence.schema.parts import (
    AtLeastZero,
    Card,
    CostCategory,
    Count,
    DisabilityWeight,
    Money,
    MoneyPerDay,
    MoneyPerHour,
    MoneyPerYear,
    Part,
    PerYear,
    Reference,
    Several,
    Utility,
    UtilityLoss,
    band_faults,
    in_unit,
    none_stated,
)
from popmodel.yaml_source import Fault, faults


class UtilityCurve(Card):
    """Utility falls from remission by decrements, each from the band above, at MADRS anchors."""

    remission: Utility
    loss_mild: UtilityLoss
    loss_moderate: UtilityLoss
    loss_severe: UtilityLoss
    anchor_severity: Annotated[Several[Number], Field(min_length=4, max_length=4)]

    @model_validator(mode="after")
    def _anchors_rise(self) -> UtilityCurve:
        if list(self.anchor_severity) != sorted(set(self.anchor_severity)):
            raise faults([Fault("anchors must rise", ("anchor_severity",))])
        return self


class SexBand(Part):
    """A number by sex for ages from `low` to `high`, both included."""

    name: Text
    low: Count
    high: Count
    male: Quantity
    female: Quantity


class UtilityNorms(Card):
    """Utility of the general population: the cap of everybody's utility."""

    bands: Annotated[Several[SexBand], Field(min_length=1), in_unit("utility")]

    @model_validator(mode="after")
    def _no_gaps(self) -> UtilityNorms:
        if found := band_faults(self.bands, ("bands",)):
            raise faults(found)
        return self


class DisabilityWeights(Card):
    """Share of a year's health lost, by severity band."""

    mild: DisabilityWeight
    moderate: DisabilityWeight
    severe: DisabilityWeight
    remission: DisabilityWeight = none_stated("disability weight", "loss in remission")


class ByState(Part):
    """A number by clinical state."""

    remission: Quantity
    response: Quantity
    depressed: Quantity


class CareCosts(Card):
    """Background health care by state; `includes` lists what must not be charged again."""

    per_year: Annotated[ByState, in_unit("money/year")]
    resistant_addon_per_year: MoneyPerYear
    resistant_failures: Count
    includes: Several[CostCategory]


class Productivity(Card):
    """Work lost by state, and what it is worth."""

    loss_share: Annotated[ByState, in_unit("share")]
    wages: Annotated[Several[SexBand], Field(min_length=1), in_unit("money/year")]
    includes: Several[CostCategory] = ()

    @model_validator(mode="after")
    def _no_gaps(self) -> Productivity:
        if found := band_faults(self.wages, ("wages",)):
            raise faults(found)
        return self


class EventCosts(Card):
    """Cost of crises and deaths."""

    crisis_attempt: Money
    emergency_visit: Money
    admission_day: MoneyPerDay
    suicide_death: Money


class TimeCosts(Card):
    """Value of patients' time."""

    wage_per_hour: MoneyPerHour


class Prices(Card):
    """Price index by year, to bring amounts of money to one price year."""

    index: Annotated[dict[int, Positive], Field(min_length=1)]
    source: Annotated[Text, Reference("sources")]
    locator: Text | None = None
    seen: bool | None = None
    unit: Text | None = None


class Discount(Part):
    """Yearly discount rates."""

    costs: PerYear
    health: PerYear


class Country(Card):
    """A setting: currency, price year, and the cards that hold there."""

    currency: Literal["USD", "GBP", "EUR"]
    price_year: Annotated[int, Field(ge=1950, le=2100)]
    life_table: Annotated[Text, Reference("life_tables")]
    utilities: Annotated[Text, Reference(UtilityCurve)]
    utility_norms: Annotated[Text, Reference(UtilityNorms)]
    care_costs: Annotated[Text, Reference(CareCosts)]
    productivity: Annotated[Text, Reference(Productivity)]
    events: Annotated[Text, Reference(EventCosts)]
    time: Annotated[Text, Reference(TimeCosts)]
    prices: Annotated[Text, Reference(Prices)]
    disability_weights: Annotated[Text | None, Reference(DisabilityWeights)] = None
    discount: Discount
    willingness_to_pay: Annotated[Several[AtLeastZero], Field(min_length=1)]
