"""Fast code against slow code that shares nothing with it, on tables full of ties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.economics import slow
from tests.economics.tables import psa_of

from popmodel.economics import (
    acceptability,
    acceptability_frontier,
    best_strategies,
    evpi,
    evppi,
    expected_loss,
)

WTP = [0.0, 0.3, 20_000.0]
TENTHS = st.integers(-9, 9).map(lambda n: n / 10)  # 0.1 + 0.2 is not 0.3 in binary; here it is


@st.composite
def tables(draw, most_samples=9):
    strategies, samples = draw(st.integers(1, 5)), draw(st.integers(1, most_samples))
    size = strategies * samples
    numbers = st.lists(TENTHS, min_size=size, max_size=size)
    shape = (samples, strategies)
    return psa_of(
        np.reshape(draw(numbers), shape),
        np.reshape(draw(numbers), shape),
        list("cadeb")[:strategies],
    )


def column(table: pd.DataFrame, wtp: float, value: str) -> dict[str, float]:
    rows = table[table["wtp"] == wtp]
    return dict(zip(rows["strategy"], rows[value], strict=True))


@given(tables())
@settings(max_examples=50, deadline=None)
def test_probabilities_choices_losses_and_information_are_those_of_the_definitions(psa):
    curves, frontier = acceptability(psa, WTP), acceptability_frontier(psa, WTP)
    losses, perfect = expected_loss(psa, WTP), evpi(psa, WTP)
    for wtp in WTP:
        scale = 1 + wtp
        shares = slow.ceac(psa, wtp)
        assert column(curves, wtp, "probability") == pytest.approx(
            {s: float(p) for s, p in shares.items()}, abs=1e-12
        )
        chosen = slow.choice(psa, wtp)
        assert column(frontier, wtp, "probability") == {
            chosen: pytest.approx(float(shares[chosen]), abs=1e-12)
        }
        expected = {s: float(v) for s, v in slow.loss(psa, wtp).items()}
        assert column(losses, wtp, "expected_loss") == pytest.approx(expected, abs=1e-12 * scale)
        value = perfect.loc[perfect["wtp"] == wtp, "evpi"].item()
        assert value == pytest.approx(float(slow.evpi(psa, wtp)), abs=1e-12 * scale)
        assert value >= 0.0


@given(tables(), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_changes_no_bit(psa, luck):
    order = list(range(len(psa)))
    luck.shuffle(order)
    mixed = psa.iloc[order]
    for function in (acceptability, acceptability_frontier, evpi, expected_loss):
        keys = [key for key in ("wtp", "strategy") if key in function(psa, 1.0).columns]
        one, two = (function(t, WTP).sort_values(keys, ignore_index=True) for t in (psa, mixed))
        pd.testing.assert_frame_equal(one, two, check_exact=True)


@given(tables(), st.integers(-30, 30), st.sampled_from([0.5, 3.0, 1000.0]))
@settings(max_examples=25, deadline=None)
def test_money_in_another_unit_and_a_cost_that_all_share_change_no_choice(psa, shared, times):
    moved = psa.assign(cost=(psa["cost"] + shared) * times)
    one, two = acceptability(psa, WTP), acceptability(moved, [w * times for w in WTP])
    np.testing.assert_allclose(two["probability"], one["probability"], atol=1e-12)
    value = evpi(moved, [w * times for w in WTP])["evpi"] / times
    np.testing.assert_allclose(value, evpi(psa, WTP)["evpi"], atol=1e-9)


@given(tables(), st.sampled_from(WTP))
@settings(max_examples=25, deadline=None)
def test_a_copy_of_a_strategy_shares_its_probability_and_makes_nothing_known(psa, wtp):
    copy = psa[psa["strategy"] == "c"].assign(strategy="copy")
    more = pd.concat([psa, copy], ignore_index=True)
    before, after = (column(acceptability(t, wtp), wtp, "probability") for t in (psa, more))
    assert after["c"] == pytest.approx(after["copy"], abs=1e-12)
    assert sum(after.values()) == pytest.approx(1.0)
    assert after["c"] <= before["c"] + 1e-12
    assert evpi(more, wtp)["evpi"].item() == pytest.approx(evpi(psa, wtp)["evpi"].item(), abs=1e-9)


@given(tables(), st.sampled_from(WTP))
@settings(max_examples=25, deadline=None)
def test_the_frontier_of_probabilities_follows_the_best_on_the_means(psa, wtp):
    means = psa.groupby("strategy", as_index=False)[["cost", "qaly"]].mean()
    assert acceptability_frontier(psa, wtp)["strategy"].tolist() == (
        best_strategies(means, wtp)["strategy"].tolist()
    )


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(2, 6))
@settings(max_examples=25, deadline=None)
def test_learning_a_discrete_parameter_is_worth_what_sorting_the_draws_by_it_gives(
    seed, strategies, levels
):
    luck = np.random.default_rng(seed)
    psa = psa_of(
        luck.integers(-9, 9, (40, strategies)), luck.integers(-9, 9, (40, strategies)) / 10
    )
    value = luck.integers(0, levels, 40)
    params = pd.DataFrame({"sample": range(40), "level": value})
    by_sample = {str(i): float(v) for i, v in enumerate(value)}
    out = evppi(psa, params, WTP).set_index("wtp")["evppi"]
    for wtp in WTP:
        exact = float(slow.evppi(psa, by_sample, wtp))
        assert out[wtp] == pytest.approx(exact, abs=1e-9 * (1 + wtp))
