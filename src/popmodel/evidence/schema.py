"""The cards, typed: what a card of each folder must and may say.

Numbers are `Quantity` unless they are plain settings of the model (days of a schedule, age
limits). A field that names another card is marked with `Reference`; the loader follows the mark.
The folders `disease` and `economics` hold cards of several forms: a card is read as the form whose
keys it shares most, so no card's name occurs here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from popmodel.errors import did_you_mean
from popmodel.evidence.distributions import Number, Positive
from popmodel.evidence.quantity import Quantity, Text
from popmodel.vocabulary import COST_CATEGORIES, FLAGS, SETTINGS
from popmodel.yaml_source import Fault, faults

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


def _none(unit: str, what: str) -> Quantity:
    """Return the number that stands where a card may stay silent."""
    return Quantity(
        value=0.0, unit=unit, basis="assumption", rationale=f"The card states no {what}: none."
    )


# ------------------------------------------------------------------ sources


class Source(Part):
    """A publication or file that numbers come from."""

    citation: Text
    doi: Text | None = None
    url: Text | None = None
    year: Annotated[int, Field(ge=1800, le=2100)] | None = None
    note: Text | None = None


# ------------------------------------------------------------------ treatments


class Loss(Part):
    """Share of potency lost per unit of g(z), and the severity (z) where the loss sets in."""

    loss_share: Quantity
    threshold_z: Quantity


class SeverityEffect(Part):
    """Loss of potency with severity: as trials show it, as the premise holds, and the weight."""

    evidence: Loss
    premise: Loss
    premise_weight: Quantity


class Engagement(Part):
    """Drop-out while on course, and how the dose taken up falls with severity."""

    dropout_per_week: Quantity
    dropout_log_hazard_per_severity_point: Quantity = _none("log hazard", "severity slope")
    dose_slope: Quantity = _none("1/z unit", "dose slope")


class Onset(Part):
    """How fast a treatment works."""

    theta_days: Quantity


class Schedule(Part):
    """Days of a course: when it is judged, how long sessions last, when visits fall."""

    assess_days: Positive
    session_days: AtLeastZero = 0.0
    sessions: Count = 0
    visits: Several[AtLeastZero] = ()
    adequate: bool = True

    @model_validator(mode="after")
    def _visits_rise(self) -> Schedule:
        if list(self.visits) != sorted(set(self.visits)):
            raise faults([Fault("days of visits must rise", ("visits",))])
        return self


class ByMonths(Part):
    """A rate by time since remission."""

    months_0_2: Quantity
    months_2_6: Quantity
    months_6_12: Quantity
    after_12: Quantity


class Maintenance(Part):
    """Care that goes on after remission, while `months` last."""

    hazard_ratio: Quantity
    cost_per_month: Quantity
    visits_per_year: Quantity
    months: Quantity
    contact: Annotated[Text | None, Reference("contacts")] = None


class Durability(Part):
    """Relapse without continued care, and what continued care changes."""

    relapse_per_month: ByMonths
    maintenance: Maintenance | None = None


class AdverseEvent(Part):
    """One harm of a course."""

    name: Text
    probability: Quantity
    cost: Quantity
    qaly_loss: Quantity
    fatal: Quantity = _none("probability", "risk of death")


class CourseCost(Part):
    """What a course costs."""

    course: Quantity
    session: Quantity
    visit: Quantity
    drug_per_month: Quantity


class PatientTime(Part):
    """Hours of the patient."""

    hours_per_session: Quantity
    hours_per_visit: Quantity


class Eligibility(Part):
    """Who may be offered a treatment."""

    minimum_failures: Count = 0
    excludes: Several[Flag] = ()
    requires: Several[Flag] = ()
    after: Annotated[Several[Text], Reference("treatments")] = ()


class Blocker(Part):
    """A flag that takes away a part of the potency."""

    flag: Flag
    share: Quantity
    size: Quantity


class Treatment(Card):
    """A course of care."""

    grade: Literal["A", "B", "C", "D"]
    kind: Literal["treatment", "control", "booster", "augmentation"]
    family: Text
    self_driven: bool
    tested_after: Count
    contact: Annotated[Text, Reference("contacts")]
    human_efficacy: bool = True
    mechanisms: Annotated[dict[str, Number], Reference("mechanisms")]
    potency: Quantity
    severity_effect: SeverityEffect
    engagement: Engagement
    onset: Onset
    schedule: Schedule
    durability: Durability
    adverse_events: Annotated[Several[AdverseEvent], Field(max_length=3)] = ()
    cost: CourseCost
    patient_time: PatientTime
    eligibility: Eligibility = Eligibility()
    settings: Annotated[Several[Setting], Field(min_length=1)]
    service: Annotated[Text | None, Reference("services")] = None
    blocked_by: Annotated[Several[Blocker], Field(max_length=3)] = ()
    booster: Annotated[Text | None, Reference("treatments")] = None


# ------------------------------------------------------------------ contacts, biotypes, services


class Contact(Card):
    """Being in touch with care: the lift in depth it gives, whatever is done."""

    level: Quantity


class Biotype(Card):
    """A class of patients; the shares of all biotypes add up to one."""

    groups_span_folder: ClassVar[bool] = True

    share: Quantity
    log_severity_shift: Quantity
    relapse_hazard_ratio: Quantity
    dropout_hazard_ratio: Quantity
    potency_shift: Annotated[dict[str, Quantity], Reference("mechanisms")]


class Service(Card):
    """Places that courses occupy; `places: null` means no limit."""

    places: Count | None
    courses_per_place_week: Quantity
    place_cost_per_year: Quantity


# ------------------------------------------------------------------ disease


class Response(Card):
    """How severity moves and when it counts as response or remission."""

    depth_mean: Quantity
    depth_sd: Quantity
    persistent_share: Quantity
    persistence_per_month: Quantity
    floor_softness: Quantity
    worst_log_severity_mean: Quantity
    worst_log_severity_sd: Quantity
    worst_severity_minimum: Quantity
    worst_severity_maximum: Quantity
    luck_sd: Quantity
    general_share: Quantity
    class_share: Quantity
    contact_onset_days: Quantity
    remission_severity: Quantity
    onset_severity: Quantity
    measurement_sd: Quantity
    reference_log_severity: Quantity
    reference_log_sd: Quantity
    hinge_width: Quantity
    knot_days: Quantity
    contact_tolerance: Quantity


class CorrelationStructure(Part):
    """How luck is shared between treatments under one structure."""

    persistent_share: Quantity
    general_share: Quantity
    class_share: Quantity
    traits: Literal["factor", "independent", "single"]


class Correlation(Card):
    """The correlation structures by name."""

    default: CorrelationStructure
    optimistic: CorrelationStructure
    pessimistic: CorrelationStructure


class Mechanisms(Card):
    """Mechanism classes in their order, and the upper triangle of their correlations."""

    order: Annotated[Several[Text], Field(min_length=1)]
    correlation: dict[str, Quantity]

    @model_validator(mode="after")
    def _upper_triangle(self) -> Mechanisms:
        wanted = {
            f"{one}__{other}"
            for number, one in enumerate(self.order)
            for other in self.order[number + 1 :]
        }
        found = [
            Fault(
                "is no pair of mechanisms in their order",
                ("correlation", key),
                did_you_mean(key, wanted),
            )
            for key in self.correlation
            if key not in wanted
        ]
        missing = sorted(wanted - set(self.correlation))
        if missing:
            found.append(Fault(f"lacks {', '.join(missing)}", ("correlation",)))
        if found:
            raise faults(found)
        return self


class Relapse(Card):
    """Relapse, recovery and recurrence."""

    recovery_days: Quantity
    natural: ByMonths
    residual_hazard_ratio: Quantity
    per_failed_line_hazard_ratio: Quantity
    frailty_sd: Quantity
    recurrence_per_year: Quantity
    per_past_episode_hazard_ratio: Quantity
    past_episode_cap: Quantity


class Mortality(Card):
    """Death from natural causes."""

    natural_hazard_ratio: Quantity
    reversible_share: Quantity
    life_table: Annotated[Text, Reference("life_tables")]


class BySeverity(Part):
    """A number by severity band, remission included."""

    remission: Quantity
    mild: Quantity
    moderate: Quantity
    severe: Quantity


class Crisis(Card):
    """Suicide attempts, crises and suicide."""

    attempts_per_1000_years: BySeverity
    suicides_per_100000_years: BySeverity
    male_ratio: Quantity
    female_ratio: Quantity
    admission_share: Quantity
    admission_days: Quantity
    emergency_days: Quantity


class ByDepressedSeverity(Part):
    """A number by severity band of those who are depressed."""

    mild: Quantity
    moderate: Quantity
    severe: Quantity


class ByFailures(Part):
    """A number by failures so far; `three` holds for more."""

    one: Quantity
    two: Quantity
    three: Quantity


class CareSeeking(Card):
    """Asking for care, and leaving it."""

    asks_per_year: ByDepressedSeverity
    asks_again_days: Quantity
    switch_gap_days: Quantity
    disengage_after_failures: ByFailures
    return_days: ByFailures
    disengage_after_dropout: Quantity


# ------------------------------------------------------------------ population


class AgeBand(Part):
    """Ages from `low` to `high`, both included, and the share of people in it."""

    name: Text
    low: Count
    high: Count
    share: Quantity

    @model_validator(mode="after")
    def _rises(self) -> AgeBand:
        if self.low > self.high:
            raise faults([Fault(f"low {self.low} lies above high {self.high}", ("low",))])
        return self


class FailureShares(Part):
    """Shares of the prevalent stock by failed adequate trials; `three` means three or more."""

    none: Quantity
    one: Quantity
    two: Quantity
    three: Quantity


class History(Part):
    """What the prevalent stock has lived through."""

    failures: FailureShares
    courses: Annotated[Several[Text], Reference("treatments")]
    stock_years: Quantity
    past_episodes_mean: Quantity


class Population(Card):
    """Who is simulated."""

    female_share: Quantity
    age_bands: Annotated[Several[AgeBand], Field(min_length=1)]
    flags: dict[Flag, Quantity]
    history: History
    in_care_share: Quantity

    @model_validator(mode="after")
    def _shares_add_up(self) -> Population:
        failures = self.history.failures
        found = [
            *sum_faults([band.share for band in self.age_bands], ("age_bands",)),
            *sum_faults(
                [failures.none, failures.one, failures.two, failures.three],
                ("history", "failures"),
            ),
            *band_faults(self.age_bands, ("age_bands",)),
        ]
        if found:
            raise faults(found)
        return self


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


# ------------------------------------------------------------------ economics


class UtilityCurve(Card):
    """Utility falls from remission by decrements, each from the band above, at MADRS anchors."""

    remission: Quantity
    loss_mild: Quantity
    loss_moderate: Quantity
    loss_severe: Quantity
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

    bands: Annotated[Several[SexBand], Field(min_length=1)]

    @model_validator(mode="after")
    def _no_gaps(self) -> UtilityNorms:
        if found := band_faults(self.bands, ("bands",)):
            raise faults(found)
        return self


class DisabilityWeights(Card):
    """Share of a year's health lost, by severity band."""

    mild: Quantity
    moderate: Quantity
    severe: Quantity
    remission: Quantity = _none("disability weight", "loss in remission")


