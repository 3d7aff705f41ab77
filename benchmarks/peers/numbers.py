"""What the peers are given: the numbers of the cards and the patients at entry, as plain values.

The same numbers as the compiled rules read, in the types that a user of Mesa or SimPy would hold
them in: floats, tuples, one object a drug. The formulas of the disease stand here once for the two
peers that work patient by patient; the peer that works on arrays writes them for arrays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from popmodel.parameters import Parameters
from popmodel.randomness import normal, subject_salt
from popmodel.units import DAYS_PER_YEAR

DRUGS = ("escitalopram", "second_antidepressant", "augmentation")
FEMALE, MALE = 0, 1
NONE, FAILED, DROPPED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Drug:
    """A course of medicine."""

    potency: float
    severity_slope: float
    biotype_shift: tuple[float, ...]
    onset_days: float
    contact: float
    assess_days: float
    visit_days: tuple[float, ...]
    dropout_per_day: float
    relapse_per_day: tuple[float, ...]
    upkeep_ratio: float
    upkeep_days: float
    upkeep_contact: float
    upkeep_drug_per_day: float
    upkeep_visits_per_day: float
    harms: tuple[tuple[float, float, float], ...]
    cost_visit: float
    cost_time: float
    drug_per_day: float
    needs_failures: int
    after: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Everything a plain model of depression care needs to know."""

    horizon: float
    discount_costs: float
    discount_health: float
    drugs: tuple[Drug, ...]
    # disease
    depth_mean: float
    depth_moving: float
    persistence: float
    innovation: float
    softness: float
    knot_days: float
    remission: float
    onset_ln: float
    reference_ln: float
    reference_sd: float
    luck_general: float
    luck_class: float
    luck_fresh: float
    worst_ln_mean: tuple[float, ...]
    worst_ln_sd: float
    worst_ln_range: tuple[float, float]
    band_limits: tuple[float, ...]
    # contact
    contact_none: float
    contact_usual: float
    contact_lag: float
    # relapse
    natural_relapse: tuple[float, ...]
    period_end: tuple[float, ...]
    residual_ratio: float
    failed_line_ratio: float
    biotype_relapse: tuple[float, ...]
    biotype_dropout: tuple[float, ...]
    frailty_sd: float
    recovery_days: float
    recurrence_per_day: float
    past_ratio: float
    past_cap: int
    # death and crisis
    death_per_day: tuple[tuple[float, ...], ...]
    attempt_per_day: tuple[float, ...]
    attempt_fatal: tuple[tuple[float, float], ...]
    admission_share: float
    admission_days: float
    emergency_days: float
    cost_attempt: float
    cost_emergency: float
    cost_admission_day: float
    cost_suicide: float
    # care
    ask_per_day: tuple[float, ...]
    return_per_day: tuple[float, ...]
    ask_again_per_day: float
    leave_after_failures: tuple[float, ...]
    leave_after_dropout: float
    gap_days: float
    # money and health
    background: tuple[float, ...]
    resistant_addon: float
    productivity: tuple[tuple[tuple[float, ...], ...], ...]
    utility_scores: tuple[float, ...]
    utility_values: tuple[float, ...]
    utility_norm: tuple[tuple[float, ...], ...]
    age_limits: tuple[float, ...]

    def severity(self, ln_worst: float, depth: float) -> float:
        """Return the score (MADRS) at a hidden depth."""
        x = depth / self.softness
        fall = depth if x > 36.0 else self.softness * math.log1p(math.exp(x))
        return math.exp(ln_worst - fall)

    def band(self, severity: float) -> int:
        """Return the severity band of a score."""
        for band, limit in enumerate(self.band_limits):
            if severity <= limit:
                return band
        return len(self.band_limits)

    def age_group(self, age: float) -> int:
        """Return the age group of the norms and wages."""
        for group, limit in enumerate(self.age_limits):
            if age < limit:
                return group
        return len(self.age_limits) - 1

    def utility(self, severity: float, sex: int, age_group: int) -> float:
        """Return the utility of a score, at most that of the general population."""
        scores, values = self.utility_scores, self.utility_values
        norm = self.utility_norm[sex][age_group]
        if severity <= scores[0]:
            return min(values[0], norm)
        for n in range(1, len(scores)):
            if severity <= scores[n]:
                share = (severity - scores[n - 1]) / (scores[n] - scores[n - 1])
                return min(values[n - 1] + share * (values[n] - values[n - 1]), norm)
        return min(values[-1], norm)

    def gain(self, patient: Any, drug: int, severity: float, fresh: float) -> float:
        """Return the effect of a course at full uptake; `fresh` is the luck of this attempt."""
        d = self.drugs[drug]
        z = (math.log(severity) - self.reference_ln) / self.reference_sd
        kept = 1.0 + d.severity_slope * z + d.biotype_shift[patient.biotype]
        if kept <= 0.0:
            return 0.0
        x = (
            self.luck_general * patient.trait
            + self.luck_class * patient.class_trait[drug]
            + self.luck_fresh * fresh
        )
        variance = self.luck_general**2 + self.luck_class**2 + self.luck_fresh**2
        return d.potency * kept * math.exp(x - 0.5 * variance)

    def relapse_per_day(self, patient: Any, days_well: float) -> float:
        """Return the relapse hazard of a spell, without maintenance."""
        period = 0
        while days_well >= self.period_end[period]:
            period += 1
        if period == len(self.period_end) - 1:
            past = min(patient.past_episodes, self.past_cap)
            return self.recurrence_per_day * self.past_ratio**past * patient.frailty
        base = (
            self.natural_relapse if patient.cause < 0 else self.drugs[patient.cause].relapse_per_day
        )
        rate = base[period] * self.failed_line_ratio ** min(patient.failures, 4)
        return rate * self.biotype_relapse[patient.biotype] * patient.frailty

    def truncated_normal(self, top: float, rng: Any) -> float:
        """Return a standard normal below `top`, by trying (or at `top` when it lies far out)."""
        if top < -4.0:
            return top
        while True:
            z = rng.gauss(0.0, 1.0)
            if z < top:
                return float(z)

    def onset_swing(self, patient: Any, contact: float, rng: Any) -> float:
        """Return the moving part of depth when an episode begins: the score is above 12."""
        fall = patient.ln_worst - self.onset_ln
        limit = self.softness * math.log(math.expm1(fall / self.softness)) if fall > 0.0 else -40.0
        return self.truncated_normal(
            (limit - patient.base_depth - contact) / self.depth_moving, rng
        )

    def worst(self, biotype: int, rng: Any) -> float:
        """Return ln of the worst score of a new episode, cut to the scale."""
        low, high = self.worst_ln_range
        while True:
            x = rng.gauss(self.worst_ln_mean[biotype], self.worst_ln_sd)
            if low <= x <= high:
                return float(x)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The patients at entry, one array a fact."""

    age: Any
    sex: Any
    biotype: Any
    trait: Any
    class_trait: Any
    base_depth: Any
    ln_worst: Any
    swing: Any
    contact: Any
    phase: Any
    failures: Any
    resistant: Any
    past_episodes: Any
    tried: Any
    previous: Any
    in_care: Any
    left_before: Any

    def __len__(self) -> int:
        return len(self.age)


def numbers_of(parameters: Parameters) -> Numbers:
    """Return the numbers of one structure.

    Raises:
        ValueError: a card now holds something that the peers do not model.
    """
    q = parameters.record[0]
    at = [parameters.treatments.index(name) for name in DRUGS]
    _require_simple(q, at)
    hazard = np.diff(q["cumulative_mortality"], axis=1) / DAYS_PER_YEAR
    bands, points = int(q["age_bands"]), int(q["utility_points"])
    types = int(q["biotypes"])
    shift = q["worst_log_mean"] + q["worst_log_shift"][:types]
    return Numbers(
        horizon=float(q["horizon"]),
        discount_costs=float(q["discount_costs"]),
        discount_health=float(q["discount_health"]),
        drugs=tuple(_drug(q, n, at) for n in at),
        depth_mean=float(q["depth_mean"]),
        depth_moving=float(q["depth_moving"]),
        persistence=float(q["persistence"]),
        innovation=float(q["innovation"]),
        softness=float(q["softness"]),
        knot_days=float(q["knot_days"]),
        remission=float(q["remission_severity"]),
        onset_ln=math.log(q["onset_severity"]),
        reference_ln=float(q["reference_log_severity"]),
        reference_sd=float(q["reference_log_sd"]),
        luck_general=float(q["luck_general"]),
        luck_class=float(q["luck_class"]),
        luck_fresh=float(q["luck_fresh"]),
        worst_ln_mean=tuple(shift.tolist()),
        worst_ln_sd=float(q["worst_log_sd"]),
        worst_ln_range=(_worst_end(q, "low"), _worst_end(q, "high")),
        band_limits=tuple(q["band_limit"].tolist()),
        contact_none=float(q["contact_level"][q["contact_none"]]),
        contact_usual=float(q["contact_level"][q["contact_usual"]]),
        contact_lag=float(q["contact_lag"]),
        natural_relapse=tuple(q["natural_relapse"].tolist()),
        period_end=tuple(q["relapse_period_end"].tolist()),
        residual_ratio=float(q["residual_ratio"]),
        failed_line_ratio=float(q["failed_line_ratio"]),
        biotype_relapse=tuple(q["biotype_relapse"][:types].tolist()),
        biotype_dropout=tuple(q["biotype_dropout"][:types].tolist()),
        frailty_sd=float(q["relapse_frailty_sd"]),
        recovery_days=float(q["recovery_days"]),
        recurrence_per_day=float(q["recurrence_rate"]),
        past_ratio=float(q["past_episode_ratio"]),
        past_cap=int(q["past_episode_cap"]),
        death_per_day=_tuples(hazard * (1.0 + q["excess_mortality"])),
        attempt_per_day=tuple(q["attempt_rate"].tolist()),
        attempt_fatal=_tuples(q["attempt_fatality"]),
        admission_share=float(q["admission_share"]),
        admission_days=float(q["admission_days"]),
        emergency_days=float(q["emergency_days"]),
        cost_attempt=float(q["cost_attempt"]),
        cost_emergency=float(q["cost_emergency"]),
        cost_admission_day=float(q["cost_admission_day"]),
        cost_suicide=float(q["cost_suicide"]),
        ask_per_day=tuple(q["ask_rate"].tolist()),
        return_per_day=tuple(q["return_rate"].tolist()),
        ask_again_per_day=float(q["ask_again_rate"]),
        leave_after_failures=tuple(q["leave_probability"].tolist()),
        leave_after_dropout=float(q["leave_after_dropout"]),
        gap_days=float(q["switch_gap"]),
        background=tuple(q["background_cost"].tolist()),
        resistant_addon=float(q["resistant_cost"]),
        productivity=_tuples(q["productivity_cost"][:, :, :bands]),
        utility_scores=tuple(q["utility_severity"][:points].tolist()),
        utility_values=tuple(q["utility_value"][:points].tolist()),
        utility_norm=_tuples(q["utility_norm"][:, :bands]),
        age_limits=tuple(q["age_band_high"][:bands].tolist()),
    )


def _drug(q: Any, n: int, at: list[int]) -> Drug:
    visits = int(q["visits"][n])
    return Drug(
        potency=float(q["potency"][n]),
        severity_slope=-float(q["loss_share"][n]),
        biotype_shift=tuple(q["biotype_shift"][n].tolist()),
        onset_days=float(q["onset"][n]),
        contact=float(q["contact_level"][q["contact"][n]]),
        assess_days=float(q["assess_days"][n]),
        visit_days=tuple(q["visit_day"][n, :visits].tolist()),
        dropout_per_day=float(q["dropout_rate"][n]),
        relapse_per_day=tuple(q["treatment_relapse"][n].tolist()),
        upkeep_ratio=float(q["upkeep_ratio"][n]),
        upkeep_days=float(q["upkeep_days"][n]),
        upkeep_contact=float(q["contact_level"][q["upkeep_contact"][n]]),
        upkeep_drug_per_day=float(q["upkeep_cost"][n]),
        upkeep_visits_per_day=float(q["upkeep_visits"][n]),
        harms=tuple(
            (float(p), float(cost), float(loss))
            for p, cost, loss in zip(
                q["harm_probability"][n], q["harm_cost"][n], q["harm_loss"][n], strict=True
            )
            if p > 0.0
        ),
        cost_visit=float(q["cost_visit"][n]),
        cost_time=float(q["time_visit"][n]),
        drug_per_day=float(q["cost_drug"][n]),
        needs_failures=int(q["minimum_failures"][n]),
        after=tuple(k for k, m in enumerate(at) if (int(q["after"][n]) >> m) & 1),
    )


def _worst_end(q: Any, end: str) -> float:
    """Return ln of an end of the scale that worst scores are cut to."""
    z = float(stats.norm.ppf(q[f"worst_rank_{end}"][0]))
    return float(q["worst_log_mean"] + q["worst_log_shift"][0] + q["worst_log_sd"] * z)


def _require_simple(q: Any, at: list[int]) -> None:
    """Refuse cards that say more than the peers model: a comparison would not be fair."""
    absent = (
        "dose_slope", "dropout_slope", "session_days", "cost_course", "harm_fatal", "block_share",
        "excluded_flags", "required_flags",
    )  # fmt: skip
    more = [name for name in absent if np.any(q[name][at] != 0.0)]
    if np.any(q["loss_share"][at] > 0.0):
        more.append("loss_share")
    if np.any(q["extrapolation"][at] != 1.0):
        more.append("extrapolation")
    if q["reversible_share"] != 0.0:
        more.append("reversible_share")
    if more:
        raise ValueError(f"the peers do not model {', '.join(more)}")


def _tuples(array: Any) -> Any:
    """Return nested tuples of floats."""
    return tuple(_tuples(row) for row in array) if np.ndim(array) > 1 else tuple(array.tolist())


def arrivals_of(population: Any, parameters: Parameters) -> Arrivals:
    """Return the patients at entry; what happens after it the peers draw themselves."""
    q = parameters.record[0]
    at = [parameters.treatments.index(name) for name in DRUGS]
    salt = subject_salt("class trait factor", "")
    factors = np.array(
        [[normal(key, salt, m) for m in range(q["mechanisms"])] for key in population["key"]]
    )
    weights = q["trait_weight"][at, : q["mechanisms"]]
    tried = np.stack([(population["tried"] >> n) & 1 for n in at], axis=1).astype(bool)
    previous = np.full(len(population), -1)
    for k, n in enumerate(at):
        previous[population["previous"] == n] = k
    care_wait, ask_left = 1, 1
    return Arrivals(
        age=population["age"].astype(float),
        sex=population["sex"].astype(int),
        biotype=population["biotype"].astype(int),
        trait=population["trait"].astype(float),
        class_trait=factors @ weights.T,
        base_depth=q["depth_mean"] + q["depth_persistent"] * population["trait"],
        ln_worst=np.log(population["worst"]),
        swing=population["swing"].astype(float),
        contact=population["contact"].astype(float),
        phase=population["phase"].astype(float),
        failures=population["failures"].astype(int),
        resistant=(population["failures"] >= q["resistant_failures"]).astype(int),
        past_episodes=population["past_episodes"].astype(int),
        tried=tried,
        previous=previous,
        in_care=population["care"] == care_wait,
        left_before=population["ask_mode"] == ask_left,
    )
