"""Tables as people have them: unsorted, incomplete, doubled, oddly named. Right, or refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.economics.tables import psa_of

from popmodel.economics import (
    acceptability,
    acceptability_frontier,
    best_strategies,
    evpi,
    expected_loss,
    incremental_table,
    nhb,
    nmb,
)
from popmodel.errors import InputError

WTP = [0.0, 20_000.0]
ON_DRAWS = (acceptability, acceptability_frontier, evpi, expected_loss)
LUCK = np.random.default_rng(1)
PSA = psa_of(LUCK.normal(1000, 300, (50, 3)), LUCK.normal(1, 0.1, (50, 3)))


def by_name(table: pd.DataFrame) -> pd.DataFrame:
    keys = [key for key in ("wtp", "strategy") if key in table.columns]
    return table.sort_values(keys, ignore_index=True)


@pytest.mark.parametrize("function", ON_DRAWS)
def test_samples_may_have_any_names_in_any_order(function):
    named = PSA.assign(sample=PSA["sample"].map("draw-{}".format)).sample(frac=1, random_state=1)
    one, two = by_name(function(PSA, WTP)), by_name(function(named, WTP))
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize("function", ON_DRAWS)
def test_samples_may_be_named_by_numbers_and_words_mixed(function):
    names = PSA["sample"].map(lambda i: i if i % 2 else f"x{i}").astype(object)
    pd.testing.assert_frame_equal(function(PSA.assign(sample=names), WTP), function(PSA, WTP))


@pytest.mark.parametrize("function", ON_DRAWS)
def test_fewer_draws_of_one_strategy_are_refused(function):
    short = PSA[(PSA["strategy"] != "s1") | (PSA["sample"] < 40)]
    with pytest.raises(InputError, match="s1: has 40 of 50 samples, not sample 40 and 9 others"):
        function(short, WTP)


@pytest.mark.parametrize("function", ON_DRAWS)
def test_a_doubled_row_is_refused_even_if_it_says_the_same(function):
    with pytest.raises(InputError, match="table:152:1: strategy: a second row for sample 0"):
        function(pd.concat([PSA, PSA.iloc[:1]]), WTP)


def test_one_strategy_is_always_best_and_nothing_is_to_be_learnt():
    one = PSA[PSA["strategy"] == "s0"]
    assert acceptability(one, WTP)["probability"].tolist() == [1.0, 1.0]
    assert acceptability_frontier(one, WTP)["strategy"].tolist() == ["s0", "s0"]
    assert evpi(one, WTP)["evpi"].tolist() == [0.0, 0.0]
    assert expected_loss(one, WTP)["expected_loss"].tolist() == [0.0, 0.0]
    means = pd.DataFrame({"strategy": ["s0"], "cost": [1.0], "qaly": [2.0]})
    assert incremental_table(means)["status"].tolist() == ["reference"]


def test_one_draw_is_no_uncertainty_and_has_no_error():
    out = evpi(PSA[PSA["sample"] == 7], WTP)
    assert out["evpi"].tolist() == [0.0, 0.0]
    assert out["evpi_se"].isna().all()


def test_costs_may_be_negative():
    saving = psa_of(np.array([[0.0, -500.0], [0.0, 100.0]]), np.zeros((2, 2)), ("old", "new"))
    assert evpi(saving, 5.0)["evpi"].tolist() == [50.0]
    assert acceptability(saving, 5.0)["probability"].tolist() == [0.5, 0.5]


def test_ties_are_shared_and_chosen_by_name():
    tie = psa_of(np.zeros((4, 3)), np.zeros((4, 3)), ("c", "a", "b"))
    np.testing.assert_allclose(acceptability(tie, WTP)["probability"], 1 / 3)
    assert acceptability_frontier(tie, WTP)["strategy"].tolist() == ["a", "a"]


def test_what_is_equal_as_written_is_equal_though_not_in_binary():
    # 0.1 + 0.2 is 0.3 on paper; at 10,000 per QALY a and b have the same net benefit
    psa = psa_of(np.array([[300.0, 100.0]]), np.array([[0.3, 0.1 + 0.2 - 0.02]]), ("b", "a"))
    assert acceptability(psa, 10_000.0)["probability"].tolist() == [0.5, 0.5]
    assert acceptability_frontier(psa, 10_000.0)["strategy"].tolist() == ["a"]


def test_the_error_of_evpi_is_that_of_repeated_draws():
    found, told = [], []
    for seed in range(60):
        benefit = np.random.default_rng(seed).normal(200, 1000, (400, 1))
        row = evpi(psa_of(np.hstack([0 * benefit, -benefit]), np.zeros((400, 2))), 0.0).iloc[0]
        found.append(row["evpi"])
        told.append(row["evpi_se"])
    assert np.std(found) == pytest.approx(np.mean(told), rel=0.3)


def test_a_line_is_that_of_the_file_in_every_structure():
    both = pd.concat([PSA.assign(structure="x"), PSA.assign(structure="y")], ignore_index=True)
    both.loc[170, "cost"] = np.nan
    with pytest.raises(InputError, match="table:172:1: cost: nan is not a finite number"):
        evpi(both, WTP)
    both.loc[3, "structure"] = None
    with pytest.raises(InputError, match="table:5:1: structure: is empty"):
        evpi(both, WTP)


def test_structures_and_strategies_may_be_numbers():
    both = pd.concat([PSA.assign(structure=1), PSA.assign(structure="1b")])
    assert evpi(both, 1.0)["structure"].tolist() == ["1", "1b"]
    numbered = PSA.assign(strategy=PSA["strategy"].str[1:].astype(int))
    assert acceptability(numbered, 1.0)["strategy"].tolist() == ["0", "1", "2"]


def test_many_problems_of_a_kind_are_counted_not_listed():
    with pytest.raises(InputError, match="and 140 more of this kind") as caught:
        evpi(PSA.assign(cost=np.inf), WTP)
    assert len(caught.value.problems) == 11


def test_all_problems_are_told_at_once():
    broken = PSA.astype({"strategy": object, "qaly": object})
    broken.loc[0, "strategy"], broken.loc[1, "qaly"] = None, "much"
    broken.loc[2, "cost"] = -np.inf
    with pytest.raises(InputError) as caught:
        acceptability(broken, WTP)
    assert {problem.where for problem in caught.value.problems} == {"strategy", "qaly", "cost"}


def test_two_columns_of_one_name_are_refused():
    doubled = pd.concat([PSA, PSA[["cost"]]], axis=1)
    with pytest.raises(InputError, match="cost: two columns of this name"):
        evpi(doubled, WTP)


@pytest.mark.parametrize("wtp", [-1.0, np.nan, np.inf, [], [1.0, -2.0], "much", [[1.0]], None])
@pytest.mark.parametrize("function", [*ON_DRAWS, lambda t, w: best_strategies(t.head(3), w)])
def test_a_willingness_to_pay_that_is_none_is_refused(function, wtp):
    with pytest.raises(InputError, match=r"price of at least 0|amount|is no number"):
        function(PSA, wtp)


def test_several_amounts_where_one_is_meant_are_refused():
    for function in (nmb, nhb):
        with pytest.raises(InputError, match="one amount is needed here"):
            function(PSA, [1.0, 2.0])


def test_net_benefit_keeps_the_rows_it_was_given():
    part = PSA[PSA["strategy"] == "s2"]
    assert nmb(part, 5.0).index.equals(part.index)
    with pytest.raises(InputError, match="table:2:1: qaly: nan"):
        nmb(part.assign(qaly=np.nan), 5.0)


@pytest.mark.parametrize("value", [1e61, -1e300])
def test_numbers_that_can_only_be_slips_are_refused(value):
    with pytest.raises(InputError, match="is not a finite number"):
        evpi(PSA.assign(cost=value), WTP)


def test_huge_and_tiny_numbers_keep_their_order():
    psa = psa_of(np.array([[1e15, 1e15 + 1], [1e15, 1e15 - 1]]), np.zeros((2, 2)))
    assert evpi(psa, 0.0)["evpi"].item() == 0.5
    tiny = psa_of(np.array([[1e-12, 2e-12], [1e-12, 0.0]]), np.zeros((2, 2)))
    assert acceptability(tiny, 0.0)["probability"].tolist() == [0.5, 0.5]
