"""What a patient does when it wakes, and when it will wake next.

Order within one wake-up:

1. settle: of all rivals the earliest wins (ties: death, crisis, knot, end of course, relapse,
   visit, service decision); on the way there, grid points are walked in a tight loop;
2. act: the event changes the patient;
3. settle again, so that `p.wake` and `p.event` always say what comes next.

Both schedulers call `enter`, `wake_up` and `leave` and nothing else.
"""

from __future__ import annotations

import math
from typing import Any

from popmodel.jit import rule
from popmodel.rules import codes as c
from popmodel.rules.accrual import (
    age_band_at_entry,
    count,
    in_crisis,
    move,
    next_birthday,
    read_utility,
    set_flows,
    set_state,
    settle_flows,
    settle_utility,
    utility_of,
)
from popmodel.rules.course import (
    attend_visit,
    begin_wait,
    decide,
    drop_out,
    give_booster,
    judge_course,
    leave_care,
    note_line,
    offer_in_hospital,
    wait_on,
)
from popmodel.rules.crisis import begin_crises, suffer_crisis
from popmodel.rules.engagement import begin_asking
from popmodel.rules.mortality import begin_mortality, change_excess
from popmodel.rules.natural_course import (
    draw_onset_swing,
    draw_worst,
    next_grid_point,
)
from popmodel.rules.places import give_up_waiting, review
from popmodel.rules.queue import (
    end_wait,
    free_place,
    is_limited,
    join_for_booster,
    set_rank,
    waits,
)
from popmodel.rules.reading import (
    band_of,
    clinical_state,
    close_remission,
    look,
    read_grid_point,
    set_contact,
)
from popmodel.rules.response import contact_at, effect_at, severity_now
from popmodel.rules.stay import close_stay, end_stage, leave_hospital, stop_boarding


@rule
def enter(p: Any, o: Any, q: Any, s: Any, tally: Any) -> None:
    """Begin a patient's life in the model: reading, budgets, and asking for care or a decision."""
    t = p.entry
    p.reference = 2.0 * 60.0
    severity = severity_now(p, q, t)
    p.reference = severity
    o.entry_severity = severity
    o.state_flow_since = t
    o.care_flow_since = t
    o.utility_since = t
    o.first_remission = math.inf
    o.first_response = math.inf
    o.died = math.inf
    o.utility_lag = 1.0
    o.utility_worth = math.exp(-q.discount_health * t)
    o.state_flow_worth = math.exp(-q.discount_costs * t)
    o.care_flow_worth = o.state_flow_worth
    p.state = clinical_state(p, severity)
    p.band = band_of(q, severity)
    move(o, tally, -1, p.state, t)
    count(o, tally, c.FLOW_ENTRIES, t)
    begin_mortality(p, q)
    begin_crises(p, q)
    p.grid = next_grid_point(p, q, t)
    p.moving = 1
    p.age_band = age_band_at_entry(p, q)
    o.utility = utility_of(p, q, severity)
    if p.care == c.CARE_OUT:
        begin_asking(p, q, t)
    look(p, o, q, tally, t)
    set_flows(p, o, q, tally, t)
    settle(p, o, q, tally)


@rule
def earliest(p: Any, q: Any) -> Any:
    """Set `event` and `wake` to the earliest rival, grid points apart; return the day."""
    event, day = c.EVENT_END, q.horizon
    if p.death < day:
        event, day = c.EVENT_DEATH, p.death
    if p.excess < day:
        event, day = c.EVENT_EXCESS, p.excess
    if p.crisis < day:
        event, day = c.EVENT_CRISIS, p.crisis
    if p.care == c.CARE_COURSE:
        judged = p.started + q.assess_days[p.treatment]
        if judged < day:
            event, day = c.EVENT_JUDGE, judged
    if p.relapse < day:
        event, day = c.EVENT_RELAPSE, p.relapse
    if p.care == c.CARE_COURSE:
        if p.due < day:
            event, day = c.EVENT_DROP, p.due
        if p.visit < q.visits[p.treatment]:
            visit = p.started + q.visit_day[p.treatment, p.visit]
            if visit < day:
                event, day = c.EVENT_VISIT, visit
        if p.sessions:
            last = p.started + q.session_days[p.treatment]
            if last < day:
                event, day = c.EVENT_SESSIONS, last
    if p.crisis_end < day:
        event, day = c.EVENT_CRISIS_END, p.crisis_end
    if p.state == c.REMITTED:
        well = p.well_since + q.recovery_days
        if well < day:
            event, day = c.EVENT_RECOVERED, well
    if p.care == c.CARE_AFTER:
        if -math.inf < p.kept_until < day:
            event, day = c.EVENT_KEPT, p.kept_until
        if p.due < day:
            event, day = c.EVENT_BOOSTER, p.due
    elif p.care == c.CARE_OUT:
        if p.state < c.REMITTED and 0.0 <= p.ask < day:
            event, day = c.EVENT_ASK, p.ask
    elif p.care == c.CARE_WAIT and p.due < day:
        event, day = c.EVENT_DECIDE, p.due
    if p.renege < day:
        event, day = c.EVENT_RENEGE, p.renege
    birthday = next_birthday(p, q)
    if birthday < day:
        event, day = c.EVENT_BIRTHDAY, birthday
    p.event = event
    p.wake = day
    return day


