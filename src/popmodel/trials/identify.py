"""What the trials tell about each number, and what they cannot tell apart.

Everything here is linear around the calibrated card: derivatives of the fitted terms (by the same
differences as the fit), the prior as one more residual a number. Covariances are multiplied by the
overdispersion of the fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from popmodel.errors import RunError
from popmodel.evidence.calibration import fitted_values
from popmodel.evidence.load import Evidence
from popmodel.evidence.schema import Calibrated, Response, Trial
from popmodel.parameters import Structure
from popmodel.parameters.links import linked, slope_of
from popmodel.trials.calibrate import (
    FARTHEST,
    OVERDISPERSION,
    STEP,
    Likelihood,
    fit_trials,
    starting_point,
    trial_parameters_of,
)
from popmodel.trials.free import PERSISTENT, Free, free_number, free_parameters, values_at
from popmodel.trials.terms import Term, study

Floats = NDArray[np.float64]

RECRUITS: Final = 8192
GENERAL: Final = "general_share"
OF_CLASS: Final = "class_share"
SEQUENCE: Final = "sequence"
HARM: Final = "harm per failed step"
HARM_STEP: Final = 0.1
"""Difference over which harm is felt, in units of depth."""
Z95: Final = 1.959963984540054
NORMAL_QUARTILE: Final = 0.6744897501960817


@dataclass(frozen=True)
class Told:
    """What the trials told about one number.

    Attributes:
        path: the number.
        prior_low: lower end of the 95 % interval of the (widened) prior.
        prior_high: upper end.
        value: fitted.
        low: lower end of the 95 % interval after the fit.
        high: upper end.
        prior_sd: on the scale without limits (log, logit or as it is).
        posterior_sd: on the same scale.
        told: share of the prior's variance that the trials took away, the overdispersion of the
            fit not counted; under 0 where the setting of a lone trial leaves more doubt than that.
        partner: the number that moves most closely with it.
        correlation: how closely.
    """

    path: str
    prior_low: float
    prior_high: float
    value: float
    low: float
    high: float
    prior_sd: float
    posterior_sd: float
    told: float
    partner: str
    correlation: float


@dataclass(frozen=True)
class LeftOut:
    """One fitted number, foretold from the other studies.

    Attributes:
        trial: card.
        term: what it is.
        observed: what was published.
        fitted: the prediction of the fit.
        foretold: the prediction without the study of this trial.
        z: residual of the fit over all spread.
        z_foretold: the same for the foretold, doubt about the numbers counted.
        moved: number that leaving out moves most.
        by: how far, in standard errors of the fit.
    """

    trial: str
    term: str
    observed: float
    fitted: float
    foretold: float
    z: float
    z_foretold: float
    moved: str
    by: float


@dataclass(frozen=True)
class Separated:
    """How well one explanation of falling later steps is told from another.

    Attributes:
        trials: `sequences` alone, or `all` fitted trials.
        number: what is asked for.
        rival: what it could be taken for.
        sd_alone: standard error if everything else were known.
        sd: standard error when the fitted numbers and the rival are in doubt too.
        sd_prior: standard deviation of its prior; inf without one.
        told: share of the prior's variance that the trials took away; nan without a prior.
        correlation: between number and rival after the fit.
    """

    trials: str
    number: str
    rival: str
    sd_alone: float
    sd: float
    sd_prior: float
    told: float
    correlation: float


def card_of(evidence: Evidence, structure: Structure) -> Calibrated:
    """Return the calibrated card of a structure.

    Raises:
        RunError: there is none.
    """
    card = evidence.calibrated.get(structure.calibration)
    if card is None or not card.paths:
        raise RunError(f"{structure.calibration} has no calibrated card: popmodel calibrate")
    return card


# ------------------------------------------------------------------ each number


def numbers_told(
    evidence: Evidence, structure: Structure, card: Calibrated | None = None
) -> list[Told]:
    """Return what the trials told about each fitted number, from the calibrated card alone.

    Args:
        evidence: cards.
        structure: what the card holds for.
        card: a fit that was just made; the known one when None.

    Raises:
        RunError: none is given and none is known.
    """
    card = card or card_of(evidence, structure)
    free = {one.path: one for one in free_parameters(evidence, structure, fit_trials(evidence))}
    correlation = correlations(card)
    found = []
    for n, path in enumerate(card.paths):
        if path not in free:
            continue
        beside = np.abs(correlation[n])
        beside[n] = -1.0
        partner = int(np.argmax(beside))
        told = _told(free[path], card, path)
        found.append(Told(path, *told, card.paths[partner], float(correlation[n, partner])))
    return found


def _told(
    free: Free, card: Calibrated, path: str
) -> tuple[float, float, float, float, float, float, float, float]:
    value, se = card.values[path].value, card.values[path].se
    sd = se / slope_of(value, free.link)
    at = float(linked(value, free.link))
    after = Free(path, free.link, at, sd)
    return (
        free.value(-Z95), free.value(Z95), value, after.value(-Z95), after.value(Z95),
        free.sd, sd, told_share(sd, free.sd),
    )  # fmt: skip


def told_share(sd: float, prior_sd: float) -> float:
    """Return the share of a prior's variance that trials took away; overdispersion taken off."""
    return 1.0 - (sd / OVERDISPERSION / prior_sd) ** 2


