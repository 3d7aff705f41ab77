"""Scenario x evidence x one draw -> the numbers the rules read: one frozen record.

Rates are per day, money in the setting's currency and price year, probabilities as they are. Array
sizes are fixed, so a new card or a longer horizon never makes Numba compile again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from popmodel.errors import InputError, Problems
from popmodel.evidence.load import Evidence
from popmodel.randomness import subject_salt
from popmodel.scenario.routing import CompiledStrategy
from popmodel.units import (
    DAYS_PER_MONTH,
    DAYS_PER_WEEK,
    DAYS_PER_YEAR,
    discount_rate_per_day,
)
from popmodel.vocabulary import BAND_LIMITS, FLAGS, SETTINGS, SEVERITY_BANDS

MAX_TREATMENTS: Final = 48
MAX_CONTACTS: Final = 16
MAX_BIOTYPES: Final = 8
MAX_MECHANISMS: Final = 10
MAX_VISITS: Final = 40
MAX_HARMS: Final = 3
MAX_FAILURES: Final = 8
MAX_AGE_BANDS: Final = 12
MAX_POINTS: Final = 8
MAX_RULES: Final = 31
FLOOR_CELLS: Final = 320
FLOOR_REACH: Final = 20.0
"""The table of the soft floor covers depths from -20 k to 20 k in cells of k / 8."""
AGES: Final = 112
FAMILIES_DRAWN: Final = "structure.premise."
"""A draw may hold `structure.premise.<treatment id>`: 1 premise, 0 evidence (mixture reading)."""

_T, _C, _B, _M = MAX_TREATMENTS, MAX_CONTACTS, MAX_BIOTYPES, MAX_MECHANISMS

_FIELDS: Final[list[tuple[str, Any]]] = [
    ("horizon", "f8"),
    ("discount_costs", "f8"),
    ("discount_health", "f8"),
    # response
    ("depth_mean", "f8"),
    ("depth_persistent", "f8"),
    ("depth_moving", "f8"),
    ("persistence", "f8"),
    ("innovation", "f8"),
    ("softness", "f8"),
    ("floor_start", "f8"),
    ("floor_cells_per_depth", "f8"),
    ("floor_value", ("f8", FLOOR_CELLS + 1)),
    ("floor_slope", ("f8", FLOOR_CELLS + 1)),
    ("luck_general", "f8"),
    ("luck_class", "f8"),
    ("luck_fresh", "f8"),
    ("luck_half_variance", "f8"),
    ("contact_lag", "f8"),
    ("remission_severity", "f8"),
    ("onset_severity", "f8"),
    ("measurement_sd", "f8"),
    ("reference_severity", "f8"),
    ("reference_log_severity", "f8"),
    ("reference_log_sd", "f8"),
    ("hinge_width", "f8"),
    ("knot_days", "f8"),
    ("grid_days", "f8"),
    ("tolerance", "f8"),
    ("contact_fade", "f8"),
    ("worst_log_mean", "f8"),
    ("worst_log_sd", "f8"),
    ("worst_log_shift", ("f8", _B)),
    ("worst_rank_low", ("f8", _B)),
    ("worst_rank_high", ("f8", _B)),
    ("band_limit", ("f8", 3)),
    ("contact_level", ("f8", _C)),
    ("contact_none", "i8"),
    ("contact_usual", "i8"),
    ("mechanisms", "i8"),
    # treatments
    ("potency", ("f8", _T)),
    ("loss_share", ("f8", _T)),
    ("loss_threshold", ("f8", _T)),
    ("dose_slope", ("f8", _T)),
    ("onset", ("f8", _T)),
    ("onset_left", ("f8", _T)),
    ("contact", ("i8", _T)),
    ("trait_weight", ("f8", (_T, _M))),
    ("biotype_shift", ("f8", (_T, _B))),
    ("block_flag", ("i8", (_T, 3))),
    ("block_share", ("f8", (_T, 3))),
    ("tested_after", ("i8", _T)),
    ("extrapolation", ("f8", (_T, MAX_FAILURES))),
    ("salt_luck", ("u8", _T)),
    ("salt_dropout", ("u8", _T)),
    ("salt_harm", ("u8", _T)),
    ("dropout_rate", ("f8", _T)),
    ("dropout_slope", ("f8", _T)),
    ("assess_days", ("f8", _T)),
    ("session_days", ("f8", _T)),
    ("visits", ("i8", _T)),
    ("visit_day", ("f8", (_T, MAX_VISITS))),
    ("adequate", ("i8", _T)),
    ("is_augmentation", ("i8", _T)),
    ("treatment_relapse", ("f8", (_T, 4))),
    ("upkeep_ratio", ("f8", _T)),
    ("upkeep_days", ("f8", _T)),
    ("upkeep_cost", ("f8", _T)),
    ("upkeep_visits", ("f8", _T)),
    ("upkeep_contact", ("i8", _T)),
    ("harm_probability", ("f8", (_T, MAX_HARMS))),
    ("harm_cost", ("f8", (_T, MAX_HARMS))),
    ("harm_loss", ("f8", (_T, MAX_HARMS))),
    ("harm_fatal", ("f8", (_T, MAX_HARMS))),
    ("cost_course", ("f8", _T)),
    ("cost_session", ("f8", _T)),
    ("cost_visit", ("f8", _T)),
    ("cost_drug", ("f8", _T)),
    ("cost_booster", ("f8", _T)),
    ("time_session", ("f8", _T)),
    ("time_visit", ("f8", _T)),
    ("time_booster", ("f8", _T)),
    ("minimum_failures", ("i8", _T)),
    ("excluded_flags", ("i8", _T)),
    ("required_flags", ("i8", _T)),
    ("after", ("i8", _T)),
    ("settings", ("i8", _T)),
    ("community_settings", "i8"),
    # relapse
    ("relapse_period_end", ("f8", 5)),
    ("natural_relapse", ("f8", 4)),
    ("residual_ratio", "f8"),
    ("failed_line_ratio", "f8"),
    ("relapse_frailty_sd", "f8"),
    ("recovery_days", "f8"),
    ("recurrence_rate", "f8"),
    ("past_episode_ratio", "f8"),
    ("past_episode_cap", "i8"),
    ("biotype_relapse", ("f8", _B)),
    ("biotype_dropout", ("f8", _B)),
    # mortality, crises
    ("cumulative_mortality", ("f8", (2, AGES))),
    ("excess_mortality", "f8"),
    ("reversible_share", "f8"),
    ("attempt_rate", ("f8", 4)),
    ("attempt_fatality", ("f8", (4, 2))),
    ("admission_share", "f8"),
    ("admission_days", "f8"),
    ("emergency_days", "f8"),
    ("cost_attempt", "f8"),
    ("cost_emergency", "f8"),
    ("cost_admission_day", "f8"),
    ("cost_suicide", "f8"),
    # care
    ("ask_rate", ("f8", 4)),
    ("ask_again_rate", "f8"),
    ("return_rate", ("f8", 4)),
    ("leave_probability", ("f8", 4)),
    ("leave_after_dropout", "f8"),
    ("switch_gap", "f8"),
    # money and utility
    ("background_cost", ("f8", 3)),
    ("resistant_cost", "f8"),
    ("productivity_cost", ("f8", (3, 2, MAX_AGE_BANDS))),
    ("age_bands", "i8"),
    ("age_band_high", ("f8", MAX_AGE_BANDS)),
    ("utility_points", "i8"),
    ("utility_severity", ("f8", MAX_POINTS)),
    ("utility_value", ("f8", MAX_POINTS)),
    ("utility_slope", ("f8", MAX_POINTS)),
    ("utility_norm", ("f8", (2, MAX_AGE_BANDS))),
    ("lowest_norm", "f8"),
    # population
    ("female_share", "f8"),
    ("age_groups", "i8"),
    ("age_group_share", ("f8", MAX_AGE_BANDS)),
    ("age_group_low", ("f8", MAX_AGE_BANDS)),
    ("age_group_high", ("f8", MAX_AGE_BANDS)),
    ("biotypes", "i8"),
    ("biotype_share", ("f8", _B)),
    ("flag_share", ("f8", len(FLAGS))),
    ("failure_share", ("f8", 4)),
    ("history_course", ("i8", 4)),
    ("stock_days", "f8"),
    ("past_episodes_mean", "f8"),
    ("in_care_share", "f8"),
    ("resistant_failures", "i8"),
]

_STRATEGY_FIELDS: Final[list[tuple[str, Any]]] = [
    ("rules", "i8"),
    ("treat", ("i8", MAX_RULES)),
    ("wait_days", ("f8", MAX_RULES)),
    ("wait_contact", ("i8", MAX_RULES)),
    ("line_min", ("i8", MAX_RULES)),
    ("line_max", ("i8", MAX_RULES)),
    ("step_min", ("i8", MAX_RULES)),
    ("step_max", ("i8", MAX_RULES)),
    ("severity_min", ("f8", MAX_RULES)),
    ("severity_max", ("f8", MAX_RULES)),
    ("biotypes", ("i8", MAX_RULES)),
    ("settings", ("i8", MAX_RULES)),
    ("flags_all", ("i8", MAX_RULES)),
    ("flags_none", ("i8", MAX_RULES)),
    ("tried_all", ("i8", MAX_RULES)),
    ("not_tried", ("i8", MAX_RULES)),
    ("last_outcomes", ("i8", MAX_RULES)),
    ("may_repeat", ("i8", MAX_RULES)),
    ("stop_improvement", "f8"),
    ("stop_after_days", "f8"),
    ("on_response", "i8"),
    ("on_relapse", "i8"),
    ("after_last", "i8"),
    ("booster", ("i8", MAX_TREATMENTS)),
    ("booster_days", ("f8", MAX_TREATMENTS)),
]


def _dtype(fields: Sequence[tuple[str, Any]]) -> np.dtype[Any]:
    return np.dtype(
        [(n, k) if isinstance(k, str) else (n, k[0], k[1]) for n, k in fields], align=True
    )


PARAMETERS: Final = _dtype(_FIELDS)
STRATEGY: Final = _dtype(_STRATEGY_FIELDS)

Record = NDArray[Any]


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
        return f"{self.severity_effect}_{self.correlation}"


@dataclass(frozen=True)
class Parameters:
    """What the rules read (`record`, one element), with the names its positions stand for."""

    record: Record
    structure: Structure
    treatments: tuple[str, ...]
    contacts: tuple[str, ...]
    biotypes: tuple[str, ...]
    calibrated: bool


def compile_parameters(
    evidence: Evidence,
    structure: Structure,
    *,
    setting: str,
    population: str,
    horizon_days: float,
    discount: tuple[float, float] | None = None,
    draw: Mapping[str, float] | None = None,
) -> Parameters:
    """Return the parameters of one structure under one draw.

    Args:
        evidence: cards with the scenario's overrides applied.
        structure: structural choices.
        setting: id of the setting card.
        population: id of the population card.
        horizon_days: days simulated.
        discount: yearly rates for costs and health; the setting's when None.
        draw: values by dotted path that replace the cards' base values.

    Raises:
        InputError: the cards do not fit the fixed sizes or contradict each other.
    """
    values = dict(evidence.values())
    card = evidence.calibrated.get(structure.calibration)
    if card is not None:
        values.update(calibrated_values(card, evidence.overridden))
    if draw is not None:
        values.update(draw)
    q = np.zeros(1, dtype=PARAMETERS)[0]
    names = _Names(evidence)
    _check_sizes(evidence, names)
    q["horizon"] = horizon_days
    country = evidence.settings[setting]
    price = _Prices(evidence, country)
    rates = discount or (
        values[f"settings.{setting}.discount.costs"],
        values[f"settings.{setting}.discount.health"],
    )
    q["discount_costs"], q["discount_health"] = (discount_rate_per_day(r) for r in rates)
    _response(q, values, structure, names)
    _treatments(q, values, structure, names, evidence, price, card)
    _relapse(q, values, names)
    _mortality(q, values, evidence)
    _crises(q, values, evidence, country, price)
    _care(q, values)
    _economics(q, values, evidence, country, price)
    _population(q, values, evidence, population, names)
    record = np.array([q], dtype=PARAMETERS)
    _require_finite(record)
    return Parameters(
        record, structure, names.treatments, names.contacts, names.biotypes, card is not None
    )


def _cards(cards: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return cards of a folder with several forms; which form stands where, the loader has seen."""
    return cards


