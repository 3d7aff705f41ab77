"""A treatment that adds nothing changes nothing: not the patient, not the luck, not the account.

A wait is replaced by a course of a shipped card whose effect, costs, harms and drop-out are set to
zero, with the contact and the days of that wait. Real care follows, so that any luck spent on the
empty course would show later on. Everything must be equal to the last bit but the words for care.
"""

from __future__ import annotations

import numpy as np
import pytest
from tests.worlds import USUAL_CARE, ask, differing, inert, live

from popmodel.rules.records import WEEK_FLOW, WEEK_STATE
from popmodel.vocabulary import FLOWS, STATES

# What was offered, and what the course under way at the horizon is called.
CARE_ACCOUNT = ("courses", "events")
CARE_PERSON = ("tried", "treatment", "started", "visit", "sessions", "care", "state", "due")


def replaced(tmp_path, waits, courses, overrides, **question):
    """Return lives with waits, and the same lives with courses in their place."""
    strategies = {
        "waiting": {"offer": waits, "then": "usual"},
        "treated": {"offer": courses, "then": "usual"},
        "usual": USUAL_CARE,
    }
    return live(ask(tmp_path, strategies, overrides, **question))


def assert_nothing_changed(lives, a="waiting", b="treated"):
    assert differing(lives.accounts(a), lives.accounts(b), CARE_ACCOUNT) == {}
    assert differing(lives.persons(a), lives.persons(b), CARE_PERSON) == {}
    waiting, treated = lives.week(a).copy(), lives.week(b).copy()
    for week in (waiting, treated):  # in the empty course or waiting: the same people
        week[:, WEEK_STATE + STATES.index("waiting")] += week[
            :, WEEK_STATE + STATES.index("on_course")
        ]
        week[:, WEEK_STATE + STATES.index("on_course")] = 0
        week[:, WEEK_FLOW + FLOWS.index("starts")] = 0
    assert np.array_equal(waiting, treated)


@pytest.mark.parametrize(
    ("card", "contact", "days"),
    [
        ("aih_home", "usual_care", 28),
        ("aih_clinic", "waiting_list", 45.5),
        ("cbt", "none", 84),
        ("saint", "device_sham", 28),
        ("ect", "usual_care", 0.25),
    ],
)
def test_a_useless_free_treatment_changes_nothing(tmp_path, card, contact, days):
    lives = replaced(
        tmp_path,
        [{"wait_days": days, "contact": contact}],
        [{"treat": card}],
        inert(card, days, contact=contact),
        size=1500,
    )
    assert (
        lives.accounts("treated")["courses"] > lives.accounts("waiting")["courses"]
    ).mean() > 0.5
    assert_nothing_changed(lives)


@pytest.mark.parametrize("structure", ["premise", "mixture"])
def test_a_useless_free_treatment_changes_nothing_under_the_other_readings(tmp_path, structure):
    lives = replaced(
        tmp_path,
        [{"wait_days": 28, "contact": "usual_care"}],
        [{"treat": "breathing"}],
        inert("breathing", 28),
        structure={"severity_effect": structure},
        population={"intake": "open", "incident_per_year": 100},
        perspective="societal",
    )
    assert_nothing_changed(lives)


def test_a_second_and_a_third_useless_course_change_nothing_either(tmp_path):
    cards = ("aih_home", "breathing", "mindfulness")
    overrides = {k: v for card in cards for k, v in inert(card, 28).items()}
    wait = {"wait_days": 28, "contact": "usual_care"}
    strategies = {
        "www": {"offer": [wait, wait, wait], "then": "usual"},
        "tww": {"offer": [{"treat": cards[0]}, wait, wait], "then": "usual"},
        "wtw": {"offer": [wait, {"treat": cards[1]}, wait], "then": "usual"},
        "ttt": {"offer": [{"treat": card} for card in cards], "then": "usual"},
        "usual": USUAL_CARE,
    }
    lives = live(ask(tmp_path, strategies, overrides, size=1500))
    for other in ("tww", "wtw", "ttt"):
        assert_nothing_changed(lives, "www", other)