def correlations(card: Calibrated) -> Floats:
    """Return the correlation matrix of a calibrated card, in the order of its paths."""
    covariance = np.array(card.covariance, dtype=float)
    sd = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(sd, sd))


# ------------------------------------------------------------------ each study left out


def left_out(
    evidence: Evidence, structure: Structure, *, seed: int, recruits: int = RECRUITS
) -> list[LeftOut]:
    """Return every fitted number as foretold from the other studies.

    One Gauss-Newton step instead of a new fit: without the rows of a study the optimum moves by
    dx = (J'J - J_s' J_s)^-1 J_s' r_s (Pregibon 1981), and predictions follow linearly. Cards of
    one study leave together.

    Args:
        evidence: cards.
        structure: with a calibrated card.
        seed: patient luck.
        recruits: stock patients among whom each trial recruits.

    Raises:
        RunError: the structure has no calibrated card.
    """
    likelihood, x = _at_card(evidence, structure, seed, recruits)
    jacobian, residuals = likelihood.jacobian(x), likelihood.residuals(x)
    rows, parameters = likelihood.rows(), likelihood.parameters(x)
    information = jacobian.T @ jacobian
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    found = []
    for trials in _by_study(likelihood.trials):
        mine = np.concatenate([rows[trial.id] for trial in trials])
        inverse = np.linalg.inv(information - jacobian[mine].T @ jacobian[mine])
        dx = inverse @ (jacobian[mine].T @ residuals[mine])
        dx = np.clip(x + dx, -FARTHEST, FARTHEST) - x
        most = int(np.argmax(np.abs(dx) / errors))
        moved = likelihood.free[most].path, float(dx[most] / errors[most])
        for trial in trials:
            raw = likelihood.unwhitened(trial.id)
            slopes = raw @ jacobian[rows[trial.id]]
            terms = likelihood.terms(trial, parameters)
            found += _foretold(terms, raw @ raw.T, slopes, dx, inverse, moved)
    return found


def scatter_of_left_out(distances: Sequence[float]) -> float:
    """Return the factor by which left-out numbers scatter more than their intervals say.

    The median distance over that of a standard normal: robust, because the linear step fails for
    a study without which a number is hardly known. At least 1: intervals are never made narrower.

    Args:
        distances: `z_foretold` of the fitted numbers, each foretold without its study.
    """
    middle = float(np.median(np.abs(np.asarray(distances, dtype=float))))
    return max(1.0, middle / NORMAL_QUARTILE)


def _by_study(trials: Sequence[Trial]) -> list[list[Trial]]:
    """Return cards that leave together."""
    found: dict[str, list[Trial]] = {}
    for trial in trials:
        found.setdefault(study(trial), []).append(trial)
    return list(found.values())


def _foretold(
    terms: Sequence[Term],
    spread: Floats,
    slopes: Floats,
    dx: Floats,
    inverse: Floats,
    moved: tuple[str, float],
) -> list[LeftOut]:
    """Return the terms of a trial when the numbers move by dx and their doubt is `inverse`."""
    change = slopes @ dx
    narrow = np.sqrt(np.diag(spread))
    wide = np.sqrt(np.diag(spread + OVERDISPERSION**2 * slopes @ inverse @ slopes.T))
    return [
        LeftOut(
            term.trial, term.name, term.observed, term.predicted,
            _moved_to(term, float(change[n])),
            term.residual / float(narrow[n]), (term.residual + float(change[n])) / float(wide[n]),
            *moved,
        )
        for n, term in enumerate(terms)
    ]  # fmt: skip


def _moved_to(term: Term, change: float) -> float:
    """Return the prediction of a term whose residual changes; nobody's share stays where it is."""
    if term.precision == 0.0:
        return term.predicted
    foretold = term.predicted - change / term.precision
    return min(max(foretold, 0.0), 1.0) if term.is_share else foretold


# ------------------------------------------------------------------ rivals


