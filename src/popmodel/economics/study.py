"""A study that could be done: what it measures in how many patients, and how its results fall.

A measure is one group of patients and the column of the parameters that its result informs: what
the study would find if it were infinitely large. Given the parameters, the results of all measures
are independent. `draw` gives a result under each value of the parameter, shape (samples,);
`log_likelihood` gives log P(result | value) up to a constant of the result, (results, values).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from popmodel.economics.checks import FloatArray
from popmodel.errors import InputError


@dataclass(frozen=True)
class Share:
    """So many of the patients have an outcome: binomial, the parameter is a probability."""

    parameter: str
    patients: int

    def draw(self, values: FloatArray, luck: np.random.Generator) -> FloatArray:
        """Return the share of patients with the outcome."""
        _refuse(self.parameter, values, 0.0, 1.0)
        return luck.binomial(self.patients, values) / self.patients

    def log_likelihood(self, results: FloatArray, values: FloatArray) -> FloatArray:
        """Return k·ln p + (n − k)·ln(1 − p)."""
        smallest = np.finfo(float).tiny
        yes, no = np.log(np.maximum(values, smallest)), np.log(np.maximum(1 - values, smallest))
        count = self.patients * results
        out: FloatArray = np.outer(count, yes) + np.outer(self.patients - count, no)
        return out


@dataclass(frozen=True)
class Mean:
    """A mean of the patients' values: normal, with the standard deviation between patients."""

    parameter: str
    patients: int
    sd: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.sd) and self.sd > 0.0):
            raise InputError(f"study: {self.parameter}: sd {self.sd} is not above 0")

    def draw(self, values: FloatArray, luck: np.random.Generator) -> FloatArray:
        """Return the mean over the patients."""
        return luck.normal(values, self.sd / math.sqrt(self.patients))

    def log_likelihood(self, results: FloatArray, values: FloatArray) -> FloatArray:
        """Return −n·(result − value)² ÷ 2·sd²."""
        distance = (results[:, None] - values) / self.sd
        out: FloatArray = -0.5 * self.patients * distance**2
        return out


@dataclass(frozen=True)
class Events:
    """Events in the patients' years under observation: Poisson, the parameter a rate per year."""

    parameter: str
    patients: int
    years: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.years) and self.years > 0.0):
            raise InputError(f"study: {self.parameter}: years {self.years} is not above 0")

    def draw(self, values: FloatArray, luck: np.random.Generator) -> FloatArray:
        """Return events per patient-year."""
        _refuse(self.parameter, values, 0.0, np.inf)
        time = self.patients * self.years
        return luck.poisson(values * time) / time

    def log_likelihood(self, results: FloatArray, values: FloatArray) -> FloatArray:
        """Return k·ln(rate) − rate·time."""
        time = self.patients * self.years
        rate = np.log(np.maximum(values, np.finfo(float).tiny))
        out: FloatArray = np.outer(time * results, rate) - time * values
        return out


Measure = Share | Mean | Events


@dataclass(frozen=True)
class Study:
    """What is measured, in groups of patients.

    A two-armed trial with a count of remissions is `Study((Share("p_remission_new", 100),
    Share("p_remission_old", 100)))`.

    Raises:
        InputError: nothing is measured, or a group is empty.
    """

    measures: tuple[Measure, ...]

    def __post_init__(self) -> None:
        if not self.measures:
            raise InputError("study: measures nothing")
        for one in self.measures:
            if one.patients < 1 or one.patients != int(one.patients):
                raise InputError(f"study: {one.parameter}: {one.patients} patients are no group")

    @property
    def patients(self) -> int:
        """Return how many patients take part in all groups."""
        return sum(one.patients for one in self.measures)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Return the columns that are learnt about, each once."""
        return tuple(dict.fromkeys(one.parameter for one in self.measures))

    def resized(self, patients: int) -> Study:
        """Return the study with so many patients, its groups in proportion.

        Raises:
            InputError: there are fewer patients than groups.
        """
        if patients < len(self.measures):
            raise InputError(f"study: {patients} patients are too few for its groups")
        ends = [0]
        for one in self.measures:
            ends.append(ends[-1] + one.patients)
        marks = [round(patients * end / self.patients) for end in ends]
        sizes = [max(1, high - low) for low, high in pairwise(marks)]
        pairs = zip(self.measures, sizes, strict=True)
        return Study(tuple(replace(one, patients=size) for one, size in pairs))


def _refuse(parameter: str, values: FloatArray, low: float, high: float) -> None:
    wrong = values[(values < low) | (values > high)]
    if len(wrong):
        what = "probability" if high == 1.0 else "rate"
        raise InputError(f"study: {parameter}: {wrong[0]} is no {what}")
