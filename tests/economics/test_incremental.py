from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.economics.brute_force import statuses
from tests.economics.published_models import SICK_SICKER, hiv, sick_sicker

from popmodel.economics import incremental_table
from popmodel.errors import InputError

NUMBER = st.integers(-4, 6).map(lambda n: n / 4)
TABLES = st.lists(st.tuples(NUMBER, NUMBER), min_size=1, max_size=7).map(
    lambda points: pd.DataFrame(
        [(f"s{i}", cost, qaly) for i, (cost, qaly) in enumerate(points)],
        columns=["strategy", "cost", "qaly"],
    )
)


def table_of(**points: tuple[float, float]) -> pd.DataFrame:
    rows = [(name, cost, qaly) for name, (cost, qaly) in points.items()]
    return pd.DataFrame(rows, columns=["strategy", "cost", "qaly"])


def status_of(table: pd.DataFrame) -> dict[str, str]:
    out = incremental_table(table)
    return dict(zip(out["strategy"], out["status"], strict=True))


def test_hiv_screening_gives_the_icers_of_the_published_example():
    # Paltiel 2006 as worked in the vignette `basic_cea` of dampack
    table = pd.DataFrame(
        {
            "strategy": ["status quo", "one time", "5yr", "3yr", "annual"],
            "cost": [26000, 27000, 28020, 28440, 29440],
            "qaly": np.array([277.25, 277.57, 277.78, 277.83, 277.76]) / 12,
        }
    )
    out = incremental_table(table).set_index("strategy")
    assert list(out["status"]) == ["reference", "frontier", "frontier", "frontier", "dominated"]
    expected = [np.nan, 37_500, 1020 * 12 / 0.21, 100_800, np.nan]
    np.testing.assert_allclose(out["icer"], expected, rtol=1e-9)


def test_clostridium_difficile_gives_the_icers_of_the_published_example():
    # dampack, vignettes/cdiff_icers.csv: Rajasingham 2020
    cost = {
        "s3": 57336.0059896538, "s27": 57541.2526373815, "s33": 57642.2587507842,
        "s31": 57934.0743411241, "s43": 58072.1137208494, "s44": 58665.7823044647,
        "s39": 57814.6470919581, "s4": 57887.481549326, "s13": 58018.6252420203,
        "s37": 58081.7947984323, "s20": 58634.2026441398,
    }  # fmt: skip
    effect = {
        "s3": 12.9399639202408, "s27": 13.0140640696275, "s33": 13.0389116321918,
        "s31": 13.0966257932217, "s43": 13.11285766912, "s44": 13.1283328397025,
        "s39": 13.0462790163185, "s4": 12.9970657153765, "s13": 13.0650412387992,
        "s37": 13.1029711156978, "s20": 13.1100568867995,
    }  # fmt: skip
    out = incremental_table(table_of(**{s: (cost[s], effect[s]) for s in cost}))
    out = out.set_index("strategy")
    icers = [2769.85470915263, 4065.03105249231, 5056.2216470406, 8504.2160616553]
    np.testing.assert_allclose(out["icer"].dropna(), [*icers, 38362.6519947134], rtol=1e-9)
    assert out.index[out["status"] == "extended_dominated"].tolist() == ["s39"]
    assert set(out.index[out["status"] == "dominated"]) == {"s4", "s13", "s37", "s20"}


def test_a_mix_of_two_others_dominates_the_third_of_the_veterans_affairs_example():
    table = table_of(
        E=(55000, 5), D=(35000, 4), C=(25000, 3), B=(10000, 2), A=(12000, 1.5), UC=(5000, 1)
    )
    out = incremental_table(table)
    assert list(out["strategy"]) == ["UC", "B", "A", "C", "D", "E"]
    assert status_of(table)["C"] == "extended_dominated"
    assert status_of(table)["A"] == "dominated"
    assert out["icer"].dropna().tolist() == [5000, 12500, 20000]


def test_the_cheapest_strategy_can_dominate_all_others():
    table = table_of(
        no_treat=(163771.0, 6.48273), treat_all=(164848.7, 6.52861), test_treat=(163765.1, 6.52861)
    )
    assert status_of(table) == {
        "test_treat": "reference", "no_treat": "dominated", "treat_all": "dominated"
    }  # fmt: skip


def test_the_hiv_model_gives_its_published_ratio():
    # Briggs, Claxton & Sculpher 2006, table 2.6: £44,663, £50,602 and £6,276 per life-year
    out = incremental_table(hiv(), effect="life_years").set_index("strategy")
    assert out["cost"].round().to_dict() == {"monotherapy": 44_663, "combination": 50_602}
    assert out["life_years"].round(3).to_dict() == {"monotherapy": 7.991, "combination": 8.937}
    assert round(out.loc["combination", "icer"]) == 6276


