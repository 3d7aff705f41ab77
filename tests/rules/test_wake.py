"""What follows what: offers after a relapse, crises out of care, ties, new episodes."""

from __future__ import annotations

import pytest

from popmodel.engine.arm import trial_strategy
from popmodel.rules import codes as c
from popmodel.rules import course, wake

WORKED, OTHER = 5, 6


@pytest.fixture
def open_q(q):
    """Everybody may have every treatment, anywhere."""
    for name in ("minimum_failures", "excluded_flags", "required_flags", "after"):
        q[name][:] = 0
    q["settings"][:] = 15
    return q


@pytest.fixture
def relapsed(new_patient):
    return new_patient(
        care=c.CARE_OUT, ask_mode=c.ASK_RELAPSED, worked=WORKED, death=9e9, excess=9e9, band=2
    )


def test_after_a_relapse_what_worked_is_repeated_once(open_q, relapsed, account, tally):
    s = trial_strategy(OTHER)[0]
    assert course.offer(relapsed, account, open_q, s, tally, 10.0)
    assert relapsed["treatment"] == WORKED
    assert relapsed["ask_mode"] == c.ASK_LEFT


def test_a_relapse_is_spent_by_an_offer_made_in_a_crisis(open_q, relapsed, account, tally):
    """What worked is not given in hospital; another treatment is, and a later decision goes on."""
    open_q["settings"][WORKED] = 0
    open_q["attempt_fatality"][:] = 0.0
    s = trial_strategy(OTHER)[0]
    wake.crisis(relapsed, account, open_q, s, tally, 10.0)
    assert relapsed["treatment"] == OTHER
    assert relapsed["ask_mode"] == c.ASK_LEFT
    open_q["settings"][WORKED] = 15
    relapsed["care"] = c.CARE_WAIT
    s["may_repeat"][:] = 1
    course.decide(relapsed, account, open_q, s, tally, 60.0)
    assert relapsed["treatment"] == OTHER


def test_a_relapse_waits_for_the_end_of_a_crisis_in_which_nothing_is_offered(
    open_q, relapsed, account, tally
):
    open_q["settings"][:] = 0
    open_q["attempt_fatality"][:] = 0.0
    s = trial_strategy(OTHER)[0]
    wake.crisis(relapsed, account, open_q, s, tally, 10.0)
    assert relapsed["care"] == c.CARE_WAIT
    assert relapsed["due"] == relapsed["crisis_end"] > 10.0
    open_q["settings"][:] = 15
    course.decide(relapsed, account, open_q, s, tally, float(relapsed["due"]))
    assert relapsed["treatment"] == WORKED


def test_without_an_offer_care_goes_on_and_the_relapse_is_spent(open_q, relapsed, account, tally):
    open_q["settings"][:] = 0
    course.decide(relapsed, account, open_q, trial_strategy(OTHER)[0], tally, 10.0)
    assert relapsed["care"] == c.CARE_LAST
    assert relapsed["ask_mode"] == c.ASK_LEFT


def test_a_recurrence_forgets_the_last_course_a_relapse_does_not(
    open_q, new_patient, account, tally
):
    for state, previous in ((c.REMITTED, OTHER), (c.RECOVERED, -1)):
        p = new_patient(state=state, previous=OTHER, outcome=c.OUTCOME_RESPONSE, well_since=0.0)
        wake.begin_again(p, account, open_q, tally, 400.0)
        assert p["previous"] == previous


@pytest.mark.parametrize(
    ("rival", "first"), [("death", True), ("excess", True), ("crisis", True), ("due", False)]
)
def test_at_one_instant_death_and_crisis_come_before_a_knot_and_a_decision_after(
    open_q, new_patient, account, tally, rival, first
):
    oldest = int(open_q["age_bands"]) - 1
    p = new_patient(care=c.CARE_WAIT, grid=4, moving=0, age_band=oldest)
    at = float(p["phase"] + 4 * open_q["grid_days"])
    p[rival] = at
    wake.settle(p, account, open_q, tally)
    assert p["wake"] == at
    assert (p["grid"] == 4) == first