class ByState(Part):
    """A number by clinical state."""

    remission: Quantity
    response: Quantity
    depressed: Quantity


class CareCosts(Card):
    """Background health care by state; `includes` lists what must not be charged again."""

    per_year: ByState
    resistant_addon_per_year: Quantity
    resistant_failures: Count
    includes: Several[CostCategory]


class Productivity(Card):
    """Work lost by state, and what it is worth."""

    loss_share: ByState
    wages: Annotated[Several[SexBand], Field(min_length=1)]
    includes: Several[CostCategory] = ()

    @model_validator(mode="after")
    def _no_gaps(self) -> Productivity:
        if found := band_faults(self.wages, ("wages",)):
            raise faults(found)
        return self


class EventCosts(Card):
    """Cost of crises and deaths."""

    crisis_attempt: Quantity
    emergency_visit: Quantity
    admission_day: Quantity
    suicide_death: Quantity


class TimeCosts(Card):
    """Value of patients' time."""

    wage_per_hour: Quantity


class Prices(Card):
    """Price index by year, to bring amounts of money to one price year."""

    index: Annotated[dict[int, Positive], Field(min_length=1)]
    source: Annotated[Text, Reference("sources")]
    locator: Text | None = None
    seen: bool | None = None
    unit: Text | None = None