def test_three_useless_courses_buy_no_second_chance_of_remission(tmp_path):
    cards = ("aih_home", "breathing", "mindfulness")
    overrides = {k: v for card in cards for k, v in inert(card, 28).items()}
    lives = live(
        ask(
            tmp_path,
            {
                "one_wait": {"offer": [{"wait_days": 84, "contact": "usual_care"}]},
                "three_courses": {"offer": [{"treat": card} for card in cards]},
            },
            overrides,
            size=2000,
        )
    )
    waiting, treated = lives.accounts("one_wait"), lives.accounts("three_courses")
    assert differing(waiting[["first_remission"]], treated[["first_remission"]]) == {}
    assert np.isfinite(waiting["first_remission"]).mean() > 0.3


def test_visits_and_sessions_that_cost_nothing_wake_the_patient_and_change_nothing(tmp_path):
    visits = [float(day) for day in range(0, 84, 3)]
    often = inert("cbt", 84, visits=visits, session_days=70, sessions=50)
    lives = replaced(
        tmp_path, [{"wait_days": 84, "contact": "therapist"}], [{"treat": "cbt"}],
        {**often, "treatments.cbt.contact": "therapist"}, size=1500,
    )  # fmt: skip
    woken = lives.accounts("treated")["events"] - lives.accounts("waiting")["events"]
    assert woken.mean() > 10
    assert_nothing_changed(lives)


def test_useless_adequate_treatments_help_and_harm_nobody_on_average(tmp_path):
    """Resistance belongs to the person, not to what was offered (2,500 pairs; |z| < 4)."""
    cards = ("cbt", "escitalopram", "second_antidepressant", "rtms", "saint")
    overrides = {k: v for card in cards for k, v in inert(card, 56, adequate=True).items()} | {
        "disease.relapse.per_failed_line_hazard_ratio": 1,
        **{
            f"disease.care_seeking.disengage_after_failures.{n}": 0 for n in ("one", "two", "three")
        },
    }
    lives = live(
        ask(
            tmp_path,
            {
                "waits": {"offer": [{"wait_days": 70, "contact": "usual_care"}] * 5},
                "treated": {"offer": [{"treat": card} for card in cards]},
            },
            overrides,
            size=2500,
            years=3,
            structure={"contact_credit": "none"},
        )
    )
    gain = lives.accounts("treated")["qaly"] - lives.accounts("waits")["qaly"]
    assert abs(gain.mean()) < 4 * gain.std() / np.sqrt(len(gain))
    before = ["first_remission"]
    assert differing(lives.accounts("treated")[before], lives.accounts("waits")[before]) == {}


def test_a_zero_potency_treatment_without_contact_credit_wins_by_price_or_delay_alone(tmp_path):
    """aIH as its card stands, but without effect: costs, harms and drop-out stay (z < 3)."""
    lives = live(
        ask(
            tmp_path,
            {"usual": USUAL_CARE, "aih_first": {"offer": [{"treat": "aih_home"}], "then": "usual"}},
            {"treatments.aih_home.potency": 0},
            size=4000,
            structure={"contact_credit": "none"},
        )
    )
    gain = lives.accounts("aih_first")["qaly"] - lives.accounts("usual")["qaly"]
    assert gain.mean() < 3 * gain.std() / np.sqrt(len(gain))
    treated = (lives.persons("aih_first")["tried"] != lives.persons("usual")["tried"]).mean()
    assert treated > 0.5


@pytest.mark.slow
def test_a_useless_free_treatment_changes_nothing_in_a_hundred_thousand_lives(tmp_path):
    lives = replaced(
        tmp_path,
        [{"wait_days": 28, "contact": "usual_care"}],
        [{"treat": "aih_home"}],
        inert("aih_home", 28, visits=[7.0, 14.0, 21.0]),
        size=100_000,
        years="lifetime",
        perspective="societal",
    )
    assert_nothing_changed(lives)