class _Names:
    """Sorted ids: positions in the record's arrays."""

    def __init__(self, evidence: Evidence) -> None:
        self.treatments = tuple(sorted(evidence.treatments))
        self.contacts = tuple(sorted(evidence.contacts))
        self.biotypes = tuple(sorted(evidence.biotypes))
        self.mechanisms = tuple(_cards(evidence.disease)["mechanisms"].order)


class _Prices:
    """Brings money to the setting's price year by the setting's index."""

    def __init__(self, evidence: Evidence, country: Any) -> None:
        self.year = country.price_year
        prices = _cards(evidence.economics).get(getattr(country, "prices", None) or "prices")
        self.index = dict(prices.index) if prices is not None else {}
        self.evidence = evidence

    def __call__(self, values: Mapping[str, float], path: str) -> float:
        """Return a cost at the setting's prices.

        Raises:
            InputError: the index has no entry for a price year.
        """
        year = self.evidence.quantity(path).price_year
        if year is None or year == self.year:
            return values[path]
        missing = [y for y in (year, self.year) if y not in self.index]
        if missing:
            problems = Problems()
            file, line, column = self.evidence.position(path)
            problems.add(
                file=file,
                line=line,
                column=column,
                where=path,
                message=f"price year {year} cannot be brought to {self.year}: "
                f"no price index for {missing[0]}",
                hint=f"years with an index: {sorted(self.index)}",
            )
            problems.raise_if_any()
        return float(values[path] * self.index[self.year] / self.index[year])


