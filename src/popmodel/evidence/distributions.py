"""How sure we are of a number: the kinds of distribution a card may state.

A card gives moments (`mean` and `se`) or natural parameters; `law(value)` turns both into one
`Law` of `laws.py` with quantile, mean and spread.
"""

from __future__ import annotations

import csv
import math
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from scipy import special

from popmodel.errors import did_you_mean
from popmodel.evidence.laws import (
    Array,
    Law,
    beta_law,
    gamma_law,
    lognormal_law,
    normal_law,
    point_law,
    point_mass_law,
    sample_law,
    truncated_normal_law,
    truncated_parameters,
    uniform_law,
)

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)]
Share = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, lt=1)]


class _Kind(BaseModel):
    """What all kinds share: nothing unknown, nothing changed later."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, populate_by_name=True
    )

    def law(self, value: float) -> Law:
        """Return the law of a quantity whose stated value is `value`.

        Raises:
            ValueError: If the parameters do not describe a distribution.
        """
        raise NotImplementedError

    def _given(self, *names: str) -> bool:
        """Tell whether exactly these of the optional parameters are given."""
        optional = {
            name for name, field in type(self).model_fields.items() if not field.is_required()
        }
        given = {
            name for name in optional & self.model_fields_set if getattr(self, name) is not None
        }
        return given - {"low", "high"} == set(names) - {"low", "high"}


class _Moments(_Kind):
    """A kind that may be stated by its mean and standard error."""

    mean: Number | None = None
    se: Positive | None = Field(default=None, description="standard error of the number")


class Fixed(_Kind):
    """A number that is not in doubt."""

    kind: Literal["fixed"]

    def law(self, value: float) -> Law:
        """Return the law; see `_Kind.law`."""
        return point_law(value)


class Normal(_Moments):
    """Normal: `mean` and `se`, or `mean` and the 95 % `interval`."""

    kind: Literal["normal"]
    mean: Number
    interval: tuple[Number, Number] | None = Field(default=None, strict=False)

    def law(self, value: float) -> Law:
        """Return the law; see `_Kind.law`."""
        if self._given("se") and self.se:
            return normal_law(self.mean, self.se)
        if self._given("interval") and self.interval:
            return normal_law(self.mean, _spread(*self.interval))
        raise ValueError("normal needs mean with se, or mean with interval")


class TruncatedNormal(_Moments):
    """Normal cut to [low, high]: `mean` and `se` after, or `location` and `scale` before."""

    kind: Literal["truncated_normal"]
    low: Number | None = None
    high: Number | None = None
    location: Number | None = None
    scale: Positive | None = None

    def law(self, value: float) -> Law:
        """Return the law; see `_Kind.law`."""
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if low == -math.inf and high == math.inf:
            raise ValueError("truncated_normal needs low or high")
        _rising(low, high)
        if self._given("location", "scale") and self.location is not None and self.scale:
            return truncated_normal_law(self.location, self.scale, low, high)
        if self._given("mean", "se") and self.mean is not None and self.se:
            if not low < self.mean < high:
                raise ValueError(f"mean {self.mean:g} must lie between low and high")
            location, scale = truncated_parameters(self.mean, self.se, low, high)
            return truncated_normal_law(location, scale, low, high)
        raise ValueError("truncated_normal needs mean and se, or location and scale")


class LogNormal(_Moments):
    """Lognormal: `mean` and `se`; `median` and `se_log`; or the 95 % `interval`.

    With `interval` alone the median is the geometric mean of its ends.
    """

    kind: Literal["lognormal"]
    median: Positive | None = None
    log_mean: Number | None = None
    se_log: Positive | None = Field(default=None, description="standard error of the logarithm")
    interval: tuple[Positive, Positive] | None = Field(default=None, strict=False)

    def law(self, value: float) -> Law:
        """Return the law; see `_Kind.law`."""
        if self._given("mean", "se") and self.mean is not None and self.se:
            if self.mean <= 0:
                raise ValueError("the mean of a lognormal must be above 0")
            variance = math.log1p((self.se / self.mean) ** 2)
            return lognormal_law(math.log(self.mean) - 0.5 * variance, math.sqrt(variance))
        if self._given("median", "se_log") and self.median and self.se_log:
            return lognormal_law(math.log(self.median), self.se_log)
        if self._given("log_mean", "se_log") and self.log_mean is not None and self.se_log:
            return lognormal_law(self.log_mean, self.se_log)
        if self.interval and (self._given("interval") or self._given("median", "interval")):
            ends = math.log(self.interval[0]), math.log(self.interval[1])
            middle = math.log(self.median) if self.median else 0.5 * sum(ends)
            return lognormal_law(middle, _spread(*ends))
        raise ValueError("lognormal needs mean and se, median and se_log, or interval")


class Gamma(_Moments):
    """Gamma: `mean` and `se`, or `shape` and `scale`."""

    kind: Literal["gamma"]
    shape: Positive | None = None
    scale: Positive | None = None

    def law(self, value: float) -> Law:
        """Return the law; see `_Kind.law`."""
        if self._given("mean", "se") and self.mean is not None and self.se:
            if self.mean <= 0:
                raise ValueError("the mean of a gamma must be above 0")
            return gamma_law((self.mean / self.se) ** 2, self.se**2 / self.mean)
        if self._given("shape", "scale") and self.shape and self.scale:
            return gamma_law(self.shape, self.scale)
        raise ValueError("gamma needs mean and se, or shape and scale")


class Beta(_Moments):
    """Beta: `mean` and `se`, or `alpha` and `beta`; over [low, high] if these are given."""

    kind: Literal["beta"]
    alpha: Positive | None = None
    beta: Positive | None = None
    low: Number = 0.0
    high: Number = 1.0

    def law(self, value: float) -> Law:
        """Return the law; see `_Kind.law`."""
        _rising(self.low, self.high)
        if self._given("alpha", "beta") and self.alpha and self.beta:
            return beta_law(self.alpha, self.beta, self.low, self.high)
        if self._given("mean", "se") and self.mean is not None and self.se:
            width = self.high - self.low
            mean, variance = (self.mean - self.low) / width, (self.se / width) ** 2
            if not 0.0 < mean < 1.0:
                raise ValueError("the mean of a beta must lie between its ends")
            total = mean * (1.0 - mean) / variance - 1.0
            if total <= 0.0:
                raise ValueError(f"no beta law has mean {self.mean:g} and se {self.se:g}")
            return beta_law(mean * total, (1.0 - mean) * total, self.low, self.high)
        raise ValueError("beta needs mean and se, or alpha and beta")


class Uniform(_Kind):
    """Uniform between `low` and `high`."""

    kind: Literal["uniform"]
    low: Number
    high: Number

    def law(self, value: float) -> Law:
        """Return the law; see `_Kind.law`."""
        _rising(self.low, self.high)
        return uniform_law(self.low, self.high)


class Dirichlet(_Kind):
    """One share of a whole: the group's shares add up to one in every draw.

    `weight` is the share's own concentration, `sample_size` that of the whole group (the number
    of people the shares are as sure as). The law of one share alone is a beta.
    """

    kind: Literal["dirichlet"]
    weight: Positive | None = None
    sample_size: Positive | None = None

    def concentration(self, value: float) -> float:
        """Return the concentration of this share, given its stated value."""
        return self.weight or value * (self.sample_size or 0.0)

    def law(self, value: float) -> Law:
        """Return the law; see `_Kind.law`."""
        if not (self._given("sample_size") or self._given("weight")):
            raise ValueError("dirichlet needs weight, or sample_size")
        if not 0.0 < value < 1.0:
            raise ValueError("a share of a dirichlet group must lie between 0 and 1")
        concentration = self.concentration(value)
        return beta_law(concentration, concentration * (1.0 - value) / value)


class Ordered(_Moments):
    """A step between neighbouring levels that keeps them in order, such as a utility decrement.

    A step is never below zero, so levels built from steps keep their order in every draw, however
    each step is drawn: gamma with `mean` and `se`, or beta where `high` is given.
    """

    kind: Literal["ordered"]
    mean: Positive
    se: Positive
    high: Positive | None = None

    def law(self, value: float) -> Law:
        """Return the law; see `_Kind.law`."""
        if self.high is not None:
            return Beta(kind="beta", mean=self.mean, se=self.se, high=self.high).law(value)
        return Gamma(kind="gamma", mean=self.mean, se=self.se).law(value)


class Joint(_Kind):
    """A column of a posterior file: all of one file are drawn from the same row."""

    kind: Literal["joint"]
    file: str = Field(description="CSV with a header, beside the card or in a folder below it")
    column: str

    @field_validator("file")
    @classmethod
    def _beside_the_card(cls, file: str, info: ValidationInfo) -> str:
        """Resolve the file against the card's folder and refuse to leave it."""
        folder = Path((info.context or {}).get("folder", "."))
        path = (folder / file).resolve()
        if Path(file).is_absolute() or not path.is_relative_to(folder.resolve()):
            raise ValueError("the file must lie in the card's folder")
        return str(path)

    def law(self, value: float) -> Law:
        """Return the law; see `_Kind.law`."""
        return sample_law(self.samples())

    def samples(self) -> Array:
        """Return the column, one number a row.

        Raises:
            ValueError: If the file or the column is missing, or holds no finite numbers.
        """
        columns = posterior_columns(self.file)
        if self.column not in columns:
            raise ValueError(
                f"no column {self.column} {did_you_mean(self.column, columns)}".strip()
            )
        return columns[self.column]


