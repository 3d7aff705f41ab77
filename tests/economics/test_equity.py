"""Who gains: subgroups by hand, weights, Atkinson's index, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from popmodel.economics import (
    atkinson_weights,
    equally_distributed,
    equity_plane,
    equity_weighted,
    subgroup_benefit,
)
from popmodel.errors import InputError

TABLE = pd.DataFrame(
    [
        ("old", "poor", 300, 1000.0, 1.0, 90.0), ("old", "rich", 100, 1000.0, 2.0, 30.0),
        ("new", "poor", 300, 3000.0, 1.1, 60.0), ("new", "rich", 100, 2000.0, 2.0, 40.0),
    ],
    columns=["strategy", "group", "patients", "cost", "qaly", "wait_days"],
)  # fmt: skip
WTP = 50_000.0
EQUAL = {"poor": 1.0, "rich": 1.0}


def of_new(table: pd.DataFrame) -> pd.DataFrame:
    rows = table[table["strategy"] == "new"]
    return rows.set_index("group") if "group" in rows.columns else rows.iloc[0]


def test_every_group_has_its_own_gain_and_wait():
    out = of_new(subgroup_benefit(TABLE, "old", WTP, beside=["wait_days"]))
    assert out["inmb"].to_dict() == pytest.approx({"poor": 3000.0, "rich": -1000.0})
    assert out["inhb"].to_dict() == pytest.approx({"poor": 0.06, "rich": -0.02})
    assert out["gains"].to_dict() == {"poor": True, "rich": False}
    assert out["inc_wait_days"].to_dict() == {"poor": -30.0, "rich": 10.0}


def test_health_given_up_elsewhere_falls_on_those_who_bear_it():
    # 300·2000 + 100·1000 = 700,000 is 14 QALYs; half of them lost by each group
    out = of_new(subgroup_benefit(TABLE, "old", WTP, opportunity={"poor": 0.5, "rich": 0.5}))
    assert out["inhb"].to_dict() == pytest.approx({"poor": 0.1 - 7 / 300, "rich": -7 / 100})
    whole = (out["inhb"] * out["patients"]).sum()
    assert whole == pytest.approx(300 * 0.1 - 14)  # whoever bears it, the sum is the same


def test_weights_move_the_mean_towards_those_who_count_more():
    even = of_new(equity_weighted(TABLE, "old", WTP, {"poor": 7.0, "rich": 7.0}))
    assert even["inhb"] == pytest.approx(0.04)
    assert even["inhb_weighted"] == pytest.approx(0.04)
    assert even["share_gaining"] == 0.75
    assert (even["least_group"], even["least_inhb"]) == ("rich", pytest.approx(-0.02))
    poor = of_new(equity_weighted(TABLE, "old", WTP, {"poor": 2.0, "rich": 1.0}))
    # weights 2 and 1 over 300 and 100 patients: scaled to 8/7 and 4/7
    assert poor["inhb_weighted"] == pytest.approx((300 * 0.06 * 8 / 7 - 100 * 0.02 * 4 / 7) / 400)


def test_the_comparator_gains_nothing():
    out = equity_weighted(TABLE, "old", WTP, EQUAL).set_index("strategy").loc["old"]
    assert (out["inhb"], out["inhb_weighted"], out["share_gaining"]) == (0.0, 0.0, 0.0)


def test_the_equally_distributed_equivalent_is_atkinsons():
    health, size = np.array([60.0, 80.0]), np.array([1.0, 1.0])
    assert equally_distributed(health, size, 0.0) == pytest.approx(70.0)
    assert equally_distributed(health, size, 1.0) == pytest.approx(np.sqrt(4800))
    assert equally_distributed(health, size, 2.0) == pytest.approx(2 / (1 / 60 + 1 / 80))
    assert equally_distributed(health, size, 1 + 1e-9) == pytest.approx(np.sqrt(4800))
    assert equally_distributed(health, size, 5000.0) == pytest.approx(60.0, rel=1e-3)
    assert equally_distributed(health, np.array([3.0, 1.0]), 0.0) == pytest.approx(65.0)


@given(st.floats(0, 30), st.lists(st.floats(1, 100), min_size=2, max_size=5))
@settings(max_examples=60, deadline=None)
def test_inequality_never_raises_the_equivalent_above_the_mean_or_below_the_least(aversion, health):
    values = np.array(health)
    ede = equally_distributed(values, np.ones(len(values)), aversion)
    assert values.min() * (1 - 1e-9) <= ede <= values.mean() * (1 + 1e-9)


def test_the_plane_tells_health_from_its_distribution():
    health = {"poor": 60.0, "rich": 75.0}
    plain = of_new(equity_plane(TABLE, "old", WTP, health, aversion=0.0))
    assert plain["inhb"] == pytest.approx(0.04)
    assert plain["equity_impact"] == pytest.approx(0.0, abs=1e-12)
    averse = of_new(equity_plane(TABLE, "old", WTP, health, aversion=10.0))
    assert averse["equity_impact"] > 0.005  # the poor gain, the rich lose
    assert averse["inc_ede"] == pytest.approx(averse["inhb"] + averse["equity_impact"])


def test_small_gains_are_weighted_as_the_equivalent_does():
    health = {"poor": 60.0, "rich": 75.0}
    weights = atkinson_weights(health, 10.0)
    assert weights["rich"] == 1.0
    assert weights["poor"] == pytest.approx((75 / 60) ** 10)
    size, step = np.array([300.0, 100.0]), 1e-6
    base, gains = np.array([60.0, 75.0]), {}
    for place, name in enumerate(health):
        moved = base + step * np.eye(2)[place]
        gains[name] = equally_distributed(moved, size, 10) - equally_distributed(base, size, 10)
    ratio = weights["poor"] / weights["rich"] * 300 / 100
    assert gains["poor"] / gains["rich"] == pytest.approx(ratio, rel=1e-3)


def test_rows_in_any_order_and_structures_apart():
    mixed = TABLE.iloc[[3, 0, 2, 1]]
    one, two = (equity_weighted(t, "old", WTP, EQUAL).set_index("strategy") for t in (TABLE, mixed))
    pd.testing.assert_frame_equal(one, two.loc[one.index])
    both = pd.concat([TABLE.assign(structure="x"), mixed.assign(structure="y")])
    assert equity_weighted(both, "old", WTP, EQUAL)["structure"].tolist() == ["x", "x", "y", "y"]


@pytest.mark.parametrize(
    ("table", "options", "words"),
    [
        (TABLE, {"comparator": "none"}, "none is no strategy"),
        (TABLE.iloc[:3], {}, "new has no group rich"),
        (TABLE.assign(patients=[300, 100, 299, 100]), {}, "equally many under every strategy"),
        (TABLE.assign(patients=0), {}, "each needs patients"),
        (pd.concat([TABLE, TABLE.iloc[:1]]), {}, "a second row for strategy old, group poor"),
        (TABLE.assign(qaly=np.nan), {}, "not a finite number"),
        (TABLE, {"wtp": 0.0}, "above 0"),
        (TABLE, {"weights": {"poor": 1.0}}, "group rich has none"),
        (TABLE, {"weights": {"poor": -1.0, "rich": 1.0}}, "none may be negative"),
        (TABLE, {"weights": {"poor": 0.0, "rich": 0.0}}, "not all of them 0"),
        (TABLE, {"opportunity": {"poor": 0.5, "rich": 0.4}}, "add up to 0.9, not to 1"),
    ],
)
def test_a_table_that_cannot_be_weighed_is_refused(table, options, words):
    given_ = {"comparator": "old", "wtp": WTP, "weights": EQUAL} | options
    with pytest.raises(InputError, match=words):
        equity_weighted(table, **given_)


def test_health_that_is_none_is_refused():
    with pytest.raises(InputError, match="every group needs some above 0"):
        equity_plane(TABLE, "old", WTP, {"poor": 0.0, "rich": 1.0}, 1.0)
    with pytest.raises(InputError, match="aversion: -1"):
        atkinson_weights({"a": 1.0}, -1.0)
