"""The words of the field, once: states, outcomes, cost categories, perspectives.

Orders matter: the compiled rules use the position of a word in its tuple as its code.
"""

from __future__ import annotations

from typing import Final

STATES: Final = (
    "untreated",
    "waiting",
    "on_course",
    "responding",
    "remitted",
    "recovered",
    "in_crisis",
    "dead",
)
"""Occupancy: what a patient is counted as. Exactly one at any time."""

FLOWS: Final = (
    "starts",
    "remissions",
    "responses",
    "relapses",
    "recurrences",
    "crises",
    "deaths",
    "entries",
    "admissions",
)
"""What happens in a week, counted."""
STAY_EVENTS: Final = (
    "fatal",
    "arrived",
    "again",
    "admitted",
    "home_from_emergency",
    "home_from_ward",
    "died_in_emergency",
    "died_on_ward",
    "still_in_emergency",
    "still_on_ward",
)
"""What is counted for the way of patients through settings. Crises are `fatal`, `arrived` or
`again` (within a stay); who arrived is admitted, went home, died or is still there."""

COST_CATEGORIES: Final = (
    "treatment",
    "visits",
    "drugs",
    "adverse_events",
    "crisis",
    "background",
    "productivity",
    "patient_time",
    "places",
)
"""`places`: what places cost as such, used or idle, where a scenario charges them."""
HEALTH_CARE_CATEGORIES: Final = (*COST_CATEGORIES[:6], "places")
PERSPECTIVES: Final = ("health_care", "societal")
PAYERS: Final = {
    "treatment": "health_system",
    "visits": "health_system",
    "drugs": "health_system",
    "adverse_events": "health_system",
    "crisis": "health_system",
    "background": "health_system",
    "productivity": "employer_and_household",
    "patient_time": "patient",
    "places": "health_system",
}

COURSE_OUTCOMES: Final = ("none", "remission", "response", "failed", "dropped_out", "stopped")
"""How a course ended; `none` where no course has ended yet."""
LINE_EVENTS: Final = (
    "started",
    "remission",
    "response",
    "failed",
    "dropped_out",
    "stopped",
    "died",
    "unfinished",
)
"""What is counted by line and treatment for the flow of patients through care."""

WAIT_ENDS: Final = (
    "served",
    "never_taken_up",
    "gave_up",
    "remitted",
    "died",
    "offered_other_care",
    "relapsed",
    "still_waiting",
)
"""How a wait for a place ended; `relapsed` ends the wait for a booster."""
TEST_SUBJECTS: Final = ("biotype", "on_target", "suits")
"""What a test can inform: the biotype; whether a treatment's usual aim hits its target in this
patient; whether a class of mechanisms suits the patient better than most."""
TEST_RESULTS: Final = ("positive", "negative", "unknown")

SETTINGS: Final = ("home", "outpatient", "inpatient", "emergency")
COMMUNITY: Final = ("home", "outpatient")
"""Settings that mean the same people: who lives at home can be seen in a clinic."""
FLAGS: Final = (
    "opioid_antagonist",
    "chronic_opioid_use",
    "psychotic_features",
    "heavy_caffeine",
    "heart_disease",
)
SEXES: Final = ("female", "male")

SEVERITY_BANDS: Final = ("remission", "mild", "moderate", "severe")
"""Bands for hazards and costs. The upper limits (MADRS) are `BAND_LIMITS`."""
BAND_LIMITS: Final = (10.0, 17.0, 33.0)
"""MADRS upper limits of remission, mild and moderate; above the last: severe."""
REPORTING_BANDS: Final = {
    "default": ((0.0, 10.0), (11.0, 17.0), (18.0, 24.0), (25.0, 33.0), (34.0, 60.0)),
    "conventional": ((0.0, 6.0), (7.0, 19.0), (20.0, 34.0), (35.0, 60.0)),
}
"""Severity bands of tables, by name; MADRS, inclusive whole scores."""

SEVERITY_EFFECTS: Final = ("premise", "evidence", "mixture")
CORRELATIONS: Final = ("default", "optimistic", "pessimistic")
CONTACT_CREDITS: Final = ("full", "none")
EXTRAPOLATIONS: Final = ("model", "none")
INTAKES: Final = ("prevalent", "incident", "open")
ON_RESPONSE: Final = ("continue", "augment", "next")
ON_RELAPSE: Final = ("repeat", "restart", "next")
AFTER_LAST: Final = ("care_as_usual", "none")
