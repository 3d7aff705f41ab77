"""A stay after a crisis: emergency department, ward, home; days are charged as they really were."""

from __future__ import annotations

import math

import pytest

from popmodel.engine.arm import trial_strategy
from popmodel.rules import crisis, places, stay, wake
from popmodel.rules.codes import (
    BED_HELD,
    BED_NONE,
    BED_WANTED,
    CARE_WAIT,
    COST_CRISIS,
    EMERGENCY,
    INPATIENT,
    OUTPATIENT,
    STAY_ADMITTED,
    STAY_AGAIN,
    STAY_ARRIVED,
    STAY_DIED,
    STAY_HOME,
    WAIT_DIED,
    WAIT_RENEGED,
    WAIT_SERVED,
    WAIT_WELL,
)
from popmodel.rules.records import MICRO, WEEK_BEDS

HERE = trial_strategy()[0]
"""A strategy under which nobody waits for a bed."""


@pytest.fixture
def ward(q):
    """Parameters in which every survivor is admitted for seven days after one."""
    q["attempt_fatality"] = 0.0
    q["emergency_days"] = 1.0
    q["admission_days"] = 7.0
    q["admission_share"] = 1.0
    q["cost_attempt"] = 10.0
    q["cost_emergency"] = 100.0
    q["cost_admission_day"] = 1000.0
    q["discount_costs"] = 0.0
    return q


def test_an_admitted_patient_is_in_the_emergency_department_first(
    ward, new_patient, account, tally
):
    p = new_patient(4, setting=OUTPATIENT)
    account["recording"] = 1
    stay.arrive(p, account, ward, tally, 50.0)
    assert (p["setting"], p["crisis_end"], account["admissions"]) == (EMERGENCY, 51.0, 0)
    stay.end_stage(p, account, ward, HERE, tally, 51.0)
    assert (p["setting"], p["crisis_end"], account["admissions"]) == (INPATIENT, 58.0, 1)
    stay.end_stage(p, account, ward, HERE, tally, 58.0)
    assert (p["setting"], p["crisis_end"]) == (OUTPATIENT, math.inf)
    assert account["bed_days"] == 7.0
    counted = tally["stay"]
    assert counted[STAY_ARRIVED] == counted[STAY_ADMITTED] == counted[STAY_HOME + 1] == 1


def test_the_bill_of_an_admission_holds_the_emergency_visit(ward, new_patient, account, tally):
    p = new_patient(4, setting=OUTPATIENT)
    stay.arrive(p, account, ward, tally, 50.0)
    for day in (51.0, 58.0):
        stay.end_stage(p, account, ward, HERE, tally, day)
    assert account["cost"][COST_CRISIS] == 7000.0


def test_who_is_not_admitted_goes_home_and_pays_the_visit(ward, new_patient, account, tally):
    ward["admission_share"] = 0.0
    p = new_patient(4, setting=OUTPATIENT)
    stay.arrive(p, account, ward, tally, 50.0)
    stay.end_stage(p, account, ward, HERE, tally, 51.0)
    assert (p["setting"], p["crisis_end"], account["bed_days"]) == (OUTPATIENT, math.inf, 0.0)
    assert account["cost"][COST_CRISIS] == 100.0


def test_who_dies_on_a_ward_used_the_bed_until_then(ward, new_patient, account, tally):
    p = new_patient(4, setting=OUTPATIENT)
    account["recording"] = 1
    stay.arrive(p, account, ward, tally, 50.0)
    stay.end_stage(p, account, ward, HERE, tally, 51.0)
    stay.leave_hospital(p, account, ward, tally, 53.5, STAY_DIED)
    assert account["bed_days"] == 2.5
    assert account["cost"][COST_CRISIS] == 2500.0
    assert tally["stay"][STAY_DIED + 1] == 1


def test_bed_days_lie_in_the_weeks_in_which_the_bed_was_used(ward, account, tally):
    account["recording"] = 1
    stay.tally_beds(account, tally, 5.5, 21.25)
    assert (tally["week"][:5, WEEK_BEDS] / MICRO).tolist() == [1.5, 7.0, 7.0, 0.25, 0.0]


def test_a_stay_in_hospital_is_not_shortened_by_another_attempt(ward, new_patient, account, tally):
    p = new_patient(4, setting=OUTPATIENT)
    account["recording"] = 1
    crisis.suffer_crisis(p, account, ward, tally, 50.0)
    stay.end_stage(p, account, ward, HERE, tally, 51.0)
    ward["admission_share"] = 0.0
    crisis.suffer_crisis(p, account, ward, tally, 52.0)
    assert (p["setting"], p["crisis_end"]) == (INPATIENT, 58.0)
    assert tally["stay"][STAY_AGAIN] == 1
    assert account["admissions"] == 1
    ward["admission_share"] = 1.0
    crisis.suffer_crisis(p, account, ward, tally, 54.0)
    assert p["crisis_end"] == 61.0
    stay.end_stage(p, account, ward, HERE, tally, 61.0)
    assert account["bed_days"] == 10.0