@rule
def settle(p: Any, o: Any, q: Any, tally: Any) -> None:
    """Find the next event; walk the grid points before it, which may bring it forward."""
    day = earliest(p, q)
    if p.state >= c.REMITTED:
        return
    while True:
        t = p.phase + p.grid * q.grid_days
        if t > day or (t == day and p.event < c.EVENT_KNOT):
            return
        if waits(p):
            # A place or a bed may come any day: nothing is read ahead of the clock.
            p.event = c.EVENT_GRID
            p.wake = t
            return
        band = p.band
        if read_grid_point(p, o, q, tally, t):
            p.event = c.EVENT_KNOT
            p.wake = t
            return
        if p.band != band or p.crisis_end < day:
            day = earliest(p, q)


@rule
def wake_up(p: Any, o: Any, q: Any, s: Any, tally: Any) -> None:
    """Let the event that fell due happen, then settle the next."""
    o.events += 1
    event, t = p.event, p.wake
    if event == c.EVENT_KNOT:
        look(p, o, q, tally, t)
    elif event == c.EVENT_VISIT:
        attend_visit(p, o, q, s, tally, t)
    elif event == c.EVENT_JUDGE:
        judge_course(p, o, q, s, tally, t)
    elif event == c.EVENT_DECIDE:
        if p.want >= 0:
            review(p, o, q, s, tally, t)
        else:
            decide(p, o, q, s, tally, t)
    elif event == c.EVENT_GRID:
        if read_grid_point(p, o, q, tally, t):
            look(p, o, q, tally, t)
    elif event == c.EVENT_RENEGE:
        how = c.WAIT_REFUSED if t == p.joined else c.WAIT_RENEGED
        give_up_waiting(p, o, q, tally, t, how)
    elif event == c.EVENT_ASK:
        p.ask = math.inf
        p.asked += 1
        p.care = c.CARE_WAIT
        decide(p, o, q, s, tally, t)
    elif event == c.EVENT_DROP:
        drop_out(p, o, q, s, tally, t)
    elif event == c.EVENT_RELAPSE:
        relapse(p, o, q, s, tally, t)
    elif event == c.EVENT_SESSIONS:
        p.sessions = 0
        set_flows(p, o, q, tally, t)
    elif event == c.EVENT_RECOVERED:
        set_state(p, o, tally, c.RECOVERED, t)
    elif event == c.EVENT_KEPT:
        end_maintenance(p, o, q, tally, t)
    elif event == c.EVENT_BOOSTER:
        if is_limited(q, s, p.keeper):
            join_for_booster(p, q, s, t)
        else:
            give_booster(p, o, q, s, tally, t)
    elif event == c.EVENT_BIRTHDAY:
        p.age_band += 1
        read_utility(p, o, q, severity_now(p, q, t), effect_at(p, q, t), t)
        set_flows(p, o, q, tally, t)
    elif event == c.EVENT_CRISIS:
        crisis(p, o, q, s, tally, t)
    elif event == c.EVENT_CRISIS_END:
        look(p, o, q, tally, t)
        end_stage(p, o, q, s, tally, t)
        if in_crisis(p) and p.bed != c.BED_WANTED:
            offer_in_hospital(p, o, q, s, tally, t)
    else:
        die(p, o, q, tally, t)
    if p.state != c.DEAD:
        settle(p, o, q, tally)


@rule
def end_maintenance(p: Any, o: Any, q: Any, tally: Any, t: Any) -> None:
    """Stop maintenance: the well leave care, the responding keep the contact of usual care."""
    p.kept_until = -math.inf
    if p.state >= c.REMITTED:
        leave_care(p, o, q, tally, t, c.ASK_LEFT)
    else:
        set_contact(p, q, q.contact_usual, t)
        set_flows(p, o, q, tally, t)


