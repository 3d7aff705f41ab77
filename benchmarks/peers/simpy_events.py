"""The same work for SimPy, as its users write it: a process a patient, asleep until its next event.

Every rival has a clock: the day it falls due. A clock is drawn anew when its rate changes, which is
right for exponential waits. Severity is read once a week on a course and at the monthly knots
otherwise; accounts move from event to event.
"""

from __future__ import annotations

import math
import random
from collections.abc import Generator
from typing import Any

import numpy as np
import simpy
from benchmarks.peers import outcome as o
from benchmarks.peers.numbers import DROPPED, DRUGS, FAILED, NONE, Arrivals, Drug, Numbers

WEEK = 7.0
NEVER = math.inf
DEATH, CRISIS, READ, JUDGE, RELAPSE, DROP, VISIT, WELL, KEPT, ASK, DECIDE, DISCHARGE, YEAR_END = (
    range(13)
)


class Clinic:
    """What patients share: the numbers, the luck and the weekly counts."""

    def __init__(self, numbers: Numbers, seed: int) -> None:
        self.numbers = numbers
        self.rng = random.Random(seed)  # noqa: S311
        weeks = math.ceil(numbers.horizon / WEEK) + 1
        self.changes = [[0] * len(o.STATES) for _ in range(weeks)]


