"""Emulate a published trial: the same patients, arms, days and outcomes in our own engine.

Measured scores are true scores with a normal error, so the chance that a measured score lies at or
under a cut is known: Phi((cut - S) / sd). Predictions average these chances over recruits and are
smooth. What was counted `ever` is the first passage of the true score at a reading.
"""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from popmodel.evidence.schema import ArmResult, Trial, TrialOutcome
from popmodel.evidence.schema.scales import OWN
from popmodel.parameters import Parameters
from popmodel.parameters.scales import from_madrs, to_madrs
from popmodel.trials.arms import Reading, next_step, run_arm
from popmodel.trials.crossover import read_condition
from popmodel.trials.dropout import dropout
from popmodel.trials.rates import RATES, cohort_rate, reading_days
from popmodel.trials.recruits import Recruits, draw_stock, recruit, stock_of
from popmodel.trials.withdrawal import (
    log_hazard_ratio,
    relapse_share,
    relapses,
    weighted_median,
)

Floats = NDArray[np.float64]

HALF: Final = 0.5
STOCKS_KEPT: Final = 8
LATER_STEPS: Final = 4
"""A sequence recruits so many times more: few of them enter its later steps."""
DESIGNS: Final = ("parallel", "single_arm", "sequence", "withdrawal", "crossover")
CONTRASTED: Final = ("parallel", "crossover")
SHARES: Final = ("response", "remission")
RELAPSE: Final = "relapse"
HAZARDS: Final = ("hazard_ratio", "log_hazard_ratio")
MEDIAN: Final = "median_days"
"""To relapse in a withdrawal trial, to the first remission in others."""
DROPOUTS: Final = ("dropout", "dropout_slope")
MEANS: Final = ("mean_change", "relative_change")
CONTRASTS: Final = (
    "mean_difference", "standardised_difference", "log_odds_ratio", "log_risk_ratio", "interaction",
)  # fmt: skip


@dataclass(frozen=True)
class Prediction:
    """What the model says about one published number.

    Attributes:
        trial: id.
        outcome: position of the outcome on the card.
        arm: name of the arm; for a contrast the arm it stands on (first minus last).
        measure: what was measured.
        days: day of reading, or length of the window.
        ever: counted whenever it was reached, not only at the reading.
        result: what was published.
        value: predicted share, mean or contrast; nan where it is not emulated.
        given_response: predicted share of the responders that remit, nan where not asked.
        effective: effective share of the recruits.
        spread: standard deviation between people of what a mean averages; nan otherwise.
        problem: why there is no prediction; empty if there is one.
    """

    trial: str
    outcome: int
    arm: str
    measure: str
    days: float
    ever: bool
    result: ArmResult
    value: float
    given_response: float = math.nan
    effective: float = 1.0
    spread: float = math.nan
    problem: str = ""


class Emulator:
    """Emulates trials under one parameter set after another and remembers what did not change."""

    def __init__(self, seed: int, size: int) -> None:
        """Make an emulator.

        Args:
            seed: patient luck; the same for every parameter set.
            size: stock patients among whom each trial recruits.
        """
        self.seed = seed
        self.size = size
        self._stocks: OrderedDict[tuple[Any, ...], NDArray[Any]] = OrderedDict()
        self._predictions: dict[tuple[Any, ...], list[Prediction]] = {}

    def predict(
        self, trial: Trial, parameters: Parameters, shift: float = 0.0, harm: float = 0.0
    ) -> list[Prediction]:
        """Return a prediction for every published number of a trial, in the card's order.

        Args:
            trial: the card.
            parameters: compiled parameters of one structure.
            shift: added to the contact of every arm, the effect of a setting.
            harm: taken from the contact of a step for every failed step before it.

        Raises:
            RunError: nobody can be recruited.
        """
        key = (trial.id, shift, harm, fingerprint(parameters, trial))
        if key not in self._predictions:
            self._predictions[key] = self._emulate(trial, parameters, shift, harm)
        return self._predictions[key]

    def _emulate(
        self, trial: Trial, parameters: Parameters, shift: float, harm: float
    ) -> list[Prediction]:
        problem = unknown_design(trial)
        if problem:
            return [replace(row, problem=problem) for row in published(trial)]
        recruits = recruit(trial, self._stock(trial, parameters), parameters)
        view = _View(trial, parameters, recruits, shift, harm)
        return [view.predict(row) for row in published(trial)]

    def _stock(self, trial: Trial, parameters: Parameters) -> NDArray[Any]:
        stock = stock_of(trial)
        size = self.size * (LATER_STEPS if trial.design == "sequence" else 1)
        key = (stock, size, fingerprint(parameters, None))
        if key not in self._stocks:
            self._stocks[key] = draw_stock(parameters, stock, self.seed, size)
            if len(self._stocks) > STOCKS_KEPT:
                self._stocks.popitem(last=False)
        self._stocks.move_to_end(key)
        return self._stocks[key]


