"""Money and quality of life flow between changes; what has flowed is known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import integrate
from tests.worlds import differing

from popmodel.rules import accrual
from popmodel.rules.codes import (
    CARE_COURSE,
    COST_ADVERSE,
    COST_CRISIS,
    COST_PLACES,
    COSTS,
    RECOVERED,
    REMITTED,
    RESPONDING,
)
from popmodel.rules.records import ACCOUNT, MICRO, PATIENT, WEEK_COST, WEEK_RATE, new_tally
from popmodel.units import DAYS_PER_YEAR, discount_rate_per_day

QUIET = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
YEARLY = st.sampled_from([0.0, 0.015, 0.03, 0.05, 0.5])
FAR = 1e6  # days: utility that does not move before then


AT_ONCE = (COST_ADVERSE, COST_CRISIS, COST_PLACES)
"""What is paid when it happens, or shared out at the end, and never flows."""


def weekly_money(tally, category):
    """Millionths by week: what was paid, and the flows, kept as changes of a weekly rate."""
    week = tally["week"]
    return week[:, WEEK_COST + category] + np.cumsum(week[:, WEEK_RATE + category])


@given(st.floats(0.0, 50.0))
@settings(max_examples=300, deadline=None)
def test_the_short_way_to_what_discounting_takes_is_the_long_one(x):
    assert x * accrual.mean_worth(x) == pytest.approx(-math.expm1(-x), rel=1e-14, abs=0)


@QUIET
@given(
    rate=YEARLY,
    flows=st.lists(st.floats(0, 500), min_size=COSTS, max_size=COSTS),
    start=st.floats(0, 5000),
    stops=st.lists(st.floats(0.001, 900), min_size=1, max_size=6),
)
def test_a_flow_is_worth_its_discounted_annuity_in_one_piece_or_many(
    new_q, rate, flows, start, stops
):
    q, o, tally = new_q(), np.zeros(1, dtype=ACCOUNT)[0], new_tally()[0]
    q["discount_costs"] = r = discount_rate_per_day(rate)
    o["recording"] = 1
    o["state_flow_since"] = o["care_flow_since"] = start
    o["state_flow_worth"] = o["care_flow_worth"] = math.exp(-r * start)
    flows = [0.0 if k in AT_ONCE else flow for k, flow in enumerate(flows)]
    o["flow"][:] = flows
    t = start
    for days in stops:
        t += days
        accrual.settle_flows(o, q, tally, t)
    annuity = t - start if r == 0 else math.exp(-r * start) * -math.expm1(-r * (t - start)) / r
    for k, flow in enumerate(flows):
        assert o["cost"][k] == pytest.approx(flow * annuity, rel=1e-9)
        assert o["cost_undiscounted"][k] == pytest.approx(flow * (t - start), rel=1e-9)
        weeks = weekly_money(tally, k)
        assert weeks.sum() / MICRO == pytest.approx(
            flow * (t - start), rel=1e-6, abs=1e-6 * (2 * len(stops) + t / 7)
        )


def test_every_week_gets_its_own_share_of_a_flow(q, account, tally):
    account["recording"] = 1
    account["flow"][0] = 10.0
    accrual.settle_flows(account, q, tally, 3.0)
    account["flow"][0] = 20.0
    accrual.settle_flows(account, q, tally, 30.0)
    expected = [3 * 10 + 4 * 20, 140, 140, 140, 2 * 20, 0]
    assert (weekly_money(tally, 0)[:6] / MICRO).tolist() == expected


@QUIET
@given(
    rate=YEARLY,
    start=st.floats(0, 5000),
    days=st.floats(0.01, 400),
    level=st.floats(-0.3, 1.0),
    gap=st.floats(-0.9, 0.9),
    lag=st.floats(0.02, 60.0),
    until=st.booleans(),
)
def test_quality_of_life_is_the_integral_of_its_exponential_approach(
    new_q, rate, start, days, level, gap, lag, until
):
    """u(t) = level + gap exp(-t / lag), discounted, against numerical quadrature."""
    q, o = new_q(), np.zeros(1, dtype=ACCOUNT)[0]
    q["discount_health"] = r = discount_rate_per_day(rate)
    o["utility_since"] = start
    o["utility_worth"] = math.exp(-r * start)
    o["utility"], o["utility_gap"], o["utility_lag"] = level, gap, lag
    o["utility_until"] = start + days if until else FAR
    o["utility_left"] = math.exp(-days / lag) if until else 0.123
    accrual.settle_utility(o, q, start + days)

    def undiscounted(t):
        return level + gap * math.exp(-t / lag)

    points = [p for p in (lag, 5 * lag, 20 * lag) if p < days] or None
    total = integrate.quad(undiscounted, 0, days, points=points, epsabs=1e-12)[0]
    worth = integrate.quad(
        lambda t: undiscounted(t) * math.exp(-r * (start + t)), 0, days, points=points,
        epsabs=1e-12,
    )[0]  # fmt: skip
    assert o["qaly_undiscounted"] == pytest.approx(total / DAYS_PER_YEAR, rel=1e-9, abs=1e-12)
    assert o["qaly"] == pytest.approx(worth / DAYS_PER_YEAR, rel=1e-9, abs=1e-12)
    assert o["utility_since"] == start + days


def test_a_payment_is_discounted_from_the_model_start_and_falls_in_its_week(q, account, tally):
    account["recording"] = 1
    accrual.pay(account, q, tally, 3, 1000.0, 400.0)
    assert account["cost"][3] == pytest.approx(1000 * 1.03 ** (-400 / 365.25), rel=1e-12)
    assert account["cost_undiscounted"][3] == 1000.0
    assert tally["week"][57, WEEK_COST + 3] == 1000 * MICRO
    assert account["cost_undiscounted"].sum() == 1000.0


def test_a_one_off_loss_of_quality_is_discounted_at_the_rate_of_health(q, account):
    q["discount_health"] = discount_rate_per_day(0.015)
    accrual.lose_quality(account, q, 0.1, 365.25)
    assert account["qaly"] == pytest.approx(-0.1 / 1.015, rel=1e-12)
    assert account["qaly_undiscounted"] == -0.1


def test_utility_follows_the_curve_of_its_card_and_never_exceeds_the_norm(shipped, q, new_patient):
    country = shipped.settings["united_states"]
    card = shipped.economics[country.utilities]
    losses = np.cumsum(
        [0.0, card.loss_mild.value, card.loss_moderate.value, card.loss_severe.value]
    )
    curve = card.remission.value - losses
    p = new_patient(age=30.0)
    for score in np.linspace(0, 60, 241):
        expected = np.interp(score, card.anchor_severity, curve)
        norm = q["utility_norm"][p["sex"], p["age_band"]]
        assert accrual.utility_of(p, q, score) == pytest.approx(min(expected, norm), abs=1e-12)
    q["utility_norm"][:] = 0.6
    assert accrual.utility_of(p, q, 0.0) == 0.6


def test_age_bands_begin_on_birthdays(shipped, q, new_patient):
    bands = int(q["age_bands"])
    for age in (18.0, 29.99, 30.0, 44.5, 64.2, 80.0, 99.0):
        p = new_patient(age=age, entry=100.0)
        p["age_band"] = accrual.age_band_at_entry(p, q)
        day = accrual.next_birthday(p, q)
        if p["age_band"] == bands - 1:
            assert day == math.inf
            continue
        later = age + (day - 100.0) / DAYS_PER_YEAR
        assert later > age
        assert later == pytest.approx(q["age_band_high"][p["age_band"]], rel=1e-12)


def test_a_wake_up_that_changes_no_rate_touches_no_account(q, new_patient, account, tally):
    p = new_patient(state=2, care=CARE_COURSE, treatment=3)
    accrual.set_flows(p, account, q, tally, 0.0)
    before = np.array([account])
    for t in (1.0, 2.5, 40.0):
        accrual.set_flows(p, account, q, tally, t)
    assert differing(np.array([account]), before) == {}
    p["state"] = REMITTED
    accrual.set_flows(p, account, q, tally, 50.0)
    assert {"flow", "state_flow_since"} <= set(differing(np.array([account]), before))


def test_two_failed_trials_before_entry_cost_more_and_later_ones_do_not(q, new_patient, tally):
    flows = []
    for before, now in ((0, 0), (0, 3), (2, 2), (3, 5)):
        o = np.zeros(1, dtype=ACCOUNT)[0]
        p = new_patient(state=0, failures_before=before, failures=now)
        accrual.set_flows(p, o, q, tally, 0.0)
        flows.append(o["flow"].sum())
    assert flows[0] == flows[1] < flows[2] == flows[3]
    assert flows[2] - flows[0] == pytest.approx(q["resistant_cost"], rel=1e-12)


def test_in_remission_no_work_is_lost_beyond_that_of_the_well(q, new_patient, tally, account):
    accrual.set_flows(new_patient(state=REMITTED), account, q, tally, 0.0)
    assert account["flow"][6] == 0.0


# ------------------------------------------------------------------ disability, utility by state


@QUIET
@given(
    rate=YEARLY,
    start=st.floats(0, 3000),
    bands=st.lists(st.integers(0, 3), min_size=1, max_size=8),
    lengths=st.lists(st.floats(0.01, 400), min_size=8, max_size=8),
)
def test_years_with_disability_are_the_discounted_time_in_each_band_times_its_weight(
    new_q, parameters, rate, start, bands, lengths
):
    """Readings at any days: closed form, one exponential difference a piece."""
    q, o = new_q(), np.zeros(1, dtype=ACCOUNT)[0]
    p = np.zeros(1, dtype=PATIENT)[0]
    q["discount_health"] = r = discount_rate_per_day(rate)
    o["utility_since"], o["utility_lag"] = start, 1.0
    o["utility_worth"] = math.exp(-r * start)
    t, total, plain = start, 0.0, 0.0
    for band, days in zip(bands, lengths, strict=False):
        p["band"] = band
        accrual.read_utility(p, o, q, (5.0, 14.0, 25.0, 40.0)[band], 0.0, t)
        weight = q["disability_weight"][band]
        piece = days if r == 0 else (math.exp(-r * t) - math.exp(-r * (t + days))) / r
        total += weight * piece / DAYS_PER_YEAR
        plain += weight * days / DAYS_PER_YEAR
        t += days
    accrual.settle_utility(o, q, t)
    assert o["yld"] == pytest.approx(total, rel=1e-9, abs=1e-13)
    assert o["yld_undiscounted"] == pytest.approx(plain, rel=1e-9, abs=1e-13)


def test_looking_again_at_the_same_band_touches_no_account(q, new_patient, account):
    p = new_patient(band=2)
    accrual.read_utility(p, account, q, 25.0, 0.0, 0.0)
    before = np.array([account])
    for t in (1.0, 7.5, 90.0):
        accrual.read_utility(p, account, q, 25.0, 0.0, t)
    assert differing(np.array([account]), before) == {}


def test_a_harm_counts_as_disability_by_the_ratio_of_its_card(q, account):
    q["disability_of_harm"] = 0.5
    accrual.lose_quality(account, q, 0.2, 365.25)
    assert account["yld_undiscounted"] == pytest.approx(0.1, rel=1e-12)
    assert account["yld"] == pytest.approx(0.1 / 1.03, rel=1e-12)


def test_utility_by_state_follows_the_state_and_not_the_score(q, new_patient):
    q["utility_points"] = 0
    q["utility_state"][:] = (0.8, 0.7, 0.5)
    q["utility_norm"][:] = 0.75
    for state, expected in ((REMITTED, 0.75), (RECOVERED, 0.75), (RESPONDING, 0.7), (0, 0.5)):
        for score in (0.0, 12.0, 50.0):
            assert accrual.utility_of(new_patient(state=state), q, score) == expected
