"""Accounts: costs and utility flow between changes; tallies count what happens by week.

Flows are integrated in closed form and touched only when a rate changes, so a wake-up that changes
nothing changes no account. Discounting is continuous from the model start.
"""

from __future__ import annotations

import math
from typing import Any

from popmodel.jit import rule
from popmodel.rules.codes import (
    CARE_AFTER,
    CARE_COURSE,
    COST_BACKGROUND,
    COST_DRUGS,
    COST_PRODUCTIVITY,
    COST_TIME,
    COST_TREATMENT,
    COST_VISITS,
    COSTS,
    IN_CRISIS,
    REMITTED,
    RESPONDING,
)
from popmodel.rules.records import MICRO, WEEK_COST, WEEK_FLOW, WEEK_RATE
from popmodel.rules.response import effect_at, natural_depth, severity_of_depth
from popmodel.units import DAYS_PER_WEEK, DAYS_PER_YEAR

_THIRD, _FIFTH, _SIXTH, _SEVENTH = 1.0 / 3.0, 1.0 / 5.0, 1.0 / 6.0, 1.0 / 7.0


@rule
def week_of(t: Any) -> Any:
    """Return the week day t lies in."""
    return math.floor(t / DAYS_PER_WEEK)


@rule
def count(o: Any, tally: Any, what: Any, t: Any) -> None:
    """Count a happening in its week."""
    if o.recording:
        tally.week[week_of(t), WEEK_FLOW + what] += 1


@rule
def move(o: Any, tally: Any, old: Any, new: Any, t: Any) -> None:
    """Move a patient from one occupancy state to another from the next start of a week on."""
    if o.recording:
        week = math.ceil(t / DAYS_PER_WEEK)
        if old >= 0:
            tally.week[week, old] -= 1
        tally.week[week, new] += 1


@rule
def in_crisis(p: Any) -> Any:
    """Tell whether the patient is in an emergency stay or admission."""
    return p.crisis_end < math.inf


@rule
def set_state(p: Any, o: Any, tally: Any, new: Any, t: Any) -> None:
    """Change the clinical state; during a crisis occupancy keeps counting the crisis."""
    if new != p.state:
        if not in_crisis(p):
            move(o, tally, p.state, new, t)
        p.state = new


@rule
def pay(o: Any, q: Any, tally: Any, category: Any, amount: Any, t: Any) -> None:
    """Charge an amount at day t."""
    if amount == 0.0:
        return
    o.cost[category] += amount * math.exp(-q.discount_costs * t)
    o.cost_undiscounted[category] += amount
    if o.recording:
        tally.week[week_of(t), WEEK_COST + category] += math.floor(amount * MICRO + 0.5)


@rule
def lose_quality(o: Any, q: Any, years: Any, t: Any) -> None:
    """Take a one-off loss of QALYs at day t; it counts as years with disability by the card."""
    worth = math.exp(-q.discount_health * t)
    o.qaly -= years * worth
    o.qaly_undiscounted -= years
    o.yld += q.disability_of_harm * years * worth
    o.yld_undiscounted += q.disability_of_harm * years


@rule
def _tally_flow(o: Any, tally: Any, start: Any, end: Any) -> None:
    """Spread the flows over weeks: part weeks at the ends, whole weeks as a difference."""
    first, last = week_of(start), week_of(end)
    begun = (first + 1) * DAYS_PER_WEEK - start
    ended = end - last * DAYS_PER_WEEK
    for category in range(COSTS):
        rate = o.flow[category] * MICRO
        if rate == 0.0:
            continue
        column, slope = WEEK_COST + category, WEEK_RATE + category
        if first == last:
            tally.week[first, column] += math.floor(rate * (end - start) + 0.5)
        else:
            whole = math.floor(rate * DAYS_PER_WEEK + 0.5)
            tally.week[first, column] += math.floor(rate * begun + 0.5)
            tally.week[last, column] += math.floor(rate * ended + 0.5)
            tally.week[first + 1, slope] += whole
            tally.week[last, slope] -= whole


