"""Global sensitivity: samples and indices by SALib, and what keeps it from failing silently.

The only file that imports SALib. It answers with numbers also where it should not: one NaN among
the results makes every Sobol index 0; results of a design with second order read without it are
wrong by any amount; a seed of 0 is taken for none; the finite differences of its DGSM sample end
up at 0 where an input is 0, and know no seed; its interval of DGSM is on another scale than its
index. Here every such case is refused or mended. SALib sees neutral names (`x0`, `g0`) only,
because it refuses or mistakes some.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from SALib import ProblemSpec
from SALib.util import extract_group_names
from scipy import stats
from scipy.stats import qmc

from popmodel.errors import InputError, did_you_mean
from popmodel.uncertainty.cube import GROUPED, METHODS, Cube, Floats, split

COLUMNS: Final = ("factor", "index", "other", "value", "low", "high")
RESAMPLES: Final = 200
LEVEL: Final = 0.95
LEVELS: Final = 4
"""Levels of the Morris grid."""
MORRIS_REACH: Final = (0.025, 0.975)
"""Quantiles that the lowest and the highest level of Morris stand for: 0 and 1 may be infinite."""
STEP: Final = 0.02
"""Step of the finite differences of DGSM, on the scale of quantiles."""
EDGE: Final = 2.0**-33
"""Points keep this distance from 0 and 1, where a quantile may be infinite."""
FLAT: Final = 1e-12
"""Results that differ by less than this share of their size are one constant."""
FEWEST: Final = {"sobol": 2, "morris": 4, "pawn": 50, "dgsm": 8, "rbd_fast": 65, "delta": 100}
SMALLEST: Final = FEWEST | {"sobol": 8}
"""Parts of a sample from which indices are worth a look."""
SLICES: Final = 10
SEEDS: Final = 2**31 - 1


class ConstantOutput(InputError):
    """Every run gave the same result, so nothing has an influence that could be compared."""


# ---------------------------------------------------------------- samples


def sample_cube(
    method: str,
    inputs: Sequence[str],
    factors: Sequence[str] | None = None,
    *,
    n: int,
    seed: int = 1,
    second_order: bool = False,
) -> Cube:
    """Return the points that a method needs.

    Args:
        method: one of `METHODS`.
        inputs: names of the uniforms.
        factors: the factor of each input; each its own if None. Methods without groups split them.
        n: base samples (Sobol: a power of 2; DGSM), trajectories (Morris), or points.
        seed: decides the points and later the intervals.
        second_order: Sobol only: ask for pairs, at twice the runs.

    Returns:
        Sobol: n (k + 2) runs for k factors, n (2 k + 2) with pairs. Morris: n (k + 1). DGSM:
        n (inputs + 1). The others: n.

    Raises:
        InputError: no such method, too few or wrong n, a name given twice.
    """
    groups = split(inputs, factors or inputs, method) if method in METHODS else ()
    _check_request(method, inputs, n, seed, second_order)
    if method == "dgsm":
        points = _finite_differences(len(inputs), n, seed)
    else:
        points = _sampled(method, inputs, groups, n, seed, second_order)
    inside = np.clip(points, EDGE, 1.0 - EDGE)
    return Cube(method, n, seed, tuple(inputs), groups, inside, second_order)


def runs_needed(method: str, factors: int, inputs: int, n: int, second_order: bool = False) -> int:
    """Return how many runs a design has; see `sample_cube`."""
    pairs = 2 * factors + 2 if second_order else factors + 2
    steps = {"sobol": pairs, "morris": factors + 1, "dgsm": inputs + 1}
    return n * steps.get(method, 1)


def _check_request(
    method: str, inputs: Sequence[str], n: int, seed: int, second_order: bool
) -> None:
    if method not in METHODS:
        raise InputError(f"method {method!r}: {did_you_mean(method, METHODS) or 'unknown'}")
    if not inputs:
        raise InputError("a sweep needs at least one input")
    twice = sorted({name for name in inputs if list(inputs).count(name) > 1})
    if twice:
        raise InputError(f"input {twice[0]} is given twice")
    if n < FEWEST[method]:
        raise InputError(f"{method} needs at least {FEWEST[method]} samples (found {n})")
    if method == "sobol" and n & (n - 1):
        below = 1 << (n.bit_length() - 1)
        raise InputError(f"sobol needs a power of 2, such as {below} or {2 * below} (found {n})")
    if second_order and method != "sobol":
        raise InputError(f"{method} knows no second order; only sobol does")
    if second_order and len(inputs) < 2:
        raise InputError("second order needs at least two inputs")
    if not 0 <= seed < SEEDS:
        raise InputError(f"seed must lie between 0 and {SEEDS - 1} (found {seed})")


def _sampled(
    method: str, inputs: Sequence[str], groups: Sequence[str], n: int, seed: int, pairs: bool
) -> Floats:
    low, high = MORRIS_REACH if method == "morris" else (0.0, 1.0)
    spec = _problem(len(inputs), groups, (low, high))
    with _quiet():
        if method == "sobol":
            spec.sample_sobol(n, calc_second_order=pairs, seed=seed + 1)
        elif method == "morris":
            spec.sample_morris(n, num_levels=LEVELS, seed=seed + 1)
        else:
            spec.sample_latin(n, seed=seed + 1)
    return np.asarray(spec.samples, dtype=float)


def _problem(size: int, groups: Sequence[str], bounds: tuple[float, float]) -> Any:
    """Return SALib's definition of the problem; groups only where a factor has several inputs."""
    names = list(dict.fromkeys(groups))
    told: dict[str, Any] = {
        "num_vars": size,
        "names": [f"x{k}" for k in range(size)],
        "bounds": [list(bounds)] * size,
        "outputs": ["y"],
    }
    if len(names) < size:
        told["groups"] = [f"g{names.index(name)}" for name in groups]
    return ProblemSpec(told)