def calibrated_values(card: Any, overridden: Mapping[str, Any]) -> dict[str, float]:
    """Return the fitted values of a calibrated card; what a scenario overrides stays overridden."""
    return {path: v.value for path, v in card.values.items() if path not in overridden}


def _check_sizes(evidence: Evidence, names: _Names) -> None:
    limits = (
        ("treatment cards", len(names.treatments), MAX_TREATMENTS),
        ("contact cards", len(names.contacts), MAX_CONTACTS),
        ("biotype cards", len(names.biotypes), MAX_BIOTYPES),
        ("mechanisms", len(names.mechanisms), MAX_MECHANISMS),
    )
    problems = Problems()
    for what, found, allowed in limits:
        if found > allowed:
            problems.add(
                file="evidence/cards",
                line=1,
                column=1,
                where=what,
                message=f"{found} {what}, at most {allowed} are possible",
            )
    for name, card in evidence.treatments.items():
        if len(card.schedule.visits) >= MAX_VISITS:
            file, line, column = evidence.position(f"treatments.{name}.schedule.visits")
            problems.add(
                file=file,
                line=line,
                column=column,
                where=f"treatments.{name}.schedule.visits",
                message=f"{len(card.schedule.visits)} visits, fewer than {MAX_VISITS} are possible",
            )
    problems.raise_if_any()