def separation(
    evidence: Evidence, structure: Structure, *, seed: int, recruits: int = RECRUITS
) -> list[Separated]:
    """Return how well rival explanations of falling later steps are told apart.

    Selection (the persistent share of depth: who fails is more deeply ill) against harm per failure
    (every failed step takes away some depth), and the general trait of treatability against traits
    of a class. Harm is no number of the model; here each failed step of a sequence takes it away
    from the contact of the next.

    Args:
        evidence: cards.
        structure: with a calibrated card and the default correlation.
        seed: patient luck.
        recruits: stock patients among whom each trial recruits.

    Raises:
        RunError: the structure has no calibrated card.
    """
    likelihood, x = _at_card(evidence, structure, seed, recruits)
    jacobian = likelihood.jacobian(x)
    response = f"disease.{evidence.the(Response).id}."
    shares = [free_number(evidence, response + name) for name in (GENERAL, OF_CLASS)]
    harm = (_with_harm(likelihood, x, HARM_STEP) - likelihood.residuals(x)) / HARM_STEP
    more = [_moved(likelihood, x, one) for one in shares]
    names = [one.path for one in likelihood.free] + [one.path for one in shares] + [HARM]
    slopes = np.column_stack([jacobian, *more, harm])
    prior = np.zeros((len(shares), slopes.shape[1]))
    for n in range(len(shares)):
        prior[n, jacobian.shape[1] + n] = 1.0
    rows = likelihood.rows()
    steps = [rows[trial.id] for trial in likelihood.trials if trial.design == SEQUENCE]
    priors = np.arange(sum(map(len, rows.values())), len(slopes))
    kept = {"sequences": np.concatenate([*steps, priors]), "all": np.arange(len(slopes))}
    scale = _scales(likelihood.free, shares, x)
    prior_sd = [*scale[:-1], np.inf]
    pairs = [
        (response + PERSISTENT, HARM), (HARM, response + PERSISTENT),
        (response + GENERAL, response + OF_CLASS), (response + OF_CLASS, response + GENERAL),
    ]  # fmt: skip
    return [
        _separated(which, np.vstack([slopes[own], prior]), names, scale, prior_sd, number, rival)
        for which, own in kept.items()
        for number, rival in pairs
        if number in names and rival in names
    ]


def _separated(
    which: str,
    joint: Floats,
    names: Sequence[str],
    scale: Sequence[float],
    prior_sd: Sequence[float],
    number: str,
    rival: str,
) -> Separated:
    """Return how well a number is known when its rival, but no other stranger, is in doubt too."""
    strangers = {HARM, *(n for n in names if n.endswith((GENERAL, OF_CLASS)))} - {number, rival}
    kept = [n for n, name in enumerate(names) if name not in strangers]
    covariance = OVERDISPERSION**2 * np.linalg.inv(joint[:, kept].T @ joint[:, kept])
    a, b = (kept.index(names.index(one)) for one in (number, rival))
    n = names.index(number)
    alone = OVERDISPERSION / float(np.linalg.norm(joint[:, n]))
    sd = float(np.sqrt(covariance[a, a])) * scale[n]
    told = told_share(sd, prior_sd[n]) if np.isfinite(prior_sd[n]) else np.nan
    return Separated(
        which, number, rival, alone * scale[n], sd, float(prior_sd[n]), float(told),
        float(covariance[a, b] / np.sqrt(covariance[a, a] * covariance[b, b])),
    )  # fmt: skip


def _scales(free: Sequence[Free], shares: Sequence[Free], x: Floats) -> list[float]:
    """Return the change of each number by one prior standard deviation; 1 for harm."""
    fitted = [one.slope(float(at)) for one, at in zip(free, x, strict=True)]
    return [*fitted, *(one.slope(0.0) for one in shares), 1.0]


def _moved(likelihood: Likelihood, x: Floats, one: Free) -> Floats:
    """Return the change of the residuals with a number that is not fitted."""
    values = dict(values_at(likelihood.free, x))
    parts = []
    for at in (0.0, STEP):
        moved = {**values, one.path: one.value(at)}
        parameters = trial_parameters_of(likelihood.evidence, likelihood.structure, moved)
        parts.append(np.concatenate([likelihood.trial_residuals(parameters), x]))
    return np.asarray((parts[1] - parts[0]) / STEP)


def _with_harm(likelihood: Likelihood, x: Floats, harm: float) -> Floats:
    return np.concatenate([likelihood.trial_residuals(likelihood.parameters(x), harm), x])


def _at_card(
    evidence: Evidence, structure: Structure, seed: int, recruits: int
) -> tuple[Likelihood, Floats]:
    """Return the likelihood of the shipped trials, and the fitted point of the structure."""
    card = card_of(evidence, structure)
    likelihood = Likelihood(evidence, structure, fit_trials(evidence), seed=seed, recruits=recruits)
    x = starting_point(likelihood.free, fitted_values(evidence, card))
    likelihood.measure_settings(x)
    return likelihood, x
