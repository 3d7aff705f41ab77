"""A course of care: offered, begun, visited, dropped, judged; and what follows each."""

from __future__ import annotations

import math
from typing import Any

from popmodel.jit import rule
from popmodel.randomness import subject_salt, uniform
from popmodel.rules.accrual import count, in_crisis, lose_quality, pay, read_utility, set_flows
from popmodel.rules.codes import (
    ASK_LEFT,
    ASK_RELAPSED,
    CARE_AFTER,
    CARE_COURSE,
    CARE_LAST,
    CARE_OUT,
    CARE_WAIT,
    COST_ADVERSE,
    COST_TIME,
    COST_TREATMENT,
    COST_VISITS,
    FLOW_STARTS,
    LINE_STARTED,
    OUTCOME_DROPPED,
    OUTCOME_FAILED,
    OUTCOME_REMISSION,
    OUTCOME_RESPONSE,
    OUTCOME_STOPPED,
    RELAPSE_REPEAT,
    RELAPSE_RESTART,
    REMITTED,
    RESPONDING,
    RESPONSE_AUGMENT,
    RESPONSE_NEXT,
    WAIT_OTHER,
)
from popmodel.rules.decision import NO_RULE, choose, choose_in_hospital, is_eligible
from popmodel.rules.engagement import (
    begin_asking,
    drop_out_day,
    leaves_after_dropout,
    leaves_after_failure,
)
from popmodel.rules.queue import end_wait, free_place, is_limited, join
from popmodel.rules.reading import begin_moving, look, refer_to, set_contact
from popmodel.rules.records import MAX_LINES
from popmodel.rules.relapse import relapse_day
from popmodel.rules.response import (
    attempt_number,
    effect_at,
    gain_of_course,
    measured,
    severity_now,
)
from popmodel.rules.testing import take_test

SALT_ADVERSE = subject_salt("adverse event", "")


@rule
def note_line(p: Any, o: Any, tally: Any, line: Any, treatment: Any, what: Any) -> None:
    """Count what happened to a course, by line and treatment."""
    if o.recording:
        tally.line[min(line, MAX_LINES) - 1, treatment, what] += 1


