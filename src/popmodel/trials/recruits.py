"""Who a virtual trial recruits: stock patients with lived failures, weighted to published scores.

Trial patients score higher than the stock. Weights exp(a ln S + b (ln S)^2) bring the weighted mean
(and the standard deviation, where the card states one) of the measured score to the card's. When
few patients carry most of the weight, the reading says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from popmodel.engine.arm import baseline_scores
from popmodel.errors import RunError
from popmodel.evidence.schema import Limits, Trial
from popmodel.evidence.schema.trial import ScoreLimits, ScoreMeanSd
from popmodel.parameters import Parameters
from popmodel.parameters.scales import to_madrs
from popmodel.population import synthesise
from popmodel.thresholds import FIRST_RECRUIT
from popmodel.vocabulary import FLAGS, SETTINGS, SEXES

Floats = NDArray[np.float64]

ENOUGH: Final = 0.30
"""Effective share of the recruits under which an emulation is flagged."""
STEEPEST: Final = 40.0
"""Largest tilt tried, in units of one standard deviation of ln S."""


@dataclass(frozen=True)
class Recruits:
    """Patients of a virtual trial.

    Attributes:
        persons: patient records at entry.
        before: measured score at entry (MADRS).
        weights: they add up to one.
        effective: effective sample as a share of the recruits, 1 without weights.
    """

    persons: NDArray[Any]
    before: Floats
    weights: Floats
    effective: float


def stock_of(trial: Trial) -> tuple[str, int]:
    """Return which stock a trial draws from: intake, and failures lived (-1: as published)."""
    failed = trial.include.failed_trials
    lived = -1 if failed is None or failed.at_least is None else round(failed.at_least)
    if failed is not None and failed.at_most == 0:
        lived = 0
    return trial.include.intake, lived


def draw_stock(
    parameters: Parameters, stock: tuple[str, int], seed: int, size: int
) -> NDArray[Any]:
    """Return the patients among whom trials recruit.

    Raises:
        RunError: no life fits the wanted history.
    """
    intake, failures = stock
    return synthesise(parameters, size, seed, intake=intake, failures=failures, first=FIRST_RECRUIT)


def recruit(trial: Trial, stock: NDArray[Any], parameters: Parameters) -> Recruits:
    """Return those who meet the inclusion criteria, weighted to the published baseline.

    Raises:
        RunError: nobody meets them, or no weights give the published mean.
    """
    scores = baseline_scores(stock, parameters.record)
    chosen = _meets(trial, stock, scores, parameters)
    if not chosen.any():
        raise RunError(f"trial {trial.id}: none of {len(stock)} patients meets `include`")
    before = scores[chosen]
    wanted = trial.baseline.severity
    weights = np.full(len(before), 1.0 / len(before))
    if wanted is not None:
        weights = tilted(before, *baseline_of(wanted, parameters), trial.id)
    return Recruits(stock[chosen], before, weights, effective_share(weights))


def _meets(
    trial: Trial, stock: NDArray[Any], scores: Floats, parameters: Parameters
) -> NDArray[np.bool_]:
    include = trial.include
    severity = score_limits(include.severity, parameters)
    chosen = within(severity, scores) & within(include.age, stock["age"])
    chosen &= within(include.failed_trials, stock["failures"]) | (stock_of(trial)[1] >= 0)
    if include.biotype:
        kinds = [parameters.biotypes.index(name) for name in include.biotype]
        chosen &= np.isin(stock["biotype"], kinds)
    if include.setting:
        chosen &= np.isin(stock["setting"], [SETTINGS.index(name) for name in include.setting])
    if include.sex:
        chosen &= np.isin(stock["sex"], [SEXES.index(name) for name in include.sex])
    for flag in include.flags_all:
        chosen &= stock["conditions"] >> FLAGS.index(flag) & 1 == 1
    for flag in include.flags_none:
        chosen &= stock["conditions"] >> FLAGS.index(flag) & 1 == 0
    return chosen


def score_limits(limits: ScoreLimits | None, parameters: Parameters) -> Limits | None:
    """Return limits of a score on a linked scale as limits of the MADRS."""
    if limits is None:
        return None
    said = limits

    def link(score: float | None) -> float | None:
        return None if score is None else float(to_madrs(parameters.scales, said.scale, score))

    return Limits(
        at_least=link(said.at_least), at_most=link(said.at_most),
        above=link(said.above), below=link(said.below),
    )  # fmt: skip


def baseline_of(wanted: ScoreMeanSd, parameters: Parameters) -> tuple[float, float | None]:
    """Return a published mean and standard deviation as MADRS.

    On a linked scale the mean is linked, and the spread is that between one deviation under and
    one over the mean.
    """

    def link(score: float) -> float:
        return float(to_madrs(parameters.scales, wanted.scale, score))

    if wanted.sd is None:
        return link(wanted.mean), None
    return link(wanted.mean), 0.5 * (link(wanted.mean + wanted.sd) - link(wanted.mean - wanted.sd))


def within(limits: Limits | None, values: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell for each value whether it lies within the limits."""
    inside = np.ones(len(values), dtype=bool)
    if limits is None:
        return inside
    if limits.at_least is not None:
        inside &= values >= limits.at_least
    if limits.at_most is not None:
        inside &= values <= limits.at_most
    if limits.above is not None:
        inside &= values > limits.above
    if limits.below is not None:
        inside &= values < limits.below
    return inside


def tilted(scores: Floats, mean: float, sd: float | None, trial: str = "") -> Floats:
    """Return weights proportional to exp(a ln S + b (ln S)^2) that give a mean and an SD.

    Args:
        scores: measured scores, above 0.
        mean: wanted weighted mean.
        sd: wanted weighted standard deviation; left as it comes when None.
        trial: id, for the message.

    Raises:
        RunError: no weights give the mean; the SD may stay as near as it can get.
    """
    x = np.log(np.maximum(scores, 1.0))
    x = (x - x.mean()) / x.std()
    features = np.vstack([x] if sd is None else [x, x * x])

    def weights(tilt: Floats) -> Floats:
        power = tilt @ features
        w = np.exp(power - power.max())
        return np.asarray(w / w.sum())

    def misses(tilt: Floats) -> list[float]:
        w = weights(tilt)
        found = float(w @ scores)
        if sd is None:
            return [found - mean]
        return [found - mean, float(np.sqrt(w @ (scores - found) ** 2)) - sd]

    fit = least_squares(
        misses, np.zeros(len(features)), bounds=(-STEEPEST, STEEPEST), xtol=1e-10, ftol=1e-10
    )
    w = weights(fit.x)
    if abs(w @ scores - mean) > 0.05:
        raise RunError(
            f"trial {trial}: recruits score {w @ scores:.1f} on average at most, {mean:g} is wanted"
        )
    return w


def effective_share(weights: Floats) -> float:
    """Return the effective sample (sum w)^2 / sum w^2 as a share of the sample."""
    return float(weights.sum() ** 2 / (weights @ weights) / len(weights))