@rule
def lost_worth(x: Any) -> Any:
    """Return 1 - exp(-x) for x >= 0; a short series where x is small saves a library call."""
    if x > 0.02:
        return -math.expm1(-x)
    tail = 1.0 - x * _FIFTH * (1.0 - x * _SIXTH * (1.0 - x * _SEVENTH))
    return x * (1.0 - x * 0.5 * (1.0 - x * _THIRD * (1.0 - x * 0.25 * tail)))


@rule
def settle_flows(o: Any, q: Any, tally: Any, t: Any) -> None:
    """Bring the cost accounts up to day t."""
    days = t - o.flow_since
    if days > 0.0:
        rate = q.discount_costs
        lost = lost_worth(rate * days)
        worth = o.flow_worth * (lost / rate if rate > 0.0 else days)
        for category in range(COSTS):
            flow = o.flow[category]
            if flow != 0.0:
                o.cost[category] += flow * worth
                o.cost_undiscounted[category] += flow * days
        if o.recording:
            _tally_flow(o, tally, o.flow_since, t)
        o.flow_worth *= 1.0 - lost
    o.flow_since = t


@rule
def age_band_at_entry(p: Any, q: Any) -> Any:
    """Return the age band (of wages and utility norms) a patient enters in."""
    band = 0
    while band < q.age_bands - 1 and p.age >= q.age_band_high[band]:
        band += 1
    return band


@rule
def next_birthday(p: Any, q: Any) -> Any:
    """Return the day the patient comes into the next age band, `inf` in the last."""
    if p.age_band >= q.age_bands - 1:
        return math.inf
    return p.entry + (q.age_band_high[p.age_band] - p.age) * DAYS_PER_YEAR


@rule
def kind_of(p: Any) -> Any:
    """Return the kind of state that money and state utilities know: well, responding, depressed."""
    return 0 if p.state >= REMITTED else (1 if p.state == RESPONDING else 2)


@rule
def set_flows(p: Any, o: Any, q: Any, tally: Any, t: Any) -> None:
    """Set the daily cost rates that go with the patient's state; settle only if one changes."""
    kind = kind_of(p)
    background = q.background_cost[kind]
    if p.failures_before >= q.resistant_failures:
        background += q.resistant_cost
    productivity = q.productivity_cost[kind, p.sex, p.age_band]
    drugs = visits = sessions = hours = 0.0
    if p.care == CARE_COURSE:
        drugs = q.cost_drug[p.treatment]
        if p.sessions:
            sessions = q.cost_session[p.treatment]
            hours = q.time_session[p.treatment]
    elif p.care == CARE_AFTER and p.worked >= 0 and t < p.kept_until:
        drugs = q.upkeep_cost[p.worked]
        visits = q.upkeep_visits[p.worked]
    if (
        background != o.flow[COST_BACKGROUND]
        or productivity != o.flow[COST_PRODUCTIVITY]
        or drugs != o.flow[COST_DRUGS]
        or visits != o.flow[COST_VISITS]
        or sessions != o.flow[COST_TREATMENT]
        or hours != o.flow[COST_TIME]
    ):
        settle_flows(o, q, tally, t)
        o.flow[COST_BACKGROUND] = background
        o.flow[COST_PRODUCTIVITY] = productivity
        o.flow[COST_DRUGS] = drugs
        o.flow[COST_VISITS] = visits
        o.flow[COST_TREATMENT] = sessions
        o.flow[COST_TIME] = hours