# ------------------------------------------------------------------ settings


class Discount(Part):
    """Yearly discount rates."""

    costs: Quantity
    health: Quantity


class Country(Card):
    """A setting: currency, price year, and the cards that hold there."""

    currency: Literal["USD", "GBP", "EUR"]
    price_year: Annotated[int, Field(ge=1950, le=2100)]
    life_table: Annotated[Text, Reference("life_tables")]
    utilities: Annotated[Text, Reference("economics")]
    utility_norms: Annotated[Text, Reference("economics")]
    care_costs: Annotated[Text, Reference("economics")]
    productivity: Annotated[Text, Reference("economics")]
    events: Annotated[Text, Reference("economics")]
    time: Annotated[Text, Reference("economics")]
    prices: Annotated[Text, Reference("economics")]
    disability_weights: Annotated[Text | None, Reference("economics")] = None
    discount: Discount
    willingness_to_pay: Annotated[Several[AtLeastZero], Field(min_length=1)]


# ------------------------------------------------------------------ trials


class Limits(Part):
    """A range of a measured number."""

    at_least: Number | None = None
    at_most: Number | None = None
    above: Number | None = None
    below: Number | None = None


class Include(Part):
    """Who was included, by what was measured."""

    severity: Limits | None = None
    failed_trials: Limits | None = None
    age: Limits | None = None
    biotype: Annotated[Several[Text], Reference("biotypes")] = ()
    setting: Several[Setting] = ()
    flags_all: Several[Flag] = ()
    flags_none: Several[Flag] = ()


