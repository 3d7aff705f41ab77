"""What a scenario may say: one typed definition for loading, messages and the editor's schema.

Every field carries a description; `popmodel schema` turns them into a JSON Schema. Names of cards
(treatments, contacts, services, …) are checked while validating, against the `Names` that the
loader passes as validation context, so that a wrong name is reported beside every other problem.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from popmodel.errors import InputError, Problem, did_you_mean
from popmodel.evidence.calibration import calibration_id
from popmodel.vocabulary import COURSE_OUTCOMES, FLAGS, SETTINGS, TEST_RESULTS
from popmodel.yaml_source import Fault, Located, faults, number_hint, validation_problems

if TYPE_CHECKING:
    from popmodel.evidence.load import Evidence

SLUG = r"^[a-z][a-z0-9_-]{0,59}$"
# Names that Windows keeps for devices, whatever follows the dot.
RESERVED = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
)
LARGEST_POPULATION = 50_000_000
LARGEST_LINE = 99
LONGEST_YEARS = 110
SCORE_MAXIMUM = 60.0  # MADRS
DAYS_PER_WEEK = 7.0


@dataclass(frozen=True)
class Names:
    """The names a scenario may use, by kind; a kind that is missing is not checked."""

    kinds: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def check(self, kind: str, found: str) -> str:
        """Return `found`, or raise an error that names the nearest valid one."""
        known = self.kinds.get(kind)
        if known is None or found in known:
            return found
        raise _fault(f"no {kind} is called '{found}'", did_you_mean(found, known))


def _fault(message: str, hint: str = "", at: tuple[str, ...] = ()) -> PydanticCustomError:
    return faults([Fault(message, at, hint)])


def _name_of(kind: str) -> AfterValidator:
    def check(found: str, info: ValidationInfo) -> str:
        names = info.context
        return names.check(kind, found) if isinstance(names, Names) else found

    return AfterValidator(check)


def _word_of(kind: str, words: Iterable[str]) -> AfterValidator:
    allowed = Names({kind: frozenset(words)})
    return AfterValidator(lambda found: allowed.check(kind, found))


def _one_or_many(found: object) -> object:
    return (found,) if isinstance(found, str) else found


def _number_or_range(found: object) -> object:
    is_whole = isinstance(found, int) and not isinstance(found, bool)
    return {"equals": found} if is_whole else found


def _bare_lifetime(found: object) -> object:
    return {"years": found} if found == "lifetime" else found


def _years(found: object) -> object:
    """Refuse once what is neither a number of years nor `lifetime`."""
    found = _plain_number(found)
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    if found == "lifetime" or (is_number and 0 < cast("float", found) <= LONGEST_YEARS):
        return found
    told = f"must be greater than 0 and at most {LONGEST_YEARS}, or lifetime (found {found!r:.40})"
    raise _fault(told)


def _plain_number(found: object) -> object:
    """Refuse what is a number in another notation, and say how to write it."""
    if not isinstance(found, str):
        return found
    if hint := number_hint(found):
        raise _fault(f"must be a number (found '{found.strip():.40}')", hint)
    return found


def _whole_number(found: object) -> object:
    found = _plain_number(found)
    if isinstance(found, float) and found.is_integer() and abs(found) < 1e15:
        raise _fault(f"must be a whole number (found {found})", f"in plain digits: {found:.0f}")
    return found


def _share(found: object) -> object:
    found = _plain_number(found)
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    if isinstance(found, int | float) and is_number and 1 < found <= 100:
        told = f"must lie between 0 and 1 (found {found:.12g})"
        raise _fault(told, f"did you mean {found / 100:.12g}?")
    return found


def _calendar_day(found: object) -> object:
    if isinstance(found, date):
        return found
    if isinstance(found, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", found):
        with suppress(ValueError):
            return date.fromisoformat(found)
    raise _fault(f"must be a day of the calendar (found '{found}')", "write 2026-01-31")


def _day_or_month(found: object) -> object:
    if isinstance(found, str) and re.fullmatch(r"\d{4}-\d\d", found):
        return _calendar_day(f"{found}-01")
    return _calendar_day(found)


def _slug(found: str) -> str:
    if re.fullmatch(SLUG, found) and found not in RESERVED:
        return found
    told = f"'{found[:60]}' cannot be a name"
    raise _fault(told, "small letters, digits, _ and -, a letter first, at most 60 characters")


Number = Annotated[float, BeforeValidator(_plain_number), Field(strict=True)]
Whole = Annotated[int, BeforeValidator(_whole_number), Field(strict=True)]
Share = Annotated[float, BeforeValidator(_share), Field(strict=True, ge=0, le=1)]
Rate = Annotated[float, BeforeValidator(_share), Field(strict=True, ge=0, le=0.5)]
Switch = Annotated[bool, Field(strict=True)]
Text = Annotated[str, Field(strict=True, max_length=20_000)]
Label = Annotated[str, Field(strict=True, min_length=1, max_length=200)]
Day = Annotated[date, BeforeValidator(_calendar_day)]
DayOrMonth = Annotated[date, BeforeValidator(_day_or_month)]
Slug = Annotated[
    str, Field(strict=True, json_schema_extra={"pattern": SLUG}), AfterValidator(_slug)
]
Name = Annotated[str, Field(strict=True, max_length=100)]

TreatmentName = Annotated[Name, _name_of("treatment")]
OfferedName = Annotated[Name, _name_of("treatment to offer")]
BoosterName = Annotated[Name, _name_of("booster")]
TestName = Annotated[Name, _name_of("test")]
ContactName = Annotated[Name, _name_of("contact")]
BiotypeName = Annotated[Name, _name_of("biotype")]
PopulationName = Annotated[Name, _name_of("population card")]
SettingCardName = Annotated[Name, _name_of("setting card")]
ServiceName = Annotated[Name, _name_of("service")]
StrategyName = Annotated[Slug, _name_of("strategy")]


FlagName = Annotated[
    str, Field(strict=True, json_schema_extra={"enum": list(FLAGS)}), _word_of("flag", FLAGS)
]
SettingWord = Annotated[
    str,
    Field(strict=True, json_schema_extra={"enum": list(SETTINGS)}),
    _word_of("setting", SETTINGS),
]
OutcomeWord = Annotated[
    str,
    Field(strict=True, json_schema_extra={"enum": list(COURSE_OUTCOMES)}),
    _word_of("outcome", COURSE_OUTCOMES),
]


ResultWord = Annotated[
    str,
    Field(strict=True, json_schema_extra={"enum": list(TEST_RESULTS)}),
    _word_of("result", TEST_RESULTS),
]


class _Part(BaseModel):
    """A part of a scenario: frozen, and without keys nobody reads."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Population(_Part):
    """Who is simulated."""

    card: PopulationName = Field(description="Population card: ages, sexes, history, flags.")
    size: Whole = Field(ge=1, le=LARGEST_POPULATION, description="Patients at the start.")
    intake: Literal["prevalent", "incident", "open"] = Field(
        default="prevalent",
        description="prevalent: people who are depressed on the first day, with the history they "
        "lived; incident: people whose episode begins; open: the first, joined by new episodes.",
    )
    incident_per_year: Number = Field(
        default=0.0,
        ge=0,
        le=LARGEST_POPULATION,
        description="New episodes per year that join (intake: open, or incident over time).",
    )

    @model_validator(mode="after")
    def _open_needs_a_rate(self) -> Self:
        if self.intake == "open" and self.incident_per_year == 0:
            told = "intake: open needs incident_per_year, the new episodes a year"
            raise _fault(told, at=("intake",))
        return self