def test_the_sick_sicker_model_gives_its_published_table():
    # Alarid-Escudero et al. 2023, table "Cost-effectiveness analysis results"
    out = incremental_table(sick_sicker(pd.DataFrame([SICK_SICKER]))).set_index("strategy")
    published = pd.DataFrame(
        {
            "Standard of care": (151_580, 20.711, np.nan, np.nan, np.nan, "reference"),
            "Strategy B": (259_100, 22.184, 107_521, 1.473, 72_988, "frontier"),
            "Strategy A": (284_805, 21.499, np.nan, np.nan, np.nan, "dominated"),
            "Strategy AB": (378_875, 23.137, 119_775, 0.952, 125_764, "frontier"),
        },
        index=["cost", "qaly", "inc_cost", "inc_qaly", "icer", "status"],
    ).T
    assert out.index.tolist() == published.index.tolist()
    assert out["status"].tolist() == published["status"].tolist()
    for column, error in (("cost", 0.6), ("inc_cost", 0.6), ("icer", 0.6)):
        np.testing.assert_allclose(out[column], published[column].astype(float), atol=error)
    for column in ("qaly", "inc_qaly"):
        np.testing.assert_allclose(out[column], published[column].astype(float), atol=6e-4)


@given(TABLES)
@settings(max_examples=150, deadline=None)
def test_the_frontier_is_the_one_found_by_comparing_everything_with_everything(table):
    rows = [
        (str(s), Fraction(repr(float(c))), Fraction(repr(float(q))))
        for s, c, q in table.itertuples(index=False)
    ]
    assert status_of(table) == statuses(rows)


@given(TABLES, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_does_not_matter(table, random):
    order = list(range(len(table)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(
        incremental_table(table.iloc[order].reset_index(drop=True)), incremental_table(table)
    )


@given(TABLES)
@settings(max_examples=40, deadline=None)
def test_icers_never_fall_along_the_frontier(table):
    icers = incremental_table(table)["icer"].dropna()
    assert (icers.diff().dropna() >= -1e-12).all()


@given(TABLES)
@settings(max_examples=40, deadline=None)
def test_every_strategy_comes_back_once_sorted_by_cost_with_its_numbers(table):
    out = incremental_table(table)
    assert out["cost"].is_monotonic_increasing
    assert list(out.columns) == [
        "strategy", "cost", "qaly", "inc_cost", "inc_qaly", "icer", "status"
    ]  # fmt: skip
    merged = out.merge(table, on="strategy", suffixes=("", "_before"))
    assert len(merged) == len(table)
    assert (merged["cost"] == merged["cost_before"]).all()


def test_equal_strategies_keep_the_first_by_name_on_the_frontier():
    table = table_of(b=(1.0, 1.0), a=(1.0, 1.0), c=(2.0, 2.0), d=(2.0, 2.0))
    assert status_of(table) == {
        "a": "reference", "b": "dominated", "c": "frontier", "d": "dominated"
    }  # fmt: skip


def test_a_strategy_exactly_on_the_line_stays_on_the_frontier():
    # in binary 0.3 − 0.2 is not 0.2 − 0.1; as written they are equal
    table = table_of(a=(0.1, 0.1), b=(0.2, 0.2), c=(0.3, 0.3))
    assert list(incremental_table(table)["status"]) == ["reference", "frontier", "frontier"]


def test_dominated_rows_carry_no_increments():
    out = incremental_table(table_of(a=(1, 1), b=(3, 1), c=(2, 2))).set_index("strategy")
    assert out.loc["b", ["inc_cost", "inc_qaly", "icer"]].isna().all()
    assert out.loc["c", "inc_cost"] == 1


def test_structures_are_evaluated_apart():
    one = table_of(a=(1, 1), b=(2, 2)).assign(structure="premise")
    two = table_of(a=(1, 2), b=(2, 1)).assign(structure="evidence")
    out = incremental_table(pd.concat([one, two], ignore_index=True))
    assert list(out["structure"]) == ["premise", "premise", "evidence", "evidence"]
    assert list(out["status"]) == ["reference", "frontier", "reference", "dominated"]


def test_another_effect_names_its_own_columns():
    table = table_of(a=(1, 1), b=(2, 2)).rename(columns={"qaly": "remission_weeks"})
    out = incremental_table(table, effect="remission_weeks")
    assert "inc_remission_weeks" in out.columns


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, None, "many"])
def test_a_number_that_is_none_is_refused_with_its_line(value):
    table = table_of(a=(1, 1), b=(2, 2)).astype({"qaly": object})
    table.loc[1, "qaly"] = value
    with pytest.raises(InputError, match=r"table:3:1: qaly: .* is not a finite number"):
        incremental_table(table)


def test_a_repeated_strategy_is_refused():
    with pytest.raises(InputError, match="a second row for strategy a"):
        incremental_table(pd.concat([table_of(a=(1, 1))] * 2))


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="qaly: this column is missing"):
        incremental_table(pd.DataFrame({"strategy": ["a"], "cost": [1.0]}))


def test_an_empty_table_is_refused():
    with pytest.raises(InputError, match="has no rows"):
        incremental_table(table_of())
