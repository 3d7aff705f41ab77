"""Indices are those of the function, and whatever would be wrong silently is refused."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
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

from popmodel.errors import InputError
from popmodel.uncertainty.cube import LUCK, METHODS, cube_from, replicates_of_luck, split
from popmodel.uncertainty.global_sensitivity import (
    MORRIS_REACH,
    ConstantOutput,
    convergence,
    indices,
    runs_needed,
    sample_cube,
    settled,
    slice_distances,
)

N = {"sobol": 64, "morris": 12, "pawn": 200, "dgsm": 16, "rbd_fast": 200, "delta": 120}
EVERY = pytest.mark.parametrize("method", METHODS)
QUICK = pytest.mark.parametrize("method", [name for name in METHODS if name != "delta"])
"""An analysis by delta takes seconds; it has tests of its own."""


def cube_of(method, seed=1, inputs=INPUTS, factors=None, **options):
    return sample_cube(method, inputs, factors, n=N[method], seed=seed, **options)


def line(points, weights):
    return points @ np.asarray(weights, dtype=float)


# ---------------------------------------------------------------- the right numbers


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_sobol_finds_the_known_indices_of_ishigami(seed):
    cube = sample_cube("sobol", INPUTS, n=1024, seed=seed, second_order=True)
    found = looked_up(indices(cube, ishigami(cube.points), cube.id))
    for key, truth in ishigami_indices().items():
        row = found[key]
        half = (row["high"] - row["low"]) / 2
        assert abs(row["value"] - truth) < max(1.6 * half, 1e-9), key


def test_sobol_finds_the_known_indices_of_the_g_function():
    cube = sample_cube("sobol", G_INPUTS, n=1024, seed=4)
    found = looked_up(indices(cube, sobol_g(cube.points), cube.id))
    for key, truth in sobol_g_indices().items():
        assert found[key]["value"] == pytest.approx(truth, abs=0.03), key


def test_inputs_of_a_factor_are_taken_together():
    cube = sample_cube("sobol", INPUTS, ["one", "both", "both"], n=1024)
    found = looked_up(indices(cube, ishigami(cube.points), cube.id))
    truth = ishigami_indices()
    assert found["both", "S1", ""]["value"] == pytest.approx(truth["x2", "S1", ""], abs=0.04)
    total = 1.0 - truth["x1", "S1", ""]
    assert found["both", "ST", ""]["value"] == pytest.approx(total, abs=0.04)


@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_each_of_many_groups_gets_its_own_index(method):
    """Twelve groups of two: names such as g10 must not be sorted before g2."""
    inputs = [f"u{k}" for k in range(24)]
    factors = [f"factor {k // 2}" for k in range(24)]
    weights = np.repeat(1.6 ** np.arange(12.0), 2)
    cube = sample_cube(method, inputs, factors, n=64, seed=2)
    found = indices(cube, line(cube.points, weights), cube.id)
    leading = found[found["index"] == {"sobol": "ST", "morris": "mu_star"}[method]]
    by_size = leading.sort_values("value")["factor"].tolist()
    assert by_size[-4:] == ["factor 8", "factor 9", "factor 10", "factor 11"]
    assert by_size[0] == "factor 0"


def test_a_straight_line_has_effects_that_never_vary():
    cube = cube_of("morris")
    found = looked_up(indices(cube, line(cube.points, [3.0, -2.0, 0.0]), cube.id))
    reach = MORRIS_REACH[1] - MORRIS_REACH[0]
    for name, weight in zip(INPUTS, [3.0, -2.0, 0.0], strict=True):
        assert found[name, "mu", ""]["value"] == pytest.approx(weight * reach)
        assert found[name, "mu_star", ""]["value"] == pytest.approx(abs(weight) * reach)
        assert found[name, "sigma", ""]["value"] == pytest.approx(0.0, abs=1e-9)


def test_an_effect_that_depends_on_another_input_varies():
    cube = cube_of("morris")
    y = (cube.points[:, 0] - 0.5) * (cube.points[:, 1] - 0.5)
    found = looked_up(indices(cube, y, cube.id))
    assert found["x1", "sigma", ""]["value"] > 0.2
    assert found["x3", "mu_star", ""]["value"] == pytest.approx(0.0, abs=1e-12)


def test_derivatives_bound_the_total_index_and_are_exact_for_a_line():
    weights = np.array([3.0, 1.0, 0.0])
    cube = cube_of("dgsm")
    y = line(cube.points, weights)
    found = looked_up(indices(cube, y, cube.id))
    variance = np.var(y[::4])
    for name, weight in zip(INPUTS, weights, strict=True):
        expected = weight**2 / (np.pi**2 * variance)
        assert found[name, "dgsm", ""]["value"] == pytest.approx(expected)
        assert expected >= weight**2 / 12.0 / variance - 0.02


def test_the_interval_of_dgsm_is_on_the_scale_of_the_index():
    cube = sample_cube("dgsm", INPUTS, n=256)
    found = looked_up(indices(cube, 1000.0 * ishigami(cube.points), cube.id))
    row = found["x2", "dgsm", ""]
    assert 0.0 < row["high"] - row["value"] < row["value"]
    assert row["value"] == pytest.approx(7.1, rel=0.1)  # 49 π² · 2 / (π² · 13.84)


def test_points_of_dgsm_depend_on_the_seed_and_never_step_by_nothing():
    one, two = cube_of("dgsm", seed=1), cube_of("dgsm", seed=2)
    assert not np.array_equal(one.points, two.points)
    steps = one.points.reshape(16, 4, 3)[:, 1:] - one.points.reshape(16, 4, 3)[:, :1]
    assert np.abs(np.einsum("nkk->nk", steps)).min() > 0.019


def test_one_sample_methods_rank_a_line_and_find_the_idle_input():
    for method, name in (("pawn", "pawn"), ("rbd_fast", "S1")):
        cube = sample_cube(method, INPUTS, n=500, seed=3)
        found = indices(cube, line(cube.points, [4.0, 1.5, 0.0]), cube.id)
        values = found[found["index"] == name].set_index("factor")["value"]
        assert values["x1"] > 2 * values["x2"] > 2 * values["x3"]


@pytest.mark.slow
def test_delta_ranks_a_line_is_seeded_and_leaves_the_process_alone():
    cube = sample_cube("delta", ("x1", "x2"), n=150, seed=0)
    y = line(cube.points, [4.0, 1.0])
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    filters, form = list(warnings.filters), warnings.formatwarning
    one = indices(cube, pd.Series(y, index=range(1000, 1150)), cube.id)
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    assert list(warnings.filters) == filters and warnings.formatwarning is form
    pd.testing.assert_frame_equal(one, indices(cube, y, cube.id))
    values = one.set_index("factor")["value"]
    assert values["x1"] > 2 * values["x2"] > 0.0


def test_rbd_fast_finds_first_order_of_a_line():
    cube = sample_cube("rbd_fast", INPUTS, n=1000, seed=5)
    found = looked_up(indices(cube, line(cube.points, [2.0, 1.0, 0.0]), cube.id))
    assert found["x1", "S1", ""]["value"] == pytest.approx(0.8, abs=0.04)
    assert found["x2", "S1", ""]["value"] == pytest.approx(0.2, abs=0.05)


def test_pawn_does_not_change_when_results_are_stretched():
    cube = cube_of("pawn")
    plain = indices(cube, ishigami(cube.points), cube.id)
    stretched = indices(cube, np.exp(ishigami(cube.points)), cube.id)
    pd.testing.assert_frame_equal(plain, stretched)


def test_our_slice_distances_are_those_of_scipy():
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(1)
    x, y = rng.random(300), np.round(rng.normal(size=300), 1)  # ties
    cuts = np.quantile(x, np.linspace(0, 1, 11))
    mine = slice_distances(x, y)
    for k in range(10):
        part = y[(x >= cuts[k]) & (x < cuts[k + 1])]
        assert mine[k] == pytest.approx(ks_2samp(part, y, method="asymp").statistic)


@QUICK
def test_the_same_seed_gives_the_same_and_seed_zero_is_a_seed(method):
    one, two, other = cube_of(method, 0), cube_of(method, 0), cube_of(method, 1)
    assert one.id == two.id != other.id
    y = ishigami(one.points)
    pd.testing.assert_frame_equal(indices(one, y, one.id), indices(two, y, two.id))


@QUICK
def test_nothing_of_the_process_is_changed(method):
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    filters, form = list(warnings.filters), warnings.formatwarning
    cube = cube_of(method)
    indices(cube, ishigami(cube.points), cube.id)
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    assert list(warnings.filters) == filters and warnings.formatwarning is form


@EVERY
def test_points_lie_inside_the_cube_and_are_as_many_as_told(method):
    cube = cube_of(method)
    assert cube.points.min() > 0.0 and cube.points.max() < 1.0
    assert cube.runs == runs_needed(method, 3, 3, N[method])
    pairs = cube_of("sobol", second_order=True)
    assert pairs.runs == runs_needed("sobol", 3, 3, N["sobol"], True)


# ---------------------------------------------------------------- what is refused


@EVERY
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_result_that_is_no_number_is_refused(method, bad):
    cube = cube_of(method)
    y = ishigami(cube.points)
    y[5] = bad
    with pytest.raises(InputError, match="run 5 is"):
        indices(cube, y, cube.id)


@EVERY
def test_results_of_another_design_are_refused(method):
    cube, other = cube_of(method, seed=1), cube_of(method, seed=2)
    with pytest.raises(InputError, match="of another design"):
        indices(cube, ishigami(other.points), other.id)


@EVERY
def test_results_that_are_too_few_or_too_many_are_refused(method):
    cube = cube_of(method)
    y = ishigami(cube.points)
    for wrong in (y[:-1], np.append(y, 1.0), y[:, None], 3.0):
        with pytest.raises(InputError, match="runs, the results are"):
            indices(cube, wrong, cube.id)


def test_second_order_cannot_be_mixed_up():
    """320 rows divide by 2 D + 2 and by D + 2: SALib would answer, wrongly."""
    with_pairs = sample_cube("sobol", INPUTS, n=64, second_order=True)
    without = sample_cube("sobol", INPUTS, n=64)
    y = ishigami(without.points)
    with pytest.raises(InputError):
        indices(with_pairs, y, without.id)
    with pytest.raises(InputError):
        indices(with_pairs, y, with_pairs.id)
    assert "S2" not in set(indices(without, y, without.id)["index"])


@EVERY
def test_a_constant_result_has_no_indices(method):
    cube = cube_of(method)
    for flat in (np.zeros(cube.runs), np.full(cube.runs, 1e9) + 1e-5 * cube.points[:, 0]):
        with pytest.raises(ConstantOutput, match="every run gave"):
            indices(cube, flat, cube.id)


@QUICK
def test_results_may_come_as_a_series_whatever_its_index(method):
    cube = cube_of(method)
    y = ishigami(cube.points)
    series = pd.Series(y, index=range(1000, 1000 + len(y)), name="y")
    pd.testing.assert_frame_equal(indices(cube, series, cube.id), indices(cube, y, cube.id))


def test_a_sweep_that_is_not_finished_is_refused():
    cube = cube_of("sobol")
    with pytest.raises(InputError, match="not finished"):
        indices(cube, ishigami(cube.points), cube.id, complete=False)


def test_words_are_no_results():
    cube = cube_of("sobol")
    with pytest.raises(InputError, match="no numbers"):
        indices(cube, ["a"] * cube.runs, cube.id)


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("sobol", {"n": 100}, "power of 2, such as 64 or 128"),
        ("sobol", {"n": 1}, "at least 2"),
        ("sobool", {"n": 64}, "did you mean sobol"),
        ("pawn", {"n": 10}, "at least 50"),
        ("morris", {"n": 10, "second_order": True}, "knows no second order"),
        ("morris", {"n": 10, "seed": -1}, "seed must lie"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(method, options, message):
    with pytest.raises(InputError, match=message):
        sample_cube(method, INPUTS, **options)


def test_an_input_given_twice_is_refused():
    with pytest.raises(InputError, match="given twice"):
        sample_cube("sobol", ["a", "a"], n=8)


def test_a_design_that_was_changed_after_it_was_made_is_refused():
    cube = cube_of("sobol")
    again = cube_from(cube.described(), cube.points, cube.id)
    assert again.id == cube.id
    moved = cube.points.copy()
    moved[3, 1] = np.nextafter(moved[3, 1], 1.0)
    with pytest.raises(InputError, match="changed after"):
        cube_from(cube.described(), moved, cube.id)


# ---------------------------------------------------------------- luck, parts of the sample


def test_methods_without_groups_take_every_input_by_itself():
    factors = ["alone", "pair", "pair"]
    assert split(INPUTS, factors, "sobol") == ("alone", "pair", "pair")
    assert split(INPUTS, factors, "pawn") == ("alone", "x2", "x3")


def test_a_trajectory_of_morris_meets_two_replicates_of_its_own():
    cube = cube_of("morris", inputs=("a", "b", LUCK))
    luck = replicates_of_luck(cube).reshape(12, 4)
    moved = cube.column(LUCK).reshape(12, 4)
    assert len(set(luck.ravel().tolist())) == 24
    for numbers, uniform in zip(luck, moved, strict=True):
        assert (np.diff(numbers) != 0).tolist() == (np.diff(uniform) != 0).tolist()


def test_runs_of_one_derivative_share_their_luck():
    luck = replicates_of_luck(cube_of("dgsm")).reshape(16, 4)
    assert (luck == luck[:, :1]).all() and len(set(luck[:, 0].tolist())) == 16


def test_runs_that_differ_in_one_factor_only_share_their_luck_under_sobol():
    cube = cube_of("sobol", inputs=("a", "b", LUCK))
    luck = replicates_of_luck(cube).reshape(64, 5)
    assert (luck[:, 0] == luck[:, 1]).all() and (luck[:, 0] == luck[:, 2]).all()
    assert (luck[:, 0] != luck[:, 3]).all()
    assert (replicates_of_luck(cube_of("sobol")) == 0).all()


def test_indices_settle_as_the_sample_grows():
    cube = sample_cube("sobol", INPUTS, n=512, seed=2)
    table = convergence(cube, ishigami(cube.points), cube.id)
    width = (table["high"] - table["low"]).groupby(table["n"]).mean()
    assert width.index.tolist() == [16, 32, 64, 128, 256, 512]
    assert width[512] < 0.5 * width[16]
    whole = indices(cube, ishigami(cube.points), cube.id)
    last = table[table["n"] == 512].reset_index(drop=True)
    pd.testing.assert_frame_equal(last, whole)
    assert settled(whole, 1.0).all() and not settled(whole, 0.001).all()