def _response(q: Any, v: Mapping[str, float], structure: Structure, names: _Names) -> None:
    r = "disease.response."
    kind = f"disease.correlation.{structure.correlation}."
    persistent = v[kind + "persistent_share"]
    general, of_class = v[kind + "general_share"], v[kind + "class_share"]
    if structure.correlation == "default":
        persistent = v[r + "persistent_share"]
        general, of_class = v[r + "general_share"], v[r + "class_share"]
    sd, luck = v[r + "depth_sd"], v[r + "luck_sd"]
    q["depth_mean"] = v[r + "depth_mean"]
    q["depth_persistent"] = sd * math.sqrt(persistent)
    q["depth_moving"] = sd * math.sqrt(1.0 - persistent)
    q["persistence"] = v[r + "persistence_per_month"]
    q["innovation"] = math.sqrt(1.0 - v[r + "persistence_per_month"] ** 2)
    _soft_floor_table(q, v[r + "floor_softness"])
    q["luck_general"] = luck * math.sqrt(general)
    q["luck_class"] = luck * math.sqrt(of_class)
    q["luck_fresh"] = luck * math.sqrt(max(0.0, 1.0 - general - of_class))
    q["luck_half_variance"] = 0.5 * luck**2
    q["contact_lag"] = v[r + "contact_onset_days"]
    q["remission_severity"] = v[r + "remission_severity"]
    q["onset_severity"] = v[r + "onset_severity"]
    q["measurement_sd"] = v[r + "measurement_sd"]
    q["reference_log_severity"] = v[r + "reference_log_severity"]
    q["reference_severity"] = math.exp(v[r + "reference_log_severity"])
    q["reference_log_sd"] = v[r + "reference_log_sd"]
    q["hinge_width"] = v[r + "hinge_width"]
    q["knot_days"] = v[r + "knot_days"]
    q["grid_days"] = v[r + "knot_days"] / 4.0
    q["contact_fade"] = math.exp(-v[r + "knot_days"] / 4.0 / v[r + "contact_onset_days"])
    q["tolerance"] = v[r + "contact_tolerance"]
    q["worst_log_mean"] = v[r + "worst_log_severity_mean"]
    q["worst_log_sd"] = v[r + "worst_log_severity_sd"]
    q["band_limit"][:] = BAND_LIMITS
    usual = v["contacts.usual_care.level"]
    for n, name in enumerate(names.contacts):
        level = v[f"contacts.{name}.level"]
        if structure.contact_credit == "none" and name != "none":
            level = usual
        q["contact_level"][n] = level
    q["contact_none"] = names.contacts.index("none")
    q["contact_usual"] = names.contacts.index("usual_care")
    q["mechanisms"] = len(names.mechanisms)
    for n, name in enumerate(names.biotypes):
        shift = v[f"biotypes.{name}.log_severity_shift"]
        q["worst_log_shift"][n] = shift
        for side, end in (("low", "minimum"), ("high", "maximum")):
            z = (math.log(v[f"{r}worst_severity_{end}"]) - q["worst_log_mean"] - shift) / (
                q["worst_log_sd"]
            )
            q[f"worst_rank_{side}"][n] = stats.norm.cdf(z)
        q["biotype_relapse"][n] = v[f"biotypes.{name}.relapse_hazard_ratio"]
        q["biotype_dropout"][n] = v[f"biotypes.{name}.dropout_hazard_ratio"]