class Patient:
    """A person with depression and the process of that life."""

    def __init__(self, env: simpy.Environment, clinic: Clinic, arrivals: Arrivals, n: int) -> None:
        self.env = env
        self.clinic = clinic
        self.numbers = clinic.numbers
        self.rng = clinic.rng
        self.age = float(arrivals.age[n])
        self.sex = int(arrivals.sex[n])
        self.biotype = int(arrivals.biotype[n])
        self.trait = float(arrivals.trait[n])
        self.class_trait = arrivals.class_trait[n].tolist()
        self.base_depth = float(arrivals.base_depth[n])
        self.ln_worst = float(arrivals.ln_worst[n])
        self.swing = float(arrivals.swing[n])
        self.contact_from = float(arrivals.contact[n])
        self.contact_since = 0.0
        self.target = self.numbers.contact_none
        self.phase = float(arrivals.phase[n])
        self.failures = int(arrivals.failures[n])
        self.resistant = int(arrivals.resistant[n])
        self.past_episodes = int(arrivals.past_episodes[n])
        self.tried = arrivals.tried[n].tolist()
        self.previous = int(arrivals.previous[n])
        self.last_outcome = FAILED if self.previous >= 0 else NONE
        s = self.numbers.frailty_sd
        self.frailty = math.exp(self.rng.gauss(-0.5 * s * s, s))
        self.care = "wait" if arrivals.in_care[n] else "out"
        self.asked_before = bool(arrivals.left_before[n])
        self.relapsed = False
        self.next_knot = self.phase
        self.drug = -1
        self.started = 0.0
        self.visits_made = 0
        self.gain = 0.0
        self.cause = -1
        self.worked = -1
        self.keeper = -1
        self.kept_until = -NEVER
        self.well_since = NEVER
        self.remitted = False
        self.well_contact = 0.0
        self.recovered = False
        self.in_crisis_until = -NEVER
        self.died = False
        self.clock = [NEVER] * 13
        # results
        self.cost = [0.0] * len(o.COSTS)
        self.qaly = 0.0
        self.remission_days = 0.0
        self.remitted_12m = False
        self.courses = 0
        # accounts
        self.settled = 0.0
        self.rates = [0.0] * len(o.COSTS)
        self.utility = 0.0
        self.counted = -1

    # ---------------------------------------------------------------- the process

    def life(self) -> Generator[simpy.Event, Any, None]:
        """Live until death or the horizon."""
        n = self.numbers
        self.enter()
        while True:
            day = min(self.clock)
            if day >= n.horizon:
                break
            event = self.clock.index(day)
            yield self.env.timeout(day - self.env.now)
            self.settle(day)
            self.clock[event] = NEVER
            self.happen(event, day)
            if self.died:
                self.count(o.DEAD, day)
                return
            self.update(day)
        self.settle(n.horizon)

    def enter(self) -> None:
        """Set every clock."""
        n = self.numbers
        self.severity = self.reference = self.score(0.0)
        self.band = n.band(self.severity)
        self.clock[DEATH] = self.death_day()
        self.clock[CRISIS] = self.draw(n.attempt_per_day[self.band])
        self.clock[READ] = self.next_knot
        self.clock[YEAR_END] = 365.0
        if self.care == "wait":
            self.clock[DECIDE] = 0.0
        else:
            self.set_asking(0.0)
        self.update(0.0)

    def happen(self, event: int, day: float) -> None:
        """Let an event happen."""
        if event == READ:
            self.read(day)
        elif event == DEATH:
            self.died = True
        elif event == CRISIS:
            self.attempt(day)
        elif event == JUDGE:
            self.judge(day)
        elif event == RELAPSE:
            self.relapse(day)
        elif event == DROP:
            self.drop_out(day)
        elif event == VISIT:
            self.visit(day)
        elif event == WELL:
            self.recovered = True
        elif event == KEPT:
            self.end_maintenance(day)
        elif event == ASK:
            self.care = "wait"
            self.decide(day)
        elif event == DECIDE:
            self.decide(day)
        elif event == YEAR_END:
            self.remitted_12m = self.remitted

    def draw(self, rate: float, day: float = 0.0) -> float:
        """Return the day of an exponential wait from `day` on."""
        return day + self.rng.expovariate(rate) if rate > 0.0 else NEVER

    def death_day(self) -> float:
        """Return the day of death, by age and sex."""
        left = self.rng.expovariate(1.0)
        hazard = self.numbers.death_per_day[self.sex]
        age, day = self.age, 0.0
        while age < len(hazard):
            days = (math.floor(age) + 1 - age) * o.YEAR
            rate = hazard[int(age)]
            if left < rate * days:
                return day + left / rate
            left -= rate * days
            day += days
            age = math.floor(age) + 1
        return day

    # ---------------------------------------------------------------- disease

    def contact(self, day: float) -> float:
        """Return contact, which nears its target."""
        fade = math.exp(-(day - self.contact_since) / self.numbers.contact_lag)
        return self.target + (self.contact_from - self.target) * fade

    def turn(self, target: float, day: float) -> None:
        """Turn contact towards another level."""
        if target != self.target:
            self.contact_from = self.contact(day)
            self.contact_since = day
            self.target = target

    def effect(self, day: float) -> float:
        """Return what the treatment adds on a day."""
        if self.care != "course":
            return self.gain
        lag = self.numbers.drugs[self.drug].onset_days
        return self.gain * (1.0 - math.exp(-(day - self.started) / lag))

    def score(self, day: float) -> float:
        """Return the score on a day."""
        n = self.numbers
        contact = self.well_contact if self.remitted else self.contact(day)
        depth = self.base_depth + n.depth_moving * self.swing + contact + self.effect(day)
        return n.severity(self.ln_worst, depth)

    def read(self, day: float) -> None:
        """Read severity; remission begins at 10."""
        n = self.numbers
        if self.remitted:
            self.reference = self.score(day)
            self.clock[READ] = day + WEEK
            return
        while self.next_knot <= day:
            self.swing = n.persistence * self.swing + n.innovation * self.rng.gauss(0.0, 1.0)
            self.next_knot += n.knot_days
        self.severity = self.score(day)
        if self.severity <= n.remission:
            self.remit(day)
            return
        self.set_band(n.band(self.severity), day)
        next_week = day + WEEK if self.care == "course" else NEVER
        self.clock[READ] = min(self.next_knot, next_week)

    def set_band(self, band: int, day: float) -> None:
        """Draw clocks anew whose rate depends on the band."""
        if band != self.band:
            self.band = band
            self.clock[CRISIS] = self.draw(self.numbers.attempt_per_day[band], day)
            if self.clock[ASK] < NEVER:
                self.set_asking(day)

    def remit(self, day: float) -> None:
        """Begin a remission."""
        n = self.numbers
        self.well_contact = self.contact(day)
        self.remitted = True
        self.reference = self.severity
        self.well_since = day
        self.clock[READ] = day + WEEK if self.care == "course" else NEVER
        self.clock[ASK] = NEVER
        self.clock[WELL] = day + n.recovery_days
        self.set_band(0, day)
        self.cause = -1
        if self.gain > 0.0:
            self.cause = self.drug if self.care == "course" else self.worked
        if self.care == "course" and self.cause >= 0:
            d = n.drugs[self.drug]
            self.worked = self.keeper = self.cause
            self.kept_until = self.started + d.assess_days + d.upkeep_days
        elif self.care != "after" or self.cause < 0:
            self.kept_until = -NEVER
        if self.care != "course":
            self.gain = 0.0
        if self.care in ("last", "out"):
            self.turn(n.contact_none, day)
        self.clock[RELAPSE] = self.relapse_day(day, 1.0)

    def relapse_day(self, day: float, residual: float) -> float:
        """Return the day a spell ends, from `day` on."""
        n = self.numbers
        left = self.rng.expovariate(1.0)
        ends = [self.well_since + end for end in n.period_end] + [self.kept_until]
        for end in sorted(ends):
            if end <= day:
                continue
            rate = n.relapse_per_day(self, day - self.well_since + 1e-6) * residual
            if day < self.kept_until and self.keeper >= 0:
                rate *= n.drugs[self.keeper].upkeep_ratio
            if left <= rate * (end - day):
                return day + left / rate
            left -= rate * (end - day)
            day = end
        return NEVER

    def relapse(self, day: float) -> None:
        """Fall ill again, or lose a response that was held."""
        n = self.numbers
        self.gain = 0.0
        self.kept_until = -NEVER
        self.clock[KEPT] = self.clock[WELL] = NEVER
        if self.remitted:
            if self.recovered:
                self.past_episodes += 1
                self.ln_worst = n.worst(self.biotype, self.rng)
                self.failures = 0
                self.tried = [False] * len(DRUGS)
                self.last_outcome = NONE
            self.remitted = self.recovered = False
            self.swing = n.onset_swing(self, self.contact(day), self.rng)
            months = math.floor((day - self.phase) / n.knot_days) + 1
            self.next_knot = self.phase + months * n.knot_days
            self.severity = self.reference = self.score(day)
        if self.care in ("after", "last"):
            self.relapsed = True
            self.wait(n.gap_days, day)
        elif self.care == "out":
            self.relapsed = self.asked_before
            self.set_asking(day)
        self.read(day)

    def attempt(self, day: float) -> None:
        """Suffer a crisis: it may be fatal, lead to admission, or to care."""
        n = self.numbers
        if self.rng.random() < n.attempt_fatal[self.band][self.sex]:
            self.pay(o.CRISIS, n.cost_suicide, day)
            self.died = True
            return
        if self.rng.random() < n.admission_share:
            stay = n.admission_days
            self.pay(o.CRISIS, n.cost_attempt + stay * n.cost_admission_day, day)
        else:
            stay = n.emergency_days
            self.pay(o.CRISIS, n.cost_attempt + n.cost_emergency, day)
        self.in_crisis_until = self.clock[DISCHARGE] = day + stay
        self.clock[CRISIS] = self.draw(n.attempt_per_day[self.band], day)
        if self.care == "out" and not self.remitted:
            self.clock[ASK] = NEVER
            self.wait(stay, day)

    # ---------------------------------------------------------------- care

    def set_asking(self, day: float) -> None:
        """Draw the day of asking for care."""
        n = self.numbers
        if self.relapsed:
            rate = n.ask_again_per_day
        elif self.asked_before:
            rate = n.return_per_day[min(self.failures, 3)]
        else:
            rate = n.ask_per_day[self.band]
        self.clock[ASK] = self.draw(rate, day)

    def decide(self, day: float) -> None:
        """Offer the next medicine, or what worked before."""
        if not self.remitted:
            self.read(day)
        if self.remitted:
            self.leave(day)
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
        self.turn(self.numbers.contact_usual, day)

    def may_have(self, drug: int) -> bool:
        """Tell whether the card admits this patient."""
        d = self.numbers.drugs[drug]
        if self.failures < d.needs_failures:
            return False
        return not d.after or (self.last_outcome != DROPPED and self.previous in d.after)

    def start(self, drug: int, day: float) -> None:
        """Begin a course."""
        n = self.numbers
        d = n.drugs[drug]
        self.severity = self.reference = self.score(day)
        self.gain = n.gain(self, drug, self.severity, self.rng.gauss(0.0, 1.0))
        self.care = "course"
        self.drug = drug
        self.started = day
        self.tried[drug] = True
        self.turn(d.contact, day)
        self.courses += 1
        for probability, cost, loss in d.harms:
            if self.rng.random() < probability:
                self.pay(o.ADVERSE, cost, day)
                self.qaly -= loss * math.exp(-n.discount_health * day)
        self.clock[RELAPSE] = NEVER
        self.clock[JUDGE] = day + d.assess_days
        self.clock[DROP] = self.draw(d.dropout_per_day * n.biotype_dropout[self.biotype], day)
        self.visits_made = 0
        self.visit(day)
        self.read(day)

    def visit(self, day: float) -> None:
        """Pay a visit and read severity; the last one is the judgement."""
        d = self.numbers.drugs[self.drug]
        self.pay_visit(d, day)
        self.visits_made += 1
        if self.visits_made < len(d.visit_days) - 1:
            self.clock[VISIT] = self.started + d.visit_days[self.visits_made]

    def pay_visit(self, d: Drug, day: float) -> None:
        """Pay a visit and the patient's time."""
        self.pay(o.VISITS, d.cost_visit, day)
        self.pay(o.PATIENT_TIME, d.cost_time, day)

    def end_course(self, outcome: int) -> None:
        """Stop every clock of a course."""
        self.previous, self.last_outcome = self.drug, outcome
        self.drug = -1
        self.clock[JUDGE] = self.clock[DROP] = self.clock[VISIT] = NEVER
        self.clock[READ] = NEVER if self.remitted else self.next_knot

    def judge(self, day: float) -> None:
        """Judge a course: remission, response or failure."""
        n = self.numbers
        drug = self.drug
        d = n.drugs[drug]
        self.pay_visit(d, day)
        self.read(day)
        held = self.effect(day)
        responded = self.remitted or self.severity <= 0.5 * self.reference
        worked = self.gain > 0.0
        self.end_course(NONE if responded else FAILED)
        if not responded:
            self.gain = 0.0
            self.failures += 1
            if self.rng.random() < n.leave_after_failures[min(self.failures, 3)]:
                self.leave(day)
            else:
                self.wait(n.gap_days, day)
            return
        self.care = "after"
        if worked:
            self.worked = self.keeper = drug
            self.clock[KEPT] = self.kept_until = day + d.upkeep_days
        else:
            self.kept_until = -NEVER
        if self.remitted:
            self.gain = 0.0
            if worked:
                self.turn(d.upkeep_contact, day)
            else:
                self.leave(day)
        else:
            self.gain = held
            self.cause = self.worked if worked else -1
            self.well_since = day
            self.clock[RELAPSE] = self.relapse_day(day, n.residual_ratio)
            self.turn(d.upkeep_contact if worked else n.contact_usual, day)

    def drop_out(self, day: float) -> None:
        """Stop a course early."""
        n = self.numbers
        self.read(day)
        self.end_course(DROPPED)
        self.gain = 0.0
        if self.remitted:
            self.kept_until = -NEVER
            self.clock[RELAPSE] = self.relapse_day(day, 1.0)
            self.leave(day)
        elif self.rng.random() < n.leave_after_dropout:
            self.leave(day)
        else:
            self.wait(n.gap_days, day)

    def wait(self, days: float, day: float) -> None:
        """Wait for the next decision."""
        self.care = "wait"
        self.clock[DECIDE] = day + days
        self.gain = 0.0
        self.turn(self.numbers.contact_usual, day)
        if not self.remitted:
            self.severity = self.reference = self.score(day)
            self.clock[READ] = self.next_knot

    def leave(self, day: float) -> None:
        """Leave care."""
        self.care = "out"
        self.relapsed = False
        self.asked_before = True
        self.turn(self.numbers.contact_none, day)
        if not self.remitted:
            self.set_asking(day)
            self.clock[READ] = self.next_knot

    def end_maintenance(self, day: float) -> None:
        """Stop maintenance: the well leave care."""
        self.kept_until = -NEVER
        if self.remitted:
            self.leave(day)
        else:
            self.turn(self.numbers.contact_usual, day)

    # ---------------------------------------------------------------- accounts

    def pay(self, category: int, amount: float, day: float) -> None:
        """Charge an amount."""
        self.cost[category] += amount * math.exp(-self.numbers.discount_costs * day)

    def settle(self, day: float) -> None:
        """Bring money and health up to a day."""
        n = self.numbers
        if day <= self.settled:
            return
        worth = present_worth(n.discount_costs, self.settled, day)
        for category, rate in enumerate(self.rates):
            if rate != 0.0:
                self.cost[category] += rate * worth
        self.qaly += self.utility * present_worth(n.discount_health, self.settled, day) / o.YEAR
        if self.remitted:
            self.remission_days += day - self.settled
        self.settled = day

    def update(self, day: float) -> None:
        """Set the rates at which money and health flow from now on, and the state counted."""
        n = self.numbers
        responding = not self.remitted and self.severity <= 0.5 * self.reference
        kind = 0 if self.remitted else 1 if responding else 2
        group = n.age_group(self.age + day / o.YEAR)
        rates = self.rates
        rates[o.BACKGROUND] = n.background[kind] + self.resistant * n.resistant_addon
        rates[o.PRODUCTIVITY] = n.productivity[kind][self.sex][group]
        rates[o.DRUG_COST] = rates[o.VISITS] = 0.0
        if self.care == "course":
            rates[o.DRUG_COST] = n.drugs[self.drug].drug_per_day
        elif self.care == "after" and self.worked >= 0 and day < self.kept_until:
            d = n.drugs[self.worked]
            rates[o.DRUG_COST] = d.upkeep_drug_per_day
            rates[o.VISITS] = d.upkeep_visits_per_day
        score = self.reference if self.remitted else self.severity
        self.utility = n.utility(score, self.sex, group)
        if day < self.in_crisis_until:
            state = o.IN_CRISIS
        elif self.remitted:
            state = o.RECOVERED if self.recovered else o.REMITTED
        elif responding:
            state = o.RESPONDING
        elif self.care == "course":
            state = o.ON_COURSE
        else:
            state = o.WAITING if self.care == "wait" else o.UNTREATED
        self.count(state, day)

    def count(self, state: int, day: float) -> None:
        """Count a change of state from the next start of a week on."""
        if state != self.counted:
            week = self.clinic.changes[math.ceil(day / WEEK)]
            if self.counted >= 0:
                week[self.counted] -= 1
            week[state] += 1
            self.counted = state


def present_worth(rate: float, start: float, end: float) -> float:
    """Return the present worth of a flow of one a day between two days."""
    if rate == 0.0:
        return end - start
    return math.exp(-rate * start) * -math.expm1(-rate * (end - start)) / rate


def run(arrivals: Arrivals, numbers: Numbers, seed: int = 1) -> o.Outcome:
    """Run the model to the horizon."""
    env = simpy.Environment()
    clinic = Clinic(numbers, seed)
    people = [Patient(env, clinic, arrivals, n) for n in range(len(arrivals))]
    for patient in people:
        env.process(patient.life())
    env.run()
    return o.Outcome(
        remitted_12m=np.array([p.remitted_12m for p in people]),
        remission_weeks=np.array([p.remission_days for p in people]) / WEEK,
        qaly=np.array([p.qaly for p in people]),
        cost=np.array([p.cost for p in people]),
        courses=np.array([p.courses for p in people]),
        died=np.array([p.died for p in people]),
        weekly=np.cumsum(clinic.changes, axis=0)[: math.ceil(numbers.horizon / WEEK)],
    )
