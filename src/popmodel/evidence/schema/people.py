"""The cards of people and of the care around them: contacts, biotypes, services, population."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from popmodel.evidence.quantity import Text
from popmodel.evidence.schema.parts import (
    Card,
    Count,
    CoursesPerWeek,
    Episodes,
    Flag,
    LogDepth,
    LogScore,
    MoneyPerYear,
    Part,
    PotencyShare,
    Ratio,
    Reference,
    Several,
    Share,
    Years,
    band_faults,
    sum_faults,
)
from popmodel.yaml_source import Fault, faults


class Contact(Card):
    """Being in touch with care: the lift in depth it gives, whatever is done."""

    level: LogDepth


class Biotype(Card):
    """A class of patients; the shares of all biotypes add up to one."""

    groups_span_folder: ClassVar[bool] = True

    share: Share
    log_severity_shift: LogScore
    relapse_hazard_ratio: Ratio
    dropout_hazard_ratio: Ratio
    potency_shift: Annotated[dict[str, PotencyShare], Reference("mechanisms")]


class Service(Card):
    """Places that courses occupy; `places: null` means no limit.

    A place treats `patients_at_once`: a therapist many, a SAINT suite one. It ends so many courses
    a week, and each holds its share of the place for as long as that rate says. Places used by
    admissions are beds on a ward: counted, and waited for where a scenario says `when_full: board`.
    """

    used_by: Literal["courses", "admissions"] = "courses"
    places: Count | None
    patients_at_once: Annotated[Count, Field(ge=1)] = 1
    courses_per_place_week: CoursesPerWeek
    place_cost_per_year: MoneyPerYear
    waiting_contact: Annotated[Text | None, Reference("contacts")] = None


class AgeBand(Part):
    """Ages from `low` to `high`, both included, and the share of people in it."""

    name: Text
    low: Count
    high: Count
    share: Share

    @model_validator(mode="after")
    def _rises(self) -> AgeBand:
        if self.low > self.high:
            raise faults([Fault(f"low {self.low} lies above high {self.high}", ("low",))])
        return self


class FailureShares(Part):
    """Shares of the prevalent stock by failed adequate trials; `three` means three or more."""

    none: Share
    one: Share
    two: Share
    three: Share


class History(Part):
    """What the prevalent stock has lived through."""

    failures: FailureShares
    courses: Annotated[Several[Text], Reference("treatments")]
    stock_years: Years
    past_episodes_mean: Episodes


class Population(Card):
    """Who is simulated."""

    female_share: Share
    age_bands: Annotated[Several[AgeBand], Field(min_length=1)]
    flags: dict[Flag, Share]
    history: History
    in_care_share: Share

    @model_validator(mode="after")
    def _shares_add_up(self) -> Population:
        failures = self.history.failures
        found = [
            *sum_faults([band.share for band in self.age_bands], ("age_bands",)),
            *sum_faults(
                [failures.none, failures.one, failures.two, failures.three],
                ("history", "failures"),
            ),
            *band_faults(self.age_bands, ("age_bands",)),
        ]
        if found:
            raise faults(found)
        return self
