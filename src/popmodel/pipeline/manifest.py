"""How a result was made, and what the names in its tables mean."""

from __future__ import annotations

from typing import Any

from popmodel import provenance
from popmodel.evidence.load import Evidence
from popmodel.parameters import Parameters
from popmodel.pipeline.stages import horizon_days
from popmodel.scenario.schema import Scenario
from popmodel.units import DAYS_PER_YEAR


def manifest_of(
    scenario: Scenario, evidence: Evidence, parameters: Parameters, engine: str
) -> dict[str, Any]:
    """Return how a result was made and what its names mean."""
    country = evidence.settings[scenario.setting]
    costs: Any = evidence.economics[country.care_costs]
    files = scenario.source_files
    return provenance.manifest(
        files,
        title=scenario.title,
        scenario=files[0].stem if files else "scenario",
        perspective=scenario.perspective,
        currency=country.currency,
        price_year=country.price_year,
        discount={"costs": scenario.discount.costs, "health": scenario.discount.health},
        horizon_years=horizon_days(scenario) / DAYS_PER_YEAR,
        lifetime=scenario.is_lifetime,
        intake=scenario.population.intake,
        patients=scenario.population.size * scenario.replicates,
        structures=[choice.name for choice in scenario.structures()],
        contact_credit=scenario.structure.contact_credit,
        extrapolation=scenario.structure.extrapolation,
        calibrated=parameters.calibrated,
        comparator=scenario.comparator,
        strategies=scenario.labels(),
        treatments=_treatments_told(evidence),
        biotypes={name: card.label for name, card in evidence.biotypes.items()},
        willingness_to_pay=list(scenario.willingness_to_pay),
        engine=engine,
        seed=scenario.seed,
        evidence=counts_of_origin(evidence),
        included_in_background=list(costs.includes),
    )


def _treatments_told(evidence: Evidence) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "label": card.label,
            "kind": card.kind,
            "family": card.family,
            "grade": card.grade,
            "human_efficacy": card.human_efficacy,
            "tested_after": card.tested_after,
            "basis": evidence.quantity(f"treatments.{name}.potency").basis or "source",
        }
        for name, card in evidence.treatments.items()
    }


def counts_of_origin(evidence: Evidence) -> dict[str, int]:
    """Return how many numbers were seen in a source, recalled, assumed or calibrated."""
    counts = {"seen": 0, "unseen": 0, "assumption": 0, "calibrated": 0}
    for quantity in evidence.quantities().values():
        if quantity.basis is not None:
            counts[quantity.basis] += 1
        else:
            counts["seen" if quantity.seen else "unseen"] += 1
    return counts
