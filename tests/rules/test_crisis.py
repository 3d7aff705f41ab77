"""The crisis clock: one budget, spent at the rate of the severity band the patient is in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.rules.conftest import budget_of

from popmodel.parameters.record import NEVER
from popmodel.rules import crisis
from popmodel.units import DAYS_PER_YEAR

QUIET = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@QUIET
@given(
    number=st.integers(0, 10**6),
    rates=st.lists(st.just(0.0) | st.floats(0.001, 5.0), min_size=4, max_size=4),
    first=st.integers(0, 3),
    changes=st.lists(st.tuples(st.floats(0.5, 400.0), st.integers(0, 3)), max_size=8),
)
def test_a_crisis_comes_where_the_hazard_of_the_bands_lived_in_meets_its_budget(
    new_q, new_patient, number, rates, first, changes
):
    row = new_q()
    row["attempt_rate"][:] = [max(rate / DAYS_PER_YEAR, NEVER) for rate in rates]
    row["attempt_ratio"][:] = np.divide.outer(row["attempt_rate"], row["attempt_rate"])
    p = new_patient(number, band=first)
    crisis.begin_crises(p, row)
    budget = budget_of(p, crisis.SALT_CRISIS)
    t = 0.0
    for stay, band in changes:
        rate = row["attempt_rate"][p["band"]]
        if rate * stay >= budget:
            break
        budget -= rate * stay
        t += stay
        crisis.respend_crisis(p, row, t, band)
        p["band"] = band
    rate = row["attempt_rate"][p["band"]]
    assert p["crisis"] == pytest.approx(t + budget / rate, rel=1e-9)


def test_crises_of_many_patients_wait_exponentially(q, new_patient):
    waits = []
    for number in range(3000):
        p = new_patient(number, band=3)
        crisis.begin_crises(p, q)
        waits.append(p["crisis"] * q["attempt_rate"][3])
    assert stats.kstest(waits, "expon").pvalue > 1e-6


def test_a_band_entered_and_left_again_changes_no_crisis_day(q, new_patient):
    p = new_patient(5, band=2)
    crisis.begin_crises(p, q)
    day = p["crisis"]
    crisis.respend_crisis(p, q, 10.0, 3)
    p["band"] = 3
    crisis.respend_crisis(p, q, 10.0, 2)
    assert p["crisis"] == pytest.approx(day, rel=1e-14)


def test_only_the_risk_that_fired_gets_a_new_budget(q, new_patient, account, tally):
    q["attempt_fatality"] = 0.0
    p = new_patient(3, death=1e6, excess=2e6, relapse=3e6, ask=4e6)
    crisis.begin_crises(p, q)
    day = p["crisis"]
    assert not crisis.suffer_crisis(p, account, q, tally, day)
    assert p["crisis"] > day
    assert (p["death"], p["excess"], p["relapse"], p["ask"]) == (1e6, 2e6, 3e6, 4e6)
    assert account["crises"] == p["crises"] == 1


def test_fatal_crises_are_as_frequent_as_the_cards_say(shipped, q):
    """Attempts times case fatality are the suicides, by band and sex."""
    card = shipped.disease["crisis"]
    for band, name in enumerate(("remission", "mild", "moderate", "severe")):
        suicides = getattr(card.suicides_per_100000_years, name).value / 1e5
        for sex, ratio in ((0, card.female_ratio.value), (1, card.male_ratio.value)):
            rate = q["attempt_rate"][band] * DAYS_PER_YEAR * q["attempt_fatality"][band, sex]
            assert rate == pytest.approx(suicides * ratio, rel=1e-9)
