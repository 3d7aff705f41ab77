"""The cards of trials to emulate and of calibrations to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, model_validator

from popmodel.errors import did_you_mean
from popmodel.evidence.distributions import Number, Positive
from popmodel.evidence.quantity import Text
from popmodel.evidence.schema.parts import (
    AtLeastZero,
    Count,
    Flag,
    Identifier,
    Part,
    Reference,
    Setting,
    Several,
    Sex,
    word_of,
)
from popmodel.evidence.schema.scales import OWN
from popmodel.yaml_source import Fault, faults

MEASURES: Final = (
    "remission",
    "response",
    "relapse",
    "mean_change",
    "relative_change",
    "mean_difference",
    "standardised_difference",
    "log_odds_ratio",
    "log_risk_ratio",
    "hazard_ratio",
    "log_hazard_ratio",
    "interaction",
    "dropout",
    "dropout_slope",
    "median_days",
    "attempt_rate",
    "suicide_rate",
    "mortality_ratio",
)
"""What a trial may have measured: shares, means, and contrasts of the first arm with the last.

`dropout` is the share of an arm that has left by a day, `dropout_slope` how its log odds rise with
a point of the score at entry. `hazard_ratio` and its log compare relapse up to `at_days`;
`median_days` is when half of an arm has relapsed (withdrawal) or first remitted (other designs),
`at_days` at most. Rates are events in 1,000 person-years of a cohort followed for `at_days`;
`mortality_ratio` is its deaths over those that the life table expects."""

Score = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=60)]


class Limits(Part):
    """A range of a measured number."""

    at_least: Number | None = None
    at_most: Number | None = None
    above: Number | None = None
    below: Number | None = None

    @model_validator(mode="after")
    def _leaves_room(self) -> Limits:
        lowest = [end for end in (self.at_least, self.above) if end is not None]
        highest = [end for end in (self.at_most, self.below) if end is not None]
        if lowest and highest and max(lowest) > min(highest):
            raise faults([Fault(f"nothing lies above {max(lowest):g} and below {min(highest):g}")])
        return self


class ScoreLimits(Limits):
    """A range of the score, on the MADRS or a scale that is linked to it."""

    scale: Annotated[Text, Reference("scales")] = OWN

    at_least: Score | None = None
    at_most: Score | None = None
    above: Score | None = None
    below: Score | None = None


class Include(Part):
    """Who was included, by what was measured.

    `intake: incident` are new episodes from onset; `well_days` is how long people in a withdrawal
    trial had been well on the treatment, and `well` what that means: in remission, or responding
    without it.
    """

    severity: ScoreLimits | None = None
    failed_trials: Limits | None = None
    age: Limits | None = None
    biotype: Annotated[Several[Text], Reference("biotypes")] = ()
    setting: Several[Setting] = ()
    flags_all: Several[Flag] = ()
    flags_none: Several[Flag] = ()
    intake: Literal["prevalent", "incident"] = "prevalent"
    well_days: AtLeastZero = 0.0
    well: Literal["remission", "response"] = "remission"
    sex: Several[Sex] = ()


class MeanSd(Part):
    """Mean and standard deviation between people."""

    mean: Number
    sd: Positive | None = None


class ScoreMeanSd(Part):
    """Mean and standard deviation of the score between people; MADRS or a scale linked to it."""

    scale: Annotated[Text, Reference("scales")] = OWN
    mean: Score
    sd: Positive | None = None


class Baseline(Part):
    """What the included looked like."""

    severity: ScoreMeanSd | None = None
    age: MeanSd | None = None
    female_share: Annotated[float, Field(ge=0, le=1)] | None = None


class Arm(Part):
    """One arm: a treatment and how many people were given it.

    `instead`: shares of its people who were given another treatment (a step with a choice).
    `flags`: conditions its people are put under while it lasts, such as a drug that blocks.
    """

    treat: Annotated[Text | None, Reference("treatments")] = None
    instead: Annotated[dict[Text, Annotated[float, Field(gt=0, lt=1)]], Reference("treatments")] = (
        Field(default_factory=dict)
    )
    wait_days: Positive | None = None
    contact: Annotated[Text | None, Reference("contacts")] = None
    flags: Several[Flag] = ()
    patients: Annotated[int, Field(strict=True, ge=1)] | None = None
    label: Text | None = None

    @model_validator(mode="after")
    def _says_what_is_done(self) -> Arm:
        if self.treat is None and (self.wait_days is None or self.instead):
            raise faults([Fault("needs treat, or wait_days")])
        if sum(self.instead.values()) >= 1.0:
            raise faults([Fault("leaves nobody for treat", ("instead",))])
        return self


class Definition(Part):
    """What counts as the outcome, on the MADRS or a scale that is linked to it."""

    scale: Annotated[Text, Reference("scales")] = OWN
    at_most: Number | None = None
    fall_of_at_least: Annotated[float, Field(gt=0, le=1)] | None = None


class ArmResult(Part):
    """What one arm showed."""

    count: Count | None = None
    of: Annotated[int, Field(strict=True, ge=1)] | None = None
    share: Annotated[float, Field(ge=0, le=1)] | None = None
    mean: Number | None = None
    sd: Positive | None = None
    se: Positive | None = None

    @model_validator(mode="after")
    def _shows_something(self) -> ArmResult:
        if self.count is None and self.share is None and self.mean is None:
            raise faults([Fault("needs count, share or mean")])
        return self


class TrialOutcome(Part):
    """One published result: a measure at a time, by arm.

    `during`: scores between which a person-year counts for a rate; all of them if not given.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, ArmResult]

    measure: Annotated[Text, word_of(MEASURES)]
    definition: Definition | None = None
    at_days: AtLeastZero | None = None
    count: Literal["at", "ever"] = "at"
    during: ScoreLimits | None = None
    locator: Text | None = None
    seen: bool | None = None
    note: Text | None = None

    @property
    def results(self) -> dict[str, ArmResult]:
        """What each arm showed, by the arm's name."""
        return dict(self.__pydantic_extra__)