@rule
def crisis(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> None:
    """Suffer a crisis; who has no course under way may be offered one in that setting."""
    if suffer_crisis(p, o, q, tally, t):
        die(p, o, q, tally, t)
        return
    if p.want >= 0:
        set_rank(p, q, s, t)
    offer_in_hospital(p, o, q, s, tally, t)


@rule
def relapse(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> None:
    """Fall ill again (or lose a held response): T = 0; a course or wait under way runs on."""
    p.relapse = math.inf
    p.gain = 0.0
    if p.state >= c.REMITTED:
        begin_again(p, o, q, tally, t)
    else:
        o.losses += 1
    p.kept_until = -math.inf
    if p.want >= 0 and p.asked_by == c.JOIN_BOOSTER:
        end_wait(p, o, t, c.WAIT_RELAPSED)
    if p.want >= 0 and p.care == c.CARE_AFTER:
        wait_on(p, o, q, s, tally, t)
    elif p.care == c.CARE_AFTER or p.care == c.CARE_LAST:
        p.ask_mode = c.ASK_RELAPSED
        begin_wait(p, o, q, tally, t, t + q.switch_gap, q.contact_usual)
    elif p.care == c.CARE_OUT:
        mode = c.ASK_FIRST if p.ask_mode == c.ASK_FIRST else c.ASK_RELAPSED
        leave_care(p, o, q, tally, t, mode)
    else:
        look(p, o, q, tally, t)


@rule
def begin_again(p: Any, o: Any, q: Any, tally: Any, t: Any) -> None:
    """Start a relapse of the same episode, or after recovery a recurrence: a new episode."""
    close_remission(p, o, t)
    o.relapses += 1
    if p.state == c.RECOVERED:
        o.recurrences += 1
        count(o, tally, c.FLOW_RECURRENCES, t)
        p.episode += 1
        p.worst = draw_worst(p, q, p.episode)
        p.failures = 0
        p.line = 1
        p.step = 1
        p.tried = 0
        p.again = 0
        p.used = 0
        p.previous = -1
        p.outcome = c.OUTCOME_NONE
    else:
        count(o, tally, c.FLOW_RELAPSES, t)
    p.contact = contact_at(p, q, t)
    p.swing = draw_onset_swing(p, q, p.contact, int(p.episode) * 1000 + int(p.spell))
    change_excess(p, q, t, True, False)
    set_state(p, o, tally, c.UNTREATED, t)
    p.moving = 1
    p.grid = next_grid_point(p, q, t)
    p.reference = severity_now(p, q, t)


@rule
def die(p: Any, o: Any, q: Any, tally: Any, t: Any) -> None:
    """Close a life."""
    if p.state >= c.REMITTED:
        close_remission(p, o, t)
    if p.care == c.CARE_COURSE:
        note_line(p, o, tally, p.line, p.treatment, c.LINE_DIED)
        free_place(p, t)
    end_wait(p, o, t, c.WAIT_DIED)
    leave_hospital(p, o, q, tally, t, c.STAY_DIED)
    settle_flows(o, q, tally, t)
    settle_utility(o, q, t)
    for category in range(c.COSTS):
        o.flow[category] = 0.0
    count(o, tally, c.FLOW_DEATHS, t)
    set_state(p, o, tally, c.DEAD, t)
    o.died = t
    p.wake = math.inf
    p.event = c.EVENT_END


@rule
def leave(p: Any, o: Any, q: Any, tally: Any) -> None:
    """Close the accounts of a living patient at the horizon."""
    if p.state == c.DEAD:
        return
    t = q.horizon
    end_wait(p, o, t, c.WAIT_STILL)
    if in_crisis(p):
        stop_boarding(p, o, q, tally, t, c.WAIT_STILL)
        close_stay(p, o, q, tally, t, c.STAY_STILL)
    settle_flows(o, q, tally, t)
    settle_utility(o, q, t)
    if p.state >= c.REMITTED:
        close_remission(p, o, t)
        o.remitted_end = 1
        if p.entry + 365.0 == t:
            o.remitted_12m = 1
    if p.care == c.CARE_COURSE:
        note_line(p, o, tally, p.line, p.treatment, c.LINE_UNFINISHED)


@rule
def live(p: Any, o: Any, q: Any, s: Any, tally: Any) -> None:
    """Run one patient ahead from entry to the horizon."""
    enter(p, o, q, s, tally)
    while p.wake < q.horizon:
        wake_up(p, o, q, s, tally)
    leave(p, o, q, tally)
    tally.events += o.events