def _soft_floor_table(q: Any, softness: float) -> None:
    """Tabulate S / S_w = (1 + exp(depth / k))^-k and its slope per cell."""
    y = np.linspace(-FLOOR_REACH, FLOOR_REACH, FLOOR_CELLS + 1)
    value = np.exp(-softness * np.logaddexp(0.0, y))
    q["softness"] = softness
    q["floor_start"] = -FLOOR_REACH * softness
    q["floor_cells_per_depth"] = FLOOR_CELLS / (2.0 * FLOOR_REACH * softness)
    q["floor_value"][:] = value
    q["floor_slope"][:] = -softness * value / (1.0 + np.exp(-y)) * (y[1] - y[0])


def trait_factors(
    values: Mapping[str, float], structure: Structure, evidence: Evidence
) -> NDArray[np.float64]:
    """Return L with v = L f: mechanism traits from independent factors; rows have unit length.

    A sampled correlation matrix that is not positive definite is brought to the nearest that is by
    raising its negative eigenvalues to a small positive one and rescaling.
    """
    order = _cards(evidence.disease)["mechanisms"].order
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
    correlation = _cards(evidence.disease)["correlation"]
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


def _treatments(
    q: Any,
    v: Mapping[str, float],
    structure: Structure,
    names: _Names,
    evidence: Evidence,
    price: _Prices,
    card: Any,
) -> None:
    factors = trait_factors(v, structure, evidence)
    q["block_flag"][:] = -1
    q["extrapolation"][:] = 1.0
    wage = price(v, "economics.time.wage_per_hour")
    for n, name in enumerate(names.treatments):
        t = evidence.treatments[name]
        path = f"treatments.{name}."
        q["potency"][n] = v[path + "potency"]
        q["loss_share"][n], q["loss_threshold"][n] = loss_of_potency(v, structure, name)
        q["dose_slope"][n] = v[path + "engagement.dose_slope"]
        q["onset"][n] = v[path + "onset.theta_days"]
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
    q["community_settings"] = (1 << SETTINGS.index("home")) | (1 << SETTINGS.index("outpatient"))