class Horizon(_Part):
    """How long patients are followed."""

    years: Annotated[
        Annotated[float, Field(gt=0, le=LONGEST_YEARS)] | Literal["lifetime"],
        BeforeValidator(_years),
    ] = Field(description="Years from the start, or lifetime.")


HorizonOrWord = Annotated[
    Horizon,
    BeforeValidator(_bare_lifetime, json_schema_input_type=Horizon | Literal["lifetime"]),
]


class Discount(_Part):
    """Yearly discount rates; the setting card says which when a scenario does not."""

    costs: Rate = Field(description="Discount rate of costs per year, 0.03 for 3 %.")
    health: Rate = Field(description="Discount rate of QALYs per year, 0.03 for 3 %.")


SeverityEffect = Literal["premise", "evidence", "mixture"]
Correlation = Literal["default", "optimistic", "pessimistic"]


class Structure(_Part):
    """Choices about the form of the model that no number can express."""

    severity_effect: Literal["premise", "evidence", "mixture", "all"] = Field(
        default="all",
        description="How potency changes with severity: premise (behavioural treatments lose), "
        "evidence (what patient-level analyses support), mixture (weighs both), all (the three "
        "side by side).",
    )
    correlation: Literal["default", "optimistic", "pessimistic", "all"] = Field(
        default="default",
        description="How far failures of different mechanisms go together.",
    )
    contact_credit: Literal["full", "none"] = Field(
        default="full",
        description="none: every course, wait and gap has the contact of usual care, so that "
        "strategies differ by what treatments add.",
    )
    extrapolation: Literal["model", "none"] = Field(
        default="model",
        description="none: a treatment tested after failures adds no more in people with fewer.",
    )
    biotypes_known: Switch = Field(
        default=False,
        description="true: rules may use the biotype as if every patient had been tested free.",
    )

    @model_validator(mode="after")
    def _one_all(self) -> Self:
        if self.severity_effect == self.correlation == "all":
            raise _fault("severity_effect and correlation cannot both be all", "one at a time")
        return self