@rule
def utility_of(p: Any, q: Any, severity: Any) -> Any:
    """Return utility, by state or by score (piecewise linear, flat outside), capped at the norm."""
    last = q.utility_points - 1
    if last < 0:
        value = q.utility_state[kind_of(p)]
    elif severity <= q.utility_severity[0]:
        value = q.utility_value[0]
    elif severity >= q.utility_severity[last]:
        value = q.utility_value[last]
    else:
        n = 0
        while severity > q.utility_severity[n + 1]:
            n += 1
        value = q.utility_value[n] + q.utility_slope[n] * (severity - q.utility_severity[n])
    if value <= q.lowest_norm:
        return value
    return min(value, q.utility_norm[p.sex, p.age_band])


@rule
def settle_utility(o: Any, q: Any, t: Any) -> None:
    """Bring the accounts of QALYs and of years with disability up to day t."""
    days = t - o.utility_since
    if days > 0.0:
        rate = q.discount_health
        lost = lost_worth(rate * days)
        plain = lost / rate if rate > 0.0 else days
        total = o.utility * days
        worth = o.utility * plain
        if o.utility_gap != 0.0:
            fade = 1.0 / o.utility_lag
            left = o.utility_left if t == o.utility_until else math.exp(-days * fade)
            total += o.utility_gap * (1.0 - left) / fade
            worth += o.utility_gap * (1.0 - left * (1.0 - lost)) / (fade + rate)
        o.qaly += o.utility_worth * worth / DAYS_PER_YEAR
        o.qaly_undiscounted += total / DAYS_PER_YEAR
        if o.disability != 0.0:
            o.yld += o.utility_worth * o.disability * plain / DAYS_PER_YEAR
            o.yld_undiscounted += o.disability * days / DAYS_PER_YEAR
        o.utility_worth *= 1.0 - lost
    o.utility_since = t


@rule
def read_utility(p: Any, o: Any, q: Any, severity: Any, t: Any) -> None:
    """Set utility from a reading; while T moves, let it near the value of the next grid point.

    Between readings utility goes from u(S) now to u(S) at the next grid point as 1 - exp(-t/theta),
    so a treatment that works in hours counts from its first day. In a remission inside a course the
    next reading is the end of the course. The disability weight is that of the severity band and
    held from reading to reading.
    """
    now = utility_of(p, q, severity)
    weight = q.disability_weight[p.band]
    well = p.state >= REMITTED
    if p.gain == 0.0 or p.care != CARE_COURSE or not (p.moving or well):
        if now != o.utility or o.utility_gap != 0.0 or weight != o.disability:
            settle_utility(o, q, t)
            o.utility, o.utility_gap, o.disability = now, 0.0, weight
        return
    settle_utility(o, q, t)
    o.disability = weight
    ahead = p.phase + p.grid * q.grid_days
    if well:
        ahead = p.started + q.assess_days[p.treatment]
    lag = q.onset[p.treatment]
    left = q.onset_left[p.treatment]
    if abs(ahead - t - q.grid_days) > 1e-6:
        left = math.exp(-(ahead - t) / lag)
    o.utility, o.utility_gap = now, 0.0
    if left < 1.0 - 1e-9:
        missing = p.gain - effect_at(p, q, t)
        depth = natural_depth(p, q) + p.contact + p.gain - missing * left
        then = utility_of(p, q, severity_of_depth(p, q, depth))
        o.utility_gap = (now - then) / (1.0 - left)
        o.utility = now - o.utility_gap
        o.utility_lag = lag
        o.utility_until = ahead
        o.utility_left = left


@rule
def enter_crisis(p: Any, o: Any, tally: Any, end: Any, t: Any) -> None:
    """Count the patient as in crisis until `end`, or until a longer stay under way is over."""
    if in_crisis(p):
        end = max(end, p.crisis_end)
    else:
        move(o, tally, p.state, IN_CRISIS, t)
    p.crisis_end = end


@rule
def leave_crisis(p: Any, o: Any, tally: Any, t: Any) -> None:
    """Count the patient by clinical state again."""
    if in_crisis(p):
        move(o, tally, IN_CRISIS, p.state, t)
        p.crisis_end = math.inf
