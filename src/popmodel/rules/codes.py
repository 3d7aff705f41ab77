"""Whole-number codes that the compiled rules use; words live in `vocabulary`."""

from __future__ import annotations

from typing import Final

from popmodel.vocabulary import (
    COST_CATEGORIES,
    COURSE_OUTCOMES,
    FLOWS,
    LINE_EVENTS,
    SETTINGS,
    STATES,
    STAY_EVENTS,
    TEST_SUBJECTS,
    WAIT_ENDS,
)

UNTREATED: Final = STATES.index("untreated")
WAITING: Final = STATES.index("waiting")
ON_COURSE: Final = STATES.index("on_course")
RESPONDING: Final = STATES.index("responding")
REMITTED: Final = STATES.index("remitted")
RECOVERED: Final = STATES.index("recovered")
IN_CRISIS: Final = STATES.index("in_crisis")
DEAD: Final = STATES.index("dead")

CARE_OUT: Final = 0
CARE_WAIT: Final = 1
CARE_COURSE: Final = 2
CARE_AFTER: Final = 3
CARE_LAST: Final = 4

JOIN_COURSE: Final = 0
JOIN_BRIDGED: Final = 1
JOIN_BOOSTER: Final = 2

BED_NONE: Final = 0
BED_WANTED: Final = 1
BED_HELD: Final = 2

WAIT_SERVED: Final = WAIT_ENDS.index("served")
WAIT_REFUSED: Final = WAIT_ENDS.index("never_taken_up")
WAIT_RENEGED: Final = WAIT_ENDS.index("gave_up")
WAIT_WELL: Final = WAIT_ENDS.index("remitted")
WAIT_DIED: Final = WAIT_ENDS.index("died")
WAIT_OTHER: Final = WAIT_ENDS.index("offered_other_care")
WAIT_RELAPSED: Final = WAIT_ENDS.index("relapsed")
WAIT_STILL: Final = WAIT_ENDS.index("still_waiting")

FULL_WAIT: Final = 0
FULL_NEXT: Final = 1
FULL_BRIDGE: Final = 2

ASK_FIRST: Final = 0
ASK_LEFT: Final = 1
ASK_RELAPSED: Final = 2

# Ties: death, crisis, knot, end of course, relapse, visit, service decision, then patient id.
EVENT_DEATH: Final = 0
EVENT_EXCESS: Final = 1
EVENT_CRISIS: Final = 2
EVENT_KNOT: Final = 3
EVENT_JUDGE: Final = 4
EVENT_RELAPSE: Final = 5
EVENT_DROP: Final = 6
EVENT_VISIT: Final = 7
EVENT_SESSIONS: Final = 8
EVENT_CRISIS_END: Final = 9
EVENT_RECOVERED: Final = 10
EVENT_KEPT: Final = 11
EVENT_ASK: Final = 12
EVENT_DECIDE: Final = 13
EVENT_BOOSTER: Final = 14
EVENT_BIRTHDAY: Final = 15
EVENT_RENEGE: Final = 16
EVENT_GRID: Final = 17
EVENT_END: Final = 18
EVENT_NAMES: Final = (
    "death",
    "death (excess causes)",
    "crisis",
    "remission at a knot",
    "course judged",
    "relapse",
    "drop-out",
    "visit",
    "last session",
    "stay ends",
    "recovered",
    "maintenance ends",
    "asks for care",
    "decision",
    "booster",
    "birthday into another age band",
    "gives up waiting",
    "reading while waiting for a place",
    "end",
)

FLOW_STARTS: Final = FLOWS.index("starts")
FLOW_REMISSIONS: Final = FLOWS.index("remissions")
FLOW_RESPONSES: Final = FLOWS.index("responses")
FLOW_RELAPSES: Final = FLOWS.index("relapses")
FLOW_RECURRENCES: Final = FLOWS.index("recurrences")
FLOW_CRISES: Final = FLOWS.index("crises")
FLOW_DEATHS: Final = FLOWS.index("deaths")
FLOW_ENTRIES: Final = FLOWS.index("entries")
FLOW_ADMISSIONS: Final = FLOWS.index("admissions")

STAY_FATAL: Final = STAY_EVENTS.index("fatal")
STAY_ARRIVED: Final = STAY_EVENTS.index("arrived")
STAY_AGAIN: Final = STAY_EVENTS.index("again")
STAY_ADMITTED: Final = STAY_EVENTS.index("admitted")
STAY_HOME: Final = STAY_EVENTS.index("home_from_emergency")
STAY_DIED: Final = STAY_EVENTS.index("died_in_emergency")
STAY_STILL: Final = STAY_EVENTS.index("still_in_emergency")
"""The next code is that of the ward."""

COST_TREATMENT: Final = COST_CATEGORIES.index("treatment")
COST_VISITS: Final = COST_CATEGORIES.index("visits")
COST_DRUGS: Final = COST_CATEGORIES.index("drugs")
COST_ADVERSE: Final = COST_CATEGORIES.index("adverse_events")
COST_CRISIS: Final = COST_CATEGORIES.index("crisis")
COST_BACKGROUND: Final = COST_CATEGORIES.index("background")
COST_PRODUCTIVITY: Final = COST_CATEGORIES.index("productivity")
COST_TIME: Final = COST_CATEGORIES.index("patient_time")
COST_PLACES: Final = COST_CATEGORIES.index("places")
COSTS: Final = len(COST_CATEGORIES)

OUTCOME_NONE: Final = COURSE_OUTCOMES.index("none")
OUTCOME_REMISSION: Final = COURSE_OUTCOMES.index("remission")
OUTCOME_RESPONSE: Final = COURSE_OUTCOMES.index("response")
OUTCOME_FAILED: Final = COURSE_OUTCOMES.index("failed")
OUTCOME_DROPPED: Final = COURSE_OUTCOMES.index("dropped_out")
OUTCOME_STOPPED: Final = COURSE_OUTCOMES.index("stopped")

LINE_STARTED: Final = LINE_EVENTS.index("started")
LINE_DIED: Final = LINE_EVENTS.index("died")
LINE_UNFINISHED: Final = LINE_EVENTS.index("unfinished")

OUTPATIENT: Final = SETTINGS.index("outpatient")
INPATIENT: Final = SETTINGS.index("inpatient")
EMERGENCY: Final = SETTINGS.index("emergency")

INFORMS_BIOTYPE: Final = TEST_SUBJECTS.index("biotype")
INFORMS_TARGET: Final = TEST_SUBJECTS.index("on_target")
INFORMS_SUITS: Final = TEST_SUBJECTS.index("suits")

RESPONSE_CONTINUE: Final = 0
RESPONSE_AUGMENT: Final = 1
RESPONSE_NEXT: Final = 2
RELAPSE_REPEAT: Final = 0
RELAPSE_RESTART: Final = 1
RELAPSE_NEXT: Final = 2
