"""The region of assumptions in which a strategy is the best."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from popmodel.errors import InputError
from popmodel.uncertainty.discovery import best_runs, find_box, regions_table, trajectory

RUNS = 3000


@pytest.fixture(scope="module")
def values():
    rng = np.random.default_rng(4)
    table = pd.DataFrame(rng.random((RUNS, 5)), columns=["price", "potency", "a", "b", "c"])
    return table.assign(price=10000.0 * table["price"])


def test_a_planted_box_is_found_and_nothing_else_is_limited(values):
    inside = (values["price"] < 4000.0) & (values["potency"] > 0.5)
    box = find_box(values, inside, density=0.95)
    limits = box.limits.set_index("input")
    assert set(limits.index) == {"price", "potency"}
    assert limits.loc["price", "high"] == pytest.approx(4000.0, rel=0.06)
    assert limits.loc["potency", "low"] == pytest.approx(0.5, abs=0.03)
    assert np.isinf(limits.loc["price", "low"]) and np.isinf(limits.loc["potency", "high"])
    assert box.density >= 0.95 and box.coverage > 0.9
    assert (limits["p_value"] < 0.01).all() and (limits["needed"] < box.density).all()


def test_stretching_an_input_finds_the_same_runs(values):
    inside = (values["price"] < 4000.0) & (values["potency"] > 0.5)
    one = find_box(values, inside)
    two = find_box(values.assign(price=np.exp(values["price"] / 1000.0)), inside)
    assert one.mass == pytest.approx(two.mass, abs=0.01)
    assert set(one.limits["input"]) == set(two.limits["input"])


def test_peeling_goes_from_all_runs_to_few_and_ever_denser(values):
    rng = np.random.default_rng(5)
    inside = (values["price"] < 5000.0) ^ (rng.random(RUNS) < 0.2)
    table = trajectory(values, inside)
    assert table.loc[0, ["mass", "coverage"]].tolist() == [1.0, 1.0]
    assert table["mass"].is_monotonic_decreasing and table["density"].is_monotonic_increasing
    assert table["mass"].iloc[-1] >= 0.05 - 1e-9


def test_the_best_strategy_of_every_run_is_told():
    long = pd.DataFrame(
        {"run": [0, 0, 1, 1, 2, 2], "strategy": ["a", "b"] * 3, "outcome": "inc_nmb_1",
         "value": [5.0, 3.0, 1.0, 2.0, -1.0, -2.0]}
    )  # fmt: skip
    assert best_runs(long, "a", "usual", "inc_nmb_1").tolist() == [True, False, False]
    assert best_runs(long, "usual", "usual", "inc_nmb_1").tolist() == [False, False, True]
    with pytest.raises(InputError, match="no results"):
        best_runs(long, "z", "usual", "inc_nmb_1")


def test_what_has_no_region_is_refused(values):
    some = values["price"] < 4000.0
    for table, marks, message in (
        (values, np.zeros(RUNS, bool), "none of the runs"),
        (values, np.ones(RUNS, bool), "all of the runs"),
        (values.head(20), some.head(20), "at least 40"),
        (values, some.head(30), "do not go together"),
        (values.assign(a=np.nan), some, "missing or infinite"),
    ):
        with pytest.raises(InputError, match=message):
            find_box(table, marks)


def test_the_regions_of_a_sweep_name_each_strategy_and_where_it_wins(values):
    design = values.assign(run=range(RUNS), structure="evidence", luck=range(RUNS), still=3.0)
    gain = 3000.0 * values["potency"] - values["price"] / 2.0
    long = pd.DataFrame(
        {"run": range(RUNS), "structure": "evidence", "strategy": "new", "outcome": "inc_nmb_1",
         "value": gain}
    )  # fmt: skip
    never = long.assign(strategy="never", value=-1.0)
    table = regions_table(design, pd.concat([long, never]), ("usual", "new", "never"), "inc_nmb_1")
    new = table[table["strategy"] == "new"]
    assert set(new["input"]) == {"price", "potency"}
    assert new["best_in"].iloc[0] == pytest.approx((gain > 0).mean())
    only = table[table["strategy"] == "never"]
    assert only["best_in"].tolist() == [0.0] and only["input"].isna().all()
    assert set(table[table["strategy"] == "usual"]["input"]) <= {"price", "potency"}
