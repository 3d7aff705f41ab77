"""Structural choices, and the parameters that come of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from popmodel.evidence.calibration import calibration_id
from popmodel.parameters.record import Record


@dataclass(frozen=True)
class Structure:
    """Structural choices of a run: they are scenarios, not parameters."""

    severity_effect: str = "evidence"
    correlation: str = "default"
    contact_credit: str = "full"
    extrapolation: str = "model"

    @property
    def calibration(self) -> str:
        """Id of the calibrated card that fits this structure."""
        return calibration_id(self.severity_effect, self.correlation)


@dataclass(frozen=True)
class Parameters:
    """What the rules read (`record`, one element), with the names its positions stand for.

    `payers` holds shares by category and payer; `weighs_disability` tells whether the setting has
    disability weights; `scales` holds by name the pairs (score, MADRS) that link another scale.
    """

    record: Record
    structure: Structure
    treatments: tuple[str, ...]
    contacts: tuple[str, ...]
    biotypes: tuple[str, ...]
    calibrated: bool
    payers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    weighs_disability: bool = True
    scales: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