class Citation(Part):
    """A source given in full, for a trial in a user's own file."""

    citation: Text
    doi: Text | None = None
    url: Text | None = None
    year: int | None = None


class Trial(Part):
    """A published trial to emulate.

    `pooled`: rates of many trials on an effective sample, so there is no setting of its own.
    `washout_days`: of a cross-over, from the last reading of a period to the begin of the next.
    """

    id: Identifier
    title: Text
    source: Annotated[Text | Citation, Reference("sources")]
    use: Literal["fit", "test"]
    design: Literal["parallel", "single_arm", "withdrawal", "crossover", "sequence"]
    include: Include = Include()
    baseline: Baseline = Baseline()
    arms: Annotated[dict[str, Arm], Field(min_length=1)]
    outcomes: Annotated[Several[TrialOutcome], Field(min_length=1)]
    pooled: bool = False
    washout_days: Positive | None = None
    seen: bool | None = None
    locator: Text | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _periods_fit_the_design(self) -> Trial:
        crossover = self.design == "crossover"
        if crossover and len(self.arms) < 2:
            raise faults([Fault("a cross-over needs two arms", ("arms",))])
        if crossover and self.washout_days is None:
            raise faults([Fault("a cross-over needs washout_days", ("design",))])
        if not crossover and self.washout_days is not None:
            raise faults([Fault("belongs to a cross-over only", ("washout_days",))])
        return self

    @model_validator(mode="after")
    def _results_fit_the_arms(self) -> Trial:
        found = [
            Fault(message, ("outcomes", number, *field), hint)
            for number, outcome in enumerate(self.outcomes)
            for message, field, hint in _misfits(outcome, self.arms)
        ]
        if found:
            raise faults(found)
        return self


def _misfits(
    outcome: TrialOutcome, arms: Mapping[str, Arm]
) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield message, field and hint for what an outcome says that its arms do not bear out."""
    if not outcome.results:
        yield "shows no arm's result", (), did_you_mean("", arms)
    if outcome.at_days is None and outcome.count == "at":
        yield "needs at_days, or count: ever", (), ""
    for name, result in outcome.results.items():
        if name not in arms:
            yield "is no arm of this trial", (name,), did_you_mean(name, arms)
            continue
        people = result.of or arms[name].patients
        if result.count is not None and people is None:
            yield "has a count of nobody knows how many", (name,), "of, or patients of the arm"
        elif result.count is not None and people is not None and result.count > people:
            yield f"counts {result.count} of {people}", (name, "count"), ""


class Estimate(Part):
    """A fitted number."""

    value: Number
    se: AtLeastZero


class Calibrated(Part):
    """What a calibration found: values by the path of the quantity, and how they vary together.

    `extrapolation`: by treatment, the factor (at most 1) on its effect in patients with one, two, …
    fewer failures than its trials required that returns the response of the patients tested.
    """

    id: Identifier
    fit: Identifier
    command: Text
    date: Text
    values: dict[str, Estimate]
    paths: Several[Text] = ()
    covariance: Several[Several[Number]] = ()
    extrapolation: Annotated[
        dict[str, Several[Annotated[float, Field(ge=0, le=1)]]], Reference("treatments")
    ] = Field(default_factory=dict)
    diagnostics: dict[str, Any] = Field(default_factory=dict)
    draws: Text | None = Field(default=None, description="CSV of draws, beside the card")
    label: Text | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _square(self) -> Calibrated:
        size = len(self.paths)
        if len(self.covariance) != size or any(len(row) != size for row in self.covariance):
            raise faults([Fault(f"must be {size} by {size}, as paths", ("covariance",))])
        return self
