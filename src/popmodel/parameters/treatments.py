"""Treatments: potency, traits, drop-out, schedule, durability, harms, costs, eligibility."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from popmodel.evidence.load import Evidence
from popmodel.parameters.cards import Names, Prices, cards_of
from popmodel.parameters.structure import Structure
from popmodel.randomness import subject_salt
from popmodel.units import DAYS_PER_MONTH, DAYS_PER_WEEK, DAYS_PER_YEAR
from popmodel.vocabulary import COMMUNITY, FLAGS, SETTINGS

FAMILIES_DRAWN: Final = "structure.premise."
"""A draw may hold `structure.premise.<treatment id>`: 1 premise, 0 evidence (mixture reading)."""


def fill_treatments(
    q: Any,
    v: Mapping[str, float],
    structure: Structure,
    names: Names,
    evidence: Evidence,
    country: Any,
    prices: tuple[Prices, Prices],
    card: Any,
) -> None:
    """Fill in every treatment card at its position."""
    price, wages = prices
    factors = trait_factors(v, structure, evidence)
    q["block_flag"][:] = -1
    q["extrapolation"][:] = 1.0
    wage = wages(v, f"economics.{country.time}.wage_per_hour")
    q["wage_of_time"] = wage
    for n, name in enumerate(names.treatments):
        t = evidence.treatments[name]
        path = f"treatments.{name}."
        q["potency"][n] = v[path + "potency"]
        q["loss_share"][n], q["loss_threshold"][n] = loss_of_potency(v, structure, name)
        q["dose_slope"][n] = v[path + "engagement.dose_slope"]
        q["onset"][n] = v[path + "onset.theta_days"]
        q["onset_rate"][n] = 1.0 / q["onset"][n]
        q["onset_left"][n] = math.exp(-q["grid_days"] / q["onset"][n])
        q["contact"][n] = names.contacts.index(t.contact)
        _traits(q, n, t, v, names, factors)
        for k, block in enumerate(t.blocked_by):
            where = f"{path}blocked_by.{block.flag}."
            q["block_flag"][n, k] = FLAGS.index(block.flag)
            q["block_share"][n, k] = v[where + "share"] * v[where + "size"]
        q["tested_after"][n] = t.tested_after
        if structure.extrapolation == "none" and card is not None:
            for missing, factor in enumerate(card.extrapolation.get(name, ()), start=1):
                q["extrapolation"][n, missing:] = factor
        q["salt_luck"][n] = subject_salt("luck of a course", name)
        q["salt_dropout"][n] = subject_salt("drop-out", name)
        q["salt_harm"][n] = subject_salt("adverse event", name)
        q["dropout_rate"][n] = v[path + "engagement.dropout_per_week"] / DAYS_PER_WEEK
        q["dropout_slope"][n] = v[path + "engagement.dropout_log_hazard_per_severity_point"]
        _schedule(q, n, t, v, price, path, wage)
        _durability(q, n, t, v, price, path, names)
        for k, harm in enumerate(t.adverse_events):
            where = f"{path}adverse_events.{harm.name}."
            q["harm_probability"][n, k] = v[where + "probability"]
            q["harm_cost"][n, k] = price(v, where + "cost")
            q["harm_loss"][n, k] = v[where + "qaly_loss"]
            q["harm_fatal"][n, k] = v.get(where + "fatal", 0.0)
        q["is_augmentation"][n] = int(t.kind == "augmentation")
        q["minimum_failures"][n] = t.eligibility.minimum_failures
        q["excluded_flags"][n] = sum(1 << FLAGS.index(f) for f in t.eligibility.excludes)
        q["required_flags"][n] = sum(1 << FLAGS.index(f) for f in t.eligibility.requires)
        q["after"][n] = sum(1 << names.treatments.index(a) for a in t.eligibility.after)
        q["settings"][n] = sum(1 << SETTINGS.index(s) for s in t.settings)
    q["community_settings"] = sum(1 << SETTINGS.index(s) for s in COMMUNITY)


def trait_factors(
    values: Mapping[str, float], structure: Structure, evidence: Evidence
) -> NDArray[np.float64]:
    """Return L with v = L f: mechanism traits from independent factors; rows have unit length.

    A sampled correlation matrix that is not positive definite is brought to the nearest that is by
    raising its negative eigenvalues to a small positive one and rescaling.
    """
    order = cards_of(evidence.disease)["mechanisms"].order
    size = len(order)
    if evidence_traits(evidence, structure) != "factor":
        return np.eye(size)
    matrix = np.eye(size)
    for i, a in enumerate(order):
        for j in range(i + 1, size):
            path = f"disease.mechanisms.correlation.{a}__{order[j]}"
            matrix[i, j] = matrix[j, i] = values.get(path, 0.0)
    eigenvalues, vectors = np.linalg.eigh(matrix)
    if eigenvalues.min() < 1e-6:
        matrix = vectors @ np.diag(np.maximum(eigenvalues, 1e-6)) @ vectors.T
        scale = np.sqrt(np.diag(matrix))
        matrix = matrix / np.outer(scale, scale)
    return np.asarray(np.linalg.cholesky(matrix))


def evidence_traits(evidence: Evidence, structure: Structure) -> str:
    """Return how class traits hang together under a structure: factor, independent, single."""
    correlation = cards_of(evidence.disease)["correlation"]
    return str(getattr(correlation, structure.correlation).traits)


def loss_of_potency(
    v: Mapping[str, float], structure: Structure, treatment: str
) -> tuple[float, float]:
    """Return f and z* of a treatment under the structure's reading of the severity effect."""
    path = f"treatments.{treatment}.severity_effect."
    evidence = (v[path + "evidence.loss_share"], v[path + "evidence.threshold_z"])
    premise = (v[path + "premise.loss_share"], v[path + "premise.threshold_z"])
    if structure.severity_effect == "evidence":
        return evidence
    if structure.severity_effect == "premise":
        return premise
    weight = v.get(FAMILIES_DRAWN + treatment, v[path + "premise_weight"])
    return (
        weight * premise[0] + (1.0 - weight) * evidence[0],
        weight * premise[1] + (1.0 - weight) * evidence[1],
    )


