"""Does it agree: every published number beside the model's, with the interval it should lie in.

The interval (`popmodel.trials.interval`) holds sampling error of a trial of that size (pooled
rates: of no more people than a fit counts), the effect of its setting and, where asked, doubt about
the fitted numbers. A number that was recalled and not read is given twice the spread. Numbers held
back get the spread that fitted studies showed when they were left out one by one: studies differ by
more than their cards say, and a fit cannot see it in the numbers that it moved to.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scipy.stats import binom

from popmodel.errors import NotMet, RunError
from popmodel.evidence.held_out import left_out_scale
from popmodel.evidence.load import Evidence
from popmodel.evidence.schema import Trial
from popmodel.parameters import Parameters
from popmodel.trials.calibrate import SHIFT
from popmodel.trials.emulate import Emulator, Prediction, published
from popmodel.trials.interval import normal_interval, share_interval
from popmodel.trials.recruits import ENOUGH
from popmodel.trials.terms import LEAST, MOST_POOLED, SETTING_SD, observed_share, people

Doubt = Mapping[str, Sequence[float]]

RECALLED_WIDER: Final = 2.0
LEAST_NEAR: Final = 0.90
"""Share of the fitted numbers that must lie within two standard deviations."""
NEAR: Final = 2.0
ROUNDING: Final = 1e-9
COVERED: Final = 0.95
SURE: Final = 0.975
"""Chance that no more numbers lie outside than are allowed, when intervals hold what they say."""


@dataclass(frozen=True)
class Row:
    """One published number and what the model expects.

    Attributes:
        trial: id.
        use: fit or test.
        name: arm, measure and day.
        observed: what was published.
        predicted: what the model expects; nan if not emulated.
        low: lower end of the 95 % prediction interval.
        high: its upper end.
        z: distance in standard deviations of the prediction.
        note: why it is not emulated, or what to beware of; empty if nothing.
        measure: what was measured.
        people: how many a share may stand for; 0 for a mean or contrast.
        sd: standard deviation of the published number around the prediction.
        line: line of treatment: one more than the failures its people had.
        se: standard error of the published number, sampling alone.
    """

    trial: str
    use: str
    name: str
    observed: float
    predicted: float
    low: float
    high: float
    z: float
    note: str = ""
    measure: str = ""
    people: float = 0.0
    sd: float = math.nan
    line: int = 1
    se: float = math.nan

    @property
    def outside(self) -> bool:
        """Whether the published number lies outside the interval."""
        return self.observed < self.low or self.observed > self.high


def validate(
    evidence: Evidence,
    parameters: Parameters,
    *,
    seed: int,
    recruits: int,
    doubt: Doubt | None = None,
) -> list[Row]:
    """Return one row for every published number of every trial card.

    Args:
        evidence: cards.
        parameters: compiled (calibrated) parameters of one structure.
        seed: patient luck.
        recruits: stock patients among whom each trial recruits.
        doubt: spread of the predictions of each trial that doubt about the fitted numbers makes
            (`popmodel.trials.doubt`), in the order of its numbers; none when None. It widens the
            intervals of numbers held back: those fitted have narrowed it themselves.
    """
    emulator = Emulator(seed, recruits)
    return [
        row
        for trial in evidence.trials.values()
        for row in _rows(trial, parameters, emulator, (doubt or {}).get(trial.id))
    ]


def _rows(
    trial: Trial, parameters: Parameters, emulator: Emulator, doubt: Sequence[float] | None
) -> Iterable[Row]:
    try:
        predictions = emulator.predict(trial, parameters)
        moved = predictions if trial.pooled else emulator.predict(trial, parameters, SHIFT)
    except RunError as error:
        for row in published(trial):
            yield _row(trial, row, 0.0, str(error))
        return
    for number, (row, shifted) in enumerate(zip(predictions, moved, strict=True)):
        slope = 0.0 if row.problem else (shifted.value - row.value) / SHIFT
        spread = 0.0
        if doubt is not None and trial.use == "test" and not row.problem:
            spread = doubt[number]
        yield _row(trial, row, math.hypot(SETTING_SD * slope, spread), row.problem)


def _row(trial: Trial, row: Prediction, spread: float, problem: str) -> Row:
    name = f"{row.arm} {row.measure} {row.days:g} d" + (" (ever)" if row.ever else "")
    contrast = row.result.mean is not None
    observed = float(row.result.mean or 0.0) if contrast else observed_share(trial, row)
    size, line = 0.0 if contrast else _size(trial, row), line_of(trial, row.arm)
    if problem:
        nan = math.nan
        return Row(
            trial.id, trial.use, name, observed, nan, nan, nan, nan, problem, row.measure, size,
            line=line,
        )  # fmt: skip
    se = _sampling_sd(trial, row)
    sd = math.hypot(se, spread)
    notes = []
    if trial.outcomes[row.outcome].seen is False or trial.seen is False:
        sd *= RECALLED_WIDER
        notes.append("recalled")
    if trial.use == "test":
        sd *= left_out_scale()
    if row.effective < ENOUGH:
        notes.append(f"effective sample {row.effective:.0%} of recruits")
    low, high = normal_interval(row.value, sd) if contrast else share_interval(row.value, size, sd)
    return Row(
        trial.id, trial.use, name, observed, row.value, low, high, (observed - row.value) / sd,
        ", ".join(notes), row.measure, size, sd, line, se,
    )  # fmt: skip


def line_of(trial: Trial, arm: str) -> int:
    """Return the line of treatment of an arm: one more than the failures its people had."""
    failed = trial.include.failed_trials
    least = 0.0 if failed is None else failed.at_least or 0.0
    step = list(trial.arms).index(arm) if trial.design == "sequence" else 0
    return 1 + round(least) + step


def _sampling_sd(trial: Trial, row: Prediction) -> float:
    """Return the standard deviation of a published number around its expectation."""
    size = _size(trial, row)
    if row.result.mean is None:
        p = min(max(row.value, LEAST), 1.0 - LEAST)
        return math.sqrt(p * (1.0 - p) / size)
    if row.result.se is not None:
        return row.result.se
    return (row.result.sd or row.spread) / math.sqrt(size)


def _size(trial: Trial, row: Prediction) -> float:
    """Return how many people a published number may stand for; pooled ones differ by more."""
    size = people(trial, row)
    return min(size, MOST_POOLED) if trial.pooled else size


def outside(rows: Iterable[Row], use: str) -> tuple[int, int]:
    """Return how many numbers of a use lie outside their interval, of how many emulated."""
    known = [row for row in rows if row.use == use and not math.isnan(row.z)]
    return sum(row.outside for row in known), len(known)


@dataclass(frozen=True)
class Agreement:
    """How the numbers of one use agree, and what is asked of them.

    Attributes:
        use: fit or test.
        numbers: how many were emulated.
        outside: how many lie outside their 95 % interval.
        near: share within two standard deviations; nan of none.
        allowed: most that may lie outside.
        met: whether what is asked of this use holds.
    """

    use: str
    numbers: int
    outside: int
    near: float
    allowed: int
    met: bool


def agreement(rows: Iterable[Row], use: str) -> Agreement:
    """Return how the numbers of a use agree.

    Of those fitted nine in ten must lie within two standard deviations. Of those held back no more
    may lie outside than a binomial count with 5 % exceeds once in forty; numbers of a trial hang
    together, so this asks more than it says.
    """
    known = [row for row in rows if row.use == use and not math.isnan(row.z)]
    missed, count = outside(known, use)
    near = sum(abs(row.z) < NEAR for row in known) / count if count else math.nan
    if use == "fit":
        allowed = math.floor((1.0 - LEAST_NEAR) * count + ROUNDING)
        return Agreement(use, count, missed, near, allowed, not near < LEAST_NEAR)
    allowed = int(binom.ppf(SURE, count, 1.0 - COVERED)) if count else 0
    return Agreement(use, count, missed, near, allowed, missed <= allowed)


def require_agreement(rows: Iterable[Row]) -> None:
    """Raise if the published numbers do not agree as `agreement` asks.

    Raises:
        NotMet: with what does not hold.
    """
    rows = list(rows)
    told = []
    for found in (agreement(rows, "fit"), agreement(rows, "test")):
        if not found.met and found.use == "fit":
            told.append(
                f"{found.near:.0%} of {found.numbers} fitted numbers lie within two standard "
                f"deviations, {LEAST_NEAR:.0%} must"
            )
        elif not found.met:
            told.append(
                f"{found.outside} of {found.numbers} numbers held back lie outside their interval, "
                f"{found.allowed} may"
            )
    if told:
        raise NotMet("; ".join(told))