@lru_cache(maxsize=64)
def posterior_columns(file: str) -> dict[str, Array]:
    """Return the columns of a posterior file by name.

    Raises:
        ValueError: If it cannot be read or a cell is not a finite number.
    """
    try:
        with Path(file).open(encoding="utf-8-sig", newline="") as stream:
            header, *rows = [row for row in csv.reader(stream) if row]
        table = np.array([[float(cell) for cell in row] for row in rows])
    except (OSError, ValueError, csv.Error) as error:
        raise ValueError(f"posterior file {Path(file).name} cannot be read: {error}") from error
    if table.ndim != 2 or table.shape[1] != len(header) or not np.isfinite(table).all():
        raise ValueError(f"posterior file {Path(file).name} needs a header and finite numbers")
    return {name.strip(): table[:, number] for number, name in enumerate(header)}


Plain = Annotated[
    Fixed
    | Normal
    | TruncatedNormal
    | LogNormal
    | Gamma
    | Beta
    | Uniform
    | Dirichlet
    | Ordered
    | Joint,
    Field(discriminator="kind"),
]


class Mixture(_Kind):
    """A point (zero if not stated) with probability `point_mass`, and `otherwise` the rest."""

    kind: Literal["mixture"]
    point: Number = 0.0
    point_mass: Share
    otherwise: Plain

    def law(self, value: float) -> Law:
        """Return the law; see `_Kind.law`."""
        return point_mass_law(self.point, self.point_mass, self.otherwise.law(value))


Distribution = Annotated[
    Fixed
    | Normal
    | TruncatedNormal
    | LogNormal
    | Gamma
    | Beta
    | Uniform
    | Dirichlet
    | Ordered
    | Joint
    | Mixture,
    Field(discriminator="kind"),
]


def _spread(low: float, high: float) -> float:
    """Return the standard error behind a 95 % interval."""
    _rising(low, high)
    return (high - low) / (2.0 * float(special.ndtri(0.975)))


def _rising(low: float, high: float) -> None:
    if not low < high:
        raise ValueError(f"low {low:g} must lie under high {high:g}")