def emulate(trial: Trial, parameters: Parameters, seed: int, size: int) -> list[Prediction]:
    """Return a prediction for every published number of one trial.

    Args:
        trial: the card.
        parameters: compiled parameters of one structure.
        seed: patient luck.
        size: stock patients among whom the trial recruits.
    """
    return Emulator(seed, size).predict(trial, parameters)


def published(trial: Trial) -> Iterator[Prediction]:
    """Yield a row without a prediction for every published number."""
    for number, outcome in enumerate(trial.outcomes):
        for arm in sorted(outcome.results, key=list(trial.arms).index):
            yield Prediction(
                trial.id, number, arm, outcome.measure, outcome.at_days or math.nan,
                outcome.count == "ever", outcome.results[arm], math.nan,
            )  # fmt: skip


def unknown_design(trial: Trial) -> str:
    """Return why a trial cannot be emulated as a whole; empty if it can."""
    if trial.design not in DESIGNS:
        return f"not yet emulated: design {trial.design}"
    return ""


def unknown_outcome(trial: Trial, outcome: TrialOutcome) -> str:
    """Return why an outcome cannot be emulated; empty if it can."""
    contrast = outcome.measure in CONTRASTS
    known = (*SHARES, *MEANS, *CONTRASTS, *DROPOUTS, *HAZARDS, *RATES, MEDIAN, RELAPSE)
    if outcome.measure not in known:
        return f"not yet emulated: measure {outcome.measure}"
    of_the_well = outcome.measure in (RELAPSE, *HAZARDS)
    if outcome.measure != MEDIAN and of_the_well != (trial.design == "withdrawal"):
        return f"not yet emulated: {outcome.measure} in design {trial.design}"
    if outcome.measure in (*RATES, MEDIAN) and trial.design in ("crossover", "sequence"):
        return f"not yet emulated: {outcome.measure} in design {trial.design}"
    if outcome.at_days is None:
        return "not emulated: the card states no at_days"
    if outcome.count == "ever" and outcome.measure not in SHARES:
        return f"not yet emulated: {outcome.measure} counted ever"
    if outcome.count == "ever" and trial.design == "crossover":
        return "not yet emulated: counted ever in a cross-over"
    if contrast and (len(trial.arms) < 2 or trial.design not in CONTRASTED):
        return f"not emulated: {outcome.measure} needs two arms side by side"
    if outcome.measure in HAZARDS and len(trial.arms) < 2:
        return f"not emulated: {outcome.measure} needs two arms"
    return ""


# ------------------------------------------------------------------ what a trial depends on


def fingerprint(parameters: Parameters, trial: Trial | None) -> bytes:
    """Return a hash of all parameters that a trial (or, for None, its recruits) depends on.

    Potencies of treatments and levels of contacts that occur neither in the history before entry
    nor in the trial are left out, so that a trial is not run again when only they change.
    """
    q = parameters.record.copy()
    row = q[0]
    treatments, contacts = _met(parameters, trial)
    for name, used in (("potency", treatments), ("contact_level", contacts)):
        others = np.setdiff1d(np.arange(len(row[name])), sorted(used))
        row[name][others] = 0.0
    row["horizon"] = 0.0
    return hashlib.blake2b(q.tobytes(), digest_size=16).digest()


