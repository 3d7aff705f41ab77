"""Readings: what changes when severity is looked at, and what begins or ends a remission."""

from __future__ import annotations

import math
from typing import Any

from popmodel.jit import rule
from popmodel.rules.accrual import count, in_crisis, read_utility, set_flows, set_state
from popmodel.rules.codes import (
    CARE_AFTER,
    CARE_COURSE,
    CARE_LAST,
    CARE_OUT,
    CARE_WAIT,
    FLOW_REMISSIONS,
    FLOW_RESPONSES,
    ON_COURSE,
    REMITTED,
    RESPONDING,
    UNTREATED,
    WAIT_WELL,
    WAITING,
)
from popmodel.rules.crisis import respend_crisis
from popmodel.rules.engagement import respend_asking, stop_asking
from popmodel.rules.mortality import change_excess
from popmodel.rules.natural_course import next_grid_point, pass_knot
from popmodel.rules.queue import end_wait
from popmodel.rules.relapse import relapse_day
from popmodel.rules.relief import relief_day
from popmodel.rules.response import (
    contact_at,
    effect_at,
    natural_depth,
    severity_now,
    severity_of_depth,
)
from popmodel.rules.stay import discharge_early


@rule
def band_of(q: Any, severity: Any) -> Any:
    """Return the severity band of a score."""
    limit = q.band_limit
    return int(severity > limit[0]) + int(severity > limit[1]) + int(severity > limit[2])


@rule
def clinical_state(p: Any, severity: Any) -> Any:
    """Return the occupancy state of a depressed patient: the first that applies."""
    if severity <= 0.5 * p.reference:
        return RESPONDING
    if p.care == CARE_COURSE:
        return ON_COURSE
    if p.care == CARE_WAIT:
        return WAITING
    return UNTREATED


@rule
def change_band(p: Any, q: Any, t: Any, band: Any) -> None:
    """Spend the hazards that depend on severity at the rate of a band, new or not.

    Both outcomes are computed and one is kept: no processor can guess whether the band changes, and
    a wrong guess costs more than the sum.
    """
    respend_crisis(p, q, t, band)
    respend_asking(p, q, t, band)
    p.band = band


@rule
def read_severity(p: Any, o: Any, q: Any, tally: Any, severity: Any, effect: Any, t: Any) -> None:
    """Take a reading of a depressed patient into account: band, response, utility, cost rates."""
    change_band(p, q, t, band_of(q, severity))
    state = clinical_state(p, severity)
    if state != p.state:
        if state == RESPONDING:
            if o.first_response == math.inf:
                o.first_response = relief_day(p, q, t) - p.entry
            count(o, tally, FLOW_RESPONSES, t)
            discharge_early(p, q, t)
        set_state(p, o, tally, state, t)
        set_flows(p, o, q, tally, t)
    read_utility(p, o, q, severity, effect, t)


@rule
def set_contact(p: Any, q: Any, target: Any, t: Any) -> None:
    """Turn contact towards another level; never reset by a change of course."""
    if q.contact_level[target] != q.contact_level[p.contact_target]:
        p.contact_from = contact_at(p, q, t)
        p.contact_since = t
        begin_moving(p, q, t)
    p.contact_target = target


@rule
def begin_moving(p: Any, q: Any, t: Any) -> None:
    """Have every grid point read from now on, not only the knots."""
    if not p.moving:
        p.moving = 1
        p.grid = next_grid_point(p, q, t)