@pytest.mark.parametrize(("saved", "end"), [(0.0, 58.0), (2.0, 56.0), (30.0, 53.0)])
def test_a_benefit_on_the_ward_ends_the_stay_sooner_only_by_assumption(
    ward, new_patient, account, tally, saved, end
):
    ward["discharge_days_saved"] = saved
    p = new_patient(4, setting=OUTPATIENT)
    stay.arrive(p, account, ward, tally, 50.0)
    stay.end_stage(p, account, ward, HERE, tally, 51.0)
    for _ in range(2):  # a second benefit in the same stay saves nothing more
        stay.discharge_early(p, ward, 53.0)
    assert p["crisis_end"] == end


@pytest.mark.parametrize(("saved", "setting"), [(0.0, INPATIENT), (3.0, INPATIENT), (9.0, 1)])
def test_a_benefit_in_the_emergency_department_may_spare_the_admission(
    ward, new_patient, account, tally, saved, setting
):
    ward["discharge_days_saved"] = saved
    p = new_patient(4, setting=OUTPATIENT)
    stay.arrive(p, account, ward, tally, 50.0)
    stay.discharge_early(p, ward, 50.5)
    stay.end_stage(p, account, ward, HERE, tally, 51.0)
    assert p["setting"] == setting
    if setting == INPATIENT:
        assert p["crisis_end"] == 58.0 - saved


def test_nobody_at_home_is_discharged(ward, new_patient):
    ward["discharge_days_saved"] = 5.0
    p = new_patient(4, setting=OUTPATIENT)
    stay.discharge_early(p, ward, 10.0)
    assert (p["crisis_end"], p["discharged"]) == (math.inf, 0)


@pytest.fixture
def few_beds(ward):
    """A strategy under which admissions wait for a bed, three days at most."""
    ward["cost_boarding_day"] = 2000.0
    s = trial_strategy()[0]
    s["beds"], s["board_days"] = 1, 3.0
    return s


@pytest.fixture
def boarder(ward, few_beds, new_patient, account, tally):
    """Somebody who waits for a bed since day 51."""
    p = new_patient(4, setting=OUTPATIENT)
    account["recording"] = 1
    stay.arrive(p, account, ward, tally, 50.0)
    stay.end_stage(p, account, ward, few_beds, tally, 51.0)
    return p


def test_who_finds_no_bed_boards_in_the_emergency_department(boarder, account):
    assert (boarder["bed"], boarder["setting"]) == (BED_WANTED, EMERGENCY)
    assert (account["boarded"], boarder["crisis_end"], account["admissions"]) == (51.0, 54.0, 0)


def test_boarding_is_charged_by_the_day_and_the_stay_on_the_ward_is_as_long_as_ever(
    boarder, ward, few_beds, account, tally
):
    assert places.give_bed(boarder, account, ward, few_beds, tally, 53.0)
    assert (boarder["bed"], boarder["bed_ended"]) == (BED_HELD, WAIT_SERVED)
    assert (boarder["setting"], boarder["crisis_end"]) == (INPATIENT, 60.0)
    stay.end_stage(boarder, account, ward, few_beds, tally, 60.0)
    assert (boarder["bed"], boarder["setting"]) == (BED_NONE, OUTPATIENT)
    assert account["bed_days"] == 7.0
    assert account["cost"][COST_CRISIS] == 2 * 2000.0 + 7 * 1000.0


def test_who_boards_too_long_goes_home_without_an_admission(
    boarder, ward, few_beds, account, tally
):
    stay.end_stage(boarder, account, ward, few_beds, tally, 54.0)
    assert (boarder["bed"], boarder["bed_ended"]) == (BED_NONE, WAIT_RENEGED)
    assert (boarder["setting"], boarder["crisis_end"]) == (OUTPATIENT, math.inf)
    assert (account["admissions"], account["bed_days"]) == (0, 0.0)
    assert account["cost"][COST_CRISIS] == 3 * 2000.0 + 100.0


def test_who_dies_boarding_was_never_admitted(boarder, ward, account, tally):
    stay.leave_hospital(boarder, account, ward, tally, 52.0, STAY_DIED)
    assert (boarder["bed"], boarder["bed_ended"]) == (BED_NONE, WAIT_DIED)
    assert tally["stay"][STAY_DIED] == 1
    assert account["cost"][COST_CRISIS] == 2000.0 + 100.0


def test_a_benefit_seen_while_boarding_spares_the_admission_by_assumption(
    boarder, ward, few_beds, account, tally
):
    ward["discharge_days_saved"] = 9.0
    boarder["care"], boarder["due"] = CARE_WAIT, boarder["crisis_end"]
    stay.discharge_early(boarder, ward, 52.0)
    assert (boarder["crisis_end"], boarder["due"]) == (52.0, 52.0)
    stay.end_stage(boarder, account, ward, few_beds, tally, 52.0)
    assert (boarder["bed_ended"], boarder["setting"]) == (WAIT_WELL, OUTPATIENT)


def test_a_decision_put_off_to_the_end_of_boarding_comes_with_the_bed(
    boarder, ward, few_beds, account, tally
):
    boarder["care"], boarder["due"] = CARE_WAIT, boarder["crisis_end"]
    places.give_bed(boarder, account, ward, few_beds, tally, 52.5)
    assert boarder["due"] == boarder["crisis_end"] == 59.5  # nothing was offered on the ward


def test_the_horizon_ends_boarding_and_charges_it(boarder, ward, account, tally):
    ward["horizon"] = 53.5
    wake.leave(boarder, account, ward, tally)
    assert account["cost"][COST_CRISIS] == 2.5 * 2000.0 + 100.0
