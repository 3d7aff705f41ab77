"""EVPI of simulations: the part that is luck is found, taken out, and could be simulated away."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from tests.economics.tables import normal_grid, psa_of, shuffled, two_strategies, unit_normal_loss

from popmodel.economics import evpi, evpi_without_noise
from popmodel.errors import InputError

COUNT = 4000


def in_blocks(benefit: np.ndarray, noise: np.ndarray) -> pd.DataFrame:
    """Return blocks of (nothing, net benefit + noise); noise has shape (blocks, samples)."""
    parts = [two_strategies(benefit + own).assign(block=b) for b, own in enumerate(noise)]
    return pd.concat(parts, ignore_index=True)


def test_noise_as_large_as_the_parameter_variance_turns_26_into_97():
    mean, sd, luck = -1555.0, 1000.0, np.random.default_rng(1)
    true, noisy = unit_normal_loss(mean, sd), unit_normal_loss(mean, sd * np.sqrt(2))
    assert (round(true), round(noisy)) == (26, 97)
    noise = luck.normal(0.0, sd * np.sqrt(8), (8, COUNT))
    table = in_blocks(shuffled(normal_grid(COUNT, mean, sd), 2), noise)
    row = evpi_without_noise(table, 0.0, patients=5000).iloc[0]
    assert row["evpi"] == pytest.approx(noisy, rel=0.08)
    assert row["evpi_corrected"] == pytest.approx(true, rel=0.2)
    assert row["noise_share"] == pytest.approx(0.5, abs=0.02)

    def excess(patients: float) -> float:
        return unit_normal_loss(mean, sd * np.sqrt(1 + 5000 / patients)) - true * 1.05

    assert row["patients_needed"] == pytest.approx(brentq(excess, 1e3, 1e7), rel=0.35)


def test_standard_errors_tell_the_same_as_blocks_when_strategies_have_luck_of_their_own():
    luck = np.random.default_rng(3)
    true = luck.normal(0.0, 1.0, (COUNT, 3))
    noise = luck.normal(0.0, np.sqrt(8), (8, COUNT, 3))
    zero = np.zeros((COUNT, 3))
    blocks = pd.concat(
        [psa_of(true + own, zero).assign(block=b) for b, own in enumerate(noise)],
        ignore_index=True,
    )
    errors = psa_of(true + noise.mean(axis=0), zero).assign(cost_se=1.0, qaly_se=0.0)
    one, two = evpi_without_noise(blocks, 7.0).iloc[0], evpi_without_noise(errors, 7.0).iloc[0]
    exact = evpi(psa_of(true, zero), 7.0)["evpi"].item()
    for row in (one, two):
        assert row["evpi"] > 1.3 * exact
        assert row["evpi_corrected"] == pytest.approx(exact, rel=0.06)
        assert row["noise_share"] == pytest.approx(0.5, abs=0.03)


def test_luck_that_all_strategies_share_is_no_noise_of_the_choice():
    luck = np.random.default_rng(4)
    true = luck.normal(0.0, 1.0, (200, 3))
    parts = []
    for block in range(8):
        shared = luck.normal(0.0, 100.0, (200, 1))
        parts.append(psa_of(true + shared, np.zeros((200, 3))).assign(block=block))
    row = evpi_without_noise(pd.concat(parts), 1.0, patients=100).iloc[0]
    assert row["noise_share"] == pytest.approx(0.0, abs=1e-9)
    assert row["evpi_corrected"] == pytest.approx(row["evpi"], rel=1e-9)
    assert row["patients_needed"] <= 1


def test_a_skewed_net_benefit_is_corrected_well_enough():
    luck = np.random.default_rng(5)
    true = luck.gamma(2.0, 1000.0, COUNT) - 3500
    noise = luck.normal(0.0, 1000.0 * np.sqrt(8), (8, COUNT))
    row = evpi_without_noise(in_blocks(true, noise), 0.0).iloc[0]
    exact = evpi(two_strategies(true), 0.0)["evpi"].item()
    assert abs(row["evpi_corrected"] - exact) < 0.35 * abs(row["evpi"] - exact)


def test_without_noise_nothing_is_corrected():
    table = in_blocks(normal_grid(100), np.zeros((2, 100)))
    row = evpi_without_noise(table, [0.0, 10.0], patients=1000).iloc[0]
    assert row["evpi_corrected"] == pytest.approx(row["evpi"], rel=1e-9)
    assert row["noise_share"] == pytest.approx(0.0, abs=1e-12)


def test_when_all_is_noise_no_knowledge_is_left_and_patients_bring_it_under_a_dollar():
    luck = np.random.default_rng(6)
    noise = luck.normal(0.0, 1000.0, (8, 300))
    row = evpi_without_noise(in_blocks(np.zeros(300), noise), 0.0, patients=100).iloc[0]
    assert row["evpi"] > 100
    assert row["evpi_corrected"] < 0.35 * row["evpi"]
    assert row["patients_needed"] > 100


def test_equal_strategies_have_no_noise():
    table = in_blocks(np.zeros(50), np.zeros((3, 50)))
    row = evpi_without_noise(table, 5.0, patients=10).iloc[0]
    assert (row["evpi"], row["evpi_corrected"], row["noise_share"]) == (0.0, 0.0, 0.0)


def test_blocks_come_in_any_order_and_structures_apart():
    luck = np.random.default_rng(7)
    table = in_blocks(normal_grid(60), luck.normal(size=(4, 60)))
    mixed = table.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        evpi_without_noise(table, [0.0, 3.0]), evpi_without_noise(mixed, [0.0, 3.0])
    )
    both = pd.concat([table.assign(structure="x"), mixed.assign(structure="y")])
    assert evpi_without_noise(both, 0.0)["structure"].tolist() == ["x", "y"]


def test_what_does_not_tell_its_noise_is_refused():
    table = in_blocks(normal_grid(40), np.zeros((2, 40)))
    with pytest.raises(
        InputError, match="a column block is needed, or columns cost_se and qaly_se"
    ):
        evpi_without_noise(table.drop(columns="block"), 0.0)
    with pytest.raises(InputError, match="every block needs every sample"):
        evpi_without_noise(table[(table["block"] == 0) | (table["sample"] > 0)], 0.0)
    with pytest.raises(InputError, match="one block tells nothing"):
        evpi_without_noise(table[table["block"] == 0], 0.0)
    with pytest.raises(InputError, match="a standard error is negative"):
        evpi_without_noise(two_strategies(normal_grid(9)).assign(cost_se=-1.0, qaly_se=0.0), 0.0)
    with pytest.raises(InputError, match="0 is no number of patients"):
        evpi_without_noise(table, 0.0, patients=0)


def test_luck_that_all_draws_share_moves_them_alike_and_is_no_noise_between_them():
    """The same patients live every draw: a block is as lucky in all of them."""
    luck = np.random.default_rng(17)
    true = luck.normal(0.0, 1.0, COUNT)
    shared = luck.normal(0.0, 3.0, (8, 1)) * np.ones((1, COUNT))
    own = luck.normal(0.0, 1.5, (8, COUNT))
    shared -= shared.mean()
    table = in_blocks(true, shared + own)
    told = evpi_without_noise(table, 0.0, shared_luck=True).iloc[0]
    assert told["noise_share"] == pytest.approx((1.5**2 / 8) / (1.0 + 1.5**2 / 8), rel=0.05)
    assert told["evpi_corrected"] == pytest.approx(
        evpi(two_strategies(true), 0.0)["evpi"][0], rel=0.03
    )
    too_far = evpi_without_noise(table, 0.0).iloc[0]
    assert too_far["evpi_corrected"] < 0.7 * told["evpi_corrected"]