TreatmentNames = Annotated[
    tuple[TreatmentName, ...],
    BeforeValidator(_one_or_many, json_schema_input_type=TreatmentName | tuple[TreatmentName, ...]),
]


class Roll(_Part):
    """A step of a roll-out: how many places there are from a day on."""

    since: Day = Field(description="First day of this number of places.")
    places: Whole = Field(ge=0, le=10_000_000, description="Places from that day on.")


class PlacesFrom(_Part):
    """A step of a roll-out in short form, in the list `places: [{from: 2026-01, n: 4}, …]`."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )

    since: DayOrMonth = Field(alias="from", description="First day, 2026-01-31, or month, 2026-01.")
    n: Whole = Field(ge=0, le=10_000_000, description="Places from then on.")


class RingFence(_Part):
    """Places kept for some: the others may use the rest only."""

    share: Share = Field(description="Share of the places that is kept, rounded down.")
    severity_at_least: Annotated[Number, Field(ge=0, le=SCORE_MAXIMUM)] = Field(
        default=0.0, description="Kept for measured scores (MADRS) from this one, when joining."
    )
    line_at_least: Annotated[Whole, Field(ge=1, le=LARGEST_LINE)] = Field(
        default=1, description="Kept for patients in this line or a later one."
    )

    @model_validator(mode="after")
    def _keeps_for_some(self) -> Self:
        if self.severity_at_least == 0 and self.line_at_least == 1:
            raise _fault(
                "everybody may use the ring-fenced places", "say severity_at_least or line_at_least"
            )
        return self


class Weights(_Part):
    """A weighted score: who has the highest is served first."""

    severity: Number = Field(default=0.0, ge=0, le=1e6, description="Per point of measured score.")
    line: Number = Field(default=0.0, ge=0, le=1e6, description="Per line of treatment.")
    week: Number = Field(default=0.0, ge=0, le=1e6, description="Per week waited.")

    @model_validator(mode="after")
    def _weighs_something(self) -> Self:
        if self.severity == self.line == self.week == 0:
            raise _fault("all weights are 0", "give severity, line or week a weight")
        return self


class PlaceCost(_Part):
    """Places are paid for whether they are used or not."""

    per_place_year: Annotated[Number, Field(ge=0, le=1e9)] | None = Field(
        default=None,
        description="Yearly cost of a place, in the scenario's currency and price year; left out: "
        "the figure on the service card.",
    )
    in_course_price: Share = Field(
        description="Share of the price of a course and of its sessions that pays for the place; "
        "it is taken off, so that nothing is charged twice. Nobody can guess it for you."
    )


QueueOrder = Literal["longest_wait", "most_severe", "latest_line"]
PlacesGiven = Annotated[Whole, Field(ge=0, le=10_000_000)] | tuple[PlacesFrom, ...]


class ServiceChange(_Part):
    """What differs at a site or under a strategy; what is left out stays as it is."""

    places: PlacesGiven | None = Field(
        default=None,
        description="Places from the start, or a roll-out [{from: 2026-01, n: 4}, …]; "
        "null: as on the card.",
    )
    opening: tuple[Roll, ...] | None = Field(
        default=None, description="Roll-out: places from given days on, in order of the days."
    )
    order: QueueOrder | Weights | None = Field(
        default=None,
        description="Who is served first: longest_wait (the default), most_severe (severity band "
        "when joining or last reviewed, a crisis highest, then longest wait), latest_line, or a "
        "score {severity: , line: , week: }.",
    )
    ring_fence: RingFence | None = Field(
        default=None, description="Places kept for the more severe or for later lines."
    )
    review_days: Annotated[Number, Field(gt=0, le=3660)] | None = Field(
        default=None,
        description="Days between looks at those who wait: who is well leaves, ranks are set anew.",
    )
    tick_days: Annotated[Number, Field(gt=0, le=365)] | None = Field(
        default=None, description="Days between decisions of the service; left out: 1."
    )
    contact: ContactName | None = Field(
        default=None, description="Contact while waiting; left out: that of the service card."
    )
    when_full: Literal["admit", "board"] | None = Field(
        default=None,
        description="Beds: admit all the same, and count the beds that are short (the default), or "
        "board: wait in the emergency department until a bed is free.",
    )
    board_days: Annotated[Number, Field(gt=0, le=3660)] | None = Field(
        default=None,
        description="Beds: days of boarding after which a patient goes home without an admission; "
        "left out: none does.",
    )

    @model_validator(mode="after")
    def _days_in_order(self) -> Self:
        rolled = isinstance(self.places, tuple)
        for key, steps in (("opening", self.opening or ()), ("places", self.places)):
            days = [step.since for step in steps] if isinstance(steps, tuple) else []
            if days != sorted(set(days)):
                raise _fault("the days must rise from step to step", at=(key,))
        if rolled and self.opening:
            told = "a roll-out stands in places, so opening says it twice"
            raise _fault(told, at=("opening",))
        return self


class Service(ServiceChange):
    """Places that courses occupy; what is left out comes from the service card."""

    serves: TreatmentNames = Field(
        default=(),
        description="Treatments that take their places here, whatever their cards say; the "
        "treatments of the service card always do.",
    )
    place_cost: PlaceCost | None = Field(
        default=None, description="Charge places as such, used or idle; left out: not charged."
    )

    def steps(self) -> tuple[tuple[date, int], ...]:
        """Return the roll-out: days and the places from them on."""
        if isinstance(self.places, tuple):
            return tuple((step.since, step.n) for step in self.places)
        return tuple((step.since, step.places) for step in self.opening or ())

    def under(self, change: ServiceChange) -> "Service":
        """Return this service with what differs at a site, or under a strategy."""
        said = {
            name: value
            for name in ServiceChange.model_fields
            if (value := getattr(change, name)) is not None
        }
        if "places" in said:
            said.setdefault("opening", None)
        return self.model_copy(update=said)


class Site(_Part):
    """A site with its own catchment and its own places; nobody is treated at another."""

    share: Share = Field(description="Share of the patients who live in its catchment.")
    label: Label | None = Field(default=None, description="Name in tables and charts.")
    travel_hours: Annotated[Number, Field(ge=0, le=48)] = Field(
        default=0.0, description="Hours of travel, there and back, for every visit or day of care."
    )
    services: dict[ServiceName, ServiceChange] = Field(
        default_factory=dict, description="Places of this site, over those of the scenario."
    )


class CountRange(_Part):
    """Bounds of a whole number, both included."""

    at_least: Annotated[Whole, Field(ge=1, le=LARGEST_LINE)] | None = Field(
        default=None, description="Smallest number that fits."
    )
    at_most: Annotated[Whole, Field(ge=1, le=LARGEST_LINE)] | None = Field(
        default=None, description="Largest number that fits."
    )
    equals: Annotated[Whole, Field(ge=1, le=LARGEST_LINE)] | None = Field(
        default=None, description="The only number that fits; also written as the bare number."
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.equals is not None and (self.at_least, self.at_most) != (None, None):
            raise _fault("equals stands alone, without at_least or at_most")
        low, high = self.bounds()
        if low > high:
            raise _fault(f"at_least {low} is above at_most {high}", "were they swapped?")
        return self

    def bounds(self) -> tuple[int, int]:
        """Return the smallest and the largest number that fits."""
        if self.equals is not None:
            return self.equals, self.equals
        return self.at_least or 1, self.at_most or LARGEST_LINE


class SeverityRange(_Part):
    """Bounds of the measured score (MADRS)."""

    at_least: Annotated[Number, Field(ge=0, le=SCORE_MAXIMUM)] | None = Field(
        default=None, description="Smallest measured score that fits."
    )
    below: Annotated[Number, Field(ge=0, le=SCORE_MAXIMUM)] | None = Field(
        default=None, description="Measured scores under this fit."
    )

    @model_validator(mode="after")
    def _not_swapped(self) -> Self:
        if self.at_least is not None and self.below is not None and self.at_least >= self.below:
            told = f"at_least {self.at_least:g} is not under below {self.below:g}"
            raise _fault(told, "were they swapped?")
        return self


Count = Annotated[
    CountRange, BeforeValidator(_number_or_range, json_schema_input_type=int | CountRange)
]

BiotypeNames = Annotated[
    tuple[BiotypeName, ...],
    BeforeValidator(_one_or_many, json_schema_input_type=BiotypeName | tuple[BiotypeName, ...]),
]
OfferedNames = Annotated[
    tuple[OfferedName, ...],
    BeforeValidator(_one_or_many, json_schema_input_type=OfferedName | tuple[OfferedName, ...]),
]
FlagNames = Annotated[
    tuple[FlagName, ...],
    BeforeValidator(_one_or_many, json_schema_input_type=FlagName | tuple[FlagName, ...]),
]
SettingWords = Annotated[
    tuple[SettingWord, ...],
    BeforeValidator(_one_or_many, json_schema_input_type=SettingWord | tuple[SettingWord, ...]),
]
OutcomeWords = Annotated[
    tuple[OutcomeWord, ...],
    BeforeValidator(_one_or_many, json_schema_input_type=OutcomeWord | tuple[OutcomeWord, ...]),
]


class When(_Part):
    """Conditions of a rule; all that are given must hold."""

    line: Count | None = Field(
        default=None, description="1 + adequate courses ended in this episode, before entry too."
    )
    step: Count | None = Field(
        default=None, description="Position in this strategy's own sequence, from 1."
    )
    severity: SeverityRange | None = Field(
        default=None, description="Measured score (MADRS, with measurement error)."
    )
    biotype: BiotypeNames = Field(
        default=(),
        description="One of these, as a test of this strategy has shown it; with "
        "structure.biotypes_known, the true one.",
    )
    result: dict[TestName, ResultWord] = Field(
        default={}, description="Results of tests, by test: positive, negative or unknown."
    )
    setting: SettingWords = Field(
        default=(),
        description="Where the patient is: one of these. home and outpatient both mean patients in "
        "the community: who is treated at home can be seen in a clinic.",
    )
    flags: FlagNames = Field(default=(), description="Conditions the patient has: all of these.")
    not_flags: FlagNames = Field(default=(), description="Conditions the patient has none of.")
    tried: TreatmentNames = Field(
        default=(), description="All of these were tried, before entry included."
    )
    not_tried: TreatmentNames = Field(
        default=(), description="None of these was tried, before entry included."
    )
    last_outcome: OutcomeWords = Field(
        default=(), description="How the last course ended: one of these."
    )

    @model_validator(mode="after")
    def _can_hold(self) -> Self:
        for yes, no, found in (
            ("tried", "not_tried", set(self.tried) & set(self.not_tried)),
            ("flags", "not_flags", set(self.flags) & set(self.not_flags)),
        ):
            if found:
                told = f"'{min(found)}' stands under both {yes} and {no}"
                raise _fault(told, "such a rule can never apply")
        return self


class Offer(_Part):
    """One rule: a treatment, a test or a wait, and when it is offered."""

    treat: OfferedName | None = Field(default=None, description="Treatment card to offer.")
    test: TestName | None = Field(
        default=None, description="Test card to use; later rules may ask for its result."
    )
    wait_days: Annotated[Number, Field(gt=0, le=3660)] | None = Field(
        default=None, description="Days to wait instead of a treatment or a test."
    )
    contact: ContactName | None = Field(
        default=None, description="Contact card while waiting (with wait_days)."
    )
    when: When = Field(default=When(), description="Conditions; none: always.")
    repeat: Switch = Field(default=False, description="true: may apply more than once per episode.")

    @model_validator(mode="after")
    def _treat_or_wait(self) -> Self:
        if [self.treat, self.test, self.wait_days].count(None) != 2:
            told = "an offer has one of treat: <treatment>, test: <test> and wait_days: <days>"
            raise _fault(told)
        if (self.contact is None) != (self.wait_days is None):
            raise _fault("wait_days and contact go together", "which contact has the wait?")
        return self


class StopIf(_Part):
    """When a course that does not help is stopped before its judgement."""

    improvement_below: Share = Field(
        description="Stop when the measured score fell by less than this share, 0.2 for 20 %."
    )
    after_weeks: Number = Field(gt=0, le=520, description="Weeks into the course.")

    @property
    def after_days(self) -> float:
        """Days into the course."""
        return self.after_weeks * DAYS_PER_WEEK


class Maintenance(_Part):
    """Booster sessions while well."""

    treat: BoosterName = Field(description="Booster card.")
    every_weeks: Number = Field(gt=0, le=520, description="Weeks between boosters.")

    @property
    def every_days(self) -> float:
        """Days between boosters."""
        return self.every_weeks * DAYS_PER_WEEK


SearchObjective = Literal["cost", "qaly", "remission_weeks", "wait_days"]
OnResponse = Literal["continue", "augment", "next"]
OnRelapse = Literal["repeat", "restart", "next"]
AfterLast = Literal["care_as_usual", "none"]
OnFull = Literal["wait", "next"]


class Bridge(_Part):
    """A treatment to bridge the wait for a place with."""

    bridge: OfferedName = Field(description="Treatment given while waiting; needs no place itself.")


class Strategy(_Part):
    """What is offered to whom, in which order, and what follows."""

    label: Label | None = Field(default=None, description="Name in tables and charts.")
    note: Text = Field(default="", description="Why it is so, for readers.")
    offer: tuple[Offer, ...] = Field(
        default=(),
        description="The first rule that fits wins, at every decision; each once per episode "
        "unless repeat: true.",
    )
    then: StrategyName | None = Field(
        default=None, description="Afterwards the rules of this other strategy."
    )
    stop_if: StopIf | None = Field(
        default=None, description="Early stop; left out: as in then, else never."
    )
    on_response: OnResponse | None = Field(
        default=None,
        description="Better, not remitted, at the end of a course: continue | augment | next. "
        "Left out: as in then, else continue.",
    )
    on_relapse: OnRelapse | None = Field(
        default=None,
        description="repeat what worked | restart the rules | next rule. Left out: as in then, "
        "else repeat.",
    )
    after_last: AfterLast | None = Field(
        default=None,
        description="When no rule fits: care_as_usual | none. Left out: as in then, else "
        "care_as_usual.",
    )
    on_full: OnFull | Bridge | None = Field(
        default=None,
        description="When a service is full: wait for a place | next rule | {bridge: <treatment>} "
        "while waiting. Left out: as in then, else wait.",
    )
    services: dict[ServiceName, ServiceChange] = Field(
        default_factory=dict,
        description="Places under this strategy, over those of the scenario and its sites.",
    )
    maintain: dict[TreatmentName, Maintenance] = Field(
        default_factory=dict,
        description="Boosters by the treatment that worked; those of then are added.",
    )


class SeverityGrid(_Part):
    """Thresholds of the measured score that a search may use."""

    at_least: Annotated[Number, Field(ge=0, le=SCORE_MAXIMUM)] = Field(
        default=16.0, description="Lowest threshold."
    )
    at_most: Annotated[Number, Field(ge=0, le=SCORE_MAXIMUM)] = Field(
        default=40.0, description="Highest threshold."
    )
    step: Annotated[Number, Field(ge=0.5, le=SCORE_MAXIMUM)] = Field(
        default=3.0, description="Points between thresholds."
    )

    @model_validator(mode="after")
    def _not_swapped(self) -> Self:
        if self.at_least > self.at_most:
            told = f"at_least {self.at_least:g} is above at_most {self.at_most:g}"
            raise _fault(told, "were they swapped?")
        return self


class Search(_Part):
    """What `popmodel search` may try; a run ignores it."""

    treatments: OfferedNames = Field(
        default=(),
        description="Treatments that searched strategies may offer; left out: all that the "
        "scenario's strategies offer.",
    )
    most_rules: Annotated[Whole, Field(ge=1, le=8)] = Field(
        default=3, description="Most rules of a searched strategy, before those of then."
    )
    severity: SeverityGrid = Field(
        default=SeverityGrid(), description="Thresholds of the measured score (MADRS)."
    )
    last_line: Annotated[Whole, Field(ge=1, le=LARGEST_LINE)] = Field(
        default=4, description="Highest line at which a rule may begin or end."
    )
    then: StrategyName | None = Field(
        default=None, description="Whose rules follow the searched ones; left out: the comparator."
    )
    stop_if: StopIf | None = Field(
        default=None, description="Early stop of every searched strategy; left out: as in then."
    )
    budget_per_year: Annotated[Number, Field(ge=0, le=1e9)] | None = Field(
        default=None,
        description="Most that the program may cost per patient and year more than the comparator: "
        "undiscounted health-care costs without adverse events, crises and background care, "
        "averaged over the horizon. Left out: no limit.",
    )
    objectives: tuple[SearchObjective, ...] = Field(
        default=(),
        max_length=4,
        description="What is traded: cost and wait_days (less is better), qaly and "
        "remission_weeks (more is better). Left out: cost and qaly, and wait_days where a service "
        "has a number of places.",
    )
    method: Literal["nsga2", "tpe", "random"] = Field(
        default="nsga2",
        description="Who proposes: nsga2 (a genetic algorithm), tpe (Bayesian), random.",
    )
    evaluations: Annotated[Whole, Field(ge=10, le=1_000_000)] = Field(
        default=1600, description="Strategies proposed."
    )
    patients: Annotated[Whole, Field(ge=10, le=LARGEST_POPULATION)] | None = Field(
        default=None,
        description="Patients on whom every proposal is tried, always the same; left out: 3000. "
        "Where places are shared: as many whole populations as come near it, at least four.",
    )
    shortlist_patients: Annotated[Whole, Field(ge=10, le=LARGEST_POPULATION)] | None = Field(
        default=None,
        description="Other patients on whom the best proposals are tried again, simplified and "
        "chosen; left out: 10000.",
    )
    fresh_patients: Annotated[Whole, Field(ge=10, le=LARGEST_POPULATION)] | None = Field(
        default=None,
        description="New patients on whom those that were chosen are tried at last; left out: "
        "20000, and where places are shared at least all replicates of a run.",
    )
    keep: Annotated[Whole, Field(ge=1, le=30)] = Field(
        default=8, description="Most strategies of the frontier that are tried again and written."
    )

    @model_validator(mode="after")
    def _trades_something(self) -> Self:
        found = self.objectives
        if len(set(found)) != len(found):
            raise _fault("an objective stands twice", at=("objectives",))
        if len(found) == 1:
            raise _fault("one objective has no frontier", "such as [cost, qaly]", ("objectives",))
        return self


@dataclass(frozen=True)
class StructureChoice:
    """One form of the model, with a name for folders and tables."""

    name: str
    severity_effect: SeverityEffect
    correlation: Correlation
    contact_credit: Literal["full", "none"]
    extrapolation: Literal["model", "none"]

    @property
    def calibration(self) -> str:
        """Id of the calibrated card that fits this form."""
        return calibration_id(self.severity_effect, self.correlation)


class Scenario(_Part):
    """A policy question: who, how long, what is offered, what it is compared with."""

    title: Label = Field(description="The question in a line.")
    note: Text = Field(default="", description="What a reader should know about it.")
    setting: SettingCardName = Field(
        description="Country card: currency, price year, life table, utilities, wages."
    )
    cards: tuple[Text, ...] = Field(
        default=(), description="Further card files or folders, beside or below the scenario."
    )
    start: Day = Field(description="Calendar day on which the model starts.")
    population: Population = Field(description="Which people, how many, and who joins.")
    horizon: HorizonOrWord = Field(description="How long: {years: N} or lifetime.")
    perspective: Literal["health_care", "societal"] = Field(
        default="health_care", description="Whose costs decide."
    )
    discount: Discount = Field(description="Yearly rates; left out: those of the setting card.")
    willingness_to_pay: tuple[Annotated[Number, Field(ge=0, le=1e9)], ...] = Field(
        min_length=1,
        max_length=50,
        description="Amounts per QALY to evaluate at; left out: those of the setting card.",
    )
    structure: Structure = Field(default=Structure(), description="Forms of the model.")
    seed: Whole = Field(
        default=1, ge=0, lt=10**15, description="Luck; the same seed gives the same histories."
    )
    replicates: Whole = Field(
        default=1, ge=1, le=10_000, description="Times the whole is repeated with other luck."
    )
    services: dict[ServiceName, Service] = Field(
        default_factory=dict, description="Places and queues, by service card."
    )
    sites: dict[Slug, Site] = Field(
        default_factory=dict,
        max_length=100,
        description="Sites with own catchments and places; left out: one site for everybody.",
    )
    value_places: bool = Field(
        default=False,
        description="After a run, say too what one more place is worth and what waiting costs.",
    )
    overrides: dict[str, Any] = Field(
        default_factory=dict,
        description="Numbers that replace those on cards, by dotted or nested path.",
    )
    strategies: dict[Slug, Strategy] = Field(
        min_length=1, max_length=200, description="What is compared, by name."
    )
    comparator: StrategyName = Field(description="The strategy the others are compared with.")
    search: Search | None = Field(
        default=None,
        description="What `popmodel search` may try to find better strategies; a run ignores it.",
    )

    _source_files: tuple[Path, ...] = PrivateAttr(default=())
    _warnings: tuple[str, ...] = PrivateAttr(default=())
    _evidence: "Evidence | None" = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _distinct_amounts(self) -> Self:
        amounts = self.willingness_to_pay
        if len(set(amounts)) != len(amounts):
            raise _fault("an amount stands twice", at=("willingness_to_pay",))
        return self

    @model_validator(mode="after")
    def _catchments_add_up(self) -> Self:
        total = sum(site.share for site in self.sites.values())
        if self.sites and abs(total - 1.0) > 1e-6:
            raise _fault(f"the shares of the sites add to {total:g}, not to 1", at=("sites",))
        return self

    @property
    def source_files(self) -> tuple[Path, ...]:
        """Files the scenario was read from: the one asked for, then what it extends."""
        return self._source_files

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed and yet looks like a mistake."""
        return self._warnings

    @property
    def is_lifetime(self) -> bool:
        """Whether patients are followed until they die."""
        return self.horizon.years == "lifetime"

    def label(self, strategy: str) -> str:
        """Return how a strategy is called in tables and charts."""
        return self.strategies[strategy].label or strategy.replace("_", " ").capitalize()

    def labels(self) -> dict[str, str]:
        """Return the label of every strategy, in the order of the file."""
        return {name: self.label(name) for name in self.strategies}

    def structures(self) -> tuple[StructureChoice, ...]:
        """Return every form of the model that the scenario asks for."""
        return tuple(_choices(self.structure))

    def evidence(self) -> "Evidence":
        """Return the cards with this scenario's overrides applied (read once).

        Raises:
            InputError: A card or an override is wrong.
        """
        if self._evidence is None:
            from popmodel.evidence.load import load_evidence

            cards = load_evidence(extra=[Path(name) for name in self.cards])
            self._evidence = cards.with_overrides(self.overrides)
        return self._evidence

    def changed(
        self,
        *,
        patients: int | None = None,
        years: float | None = None,
        seed: int | None = None,
        replicates: int | None = None,
        structure: str | None = None,
    ) -> "Scenario":
        """Return the scenario with other patients, years, seed, replicates or severity effect.

        Raises:
            InputError: A value is not allowed.
        """
        given = {
            "population.size": patients,
            "horizon.years": years,
            "structure.severity_effect": structure,
            "seed": seed,
            "replicates": replicates,
        }
        return self.with_values({path: x for path, x in given.items() if x is not None})

    def with_values(self, values: Mapping[str, Any]) -> "Scenario":
        """Return the scenario with other values at some dotted paths; cards stay as they are.

        Args:
            values: Values by path, such as `discount.health` or
                `strategies.saint_first.offer.0.when.severity.at_least`; a position in a list
                counts from 0.

        Raises:
            InputError: There is no such path, or a value is not allowed there.
        """
        said = self.model_dump()
        for path, value in values.items():
            _put(said, path, value)
        try:
            other = Scenario.model_validate(said)
        except ValidationError as error:
            raise InputError(
                validation_problems(error, Located(Path("changed"), said), model=Scenario)
            ) from error
        return attach(
            other,
            source_files=self._source_files,
            warnings=self._warnings,
            evidence=self._evidence,
        )

    def resolved(self) -> dict[str, Any]:
        """Return everything the scenario says, defaults filled in, as plain data for YAML."""
        return dict(self.model_dump(mode="json", exclude_none=True, by_alias=True))


