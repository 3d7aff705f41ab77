"""The same work on NumPy arrays, as a cohort of people: one array a fact, one pass a week.

What happens to everybody is done on whole arrays, what happens to few on their positions.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from benchmarks.peers import outcome as o
from benchmarks.peers.numbers import DROPPED, DRUGS, FAILED, NONE, Arrivals, Numbers

WEEK = 7.0
OUT, WAIT, COURSE, AFTER, LAST = range(5)


class Cohort:
    """Everybody, as arrays."""

    def __init__(self, arrivals: Arrivals, numbers: Numbers, seed: int) -> None:
        self.n = numbers
        self.rng = np.random.default_rng(seed)
        self.size = size = len(arrivals)
        self.day, self.days = 0.0, WEEK
        self.drugs = _columns(numbers)
        self.fade = math.exp(-WEEK / numbers.contact_lag)
        self.death_chance = -np.expm1(-np.array(numbers.death_per_day) * WEEK)
        self.attempt_chance = -np.expm1(-np.array(numbers.attempt_per_day) * WEEK)
        self.age = np.array(arrivals.age)
        self.sex = arrivals.sex
        self.biotype = arrivals.biotype
        self.trait = arrivals.trait
        self.class_trait = arrivals.class_trait
        self.base_depth = arrivals.base_depth
        self.ln_worst = np.array(arrivals.ln_worst)
        self.swing = np.array(arrivals.swing)
        self.contact = np.array(arrivals.contact)
        self.phase = arrivals.phase
        self.failures = np.array(arrivals.failures)
        self.resistant = arrivals.resistant
        self.past_episodes = np.array(arrivals.past_episodes)
        self.tried = np.array(arrivals.tried)
        self.previous = np.array(arrivals.previous)
        self.last_outcome = np.where(self.previous >= 0, FAILED, NONE)
        s = numbers.frailty_sd
        self.frailty = np.exp(self.rng.normal(-0.5 * s * s, s, size))
        self.care = np.where(arrivals.in_care, WAIT, OUT)
        self.asked_before = np.array(arrivals.left_before)
        self.relapsed = np.zeros(size, bool)
        self.target = np.full(size, numbers.contact_none)
        self.due = np.where(arrivals.in_care, 0.0, np.inf)
        self.knot = np.zeros(size, int)
        self.drug = np.full(size, -1)
        self.started = np.zeros(size)
        self.gain = np.zeros(size)
        self.held = np.zeros(size, bool)
        self.cause = np.full(size, -1)
        self.worked = np.full(size, -1)
        self.keeper = np.full(size, -1)
        self.kept_until = np.full(size, -np.inf)
        self.well_since = np.full(size, np.inf)
        self.remitted = np.zeros(size, bool)
        self.well_contact = np.zeros(size)
        self.crisis_until = np.full(size, -np.inf)
        self.dies = np.zeros(size, bool)
        self.relapses = np.zeros(size, bool)
        self.drops = np.zeros(size, bool)
        self.alive = np.ones(size, bool)
        everybody = np.arange(size)
        self.severity = self.score(everybody)
        self.reference = self.severity.copy()
        self.cost = np.zeros((len(o.COSTS), size))
        self.qaly = np.zeros(size)
        self.remission_days = np.zeros(size)
        self.remitted_12m = np.zeros(size, bool)
        self.courses = np.zeros(size, int)
        self.weekly: list[Any] = []

    # ---------------------------------------------------------------- disease

    def score(self, i: Any, contact: Any = None) -> Any:
        """Return the scores of some patients, under their present contact or another."""
        n = self.n
        contact = self.contact if contact is None else contact
        effect = self.gain[i]
        on = np.flatnonzero(self.care[i] == COURSE)
        who = i[on]
        lag = self.drugs["onset"][self.drug[who]]
        effect[on] *= 1.0 - np.exp(-(self.day - self.started[who]) / lag)
        depth = self.base_depth[i] + n.depth_moving * self.swing[i] + contact[i] + effect
        fall = n.softness * np.logaddexp(0.0, depth / n.softness)
        return np.exp(self.ln_worst[i] - fall)

    def step(self) -> None:
        """Live one week."""
        self.days = min(WEEK, self.n.horizon - self.day)
        self.alive &= ~self.dies
        self.relapse(np.flatnonzero(self.relapses & self.alive))
        self.drop_out(np.flatnonzero(self.drops & self.alive))
        self.move_depth()
        self.follow_care()
        self.read(np.flatnonzero(self.alive & ~self.remitted))
        self.hold(np.flatnonzero(self.alive & self.remitted & (self.care == COURSE)))
        self.pay_and_gain()
        self.tempt_fate()
        self.count()
        self.day += self.days

    def move_depth(self) -> None:
        """Move contact, and the hidden depth once a month."""
        n = self.n
        knot = np.floor((self.day - self.phase) / n.knot_days).astype(int) + 1
        i = np.flatnonzero((knot > self.knot) & ~self.remitted & self.alive)
        self.swing[i] = n.persistence * self.swing[i] + n.innovation * self.rng.standard_normal(
            len(i)
        )
        self.knot = knot
        self.contact = self.target + (self.contact - self.target) * self.fade

    def read(self, i: Any) -> None:
        """Read severity; remission begins at 10."""
        n, drugs = self.n, self.drugs
        severity = self.score(i)
        self.severity[i] = severity
        i = i[severity <= n.remission]
        self.remitted[i] = True
        self.well_contact[i] = self.contact[i]
        self.reference[i] = self.severity[i]
        self.well_since[i] = self.day
        self.held[i] = False
        on = self.care[i] == COURSE
        helped = self.gain[i] > 0.0
        self.cause[i] = np.where(helped, np.where(on, self.drug[i], self.worked[i]), -1)
        c = i[on & helped]
        d = self.drug[c]
        self.worked[c] = self.keeper[c] = d
        self.kept_until[c] = self.started[c] + drugs["assess"][d] + drugs["upkeep_days"][d]
        self.kept_until[i[~(on & helped) & ~((self.care[i] == AFTER) & helped)]] = -np.inf
        self.gain[i[~on]] = 0.0
        self.target[i[(self.care[i] == LAST) | (self.care[i] == OUT)]] = n.contact_none

    def hold(self, i: Any) -> None:
        """Let a course go on working inside a remission."""
        self.reference[i] = self.score(i, self.well_contact)

    def relapse(self, i: Any) -> None:
        """Fall ill again, or lose a response that was held."""
        n = self.n
        self.gain[i] = 0.0
        self.held[i] = False
        self.kept_until[i] = -np.inf
        ill = i[self.remitted[i]]
        new = ill[self.day - self.well_since[ill] >= n.recovery_days]
        self.past_episodes[new] += 1
        self.ln_worst[new] = self.worst(self.biotype[new])
        self.failures[new] = 0
        self.tried[new] = False
        self.last_outcome[new] = NONE
        self.remitted[ill] = False
        self.swing[ill] = self.onset_swing(ill)
        self.severity[ill] = self.reference[ill] = self.score(ill)
        back = i[(self.care[i] == AFTER) | (self.care[i] == LAST)]
        self.relapsed[back] = True
        self.wait(back, n.gap_days)
        out = i[self.care[i] == OUT]
        self.relapsed[out] |= self.asked_before[out]

    def worst(self, biotype: Any) -> Any:
        """Return ln of the worst scores of new episodes, cut to the scale."""
        n = self.n
        mean = np.array(n.worst_ln_mean)[biotype]
        low, high = n.worst_ln_range
        x = self.rng.normal(mean, n.worst_ln_sd)
        while (outside := np.flatnonzero((x < low) | (x > high))).size:
            x[outside] = self.rng.normal(mean[outside], n.worst_ln_sd)
        return x

    def onset_swing(self, i: Any) -> Any:
        """Return the moving part of depth when an episode begins: the score is above 12."""
        n = self.n
        fall = self.ln_worst[i] - n.onset_ln
        with np.errstate(divide="ignore", invalid="ignore"):
            limit = n.softness * np.log(np.expm1(fall / n.softness))
        limit = np.where(fall > 0.0, limit, -40.0)
        top = (limit - self.base_depth[i] - self.contact[i]) / n.depth_moving
        z = np.where(top < -4.0, top, self.rng.standard_normal(len(i)))
        while (over := np.flatnonzero(z > top)).size:
            z[over] = self.rng.standard_normal(len(over))
        return z

    # ---------------------------------------------------------------- care

    def follow_care(self) -> None:
        """Do what falls due: decisions, visits, judgements, the end of maintenance."""
        day, drugs = self.day, self.drugs
        on = np.flatnonzero((self.care == COURSE) & self.alive)
        d = self.drug[on]
        since = day - self.started[on]
        self.visit(on[(drugs["visit_days"][d] == since[:, None]).any(axis=1)])
        self.judge(on[since >= drugs["assess"][d]])
        self.decide(np.flatnonzero((self.care == WAIT) & (self.due <= day) & self.alive))
        over = (self.care == AFTER) & (self.kept_until <= day) & (self.kept_until > -np.inf)
        over = np.flatnonzero(over & self.alive)
        self.kept_until[over] = -np.inf
        self.leave(over[self.remitted[over]])
        self.target[over[~self.remitted[over]]] = self.n.contact_usual

    def decide(self, i: Any) -> None:
        """Offer the next medicine, or what worked before."""
        self.read(i[~self.remitted[i]])
        self.leave(i[self.remitted[i]])
        i = i[~self.remitted[i]]
        self.asked_before[i] = True
        choice = np.full(len(i), -1)
        again = self.relapsed[i] & (self.worked[i] >= 0)
        for drug in range(len(DRUGS)):
            may = self.may_have(i, drug)
            choice[again & may & (self.worked[i] == drug)] = drug
        for drug in range(len(DRUGS)):
            choice[(choice < 0) & ~self.tried[i, drug] & self.may_have(i, drug)] = drug
        self.relapsed[i] = False
        self.start(i[choice >= 0], choice[choice >= 0])
        last = i[choice < 0]
        self.care[last] = LAST
        self.gain[last] = 0.0
        self.target[last] = self.n.contact_usual

    def may_have(self, i: Any, drug: int) -> Any:
        """Tell whom the card admits."""
        d = self.n.drugs[drug]
        may = self.failures[i] >= d.needs_failures
        if d.after:
            may &= (self.last_outcome[i] != DROPPED) & np.isin(self.previous[i], d.after)
        return may

    def start(self, i: Any, drug: Any) -> None:
        """Begin courses."""
        n, drugs, rng = self.n, self.drugs, self.rng
        severity = self.score(i)
        self.severity[i] = self.reference[i] = severity
        z = (np.log(severity) - n.reference_ln) / n.reference_sd
        kept = 1.0 + drugs["slope"][drug] * z + drugs["shift"][drug, self.biotype[i]]
        x = (
            n.luck_general * self.trait[i]
            + n.luck_class * self.class_trait[i, drug]
            + n.luck_fresh * rng.standard_normal(len(i))
        )
        variance = n.luck_general**2 + n.luck_class**2 + n.luck_fresh**2
        luck = np.exp(x - 0.5 * variance)
        self.gain[i] = drugs["potency"][drug] * np.maximum(kept, 0.0) * luck
        self.care[i] = COURSE
        self.drug[i] = drug
        self.started[i] = self.day
        self.tried[i, drug] = True
        self.target[i] = drugs["contact"][drug]
        self.courses[i] += 1
        self.held[i] = False
        worth_cost = math.exp(-n.discount_costs * self.day)
        worth_health = math.exp(-n.discount_health * self.day)
        for k in range(drugs["harm"].shape[1]):
            probability, cost, loss = drugs["harm"][drug, k].T
            hurt = rng.random(len(i)) < probability
            self.cost[o.ADVERSE, i] += hurt * cost * worth_cost
            self.qaly[i] -= hurt * loss * worth_health
        self.visit(i)

    def visit(self, i: Any) -> None:
        """Pay visits."""
        d = self.drug[i]
        worth = math.exp(-self.n.discount_costs * self.day)
        self.cost[o.VISITS, i] += self.drugs["cost_visit"][d] * worth
        self.cost[o.PATIENT_TIME, i] += self.drugs["cost_time"][d] * worth

    def judge(self, i: Any) -> None:
        """Judge courses: remission, response or failure."""
        n, drugs = self.n, self.drugs
        self.hold(i[self.remitted[i]])
        self.read(i[~self.remitted[i]])
        drug = self.drug[i]
        effect = self.gain[i] * (1.0 - np.exp(-(self.day - self.started[i]) / drugs["onset"][drug]))
        well = self.remitted[i]
        responded = well | (self.severity[i] <= 0.5 * self.reference[i])
        worked = self.gain[i] > 0.0
        self.previous[i] = drug
        self.last_outcome[i] = np.where(responded, NONE, FAILED)
        self.drug[i] = -1
        failed = i[~responded]
        self.gain[failed] = 0.0
        self.failures[failed] += 1
        chance = np.array(n.leave_after_failures)[np.minimum(self.failures[failed], 3)]
        leaves = self.rng.random(len(failed)) < chance
        self.leave(failed[leaves])
        self.wait(failed[~leaves], n.gap_days)
        self.care[i[responded]] = AFTER
        w = i[responded & worked]
        dw = drug[responded & worked]
        self.worked[w] = self.keeper[w] = dw
        self.kept_until[w] = self.day + drugs["upkeep_days"][dw]
        self.target[w] = drugs["upkeep_contact"][dw]
        self.kept_until[i[responded & ~worked]] = -np.inf
        self.gain[i[well]] = 0.0
        self.leave(i[well & ~worked])
        part = responded & ~well
        self.gain[i[part]] = effect[part]
        self.held[i[part]] = True
        self.cause[i[part]] = np.where(worked[part], drug[part], -1)
        self.well_since[i[part]] = self.day
        self.target[i[part & ~worked]] = n.contact_usual

    def drop_out(self, i: Any) -> None:
        """Stop courses early."""
        n = self.n
        self.previous[i] = self.drug[i]
        self.last_outcome[i] = DROPPED
        self.drug[i] = -1
        self.gain[i] = 0.0
        self.kept_until[i] = -np.inf
        leaves = self.remitted[i] | (self.rng.random(len(i)) < n.leave_after_dropout)
        self.leave(i[leaves])
        self.wait(i[~leaves], n.gap_days)

    def wait(self, i: Any, days: Any) -> None:
        """Wait for the next decision."""
        self.care[i] = WAIT
        self.due[i] = self.day + days
        self.gain[i] = 0.0
        self.target[i] = self.n.contact_usual
        ill = i[~self.remitted[i]]
        self.severity[ill] = self.reference[ill] = self.score(ill)

    def leave(self, i: Any) -> None:
        """Leave care."""
        self.care[i] = OUT
        self.relapsed[i] = False
        self.asked_before[i] = True
        self.target[i] = self.n.contact_none

    # ---------------------------------------------------------------- the week

    def pay_and_gain(self) -> None:
        """Charge what flows during the week, and count its health."""
        n, drugs = self.n, self.drugs
        alive = self.alive
        worth_cost = math.exp(-n.discount_costs * self.day) * _annuity(n.discount_costs, self.days)
        worth_health = math.exp(-n.discount_health * self.day) * _annuity(
            n.discount_health, self.days
        )
        responding = ~self.remitted & (self.severity <= 0.5 * self.reference)
        kind = np.where(self.remitted, 0, np.where(responding, 1, 2))
        group = np.searchsorted(n.age_limits, self.age, side="right")
        group = np.minimum(group, len(n.age_limits) - 1)
        background = np.array(n.background)[kind] + self.resistant * n.resistant_addon
        self.cost[o.BACKGROUND] += alive * background * worth_cost
        lost_work = np.array(n.productivity)[kind, self.sex, group]
        self.cost[o.PRODUCTIVITY] += alive * lost_work * worth_cost
        on = np.flatnonzero(alive & (self.care == COURSE))
        self.cost[o.DRUG_COST, on] += drugs["drug_per_day"][self.drug[on]] * worth_cost
        kept = (self.care == AFTER) & (self.worked >= 0) & (self.day < self.kept_until)
        kept = np.flatnonzero(alive & kept)
        w = self.worked[kept]
        self.cost[o.DRUG_COST, kept] += drugs["upkeep_drug"][w] * worth_cost
        self.cost[o.VISITS, kept] += drugs["upkeep_visits"][w] * worth_cost
        score = np.where(self.remitted, self.reference, self.severity)
        utility = np.interp(score, n.utility_scores, n.utility_values)
        utility = np.minimum(utility, np.array(n.utility_norm)[self.sex, group])
        self.qaly += alive * utility * worth_health / o.YEAR
        well = alive & self.remitted
        self.remission_days += well * self.days
        if self.day <= 365.0 < self.day + self.days:
            self.remitted_12m = well
        self.age += self.days / o.YEAR

    def count(self) -> None:
        """Count patients by state."""
        n = self.n
        state = np.select(
            [
                ~self.alive,
                self.crisis_until > self.day,
                self.remitted & (self.day - self.well_since >= n.recovery_days),
                self.remitted,
                self.severity <= 0.5 * self.reference,
                self.care == COURSE,
                self.care == WAIT,
            ],
            [o.DEAD, o.IN_CRISIS, o.RECOVERED, o.REMITTED, o.RESPONDING, o.ON_COURSE, o.WAITING],
            o.UNTREATED,
        )
        self.weekly.append(np.bincount(state, minlength=len(o.STATES)))

    def tempt_fate(self) -> None:
        """Draw what may happen this week."""
        n, rng, size = self.n, self.rng, self.size
        year = np.minimum(self.age.astype(int), 110)
        self.dies = self.alive & (rng.random(size) < self.death_chance[self.sex, year])
        band = np.searchsorted(n.band_limits, self.severity, side="left")
        band[self.remitted] = 0
        living = self.alive & ~self.dies
        self.attempt(np.flatnonzero(living & (rng.random(size) < self.attempt_chance[band])), band)
        living = self.alive & ~self.dies
        at_risk = np.flatnonzero(living & (self.remitted | self.held))
        rate = self.relapse_rate(at_risk)
        self.relapses[:] = False
        self.relapses[at_risk] = rng.random(len(at_risk)) < -np.expm1(-rate * WEEK)
        on = np.flatnonzero(living & ~self.relapses & (self.care == COURSE))
        rate = self.drugs["dropout"][self.drug[on]] * np.array(n.biotype_dropout)[self.biotype[on]]
        self.drops[:] = False
        self.drops[on] = rng.random(len(on)) < -np.expm1(-rate * WEEK)
        out = np.flatnonzero(living & (self.care == OUT) & ~self.remitted)
        returning = np.array(n.return_per_day)[np.minimum(self.failures[out], 3)]
        first = np.array(n.ask_per_day)[band[out]]
        rate = np.where(self.asked_before[out], returning, first)
        rate = np.where(self.relapsed[out], n.ask_again_per_day, rate)
        asks = out[rng.random(len(out)) < -np.expm1(-rate * WEEK)]
        self.care[asks] = WAIT
        self.due[asks] = self.day + WEEK

    def relapse_rate(self, i: Any) -> Any:
        """Return relapse hazards a day."""
        n, drugs = self.n, self.drugs
        days_well = self.day - self.well_since[i]
        period = np.searchsorted(n.period_end, days_well, side="right")
        cause, early = self.cause[i], np.minimum(period, 3)
        base = np.where(
            cause < 0, np.array(n.natural_relapse)[early], drugs["relapse"][cause, early]
        )
        base = base * n.failed_line_ratio ** np.minimum(self.failures[i], 4)
        base = base * np.array(n.biotype_relapse)[self.biotype[i]]
        past = np.minimum(self.past_episodes[i], n.past_cap)
        late = n.recurrence_per_day * n.past_ratio**past
        rate = np.where(period == len(n.period_end) - 1, late, base) * self.frailty[i]
        keeper = self.keeper[i]
        kept = (self.day < self.kept_until[i]) & (keeper >= 0)
        rate = rate * np.where(kept, drugs["upkeep_ratio"][keeper], 1.0)
        return rate * np.where(self.remitted[i], 1.0, n.residual_ratio)

    def attempt(self, i: Any, band: Any) -> None:
        """Suffer crises: fatal, or leading to admission, or to care."""
        n, rng = self.n, self.rng
        worth = math.exp(-n.discount_costs * self.day)
        fatal = rng.random(len(i)) < np.array(n.attempt_fatal)[band[i], self.sex[i]]
        self.dies[i[fatal]] = True
        self.cost[o.CRISIS, i[fatal]] += n.cost_suicide * worth
        i = i[~fatal]
        admitted = rng.random(len(i)) < n.admission_share
        stay = np.where(admitted, n.admission_days, n.emergency_days)
        cost = np.where(admitted, stay * n.cost_admission_day, n.cost_emergency) + n.cost_attempt
        self.cost[o.CRISIS, i] += cost * worth
        self.crisis_until[i] = self.day + stay
        out = (self.care[i] == OUT) & ~self.remitted[i]
        self.wait(i[out], stay[out])


def _columns(n: Numbers) -> dict[str, Any]:
    """Return the drugs as columns."""
    most = max(len(d.visit_days) for d in n.drugs)
    harms = max(len(d.harms) for d in n.drugs)
    pad = [(*d.visit_days, *([-1.0] * (most - len(d.visit_days)))) for d in n.drugs]
    harm = [(*d.harms, *([(0.0, 0.0, 0.0)] * (harms - len(d.harms)))) for d in n.drugs]
    fields = {
        "potency": "potency", "slope": "severity_slope", "shift": "biotype_shift",
        "onset": "onset_days", "contact": "contact", "assess": "assess_days",
        "dropout": "dropout_per_day", "relapse": "relapse_per_day",
        "upkeep_ratio": "upkeep_ratio", "upkeep_days": "upkeep_days",
        "upkeep_contact": "upkeep_contact", "upkeep_drug": "upkeep_drug_per_day",
        "upkeep_visits": "upkeep_visits_per_day", "cost_visit": "cost_visit",
        "cost_time": "cost_time", "drug_per_day": "drug_per_day",
    }  # fmt: skip
    columns = {
        short: np.array([getattr(d, long) for d in n.drugs]) for short, long in fields.items()
    }
    return columns | {"visit_days": np.array(pad), "harm": np.array(harm)}


def _annuity(rate: float, days: float) -> float:
    """Return the present worth of a flow of one a day."""
    return -math.expm1(-rate * days) / rate if rate > 0.0 else days


def run(arrivals: Arrivals, numbers: Numbers, seed: int = 1) -> o.Outcome:
    """Run the cohort to the horizon."""
    cohort = Cohort(arrivals, numbers, seed)
    while cohort.day < numbers.horizon:
        cohort.step()
    return o.Outcome(
        remitted_12m=cohort.remitted_12m,
        remission_weeks=cohort.remission_days / WEEK,
        qaly=cohort.qaly,
        cost=cohort.cost.T,
        courses=cohort.courses,
        died=~cohort.alive | cohort.dies,
        weekly=np.array(cohort.weekly),
    )
