"""What a fit compares: one term for every independent published number of a trial.

Response and remission given response of one arm are independent, and so are the increments of a
cumulative count; remission beside response, or a cumulative count beside the next, is not. Counts
are compared by their signed root deviance, means and contrasts by their standard error. Trials
differ by more than chance: a setting moves all its arms together by a normal effect on contact,
which ties the terms of a trial; pooled rates and trials with a contact of their own have none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from popmodel.evidence.load import Evidence
from popmodel.evidence.schema import Trial
from popmodel.trials.emulate import Prediction, response_beside

Floats = NDArray[np.float64]

MOST: Final = 400.0
"""Largest sample a count may stand for: between trials there is more than sampling error."""
MOST_POOLED: Final = 200.0
SETTING_SD: Final = 0.30
"""Between settings, in units of depth: full courses of ECT differ by .35 between hospitals."""
LEAST: Final = 1e-4
"""Predicted shares are kept this far from 0 and 1."""


@dataclass(frozen=True)
class Term:
    """One published number beside the model's.

    Attributes:
        trial: id.
        name: what it is, in words.
        observed: share, mean or contrast.
        predicted: the model's.
        size: people behind a share (capped), 0 where nobody responded who could remit; 0 for a
            mean or contrast.
        se: standard error of a mean or contrast; nan for a share.
    """

    trial: str
    name: str
    observed: float
    predicted: float
    size: float
    se: float

    @property
    def is_share(self) -> bool:
        """Whether it is a share of people."""
        return math.isnan(self.se)

    @property
    def residual(self) -> float:
        """Signed root deviance of a share; standardised difference of a mean or contrast."""
        if not self.is_share:
            return (self.observed - self.predicted) / self.se
        return signed_root_deviance(self.observed, self.predicted, self.size)

    @property
    def precision(self) -> float:
        """One over the standard error that the model's prediction implies."""
        if not self.is_share:
            return 1.0 / self.se
        p = min(max(self.predicted, LEAST), 1.0 - LEAST)
        return math.sqrt(self.size / (p * (1.0 - p)))


def signed_root_deviance(observed: float, predicted: float, size: float) -> float:
    """Return the signed root of a binomial deviance.

    Args:
        observed: share seen, 0 and 1 allowed.
        predicted: share expected.
        size: people.
    """
    p = min(max(predicted, LEAST), 1.0 - LEAST)
    total = 0.0
    for seen, expected in ((observed, p), (1.0 - observed, 1.0 - p)):
        if seen > 0.0:
            total += seen * math.log(seen / expected)
    return math.copysign(math.sqrt(max(0.0, 2.0 * size * total)), observed - p)


def terms_of(trial: Trial, predictions: Sequence[Prediction], most: float = math.inf) -> list[Term]:
    """Return the independent terms of a trial; numbers that are not emulated are left out.

    Args:
        trial: the card.
        predictions: what `emulate` said about it.
        most: largest sample that a count may stand for.
    """
    known = [row for row in predictions if not row.problem]
    return [_term(trial, row, known, most) for row in known]


def most_people(trial: Trial, settles: bool) -> float:
    """Return the largest sample that a count of a trial may stand for.

    Args:
        trial: the card.
        settles: a contact of its own takes up how the trial differs from others, so its counts are
            as sure as they are printed.
    """
    if trial.pooled:
        return MOST_POOLED
    return math.inf if settles else MOST


def _term(trial: Trial, row: Prediction, rows: Sequence[Prediction], most: float) -> Term:
    name = f"{row.arm} {row.measure} {row.days:g} d"
    if row.result.mean is not None:
        se = row.result.se or (row.result.sd or math.nan) / math.sqrt(people(trial, row))
        return Term(trial.id, name, row.result.mean, row.value, 0.0, se)
    size, observed, predicted = people(trial, row), observed_share(trial, row), row.value
    response = response_beside(trial, row)
    earlier = _earlier(row, rows)
    if response is not None:
        rate = response.results[row.arm]
        base = rate.share if rate.count is None else rate.count / (rate.of or size)
        base = base or 0.0
        name += " given response"
        size, observed = size * base, min(1.0, observed / base) if base > 0.0 else 0.0
        predicted = row.given_response
    elif earlier is not None:
        before = observed_share(trial, earlier)
        name += f" after {earlier.days:g} d"
        size *= 1.0 - before
        observed = (observed - before) / (1.0 - before)
        predicted = (predicted - earlier.value) / (1.0 - earlier.value)
    return Term(trial.id, name, observed, predicted, min(size, most), math.nan)


def people(trial: Trial, row: Prediction) -> float:
    """Return how many people a published number stands for."""
    return float(row.result.of or trial.arms[row.arm].patients or 0)


def observed_share(trial: Trial, row: Prediction) -> float:
    """Return a published share."""
    if row.result.share is not None:
        return float(row.result.share)
    return float(row.result.count or 0) / people(trial, row)


def _earlier(row: Prediction, rows: Sequence[Prediction]) -> Prediction | None:
    """Return the same cumulative count at the reading before, if there is one."""
    same = [
        other
        for other in rows
        if row.ever and other.ever and other.arm == row.arm and other.measure == row.measure
        and other.days < row.days
    ]  # fmt: skip
    return max(same, key=lambda other: other.days, default=None)


def contacts_met(trial: Trial, evidence: Evidence) -> set[str]:
    """Return the contacts that the arms of a trial have."""
    named = {arm.contact for arm in trial.arms.values() if arm.contact is not None}
    silent = {arm.treat for arm in trial.arms.values() if arm.contact is None}
    return named | {evidence.treatments[name].contact for name in silent if name is not None}


def own_contacts(trials: Sequence[Trial], evidence: Evidence) -> dict[str, str]:
    """Return the contacts that one single trial meets (all its cards count as one), by contact.

    The level of such a contact holds the setting of its trial already.
    """
    met: dict[str, set[str]] = {}
    for trial in trials:
        for contact in contacts_met(trial, evidence):
            met.setdefault(contact, set()).add(study(trial))
    return {contact: min(who) for contact, who in met.items() if len(who) == 1}


def study(trial: Trial) -> str:
    """Return what study a card belongs to: recruits and arms alike, split by outcome."""
    return f"{trial.baseline.severity} {trial.include}"


def has_own_contact(trial: Trial, trials: Sequence[Trial], evidence: Evidence) -> bool:
    """Tell whether a trial has a contact that no other one of these trials has."""
    own = own_contacts(trials, evidence)
    return any(own.get(contact) == study(trial) for contact in contacts_met(trial, evidence))


def whitening(terms: Sequence[Term], slopes: Sequence[float]) -> Floats:
    """Return W so that W r has unit covariance, where r are the residuals of one trial.

    The covariance of r is I + sd^2 g g', g = slope x precision: sampling and the setting's effect.

    Args:
        terms: terms of the trial.
        slopes: change of each prediction by one unit of contact; zeros without a setting effect.
    """
    g = np.array([t.precision * s for t, s in zip(terms, slopes, strict=True)])
    covariance = np.eye(len(terms)) + SETTING_SD**2 * np.outer(g, g)
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)))