def _finite_differences(size: int, n: int, seed: int) -> Floats:
    """Return base points, each followed by one point a step away in each input, up or down.

    SALib's own sample is not seeded, and its steps are a hundredth of the value: nothing at 0.
    """
    rng = np.random.default_rng(seed)
    base = qmc.Sobol(size, scramble=True, rng=rng).random(_power(n))[:n]
    steps = np.where(rng.random(base.shape) < 0.5, STEP, -STEP)
    steps = np.where((base + steps <= 0.0) | (base + steps >= 1.0), -steps, steps)
    moved = base[:, None, :] + np.eye(size)[None, :, :] * steps[:, None, :]
    points: Floats = np.concatenate([base[:, None, :], moved], axis=1).reshape(-1, size)
    return points


def _power(n: int) -> int:
    """Return the next power of 2."""
    return 1 << max(0, (n - 1).bit_length())


# ---------------------------------------------------------------- indices


def indices(
    cube: Cube, output: ArrayLike | pd.Series[Any], design_id: str, complete: bool = True
) -> pd.DataFrame:
    """Return the indices of every factor for one output, each with its 95 % interval.

    Args:
        cube: the design.
        output: results of its runs, in their order; shape (runs,).
        design_id: id of the design the runs were made for; must be that of the cube.
        complete: whether every run of the sweep is there.

    Returns:
        Columns `factor, index, other, value, low, high`. `index`: Sobol `S1, ST, S2`; Morris `mu,
        mu_star, sigma` (factors of one input) and `sigma_abs`, per full step over the central 95 %;
        `pawn` (median over slices), `pawn_max`; `dgsm` (at least ST for independent inputs);
        `S1` by RBD-FAST; `delta`. Limits are empty where there are none.

    Raises:
        InputError: another design, wrong length, a result that is missing or infinite.
        ConstantOutput: all results are the same.
    """
    y = checked_output(cube, output, design_id, complete)
    rows = list(_ANALYSES[cube.method](cube, y))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.assign(method=cube.method, n=cube.n, seed=cube.seed)


def checked_output(
    cube: Cube, output: ArrayLike | pd.Series[Any], design_id: str, complete: bool = True
) -> Floats:
    """Return results as an array, or refuse what SALib would silently turn into wrong indices.

    Raises:
        InputError: another design, an incomplete sweep, wrong length, a result missing or infinite.
        ConstantOutput: all results are the same.
    """
    if design_id != cube.id:
        raise InputError(
            f"the results are of design {design_id[:12]}, the indices are asked of {cube.id[:12]}: "
            "indices of another design would be wrong"
        )
    if not complete:
        raise InputError("the sweep is not finished; resume it first, then analyse")
    try:
        y = np.array(output, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"the results are no numbers: {error}") from error
    if y.shape != (cube.runs,):
        shape = " × ".join(map(str, y.shape)) or "a single number"
        raise InputError(f"the design has {cube.runs} runs, the results are {shape}")
    wrong = np.flatnonzero(~np.isfinite(y))
    if len(wrong):
        told = f"run {wrong[0]} is {y[wrong[0]]}"
        more = f", and {len(wrong) - 1} others" if len(wrong) > 1 else ""
        raise InputError(f"the results hold what is no number: {told}{more}")
    if np.ptp(y) <= FLAT * np.abs(y).max(initial=0.0):
        raise ConstantOutput(f"every run gave {y[0]:.6g}: no input has an influence to compare")
    return y


