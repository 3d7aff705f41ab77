"""How good predictions of published numbers are: scores, coverage, calibration, and a naive rival.

Log score: log of the chance (counts) or density per standard error (means, contrasts) that the
prediction gave to what was published (Good 1952; Gneiting and Raftery 2007). A prediction never has
more than 95 % of our belief: the rest is spread evenly, so one number far out costs a limited sum.
The naive model knows no treatment: the mean share of the fitted numbers with the same measure and
line, with the spread between their trials.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import norm

from popmodel.trials.interval import chances_of_counts, share_interval
from popmodel.trials.terms import LEAST
from popmodel.trials.validate import Row

DOUBT: Final = 0.05
"""Belief that a prediction is plainly wrong."""
FAR: Final = 10.0
"""Half the range, in standard errors, over which that belief is spread for a mean."""
ENOUGH: Final = 3
"""Fitted numbers that make a naive mean; with fewer, all lines are taken together."""
LATE: Final = 3
"""Line from which lines are taken together."""


@dataclass(frozen=True)
class Naive:
    """A naive prediction of a share: mean and spread between trials."""

    mean: float
    between: float


@dataclass(frozen=True)
class Scores:
    """How the predictions of a set of published numbers did.

    Attributes:
        numbers: how many were emulated.
        outside: how many lie outside their 95 % interval.
        log_score: sum of log scores.
        shares: how many of them are shares; the rest of the attributes is about these.
        log_score_shares: mean log score.
        naive_log_score: the same of the naive model.
        width: mean width of the 95 % intervals.
        naive_width: the same of the naive model.
        slope: of logit(observed) on logit(predicted), 1 if calibrated; weighted by precision.
        slope_se: its standard error.
        intercept: of the same line, 0 if calibrated.
        intercept_se: its standard error.
    """

    numbers: int
    outside: int
    log_score: float
    shares: int
    log_score_shares: float
    naive_log_score: float
    width: float
    naive_width: float
    slope: float
    slope_se: float
    intercept: float
    intercept_se: float


def scores_of(rows: Sequence[Row], use: str) -> Scores:
    """Return how the predictions of one use did.

    Args:
        rows: of one structure, both uses: those fitted inform the naive model.
        use: fit or test.
    """
    known = [row for row in rows if row.use == use and not math.isnan(row.z)]
    shares = [row for row in known if row.people > 0.0]
    rivals = [naive_of(row, rows) for row in shares]
    slope, slope_se, intercept, intercept_se = calibration_line(shares)
    return Scores(
        len(known), sum(row.outside for row in known), sum(log_score(row) for row in known),
        len(shares), _mean([log_score(row) for row in shares]),
        _mean([naive_score(row, one) for row, one in zip(shares, rivals, strict=True)]),
        _mean([row.high - row.low for row in shares]),
        _mean([naive_width(row, one) for row, one in zip(shares, rivals, strict=True)]),
        slope, slope_se, intercept, intercept_se,
    )  # fmt: skip


def log_score(row: Row) -> float:
    """Return the log score of a prediction."""
    if row.people > 0.0:
        return _count_score(row.observed, row.predicted, row.people, row.sd)
    density = float(norm.pdf(row.z)) * row.se / row.sd
    return math.log((1.0 - DOUBT) * density + DOUBT * 0.5 / FAR)


def _count_score(observed: float, expected: float, people: float, sd: float) -> float:
    size = max(1, round(people))
    chance = float(chances_of_counts(expected, size, sd)[min(size, round(observed * size))])
    return math.log((1.0 - DOUBT) * chance + DOUBT / (size + 1.0))


# ------------------------------------------------------------------ the naive model


def naive_of(row: Row, rows: Sequence[Row]) -> Naive:
    """Return what a model that knows only measure and line expects; the row's trial is left out."""
    same = [
        r for r in rows
        if r.use == "fit" and r.people > 0.0 and r.measure == row.measure and r.trial != row.trial
    ]  # fmt: skip
    line = [r for r in same if min(r.line, LATE) == min(row.line, LATE)]
    found = [r.observed for r in (line if len(line) >= ENOUGH else same)]
    if not found:
        return Naive(0.5, 0.5 / math.sqrt(3.0))
    return Naive(float(np.mean(found)), float(np.std(found, ddof=1)) if len(found) > 1 else 0.2)


def naive_sd(row: Row, naive: Naive) -> float:
    """Return the spread of a published share around its naive prediction."""
    return math.hypot(naive.between, math.sqrt(naive.mean * (1.0 - naive.mean) / row.people))


def naive_score(row: Row, naive: Naive) -> float:
    """Return the log score of the naive prediction."""
    return _count_score(row.observed, naive.mean, row.people, naive_sd(row, naive))


def naive_width(row: Row, naive: Naive) -> float:
    """Return the width of the naive 95 % interval."""
    low, high = share_interval(naive.mean, row.people, naive_sd(row, naive))
    return high - low


# ------------------------------------------------------------------ calibration


def calibration_line(shares: Sequence[Row]) -> tuple[float, float, float, float]:
    """Return slope and intercept of logit(observed) on logit(predicted), each with its error.

    Weighted least squares; weights are the inverse variances of the predictions on the logit
    scale, and errors are multiplied by the spread found around the line where that is larger.
    Counts of none and all are moved half a person inwards.
    """
    if len(shares) < ENOUGH:
        return math.nan, math.nan, math.nan, math.nan
    x = np.array([_logit(row.predicted) for row in shares])
    y = np.array([_logit(row.observed, 0.5 / row.people) for row in shares])
    p = np.clip([row.predicted for row in shares], LEAST, 1.0 - LEAST)
    w = (p * (1.0 - p) / np.array([row.sd for row in shares])) ** 2
    design = np.column_stack([x, np.ones_like(x)])
    inverse = np.linalg.inv(design.T @ (w[:, None] * design))
    slope, intercept = inverse @ (design.T @ (w * y))
    left = y - slope * x - intercept
    spread = max(1.0, float(w @ left**2) / (len(x) - 2.0))
    slope_se, intercept_se = np.sqrt(spread * np.diag(inverse))
    return float(slope), float(slope_se), float(intercept), float(intercept_se)


def _logit(p: float, least: float = LEAST) -> float:
    p = min(max(p, least), 1.0 - least)
    return math.log(p / (1.0 - p))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan
