"""The first rule that fits is offered: every condition alone can keep it from fitting."""

from __future__ import annotations

import numpy as np
import pytest

from popmodel.parameters import STRATEGY
from popmodel.rules import decision
from popmodel.rules.codes import EMERGENCY, INPATIENT, OUTCOME_DROPPED, OUTCOME_FAILED
from popmodel.vocabulary import SETTINGS


@pytest.fixture
def rules():
    """Two rules without conditions: treatment 5, then treatment 6."""
    s = np.zeros(1, dtype=STRATEGY)[0]
    s["rules"] = 2
    s["treat"][:2] = (5, 6)
    s["line_max"][:] = 99
    s["step_max"][:] = 9999
    s["severity_max"][:] = np.inf
    for name in ("biotypes", "settings", "last_outcomes"):
        s[name][:] = -1
    return s


@pytest.fixture
def open_q(q):
    """Everybody may have every treatment."""
    for name in ("minimum_failures", "excluded_flags", "required_flags", "after"):
        q[name][:] = 0
    q["settings"][:] = 15
    return q


def test_the_first_rule_that_fits_wins(open_q, rules, new_patient):
    assert decision.choose(new_patient(line=1, step=1), open_q, rules, 0.0, False) == 0
    used = new_patient(line=1, step=1, used=1)
    assert decision.choose(used, open_q, rules, 0.0, False) == 1
    rules["may_repeat"][0] = 1
    assert decision.choose(used, open_q, rules, 0.0, False) == 0


def test_without_a_rule_that_fits_nothing_is_offered(open_q, rules, new_patient):
    spent = new_patient(line=1, step=1, used=3)
    assert decision.choose(spent, open_q, rules, 0.0, False) == decision.NO_RULE


@pytest.mark.parametrize(
    ("field", "value", "patient"),
    [
        ("line_min", 2, {"line": 1}),
        ("line_max", 1, {"line": 2}),
        ("step_min", 2, {"step": 1}),
        ("step_max", 1, {"step": 2}),
        ("severity_min", 61.0, {}),
        ("severity_max", 0.0, {}),
        ("biotypes", 0b0010, {"biotype": 0}),
        ("settings", 0b0001, {"setting": 1}),
        ("flags_all", 0b0011, {"conditions": 1}),
        ("flags_none", 0b0010, {"conditions": 2}),
        ("tried_all", 1 << 40, {"tried": 1 << 3}),
        ("not_tried", 1 << 40, {"tried": 1 << 40}),
        ("last_outcomes", 1 << OUTCOME_FAILED, {"outcome": OUTCOME_DROPPED}),
    ],
)
def test_a_condition_that_does_not_hold_passes_the_rule_over(
    open_q, rules, new_patient, field, value, patient
):
    p = new_patient(**{"line": 1, "step": 1, **patient})
    assert decision.choose(p, open_q, rules, 0.0, False) == 0
    rules[field][0] = value
    assert decision.choose(p, open_q, rules, 0.0, False) == 1


@pytest.mark.parametrize(
    ("field", "value", "patient"),
    [
        ("minimum_failures", 2, {"failures": 1}),
        ("excluded_flags", 0b0100, {"conditions": 0b0110}),
        ("required_flags", 0b0110, {"conditions": 0b0100}),
        ("after", 1 << 9, {"previous": 8, "outcome": OUTCOME_FAILED}),
        ("after", 1 << 9, {"previous": -1}),
        ("after", 1 << 9, {"previous": 9, "outcome": OUTCOME_DROPPED}),
    ],
)
def test_a_card_that_does_not_admit_the_patient_is_passed_over(
    open_q, rules, new_patient, field, value, patient
):
    p = new_patient(**{"line": 1, "step": 1, **patient})
    open_q[field][5] = value
    assert decision.choose(p, open_q, rules, 0.0, False) == 1


def test_an_augmentation_follows_its_treatment(open_q, rules, new_patient):
    open_q["after"][5] = 1 << 9
    p = new_patient(line=1, step=1, previous=9, outcome=OUTCOME_FAILED)
    assert decision.choose(p, open_q, rules, 0.0, False) == 0


def test_asked_to_augment_only_augmentations_are_offered(open_q, rules, new_patient):
    p = new_patient(line=1, step=1)
    assert decision.choose(p, open_q, rules, 0.0, True) == decision.NO_RULE
    open_q["is_augmentation"][6] = 1
    assert decision.choose(p, open_q, rules, 0.0, True) == 1


@pytest.mark.parametrize("place", [INPATIENT, EMERGENCY])
def test_in_hospital_only_what_is_given_there_is_offered(open_q, rules, new_patient, place):
    p = new_patient(line=1, step=1, setting=place)
    open_q["settings"][5] = 1 << SETTINGS.index("home")
    open_q["settings"][6] = 1 << place
    assert decision.choose(p, open_q, rules, 0.0, False) == 1


def test_who_lives_at_home_can_go_to_a_clinic(open_q, rules, new_patient):
    p = new_patient(line=1, step=1, setting=SETTINGS.index("outpatient"))
    open_q["settings"][5] = 1 << SETTINGS.index("home")
    assert decision.choose(p, open_q, rules, 0.0, False) == 0
    open_q["settings"][5] = 1 << INPATIENT
    assert decision.choose(p, open_q, rules, 0.0, False) == 1


def test_severity_is_asked_as_measured_not_as_true(open_q, rules, new_patient):
    """A true 30 is often measured above or below a limit of 30."""
    rules["severity_min"][0] = 30.0
    rules["rules"] = 1
    open_q["depth_mean"] = -5.0  # far under the floor: the score is the worst of the episode
    offered = [
        decision.choose(new_patient(n, line=1, step=1, worst=30.0), open_q, rules, 0.0, False)
        for n in range(400)
    ]
    assert 0.4 < np.mean(np.array(offered) == 0) < 0.6
