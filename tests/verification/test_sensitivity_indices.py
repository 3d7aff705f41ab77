"""Intervals of sensitivity indices hold the known indices about as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from tests.uncertainty.known_functions import (
    G_INPUTS,
    INPUTS,
    ishigami,
    ishigami_indices,
    looked_up,
    sobol_g,
    sobol_g_indices,
)

from popmodel.uncertainty.global_sensitivity import indices, sample_cube

pytestmark = pytest.mark.slow
SEEDS = 100
FEWEST = 86
"""A 95 % interval holds the truth in fewer than 86 of 100 seeds once in 4,000 times."""


def held(function, inputs, truth, method, n, **options):
    """In how many seeds the interval of each index holds the truth."""
    count = dict.fromkeys(truth, 0)
    for seed in range(SEEDS):
        cube = sample_cube(method, inputs, n=n, seed=seed, **options)
        found = looked_up(indices(cube, function(cube.points), cube.id))
        for key, value in truth.items():
            row = found[key]
            slack = 1e-12
            count[key] += row["low"] - slack <= value <= row["high"] + slack
    return count


@pytest.mark.parametrize(
    ("function", "inputs", "truth", "pairs"),
    [
        (ishigami, INPUTS, ishigami_indices(), True),
        (sobol_g, G_INPUTS, sobol_g_indices(), False),
    ],
    ids=["ishigami", "sobol g"],
)
def test_intervals_of_sobol_hold_the_known_indices(function, inputs, truth, pairs):
    count = held(function, inputs, truth, "sobol", 1024, second_order=pairs)
    assert min(count.values()) >= FEWEST, count


def test_intervals_of_rbd_fast_hold_the_known_first_order_indices():
    """Of a straight line, whose spectrum ends within the harmonics that are summed."""
    weights = np.array([2.0, 1.0, 0.5])
    truth = {
        (name, "S1", ""): w**2 / (weights**2).sum() for name, w in zip(INPUTS, weights, strict=True)
    }
    count = held(lambda points: points @ weights, INPUTS, truth, "rbd_fast", 1000)
    assert min(count.values()) >= FEWEST, count


def test_intervals_of_derivatives_hold_the_known_measure():
    """Of x1² + x2: mean squared slopes 4/3 and 1, over π² times the variance 4/45 + 1/12."""
    scale = np.pi**2 * (4.0 / 45.0 + 1.0 / 12.0)
    truth = {("a", "dgsm", ""): 4.0 / 3.0 / scale}
    count = held(lambda u: u[:, 0] ** 2 + u[:, 1], ("a", "b"), truth, "dgsm", 256)
    assert min(count.values()) >= FEWEST, count


def test_mean_effects_of_morris_hold_the_known_mean():
    """Of x1 x2: the effect of x1 is x2 whatever x1, with mean one half over the levels."""
    reach = 0.95
    truth = {("a", "mu_star", ""): reach * 0.5}
    count = held(lambda u: u[:, 0] * u[:, 1], ("a", "b"), truth, "morris", 60)
    assert min(count.values()) >= FEWEST, count