def _met(parameters: Parameters, trial: Trial | None) -> tuple[set[int], set[int]]:
    """Return the positions of treatments and contacts that patients of a trial can meet."""
    row = parameters.record[0]
    treatments = {int(n) for n in row["history_course"]}
    contacts = {int(row["contact_none"]), int(row["contact_usual"])}
    for arm in trial.arms.values() if trial is not None else ():
        given = [arm.treat, *arm.instead] if arm.treat is not None else []
        treatments |= {parameters.treatments.index(name) for name in given}
        if arm.contact is not None:
            contacts.add(parameters.contacts.index(arm.contact))
    for n in treatments:
        contacts |= {int(row["contact"][n]), int(row["upkeep_contact"][n])}
    return treatments, contacts


# ------------------------------------------------------------------ one trial, emulated


class _View:
    """One trial under one parameter set: runs arms when asked, reads outcomes from them."""

    def __init__(
        self,
        trial: Trial,
        parameters: Parameters,
        recruits: Recruits,
        shift: float,
        harm: float = 0.0,
    ) -> None:
        self.trial = trial
        self.parameters = parameters
        self.recruits = recruits
        self.shift = shift
        self.harm = harm
        self.error_sd = float(parameters.record[0]["measurement_sd"])
        self._readings: dict[tuple[Any, ...], tuple[Reading, Floats, Floats]] = {}

    def predict(self, row: Prediction) -> Prediction:
        """Return a row with its prediction."""
        outcome = self.trial.outcomes[row.outcome]
        problem = unknown_outcome(self.trial, outcome) or self._unknown_scale(outcome)
        if problem:
            return replace(row, problem=problem)
        given = spread = math.nan
        if outcome.measure == RELAPSE:
            value = relapse_share(
                self.trial, row.arm, self.parameters, self.recruits, _days(outcome)
            )
        elif outcome.measure in HAZARDS:
            value = log_hazard_ratio(self.trial, self.parameters, self.recruits, _days(outcome))
            value = value if outcome.measure.startswith("log") else math.exp(value)
        elif outcome.measure == MEDIAN:
            value = self._median(outcome, row.arm)
        elif outcome.measure in RATES:
            value = self._rate(outcome, row.arm)
        elif outcome.measure in SHARES:
            value = self._share(outcome, row.arm)
            given = self._given_response(row, outcome)
        elif outcome.measure in DROPOUTS:
            value = dropout(outcome.measure, *self._read(outcome, row.arm))
        elif outcome.measure in MEANS:
            value, spread = self._mean(outcome, row.arm)
        else:
            value = self._contrast(outcome)
        return replace(
            row, value=value, given_response=given, spread=spread,
            effective=self.recruits.effective,
        )  # fmt: skip

    def _unknown_scale(self, outcome: TrialOutcome) -> str:
        scale = _scale(outcome)
        return "" if scale in (OWN, *self.parameters.scales) else f"not yet emulated: scale {scale}"

    # ---- times and rates

    def _median(self, outcome: TrialOutcome, arm: str) -> float:
        """Return the median day of relapse or first remission, the day of reading at most."""
        if self.trial.design == "withdrawal":
            found = relapses(self.trial, arm, self.parameters, self.recruits)
            return weighted_median(*found, _days(outcome))
        reading, _, weights = self._read(outcome, arm)
        return weighted_median(reading.first_remission, weights, _days(outcome))

    def _rate(self, outcome: TrialOutcome, arm: str) -> float:
        """Return a rate over the follow-up of an arm."""
        looks = [outcome.model_copy(update={"at_days": d}) for d in reading_days(_days(outcome))]
        read = [self._read(look, arm) for look in looks]
        return cohort_rate(outcome, [(r, weights) for r, _, weights in read], self.parameters)

    # ---- shares

    def _share(self, outcome: TrialOutcome, arm: str) -> float:
        reading, before, weights = self._read(outcome, arm)
        if outcome.count == "ever":
            return float(weights @ _ever(reading, outcome.measure, _days(outcome)))
        return float(weights @ self._chance(reading, self._cut(outcome, before)))

    def _given_response(self, row: Prediction, outcome: TrialOutcome) -> float:
        """Return P(remission | response) where both were published for the same arm and day."""
        response = response_beside(self.trial, row)
        if response is None:
            return math.nan
        reading, before, weights = self._read(outcome, row.arm)
        half = self._cut(response, before)
        both = np.minimum(half, self._cut(outcome, before))
        return float(
            (weights @ self._chance(reading, both)) / (weights @ self._chance(reading, half))
        )

    def _cut(self, outcome: TrialOutcome, before: Floats) -> Floats:
        """Return the measured score at or under which each patient counts."""
        said = outcome.definition
        if outcome.measure == "remission" or (said is not None and said.at_most is not None):
            return np.full(len(before), self._remission_cut(outcome))
        fall = said.fall_of_at_least if said is not None else None
        left = 1.0 - (HALF if fall is None else fall)
        return self._to_madrs(outcome, left * self._from_madrs(outcome, before))

    def _remission_cut(self, outcome: TrialOutcome) -> float:
        said = outcome.definition
        if said is not None and said.at_most is not None:
            return float(self._to_madrs(outcome, said.at_most))
        return float(self.parameters.record[0]["remission_severity"])

    def _to_madrs(self, outcome: TrialOutcome, score: ArrayLike) -> Floats:
        return to_madrs(self.parameters.scales, _scale(outcome), score)

    def _from_madrs(self, outcome: TrialOutcome, score: ArrayLike) -> Floats:
        return from_madrs(self.parameters.scales, _scale(outcome), score)

    def _error_sd(self, outcome: TrialOutcome) -> float:
        """Return the error of measurement on the scale of an outcome: by its slope at entry."""
        entry = float(self.recruits.weights @ self.recruits.before)
        ends = self._from_madrs(outcome, [entry - self.error_sd, entry + self.error_sd])
        return float(ends[1] - ends[0]) / 2.0

    def _chance(self, reading: Reading, cut: Floats) -> Floats:
        """Return the chance of each patient to be measured at or under a cut."""
        return np.asarray(ndtr((cut - reading.end) / self.error_sd))

    # ---- means and contrasts

    def _mean(self, outcome: TrialOutcome, arm: str) -> tuple[float, float]:
        """Return the mean change (or relative change) and its standard deviation between people."""
        reading, _, weights = self._read(outcome, arm)
        alive = np.isfinite(reading.end)
        w = weights[alive] / weights[alive].sum()
        starts, ends = (self._from_madrs(outcome, x[alive]) for x in (reading.start, reading.end))
        start, end, change = float(w @ starts), float(w @ ends), ends - starts
        error = self._error_sd(outcome)
        spread = math.sqrt(float(w @ (change - w @ change) ** 2) + 2.0 * error**2)
        if outcome.measure == "mean_change":
            return end - start, spread
        return end / start - 1.0, spread / start

    def _contrast(self, outcome: TrialOutcome) -> float:
        names = list(self.trial.arms)
        first, last = names[0], names[-1]
        if outcome.measure in ("log_odds_ratio", "log_risk_ratio"):
            response = outcome.model_copy(update={"measure": "response"})
            p, q = self._share(response, first), self._share(response, last)
            if outcome.measure == "log_risk_ratio":
                return math.log(p / q)
            return math.log(p / (1.0 - p)) - math.log(q / (1.0 - q))
        if outcome.measure == "interaction":
            return self._slope(outcome, first) - self._slope(outcome, last)
        (one, spread), (other, spread_other) = (self._ends(outcome, a) for a in (first, last))
        if outcome.measure == "mean_difference":
            return one - other
        return (one - other) / math.sqrt(0.5 * (spread**2 + spread_other**2))

    def _ends(self, outcome: TrialOutcome, arm: str) -> tuple[float, float]:
        """Return mean and SD of the measured score at the reading."""
        reading, _, weights = self._read(outcome, arm)
        alive = np.isfinite(reading.end)
        w, end = (
            weights[alive] / weights[alive].sum(),
            self._from_madrs(outcome, reading.end[alive]),
        )
        mean = float(w @ end)
        return mean, math.sqrt(float(w @ (end - mean) ** 2) + self._error_sd(outcome) ** 2)

    def _slope(self, outcome: TrialOutcome, arm: str) -> float:
        """Return the regression of the measured fall on the measured score before."""
        reading, before, weights = self._read(outcome, arm)
        alive = np.isfinite(reading.end)
        w, x = weights[alive] / weights[alive].sum(), self._from_madrs(outcome, before[alive])
        fall = x - self._from_madrs(outcome, reading.end[alive])
        dx = x - w @ x
        return float((w @ (dx * (fall - w @ fall))) / (w @ dx**2))

    # ---- running

    def _read(self, outcome: TrialOutcome, arm: str) -> tuple[Reading, Floats, Floats]:
        """Return reading, measured score before and weights of an arm; run it once."""
        days = _days(outcome)
        cut = self._remission_cut(outcome)
        if outcome.count == "ever":
            days = max(_days(o) for o in self.trial.outcomes if o.count == "ever")
        else:
            cut = float(self.parameters.record[0]["remission_severity"])
        if self.trial.design == "sequence":
            return self._step(list(self.trial.arms).index(arm), days, cut)
        key = (arm, days, cut)
        if key not in self._readings and self.trial.design == "crossover":
            self._readings[key] = read_condition(
                self.trial, arm, self.recruits, self.parameters, days, self.shift
            )
        if key not in self._readings:
            reading = run_arm(
                self.recruits.persons, self.parameters, self.trial.arms[arm], days,
                remission=cut, shift=self.shift,
            )  # fmt: skip
            self._readings[key] = (reading, self.recruits.before, self.recruits.weights)
        return self._readings[key]

    def _step(self, number: int, days: float, cut: float) -> tuple[Reading, Floats, Floats]:
        """Return a step of a sequence, entered by who completed the one before unremitted."""
        key = (number, days, cut)
        if key not in self._readings:
            persons, before, weights = (
                self.recruits.persons, self.recruits.before, self.recruits.weights,
            )  # fmt: skip
            if number > 0:
                last, before, weights = self._step(number - 1, days, cut)
                on = (last.first_remission > days) & last.completed
                persons = next_step(last.persons[on])
                before, weights = last.end[on], weights[on] / weights[on].sum()
            arm = list(self.trial.arms.values())[number]
            reading = run_arm(
                persons, self.parameters, arm, days, begins=number * days, stays=True,
                remission=cut, shift=self.shift - self.harm * number,
            )  # fmt: skip
            self._readings[key] = (reading, before, weights)
        return self._readings[key]


def _days(outcome: TrialOutcome) -> float:
    return math.nan if outcome.at_days is None else outcome.at_days


def _scale(outcome: TrialOutcome) -> str:
    return OWN if outcome.definition is None else outcome.definition.scale


def _ever(reading: Reading, measure: str, days: float) -> NDArray[np.bool_]:
    """Tell who reached an outcome within some days; a remission may be the first response."""
    remitted = reading.first_remission <= days
    if measure == "remission":
        return np.asarray(remitted)
    halved = reading.end <= HALF * reading.start
    return np.asarray((reading.first_response <= days) | (remitted & halved))


def response_beside(trial: Trial, row: Prediction) -> TrialOutcome | None:
    """Return the response that was published for the same arm and day as a remission, if any."""
    if row.measure != "remission" or row.ever:
        return None
    for other in trial.outcomes:
        same = other.measure == "response" and other.count == "at" and other.at_days == row.days
        if same and row.arm in other.results:
            return other
    return None


def by_trial(rows: Iterator[Prediction] | list[Prediction]) -> Mapping[str, list[Prediction]]:
    """Return predictions by trial, in order."""
    found: dict[str, list[Prediction]] = {}
    for row in rows:
        found.setdefault(row.trial, []).append(row)
    return found
