"""Distributions as quantile functions: the mathematics under the kinds a card may state.

Everything is drawn as the quantile of a uniform number, so that a draw depends on its key and on
nothing drawn before it. Built on `scipy.special`, which loads ten times faster than `scipy.stats`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Law:
    """A distribution ready to draw from.

    Attributes:
        quantile: Value at a cumulative probability in [0, 1]; takes and gives arrays.
        cumulative: Probability of a value at most x.
        mean: Expected value.
        sd: Standard deviation.
        low: Lower end of the support, may be -inf.
        high: Upper end of the support, may be inf.
    """

    quantile: Callable[[Array], Array]
    cumulative: Callable[[Array], Array]
    mean: float
    sd: float
    low: float
    high: float

    @property
    def median(self) -> float:
        """The value that is exceeded half of the time."""
        return float(self.quantile(np.asarray(0.5)))


# ------------------------------------------------------------------ laws from natural parameters


def point_law(value: float) -> Law:
    """Return the law of a number that is not in doubt."""
    return Law(
        lambda u: np.full_like(u, value),
        lambda x: np.where(x >= value, 1.0, 0.0),
        value,
        0.0,
        value,
        value,
    )


def normal_law(mean: float, sd: float) -> Law:
    """Return the normal law."""
    return Law(
        lambda u: mean + sd * special.ndtri(u),
        lambda x: special.ndtr((x - mean) / sd),
        mean,
        sd,
        -math.inf,
        math.inf,
    )


def lognormal_law(log_mean: float, log_sd: float) -> Law:
    """Return the law of exp(N(log_mean, log_sd²))."""
    mean = math.exp(log_mean + 0.5 * log_sd**2)
    return Law(
        lambda u: _floats(np.exp(log_mean + log_sd * special.ndtri(u))),
        lambda x: _floats(special.ndtr((np.log(np.maximum(x, 1e-300)) - log_mean) / log_sd)),
        mean,
        mean * math.sqrt(math.expm1(log_sd**2)),
        0.0,
        math.inf,
    )


def gamma_law(shape: float, scale: float) -> Law:
    """Return the gamma law with mean shape × scale."""
    return Law(
        lambda u: _floats(scale * special.gammaincinv(shape, u)),
        lambda x: _floats(special.gammainc(shape, np.maximum(x, 0.0) / scale)),
        shape * scale,
        math.sqrt(shape) * scale,
        0.0,
        math.inf,
    )


def beta_law(alpha: float, beta: float, low: float = 0.0, high: float = 1.0) -> Law:
    """Return the beta law stretched over [low, high]."""
    width, total = high - low, alpha + beta
    return Law(
        lambda u: low + width * special.betaincinv(alpha, beta, u),
        lambda x: special.betainc(alpha, beta, np.clip((x - low) / width, 0.0, 1.0)),
        low + width * alpha / total,
        width * math.sqrt(alpha * beta / (total + 1.0)) / total,
        low,
        high,
    )


def uniform_law(low: float, high: float) -> Law:
    """Return the law that prefers nothing between low and high."""
    width = high - low
    return Law(
        lambda u: low + width * u,
        lambda x: np.clip((x - low) / width, 0.0, 1.0),
        low + 0.5 * width,
        width / math.sqrt(12.0),
        low,
        high,
    )


def truncated_normal_law(location: float, scale: float, low: float, high: float) -> Law:
    """Return the law of N(location, scale²) given that it lies in [low, high]."""
    a, b = (low - location) / scale, (high - location) / scale
    sign = -1.0 if a > 0.0 else 1.0  # work in the tail where the normal law keeps its digits
    first, last = special.ndtr(sign * a), special.ndtr(sign * b)
    mean, sd = truncated_moments(location, scale, low, high)
    return Law(
        lambda u: np.clip(
            location + sign * scale * special.ndtri(first + u * (last - first)), low, high
        ),
        lambda x: np.clip(
            (special.ndtr(sign * (x - location) / scale) - first) / (last - first), 0.0, 1.0
        ),
        mean,
        sd,
        low,
        high,
    )


def point_mass_law(point: float, mass: float, rest: Law) -> Law:
    """Return the law that is `point` with probability `mass` and follows `rest` otherwise."""
    below = (1.0 - mass) * float(rest.cumulative(np.asarray(point)))

    def quantile(u: Array) -> Array:
        lower = rest.quantile(np.clip(u / (1.0 - mass), 0.0, 1.0))
        upper = rest.quantile(np.clip((u - mass) / (1.0 - mass), 0.0, 1.0))
        return np.where(u < below, lower, np.where(u < below + mass, point, upper))

    mean = mass * point + (1.0 - mass) * rest.mean
    square = mass * point**2 + (1.0 - mass) * (rest.sd**2 + rest.mean**2)
    return Law(
        quantile,
        lambda x: (1.0 - mass) * rest.cumulative(x) + np.where(x >= point, mass, 0.0),
        mean,
        math.sqrt(max(0.0, square - mean**2)),
        min(point, rest.low),
        max(point, rest.high),
    )


def sample_law(samples: Array) -> Law:
    """Return the law that draws one of these samples."""
    ordered = np.sort(samples)
    last = len(ordered) - 1
    return Law(
        lambda u: ordered[np.minimum((u * len(ordered)).astype(np.int64), last)],
        lambda x: np.searchsorted(ordered, x, side="right") / len(ordered),
        float(samples.mean()),
        float(samples.std()),
        float(ordered[0]),
        float(ordered[-1]),
    )


# ------------------------------------------------------------------ truncated normal by moments


def truncated_moments(
    location: float, scale: float, low: float, high: float
) -> tuple[float, float]:
    """Return mean and standard deviation of N(location, scale²) given [low, high].

    Args:
        location: Mean before cutting.
        scale: Standard deviation before cutting.
        low: Lower cut, may be -inf.
        high: Upper cut, may be inf.
    """
    a, b = (low - location) / scale, (high - location) / scale
    if a > 0.0:  # mirror into the lower tail, where differences keep their digits
        mean, sd = truncated_moments(-location, scale, -high, -low)
        return -mean, sd
    mass = float(special.ndtr(b) - special.ndtr(a))  # 0.0 raises where no mass is left
    density_a, density_b = _density(a), _density(b)
    first = (density_a - density_b) / mass
    second = (
        1.0 + ((a * density_a if density_a else 0.0) - (b * density_b if density_b else 0.0)) / mass
    )
    return float(location + scale * first), float(scale * math.sqrt(max(0.0, second - first**2)))


def _floats(numbers: ArrayLike) -> Array:
    return np.asarray(numbers, dtype=np.float64)


def _density(x: float) -> float:
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi) if abs(x) < 38.0 else 0.0


@lru_cache(maxsize=4096)
def truncated_parameters(mean: float, sd: float, low: float, high: float) -> tuple[float, float]:
    """Return location and scale whose truncated normal law has this mean and spread.

    Args:
        mean: Wanted mean after cutting, between low and high.
        sd: Wanted standard deviation after cutting.
        low: Lower cut, may be -inf.
        high: Upper cut, may be inf.

    Raises:
        ValueError: If no normal law cut to [low, high] has them.
    """
    location, log_scale = mean, math.log(sd)
    for _ in range(100):
        missed = _missed(location, log_scale, mean, sd, low, high)
        if np.abs(missed).max() < 1e-12 or not np.isfinite(missed).all():
            break
        with np.errstate(invalid="ignore"):
            move = _newton_step(location, log_scale, missed, mean, sd, low, high)
        if not np.isfinite(move).all():
            break
        size = max(1.0, abs(move[0]) / (2.0 * math.exp(log_scale)), abs(move[1]) / 0.5)
        location, log_scale = float(location + move[0] / size), float(log_scale + move[1] / size)
    if np.abs(_missed(location, log_scale, mean, sd, low, high)).max() < 1e-8:
        return location, math.exp(log_scale)
    raise ValueError(
        f"no normal law cut to [{low:g}, {high:g}] has mean {mean:g} and spread {sd:g}; "
        "a beta or gamma law has"
    )


def _newton_step(
    location: float,
    log_scale: float,
    missed: Array,
    mean: float,
    sd: float,
    low: float,
    high: float,
) -> Array:
    """Return the step towards the wanted moments, or NaN where there is none."""
    step = 1e-6
    by_location = _missed(location + step * sd, log_scale, mean, sd, low, high) - missed
    by_scale = _missed(location, log_scale + step, mean, sd, low, high) - missed
    slope = np.column_stack([by_location / (step * sd), by_scale / step])
    if not np.isfinite(slope).all() or abs(np.linalg.det(slope)) < 1e-300:
        return np.array([math.nan, math.nan])
    return _floats(np.linalg.solve(slope, -missed))


def _missed(
    location: float, log_scale: float, mean: float, sd: float, low: float, high: float
) -> Array:
    """Return how far the moments are from the wanted ones, in units of the wanted spread."""
    try:
        found = truncated_moments(location, math.exp(log_scale), low, high)
    except (ZeroDivisionError, OverflowError):
        return np.array([math.inf, math.inf])
    return (np.asarray(found) - (mean, sd)) / sd


def quantiles(law: Law, u: ArrayLike) -> Array:
    """Return the values of a law at cumulative probabilities.

    Args:
        law: The distribution.
        u: Probabilities in [0, 1], any shape.

    Raises:
        ValueError: If a probability lies outside [0, 1].
    """
    probabilities = np.asarray(u, dtype=np.float64)
    if not np.all((probabilities >= 0.0) & (probabilities <= 1.0)):
        raise ValueError("cumulative probabilities must lie in [0, 1]")
    return law.quantile(probabilities)