@rule
def begin_remission(p: Any, o: Any, q: Any, tally: Any, t: Any, severity: Any, effect: Any) -> None:
    """Hold the score, start the relapse clock; a course or wait under way runs to its end."""
    card = -1
    if p.gain > 0.0:
        card = p.treatment if p.care == CARE_COURSE else p.worked
    if o.first_remission == math.inf:
        o.first_remission = t - p.entry
    if o.first_response == math.inf:
        o.first_response = relief_day(p, q, t) - p.entry
    count(o, tally, FLOW_REMISSIONS, t)
    if p.want >= 0:
        end_wait(p, o, t, WAIT_WELL)
        p.due = t if p.care == CARE_WAIT else p.due
    discharge_early(p, q, t)
    change_excess(p, q, t, False, True)
    stop_asking(p, q, t)
    change_band(p, q, t, 0)
    p.reference = severity
    set_state(p, o, tally, REMITTED, t)
    p.well_since = t
    p.spell += 1
    if p.care == CARE_COURSE and card >= 0:
        p.worked = card
        p.keeper = card
        p.kept_until = p.started + q.assess_days[card] + q.upkeep_days[card]
    elif p.care != CARE_AFTER or card < 0:
        p.kept_until = -math.inf
        p.keeper = -1
    p.relapse = relapse_day(p, q, t, card, 1.0, 1.0, t, p.kept_until)
    if p.care != CARE_COURSE:
        p.gain = 0.0
    if p.care == CARE_LAST or p.care == CARE_OUT:
        set_contact(p, q, q.contact_none, t)
    read_utility(p, o, q, severity, effect, t)
    set_flows(p, o, q, tally, t)


@rule
def close_remission(p: Any, o: Any, t: Any) -> None:
    """Count the days well of a remission that ends, or that the horizon cuts, at day t."""
    o.remission_days += t - p.well_since
    early = min(t, p.entry + 90.0) - p.well_since
    if early > 0.0:
        o.remission_days_90 += early
    year = p.entry + 365.0
    if p.well_since <= year < t:
        o.remitted_12m = 1


@rule
def look(p: Any, o: Any, q: Any, tally: Any, t: Any) -> None:
    """Read severity at day t (visit, judgement, decision): remission if low enough."""
    if p.state >= REMITTED:
        return
    effect = effect_at(p, q, t)
    severity = severity_of_depth(p, q, natural_depth(p, q) + p.contact + effect)
    if severity <= q.remission_severity:
        begin_remission(p, o, q, tally, t, severity, effect)
    else:
        read_severity(p, o, q, tally, severity, effect, t)


@rule
def refer_to(p: Any, q: Any, t: Any) -> None:
    """Make the present score the one that response is measured against."""
    if p.state < REMITTED:
        p.reference = severity_now(p, q, t)


@rule
def step_grid(p: Any, q: Any, t: Any) -> Any:
    """Pass grid point `p.grid` on day t; return the score and the treatment effect there.

    At a knot depth moves; while something moves contact takes its value; then the next grid point
    is chosen: the next one while something moves, else the next knot.
    """
    if p.grid & 3 == 0:
        pass_knot(p, q, p.grid >> 2)
    effect = effect_at(p, q, t)
    if p.moving:
        level = q.contact_level[p.contact_target]
        if p.contact_since < t - q.grid_days:
            p.contact = level + (p.contact - level) * q.contact_fade
        else:
            p.contact = contact_at(p, q, t)
        settled = abs(p.contact - level) <= q.tolerance
        if settled:
            p.contact = level
            p.contact_from = level
        taken = p.care != CARE_COURSE or p.gain - effect <= q.tolerance
        p.moving = 0 if settled and taken else 1
    p.grid += 1
    if not p.moving:
        p.grid += -p.grid & 3
    return severity_of_depth(p, q, natural_depth(p, q) + p.contact + effect), effect


@rule
def read_grid_point(p: Any, o: Any, q: Any, tally: Any, t: Any) -> Any:
    """Read a grid point; True if it finds remission, which then begins as an event of its own."""
    severity, effect = step_grid(p, q, t)
    if severity <= q.remission_severity:
        return True
    read_severity(p, o, q, tally, severity, effect, t)
    return False


@rule
def glance(p: Any, q: Any, t: Any) -> Any:
    """Pass a grid point as `read_grid_point` does, on a copy of a patient and without accounts.

    True if it finds what may change more than the reading: remission, or relief in hospital.
    """
    severity, _ = step_grid(p, q, t)
    if severity <= q.remission_severity:
        return True
    change_band(p, q, t, band_of(q, severity))
    state = clinical_state(p, severity)
    relieved = state == RESPONDING and state != p.state
    p.state = state
    return relieved and in_crisis(p)
