"""The records the rules read and write; every field declared once, with unit and meaning.

A patient is one record (who, clinical state, clocks); what a patient has cost and gained is an
account record; what is counted by week is a tally record. Times are days since the model start;
`inf` means never. Records, not structures of arrays: a record is one pointer to compiled code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from popmodel.vocabulary import COST_CATEGORIES, FLOWS, LINE_EVENTS, SETTINGS, STATES, STAY_EVENTS

MAX_TREATMENTS: Final = 48
MAX_LINES: Final = 8
MAX_WEEKS: Final = 4700
"""90 years: beyond any horizon that a human cohort needs."""

_PATIENT: Final = [
    # who (never changes)
    ("key", "u8", "key of all the patient's luck"),
    ("id", "i4", "patient number"),
    ("entry", "f8", "day the patient enters the model"),
    ("age", "f8", "years at entry"),
    ("trait", "f8", "u: general treatability, standard normal"),
    ("sex", "i1", "position in vocabulary.SEXES"),
    ("biotype", "i1", "position in the sorted biotype cards"),
    ("conditions", "i1", "bits in the order of vocabulary.FLAGS"),
    ("past_episodes", "i1", "episodes before entry"),
    # the episode
    ("worst", "f8", "worst score of the episode"),
    ("swing", "f8", "b: the part of depth that moves from month to month, standard normal"),
    (
        "reference",
        "f8",
        "score at the last decision (response: half of it); in remission the score held",
    ),
    ("grid", "i4", "number of the next grid point (four to a knot)"),
    ("episode", "i2", "number of the episode since entry, the first is 0"),
    ("spell", "i2", "number of spells of remission or response begun: keys relapse budgets"),
    ("phase", "f8", "day of grid point 0, in [0, one knot)"),
    # contact and treatment effect
    ("contact", "f8", "c held since the last grid point"),
    ("contact_from", "f8", "c when its target last changed"),
    ("contact_since", "f8", "day its target last changed"),
    ("contact_target", "i1", "position of the contact card"),
    ("gain", "f8", "T at full uptake while on course; T as held after it"),
    ("started", "f8", "day the course started"),
    # care
    ("treatment", "i1", "card of the course under way, -1 none"),
    ("worked", "i1", "card of the last course that ended in response or remission, -1 none"),
    ("keeper", "i1", "card whose maintenance protects: the treatment's own, or its booster"),
    ("previous", "i1", "card of the last course that ended, -1 none"),
    ("outcome", "i1", "measured outcome of the last course, vocabulary.COURSE_OUTCOMES"),
    ("care", "i1", "codes.CARE_…: out of care, waiting, on course, after a success, after last"),
    ("ask_mode", "i1", "codes.ASK_…: never asked, left after failures, relapsed"),
    ("failures", "i1", "adequate courses failed in this episode, history included"),
    ("failures_before", "i1", "adequate courses failed before entry"),
    ("line", "i2", "1 + adequate courses ended in this episode"),
    ("step", "i2", "position in the strategy's own sequence, from 1"),
    ("courses", "i2", "courses begun since entry, bridges not counted: keys later attempts"),
    ("visit", "i1", "visits of the course already made"),
    ("sessions", "i1", "1 while sessions are running (a place is held)"),
    ("setting", "i1", "position in vocabulary.SETTINGS"),
    ("tried", "i8", "treatments tried in this episode, one bit each"),
    ("again", "i8", "treatments tried at least twice in this episode"),
    ("used", "i4", "rules used in this episode, one bit each"),
    # tests
    ("tested", "i2", "times each test was done, two bits a test, at most 3"),
    ("results", "i2", "last result of each test, one bit each: 1 positive"),
    ("seen_biotype", "i1", "1 + biotype as a test has shown it, 0 not tested"),
    # clinical state
    ("state", "i1", "what occupancy counts, vocabulary.STATES, crisis aside"),
    ("band", "i1", "severity band for hazards, vocabulary.SEVERITY_BANDS"),
    ("age_band", "i1", "age band of wages and utility norms"),
    ("moving", "i1", "1 while contact or treatment effect still moves"),
    ("well_since", "f8", "day remission or held response began"),
    ("kept_until", "f8", "day the protection of maintenance ends"),
    # a place in a limited service: waited for, or held
    ("site", "i1", "site whose services the patient uses"),
    ("want", "i1", "card of the course or booster waited for, -1 none"),
    ("asked_by", "i1", "codes.JOIN_…: what made the patient join the queue"),
    ("joined_rule", "i1", "rule that sent the patient into the queue, -1 none"),
    ("joins", "i2", "queues joined so far: keys budgets"),
    ("skip", "i4", "rules turned away from at this decision, one bit each"),
    ("lane", "i1", "1 if the patient may use the ring-fenced places too"),
    ("ended", "i1", "codes.WAIT_…: how the last wait ended"),
    ("joined", "f8", "day the queue was joined"),
    ("rank", "f8", "place in the queue: lower is served first, then by day joined"),
    ("renege", "f8", "day the patient gives up waiting"),
    ("place", "i1", "service in which a place is held, -1 none"),
    ("place_until", "f8", "day the place held is free again, if the course is not cut short"),
    ("freed", "f8", "day a course that was cut short freed its place, inf if none was"),
    (
        "ward",
        "f8",
        "in emergency: days on a ward that will follow, 0 none; on a ward: day it began",
    ),
    ("discharged", "i1", "1 if the stay under way was cut short by a benefit"),
    ("bed", "i1", "codes.BED_…: none, waited for in the emergency department, or held"),
    ("bed_ended", "i1", "codes.WAIT_…: how the last wait for a bed ended"),
    # clocks: the day each rival falls due
    ("due", "f8", "end of a wait, drop-out of a course, or next booster"),
    ("crisis_end", "f8", "end of the emergency stay, then of the admission; inf at home"),
    ("crisis", "f8", "next attempt or crisis"),
    ("ask", "f8", "asking for care; a negative value is a budget laid aside"),
    ("relapse", "f8", "relapse, recurrence, or loss of a response"),
    ("death", "f8", "death of background causes"),
    ("excess", "f8", "death of excess natural causes"),
    ("crises", "i2", "crises so far: keys budgets"),
    ("asked", "i2", "times care was asked for: keys budgets"),
    ("event", "i1", "codes.EVENT_…: what falls due at `wake`"),
    ("wake", "f8", "day of the next event"),
]

_ACCOUNT: Final = [
    ("cost", ("f8", len(COST_CATEGORIES)), "discounted cost by category"),
    ("cost_undiscounted", ("f8", len(COST_CATEGORIES)), "the same undiscounted"),
    ("state_flow_since", "f8", "day the flows by clinical state last changed"),
    ("state_flow_worth", "f8", "discount factor of costs on that day"),
    ("care_flow_since", "f8", "day the flows of care last changed"),
    ("care_flow_worth", "f8", "discount factor of costs on that day"),
    ("flow", ("f8", len(COST_CATEGORIES)), "cost flowing by category, per day"),
    ("remission_days", "f8", "days in remission or recovery since entry"),
    ("remission_days_90", "f8", "of the first 90 days"),
    ("first_remission", "f8", "days from entry, inf if never"),
    ("first_response", "f8", "days from entry until first relief, a response or a remission"),
    ("died", "f8", "day of death, inf if alive"),
    ("wait_days", "f8", "days waited for courses served or still waited for"),
    ("waits", "i4", "courses waited for"),
    ("remitted_12m", "i1", "1 if remitted or recovered on day 365 after entry"),
    ("remitted_end", "i1", "1 if remitted or recovered at the horizon"),
    ("suicide", "i1", "1 if death was by suicide"),
    ("recording", "i1", "1 when weekly tallies are kept, 0 in histories before entry"),
    ("relapses", "i4", "relapses and recurrences"),
    ("recurrences", "i4", "of which recurrences"),
    ("courses", "i4", "courses begun"),
    ("crises", "i4", "crises and attempts"),
    ("losses", "i4", "responses lost"),
    ("admissions", "i4", "admissions after a crisis"),
    ("bed_days", "f8", "days on a ward"),
    ("boarded", "f8", "day the last wait for a bed began"),
    ("entry_severity", "f8", "score at entry"),
    # what every reading touches: kept together, and next to the small counts that come last
    ("qaly", "f8", "discounted QALYs"),
    ("qaly_undiscounted", "f8", "QALYs"),
    ("yld", "f8", "discounted years lived with disability"),
    ("yld_undiscounted", "f8", "years lived with disability"),
    ("disability", "f8", "disability weight since the last reading"),
    ("utility_since", "f8", "day of the last reading"),
    ("utility", "f8", "utility that is approached, minus what is missing"),
    ("utility_gap", "f8", "utility now = utility + gap x exp(-t / lag)"),
    ("utility_lag", "f8", "days"),
    ("utility_worth", "f8", "discount factor on the day of the last reading"),
    ("utility_until", "f8", "day of the grid point the utility now nears"),
    ("utility_left", "f8", "share of the gap that is left on that day"),
    ("events", "i8", "wake-ups"),
]

WEEK_STATE: Final = 0
WEEK_FLOW: Final = len(STATES)
WEEK_COST: Final = WEEK_FLOW + len(FLOWS)
"""Weekly columns: changes of occupancy by state, happenings, money (see MICRO), beds."""
WEEK_RATE: Final = WEEK_COST + len(COST_CATEGORIES)
WEEK_BEDS: Final = WEEK_RATE + len(COST_CATEGORIES)
"""Days on a ward, in millionths as money is."""
WEEK_COLUMNS: Final = WEEK_BEDS + 1
MICRO: Final = 1_000_000
"""Money is tallied in millionths, as integers: their sum does not depend on order."""

_TALLY: Final = [
    ("week", ("i8", (MAX_WEEKS, WEEK_COLUMNS)), "by week; states and rates as differences"),
    (
        "line",
        ("i8", (MAX_LINES, MAX_TREATMENTS, len(LINE_EVENTS))),
        "courses by line, treatment and what happened",
    ),
    ("stay", ("i8", len(STAY_EVENTS)), "crises and what followed, vocabulary.STAY_EVENTS"),
    ("begun", ("i8", (MAX_TREATMENTS, len(SETTINGS))), "courses begun by treatment and setting"),
    ("events", "i8", "wake-ups"),
]


def _dtype(fields: list[tuple[str, Any, str]]) -> np.dtype[Any]:
    """Build a structured type; wide fields first keep it aligned."""
    columns = []
    for name, kind, _ in fields:
        columns.append((name, kind) if isinstance(kind, str) else (name, kind[0], kind[1]))
    columns.sort(key=lambda column: -np.dtype(column[1]).itemsize)
    return np.dtype(columns, align=True)


_WAIT: Final = [
    ("patient", "i4", "patient number"),
    ("replicate", "i4", "replicate the patient belongs to"),
    ("site", "i1", "site"),
    ("service", "i1", "position of the service card"),
    ("treatment", "i1", "position of the course or booster waited for"),
    ("booster", "i1", "1 for a booster"),
    ("lane", "i1", "1 if ring-fenced places were open to the patient too"),
    ("band", "i1", "severity band when joining, vocabulary.SEVERITY_BANDS"),
    ("biotype", "i1", "position in the sorted biotype cards"),
    ("line", "i2", "line when joining"),
    ("ended", "i1", "vocabulary.WAIT_ENDS"),
    ("joined", "f8", "day the queue was joined"),
    ("left", "f8", "day the wait ended; the horizon for those still waiting"),
    ("until", "f8", "day the place was free again; nan if none was taken or it is still held"),
]

PATIENT: Final = _dtype(_PATIENT)
WAIT: Final = _dtype(_WAIT)
"""One wait for a place: who, for what, from when to when, and how it ended."""
ACCOUNT: Final = _dtype(_ACCOUNT)
ACCOUNT_READINGS: Final = int(ACCOUNT.fields["qaly"][1])  # type: ignore[index]
"""Offset of the part of an account that readings touch; it ends with the record."""
TALLY: Final = _dtype(_TALLY)


def meanings() -> dict[str, dict[str, str]]:
    """Return what every field of every record means, by record and field."""
    records: dict[str, list[Any]] = {"patient": _PATIENT, "account": _ACCOUNT, "tally": _TALLY}
    records["wait"] = _WAIT
    return {name: {field: text for field, _, text in fields} for name, fields in records.items()}


def new_tally() -> np.ndarray[Any, Any]:
    """Return one empty tally record."""
    return np.zeros(1, dtype=TALLY)


@dataclass(frozen=True)
class History:
    """What a strategy did to a population: end states, accounts, and what was counted by week."""

    persons: NDArray[Any]
    accounts: NDArray[Any]
    tally: NDArray[Any]
    waits: NDArray[Any] = field(default_factory=lambda: np.zeros(0, dtype=WAIT))
