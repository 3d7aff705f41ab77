"""Relapse: a hazard by time since remission, spent from one budget a spell."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from tests.rules.conftest import budget_of

from popmodel.rules import relapse

QUIET = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
MONTH = 365.25 / 12


def hazard_at(q, p, card, since, factor, before, kept, t):
    """The hazard on day t, written again from the cards and without the model's help."""
    months = (t - since) / MONTH
    lines = q["failed_line_ratio"] ** min(int(p["failures"]), 4)
    if months >= 24:
        past = min(int(p["past_episodes"]) + int(p["episode"]), int(q["past_episode_cap"]))
        rate = q["recurrence_rate"] * q["past_episode_ratio"] ** past
    else:
        period = int(np.searchsorted([2, 6, 12], months, side="right"))
        source = q["natural_relapse"] if card < 0 else q["treatment_relapse"][card]
        rate = source[period] * lines * q["biotype_relapse"][p["biotype"]]
    keep = before if t < kept[0] else 1.0
    if kept[0] <= t < kept[1] and p["keeper"] >= 0:
        keep = q["upkeep_ratio"][p["keeper"]]
    return rate * factor * keep


def day_of(p, q):
    """The day a spell ends that began on day 0 without treatment or maintenance."""
    return relapse.relapse_day(p, q, 0.0, -1, 1.0, 1.0, 0.0, 0.0)


@QUIET
@given(
    number=st.integers(0, 10**6),
    since=st.floats(0, 4000),
    card=st.integers(-1, 15),
    residual=st.sampled_from([1.0, 3.0]),
    before=st.sampled_from([1.0, 0.4]),
    kept_from=st.floats(0, 200),
    kept_days=st.floats(-50, 1500),
    failures=st.integers(0, 6),
    past=st.integers(0, 9),
    keeper=st.integers(-1, 15),
    scale=st.floats(0.2, 20),
)
def test_a_spell_ends_where_the_integrated_hazard_meets_the_budget(
    new_q,
    new_patient,
    number,
    since,
    card,
    residual,
    before,
    kept_from,
    kept_days,
    failures,
    past,
    keeper,
    scale,
):
    row = new_q()
    row["natural_relapse"] *= scale
    row["treatment_relapse"] *= scale
    row["recurrence_rate"] *= scale
    p = new_patient(
        number, failures=failures, past_episodes=past, keeper=keeper, biotype=number % 4
    )
    kept = (since + kept_from, since + kept_from + kept_days)
    day = relapse.relapse_day(p, row, since, card, residual, before, *kept)
    assert day > since
    factor = residual * relapse.frailty(p, row)
    edges = sorted({*(since + MONTH * m for m in (2, 6, 12, 24)), *kept})
    spent = integrate.quad(
        lambda t: hazard_at(row, p, card, since, factor, before, kept, t),
        since, day, points=[e for e in edges if since < e < day] or None, limit=400,
    )[0]  # fmt: skip
    assert spent == pytest.approx(budget_of(p, relapse.SALT_RELAPSE), rel=1e-7)


def test_a_constant_hazard_gives_exponential_spells(q, new_patient):
    row = q
    row["biotype_relapse"][:] = 1.0
    row["natural_relapse"][:] = row["recurrence_rate"] = 0.01
    row["past_episode_ratio"] = 1.0
    row["relapse_frailty_sd"] = 0.0
    days = [
        relapse.relapse_day(new_patient(n), row, 100.0, -1, 1.0, 1.0, 0.0, 0.0) - 100.0
        for n in range(4000)
    ]
    assert stats.kstest(days, "expon", args=(0, 100.0)).pvalue > 1e-6


def test_a_falling_hazard_gives_the_piecewise_exponential_survival(q, new_patient):
    """A Weibull with shape 1/2, cut into the model's five pieces (4,000 spells)."""
    row = q
    row["relapse_frailty_sd"] = 0.0
    row["past_episode_ratio"] = 1.0
    edges = np.array([0, 2, 6, 12, 24]) * MONTH
    total = np.sqrt(edges / 60.0)  # cumulative hazard of the Weibull at the edges
    rates = np.diff(total) / np.diff(edges)
    row["natural_relapse"][:] = rates
    row["recurrence_rate"] = 0.001
    row["biotype_relapse"][:] = 1.0

    def survival(t):
        spent = np.interp(t, edges, total)
        return np.exp(-spent - 0.001 * np.maximum(0.0, t - edges[-1]))

    days = [
        relapse.relapse_day(new_patient(n), row, 0.0, -1, 1.0, 1.0, 0.0, 0.0) for n in range(4000)
    ]
    assert stats.kstest(days, lambda t: 1 - survival(t)).pvalue > 1e-6


def test_without_a_hazard_nobody_relapses(q, patient):
    row = q
    row["natural_relapse"][:] = row["recurrence_rate"] = 0.0
    assert relapse.relapse_day(patient, row, 0.0, -1, 1.0, 1.0, 0.0, 0.0) == math.inf


def test_frailty_has_mean_one(q, new_patient):
    q["relapse_frailty_sd"] = 0.4
    values = [relapse.frailty(new_patient(n), q) for n in range(4000)]
    assert np.mean(values) == pytest.approx(1.0, abs=5 * np.std(values) / math.sqrt(4000))


def test_maintenance_that_does_nothing_changes_no_relapse(q, new_patient):
    q["upkeep_ratio"][3] = 1.0
    for number in range(30):
        p = new_patient(number, keeper=3)
        plain = relapse.relapse_day(p, q, 10.0, 2, 1.0, 1.0, 10.0, 10.0)
        kept = relapse.relapse_day(p, q, 10.0, 2, 1.0, 1.0, 40.0, 300.0)
        assert kept == pytest.approx(plain, rel=1e-12)


def test_every_spell_has_a_budget_of_its_own(q, new_patient):
    days = {
        relapse.relapse_day(new_patient(1, spell=n), q, 0.0, -1, 1.0, 1.0, 0.0, 0.0)
        for n in range(50)
    }
    assert len(days) == 50
