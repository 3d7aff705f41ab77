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
    Days,
    DisabilityWeight,
    Identifier,
    Money,
    MoneyPerDay,
    MoneyPerHour,
    MoneyPerYear,
    Part,
    PerYear,
    Ratio,
    Reference,
    Several,
    Share,
    Utility,
    UtilityLoss,
    band_faults,
    in_unit,
    none_stated,
    sum_faults,
)
from popmodel.yaml_source import Fault, faults


class UtilitySet(Card):
    """Utility of people with depression: a curve over severity, or a value by clinical state."""


class UtilityByState(UtilitySet):
    """Utility by clinical state: falls from remission by decrements, each from the state above."""

    remission: Utility
    loss_response: UtilityLoss
    loss_depressed: UtilityLoss


class UtilityCurve(UtilitySet):
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
    per_qaly_of_harm: Ratio = none_stated("ratio", "disability from adverse events")


class ByState(Part):
    """A number by clinical state."""

    remission: Quantity
    response: Quantity
    depressed: Quantity


class Charged(Part):
    """How a category is charged that the source of a cost by state holds already.

    `by: state`: it stays in the cost by state, and its events cost nothing on top. `by: event`: its
    events are charged, and `share` is taken out of the cost of each state.
    """

    by: Literal["state", "event"]
    share: Annotated[ByState | None, in_unit("share")] = None

    @model_validator(mode="after")
    def _share_where_needed(self) -> Charged:
        if self.by == "event" and self.share is None:
            told = "needs the share of the cost of each state that is taken out for it"
            raise faults([Fault(told, ("share",), "share: {remission: …, response: …, …}")])
        if self.by == "state" and self.share is not None:
            raise faults([Fault("nothing is taken out of a cost that stays by state", ("share",))])
        return self


class StateCosts(Card):
    """Costs by state: `includes` lists what their source holds, `charged` how that is charged.

    What is included and also costs something by event must have its way of charging stated; see
    `parameters.included`.
    """

    includes: Several[CostCategory] = ()
    charged: dict[CostCategory, Charged] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _charged_is_included(self) -> StateCosts:
        found = [
            Fault(f"{name} is not among what the source includes", ("charged", name))
            for name in self.charged
            if name not in self.includes
        ]
        if found:
            raise faults(found)
        return self


class CareCosts(StateCosts):
    """Background health care by state."""

    per_year: Annotated[ByState, in_unit("money/year")]
    resistant_addon_per_year: MoneyPerYear
    resistant_failures: Count
    includes: Several[CostCategory]


class WorkLostToDeath(Part):
    """Work that the dead would have done: shown apart, and in no total.

    `human_capital`: earnings expected from the day of death on, as long as the life table lets
    people live. `friction`: the same for `friction_days`, until somebody else does the work.
    """

    method: Literal["human_capital", "friction", "none"]
    friction_days: Days


class Productivity(StateCosts):
    """Work lost by state, and what it is worth."""

    loss_share: Annotated[ByState, in_unit("share")]
    wages: Annotated[Several[SexBand], Field(min_length=1), in_unit("money/year")]
    death: WorkLostToDeath | None = None

    @model_validator(mode="after")
    def _no_gaps(self) -> Productivity:
        if found := band_faults(self.wages, ("wages",)):
            raise faults(found)
        return self


class EventCosts(Card):
    """Cost of crises and deaths."""

    crisis_attempt: Money
    emergency_visit: Money
    boarding_day: MoneyPerDay
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
    """A setting: currency, price year, and the cards that hold there.

    `wage_prices` brings wages to the price year (left out: `prices` does). `payers` says who pays
    which share of a category; a category left out has the payer of `vocabulary.PAYERS`.
    """

    currency: Literal["USD", "GBP", "EUR"]
    price_year: Annotated[int, Field(ge=1950, le=2100)]
    life_table: Annotated[Text, Reference("life_tables")]
    utilities: Annotated[Text, Reference(UtilitySet)]
    utility_norms: Annotated[Text, Reference(UtilityNorms)]
    care_costs: Annotated[Text, Reference(CareCosts)]
    productivity: Annotated[Text, Reference(Productivity)]
    events: Annotated[Text, Reference(EventCosts)]
    time: Annotated[Text, Reference(TimeCosts)]
    prices: Annotated[Text, Reference(Prices)]
    wage_prices: Annotated[Text | None, Reference(Prices)] = None
    disability_weights: Annotated[Text | None, Reference(DisabilityWeights)] = None
    discount: Discount
    willingness_to_pay: Annotated[Several[AtLeastZero], Field(min_length=1)]
    payers: dict[CostCategory, dict[Identifier, Share]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _everything_is_paid_once(self) -> Country:
        found = [
            fault
            for category, shares in self.payers.items()
            for fault in sum_faults(shares.values(), ("payers", category))
        ]
        if found:
            raise faults(found)
        return self