def _traits(
    q: Any, n: int, t: Any, v: Mapping[str, float], names: Names, factors: NDArray[np.float64]
) -> None:
    loading = np.array([float(t.mechanisms.get(m, 0.0)) for m in names.mechanisms])
    if loading.any():
        weight = factors.T @ loading
        q["trait_weight"][n, : len(weight)] = weight / np.linalg.norm(weight)
    share = loading / loading.sum() if loading.sum() > 0.0 else loading
    for b, biotype in enumerate(names.biotypes):
        shifts = [v.get(f"biotypes.{biotype}.potency_shift.{m}", 0.0) for m in names.mechanisms]
        q["biotype_shift"][n, b] = float(np.dot(share, shifts))


def _schedule(
    q: Any, n: int, t: Any, v: Mapping[str, float], price: Prices, path: str, wage: float
) -> None:
    plan = t.schedule
    visits = sorted({float(d) for d in plan.visits if d < plan.assess_days} | {plan.assess_days})
    q["assess_days"][n] = plan.assess_days
    q["session_days"][n] = plan.session_days if plan.sessions else 0.0
    q["visits"][n] = len(visits)
    q["visit_day"][n, : len(visits)] = visits
    q["adequate"][n] = int(plan.adequate)
    per_session = price(v, path + "cost.session")
    hours = v[path + "patient_time.hours_per_session"]
    q["cost_course"][n] = price(v, path + "cost.course")
    if plan.sessions and plan.session_days > 0:
        q["cost_session"][n] = per_session * plan.sessions / plan.session_days
        q["time_session"][n] = hours * wage * plan.sessions / plan.session_days
    else:
        q["cost_course"][n] += per_session * plan.sessions
    if plan.sessions and "home" not in t.settings:
        q["trips_per_day"][n] = min(1.0, plan.sessions / max(plan.session_days, 1))
    q["cost_booster"][n] = per_session
    q["time_booster"][n] = hours * wage
    q["cost_visit"][n] = price(v, path + "cost.visit")
    q["cost_drug"][n] = price(v, path + "cost.drug_per_month") / DAYS_PER_MONTH
    q["time_visit"][n] = v[path + "patient_time.hours_per_visit"] * wage


def _durability(
    q: Any, n: int, t: Any, v: Mapping[str, float], price: Prices, path: str, names: Names
) -> None:
    relapse = path + "durability.relapse_per_month."
    for k, period in enumerate(("months_0_2", "months_2_6", "months_6_12", "after_12")):
        q["treatment_relapse"][n, k] = v[relapse + period] / DAYS_PER_MONTH
    care = t.durability.maintenance
    q["upkeep_contact"][n] = names.contacts.index((care and care.contact) or "usual_care")
    if care is None:
        q["upkeep_ratio"][n] = 1.0
        return
    upkeep = path + "durability.maintenance."
    months = v[upkeep + "months"]
    q["upkeep_days"][n] = months * DAYS_PER_MONTH
    protects = months > 0.0 or t.kind == "booster"
    q["upkeep_ratio"][n] = v[upkeep + "hazard_ratio"] if protects else 1.0
    q["upkeep_cost"][n] = price(v, upkeep + "cost_per_month") / DAYS_PER_MONTH
    visits = v[upkeep + "visits_per_year"] / DAYS_PER_YEAR
    q["upkeep_visits"][n] = visits * price(v, path + "cost.visit")
