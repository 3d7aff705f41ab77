"""EVPPI: closed forms, bias, errors, invariances, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from tests.economics.published_models import sick_sicker, sick_sicker_draws
from tests.economics.tables import (
    normal_grid,
    params_of,
    psa_of,
    shuffled,
    two_strategies,
    unit_normal_loss,
)

from popmodel.economics import Population, evpi, evppi
from popmodel.errors import InputError

COUNT = 4000
ONE, TWO = normal_grid(COUNT), shuffled(normal_grid(COUNT), 1)
NOISE = shuffled(normal_grid(COUNT), 2)


def value_of(benefit: np.ndarray, groups: dict[str, list[str]] | None = None, **params: np.ndarray):
    """Return the row of every parameter of a choice between nothing and this net benefit."""
    table = evppi(two_strategies(benefit), params_of(**params), 0.0, groups=groups)
    return table.set_index("parameter")


def random_problem(seed: int, strategies: int = 3, count: int = 120):
    luck = np.random.default_rng(seed)
    values = luck.normal(size=(count, 3))
    cost = 100 * values @ luck.normal(size=(3, strategies)) + luck.normal(
        0, 50, (count, strategies)
    )
    effect = values @ luck.normal(size=(3, strategies)) + luck.normal(0, 0.3, (count, strategies))
    params = pd.DataFrame(values, columns=["a", "b", "c"])
    params.insert(0, "sample", range(count))
    return psa_of(cost, effect), params


# --- closed forms


@pytest.mark.parametrize("mean", [0.0, -300.0, 800.0])
def test_learning_one_of_two_normal_parameters_is_worth_the_unit_normal_loss_of_its_share(mean):
    benefit = mean + 1000 * ONE + 2000 * TWO
    out = value_of(benefit, one=ONE, two=TWO)
    for name, sd in (("one", 1000.0), ("two", 2000.0)):
        row, exact = out.loc[name], unit_normal_loss(mean, sd)
        assert row["evppi"] == pytest.approx(exact, abs=3 * row["evppi_se"] + 5)
        assert row["evppi_check"] == pytest.approx(exact, abs=3 * row["evppi_se"] + 30)


def test_a_curved_effect_is_followed():
    # e^φ − 1 with φ normal: Black & Scholes
    exact = np.exp(0.5) * norm.cdf(1.0) - norm.cdf(0.0) - (np.exp(0.5) - 1)
    row = value_of(np.exp(ONE) - 1 + 2 * TWO, one=ONE).loc["one"]
    assert row["evppi"] == pytest.approx(exact, abs=0.04)


def test_an_effect_that_turns_twice_is_followed():
    exact = 1 / np.pi  # E[max(0, sin u)] over a whole turn
    turn = 2 * np.pi * norm.cdf(ONE)
    row = value_of(np.sin(turn) + TWO, one=ONE).loc["one"]
    assert row["evppi"] == pytest.approx(exact, abs=0.03)
    assert row["evppi_check"] == pytest.approx(exact, abs=0.03)


def test_two_parameters_can_be_worthless_apart_and_valuable_together():
    # φ·ψ with both N(0, 1): alone nothing is learnt; together E[max(0, φψ)] = 1/π
    out = value_of(ONE * TWO + 0.3 * NOISE, {"both": ["one", "two"]}, one=ONE, two=TWO)
    assert out.loc["both", "evppi"] == pytest.approx(1 / np.pi, abs=0.02)
    assert out.loc["both", "evppi_check"] == pytest.approx(1 / np.pi, abs=0.02)
    assert (out.loc[["one", "two"], "evppi"] < 0.02).all()


def test_a_group_of_normal_parameters_has_the_value_of_their_sum():
    out = value_of(ONE + TWO + NOISE, {"both": ["one", "two"]}, one=ONE, two=TWO)
    exact = unit_normal_loss(0.0, np.sqrt(2.0))
    row = out.loc["both"]
    assert row["evppi"] == pytest.approx(exact, abs=3 * row["evppi_se"])
    assert row["evppi_check"] == pytest.approx(exact, abs=3 * row["evppi_se"])


def test_an_effect_that_may_not_exist_is_told_from_a_small_one():
    # no effect in half of the draws, else around 1: what matters is whether there is one
    exists = np.arange(COUNT) % 2
    effect = exists * (1.0 + 0.05 * TWO)
    row = value_of(np.where(exists > 0, 1.0, -1.0) + NOISE, effect=effect).loc["effect"]
    assert row["evppi"] == pytest.approx(0.5, abs=0.03)


def test_three_strategies_agree_with_learning_by_force():
    # each strategy gains φ of its own; perfect knowledge of one φ: E max(φ, 0, 0) = 0.399
    luck = np.random.default_rng(3)
    values = luck.normal(size=(COUNT, 3))
    psa = psa_of(-values, np.zeros_like(values))
    params = params_of(a=values[:, 0], b=values[:, 1], c=values[:, 2])
    out = evppi(psa, params, 0.0, groups={"all": ["a", "b", "c"]}).set_index("parameter")
    best = values.mean(axis=0).argmax()
    for place, name in enumerate("abc"):
        rest = np.delete(values.mean(axis=0), place).max()
        exact = np.maximum(values[:, place], rest).mean() - values.mean(axis=0)[best]
        assert out.loc[name, "evppi"] == pytest.approx(exact, abs=0.02)
    assert out.loc["all", "evppi"] == pytest.approx(evpi(psa, 0.0)["evpi"].item(), rel=1e-3)


def test_strategies_that_are_never_best_change_nothing():
    # their own noise must not decide how the difference that matters is smoothed
    curve = np.where(np.abs(ONE) < 1, 0.3, -0.3) + NOISE
    cost = np.stack([0 * ONE, curve.mean() - curve], axis=1)
    dear = 50 + 3 * np.random.default_rng(1).normal(size=(COUNT, 6))
    few, many = (
        evppi(psa_of(table, 0 * table), params_of(one=ONE), 0.0).iloc[0]
        for table in (cost, np.hstack([cost, dear]))
    )
    assert few["evppi"] > 0.1
    for column in ("evppi", "evppi_se", "evppi_check", "evppi_noise"):
        assert many[column] == pytest.approx(few[column], rel=1e-9)


def test_who_knows_every_parameter_of_the_sick_sicker_model_knows_everything():
    params = sick_sicker_draws(1000, seed=1)
    psa, names = sick_sicker(params), list(params.columns)
    params.insert(0, "sample", range(1000))
    out = evppi(psa, params, [72_988.0], groups={"all": names}).set_index("parameter")
    assert out.loc["all", "evppi"] == pytest.approx(evpi(psa, 72_988.0)["evpi"].item(), rel=0.02)
    assert out.loc["all", "evppi_check"] == pytest.approx(out.loc["all", "evppi"], rel=0.02)
    # price of B and what it does decide between B and nothing at its own ICER
    assert out["evppi"].drop("all").idxmax() == "c_trtB"


# --- bias and error


def test_pure_noise_is_worth_next_to_nothing_and_the_bias_is_told():
    luck = np.random.default_rng(4)
    noise = {f"noise{i}": luck.normal(size=1000) for i in range(25)}
    benefit = luck.normal(0.0, 1000.0, 1000)
    out = value_of(benefit - benefit.mean(), **noise)
    assert evpi(two_strategies(benefit), 0.0)["evpi"].item() > 350
    assert out["evppi"].mean() < 25
    assert out["evppi"].mean() == pytest.approx(out["evppi_noise"].iloc[0], abs=6)
    assert out["evppi_check"].mean() < 20


def test_the_standard_error_is_that_of_repeated_draws():
    found, told = [], []
    exact = unit_normal_loss(200.0, 1000.0)
    for seed in range(40):
        luck = np.random.default_rng(seed)
        value = luck.normal(size=500)
        row = value_of(200 + 1000 * value + luck.normal(0, 1000, 500), one=value).loc["one"]
        found.append(row["evppi"])
        told.append(row["evppi_se"])
    assert np.std(found) == pytest.approx(np.mean(told), rel=0.35)
    assert np.mean(found) == pytest.approx(exact, abs=3 * np.std(found) / np.sqrt(40) + 5)


# --- what must hold whatever the table


@given(st.integers(0, 10_000))
@settings(max_examples=12, deadline=None)
def test_no_part_of_the_truth_is_worth_more_than_all_of_it_or_less_than_nothing(seed):
    psa, params = random_problem(seed)
    wtp = [0.0, 30.0, 200.0]
    out = evppi(psa, params, wtp, groups={"both": ["a", "b"], "all": ["a", "b", "c"]})
    most = evpi(psa, wtp).set_index("wtp")["evpi"]
    for column in ("evppi", "evppi_check", "evppi_noise"):
        assert (out[column] >= 0.0).all()
        assert (out[column] <= out["wtp"].map(most) + 1e-12).all()


@given(st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_units_and_names_and_order_and_shared_costs_do_not_matter(seed):
    psa, params = random_problem(seed)
    luck = np.random.default_rng(seed)
    wtp, columns = [0.0, 100.0], ["evppi", "evppi_se", "evppi_check", "evppi_noise"]
    before = evppi(psa, params, wtp)[columns]

    shared = luck.normal(0, 1000, 120)  # the same in every strategy of a draw
    other = psa.assign(cost=(psa["cost"] + psa["sample"].map(dict(enumerate(shared)))) * 7)
    other = other.replace({"strategy": {"s0": "z", "s1": "a"}}).sample(frac=1, random_state=seed)
    moved = params.assign(a=params["a"] * 1e-6 + 3, b=-params["b"] * 1e3)
    after = evppi(other, moved.sample(frac=1, random_state=1), [w * 7 for w in wtp])[columns] / 7
    np.testing.assert_allclose(after, before, rtol=1e-6, atol=1e-6)


def test_a_copy_of_a_parameter_adds_nothing_to_a_group():
    out = value_of(ONE + NOISE, {"pair": ["one", "again"]}, one=ONE, again=2 * ONE + 1)
    assert out.loc["pair", "evppi"] == pytest.approx(out.loc["one", "evppi"], abs=0.01)


def test_a_parameter_that_does_not_vary_is_worth_nothing():
    out = value_of(
        ONE, {"pair": ["fixed", "also"]}, fixed=np.full(COUNT, 0.1), also=np.zeros(COUNT)
    )
    assert out["evppi"].tolist() == [0.0, 0.0, 0.0]
    assert out["evppi_check"].tolist() == [0.0, 0.0, 0.0]


def test_equal_strategies_leave_nothing_to_learn():
    psa = psa_of(np.stack([ONE, ONE], axis=1), np.stack([TWO, TWO], axis=1))
    assert evppi(psa, params_of(one=ONE), [0.0, 5.0])["evppi"].tolist() == [0.0, 0.0]


def test_a_single_strategy_leaves_nothing_to_learn():
    psa = psa_of(ONE[:, None], TWO[:, None])
    out = evppi(psa, params_of(one=ONE, two=TWO), 5.0, groups={"both": ["one", "two"]})
    assert out["evppi"].tolist() == [0.0, 0.0, 0.0]


def test_heavy_tails_and_point_masses_and_true_or_false_are_taken():
    luck = np.random.default_rng(5)
    out = value_of(
        ONE,
        cauchy=luck.standard_cauchy(COUNT),
        mostly_zero=np.where(luck.random(COUNT) < 0.97, 0.0, luck.random(COUNT)),
        yes=luck.random(COUNT) < 0.3,
    )
    assert (out["evppi"] < 0.02).all()


def test_a_population_multiplies_the_value():
    psa, params = random_problem(1)
    people = Population(per_year=1000, years=10, discount=0.0)
    out = evppi(psa, params, 100.0, population=people)
    np.testing.assert_allclose(out["evppi_population"], out["evppi"] * 10_000)


def test_structures_are_evaluated_apart_with_their_own_parameters_or_the_same():
    (one, p_one), (two, p_two) = random_problem(1), random_problem(2)
    psa = pd.concat([one.assign(structure="premise"), two.assign(structure="evidence")])
    params = pd.concat([p_one.assign(structure="premise"), p_two.assign(structure="evidence")])
    out = evppi(psa, params, 100.0)
    assert out["structure"].tolist() == ["premise"] * 3 + ["evidence"] * 3
    assert list(out.columns[:4]) == ["structure", "wtp", "parameter", "evppi"]
    np.testing.assert_array_equal(out["evppi"][3:], evppi(two, p_two, 100.0)["evppi"])
    same = evppi(psa, p_one, 100.0)
    np.testing.assert_array_equal(same["evppi"][:3], evppi(one, p_one, 100.0)["evppi"])


# --- refusals


def test_parameters_of_other_draws_are_refused():
    psa, params = random_problem(1)
    with pytest.raises(
        InputError, match=r"sample 0: has no row \(costs and parameters are matched"
    ):
        evppi(psa, params.iloc[1:], 1.0)
    with pytest.raises(InputError, match="sample 0 and 1 others: is no sample of the costs"):
        evppi(psa[psa["sample"] > 1], params, 1.0)
    with pytest.raises(InputError, match="a second row for sample 3"):
        evppi(psa, pd.concat([params, params.iloc[[3]]]), 1.0)


@pytest.mark.parametrize("value", [np.nan, np.inf, "high"])
def test_a_parameter_that_is_no_number_is_refused(value):
    psa, params = random_problem(1)
    params = params.astype({"b": object})
    params.loc[4, "b"] = value
    with pytest.raises(InputError, match=r"table:6:1: b: .* is not a finite number"):
        evppi(psa, params, 1.0)


def test_too_few_draws_and_unknown_groups_and_no_parameters_are_refused():
    psa, params = random_problem(1, count=29)
    with pytest.raises(InputError, match="29 samples are too few to learn from, 30 are needed"):
        evppi(psa, params, 1.0)
    psa, params = random_problem(1)
    with pytest.raises(InputError, match="group g: d is no parameter"):
        evppi(psa, params, 1.0, groups={"g": ["a", "d"]})
    with pytest.raises(InputError, match="group g: has no parameters"):
        evppi(psa, params, 1.0, groups={"g": []})
    with pytest.raises(InputError, match="group a: is the name of a parameter"):
        evppi(psa, params, 1.0, groups={"a": ["b"]})
    with pytest.raises(InputError, match="has no parameter beside the column sample"):
        evppi(psa, params[["sample"]], 1.0)


def test_parameters_of_other_structures_are_refused():
    psa, params = random_problem(1)
    with pytest.raises(InputError, match="no parameters for the costs of structure premise"):
        evppi(psa.assign(structure="premise"), params.assign(structure="evidence"), 1.0)
    with pytest.raises(InputError, match="no parameters for the costs without a structure"):
        evppi(psa, params.assign(structure="evidence"), 1.0)
