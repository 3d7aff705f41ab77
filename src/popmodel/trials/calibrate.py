"""Fit depth, contacts and potencies to all trials at once, in the model's own engine.

Maximum of likelihood times prior by least squares over signed root deviances and prior residuals.
The same patients with the same luck meet every parameter set, so the fit sees no noise but that of
who is recruited; finite differences are taken over steps that are wide against it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from popmodel.evidence.load import Evidence
from popmodel.evidence.schema import Response, Trial
from popmodel.parameters import Parameters, Structure, compile_parameters
from popmodel.trials.emulate import (
    DROPOUTS,
    HAZARDS,
    MEDIAN,
    RELAPSE,
    Emulator,
    unknown_design,
    unknown_outcome,
)
from popmodel.trials.free import Free, free_parameters, values_at
from popmodel.trials.rates import RATES
from popmodel.trials.terms import (
    SETTING_SD,
    Term,
    has_own_contact,
    most_people,
    own_contacts,
    study,
    terms_of,
    whitening,
)
from popmodel.units import DAYS_PER_YEAR

Floats = NDArray[np.float64]
Tell = Callable[[str], None]

RECRUITS: Final = 8192
STEP: Final = 0.25
"""Finite-difference step, in (widened) prior standard deviations."""
FARTHEST: Final = 3.5
"""How far from its prior median a number may go, in prior standard deviations."""
OVERDISPERSION: Final = 1.3
"""Standard errors are multiplied by this: deviance by degrees of freedom of the prototype fit."""
SHIFT: Final = 0.10
"""Change of contact by which the effect of a setting is measured, in units of depth."""
EVALUATIONS: Final = 6
FLAT: Final = 2e-3
"""Relative change of the deviance at which the search ends."""


@dataclass(frozen=True)
class Fit:
    """What a calibration found.

    Attributes:
        structure: what it holds for.
        free: what was fitted.
        x: where, in prior standard deviations from the prior median.
        values: fitted values by path.
        covariance: of the values, in the order of `free`, overdispersion included.
        terms: every published number beside the fitted one.
        z: residual of each term, the setting's effect counted as spread.
        deviance: of the trials, setting effects taken out; priors not counted.
        penalty: sum of squared prior residuals.
    """

    structure: Structure
    free: tuple[Free, ...]
    x: Floats
    values: Mapping[str, float]
    covariance: Floats
    terms: tuple[Term, ...]
    z: tuple[float, ...]
    deviance: float
    penalty: float


class Likelihood:
    """The residuals of all fitted trials under one parameter set after another."""

    def __init__(
        self,
        evidence: Evidence,
        structure: Structure,
        trials: Sequence[Trial],
        *,
        seed: int,
        recruits: int,
    ) -> None:
        """Make a likelihood; arguments as in `calibrate`."""
        self.evidence = evidence
        self.structure = structure
        self.trials = [trial for trial in trials if is_emulated(trial)]
        self.free = free_parameters(evidence, structure, self.trials)
        self.rough = f"disease.{evidence.the(Response).id}."
        self._settled = {t.id for t in self.trials if has_own_contact(t, self.trials, evidence)}
        self._emulator = Emulator(seed, recruits)
        self._whitening: dict[str, Floats] = {}
        self._spread: dict[str, Floats] = {}
        self.measure_settings(np.zeros(len(self.free)))

    def parameters(self, x: Floats) -> Parameters:
        """Return compiled parameters at a point."""
        return trial_parameters_of(self.evidence, self.structure, values_at(self.free, x))

    def terms(
        self, trial: Trial, parameters: Parameters, shift: float = 0.0, harm: float = 0.0
    ) -> list[Term]:
        """Return the terms of one trial; `shift` and `harm` as in `Emulator.predict`."""
        predictions = self._emulator.predict(trial, parameters, shift, harm)
        return terms_of(trial, predictions, most_people(trial, trial.id in self._settled))

    def measure_settings(self, x: Floats) -> None:
        """Measure at a point how a setting's effect would move the terms of each trial."""
        parameters = self.parameters(x)
        for trial in self.trials:
            terms = self.terms(trial, parameters)
            slopes = [0.0] * len(terms)
            if not trial.pooled and trial.id not in self._settled:
                moved = self.terms(trial, parameters, SHIFT)
                slopes = [
                    (m.predicted - t.predicted) / SHIFT for m, t in zip(moved, terms, strict=True)
                ]
            self._whitening[trial.id] = whitening(terms, slopes)
            self._spread[trial.id] = np.linalg.norm(
                np.linalg.inv(self._whitening[trial.id]), axis=1
            )

    def residuals(self, x: Floats) -> Floats:
        """Return whitened residuals of all trials, then those of the priors."""
        return np.concatenate(
            [self.trial_residuals(self.parameters(x)), np.asarray(x, dtype=float)]
        )

    def trial_residuals(self, parameters: Parameters, harm: float = 0.0) -> Floats:
        """Return whitened residuals of all trials, in their order; `harm` as in the emulator."""
        return np.concatenate([
            self._whitening[trial.id]
            @ np.array([term.residual for term in self.terms(trial, parameters, harm=harm)])
            for trial in self.trials
        ])  # fmt: skip

    def rows(self) -> dict[str, NDArray[np.int64]]:
        """Return the positions of each trial's residuals."""
        ends = np.cumsum([len(self._whitening[trial.id]) for trial in self.trials])
        return {
            trial.id: np.arange(end - len(self._whitening[trial.id]), end)
            for trial, end in zip(self.trials, ends, strict=True)
        }

    def unwhitened(self, trial: str) -> Floats:
        """Return the matrix that turns whitened residuals of a trial back into its terms'."""
        return np.asarray(np.linalg.inv(self._whitening[trial]))

    def jacobian(self, x: Floats, which: Sequence[int] | None = None) -> Floats:
        """Return derivatives of the residuals by differences over `STEP`, towards the middle.

        Args:
            x: the point.
            which: positions of the numbers to differentiate by; all when None.
        """
        here = self.residuals(x)
        columns = []
        for n in range(len(x)) if which is None else which:
            step = -STEP if x[n] > 0.0 else STEP
            moved = np.array(x, dtype=float)
            moved[n] += step
            columns.append((self.residuals(moved) - here) / step)
        return np.column_stack(columns)

    def report(self, x: Floats) -> tuple[tuple[Term, ...], tuple[float, ...]]:
        """Return all terms at a point, and their residuals over all spread."""
        parameters = self.parameters(x)
        terms, z = [], []
        for trial in self.trials:
            found = self.terms(trial, parameters)
            terms += found
            z += [t.residual / s for t, s in zip(found, self._spread[trial.id], strict=True)]
        return tuple(terms), tuple(z)


