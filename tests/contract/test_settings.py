"""Care where a crisis brings people: what is offered there, and what changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from tests.properties import invariants
from tests.worlds import USUAL_CARE, ask, differing, inert, live

from popmodel.errors import InputWarning
from popmodel.pipeline.stages import parameters_of, population_of, simulate
from popmodel.vocabulary import SETTINGS, STAY_EVENTS

BANDS = ("remission", "mild", "moderate", "severe")
OFTEN = {f"disease.crisis.attempts_per_1000_years.{band}": 1500 for band in BANDS}
"""More crises than there are, so that few patients meet many."""
IN_EMERGENCY = {"treat": "ketamine_iv", "when": {"setting": ["emergency"]}, "repeat": True}
ON_WARD = {"treat": "saint", "when": {"setting": ["inpatient"]}, "repeat": True}


def world(tmp_path, offer, overrides=None, **question):
    strategies = {
        "usual": USUAL_CARE,
        "acute": {"offer": offer, "then": "usual"},
    }
    return ask(tmp_path, strategies, {**OFTEN, **(overrides or {})}, years=2, **question)


def begun(lives, strategy, card):
    """Return courses of a card begun by setting."""
    counts = lives.histories[strategy].tally["begun"][0]
    return dict(zip(SETTINGS, counts[lives.parameters.treatments.index(card)], strict=True))


def test_what_is_offered_in_emergency_and_on_the_ward_begins_there(tmp_path):
    lives = live(world(tmp_path, [IN_EMERGENCY, ON_WARD], size=400))
    invariants.check(lives)
    assert begun(lives, "acute", "ketamine_iv")["emergency"] > 50
    assert begun(lives, "acute", "saint")["inpatient"] > 5
    assert begun(lives, "usual", "saint") == dict.fromkeys(SETTINGS, 0)


@pytest.mark.parametrize("saved", [0, 3, 10])
def test_both_schedulers_send_patients_through_the_same_settings(tmp_path, saved):
    saving = {"disease.crisis.days_saved_by_benefit": saved}
    question = world(tmp_path, [IN_EMERGENCY, ON_WARD], saving, size=120)
    one, other = live(question), live(question, engine="mesa")
    for name in one.histories:
        assert differing(one.accounts(name), other.accounts(name)) == {}
        assert differing(one.persons(name), other.persons(name)) == {}
        for field in ("week", "stay", "begun"):
            a, b = (x.histories[name].tally[field] for x in (one, other))
            assert np.array_equal(a, b)
    invariants.check(one)


def test_both_schedulers_agree_where_wards_share_places_with_clinics(tmp_path):
    """Who waits for a place leaves the queue for what begins at once in hospital."""
    clinic = {"treat": "rtms", "when": {"not_tried": ["rtms"]}}
    places = {"saint_suite": {"places": 1}, "tms_device": {"places": 1}}
    offer = [IN_EMERGENCY, ON_WARD, clinic]
    with pytest.warns(InputWarning, match="replicates"):
        question = world(tmp_path, offer, size=120, services=places, replicates=2)
    evidence = question.evidence()
    parameters = parameters_of(question, evidence, question.structures()[0])
    population = population_of(question, parameters)
    found = [
        simulate(question, evidence, parameters, population, engine, 1)
        for engine in ("compiled", "mesa")
    ]
    for one, other in zip(*found, strict=True):
        assert differing(one.accounts, other.accounts) == {}
        assert np.array_equal(one.tally["stay"], other.tally["stay"])
        assert np.array_equal(one.tally["begun"], other.tally["begun"])
        assert len(one.waits) == len(other.waits)
    assert len(found[0][1].waits) > 100


def test_rules_for_a_setting_that_fit_nobody_change_no_history(tmp_path):
    never = [
        {**rule, "when": {**rule["when"], "severity": {"at_least": 60}}}
        for rule in (IN_EMERGENCY, ON_WARD)
    ]
    lives = live(world(tmp_path, never, size=400))
    assert differing(lives.accounts("usual"), lives.accounts("acute")) == {}
    assert np.array_equal(lives.week("usual"), lives.week("acute"))


@pytest.mark.parametrize("place", ["emergency", "inpatient"])
def test_a_useless_free_treatment_in_hospital_changes_nothing(tmp_path, place):
    """In the place of a wait of the same days and contact, offered to those who just came in."""
    when = {"setting": [place]}
    strategies = {
        "waiting": {
            "offer": [{"wait_days": 14, "contact": "usual_care", "when": when}], "then": "usual",
        },
        "treated": {"offer": [{"treat": "breathing", "when": when}], "then": "usual"},
        "usual": USUAL_CARE,
    }  # fmt: skip
    # One crisis each: a wait under way may be left for something in hospital, a course is not.
    once = {f"disease.crisis.attempts_per_1000_years.{band}": 60 for band in BANDS}
    overrides = {**once, **inert("breathing", 14)}
    lives = live(ask(tmp_path, strategies, overrides, years=1, size=1500))
    assert begun(lives, "treated", "breathing")[place] > 3
    a, b = lives.accounts("waiting"), lives.accounts("treated")
    again = a["crises"] > 1
    assert differing(a[~again], b[~again], ("courses", "events")) == {}


def test_a_course_under_way_is_not_broken_off_by_a_crisis(tmp_path):
    """A course that lasts two years, begun on the first day, is the only one."""
    long = {"offer": [{"treat": "breathing", "repeat": True}]}
    strategies = {"usual": long, "acute": {"offer": [IN_EMERGENCY], "then": "usual"}}
    overrides = {**OFTEN, **inert("breathing", 800)}
    lives = live(ask(tmp_path, strategies, overrides, years=2, size=200))
    assert lives.accounts("usual")["crises"].sum() > 200
    courses = lives.accounts("usual")["courses"]
    kept = (courses == 1) & (lives.accounts("acute")["courses"] == 1)
    assert kept.mean() > 0.3
    entered_on_course = lives.persons("acute")["started"] < 1.0
    assert (kept >= (entered_on_course & (courses == 1))).all()


def test_beds_saved_grow_with_the_days_a_benefit_saves(tmp_path):
    """And by nothing where it saves none: the histories without the assumption."""
    used = []
    for saved in (0, 2, 10):
        saving = {"disease.crisis.days_saved_by_benefit": saved}
        lives = live(world(tmp_path, [IN_EMERGENCY, ON_WARD], saving, size=400))
        used.append(lives.accounts("acute")["bed_days"].sum())
        stay = lives.histories["acute"].tally["stay"][0]
        assert stay[STAY_EVENTS.index("arrived")] > 500
    assert used[0] > used[1] > used[2] > 0.5 * used[0]
