"""Outcomes beside QALYs: expected from the years lived ill and well, paired, at no price."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.worlds import USUAL_CARE, ask, live

from popmodel.burden import burden_of, burden_table
from popmodel.outcomes import patient_table

WEEKS_A_YEAR = 365.25 / 7


@pytest.fixture
def patients():
    """One ill for 4 years, one well for all 4, one who died after a year half ill."""
    return pd.DataFrame(
        {
            "life_years": [4.0, 4.0, 1.0],
            "remission_weeks": [0.0, 4 * WEEKS_A_YEAR, 0.5 * WEEKS_A_YEAR],
            "days_to_relief": [np.inf, 3.0, 20.0],
        }
    )


def test_coronary_events_follow_years_ill_and_years_well(shipped, patients):
    evidence = shipped.with_overrides(
        {
            "disease.coronary.events_per_year": 0.01,
            "disease.coronary.hazard_ratio_depressed": 1.5,
            "disease.coronary.share_relieved_by_remission": 0.4,
        }
    )
    found = burden_of(patients, evidence)
    by_hand = [4 * 0.015, 4 * 0.01 * 1.3, 0.5 * 0.015 + 0.5 * 0.013]
    assert found["coronary_events", "events"] == pytest.approx(by_hand)
    due = found["coronary_events_of_depression", "events"]
    assert due == pytest.approx(np.array(by_hand) - 0.01 * patients["life_years"])


def test_where_remission_relieves_nothing_strategies_differ_by_survival_alone(shipped, patients):
    evidence = shipped.with_overrides({"disease.coronary.share_relieved_by_remission": 0})
    found = burden_of(patients, evidence)["coronary_events", "events"]
    assert found[0] == pytest.approx(found[1])
    assert found[2] == pytest.approx(found[0] / 4)


def test_both_readings_of_opioids_after_surgery_stand_side_by_side(shipped, patients):
    evidence = shipped.with_overrides(
        {
            "disease.surgical_opioids.operations_per_year": 0.1,
            "disease.surgical_opioids.usual_amount": 50,
            "disease.surgical_opioids.prior_users": 0.2,
            "disease.surgical_opioids.ratio_prior_users": 2,
            "disease.surgical_opioids.ratio_claimed": 3,
        }
    )
    found = burden_of(patients, evidence)
    assert found["surgical_opioids_as_read", "mg"] == pytest.approx([4.0, 0.0, 0.5])
    assert found["surgical_opioids_as_claimed", "mg"] == pytest.approx([40.0, 0.0, 5.0])


def test_relief_is_counted_by_its_day(shipped, patients):
    found = burden_of(patients, shipped)
    assert found["relief_within_7_days", "share"].tolist() == [0, 1, 0]
    assert found["relief_within_28_days", "share"].tolist() == [0, 1, 1]


def test_a_strategy_against_itself_differs_in_nothing(shipped, patients):
    table = burden_table({"a": patients, "b": patients.copy()}, shipped, "a")
    assert (table["inc"] == 0).all()
    assert (table["inc_se"] == 0).all()
    assert len(table) == 2 * table["outcome"].nunique()


def test_these_outcomes_are_in_no_total(shipped, tmp_path):
    """Rates of the heart a hundred times as high change no cost, no QALY and no death."""
    overrides = {"disease.coronary.events_per_year": 0.3}
    tables = []
    for name, over in (("a", {}), ("b", overrides)):
        (tmp_path / name).mkdir()
        lives = live(ask(tmp_path / name, {"usual": USUAL_CARE}, over, size=200))
        own = lives.histories["usual"]
        tables.append(patient_table(lives.population, own, lives.parameters))
    pd.testing.assert_frame_equal(tables[0], tables[1])


def test_a_fast_treatment_relieves_within_days(tmp_path):
    fast = {"offer": [{"treat": "ketamine_iv"}], "then": "usual"}
    slow = {"offer": [{"treat": "escitalopram"}], "then": "usual"}
    question = {"population": {"intake": "incident"}, "years": 1, "size": 1500}
    lives = live(ask(tmp_path, {"usual": USUAL_CARE, "fast": fast, "slow": slow}, **question))
    tables = {
        name: patient_table(lives.population, history, lives.parameters)
        for name, history in lives.histories.items()
    }
    for table in tables.values():
        remitted = table["ever_remission"]
        assert (table["days_to_relief"] <= table["days_to_remission"])[remitted].all()
        assert (table["ever_response"] == np.isfinite(table["days_to_relief"])).all()
    found = burden_table(tables, lives.scenario.evidence(), "slow")
    found = found.set_index(["strategy", "outcome"])
    gain = found.loc[("fast", "relief_within_28_days")]
    assert gain["inc"] > 4 * gain["inc_se"]
