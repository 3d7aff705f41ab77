"""From histories to tables: means that can be added up again, and errors one can trust."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.worlds import shipped_lives

from popmodel import outcomes
from popmodel.vocabulary import COST_CATEGORIES, FLOWS, HEALTH_CARE_CATEGORIES, STATES

# The contract with the project's users.
STRATEGIES = (
    "strategy", "patients", "ever_response", "ever_remission", "remission_12m", "remission_end",
    "share_time_in_remission", "remission_days_90d", "remission_weeks",
    "weeks_to_remission_median", "relapses", "courses", "crises", "deaths", "life_years", "qaly",
    "cost_health_care", "cost_societal", "wait_days_median", "wait_days_p90",
)  # fmt: skip
DAYS = 5 * 365.25


@pytest.fixture(scope="module")
def lives():
    return shipped_lives("five_pathways", 400)


@pytest.fixture(scope="module")
def patients(lives):
    return {
        name: outcomes.patient_table(lives.population, history, lives.parameters)
        for name, history in lives.histories.items()
    }


@pytest.fixture(scope="module")
def strategies(patients):
    return outcomes.strategy_table(patients, DAYS)


def test_strategies_have_the_columns_of_the_interface_each_with_its_error(strategies):
    assert set(STRATEGIES) <= set(strategies.columns)
    for column in STRATEGIES[2:]:
        assert column + "_se" in strategies.columns


def test_a_mean_is_the_mean_of_the_patients_and_its_error_the_textbook_one(patients, strategies):
    for name, table in patients.items():
        row = strategies.set_index("strategy").loc[name]
        assert row["patients"] == len(table) == 400
        for column in ("qaly", "cost_societal", "remission_12m", "relapses", "deaths"):
            values = table[column].to_numpy(dtype=float)
            assert row[column] == pytest.approx(values.mean(), rel=1e-12)
            assert row[column + "_se"] == pytest.approx(
                values.std(ddof=1) / math.sqrt(400), rel=1e-9
            )


def test_costs_by_category_add_up_to_the_perspectives(patients):
    for table in patients.values():
        every = [f"cost_{c}" for c in COST_CATEGORIES]
        health = [f"cost_{c}" for c in HEALTH_CARE_CATEGORIES]
        for end in ("", "_undiscounted"):
            total = table[[c + end for c in every]].sum(axis=1)
            assert np.allclose(total, table["cost_societal" + end], rtol=1e-12)
            care = table[[c + end for c in health]].sum(axis=1)
            assert np.allclose(care, table["cost_health_care" + end], rtol=1e-12)


def test_the_cost_table_adds_up_to_the_strategy_table(patients, strategies):
    costs = outcomes.cost_table(patients)
    for name in patients:
        row = strategies.set_index("strategy").loc[name]
        mine = costs[costs["strategy"] == name]
        assert mine["cost"].sum() == pytest.approx(row["cost_societal"], rel=1e-12)
        inside = mine.loc[mine["perspective"] == "health_care", "cost"].sum()
        assert inside == pytest.approx(row["cost_health_care"], rel=1e-12)
        undiscounted = mine["cost_undiscounted"].sum()
        assert undiscounted == pytest.approx(row["cost_societal_undiscounted"], rel=1e-12)


def test_weeks_add_up_to_the_patients(lives, patients):
    for name, history in lives.histories.items():
        weekly = outcomes.weekly_table(name, history, DAYS)
        table = patients[name]
        assert len(weekly) == math.ceil(DAYS / 7)
        assert (weekly[list(STATES)].sum(axis=1) == len(table)).all()
        assert weekly["starts"].sum() == table["courses"].sum()
        assert weekly["crises"].sum() == table["crises"].sum()
        assert weekly["deaths"].sum() == table["deaths"].sum()
        assert weekly["relapses"].sum() + weekly["recurrences"].sum() == table["relapses"].sum()
        for category in COST_CATEGORIES:
            total = table[f"cost_{category}_undiscounted"].sum()
            assert weekly[f"cost_{category}"].sum() == pytest.approx(total, rel=1e-6, abs=0.05)
        assert set(FLOWS) <= set(weekly.columns)


def test_every_subgroup_of_a_dimension_together_is_everybody(patients, strategies):
    groups = outcomes.subgroup_table(patients)
    whole = strategies.set_index("strategy")
    for (name, _), part in groups.groupby(["strategy", "dimension"]):
        assert part["patients"].sum() == 400
        for column in ("remission_12m", "remission_weeks", "qaly", "cost_health_care"):
            mean = np.average(part[column], weights=part["patients"])
            assert mean == pytest.approx(whole.loc[name, column], rel=1e-9)


def test_subgroup_means_and_errors_are_those_of_their_patients(patients):
    groups = outcomes.subgroup_table(patients)
    name, table = next(iter(patients.items()))
    mine = groups[(groups["strategy"] == name) & (groups["dimension"] == "sex")]
    for _, row in mine.iterrows():
        qaly = table.loc[table["sex"] == row["group"], "qaly"]
        assert row["qaly"] == pytest.approx(qaly.mean(), rel=1e-12)
        assert row["qaly_se"] == pytest.approx(qaly.std() / math.sqrt(len(qaly)), rel=1e-9)


@pytest.mark.parametrize("bands", ["default", "conventional"])
def test_severity_bands_have_no_gaps(patients, bands):
    table = next(iter(patients.values())).copy()
    scores = np.linspace(0, 60, len(table))
    table["severity"] = scores
    found = outcomes.groups_of(table, bands)["severity_band"]
    assert not pd.isna(found).any()


def test_differences_are_paired_and_net_benefit_is_their_sum(patients):
    names = list(patients)
    amounts = [50_000, 100_000, 150_000]
    versus = outcomes.versus_comparator(patients, names[-1], "health_care", amounts)
    assert list(versus["strategy"]) == names[:-1]
    for _, row in versus.iterrows():
        a, b = patients[row["strategy"]], patients[names[-1]]
        gain = a["qaly"] - b["qaly"]
        cost = a["cost_health_care"] - b["cost_health_care"]
        assert row["inc_qaly"] == pytest.approx(gain.mean(), rel=1e-9, abs=1e-15)
        assert row["inc_qaly_se"] == pytest.approx(gain.std() / 20, rel=1e-9)
        for wtp in amounts:
            net = wtp * gain - cost
            assert row[f"nmb_{wtp}"] == pytest.approx(net.mean(), rel=1e-9)
            assert row[f"nmb_{wtp}_low"] < row[f"nmb_{wtp}"] < row[f"nmb_{wtp}_high"]
        net = 100_000 * gain - cost
        assert row["p_better"] == pytest.approx((net > 0).mean() + (net == 0).mean() / 2)
        assert row["icer"] == pytest.approx(cost.mean() / gain.mean(), rel=1e-9)


def test_a_strategy_compared_with_its_own_copy_differs_in_nothing(patients):
    name, table = next(iter(patients.items()))
    row = outcomes.versus_comparator({name: table, "copy": table}, name, "societal", [1e5]).iloc[0]
    assert (row["inc_cost"], row["inc_qaly"], row["nmb_100000"]) == (0, 0, 0)
    assert row["p_better"] == 0.5
    assert math.isnan(row["icer"])


def test_same_luck_makes_differences_far_surer_than_new_luck(patients):
    """The point of keyed luck: paired variance is a small part of the unpaired."""
    a, b = patients["ssri_first"], patients["usual_care"]
    paired = (a["qaly"] - b["qaly"]).var()
    unpaired = a["qaly"].var() + b["qaly"].var()
    assert paired < 0.35 * unpaired


# ------------------------------------------------------------------ time to remission


def naive_incidence(time, kind):
    """Aalen-Johansen by the book: loop over distinct times."""
    alive, reached, found = 1.0, 0.0, {}
    for t in sorted(set(time)):
        at_risk = sum(x >= t for x in time)
        now = [k for x, k in zip(time, kind, strict=True) if x == t]
        events = [now.count(1), now.count(2)]
        reached += alive * events[0] / at_risk
        alive *= 1 - sum(events) / at_risk
        found[t] = reached
    return found


def people(rows, horizon):
    """A patient table from (entry, first remission, death) in days."""
    entry, remission, death = (np.array(c, dtype=float) for c in zip(*rows, strict=True))
    dead = np.isfinite(death)
    return pd.DataFrame(
        {
            "entry_day": entry,
            "deaths": dead,
            "life_years": (np.where(dead, death, horizon) - entry) / 365.25,
            "days_to_remission": remission,
        }
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 100.0, 250.0]),
            st.one_of(st.just(math.inf), st.floats(0.5, 95.0)),
            st.one_of(st.just(math.inf), st.floats(351.0, 400.0)),
        ),
        min_size=1, max_size=25,
    )
)  # fmt: skip
def test_cumulative_incidence_is_that_of_aalen_and_johansen(rows):
    horizon = 400.0
    rows = [(e, r if e + r < min(d, horizon) else math.inf, d) for e, r, d in rows]
    table = people(rows, horizon)
    time, reached = outcomes.cumulative_incidence(table, horizon)
    times, kinds = [], []
    for entry, remission, death in rows:
        lived = min(death, horizon) - entry
        times.append(min(remission, lived))
        kinds.append(1 if remission <= lived else (2 if math.isfinite(death) else 0))
    expected = naive_incidence(np.round(times, 9).tolist(), kinds)
    assert reached[-1] == pytest.approx(max(expected.values()), abs=1e-9)
    assert (np.diff(time) >= 0).all()
    assert (np.diff(reached) >= -1e-15).all()


def test_without_censoring_incidence_is_the_plain_share():
    rows = [(0.0, float(d) if d % 3 else math.inf, math.inf) for d in range(1, 31)]
    time, reached = outcomes.cumulative_incidence(people(rows, 100.0), 100.0)
    assert reached[-1] == pytest.approx(20 / 30)
    assert reached[np.searchsorted(time, 15.0)] == pytest.approx(10 / 30 + 0, abs=0.04)


def test_the_median_time_is_where_half_have_remitted_and_empty_if_they_never_do():
    half = [(0.0, float(d), math.inf) for d in range(1, 12)]
    assert outcomes.median_time(people(half, 50.0), 50.0)[0] == pytest.approx(6 / 7)
    few = half[:4] + [(0.0, math.inf, math.inf)] * 7
    assert math.isnan(outcomes.median_time(people(few, 50.0), 50.0)[0])


# ------------------------------------------------------------------ errors


def test_the_error_of_a_mean_covers_it_as_often_as_it_says():
    """2,000 samples of 50: 95 % intervals cover 93-97 % (the false alarm rate is 1e-4)."""
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(2000):
        mean, error = outcomes.mean_and_error(rng.normal(3.0, 2.0, 50))
        covered += abs(mean - 3.0) < 2.01 * error
    assert 0.93 < covered / 2000 < 0.97


def test_fieller_limits_cover_a_ratio_as_often_as_they_say():
    """1,500 samples of 80 pairs; a ratio of 2 with a well known denominator."""
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(1500):
        bottom = rng.normal(1.0, 1.5, 80)
        top = 2.0 * bottom + rng.normal(0.0, 1.0, 80)
        covariance = np.cov(top, bottom) / 80
        low, high = outcomes.fieller_limits(
            top.mean(), bottom.mean(), covariance[0, 0], covariance[1, 1], covariance[0, 1]
        )
        covered += low <= 2.0 <= high
    assert 0.92 < covered / 1500 < 0.97


def test_a_ratio_whose_denominator_may_be_zero_has_no_limits():
    assert all(map(math.isnan, outcomes.fieller_limits(1.0, 0.1, 0.01, 0.01, 0.0)))


def test_one_patient_has_a_mean_and_no_error():
    mean, error = outcomes.mean_and_error(np.array([3.0]))
    assert mean == 3.0
    assert math.isnan(error)
    assert all(map(math.isnan, outcomes.mean_and_error(np.array([]))))


# ------------------------------------------------------------------ lines


def test_the_flow_through_lines_conserves_courses(lives, patients):
    for name, history in lives.histories.items():
        flow = outcomes.flow_table(name, history, lives.parameters.treatments)
        by = flow.pivot_table(index="treatment", columns="outcome", values="count", aggfunc="sum")
        by = by.fillna(0)
        ended = by.drop(columns="started").sum(axis=1)
        assert (by["started"] == ended).all()
        assert by["started"].sum() == patients[name]["courses"].sum()
        assert (flow["count"] > 0).all()
        assert flow["line"].min() >= 1