class MeanSd(Part):
    """Mean and standard deviation between people."""

    mean: Number
    sd: Positive | None = None


class Baseline(Part):
    """What the included looked like."""

    severity: MeanSd | None = None
    age: MeanSd | None = None
    female_share: Annotated[float, Field(ge=0, le=1)] | None = None


class Arm(Part):
    """One arm: a treatment and how many people were given it."""

    treat: Annotated[Text | None, Reference("treatments")] = None
    wait_days: Positive | None = None
    contact: Annotated[Text | None, Reference("contacts")] = None
    patients: Annotated[int, Field(strict=True, ge=1)] | None = None
    label: Text | None = None


class Definition(Part):
    """What counts as the outcome."""

    scale: Text = "madrs"
    at_most: Number | None = None
    fall_of_at_least: Annotated[float, Field(gt=0, le=1)] | None = None


class ArmResult(Part):
    """What one arm showed."""

    count: Count | None = None
    of: Annotated[int, Field(strict=True, ge=1)] | None = None
    share: Annotated[float, Field(ge=0, le=1)] | None = None
    mean: Number | None = None
    sd: Positive | None = None
    se: Positive | None = None


class TrialOutcome(Part):
    """One published result: a measure at a time, by arm."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, ArmResult]

    measure: Text
    definition: Definition | None = None
    at_days: AtLeastZero | None = None
    count: Literal["at", "ever"] = "at"
    locator: Text | None = None
    seen: bool | None = None
    note: Text | None = None

    @property
    def results(self) -> dict[str, ArmResult]:
        """What each arm showed, by the arm's name."""
        return dict(self.__pydantic_extra__)


class Citation(Part):
    """A source given in full, for a trial in a user's own file."""

    citation: Text
    doi: Text | None = None
    url: Text | None = None
    year: int | None = None


class Trial(Part):
    """A published trial to emulate."""

    id: Identifier
    title: Text
    source: Annotated[Text | Citation, Reference("sources")]
    use: Literal["fit", "test"]
    design: Literal["parallel", "single_arm", "withdrawal", "crossover", "sequence"]
    include: Include = Include()
    baseline: Baseline = Baseline()
    arms: Annotated[dict[str, Arm], Field(min_length=1)]
    outcomes: Annotated[Several[TrialOutcome], Field(min_length=1)]
    seen: bool | None = None
    locator: Text | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _results_name_arms(self) -> Trial:
        found = [
            Fault(
                "is no arm of this trial", ("outcomes", number, name), did_you_mean(name, self.arms)
            )
            for number, outcome in enumerate(self.outcomes)
            for name in outcome.results
            if name not in self.arms
        ]
        if found:
            raise faults(found)
        return self


# ------------------------------------------------------------------ calibration


class Estimate(Part):
    """A fitted number."""

    value: Number
    se: AtLeastZero


class Calibrated(Part):
    """What a calibration found: values by the path of the quantity, and how they vary together."""

    id: Identifier
    fit: Identifier
    command: Text
    date: Text
    values: dict[str, Estimate]
    paths: Several[Text] = ()
    covariance: Several[Several[Number]] = ()
    diagnostics: dict[str, Any] = {}
    label: Text | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _square(self) -> Calibrated:
        size = len(self.paths)
        if len(self.covariance) != size or any(len(row) != size for row in self.covariance):
            raise faults([Fault(f"must be {size} by {size}, as paths", ("covariance",))])
        return self


# ------------------------------------------------------------------ folders

DiseaseCard = Response | Correlation | Mechanisms | Relapse | Mortality | Crisis | CareSeeking
EconomicsCard = (
    UtilityCurve
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
    "disease": (Response, Correlation, Mechanisms, Relapse, Mortality, Crisis, CareSeeking),
    "population": (Population,),
    "economics": (
        UtilityCurve,
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