def _put(said: Any, path: str, value: Any) -> None:
    """Replace what stands at a dotted path, in place."""
    place, parts = said, path.split(".")
    for number, part in enumerate(parts):
        keys = list(range(len(place))) if isinstance(place, list | tuple) else list(place or ())
        key: Any = int(part) if isinstance(place, list | tuple) and part.isdigit() else part
        if key not in keys:
            hint = did_you_mean(part, map(str, keys))
            raise InputError([Problem("", 0, 0, path, f"the scenario has no '{part}' there", hint)])
        if number == len(parts) - 1:
            place[key] = value
        elif not isinstance(place[key], dict | list | tuple):
            raise InputError([Problem("", 0, 0, path, f"nothing is below '{part}'", "")])
        elif isinstance(place[key], tuple):
            place[key] = list(place[key])
        place = place[key]


def _choices(structure: Structure) -> Iterable[StructureChoice]:
    effects: tuple[SeverityEffect, ...] = (
        ("evidence", "mixture", "premise")
        if structure.severity_effect == "all"
        else (structure.severity_effect,)
    )
    correlations: tuple[Correlation, ...] = (
        ("default", "optimistic", "pessimistic")
        if structure.correlation == "all"
        else (structure.correlation,)
    )
    for effect in effects:
        for correlation in correlations:
            yield StructureChoice(
                name=correlation if structure.correlation == "all" else effect,
                severity_effect=effect,
                correlation=correlation,
                contact_credit=structure.contact_credit,
                extrapolation=structure.extrapolation,
            )


def attach(
    scenario: Scenario,
    *,
    source_files: tuple[Path, ...] | None = None,
    warnings: tuple[str, ...] | None = None,
    evidence: "Evidence | None" = None,
) -> Scenario:
    """Let a scenario know where it came from; for the loader only."""
    if source_files is not None:
        scenario._source_files = source_files
    if warnings is not None:
        scenario._warnings = warnings
    if evidence is not None:
        scenario._evidence = evidence
    return scenario
