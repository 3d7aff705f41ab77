"""The card of a treatment: what it does, for whom, for how long, and what it costs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from popmodel.evidence.distributions import Number, Positive
from popmodel.evidence.quantity import Text
from popmodel.evidence.schema.parts import (
    AtLeastZero,
    ByMonths,
    Card,
    Count,
    CoursesPerWeek,
    Days,
    Flag,
    Hours,
    LogDepth,
    LogHazardPerPoint,
    Money,
    MoneyPerMonth,
    Months,
    Part,
    PerWeek,
    PerZ,
    PotencyShare,
    Probability,
    Qaly,
    Ratio,
    Reference,
    RelativeLoss,
    Setting,
    Several,
    Share,
    VisitsPerYear,
    Weight,
    Z,
    none_stated,
)
from popmodel.yaml_source import Fault, faults


class Loss(Part):
    """Share of potency lost per unit of g(z), and the severity (z) where the loss sets in."""

    loss_share: PotencyShare
    threshold_z: Z


class SeverityEffect(Part):
    """Loss of potency with severity: as trials show it, as the premise holds, and the weight."""

    evidence: Loss
    premise: Loss
    premise_weight: Weight


class Engagement(Part):
    """Drop-out while on course, and how the dose taken up falls with severity."""

    dropout_per_week: PerWeek
    dropout_log_hazard_per_severity_point: LogHazardPerPoint = none_stated(
        "log hazard per MADRS point", "severity slope"
    )
    dose_slope: PerZ = none_stated("per z", "dose slope")


class Onset(Part):
    """How fast a treatment works."""

    theta_days: Days


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


class Maintenance(Part):
    """Care that goes on after remission, while `months` last."""

    hazard_ratio: Ratio
    cost_per_month: MoneyPerMonth
    visits_per_year: VisitsPerYear
    months: Months
    contact: Annotated[Text | None, Reference("contacts")] = None


class Durability(Part):
    """Relapse without continued care, and what continued care changes."""

    relapse_per_month: ByMonths
    maintenance: Maintenance | None = None


class AdverseEvent(Part):
    """One harm of a course."""

    name: Text
    probability: Probability
    cost: Money
    qaly_loss: Qaly
    fatal: Probability = none_stated("probability", "risk of death")


class CourseCost(Part):
    """What a course costs."""

    course: Money
    session: Money
    visit: Money
    drug_per_month: MoneyPerMonth


class PatientTime(Part):
    """Hours of the patient."""

    hours_per_session: Hours
    hours_per_visit: Hours


class Eligibility(Part):
    """Who may be offered a treatment."""

    minimum_failures: Count = 0
    excludes: Several[Flag] = ()
    requires: Several[Flag] = ()
    after: Annotated[Several[Text], Reference("treatments")] = ()


class Blocker(Part):
    """A flag that takes away a part of the potency."""

    flag: Flag
    share: Share
    size: RelativeLoss


class Targeting(Part):
    """A treatment that must hit a spot: how often its usual aim does, and what is left if not.

    `on_target_share` is the share of people in whom the usual aim hits; 1 means that aim plays no
    part. `effect_off_target` is the specific effect off target as a share of that on target.
    `improved_by` names tests after which the spot is moved until the test is positive.
    """

    on_target_share: Share
    effect_off_target: Share
    improved_by: Annotated[Several[Text], Reference("tests")] = ()


class Treatment(Card):
    """A course of care.

    `use` says how far the card may be taken: `on` in ordinary comparisons, `scenario` only where a
    question is about it, `exploratory` where its effect in depressed people is hardly more than a
    guess. No shipped scenario offers an exploratory card, and a check warns where one is offered.
    """

    grade: Literal["A", "B", "C", "D"]
    use: Literal["on", "scenario", "exploratory"] = "on"
    kind: Literal["treatment", "control", "booster", "augmentation"]
    family: Text
    self_driven: bool
    tested_after: Count
    contact: Annotated[Text, Reference("contacts")]
    human_efficacy: bool = True
    mechanisms: Annotated[dict[str, Number], Reference("mechanisms")]
    potency: LogDepth
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
    courses_per_place_week: CoursesPerWeek | None = None
    blocked_by: Annotated[Several[Blocker], Field(max_length=3)] = ()
    booster: Annotated[Text | None, Reference("boosters")] = None
    targeting: Targeting | None = None
