"""The same work for Mesa, as its tutorials teach it: one agent a patient, one step a week.

A week is: the hidden depth, what fell due, a reading, money and health, then the luck of the week,
which takes effect when the next week begins.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import mesa
import numpy as np
from benchmarks.peers import outcome as o
from benchmarks.peers.numbers import DROPPED, DRUGS, FAILED, NONE, Arrivals, Numbers

WEEK = 7.0


class Patient(mesa.Agent):
    """A person with depression."""

    def __init__(self, model: Clinic, arrivals: Arrivals, n: int) -> None:
        super().__init__(model)
        self.age = float(arrivals.age[n])
        self.sex = int(arrivals.sex[n])
        self.biotype = int(arrivals.biotype[n])
        self.trait = float(arrivals.trait[n])
        self.class_trait = arrivals.class_trait[n].tolist()
        self.base_depth = float(arrivals.base_depth[n])
        self.ln_worst = float(arrivals.ln_worst[n])
        self.swing = float(arrivals.swing[n])
        self.contact = float(arrivals.contact[n])
        self.phase = float(arrivals.phase[n])
        self.failures = int(arrivals.failures[n])
        self.resistant = int(arrivals.resistant[n])
        self.past_episodes = int(arrivals.past_episodes[n])
        self.tried = arrivals.tried[n].tolist()
        self.previous = int(arrivals.previous[n])
        self.last_outcome = FAILED if self.previous >= 0 else NONE
        s = model.numbers.frailty_sd
        self.frailty = math.exp(self.random.gauss(-0.5 * s * s, s))
        self.care = "wait" if arrivals.in_care[n] else "out"
        self.asked_before = bool(arrivals.left_before[n])
        self.relapsed = False
        self.target = model.numbers.contact_none
        self.due = 0.0 if self.care == "wait" else math.inf
        self.knot = 0
        self.drug = -1
        self.started = 0.0
        self.gain = 0.0
        self.held = False
        self.cause = -1
        self.worked = -1
        self.keeper = -1
        self.kept_until = -math.inf
        self.well_since = math.inf
        self.remitted = False
        self.well_contact = 0.0
        self.crisis_until = -math.inf
        self.setback: str | None = None
        self.severity = self.score(0.0)
        self.reference = self.severity
        self.band = model.numbers.band(self.severity)
        # results
        self.cost = [0.0] * len(o.COSTS)
        self.qaly = 0.0
        self.remission_days = 0.0
        self.remitted_12m = False
        self.courses = 0
        self.died = False

    @property
    def state(self) -> int:
        """What the weekly count counts."""
        if self.died:
            return o.DEAD
        if self.crisis_until > self.model.day:
            return o.IN_CRISIS
        if self.remitted:
            well = self.model.day - self.well_since
            return o.RECOVERED if well >= self.model.numbers.recovery_days else o.REMITTED
        if self.severity <= 0.5 * self.reference:
            return o.RESPONDING
        return {"course": o.ON_COURSE, "wait": o.WAITING}.get(self.care, o.UNTREATED)

    def score(self, day: float) -> float:
        """Return the score on a day."""
        n = self.model.numbers
        effect = self.gain
        if self.care == "course":
            effect *= 1.0 - math.exp(-(day - self.started) / n.drugs[self.drug].onset_days)
        contact = self.well_contact if self.remitted else self.contact
        depth = self.base_depth + n.depth_moving * self.swing + contact + effect
        return n.severity(self.ln_worst, depth)

    def step(self) -> None:
        """Live one week."""
        if self.died:
            return
        day = self.model.day
        if self.setback == "death":
            self.die()
            return
        if self.setback == "relapse":
            self.relapse(day)
        elif self.setback == "dropout":
            self.drop_out(day)
        self.setback = None
        self.move_depth(day)
        self.follow_care(day)
        if not self.remitted:
            self.read(day)
        elif self.care == "course":
            self.reference = self.score(day)
        self.pay_and_gain(day)
        self.tempt_fate(day)

    # ---------------------------------------------------------------- disease

    def move_depth(self, day: float) -> None:
        """Move contact, and the hidden depth once a month."""
        n = self.model.numbers
        knot = math.floor((day - self.phase) / n.knot_days) + 1
        if knot > self.knot:
            self.knot = knot
            if not self.remitted:
                noise = self.random.gauss(0.0, 1.0)
                self.swing = n.persistence * self.swing + n.innovation * noise
        self.contact = self.target + (self.contact - self.target) * self.model.contact_fade

    def read(self, day: float) -> None:
        """Read severity; remission begins at 10."""
        n = self.model.numbers
        self.severity = self.score(day)
        self.band = n.band(self.severity)
        if self.severity <= n.remission:
            self.remit(day)

    def remit(self, day: float) -> None:
        """Begin a remission."""
        n = self.model.numbers
        self.remitted = True
        self.well_contact = self.contact
        self.band = 0
        self.reference = self.severity
        self.well_since = day
        self.held = False
        self.cause = -1
        if self.gain > 0.0:
            self.cause = self.drug if self.care == "course" else self.worked
        if self.care == "course" and self.cause >= 0:
            d = n.drugs[self.drug]
            self.worked = self.keeper = self.cause
            self.kept_until = self.started + d.assess_days + d.upkeep_days
        elif self.care != "after" or self.cause < 0:
            self.kept_until = -math.inf
        if self.care != "course":
            self.gain = 0.0
        if self.care in ("last", "out"):
            self.target = n.contact_none

    def relapse(self, day: float) -> None:
        """Fall ill again, or lose a response that was held."""
        n = self.model.numbers
        self.gain = 0.0
        self.held = False
        self.kept_until = -math.inf
        if self.remitted:
            if day - self.well_since >= n.recovery_days:
                self.past_episodes += 1
                self.ln_worst = n.worst(self.biotype, self.random)
                self.failures = 0
                self.tried = [False] * len(DRUGS)
                self.last_outcome = NONE
            self.remitted = False
            self.swing = n.onset_swing(self, self.contact, self.random)
            self.severity = self.reference = self.score(day)
        if self.care in ("after", "last"):
            self.relapsed = True
            self.wait(day, n.gap_days)
        elif self.care == "out":
            self.relapsed = self.relapsed or self.asked_before
            self.target = n.contact_none

    def die(self) -> None:
        """Close a life."""
        self.died = True
        self.severity = math.nan

    # ---------------------------------------------------------------- care

    def follow_care(self, day: float) -> None:
        """Do what falls due: a decision, a visit, a judgement, the end of maintenance."""
        n = self.model.numbers
        if self.care == "wait" and self.due <= day:
            self.decide(day)
        elif self.care == "course":
            d = n.drugs[self.drug]
            since = day - self.started
            if since in d.visit_days:
                self.visit(d)
            if since >= d.assess_days:
                self.judge(day)
        elif self.care == "after" and -math.inf < self.kept_until <= day:
            self.kept_until = -math.inf
            if self.remitted:
                self.leave()
            else:
                self.target = n.contact_usual

    def decide(self, day: float) -> None:
        """Offer the next medicine, or what worked before."""
        n = self.model.numbers
        if not self.remitted:
            self.read(day)
        if self.remitted:
            self.leave()
            return
        self.asked_before = True
        if self.relapsed:
            self.relapsed = False
            if self.worked >= 0 and self.may_have(self.worked):
                self.start(self.worked, day)
                return
        for drug in range(len(DRUGS)):
            if not self.tried[drug] and self.may_have(drug):
                self.start(drug, day)
                return
        self.care = "last"
        self.gain = 0.0
        self.target = n.contact_usual

    def may_have(self, drug: int) -> bool:
        """Tell whether the card admits this patient."""
        d = self.model.numbers.drugs[drug]
        if self.failures < d.needs_failures:
            return False
        return not d.after or (self.last_outcome != DROPPED and self.previous in d.after)

    def start(self, drug: int, day: float) -> None:
        """Begin a course."""
        n = self.model.numbers
        d = n.drugs[drug]
        self.severity = self.reference = self.score(day)
        self.gain = n.gain(self, drug, self.severity, self.random.gauss(0.0, 1.0))
        self.care = "course"
        self.drug = drug
        self.started = day
        self.tried[drug] = True
        self.target = d.contact
        self.courses += 1
        self.held = False
        for probability, cost, loss in d.harms:
            if self.random.random() < probability:
                self.cost[o.ADVERSE] += cost * self.model.worth_cost
                self.qaly -= loss * self.model.worth_health
        self.visit(d)

    def visit(self, d: Any) -> None:
        """Pay a visit."""
        self.cost[o.VISITS] += d.cost_visit * self.model.worth_cost
        self.cost[o.PATIENT_TIME] += d.cost_time * self.model.worth_cost

    def judge(self, day: float) -> None:
        """Judge a course: remission, response or failure."""
        n = self.model.numbers
        d = n.drugs[self.drug]
        if self.remitted:
            self.reference = self.score(day)
        else:
            self.read(day)
        effect = self.gain * (1.0 - math.exp(-(day - self.started) / d.onset_days))
        responded = self.remitted or self.severity <= 0.5 * self.reference
        self.previous, self.last_outcome = self.drug, NONE if responded else FAILED
        worked = self.gain > 0.0
        if not responded:
            self.gain = 0.0
            self.failures += 1
            self.drug = -1
            if self.random.random() < n.leave_after_failures[min(self.failures, 3)]:
                self.leave()
            else:
                self.wait(day, n.gap_days)
            return
        self.care = "after"
        if worked:
            self.worked = self.keeper = self.drug
            self.kept_until = day + d.upkeep_days
        else:
            self.kept_until = -math.inf
        self.drug = -1
        if self.remitted:
            self.gain = 0.0
            if worked:
                self.target = d.upkeep_contact
            else:
                self.leave()
        else:
            self.gain = effect
            self.held = True
            self.cause = self.worked if worked else -1
            self.well_since = day
            self.target = d.upkeep_contact if worked else n.contact_usual

    def drop_out(self, day: float) -> None:
        """Stop a course early."""
        n = self.model.numbers
        self.previous, self.last_outcome = self.drug, DROPPED
        self.drug = -1
        self.gain = 0.0
        if self.remitted:
            self.kept_until = -math.inf
            self.leave()
        elif self.random.random() < n.leave_after_dropout:
            self.leave()
        else:
            self.wait(day, n.gap_days)

    def wait(self, day: float, days: float) -> None:
        """Wait for the next decision."""
        self.care = "wait"
        self.due = day + days
        self.gain = 0.0
        self.target = self.model.numbers.contact_usual
        if not self.remitted:
            self.severity = self.reference = self.score(day)

    def leave(self) -> None:
        """Leave care."""
        self.care = "out"
        self.relapsed = False
        self.asked_before = True
        self.target = self.model.numbers.contact_none

    # ---------------------------------------------------------------- the week

    def pay_and_gain(self, day: float) -> None:
        """Charge what flows during the week, and count its health."""
        n, model = self.model.numbers, self.model
        responding = not self.remitted and self.severity <= 0.5 * self.reference
        kind = 0 if self.remitted else 1 if responding else 2
        group = n.age_group(self.age)
        cost, worth = self.cost, model.week_cost
        cost[o.BACKGROUND] += (n.background[kind] + self.resistant * n.resistant_addon) * worth
        cost[o.PRODUCTIVITY] += n.productivity[kind][self.sex][group] * worth
        if self.care == "course":
            cost[o.DRUG_COST] += n.drugs[self.drug].drug_per_day * worth
        elif self.care == "after" and self.worked >= 0 and day < self.kept_until:
            d = n.drugs[self.worked]
            cost[o.DRUG_COST] += d.upkeep_drug_per_day * worth
            cost[o.VISITS] += d.upkeep_visits_per_day * worth
        score = self.reference if self.remitted else self.severity
        self.qaly += n.utility(score, self.sex, group) * model.week_health
        if self.remitted:
            self.remission_days += model.days
            if day <= 365.0 < day + model.days:
                self.remitted_12m = True
        self.age += model.days / o.YEAR

    def tempt_fate(self, day: float) -> None:
        """Draw what may happen this week."""
        n, model, rng = self.model.numbers, self.model, self.random
        if rng.random() < model.death_chance[self.sex][min(int(self.age), 110)]:
            self.setback = "death"
            return
        if rng.random() < model.attempt_chance[self.band]:
            self.attempt(day)
            if self.setback == "death":
                return
        if self.remitted or self.held:
            rate = n.relapse_per_day(self, day - self.well_since)
            if day < self.kept_until and self.keeper >= 0:
                rate *= n.drugs[self.keeper].upkeep_ratio
            if not self.remitted:
                rate *= n.residual_ratio
            if rng.random() < -math.expm1(-rate * WEEK):
                self.setback = "relapse"
                return
        if self.care == "course":
            rate = n.drugs[self.drug].dropout_per_day * n.biotype_dropout[self.biotype]
            if rng.random() < -math.expm1(-rate * WEEK):
                self.setback = "dropout"
        elif self.care == "out" and not self.remitted:
            if self.relapsed:
                rate = n.ask_again_per_day
            elif self.asked_before:
                rate = n.return_per_day[min(self.failures, 3)]
            else:
                rate = n.ask_per_day[self.band]
            if rng.random() < -math.expm1(-rate * WEEK):
                self.care = "wait"
                self.due = day + WEEK

    def attempt(self, day: float) -> None:
        """Suffer a crisis: it may be fatal, lead to admission, or to care."""
        n, worth = self.model.numbers, self.model.worth_cost
        if self.random.random() < n.attempt_fatal[self.band][self.sex]:
            self.cost[o.CRISIS] += n.cost_suicide * worth
            self.setback = "death"
            return
        if self.random.random() < n.admission_share:
            stay = n.admission_days
            cost = n.cost_attempt + stay * n.cost_admission_day
        else:
            stay = n.emergency_days
            cost = n.cost_attempt + n.cost_emergency
        self.cost[o.CRISIS] += cost * worth
        self.crisis_until = day + stay
        if self.care == "out" and not self.remitted:
            self.wait(day, stay)


class Clinic(mesa.Model):
    """A population in care; one step is one week."""

    def __init__(self, arrivals: Arrivals, numbers: Numbers, seed: int) -> None:
        super().__init__(rng=seed)
        self.numbers = numbers
        self.day = 0.0
        self.days = WEEK
        self.contact_fade = math.exp(-WEEK / numbers.contact_lag)
        self.attempt_chance = [-math.expm1(-rate * WEEK) for rate in numbers.attempt_per_day]
        self.death_chance = [
            [-math.expm1(-rate * WEEK) for rate in ages] for ages in numbers.death_per_day
        ]
        self.discount()
        self.patients = [Patient(self, arrivals, n) for n in range(len(arrivals))]
        self.datacollector = mesa.DataCollector(model_reporters={"states": count_states})

    def discount(self) -> None:
        """Set what a payment, and a week of money and of health, are worth now."""
        n = self.numbers
        self.worth_cost = math.exp(-n.discount_costs * self.day)
        self.worth_health = math.exp(-n.discount_health * self.day)
        self.week_cost = self.worth_cost * annuity(n.discount_costs, self.days)
        self.week_health = self.worth_health * annuity(n.discount_health, self.days) / o.YEAR

    def step(self) -> None:
        """Advance one week; less at the horizon."""
        self.days = min(WEEK, self.numbers.horizon - self.day)
        self.discount()
        self.agents.do("step")
        self.datacollector.collect(self)
        self.day += self.days


def annuity(rate: float, days: float) -> float:
    """Return the present worth of a flow of one a day."""
    return -math.expm1(-rate * days) / rate if rate > 0.0 else days


def count_states(model: Clinic) -> list[int]:
    """Count patients by state."""
    counts = Counter(patient.state for patient in model.agents)
    return [counts[state] for state in range(len(o.STATES))]


def run(arrivals: Arrivals, numbers: Numbers, seed: int = 1) -> o.Outcome:
    """Run the model to the horizon."""
    model = Clinic(arrivals, numbers, seed)
    while model.day < numbers.horizon:
        model.step()
    people = model.patients
    return o.Outcome(
        remitted_12m=np.array([p.remitted_12m for p in people]),
        remission_weeks=np.array([p.remission_days for p in people]) / WEEK,
        qaly=np.array([p.qaly for p in people]),
        cost=np.array([p.cost for p in people]),
        courses=np.array([p.courses for p in people]),
        died=np.array([p.died for p in people]),
        weekly=np.array(model.datacollector.model_vars["states"]),
    )
