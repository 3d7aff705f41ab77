"""Tables of stays and beds."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from tests.worlds import USUAL_CARE, ask

from popmodel.errors import InputError
from popmodel.pipeline.beds import beds_of, beds_there
from popmodel.stays import MOVES, bed_table
from popmodel.vocabulary import STAY_EVENTS


def weekly(bed_days):
    weeks = len(bed_days)
    return pd.DataFrame(
        {
            "strategy": "usual", "week": range(weeks), "bed_days": bed_days,
            "admissions": [4] * weeks,
        }
    )  # fmt: skip


def test_every_step_of_a_stay_goes_from_somewhere_to_somewhere():
    assert set(MOVES) == set(STAY_EVENTS)
    assert len(set(MOVES.values())) == len(MOVES)


def test_weeks_with_more_patients_than_beds_are_told():
    table = bed_table(
        weekly([14.0, 35.0, 21.0, 9.0]),
        "beds",
        np.array([0.0, 14.0]),
        np.array([3.0, 2.0]),
        1,
        24.0,
    )
    assert table["beds_in_use"].tolist() == [2.0, 5.0, 3.0, 3.0]  # the last week has three days
    assert table["beds"].tolist() == [3.0, 3.0, 2.0, 2.0]
    assert table["above"].tolist() == [0, 1, 1, 1]
    assert table["beds_short"].tolist() == [0.0, 2.0, 1.0, 1.0]


def test_replicates_share_the_bed_days_that_were_counted():
    table = bed_table(weekly([140.0]), "beds", np.zeros(1), np.array([9.0]), 10, 7.0)
    assert table["beds_in_use"].tolist() == [2.0]
    assert table["admissions"].tolist() == [0.4]


def test_beds_open_over_time_and_add_up_over_sites(tmp_path):
    steps = [{"from": "2026-01", "n": 3}, {"from": "2026-03", "n": 5}]
    question = ask(
        tmp_path, {"usual": USUAL_CARE}, services={"inpatient_bed": {"places": steps}},
        sites={
            "town": {"share": 0.6},
            "country": {"share": 0.4, "services": {"inpatient_bed": {"places": 1}}},
        },
    )  # fmt: skip
    since, beds = beds_there(question, question.evidence(), "usual", "inpatient_bed")
    assert since.tolist() == [0.0, 59.0]
    assert beds.tolist() == [4.0, 6.0]


def test_without_a_number_of_beds_there_is_no_table(tmp_path):
    question = ask(tmp_path, {"usual": USUAL_CARE})
    assert beds_of(question, question.evidence(), weekly([7.0]), 7.0).empty


def test_a_number_of_beds_makes_nobody_wait_and_is_no_mistake(tmp_path, recwarn):
    from popmodel.scenario.services import limited_services

    question = ask(tmp_path, {"usual": USUAL_CARE}, services={"inpatient_bed": {"places": 1}})
    assert limited_services(question, question.evidence()) == []
    assert not math.isnan(beds_of(question, question.evidence(), weekly([7.0]), 7.0)["beds"][0])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"places": 2, "place_cost": {"in_course_price": 0}}, "not charged as places"),
        ({"places": 2, "serves": ["saint"]}, "serve no treatment"),
    ],
)
def test_beds_are_neither_charged_twice_nor_given_to_treatments(tmp_path, said, told):
    with pytest.raises(InputError, match=told):
        ask(tmp_path, {"usual": USUAL_CARE}, services={"inpatient_bed": said})
