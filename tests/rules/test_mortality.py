"""Two deaths compete: background causes, the same under every strategy, and the excess."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.rules.conftest import budget_of

from popmodel.rules import mortality
from popmodel.units import DAYS_PER_YEAR

QUIET = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def hazard_between(q, sex, low, high):
    """Integrate the life table's hazard year by year, without the model's help."""
    table = np.diff(q["cumulative_mortality"][sex])
    years = np.arange(len(table))
    parts = np.clip(np.minimum(high, years + 1) - np.maximum(low, years), 0.0, None)
    return float((table * parts).sum())


def test_the_hazard_of_the_record_is_that_of_the_life_table(shipped, q):
    table = shipped.disease["mortality"].life_table
    ages, male, female = shipped.life_table(table)
    for sex, deaths in ((0, female), (1, male)):
        for age, probability in zip(ages[:100], deaths[:100], strict=True):
            hazard = q["cumulative_mortality"][sex, [int(age), int(age) + 1]]
            assert -math.expm1(-(hazard[1] - hazard[0])) == pytest.approx(probability, rel=1e-9)


@QUIET
@given(st.integers(0, 1), st.floats(18, 100), st.floats(0, 60))
def test_hazard_accumulates_by_single_years_of_age(new_q, sex, age, years):
    q = new_q()
    later = min(age + years, 110.0)
    gained = mortality.cumulative_hazard(q, sex, later) - mortality.cumulative_hazard(q, sex, age)
    assert gained == pytest.approx(hazard_between(q, sex, age, later), rel=1e-9, abs=1e-12)


@QUIET
@given(st.integers(0, 1), st.floats(18, 100), st.floats(0.001, 0.999))
def test_the_age_reached_by_a_hazard_has_that_hazard(new_q, sex, age, share):
    q = new_q()
    top = mortality.cumulative_hazard(q, sex, 109.9)
    start = mortality.cumulative_hazard(q, sex, age)
    wanted = start + share * (top - start)
    reached = mortality.age_reaching(q, sex, age, wanted)
    assert age <= reached <= 110
    assert mortality.cumulative_hazard(q, sex, reached) == pytest.approx(wanted, rel=1e-9)


def test_deaths_fall_where_the_life_table_puts_them(q, new_patient):
    """4,000 people of 60: survival times transform to unit exponentials."""
    spent = []
    for number in range(4000):
        p = new_patient(number, age=60.0, sex=number % 2)
        mortality.begin_mortality(p, q)
        age = 60.0 + p["death"] / DAYS_PER_YEAR
        if age < 110:
            spent.append(hazard_between(q, number % 2, 60.0, age))
    assert stats.kstest(spent, "expon").pvalue > 1e-6
    assert len(spent) > 3900


def test_nobody_lives_beyond_the_life_table(q, new_patient):
    for number in range(500):
        p = new_patient(number, age=99.0)
        mortality.begin_mortality(p, q)
        assert 0 < p["death"] <= 11 * DAYS_PER_YEAR


def test_without_excess_mortality_only_background_causes_kill(q, patient):
    q["excess_mortality"] = 0.0
    mortality.begin_mortality(patient, q)
    assert patient["excess"] == math.inf
    assert patient["death"] < math.inf


def test_the_background_death_day_does_not_know_about_excess_or_remission(q, new_patient):
    other = q.copy()
    other["excess_mortality"] = 3.0
    other["reversible_share"] = 0.7
    for number in range(50):
        a, b = new_patient(number), new_patient(number)
        mortality.begin_mortality(a, q)
        mortality.begin_mortality(b, other)
        mortality.change_excess(b, other, 100.0, False, True)
        assert a["death"] == b["death"]


@QUIET
@given(
    number=st.integers(0, 10**6),
    age=st.floats(18, 90),
    sex=st.integers(0, 1),
    excess=st.floats(0.05, 3.0),
    reversible=st.floats(0.0, 1.0),
    spells=st.lists(st.floats(1.0, 3000.0), min_size=1, max_size=6),
)
def test_the_excess_budget_is_spent_ill_and_well_and_never_lost(
    new_q, new_patient, number, age, sex, excess, reversible, spells
):
    """Ill and well in turns: the day of death is where the piecewise integral meets the budget."""
    row = new_q()
    row["excess_mortality"] = excess
    row["reversible_share"] = reversible
    p = new_patient(number, age=age, sex=sex)
    mortality.begin_mortality(p, row)
    budget = budget_of(p, mortality.SALT_EXCESS)
    t, well = 0.0, False
    for spell in spells:
        end = t + spell
        years = (age + t / DAYS_PER_YEAR, age + end / DAYS_PER_YEAR)
        if years[1] > 109:
            break
        rate = excess * (1 - reversible) if well else excess
        spent = rate * hazard_between(row, sex, *years)
        if spent >= budget * (1 - 1e-9):
            assert p["excess"] <= end * (1 + 1e-9)
            return
        assert p["excess"] > end * (1 - 1e-9)
        budget -= spent
        mortality.change_excess(p, row, end, well, not well)
        t, well = end, not well
    rate = excess * (1 - reversible) if well else excess
    now = age + t / DAYS_PER_YEAR
    if rate * hazard_between(row, sex, now, 110.0) <= budget:
        assert p["excess"] >= t + (110.0 - now) * DAYS_PER_YEAR * (1 - 1e-9)
        return
    reached = now + (p["excess"] - t) / DAYS_PER_YEAR
    assert rate * hazard_between(row, sex, now, reached) == pytest.approx(budget, rel=1e-6)