Row = tuple[str, str, str, float, float, float]


def _row(factor: str, index: str, value: float, half: float = np.nan, other: str = "") -> Row:
    return factor, index, other, float(value), float(value - half), float(value + half)


def _sobol(cube: Cube, y: Floats) -> Iterator[Row]:
    """First order, total, and pairs; Saltelli 2010, intervals by SALib's bootstrap."""
    spec, names = _with_results(cube, y)
    with _quiet():
        spec.analyze_sobol(
            calc_second_order=cube.second_order, num_resamples=RESAMPLES, conf_level=LEVEL,
            seed=cube.seed + 1,
        )  # fmt: skip
    found = spec.analysis
    for k, name in enumerate(names):
        yield _row(name, "S1", found["S1"][k], found["S1_conf"][k])
        yield _row(name, "ST", found["ST"][k], found["ST_conf"][k])
    if cube.second_order:
        for j, first in enumerate(names):
            for k in range(j + 1, len(names)):
                value, half = found["S2"][j, k], found["S2_conf"][j, k]
                yield _row(first, "S2", value, half, names[k])


def _morris(cube: Cube, y: Floats) -> Iterator[Row]:
    """Elementary effects of every factor; a factor of several inputs has no sign, so no sigma."""
    spec, names = _with_results(cube, y)
    with _quiet():
        spec.analyze_morris(
            num_levels=LEVELS, num_resamples=RESAMPLES, conf_level=LEVEL, seed=cube.seed + 1
        )
    found = spec.analysis
    sizes = _effect_sizes(cube, y)
    for k, name in enumerate(names):
        if np.isfinite(found["sigma"][k]):
            yield _row(name, "mu", found["mu"][k])
            yield _row(name, "sigma", found["sigma"][k])
        yield _row(name, "mu_star", found["mu_star"][k], found["mu_star_conf"][k])
        yield _row(name, "sigma_abs", sizes[name].std(ddof=1))


def _effect_sizes(cube: Cube, y: Floats) -> dict[str, Floats]:
    """Return the size of the effect of every factor in every trajectory."""
    width = len(cube.names) + 1
    points = cube.points.reshape(cube.n, width, -1)
    steps = np.abs(np.diff(y.reshape(cube.n, width), axis=1)) / (LEVELS / (2 * (LEVELS - 1)))
    moved = np.diff(points, axis=1) != 0.0
    first = {name: cube.factors.index(name) for name in cube.names}
    return {name: steps[moved[:, :, column]] for name, column in first.items()}