def is_emulated(trial: Trial) -> bool:
    """Tell whether a trial can stand in a fit: all is emulated, and what is free moves it.

    Nothing that is fitted moves relapse, drop-out or rates of harm.
    """
    fixed = any(
        outcome.measure in (RELAPSE, *DROPOUTS, *HAZARDS, *RATES, MEDIAN)
        for outcome in trial.outcomes
    )
    return (
        not fixed
        and not unknown_design(trial)
        and not any(unknown_outcome(trial, outcome) for outcome in trial.outcomes)
    )


def fit_trials(evidence: Evidence) -> list[Trial]:
    """Return the trials that may be fitted; a recalled number may only test."""
    return [
        trial
        for trial in evidence.trials.values()
        if trial.use == "fit" and not has_recalled(trial)
    ]


def has_recalled(trial: Trial) -> bool:
    """Tell whether any number of a trial was not read in its source."""
    return trial.seen is False or any(outcome.seen is False for outcome in trial.outcomes)


def calibrate(
    evidence: Evidence,
    structure: Structure,
    *,
    seed: int,
    recruits: int = RECRUITS,
    start: Mapping[str, float] | None = None,
    evaluations: int = EVALUATIONS,
    trials: Sequence[Trial] | None = None,
    tell: Tell | None = None,
) -> Fit:
    """Fit all free numbers to all trials marked `fit`.

    Args:
        evidence: cards.
        structure: structural choices the fit holds for.
        seed: patient luck.
        recruits: stock patients among whom each trial recruits.
        start: values by path to start from; prior medians when None.
        evaluations: parameter sets tried at most; 0 reads the fit where it starts.
        trials: what is fitted; the cards marked `fit` when None.
        tell: called with a line about every parameter set tried.
    """
    chosen = fit_trials(evidence) if trials is None else trials
    likelihood = Likelihood(evidence, structure, chosen, seed=seed, recruits=recruits)
    x = starting_point(likelihood.free, start or {})
    likelihood.measure_settings(x)
    if evaluations > 0:
        x = search(likelihood, x, evaluations, tell)
    jacobian = likelihood.jacobian(x)
    terms, z = likelihood.report(x)
    penalty = float(x @ x)
    return Fit(
        structure, tuple(likelihood.free), x, values_at(likelihood.free, x),
        covariance_of(likelihood, x, jacobian), terms, z,
        float(np.sum(likelihood.residuals(x) ** 2)) - penalty, penalty,
    )  # fmt: skip


