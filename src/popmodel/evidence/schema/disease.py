"""The cards of the disease: response, correlation, relapse, crisis, mortality, asking for care."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from popmodel.errors import did_you_mean
from popmodel.evidence.quantity import Quantity, Text
from popmodel.evidence.schema.parts import (
    ByMonths,
    Card,
    CorrelationNumber,
    Days,
    Episodes,
    LogDepth,
    LogHazard,
    LogPotency,
    LogScore,
    Milligrams,
    Part,
    PerYear,
    Points,
    Probability,
    Ratio,
    Reference,
    Several,
    Share,
    Z,
    in_unit,
)
from popmodel.yaml_source import Fault, faults


class Response(Card):
    """How severity moves and when it counts as response or remission."""

    depth_mean: LogDepth
    depth_sd: LogDepth
    persistent_share: Share
    persistence_per_month: CorrelationNumber
    floor_softness: LogDepth
    worst_log_severity_mean: LogScore
    worst_log_severity_sd: LogScore
    worst_severity_minimum: Points
    worst_severity_maximum: Points
    luck_sd: LogPotency
    general_share: Share
    class_share: Share
    contact_onset_days: Days
    remission_severity: Points
    onset_severity: Points
    measurement_sd: Points
    reference_log_severity: LogScore
    reference_log_sd: LogScore
    hinge_width: Z
    knot_days: Days
    contact_tolerance: LogDepth


class CorrelationStructure(Part):
    """How luck is shared between treatments under one structure."""

    persistent_share: Share
    general_share: Share
    class_share: Share
    traits: Literal["factor", "independent", "single"]


class Correlation(Card):
    """The correlation structures by name."""

    default: CorrelationStructure
    optimistic: CorrelationStructure
    pessimistic: CorrelationStructure


class Mechanisms(Card):
    """Mechanism classes in their order, and the upper triangle of their correlations."""

    order: Annotated[Several[Text], Field(min_length=1)]
    correlation: dict[str, CorrelationNumber]

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

    recovery_days: Days
    natural: ByMonths
    residual_hazard_ratio: Ratio
    per_failed_line_hazard_ratio: Ratio
    frailty_sd: LogHazard
    recurrence_per_year: PerYear
    per_past_episode_hazard_ratio: Ratio
    past_episode_cap: Episodes


class Mortality(Card):
    """Death from natural causes."""

    natural_hazard_ratio: Ratio
    reversible_share: Share
    life_table: Annotated[Text, Reference("life_tables")]


class Coronary(Card):
    """Coronary events as an outcome beside others: expected, not simulated, and at no price.

    `events_per_year` without depression; `share_relieved_by_remission` of the excess hazard.
    """

    events_per_year: PerYear
    hazard_ratio_depressed: Ratio
    share_relieved_by_remission: Share


class SurgicalOpioids(Card):
    """Opioids after surgery while depressed, in two readings: expected, and at no price.

    `usual_amount` is what a patient without depression needs after an operation; `prior_users` the
    share of patients who took opioids before, the only ones in whom `ratio_prior_users` was seen;
    `ratio_claimed` is the claim for everybody.
    """

    operations_per_year: PerYear
    usual_amount: Milligrams
    prior_users: Share
    ratio_prior_users: Ratio
    ratio_claimed: Ratio


class BySeverity(Part):
    """A number by severity band, remission included."""

    remission: Quantity
    mild: Quantity
    moderate: Quantity
    severe: Quantity


class Crisis(Card):
    """Suicide attempts, crises and suicide."""

    attempts_per_1000_years: Annotated[BySeverity, in_unit("1/1000 years")]
    suicides_per_100000_years: Annotated[BySeverity, in_unit("1/100000 years")]
    male_ratio: Ratio
    female_ratio: Ratio
    days_saved_by_benefit: Days
    admission_share: Share
    admission_days: Days
    emergency_days: Days


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

    asks_per_year: Annotated[ByDepressedSeverity, in_unit("1/year")]
    asks_again_days: Days
    switch_gap_days: Days
    disengage_after_failures: Annotated[ByFailures, in_unit("probability")]
    return_days: Annotated[ByFailures, in_unit("days")]
    disengage_after_dropout: Probability
    gives_up_waiting_per_year: PerYear
    never_taken_up: Probability