def _pawn(cube: Cube, y: Floats) -> Iterator[Row]:
    """Median and largest distance between the results and those in a slice of an input."""
    spec, names = _with_results(cube, y)
    with _quiet():
        spec.analyze_pawn(S=SLICES, seed=cube.seed + 1)
    rng = np.random.default_rng(cube.seed)
    picks = rng.integers(cube.runs, size=(RESAMPLES // 2, cube.runs))
    z = stats.norm.ppf(0.5 + LEVEL / 2)
    for k, name in enumerate(names):
        distances = np.array([slice_distances(cube.points[p, k], y[p]) for p in picks])
        medians, largest = np.nanmedian(distances, axis=1), np.nanmax(distances, axis=1)
        yield _row(name, "pawn", spec.analysis["median"][k], z * medians.std(ddof=1))
        yield _row(name, "pawn_max", spec.analysis["maximum"][k], z * largest.std(ddof=1))


def slice_distances(x: Floats, y: Floats) -> Floats:
    """Return the Kolmogorov-Smirnov distance of each slice of x from all results.

    As SALib's, without the p-values that take most of its time.

    Args:
        x: an input, shape (n,).
        y: the results, shape (n,).

    Returns:
        Shape (slices,); not a number where a slice is empty.
    """
    cuts = np.quantile(x, np.linspace(0.0, 1.0, SLICES + 1))
    order = np.argsort(y, kind="stable")
    inside = (x[order] >= cuts[:-1, None]) & (x[order] < cuts[1:, None])
    sizes = inside.sum(axis=1)
    last = np.append(np.diff(y[order]) != 0.0, True)
    everywhere = np.arange(1, len(y) + 1)[last] / len(y)
    with np.errstate(invalid="ignore", divide="ignore"):
        within = np.cumsum(inside, axis=1)[:, last] / sizes[:, None]
    found: Floats = np.abs(within - everywhere).max(axis=1)
    return found


def _dgsm(cube: Cube, y: Floats) -> Iterator[Row]:
    """Mean squared derivative × width² ÷ (π² variance): an upper bound of ST (Sobol 2009)."""
    spec, names = _with_results(cube, y)
    base = y[:: len(cube.inputs) + 1]
    if np.ptp(base) <= FLAT * np.abs(base).max():
        raise ConstantOutput(f"every base point gave {base[0]:.6g}: derivatives have no scale")
    with _quiet():
        spec.analyze_dgsm(num_resamples=RESAMPLES, conf_level=LEVEL, seed=cube.seed + 1)
    scale = 1.0 / (np.var(base) * np.pi**2)  # SALib leaves its interval on the scale of vi
    for k, name in enumerate(names):
        yield _row(name, "dgsm", spec.analysis["dgsm"][k], spec.analysis["dgsm_conf"][k] * scale)


def _rbd_fast(cube: Cube, y: Floats) -> Iterator[Row]:
    """First order from one sample by the Fourier spectrum along each input."""
    spec, names = _with_results(cube, y)
    with _quiet():
        spec.analyze_rbd_fast(num_resamples=RESAMPLES, conf_level=LEVEL, seed=cube.seed + 1)
    # The bootstrap draws half the data each time: its spread is that of n / 2.
    for k, name in enumerate(names):
        half = spec.analysis["S1_conf"][k] / np.sqrt(2.0)
        yield _row(name, "S1", spec.analysis["S1"][k], half)


def _delta(cube: Cube, y: Floats) -> Iterator[Row]:
    """Borgonovo's delta from one sample; the first order SALib adds has too few bins to be used."""
    spec, names = _with_results(cube, y)
    with _quiet():
        spec.analyze_delta(
            method="delta", num_resamples=RESAMPLES // 4, conf_level=LEVEL, seed=cube.seed + 1
        )
    found = spec.analysis
    column = "delta_raw" if "delta_raw" in found else "delta"
    for k, name in enumerate(names):
        if not np.isfinite(found[column][k]):
            raise InputError(f"delta of {name} could not be estimated; take more samples")
        yield _row(name, "delta", found[column][k], found[f"{column}_conf"][k])


_ANALYSES: Final[dict[str, Callable[[Cube, Floats], Iterator[Row]]]] = {
    "sobol": _sobol,
    "morris": _morris,
    "pawn": _pawn,
    "dgsm": _dgsm,
    "rbd_fast": _rbd_fast,
    "delta": _delta,
}


def _with_results(cube: Cube, y: Floats) -> tuple[Any, list[str]]:
    """Return SALib's problem with samples and results, and our names in its order of factors."""
    bounds = MORRIS_REACH if cube.method == "morris" else (0.0, 1.0)
    spec = _problem(len(cube.inputs), cube.factors, bounds)
    spec.set_samples(cube.points.copy())
    spec.set_results(y.copy())
    if cube.method not in GROUPED or len(cube.names) == len(cube.inputs):
        return spec, list(cube.factors)
    order, _ = extract_group_names(spec)
    return spec, [cube.names[int(str(name)[1:])] for name in order]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep SALib from changing the global random state, filters and format of warnings."""
    state, form = np.random.get_state(), warnings.formatwarning  # noqa: NPY002
    with warnings.catch_warnings(record=True):  # delta sets filters of its own
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002
            warnings.formatwarning = form


# ---------------------------------------------------------------- how they settle


def convergence(cube: Cube, output: ArrayLike, design_id: str, steps: int = 6) -> pd.DataFrame:
    """Return the indices from the first part of the sample, doubled until all of it is used.

    Empty where the whole sample is smaller than a part worth a look.

    Args:
        cube: the design.
        output: results of its runs.
        design_id: as in `indices`.
        steps: how many sizes at most.

    Raises:
        InputError: as `indices`.
    """
    y = checked_output(cube, output, design_id)
    width = cube.runs // cube.n
    sizes = [cube.n >> k for k in reversed(range(steps)) if cube.n >> k >= SMALLEST[cube.method]]
    parts = []
    for size in dict.fromkeys(sizes):
        part = Cube(
            cube.method, size, cube.seed, cube.inputs, cube.factors,
            cube.points[: size * width], cube.second_order,
        )  # fmt: skip
        try:
            parts.append(indices(part, y[: part.runs], part.id))
        except ConstantOutput:
            continue
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def settled(table: pd.DataFrame, within: float = 0.05) -> NDArray[np.bool_]:
    """Say for each index whether its interval is narrower than `within` to either side."""
    found: NDArray[np.bool_] = ((table["high"] - table["low"]) / 2 <= within).to_numpy(dtype=bool)
    return found
