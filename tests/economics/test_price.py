"""Value-based price: by hand, and by trying the price that was found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from popmodel.economics import best_strategies, value_based_price
from popmodel.errors import InputError

TABLE = pd.DataFrame(
    {
        "strategy": ["old", "new", "everyone"],
        "cost": [1000.0, 9000.0, 20_000.0],
        "qaly": [1.0, 1.2, 1.25],
        "courses": [0.0, 0.5, 1.5],
    }
)
PRICE = 10_000.0


def at_price(table: pd.DataFrame, new: float, old: float = PRICE) -> pd.DataFrame:
    return table.assign(cost=table["cost"] + (new - old) * table["courses"])


def test_a_price_by_hand():
    # 0.2 QALY at 50,000 are worth 10,000; it costs 8,000 more: 2,000 are left for half a course
    out = value_based_price(TABLE, "new", 50_000.0, PRICE, comparator="old").iloc[0]
    assert (out["price"], out["status"]) == (pytest.approx(14_000.0), "found")
    assert out["price_from"] == 0.0
    # against everyone, who take one course more for 0.05 QALY: (2,500 − 11,000) ÷ 1 below today
    out = value_based_price(TABLE, "new", 50_000.0, PRICE).iloc[0]
    assert (out["price_from"], out["price"]) == pytest.approx((1_500.0, 14_000.0))


@given(
    st.lists(st.integers(0, 9).map(lambda n: n / 10), min_size=4, max_size=4),
    st.lists(st.integers(0, 9).map(lambda n: n / 10), min_size=4, max_size=4),
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
    st.sampled_from([0.0, 1.0, 3.5]),
)
@settings(max_examples=40, deadline=None)
def test_a_strategy_is_best_just_inside_its_prices_and_not_outside(cost, effect, courses, wtp):
    table = pd.DataFrame(
        {"strategy": list("abcd"), "cost": cost, "qaly": effect, "courses": courses}, dtype=object
    ).astype({"cost": float, "qaly": float, "courses": float})
    row = value_based_price(table, "b", wtp, 2.0).iloc[0]

    def lead(price: float) -> float:
        moved = at_price(table, price, 2.0).set_index("strategy")
        benefit = wtp * moved["qaly"] - moved["cost"]
        return benefit["b"] - benefit.drop("b").max()

    grid = np.linspace(0.0, 30.0, 25)
    if row["status"] in ("never", "not_even_free"):
        assert all(lead(price) < 1e-9 for price in grid if price > 0.0)
    else:
        assert row["price_from"] >= 0.0
        for price in grid:
            inside = row["price_from"] <= price <= row["price"]
            assert lead(price) >= -1e-9 if inside else lead(price) < 1e-9


def test_at_the_price_found_both_are_equally_good():
    price = value_based_price(TABLE, "new", 50_000.0, PRICE, comparator="old")["price"].item()
    two = TABLE[TABLE["strategy"] != "everyone"]
    below, above = (best_strategies(at_price(two, price * f), 50_000.0) for f in (0.999, 1.001))
    assert (below["strategy"].item(), above["strategy"].item()) == ("new", "old")


def test_a_price_rises_with_what_health_is_worth():
    out = value_based_price(TABLE, "new", [20_000.0, 50_000.0, 100_000.0], PRICE, comparator="old")
    assert out["price"].tolist() == pytest.approx([2_000.0, 14_000.0, 34_000.0])


def test_what_is_not_worth_it_even_free_says_so():
    out = value_based_price(TABLE, "new", 1000.0, PRICE, comparator="old").iloc[0]
    assert out["status"] == "not_even_free"
    assert out["price"] < 0


def test_a_strategy_with_no_course_has_no_price_too_high():
    out = value_based_price(TABLE, "old", 0.0, PRICE).iloc[0]
    assert (out["status"], out["price"]) == ("any", np.inf)


def test_a_price_cannot_help_against_a_strategy_with_as_many_courses():
    table = TABLE.assign(courses=[0.5, 0.5, 1.5], qaly=[1.3, 1.2, 1.25])
    out = value_based_price(table, "new", 50_000.0, PRICE).iloc[0]
    assert out["status"] == "never"
    assert np.isnan(out["price"])


def test_structures_are_solved_apart():
    both = pd.concat([TABLE.assign(structure="x"), TABLE.assign(structure="y", qaly=[1, 1.1, 1.2])])
    out = value_based_price(both, "new", 50_000.0, PRICE, comparator="old")
    assert out["price"].tolist() == pytest.approx([14_000.0, 4_000.0])


@pytest.mark.parametrize(
    ("table", "options", "words"),
    [
        (TABLE, {"strategy": "other"}, "other is not in the table"),
        (TABLE, {"comparator": "other"}, "other is not in the table"),
        (TABLE, {"comparator": "new"}, "cannot be compared with itself"),
        (TABLE.assign(courses=-1.0), {}, "courses is negative"),
        (TABLE.assign(courses=np.nan), {}, "not a finite number"),
        (TABLE, {"price": np.inf}, "price: inf"),
        (TABLE.drop(columns="courses"), {}, "courses: this column is missing"),
    ],
)
def test_a_price_that_cannot_be_found_is_refused(table, options, words):
    given_ = {"strategy": "new", "wtp": 5.0, "price": PRICE} | options
    with pytest.raises(InputError, match=words):
        value_based_price(table, **given_)