def trial_parameters_of(
    evidence: Evidence, structure: Structure, values: Mapping[str, float] | None = None
) -> Parameters:
    """Return parameters to emulate trials with; prices of the setting do not matter here.

    Args:
        evidence: cards; the first setting and population are taken.
        structure: structural choices.
        values: by path; what the calibrated card says when None.
    """
    return compile_parameters(
        evidence,
        structure,
        setting=next(iter(evidence.settings)),
        population=next(iter(evidence.population)),
        horizon_days=DAYS_PER_YEAR,
        draw=values,
    )


def starting_point(free: Sequence[Free], start: Mapping[str, float]) -> Floats:
    """Return where a search starts, in prior standard deviations."""
    x = np.zeros(len(free))
    for n, one in enumerate(free):
        if one.path in start:
            x[n] = np.clip(one.at(start[one.path]), -FARTHEST, FARTHEST)
    return x


def search(
    likelihood: Likelihood, x: Floats, evaluations: int = EVALUATIONS, tell: Tell | None = None
) -> Floats:
    """Return the best point found: first by moving everything, then with depth held.

    Recruits change with depth, one by one, so the deviance is rough in it and smooth in most
    contacts and potencies: once depth is about right, these are polished alone.

    Args:
        likelihood: what is made large.
        x: where the search starts.
        evaluations: points tried in each half.
        tell: called with a line about every point tried.
    """
    everything = list(range(len(x)))
    smooth = [
        n for n, one in enumerate(likelihood.free) if not one.path.startswith(likelihood.rough)
    ]
    for which in (everything, smooth):
        x = _descend(likelihood, np.array(x, dtype=float), which, evaluations, tell)
    return x


def _descend(
    likelihood: Likelihood, x: Floats, which: Sequence[int], evaluations: int, tell: Tell | None
) -> Floats:
    """Return where least squares ends when it moves only some of the numbers."""

    def at(part: Floats) -> Floats:
        moved = x.copy()
        moved[which] = part
        return moved

    def residuals(part: Floats) -> Floats:
        found = likelihood.residuals(at(part))
        if tell is not None:
            tell(f"{len(which)} numbers free: deviance with priors {found @ found:.2f}")
        return found

    def slopes(part: Floats) -> Floats:
        return likelihood.jacobian(at(part), which)

    found = least_squares(
        residuals,
        x[which],
        jac=slopes,
        bounds=(-FARTHEST, FARTHEST),
        ftol=FLAT,
        xtol=1e-3,
        gtol=1e-3,
        max_nfev=evaluations,
    )
    return at(found.x)


def covariance_of(likelihood: Likelihood, x: Floats, jacobian: Floats) -> Floats:
    """Return the covariance of the values from the residuals' derivatives, overdispersed.

    A contact that one single trial has met would differ in another setting: its variance grows,
    unless the rate is pooled over many settings.
    """
    free = likelihood.free
    slopes = np.array([one.slope(float(at)) for one, at in zip(free, x, strict=True)])
    covariance = OVERDISPERSION**2 * np.linalg.inv(jacobian.T @ jacobian)
    covariance *= np.outer(slopes, slopes)
    pooled = {study(trial) for trial in likelihood.trials if trial.pooled}
    own = own_contacts(likelihood.trials, likelihood.evidence)
    alone = {f"contacts.{name}.level" for name, who in own.items() if who not in pooled}
    for n, one in enumerate(free):
        covariance[n, n] += SETTING_SD**2 * (one.path in alone)
    return np.asarray(covariance)
