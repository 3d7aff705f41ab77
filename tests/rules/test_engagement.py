"""Asking for care, dropping out, leaving: hazards with budgets, and keyed chances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.rules.conftest import budget_of

from popmodel.parameters.record import NEVER
from popmodel.rules import engagement
from popmodel.rules.codes import ASK_FIRST, ASK_LEFT, ASK_RELAPSED

QUIET = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@QUIET
@given(
    number=st.integers(0, 10**6),
    rates=st.lists(st.just(NEVER) | st.floats(0.0005, 0.2), min_size=4, max_size=4),
    stays=st.lists(
        st.tuples(st.floats(0.5, 300.0), st.integers(0, 3), st.floats(0.0, 200.0)), max_size=6
    ),
)
def test_the_budget_of_asking_waits_while_the_patient_is_well_or_in_care(
    new_q, new_patient, number, rates, stays
):
    """Depressed in a band, then a pause, then another band: no hazard is lost or spent twice."""
    q = new_q()
    q["ask_rate"][:] = rates
    p = new_patient(number, ask_mode=ASK_FIRST, band=1)
    engagement.begin_asking(p, q, 0.0)
    budget = budget_of(p, engagement.SALT_ASK)
    t = 0.0
    for stay, band, pause in stays:
        rate = q["ask_rate"][p["band"]]
        assert p["ask"] == pytest.approx(t + budget / rate, rel=1e-9)
        if rate * stay >= budget:
            return
        budget -= rate * stay
        t += stay
        engagement.stop_asking(p, q, t)
        assert p["ask"] < 0
        t += pause
        p["band"] = band
        engagement.begin_asking(p, q, t)
    assert p["ask"] == pytest.approx(t + budget / q["ask_rate"][p["band"]], rel=1e-9)


def test_who_left_or_relapsed_asks_again_at_other_rates(q, new_patient):
    first = engagement.ask_rate(new_patient(ask_mode=ASK_FIRST, band=3), q)
    left = [
        engagement.ask_rate(new_patient(ask_mode=ASK_LEFT, failures=n), q) for n in (1, 2, 3, 9)
    ]
    again = engagement.ask_rate(new_patient(ask_mode=ASK_RELAPSED), q)
    assert first == q["ask_rate"][3]
    assert left == [q["return_rate"][n] for n in (1, 2, 3, 3)]
    assert again == q["ask_again_rate"]


def test_drop_out_is_exponential_with_the_severity_slope_of_the_card(q, new_patient):
    q["dropout_rate"][4], q["dropout_slope"][4] = 0.01, 0.04
    severity = q["reference_severity"] + 10.0
    days = [
        engagement.drop_out_day(new_patient(n, biotype=1), q, 4, severity, 0, 100.0) - 100.0
        for n in range(3000)
    ]
    rate = 0.01 * math.exp(0.4) * q["biotype_dropout"][1]
    assert stats.kstest(days, "expon", args=(0, 1 / rate)).pvalue > 1e-6


def test_nobody_drops_out_without_a_hazard(q, new_patient):
    q["dropout_rate"][4] = 0.0
    assert engagement.drop_out_day(new_patient(), q, 4, 30.0, 0, 0.0) == math.inf


def test_the_severe_drop_out_earlier_where_the_slope_is_positive(q, new_patient):
    q["dropout_rate"][4], q["dropout_slope"][4] = 0.01, 0.04
    p = new_patient(6)
    days = [engagement.drop_out_day(p, q, 4, s, 0, 0.0) for s in (15.0, 26.0, 45.0)]
    assert days[0] > days[1] > days[2]


def test_leaving_grows_with_failed_lines_and_has_the_shares_of_the_card(shipped, q, new_patient):
    card = shipped.disease["care_seeking"].disengage_after_failures
    for failures, share in ((1, card.one), (2, card.two), (3, card.three), (5, card.three)):
        left = np.mean(
            [
                engagement.leaves_after_failure(new_patient(n, failures=failures), q)
                for n in range(3000)
            ]
        )
        error = math.sqrt(share.value * (1 - share.value) / 3000)
        assert left == pytest.approx(share.value, abs=5 * error)
