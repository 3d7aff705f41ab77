"""How a result was made, and what the names in its tables mean."""

from __future__ import annotations

from typing import Any

from popmodel import provenance
from popmodel.evidence.calibration import fitted_paths
from popmodel.evidence.held_out import held_out_weights
from popmodel.evidence.listing import counts
from popmodel.evidence.load import Evidence
from popmodel.evidence.schema import FORMS
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
    fitted = fitted_paths(evidence, [choice.calibration for choice in scenario.structures()])
    return provenance.manifest(
        files,
        cards=card_hashes(evidence),
        title=scenario.title,
        scenario=files[0].stem if files else "scenario",
        setting=scenario.setting,
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
        held_out_weight=weights_of(scenario),
        calibrated=parameters.calibrated,
        comparator=scenario.comparator,
        strategies=scenario.labels(),
        treatments=_treatments_told(evidence, fitted),
        biotypes={name: card.label for name, card in evidence.biotypes.items()},
        willingness_to_pay=list(scenario.willingness_to_pay),
        engine=engine,
        seed=scenario.seed,
        evidence=counts_of_origin(evidence, fitted),
        included_in_background=list(costs.includes),
    )


def weights_of(scenario: Scenario) -> dict[str, float]:
    """Return the weight that trials held back give each structure of a scenario.

    None where contact is not credited or extrapolation is taken out: that was never validated.
    """
    chosen = scenario.structure
    if chosen.contact_credit != "full" or chosen.extrapolation != "model":
        return {}
    return held_out_weights({choice.name: choice.calibration for choice in scenario.structures()})


def card_hashes(evidence: Evidence) -> dict[str, str]:
    """Return the hash of every card file that was read, by group and id."""
    return {
        f"{group}/{name}": provenance.file_hash(evidence.file_of(group, name))
        for group in FORMS
        for name in evidence.cards(group)
    }


def _treatments_told(evidence: Evidence, fitted: frozenset[str]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "label": card.label,
            "kind": card.kind,
            "family": card.family,
            "grade": card.grade,
            "use": card.use,
            "human_efficacy": card.human_efficacy,
            "tested_after": card.tested_after,
            "basis": _basis(evidence, f"treatments.{name}.potency", fitted),
        }
        for name, card in evidence.treatments.items()
    }


def _basis(evidence: Evidence, path: str, fitted: frozenset[str]) -> str:
    """Return what a number rests on: calibrated, assumption, or a source."""
    return "calibrated" if path in fitted else evidence.quantity(path).basis or "source"


def counts_of_origin(evidence: Evidence, fitted: frozenset[str]) -> dict[str, int]:
    """Return how many numbers were seen in a source, recalled, assumed, fitted or overridden."""
    found = counts(evidence, fitted)
    return {
        "seen": found.seen,
        "unseen": found.recalled,
        "assumption": found.assumption,
        "calibrated": found.calibrated,
        "overridden": found.overridden,
    }