@rule
def decide(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> None:
    """Offer what the strategy says; somebody who is well by now leaves care instead.

    In hospital little can be given: where nothing fits, a decision follows in the next setting.
    """
    look(p, o, q, tally, t)
    if p.state >= REMITTED:
        leave_care(p, o, q, tally, t, ASK_LEFT)
        return
    if offer(p, o, q, s, tally, t):
        return
    if in_crisis(p):
        begin_wait(p, o, q, tally, t, p.crisis_end, q.contact_usual)
    else:
        p.ask_mode = ASK_LEFT if p.ask_mode == ASK_RELAPSED else p.ask_mode
        end_offers(p, o, q, s, tally, t)


@rule
def offer(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> Any:
    """Begin what worked before a relapse, or what the first rule that fits says; False if nothing.

    That a relapse brought the patient is spent with the first offer, wherever it is made.
    """
    relapsed = p.ask_mode == ASK_RELAPSED
    if relapsed and s.on_relapse == RELAPSE_RESTART:
        p.used = 0
        p.step = 1
    if (
        relapsed
        and s.on_relapse == RELAPSE_REPEAT
        and p.worked >= 0
        and is_eligible(p, q, p.worked)
    ):
        p.ask_mode = ASK_LEFT
        p.step += 1
        start(p, o, q, s, tally, t, p.worked, NO_RULE)
        return True
    n = choose(p, q, s, t, False)
    if n == NO_RULE:
        return False
    if relapsed:
        p.ask_mode = ASK_LEFT
    take_rule(p, o, q, s, tally, t, n)
    return True


@rule
def offer_in_hospital(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> None:
    """Offer what the strategy has where a crisis, or an admission, has just brought the patient.

    Who was out of care, or has a decision due now, is offered the first rule that fits; without one
    a decision follows in the next setting. Who waits, or has nothing left, is offered what asks for
    this setting. A course under way is not broken off, and what holds a response goes on.
    """
    if p.state >= REMITTED:
        return
    if p.care == CARE_OUT:
        p.ask = math.inf
        p.asked += 1
        p.care = CARE_WAIT
        p.due = t
    if p.care == CARE_WAIT and p.want < 0 and p.due <= t:
        if not offer(p, o, q, s, tally, t):
            begin_wait(p, o, q, tally, t, p.crisis_end, q.contact_usual)
    elif p.care == CARE_WAIT or p.care == CARE_LAST:
        n = choose_in_hospital(p, q, s, t)
        if n != NO_RULE:
            end_wait(p, o, t, WAIT_OTHER)
            take_rule(p, o, q, s, tally, t, n)


@rule
def take_rule(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any, n: Any) -> None:
    """Begin what rule n offers."""
    p.used |= 1 << n
    p.step += 1
    if s.treat[n] >= 0:
        start(p, o, q, s, tally, t, s.treat[n], n)
    elif s.test[n] > 0:
        begin_test(p, o, q, tally, t, s.test[n] - 1)
    else:
        begin_wait(p, o, q, tally, t, t + s.wait_days[n], s.wait_contact[n])


@rule
def start(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any, treatment: Any, n: Any) -> None:
    """Begin a course, or wait for a place where its service has a number of places."""
    if is_limited(q, s, treatment):
        if p.care != CARE_AFTER:
            refer_to(p, q, t)
            set_contact(p, q, s.waiting_contact[q.service[treatment]], t)
        join(p, o, q, s, tally, t, treatment, n)
        look(p, o, q, tally, t)
    else:
        begin_course(p, o, q, tally, t, treatment)


@rule
def begin_test(p: Any, o: Any, q: Any, tally: Any, t: Any, test: Any) -> None:
    """Take a test and wait for its result; its price counts as a visit of that day."""
    take_test(p, q, test)
    pay(o, q, tally, COST_VISITS, q.test_price[test], t)
    pay(o, q, tally, COST_TIME, q.test_time[test], t)
    begin_wait(p, o, q, tally, t, t + q.test_days[test], q.test_contact[test])


@rule
def end_offers(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> None:
    """Nothing is left to offer: care as usual, or none."""
    p.gain = 0.0
    p.skip = 0
    p.care = CARE_LAST
    set_contact(p, q, q.contact_none if s.after_last else q.contact_usual, t)
    look(p, o, q, tally, t)


@rule
def begin_wait(p: Any, o: Any, q: Any, tally: Any, t: Any, until: Any, contact: Any) -> None:
    """Wait in care until a day, with the contact of waiting."""
    refer_to(p, q, t)
    p.gain = 0.0
    p.skip = 0
    p.care = CARE_WAIT
    p.due = until
    set_contact(p, q, contact, t)
    look(p, o, q, tally, t)
    set_flows(p, o, q, tally, t)


@rule
def leave_care(p: Any, o: Any, q: Any, tally: Any, t: Any, mode: Any) -> None:
    """Leave care: no contact; the depressed ask again after a while."""
    end_wait(p, o, t, WAIT_OTHER)
    p.skip = 0
    p.care = CARE_OUT
    p.due = math.inf
    p.ask_mode = mode
    set_contact(p, q, q.contact_none, t)
    if p.state < REMITTED:
        begin_asking(p, q, t)
        look(p, o, q, tally, t)
    set_flows(p, o, q, tally, t)


@rule
def begin_course(p: Any, o: Any, q: Any, tally: Any, t: Any, treatment: Any) -> None:
    """Begin a course: its effect, its drop-out, its harms and its first costs."""
    severity = severity_now(p, q, t)
    attempt = attempt_number(p, treatment)
    p.gain = gain_of_course(p, q, treatment, severity, attempt)
    p.care = CARE_COURSE
    p.skip = 0
    p.treatment = treatment
    p.started = t
    p.visit = 0
    p.sessions = 1 if q.session_days[treatment] > 0.0 else 0
    p.due = drop_out_day(p, q, treatment, severity, attempt, t)
    if p.sessions and p.due > t + q.session_days[treatment]:
        p.due = math.inf  # after the last session there is nothing to drop out of
    bit = 1 << int(treatment)
    p.again |= p.tried & bit
    p.tried |= bit
    p.courses += q.adequate[treatment]
    p.reference = severity
    p.relapse = math.inf
    set_contact(p, q, q.contact[treatment], t)
    if p.gain != 0.0:
        begin_moving(p, q, t)
    o.courses += 1
    count(o, tally, FLOW_STARTS, t)
    note_line(p, o, tally, p.line, treatment, LINE_STARTED)
    if o.recording:
        tally.begun[treatment, p.setting] += 1
    pay(o, q, tally, COST_TREATMENT, q.cost_course[treatment], t)
    look(p, o, q, tally, t)
    set_flows(p, o, q, tally, t)
    suffer_harms(p, o, q, tally, t, treatment, attempt)
    while p.visit < q.visits[treatment] and q.visit_day[treatment, p.visit] <= 0.0:
        pay_visit(p, o, q, tally, t)


@rule
def suffer_harms(p: Any, o: Any, q: Any, tally: Any, t: Any, treatment: Any, attempt: Any) -> None:
    """Draw the adverse events of a course: cost and loss now, death with the next event."""
    for n in range(3):
        chance = q.harm_probability[treatment, n]
        if chance > 0.0:
            u = uniform(p.key, q.salt_harm[treatment], attempt * 4 + n)
            if u < chance:
                pay(o, q, tally, COST_ADVERSE, q.harm_cost[treatment, n], t)
                lose_quality(o, q, q.harm_loss[treatment, n], t)
                if u < chance * q.harm_fatal[treatment, n]:
                    p.death = min(p.death, t)


@rule
def pay_visit(p: Any, o: Any, q: Any, tally: Any, t: Any) -> None:
    """Charge a visit and the patient's time, and count it as made."""
    pay(o, q, tally, COST_VISITS, q.cost_visit[p.treatment], t)
    pay(o, q, tally, COST_TIME, q.time_visit[p.treatment], t)
    p.visit += 1


@rule
def attend_visit(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> None:
    """Make a visit: read severity; stop a course that does not help, if the strategy says so."""
    pay_visit(p, o, q, tally, t)
    if p.moving:
        look(p, o, q, tally, t)
    if p.state < REMITTED and t - p.started >= s.stop_after_days:
        before = measured(p, q, p.reference, p.started)
        now = measured(p, q, severity_now(p, q, t), t)
        if before - now < s.stop_improvement * before:
            fail_course(p, o, q, s, tally, t, OUTCOME_STOPPED, OUTCOME_STOPPED)


@rule
def end_course(p: Any, o: Any, q: Any, tally: Any, outcome: Any, seen: Any) -> None:
    """Note how the course under way ended; its place is free. A mere bridge leaves no history.

    `outcome` is what was true, and is counted; `seen` is what was measured, and rules may ask it.
    """
    note_line(p, o, tally, p.line, p.treatment, outcome)
    if p.place >= 0:
        p.freed = min(p.freed, p.place_until)
    if q.adequate[p.treatment] or outcome == OUTCOME_DROPPED:
        p.previous = p.treatment
        p.outcome = seen
    p.treatment = -1
    p.sessions = 0
    p.due = math.inf


@rule
def fail_course(
    p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any, outcome: Any, seen: Any
) -> None:
    """End a course that failed: T = 0; next line after a gap, or out of care for a while."""
    adequate = q.adequate[p.treatment]
    free_place(p, t)
    end_course(p, o, q, tally, outcome, seen)
    p.gain = 0.0
    if p.want >= 0:
        p.failures += adequate
        p.line += adequate
        wait_on(p, o, q, s, tally, t)
        return
    if not adequate:
        p.care = CARE_WAIT
        decide(p, o, q, s, tally, t)
        return
    p.failures += 1
    p.line += 1
    if leaves_after_failure(p, q):
        leave_care(p, o, q, tally, t, ASK_LEFT)
    else:
        begin_wait(p, o, q, tally, t, t + q.switch_gap, q.contact_usual)


@rule
def wait_on(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> None:
    """Go on waiting for a place after a bridge, or after a response that was lost."""
    service = q.service[p.want]
    refer_to(p, q, t)
    p.gain = 0.0
    p.care = CARE_WAIT
    p.due = t + s.review_days[service]
    set_contact(p, q, s.waiting_contact[service], t)
    look(p, o, q, tally, t)
    set_flows(p, o, q, tally, t)


@rule
def drop_out(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> None:
    """Stop a course early: T = 0, no adequate failure; come back after a gap or not."""
    card = p.treatment if p.gain > 0.0 else -1
    score = severity_now(p, q, t)
    free_place(p, t)
    end_course(p, o, q, tally, OUTCOME_DROPPED, OUTCOME_DROPPED)
    p.gain = 0.0
    if p.state >= REMITTED:
        hold_score(p, o, q, t, score)
        p.kept_until = t
        p.relapse = max(t, relapse_day(p, q, p.well_since, card, 1.0, 1.0, p.well_since, t))
        leave_care(p, o, q, tally, t, ASK_LEFT)
    elif p.want >= 0:
        wait_on(p, o, q, s, tally, t)
    elif leaves_after_dropout(p, q):
        leave_care(p, o, q, tally, t, ASK_LEFT)
    else:
        begin_wait(p, o, q, tally, t, t + q.switch_gap, q.contact_usual)


@rule
def measured_outcome(p: Any, q: Any, score: Any, t: Any) -> Any:
    """Return the outcome of a course as measured: the score is read with error, like any score."""
    now = measured(p, q, score, t)
    if now <= q.remission_severity:
        return OUTCOME_REMISSION
    if p.state >= REMITTED or now <= 0.5 * measured(p, q, p.reference, p.started):
        return OUTCOME_RESPONSE
    return OUTCOME_FAILED


@rule
def hold_score(p: Any, o: Any, q: Any, t: Any, score: Any) -> None:
    """Hold the score a course has brought in remission once the course is over."""
    p.reference = score
    read_utility(p, o, q, score, effect_at(p, q, t), t)


@rule
def judge_course(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> None:
    """Judge a course at its assessment day: remission, response, or failure."""
    if p.visit < q.visits[p.treatment]:
        pay_visit(p, o, q, tally, t)
    look(p, o, q, tally, t)
    well = p.state >= REMITTED
    treatment = p.treatment
    score = severity_now(p, q, t)
    seen = measured_outcome(p, q, score, t)
    if not well and (p.state != RESPONDING or not q.adequate[treatment]):
        fail_course(p, o, q, s, tally, t, OUTCOME_FAILED, seen)
        return
    held = effect_at(p, q, t)
    upkeep = q.upkeep_days[treatment]
    booster = s.booster[treatment]
    worked = p.gain > 0.0
    free_place(p, t)
    end_course(p, o, q, tally, OUTCOME_REMISSION if well else OUTCOME_RESPONSE, seen)
    p.line += q.adequate[treatment]
    if worked:
        p.worked = treatment
    p.gain = 0.0 if well else held
    if well:
        hold_score(p, o, q, t, score)
    p.kept_until = t + upkeep if worked else -math.inf
    p.keeper = treatment if worked else -1
    p.care = CARE_AFTER
    if booster >= 0 and worked:
        p.due = t + s.booster_days[treatment]
        p.kept_until = math.inf
        p.keeper = booster
        if well:
            before = q.upkeep_ratio[treatment]
            p.relapse = relapse_day(p, q, p.well_since, treatment, 1.0, before, t, math.inf)
    follows = not well and s.on_response != 0 and p.want < 0
    if follows and follow_response(p, o, q, s, tally, t) and p.want < 0:
        return
    keep_well(p, o, q, s, tally, t)


@rule
def give_booster(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> None:
    """Give a booster and set the day of the next."""
    pay(o, q, tally, COST_TREATMENT, q.cost_booster[p.keeper], t)
    pay(o, q, tally, COST_TIME, q.time_booster[p.keeper], t)
    p.due = t + s.booster_days[p.worked]


@rule
def follow_response(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> Any:
    """After a response that is no remission: augment or go to the next rule; False if none."""
    n = NO_RULE
    if s.on_response == RESPONSE_AUGMENT:
        n = choose(p, q, s, t, True)
    elif s.on_response == RESPONSE_NEXT:
        n = choose(p, q, s, t, False)
    if n == NO_RULE:
        return False
    take_rule(p, o, q, s, tally, t, n)
    return True


@rule
def keep_well(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> None:
    """Begin aftercare: maintenance while it lasts, and the clock on which a response is lost."""
    kept = p.kept_until > t
    if p.state >= REMITTED:
        if not kept:
            leave_care(p, o, q, tally, t, ASK_LEFT)
            return
        set_contact(p, q, q.upkeep_contact[p.worked], t)
    else:
        p.well_since = t
        p.spell += 1
        card = p.worked if p.gain > 0.0 else -1
        p.relapse = relapse_day(p, q, t, card, q.residual_ratio, 1.0, t, p.kept_until)
        set_contact(p, q, q.upkeep_contact[p.worked] if kept else q.contact_usual, t)
        look(p, o, q, tally, t)
    set_flows(p, o, q, tally, t)
