"""Distributions on cards: what they promise about mean, spread, range and order."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy import stats

from popmodel.evidence.distributions import Distribution
from popmodel.evidence.laws import point_mass_law, quantiles, truncated_parameters

ADAPTER = TypeAdapter(Distribution)
GRID = np.linspace(0.0005, 0.9995, 20001)


def law(value=0.5, **said):
    return ADAPTER.validate_python(said).law(value)


KINDS = {
    "normal": ({"kind": "normal", "mean": -1.5, "se": 0.4}, stats.norm(-1.5, 0.4)),
    "lognormal": (
        {"kind": "lognormal", "median": 2.0, "se_log": 0.5},
        stats.lognorm(0.5, scale=2.0),
    ),
    "gamma": (
        {"kind": "gamma", "mean": 0.27, "se": 0.06},
        stats.gamma(20.25, scale=0.06**2 / 0.27),
    ),
    "gamma by shape": ({"kind": "gamma", "shape": 3.0, "scale": 2.0}, stats.gamma(3, scale=2)),
    "beta": ({"kind": "beta", "alpha": 3.0, "beta": 7.0}, stats.beta(3, 7)),
    "beta by moments": (
        {"kind": "beta", "mean": 0.3, "se": 0.1},
        stats.beta(0.3 * 20, 0.7 * 20),
    ),
    "stretched beta": (
        {"kind": "beta", "alpha": 2.0, "beta": 2.0, "low": -1, "high": 3},
        stats.beta(2, 2, loc=-1, scale=4),
    ),
    "uniform": ({"kind": "uniform", "low": 0.5, "high": 0.85}, stats.uniform(0.5, 0.35)),
    "truncated normal": (
        {"kind": "truncated_normal", "location": 0.44, "scale": 0.2, "low": 0.1, "high": 0.9},
        stats.truncnorm((0.1 - 0.44) / 0.2, (0.9 - 0.44) / 0.2, 0.44, 0.2),
    ),
    "normal cut far out": (
        {"kind": "truncated_normal", "location": 0.0, "scale": 1.0, "low": 6.0},
        stats.truncnorm(6, np.inf),
    ),
    "ordered step": (
        {"kind": "ordered", "mean": 0.14, "se": 0.04},
        stats.gamma(12.25, scale=0.04**2 / 0.14),
    ),
    "share of a whole": ({"kind": "dirichlet", "weight": 5.0}, stats.beta(5, 5)),
    "share by sample size": ({"kind": "dirichlet", "sample_size": 40.0}, stats.beta(20, 20)),
}


@pytest.mark.parametrize(("said", "judge"), KINDS.values(), ids=KINDS.keys())
def test_a_kind_agrees_with_an_independent_library(said, judge):
    found = law(**said)
    np.testing.assert_allclose(quantiles(found, GRID), judge.ppf(GRID), rtol=1e-8, atol=1e-10)
    x = judge.ppf([0.01, 0.3, 0.99])
    np.testing.assert_allclose(found.cumulative(x), judge.cdf(x), rtol=1e-8)
    assert found.mean == pytest.approx(judge.mean(), rel=1e-8)
    assert found.sd == pytest.approx(judge.std(), rel=1e-6)
    assert (found.low, found.high) == pytest.approx(judge.support())


@pytest.mark.parametrize(("said", "judge"), KINDS.values(), ids=KINDS.keys())
def test_quantiles_never_fall_and_stay_in_the_support(said, judge):
    found = law(**said)
    drawn = quantiles(found, GRID)
    assert np.all(np.diff(drawn) >= 0)
    assert drawn.min() >= found.low
    assert drawn.max() <= found.high


moment = st.floats(0.001, 1000.0)
relative = st.floats(0.02, 0.9)


@given(moment, relative, st.sampled_from(["gamma", "lognormal", "ordered", "normal"]))
def test_stated_moments_are_the_moments_of_the_draws(mean, cv, kind):
    found = law(kind=kind, mean=mean, se=cv * mean)
    assert found.mean == pytest.approx(mean, rel=1e-9)
    assert found.sd == pytest.approx(cv * mean, rel=1e-9)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.95))
def test_a_beta_has_the_moments_it_is_given(mean, part):
    se = part * math.sqrt(mean * (1 - mean))
    found = law(kind="beta", mean=mean, se=se)
    assert found.mean == pytest.approx(mean, rel=1e-9)
    assert found.sd == pytest.approx(se, rel=1e-9)


@given(st.floats(0.05, 0.95), st.floats(0.02, 0.9))
def test_a_truncated_normal_has_its_moments_after_the_cut(mean, part):
    se = part * min(mean, 1 - mean) / math.sqrt(3)
    found = law(kind="truncated_normal", mean=mean, se=se, low=0.0, high=1.0)
    assert found.mean == pytest.approx(mean, abs=1e-7)
    assert found.sd == pytest.approx(se, rel=1e-6)
    middles = (np.arange(20000) + 0.5) / 20000
    assert quantiles(found, middles).mean() == pytest.approx(mean, abs=1e-3)


@given(st.floats(0.05, 5.0), st.floats(0.05, 0.7))
def test_a_normal_cut_at_zero_alone_has_its_moments(mean, cv):
    location, scale = truncated_parameters(mean, cv * mean, 0.0, math.inf)
    judge = stats.truncnorm(-location / scale, np.inf, location, scale)
    assert judge.mean() == pytest.approx(mean, rel=1e-6)
    assert judge.std() == pytest.approx(cv * mean, rel=1e-5)


@given(st.floats(0.05, 0.95), st.floats(0.1, 3.0), st.floats(0.05, 0.8))
def test_a_point_mass_at_zero_keeps_its_probability(mass, mean, cv):
    found = law(
        kind="mixture",
        point_mass=mass,
        otherwise={"kind": "gamma", "mean": mean, "se": cv * mean},
    )
    u = (np.arange(10000) + 0.5) / 10000
    drawn = quantiles(found, u)
    assert (drawn == 0).mean() == pytest.approx(mass, abs=2e-4)
    assert found.mean == pytest.approx((1 - mass) * mean, rel=1e-9)
    assert drawn.mean() == pytest.approx(found.mean, rel=0.02)
    assert drawn.std() == pytest.approx(found.sd, rel=0.05)


def test_a_point_inside_the_rest_splits_it_in_two():
    rest = law(kind="normal", mean=0.0, se=1.0)
    found = point_mass_law(0.0, 0.5, rest)
    drawn = quantiles(found, np.array([0.1, 0.25, 0.5, 0.75, 0.9]))
    assert drawn[0] == pytest.approx(stats.norm.ppf(0.2))
    assert list(drawn[1:4]) == [0.0, 0.0, 0.0]
    assert drawn[4] == pytest.approx(stats.norm.ppf(0.8))


def test_an_interval_of_95_percent_is_given_back():
    found = law(kind="lognormal", interval=[1.56, 2.70])
    assert list(quantiles(found, [0.025, 0.975])) == pytest.approx([1.56, 2.70])
    assert found.median == pytest.approx(math.sqrt(1.56 * 2.70))
    found = law(kind="normal", mean=-4.0, interval=[-7.31, -0.69])
    assert found.sd == pytest.approx(1.689, abs=1e-3)


def test_a_number_without_doubt_is_the_same_in_every_draw():
    assert set(quantiles(law(3.0, kind="fixed"), [0.0, 0.3, 1.0])) == {3.0}


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_quantile_is_never_a_lower_value(one, other):
    assume(one != other)
    found = law(kind="mixture", point_mass=0.4, otherwise={"kind": "uniform", "low": 1, "high": 2})
    low, high = quantiles(found, [min(one, other), max(one, other)])
    assert low <= high


@pytest.mark.parametrize("u", [-0.1, 1.1, math.nan])
def test_what_is_no_probability_has_no_quantile(u):
    with pytest.raises(ValueError, match="must lie in"):
        quantiles(law(kind="uniform", low=0, high=1), u)


WRONG = {
    "no spread": {"kind": "normal", "mean": 1},
    "a spread of zero": {"kind": "normal", "mean": 1, "se": 0},
    "a negative spread": {"kind": "gamma", "mean": 1, "se": -1},
    "too many parameters": {"kind": "gamma", "mean": 1, "se": 1, "shape": 2, "scale": 3},
    "half of each pair": {"kind": "beta", "mean": 0.5, "beta": 2},
    "a negative gamma": {"kind": "gamma", "mean": -1, "se": 1},
    "a beta wider than can be": {"kind": "beta", "mean": 0.5, "se": 0.6},
    "a beta outside its ends": {"kind": "beta", "mean": 1.4, "se": 0.1},
    "swapped ends": {"kind": "uniform", "low": 1, "high": 0},
    "no width": {"kind": "uniform", "low": 1, "high": 1},
    "no cut": {"kind": "truncated_normal", "mean": 1, "se": 1},
    "a mean beyond the cut": {"kind": "truncated_normal", "mean": 1, "se": 1, "high": 0},
    "moments no cut normal has": {"kind": "truncated_normal", "mean": 0.1, "se": 0.3, "low": 0},
    "a certain point": {
        "kind": "mixture",
        "point_mass": 1,
        "otherwise": {"kind": "gamma", "mean": 1, "se": 1},
    },
    "a mixture in a mixture": {
        "kind": "mixture",
        "point_mass": 0.5,
        "otherwise": {"kind": "mixture", "point_mass": 0.5, "otherwise": {"kind": "fixed"}},
    },
    "an unknown kind": {"kind": "gama", "mean": 1, "se": 1},
    "an unknown parameter": {"kind": "gamma", "mean": 1, "se": 1, "sd": 1},
    "a text for a number": {"kind": "gamma", "mean": "1", "se": 1},
    "infinity": {"kind": "normal", "mean": math.inf, "se": 1},
    "not a number": {"kind": "normal", "mean": math.nan, "se": 1},
    "true for a number": {"kind": "normal", "mean": True, "se": 1},
    "a share without weight": {"kind": "dirichlet"},
}


@pytest.mark.parametrize("said", WRONG.values(), ids=WRONG.keys())
def test_what_describes_no_distribution_is_refused(said):
    with pytest.raises((ValueError, ValidationError)):
        law(**said)


# ------------------------------------------------------------------ posterior files


def posterior(folder, text="kappa,contact\n1,10\n2,20\n4,40\n"):
    (folder / "draws.csv").write_text(text)
    return {"kind": "joint", "file": "draws.csv", "column": "kappa"}


def in_folder(said, folder):
    return ADAPTER.validate_python(said, context={"folder": folder})


def test_a_column_of_a_posterior_is_drawn_as_it_is(tmp_path):
    found = in_folder(posterior(tmp_path), tmp_path).law(2.0)
    assert list(quantiles(found, [0.0, 0.5, 0.99, 1.0])) == [1, 2, 4, 4]
    assert found.mean == pytest.approx(7 / 3)


@pytest.mark.parametrize("file", ["../draws.csv", "/etc/passwd", "a/../../b.csv"])
def test_a_posterior_outside_the_cards_folder_is_refused(file, tmp_path):
    with pytest.raises(ValidationError, match="must lie in the card's folder"):
        in_folder({"kind": "joint", "file": file, "column": "a"}, tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read"),
        ("kappa\n", "needs a header and finite numbers"),
        ("kappa,contact\n1,nan\n", "needs a header and finite numbers"),
        ("kappa\nx\n", "cannot be read"),
        ("kapa\n1\n", "no column kappa did you mean kapa?"),
    ],
)
def test_a_posterior_that_holds_no_numbers_is_refused(text, message, tmp_path):
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        in_folder(posterior(tmp_path, text), tmp_path).law(1.0)
