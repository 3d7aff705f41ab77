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
    REMITTED,
    RESPONDING,
)
from popmodel.rules.records import MICRO, WEEK_COST, WEEK_FLOW, WEEK_RATE
from popmodel.rules.response import natural_depth, severity_of_depth
from popmodel.units import DAYS_PER_WEEK, DAYS_PER_YEAR

_SIXTH, _24TH, _120TH, _720TH, _5040TH = 1.0 / 6.0, 1 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0
YEARS_PER_DAY = 1.0 / DAYS_PER_YEAR


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
def _tally_flow(o: Any, tally: Any, category: Any, start: Any, end: Any) -> None:
    """Spread a flow over weeks: part weeks at the ends, whole weeks as a difference."""
    first, last = week_of(start), week_of(end)
    rate = o.flow[category] * MICRO
    column, slope = WEEK_COST + category, WEEK_RATE + category
    if first == last:
        tally.week[first, column] += math.floor(rate * (end - start) + 0.5)
    else:
        begun = (first + 1) * DAYS_PER_WEEK - start
        ended = end - last * DAYS_PER_WEEK
        whole = math.floor(rate * DAYS_PER_WEEK + 0.5)
        tally.week[first, column] += math.floor(rate * begun + 0.5)
        tally.week[last, column] += math.floor(rate * ended + 0.5)
        tally.week[first + 1, slope] += whole
        tally.week[last, slope] -= whole


@rule
def mean_worth(x: Any) -> Any:
    """Return (1 - exp(-x)) / x for x >= 0: the mean discount factor over a spell.

    A short series where x is small saves a library call and a division; its terms are summed in
    pairs, because each would wait for the one before.
    """
    if x > 0.02:
        return -math.expm1(-x) / x
    y = x * x
    tail = _120TH - x * _720TH + y * _5040TH
    return (1.0 - x * 0.5) + y * ((_SIXTH - x * _24TH) + y * tail)


@rule
def _settle_flow(o: Any, tally: Any, category: Any, worth: Any, start: Any, t: Any) -> None:
    """Bring the account of one flow from `start` up to day t."""
    flow = o.flow[category]
    if flow != 0.0:
        o.cost[category] += flow * worth
        o.cost_undiscounted[category] += flow * (t - start)
        if o.recording:
            _tally_flow(o, tally, category, start, t)


@rule
def settle_state_flows(o: Any, q: Any, tally: Any, t: Any) -> None:
    """Bring the accounts of what flows by clinical state up to day t."""
    start = o.state_flow_since
    days = t - start
    if days > 0.0:
        x = q.discount_costs * days
        mean = mean_worth(x)
        worth = o.state_flow_worth * days * mean
        _settle_flow(o, tally, COST_BACKGROUND, worth, start, t)
        _settle_flow(o, tally, COST_PRODUCTIVITY, worth, start, t)
        o.state_flow_worth *= 1.0 - x * mean
    o.state_flow_since = t


@rule
def settle_care_flows(o: Any, q: Any, tally: Any, t: Any) -> None:
    """Bring the accounts of what flows on a course or in aftercare up to day t."""
    start = o.care_flow_since
    days = t - start
    if days > 0.0:
        x = q.discount_costs * days
        mean = mean_worth(x)
        worth = o.care_flow_worth * days * mean
        _settle_flow(o, tally, COST_TREATMENT, worth, start, t)
        _settle_flow(o, tally, COST_VISITS, worth, start, t)
        _settle_flow(o, tally, COST_DRUGS, worth, start, t)
        _settle_flow(o, tally, COST_TIME, worth, start, t)
        o.care_flow_worth *= 1.0 - x * mean
    o.care_flow_since = t


@rule
def settle_flows(o: Any, q: Any, tally: Any, t: Any) -> None:
    """Bring all cost accounts up to day t."""
    settle_state_flows(o, q, tally, t)
    settle_care_flows(o, q, tally, t)


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
    if background != o.flow[COST_BACKGROUND] or productivity != o.flow[COST_PRODUCTIVITY]:
        settle_state_flows(o, q, tally, t)
        o.flow[COST_BACKGROUND] = background
        o.flow[COST_PRODUCTIVITY] = productivity
    if (
        drugs != o.flow[COST_DRUGS]
        or visits != o.flow[COST_VISITS]
        or sessions != o.flow[COST_TREATMENT]
        or hours != o.flow[COST_TIME]
    ):
        settle_care_flows(o, q, tally, t)
        o.flow[COST_DRUGS] = drugs
        o.flow[COST_VISITS] = visits
        o.flow[COST_TREATMENT] = sessions
        o.flow[COST_TIME] = hours


@rule
def utility_of(p: Any, q: Any, severity: Any) -> Any:
    """Return utility, by state or by score (piecewise linear, flat outside), capped at the norm.

    Every piece is added, cut to its width: scores come in no order that a processor could guess.
    """
    value = q.utility_state[kind_of(p)]
    for n in range(q.utility_points - 1):
        rise = max(severity - q.utility_severity[n], 0.0)
        value += q.utility_slope[n] * min(rise, q.utility_width[n])
    return min(value, q.utility_norm[p.sex, p.age_band])


@rule
def settle_utility(o: Any, q: Any, t: Any) -> None:
    """Bring the accounts of QALYs and of years with disability up to day t."""
    days = t - o.utility_since
    if days > 0.0:
        x = q.discount_health * days
        mean = mean_worth(x)
        lost = x * mean
        total = o.utility * days
        worth = total * mean
        if o.utility_gap != 0.0:
            lag = o.utility_lag
            left = o.utility_left if t == o.utility_until else math.exp(-days / lag)
            total += o.utility_gap * (1.0 - left) * lag
            worth += (
                o.utility_gap * (1.0 - left * (1.0 - lost)) * lag / (1.0 + q.discount_health * lag)
            )
        o.qaly += o.utility_worth * worth * YEARS_PER_DAY
        o.qaly_undiscounted += total * YEARS_PER_DAY
        if o.disability != 0.0:
            ill = o.disability * days * YEARS_PER_DAY
            o.yld += o.utility_worth * ill * mean
            o.yld_undiscounted += ill
        o.utility_worth *= 1.0 - lost
    o.utility_since = t


@rule
def read_utility(p: Any, o: Any, q: Any, severity: Any, effect: Any, t: Any) -> None:
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
        missing = p.gain - effect
        depth = natural_depth(p, q) + p.contact + p.gain - missing * left
        then = utility_of(p, q, severity_of_depth(p, q, depth))
        o.utility_gap = (now - then) / (1.0 - left)
        o.utility = now - o.utility_gap
        o.utility_lag = lag
        o.utility_until = ahead
        o.utility_left = left
