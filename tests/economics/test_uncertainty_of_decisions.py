from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from popmodel.economics import (
    acceptability,
    acceptability_frontier,
    best_strategies,
    evpi,
    expected_loss,
)
from popmodel.errors import InputError

WTP = [0.0, 50_000.0, 100_000.0]


def normal_psa(mean_cost: float, sd: float, samples: int = 20_000) -> pd.DataFrame:
    """Return `new` against `old` where incremental cost is normal, as its exact quantiles."""
    cost = norm.ppf((np.arange(samples) + 0.5) / samples, mean_cost, sd)
    old = pd.DataFrame({"sample": range(samples), "strategy": "old", "cost": 0.0, "qaly": 0.0})
    return pd.concat([old, old.assign(strategy="new", cost=cost, qaly=0.1)], ignore_index=True)


def random_psa(seed: int, strategies: int = 4, samples: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    names = [f"s{i}" for i in range(strategies)] * samples
    cost = rng.integers(0, 6, len(names)) * 1000.0  # coarse, so that ties occur
    qaly = rng.integers(0, 6, len(names)) / 10
    sample = np.repeat(np.arange(samples), strategies)
    return pd.DataFrame({"sample": sample, "strategy": names, "cost": cost, "qaly": qaly})


@pytest.mark.parametrize("wtp", WTP)
def test_acceptability_of_a_normal_increment_is_the_normal_distribution(wtp):
    out = acceptability(normal_psa(5000, 3000), wtp).set_index("strategy")["probability"]
    assert out["new"] == pytest.approx(norm.cdf((0.1 * wtp - 5000) / 3000), abs=1e-4)


@pytest.mark.parametrize("wtp", WTP)
def test_perfect_information_on_a_normal_increment_is_worth_the_unit_normal_loss(wtp):
    mean, sd = 0.1 * wtp - 5000, 3000
    z = abs(mean) / sd
    loss = sd * (norm.pdf(z) - z * norm.sf(z))
    assert evpi(normal_psa(5000, sd), wtp)["evpi"].iloc[0] == pytest.approx(loss, rel=1e-3)


def test_two_draws_by_hand():
    psa = pd.DataFrame(
        {
            "sample": [0, 0, 1, 1],
            "strategy": ["a", "b", "a", "b"],
            "cost": [0.0, 10.0, 0.0, 10.0],
            "qaly": [0.0, 2.0, 0.0, 0.5],
        }
    )
    # at 10: b gains +10 and −5: expected +2.5, so b is chosen; knowing is worth 5 in half the draws
    assert evpi(psa, 10.0)["evpi"].tolist() == [2.5]
    assert expected_loss(psa, 10.0)["expected_loss"].tolist() == [5.0, 2.5]
    assert acceptability(psa, 10.0)["probability"].tolist() == [0.5, 0.5]
    assert acceptability_frontier(psa, 10.0)["strategy"].tolist() == ["b"]


def test_the_frontier_follows_expected_benefit_and_not_the_highest_probability():
    psa = pd.DataFrame(
        {
            "sample": [0, 0, 1, 1, 2, 2],
            "strategy": ["steady", "gamble"] * 3,
            "cost": 0.0,
            "qaly": [0.1, 0.0, 0.1, 0.0, 0.1, 9.0],
        }
    )
    out = acceptability_frontier(psa, 1.0)
    assert out["strategy"].tolist() == ["gamble"]
    assert out["probability"].iloc[0] == pytest.approx(1 / 3)


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_probabilities_sum_to_one_even_with_ties(seed):
    sums = acceptability(random_psa(seed), WTP).groupby("wtp")["probability"].sum()
    np.testing.assert_allclose(sums, 1.0, rtol=1e-12)


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_the_lowest_expected_loss_is_the_evpi_and_belongs_to_the_best_strategy(seed):
    psa = random_psa(seed)
    loss = expected_loss(psa, WTP)
    lowest = loss.loc[loss.groupby("wtp")["expected_loss"].idxmin()]
    np.testing.assert_allclose(lowest["expected_loss"], evpi(psa, WTP)["evpi"])
    means = psa.groupby("strategy", as_index=False)[["cost", "qaly"]].mean()
    best = best_strategies(means, WTP)
    frontier = acceptability_frontier(psa, WTP)
    gain = best["nmb"].to_numpy() - [
        _mean_nmb(psa, s, w) for s, w in zip(frontier["strategy"], WTP, strict=True)
    ]
    np.testing.assert_allclose(gain, 0.0, atol=1e-9)


def _mean_nmb(psa: pd.DataFrame, strategy: str, wtp: float) -> float:
    own = psa[psa["strategy"] == strategy]
    return float((own["qaly"] * wtp - own["cost"]).mean())


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_a_plain_loop_over_draws_finds_the_same(seed):
    psa = random_psa(seed, strategies=3, samples=11)
    wtp, names = 30_000.0, ["s0", "s1", "s2"]
    wins, best_sum, sums = dict.fromkeys(names, 0.0), 0.0, dict.fromkeys(names, 0.0)
    for _, draw in psa.groupby("sample"):
        value = dict(zip(draw["strategy"], wtp * draw["qaly"] - draw["cost"], strict=True))
        top = [name for name in names if value[name] == max(value.values())]
        for name in names:
            wins[name] += (name in top) / len(top)
            sums[name] += value[name]
        best_sum += max(value.values())
    out = acceptability(psa, wtp).set_index("strategy")["probability"]
    np.testing.assert_allclose(out.loc[names], [wins[n] / 11 for n in names])
    expected = (best_sum - max(sums.values())) / 11
    assert evpi(psa, wtp)["evpi"].iloc[0] == pytest.approx(expected, abs=1e-8)


def test_knowing_is_worth_nothing_when_nothing_is_uncertain():
    psa = normal_psa(5000, 3000, samples=3).assign(cost=1.0)
    assert evpi(psa, WTP)["evpi"].tolist() == [0.0, 0.0, 0.0]


def test_structures_are_evaluated_apart():
    psa = pd.concat(
        [random_psa(1).assign(structure="premise"), random_psa(2).assign(structure="evidence")]
    )
    out = evpi(psa, WTP)
    assert out["structure"].tolist() == ["premise"] * 3 + ["evidence"] * 3
    assert (
        out.loc[out["structure"] == "evidence", "evpi"].tolist()
        == evpi(random_psa(2), WTP)["evpi"].tolist()
    )


def test_a_sample_that_lacks_a_strategy_is_refused():
    with pytest.raises(InputError, match="s0: has 59 of 60 samples, not sample 0"):
        evpi(random_psa(1).iloc[1:], WTP)


def test_a_missing_number_is_refused():
    psa = random_psa(1)
    psa.loc[5, "cost"] = np.nan
    with pytest.raises(InputError, match="table:7:1: cost: nan is not a finite number"):
        acceptability(psa, WTP)


def test_a_strategy_twice_in_a_sample_is_refused():
    psa = random_psa(1)
    with pytest.raises(InputError, match="a second row for sample 0, strategy s0"):
        evpi(pd.concat([psa, psa.iloc[:1]]), WTP)
