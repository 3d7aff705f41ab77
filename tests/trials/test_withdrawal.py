"""Who relapses, when, and how going on compares with stopping."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.trials.conftest import SEED

from popmodel.evidence.schema import Trial
from popmodel.trials.emulate import Emulator
from popmodel.trials.withdrawal import weighted_median

FEW = 1024


def predicted(trial: Trial, parameters) -> dict[tuple[str, str], float]:
    rows = Emulator(SEED, FEW).predict(trial, parameters)
    assert not any(row.problem for row in rows)
    return {(row.arm, row.measure): row.value for row in rows}


def changed_record(parameters, **fields):
    record = parameters.record.copy()
    for name, value in fields.items():
        record[0][name] = value
    return replace(parameters, record=record)


@pytest.fixture(scope="module")
def responders(evidence):
    return evidence.trials["sustain-1-responders"]


def test_who_only_responded_relapses_sooner_than_who_remitted(responders, parameters):
    include = responders.include.model_copy(update={"well": "remission"})
    remitters = responders.model_copy(update={"include": include})
    for arm in responders.arms:
        worse = predicted(responders, parameters)[arm, "relapse"]
        assert worse > predicted(remitters, parameters)[arm, "relapse"]


def test_where_people_are_alike_the_hazard_ratio_is_that_of_the_card(responders, parameters):
    """Without frailty and with one hazard for all, protection multiplies what is cumulated."""
    alike = changed_record(
        parameters, relapse_frailty_sd=0.0, failed_line_ratio=1.0, biotype_relapse=1.0
    )
    kept = alike.treatments.index(responders.arms["go_on"].treat)
    found = predicted(responders, alike)["go_on", "log_hazard_ratio"]
    assert found == pytest.approx(math.log(alike.record[0]["upkeep_ratio"][kept]), abs=0.06)


def test_a_protection_that_protects_nobody_has_a_hazard_ratio_of_one(responders, parameters):
    none = changed_record(parameters, upkeep_ratio=1.0)
    assert predicted(responders, none)["go_on", "log_hazard_ratio"] == 0.0


def test_more_of_the_well_fall_ill_again_the_longer_they_are_followed(evidence, parameters):
    trial = evidence.trials["hardeveld-2013"]
    values = [row.value for row in Emulator(SEED, FEW).predict(trial, parameters)]
    assert values == sorted(values) and 0.0 < values[0] < values[-1] < 1.0


def test_without_recurrence_nobody_who_is_long_well_falls_ill(evidence, parameters):
    never = changed_record(parameters, recurrence_rate=0.0)
    values = predicted(evidence.trials["ten-have-2018-recurrence"], never)
    assert set(values.values()) == {0.0}


def test_residual_symptoms_shorten_the_median_time_to_relapse(evidence, parameters):
    well = predicted(evidence.trials["judd-1998-well"], parameters)
    residual = predicted(evidence.trials["judd-1998-residual"], parameters)
    assert 0.0 < residual["followed", "median_days"] < 0.5 * well["followed", "median_days"]


def test_the_median_is_where_half_of_the_weight_is_reached():
    days, weights = np.array([30.0, 10.0, 20.0]), np.array([0.2, 0.3, 0.5])
    assert weighted_median(days, weights, 365.0) == 20.0
    assert weighted_median(days, weights, 15.0) == 15.0
