"""The cards of the disease: response, correlation, relapse, crisis, mortality, asking for care."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from popmodel.errors import did_you_mean
from popmodel.evidence.quantity import Quantity, Text
from popmodel.evidence.schema.parts import (
    ByMonths,
    Card,
    Part,
    Reference,
    Several,
)
from popmodel.yaml_source import Fault, faults


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
