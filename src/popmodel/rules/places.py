"""What happens to a patient when a service decides: a place, a bridge, or another rule.

The schedulers call these at the ticks of a service, and settle the patient's next event after.
"""

from __future__ import annotations

import math
from typing import Any

from popmodel.jit import rule
from popmodel.rules.codes import (
    ASK_LEFT,
    BED_HELD,
    CARE_COURSE,
    CARE_WAIT,
    FULL_BRIDGE,
    FULL_NEXT,
    JOIN_BOOSTER,
    JOIN_BRIDGED,
    JOIN_COURSE,
    LINE_UNFINISHED,
    STAY_HOME,
    WAIT_OTHER,
    WAIT_SERVED,
)
from popmodel.rules.course import (
    begin_course,
    begin_wait,
    decide,
    give_booster,
    leave_care,
    note_line,
    offer_in_hospital,
    take_rule,
)
from popmodel.rules.decision import NO_RULE, choose, is_eligible
from popmodel.rules.engagement import leaves_after_dropout
from popmodel.rules.queue import end_wait, set_rank
from popmodel.rules.reading import look
from popmodel.rules.stay import admit, leave_hospital, stop_boarding


@rule
def take_place(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> Any:
    """Begin what was waited for on day t; False if the place is not needed after all.

    A bridge under way ends without a judgement. Somebody who is well by now, or whom the card no
    longer admits (after a change of setting), gives the place back.
    """
    treatment = p.want
    look(p, o, q, tally, t)
    taken = p.want >= 0
    if taken and p.asked_by == JOIN_BOOSTER:
        end_wait(p, o, t, WAIT_SERVED)
        give_booster(p, o, q, s, tally, t)
    elif taken and is_eligible(p, q, treatment):
        stop_bridge(p, o, tally)
        end_wait(p, o, t, WAIT_SERVED)
        begin_course(p, o, q, tally, t, treatment)
    elif taken:
        taken = False
        stop_bridge(p, o, tally)
        end_wait(p, o, t, WAIT_OTHER)
        p.care = CARE_WAIT
        decide(p, o, q, s, tally, t)
    if taken:
        p.place = q.service[treatment]
        p.place_until = t + q.place_days[treatment]
        p.freed = math.inf
    return taken


@rule
def stop_bridge(p: Any, o: Any, tally: Any) -> None:
    """End a bridge without judging it."""
    if p.care == CARE_COURSE:
        note_line(p, o, tally, p.line, p.treatment, LINE_UNFINISHED)
        p.treatment = -1
        p.sessions = 0
        p.due = math.inf
        p.gain = 0.0


@rule
def find_full(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> None:
    """Meet a full service, at its first tick after joining: wait, go on to a rule, or bridge.

    Who finds no other rule waits after all.
    """
    if p.asked_by != JOIN_COURSE or p.care != CARE_WAIT:
        return
    p.asked_by = JOIN_BRIDGED
    if s.on_full == FULL_NEXT and p.joined_rule >= 0:
        turn_away(p, o, q, s, tally, t)
    elif s.on_full == FULL_BRIDGE and is_eligible(p, q, s.bridge):
        begin_course(p, o, q, tally, t, s.bridge)


@rule
def turn_away(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> None:
    """Go on to the next rule that fits; the rule that was full may be asked again later."""
    look(p, o, q, tally, t)
    if p.want < 0:
        return
    n = p.joined_rule
    p.skip |= 1 << n
    p.used &= ~(1 << n)
    p.step -= 1
    other = choose(p, q, s, t, False)
    if other == NO_RULE:
        p.used |= 1 << n
        p.step += 1
        p.skip = 0
    else:
        end_wait(p, o, t, WAIT_OTHER)
        take_rule(p, o, q, s, tally, t, other)


@rule
def review(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> None:
    """Look at somebody who waits: well, or of another rank."""
    look(p, o, q, tally, t)
    if p.want >= 0:
        set_rank(p, q, s, t)
        p.due = t + s.review_days[q.service[p.want]]


@rule
def give_up_waiting(p: Any, o: Any, q: Any, tally: Any, t: Any, how: Any) -> None:
    """Leave the queue and do as after a drop-out: out of care or the next rule; bridges go on."""
    end_wait(p, o, t, how)
    if p.care != CARE_WAIT:
        return
    if leaves_after_dropout(p, q):
        leave_care(p, o, q, tally, t, ASK_LEFT)
    else:
        begin_wait(p, o, q, tally, t, t + q.switch_gap, q.contact_usual)


@rule
def give_bed(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> Any:
    """Admit somebody who waits for a bed; False if a benefit seen just now spares the admission."""
    look(p, o, q, tally, t)
    if p.ward <= 0.0:
        leave_hospital(p, o, q, tally, t, STAY_HOME)
        return False
    stop_boarding(p, o, q, tally, t, WAIT_SERVED)
    admit(p, o, tally, t)
    p.bed = BED_HELD
    offer_in_hospital(p, o, q, s, tally, t)
    return True