def _traits(
    q: Any, n: int, t: Any, v: Mapping[str, float], names: _Names, factors: NDArray[np.float64]
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
    q: Any, n: int, t: Any, v: Mapping[str, float], price: _Prices, path: str, wage: float
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
    q["cost_booster"][n] = per_session
    q["time_booster"][n] = hours * wage
    q["cost_visit"][n] = price(v, path + "cost.visit")
    q["cost_drug"][n] = price(v, path + "cost.drug_per_month") / DAYS_PER_MONTH
    q["time_visit"][n] = v[path + "patient_time.hours_per_visit"] * wage


def _durability(
    q: Any, n: int, t: Any, v: Mapping[str, float], price: _Prices, path: str, names: _Names
) -> None:
    relapse = path + "durability.relapse_per_month."
    for k, period in enumerate(("months_0_2", "months_2_6", "months_6_12", "after_12")):
        q["treatment_relapse"][n, k] = v[relapse + period] / DAYS_PER_MONTH
    upkeep = path + "durability.maintenance."
    months = v[upkeep + "months"]
    q["upkeep_days"][n] = months * DAYS_PER_MONTH
    protects = months > 0.0 or t.kind == "booster"
    q["upkeep_ratio"][n] = v[upkeep + "hazard_ratio"] if protects else 1.0
    q["upkeep_cost"][n] = price(v, upkeep + "cost_per_month") / DAYS_PER_MONTH
    visits = v[upkeep + "visits_per_year"] / DAYS_PER_YEAR
    q["upkeep_visits"][n] = visits * price(v, path + "cost.visit")
    q["upkeep_contact"][n] = names.contacts.index(t.durability.maintenance.contact)


def _relapse(q: Any, v: Mapping[str, float], names: _Names) -> None:
    r = "disease.relapse."
    months = np.array([2.0, 6.0, 12.0, 24.0, math.inf])
    q["relapse_period_end"][:] = months * DAYS_PER_MONTH
    for k, period in enumerate(("months_0_2", "months_2_6", "months_6_12", "after_12")):
        q["natural_relapse"][k] = v[f"{r}natural.{period}"] / DAYS_PER_MONTH
    q["residual_ratio"] = v[r + "residual_hazard_ratio"]
    q["failed_line_ratio"] = v[r + "per_failed_line_hazard_ratio"]
    q["relapse_frailty_sd"] = v[r + "frailty_sd"]
    q["recovery_days"] = v[r + "recovery_days"]
    q["recurrence_rate"] = v[r + "recurrence_per_year"] / DAYS_PER_YEAR
    q["past_episode_ratio"] = v[r + "per_past_episode_hazard_ratio"]
    q["past_episode_cap"] = round(v[r + "past_episode_cap"])


def _mortality(q: Any, v: Mapping[str, float], evidence: Evidence) -> None:
    card = _cards(evidence.disease)["mortality"]
    ages, male, female = evidence.life_table(card.life_table)
    for sex, deaths in enumerate((female, male)):
        hazard = -np.log1p(-np.minimum(np.asarray(deaths, dtype=float), 0.999999))
        padded = np.full(AGES - 1, hazard[-1])
        padded[np.asarray(ages, dtype=int)[: AGES - 1]] = hazard[: AGES - 1]
        q["cumulative_mortality"][sex, 1:] = np.cumsum(padded)
    q["excess_mortality"] = max(0.0, v["disease.mortality.natural_hazard_ratio"] - 1.0)
    q["reversible_share"] = v["disease.mortality.reversible_share"]


def _crises(
    q: Any, v: Mapping[str, float], evidence: Evidence, country: Any, price: _Prices
) -> None:
    c = "disease.crisis."
    sexes = (v[c + "female_ratio"], v[c + "male_ratio"])
    for band, name in enumerate(SEVERITY_BANDS):
        attempts = v[f"{c}attempts_per_1000_years.{name}"] / 1000.0
        suicides = v[f"{c}suicides_per_100000_years.{name}"] / 100000.0
        q["attempt_rate"][band] = attempts / DAYS_PER_YEAR
        for sex, ratio in enumerate(sexes):
            q["attempt_fatality"][band, sex] = min(1.0, suicides * ratio / attempts)
    q["admission_share"] = v[c + "admission_share"]
    q["admission_days"] = v[c + "admission_days"]
    q["emergency_days"] = v[c + "emergency_days"]
    if "crisis" in _cards(evidence.economics)[country.care_costs].includes:
        return  # background care holds the cost of crises already: no second charge
    events = f"economics.{country.events}."
    q["cost_attempt"] = price(v, events + "crisis_attempt")
    q["cost_emergency"] = price(v, events + "emergency_visit")
    q["cost_admission_day"] = price(v, events + "admission_day")
    q["cost_suicide"] = price(v, events + "suicide_death")


def _care(q: Any, v: Mapping[str, float]) -> None:
    c = "disease.care_seeking."
    for band, name in enumerate(SEVERITY_BANDS[1:], start=1):
        q["ask_rate"][band] = v[f"{c}asks_per_year.{name}"] / DAYS_PER_YEAR
    q["ask_rate"][0] = q["ask_rate"][1]
    q["ask_again_rate"] = 1.0 / v[c + "asks_again_days"]
    q["switch_gap"] = v[c + "switch_gap_days"]
    q["return_rate"][0] = q["ask_again_rate"]
    for n, name in enumerate(("one", "two", "three"), start=1):
        q["leave_probability"][n] = v[f"{c}disengage_after_failures.{name}"]
        q["return_rate"][n] = 1.0 / v[f"{c}return_days.{name}"]
    q["leave_after_dropout"] = v[c + "disengage_after_dropout"]


def _economics(
    q: Any, v: Mapping[str, float], evidence: Evidence, country: Any, price: _Prices
) -> None:
    costs = f"economics.{country.care_costs}."
    for k, state in enumerate(("remission", "response", "depressed")):
        q["background_cost"][k] = price(v, f"{costs}per_year.{state}") / DAYS_PER_YEAR
    q["resistant_cost"] = price(v, costs + "resistant_addon_per_year") / DAYS_PER_YEAR
    q["resistant_failures"] = _cards(evidence.economics)[country.care_costs].resistant_failures
    utilities = f"economics.{country.utilities}."
    anchors = _cards(evidence.economics)[country.utilities].anchor_severity
    value = v[utilities + "remission"]
    q["utility_points"] = len(anchors)
    q["utility_severity"][: len(anchors)] = anchors
    q["utility_value"][0] = value
    for k, loss in enumerate(("loss_mild", "loss_moderate", "loss_severe"), start=1):
        value -= v[utilities + loss]
        q["utility_value"][k] = value
        q["utility_slope"][k - 1] = -v[utilities + loss] / (anchors[k] - anchors[k - 1])
    norms = _cards(evidence.economics)[country.utility_norms]
    work = _cards(evidence.economics)[country.productivity]
    edges = sorted({float(b.high) for b in norms.bands} | {float(b.high) for b in work.wages})
    q["age_bands"] = len(edges)
    q["age_band_high"][: len(edges)] = [edge + 1.0 for edge in edges]
    for k, edge in enumerate(edges):
        norm = _band_at(norms.bands, edge)
        wages = _band_at(work.wages, edge)
        for sex, word in enumerate(("female", "male")):
            where = f"economics.{country.utility_norms}.bands.{norm}.{word}"
            q["utility_norm"][sex, k] = v[where]
            where = f"economics.{country.productivity}.wages.{wages}.{word}"
            wage = price(v, where) / DAYS_PER_YEAR
            well = v[f"economics.{country.productivity}.loss_share.remission"]
            for kind, name in enumerate(("remission", "response", "depressed")):
                share = v[f"economics.{country.productivity}.loss_share.{name}"] - well
                q["productivity_cost"][kind, sex, k] = share * wage
    q["lowest_norm"] = q["utility_norm"][:, : len(edges)].min()


def _band_at(bands: Any, age: float) -> str:
    """Return the name of the band an age lies in; the last one for older ages."""
    for band in bands:
        if age <= band.high:
            return str(band.name)
    return str(bands[-1].name)


def _population(
    q: Any, v: Mapping[str, float], evidence: Evidence, population: str, names: _Names
) -> None:
    card = _cards(evidence.population)[population]
    p = f"population.{population}."
    q["female_share"] = v[p + "female_share"]
    q["age_groups"] = len(card.age_bands)
    for k, band in enumerate(card.age_bands):
        q["age_group_share"][k] = v[f"{p}age_bands.{band.name}.share"]
        q["age_group_low"][k], q["age_group_high"][k] = band.low, band.high + 1.0
    q["biotypes"] = len(names.biotypes)
    for k, name in enumerate(names.biotypes):
        q["biotype_share"][k] = v[f"biotypes.{name}.share"]
    for k, flag in enumerate(FLAGS):
        q["flag_share"][k] = v[f"{p}flags.{flag}"]
    for k, name in enumerate(("none", "one", "two", "three")):
        q["failure_share"][k] = v[f"{p}history.failures.{name}"]
    courses = [names.treatments.index(name) for name in card.history.courses]
    q["history_course"][:] = [courses[min(k, len(courses) - 1)] for k in range(4)]
    q["stock_days"] = v[p + "history.stock_years"] * DAYS_PER_YEAR
    q["past_episodes_mean"] = v[p + "history.past_episodes_mean"]
    q["in_care_share"] = v[p + "in_care_share"]
    for field in ("age_group_share", "biotype_share", "failure_share"):
        q[field] /= q[field].sum()


def _require_finite(record: Record) -> None:
    for name in PARAMETERS.names or ():
        field = record[name]
        if field.dtype.kind == "f" and np.isnan(field).any():
            raise InputError(f"parameter {name} is not a number")


def compile_strategy(strategy: CompiledStrategy) -> Record:
    """Return a compiled strategy as one record.

    Raises:
        InputError: more rules than the record holds.
    """
    count = len(strategy.treat)
    if count > MAX_RULES:
        raise InputError(
            f"strategy {strategy.id}: {count} rules with those of `then`, at most {MAX_RULES}"
        )
    s = np.zeros(1, dtype=STRATEGY)
    row = s[0]
    row["rules"] = count
    columns = {
        "treat": strategy.treat, "wait_days": strategy.wait_days,
        "wait_contact": strategy.wait_contact, "line_min": strategy.line_min,
        "line_max": strategy.line_max, "step_min": strategy.step_min,
        "step_max": strategy.step_max, "severity_min": strategy.severity_min,
        "severity_max": strategy.severity_max, "biotypes": strategy.biotype_mask,
        "settings": strategy.setting_mask, "flags_all": strategy.flags_all,
        "flags_none": strategy.flags_none, "tried_all": strategy.tried_all,
        "not_tried": strategy.not_tried, "last_outcomes": strategy.last_outcome_mask,
        "may_repeat": strategy.repeat,
    }  # fmt: skip
    for name, column in columns.items():
        row[name][:count] = column
    row["stop_improvement"] = np.nan_to_num(strategy.stop_improvement_below, nan=0.0)
    row["stop_after_days"] = np.nan_to_num(strategy.stop_after_days, nan=math.inf)
    row["on_response"] = strategy.on_response
    row["on_relapse"] = strategy.on_relapse
    row["after_last"] = strategy.after_last
    row["booster"][:] = -1
    row["booster"][: len(strategy.booster)] = strategy.booster
    row["booster_days"][: len(strategy.every_days)] = strategy.every_days
    return s
