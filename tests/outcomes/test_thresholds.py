"""The severity at which a treatment stops being worth offering."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from popmodel import thresholds
from popmodel.parameters import Structure, compile_parameters

X = np.arange(12.0, 51.0)


def test_a_falling_line_crosses_where_it_falls_under():
    severity, status = thresholds.crossing(X, 1.0 - (X - 12) / 40, 0.5)
    assert status == "crosses"
    assert severity == pytest.approx(32.0)


@pytest.mark.parametrize(
    ("y", "status"),
    [
        (np.full(len(X), 0.9), "always_above"),
        (np.full(len(X), 0.1), "always_under"),
        (0.1 + (X - 12) / 40, "always_above"),
    ],
)
def test_a_line_that_never_falls_under_has_no_threshold(y, status):
    severity, told = thresholds.crossing(X, y, 0.5)
    assert math.isnan(severity)
    assert told == status


def test_of_several_crossings_the_last_counts():
    y = np.where(X < 20, 0.9, np.where(X < 25, 0.1, np.where(X < 40, 0.9, 0.1)))
    severity, status = thresholds.crossing(X, y, 0.5)
    assert status == "crosses"
    assert 39 <= severity <= 40


@settings(max_examples=30, deadline=None)
@given(st.floats(-2, 2), st.floats(-0.1, 0.1))
def test_a_straight_line_is_smoothed_into_itself(level, slope):
    rng = np.random.default_rng(3)
    x = rng.uniform(10, 52, 800)
    mean, _ = thresholds.LocalLinear(x, X, 2.5)(level + slope * x)
    assert np.allclose(mean, level + slope * X, atol=0.01)


def test_the_smooth_covers_a_curve_with_its_error():
    """200 noisy samples of a bent curve: 90-99 % of limits cover it in its middle."""
    rng = np.random.default_rng(4)
    grid = np.arange(18.0, 45.0, 3.0)
    covered = []
    for _ in range(200):
        x = rng.uniform(10, 52, 600)
        p = 0.5 - 0.3 * (x - 30) / 22
        y = (rng.uniform(size=600) < p).astype(float)
        mean, error = thresholds.LocalLinear(x, grid, 2.5)(y)
        covered.append(np.abs(mean - (0.5 - 0.3 * (grid - 30) / 22)) < 1.96 * error)
    assert 0.90 < np.mean(covered) < 0.99


def test_where_few_people_are_nothing_is_said():
    x = np.concatenate([np.full(500, 20.0) + np.linspace(0, 1, 500), [45.0]])
    mean, _ = thresholds.LocalLinear(x, np.array([20.0, 45.0]), 2.5)(np.ones(501))
    assert mean[0] == pytest.approx(1.0)
    assert math.isnan(mean[1])


@pytest.fixture(scope="module")
def curves(shipped):
    found = {}
    for effect in ("evidence", "premise"):
        parameters = compile_parameters(
            shipped, Structure(effect), setting="united_states", population="us_adults_mdd",
            horizon_days=365.25,
        )  # fmt: skip
        found[effect] = thresholds.severity_curves(shipped, parameters, 1, recruits=4000, threads=1)
    return found


def gain(curves, structure, treatment):
    table = curves[structure][0]
    mine = table[(table["treatment"] == treatment) & (table["biotype"] == "all")]
    return mine.set_index("severity")


def test_every_treatment_and_no_control_has_a_threshold_by_biotype_and_criterion(shipped, curves):
    cards = shipped.treatments.items()
    wanted = {name for name, card in cards if card.kind == "treatment" and card.use == "on"}
    for curve, rows in curves.values():
        assert set(rows["treatment"]) == set(curve["treatment"]) == wanted
        assert len(rows) == len(wanted) * 2 * (1 + len(shipped.biotypes))
        assert set(rows["status"]) <= {"crosses", "always_above", "always_under"}
        crosses = rows["status"] == "crosses"
        assert rows.loc[crosses, "severity"].between(12, 50).all()
        assert rows.loc[~crosses, "severity"].isna().all()


def test_behavioural_treatments_lose_with_severity_under_the_premise_only(curves):
    for treatment in ("exercise", "mindfulness"):
        at = {s: gain(curves, s, treatment)["gain_response"] for s in curves}
        assert at["premise"][18.0] == pytest.approx(at["evidence"][18.0], rel=0.25)
        assert at["premise"][38.0] < 0.7 * at["evidence"][38.0]


def test_saint_keeps_working_in_the_severe_under_both_readings(curves):
    for structure in curves:
        assert gain(curves, structure, "saint")["gain_response"][38.0] > 0.1


def test_remission_falls_with_severity_for_all_by_distance_alone(curves):
    for treatment in ("saint", "escitalopram", "cbt"):
        table = gain(curves, "evidence", treatment)
        assert table["distance_remission"][16.0] > table["distance_remission"][40.0]


def test_a_treatment_without_potency_gains_nothing_at_any_severity(shipped):
    changed = shipped.with_overrides(
        {"treatments.saint.potency": 0, "treatments.saint.engagement.dropout_per_week": 0}
    )
    parameters = compile_parameters(
        changed, Structure(), setting="united_states", population="us_adults_mdd",
        horizon_days=365.25,
    )  # fmt: skip
    curve, rows = thresholds.severity_curves(changed, parameters, 1, recruits=500, threads=1)
    mine = curve[curve["treatment"] == "saint"]
    assert (mine["gain_response"].dropna() == 0).all()
    assert (mine["gain_remission"].dropna() == 0).all()
    told = rows[(rows["treatment"] == "saint") & (rows["criterion"] == "gain_in_response")]
    assert set(told["status"]) == {"always_under"}
