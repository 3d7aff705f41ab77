"""One patient's life among all who wait for the same places."""

from __future__ import annotations

import numpy as np
import pytest
from tests.worlds import SCENARIOS

from popmodel.errors import InputError
from popmodel.parameters import compile_strategy
from popmodel.pipeline import lives, patient_story
from popmodel.pipeline.stages import histories_of, parameters_of, population_of
from popmodel.scenario import compile_strategies, load_scenario

SMALL = {
    "population.size": "60", "population.incident_per_year": "10", "replicates": "20",
    "horizon.years": "1", "structure.severity_effect": "evidence",
}  # fmt: skip


@pytest.fixture(scope="module")
def scenario():
    return load_scenario(SCENARIOS / "saint_rollout.yaml", SMALL)


@pytest.fixture(scope="module")
def history(scenario):
    """The run that the story must agree with, of the strategy with one suite."""
    evidence = scenario.evidence()
    parameters = parameters_of(scenario, evidence, scenario.structures()[0])
    population = population_of(scenario, parameters, 1)
    records = [compile_strategy(s) for s in compile_strategies(scenario, evidence)]
    found = histories_of(scenario, evidence, parameters, population, records, threads=1)
    return population, found[list(scenario.strategies).index("one_suite")]


def test_a_life_waits_as_long_as_in_the_run_and_starts_when_the_run_says(scenario, history):
    _, found = history
    waits = found.waits[(found.waits["ended"] == 0) & (found.waits["booster"] == 0)]
    waits = waits[waits["left"] - waits["joined"] > 7.0]
    wait = waits[np.argmin(waits["patient"])]
    life = patient_story(scenario, int(wait["patient"]))["evidence"]["one_suite"]
    joined = [day for day, told, _ in life.moments if "waits for a place" in told]
    given = [day for day, told, _ in life.moments if "a place is free" in told]
    assert wait["joined"] in joined and wait["left"] in given
    assert wait["left"] in [first for first, _, _ in life.courses]


def test_a_life_without_limited_places_never_waits_for_one(scenario, history):
    patient = int(history[1].waits["patient"][0])
    life = patient_story(scenario, patient)["evidence"]["usual_care"]
    assert not any("place" in told for _, told, _ in life.moments)


def test_days_of_a_life_rise_and_its_score_is_read_every_week(scenario, history):
    life = patient_story(scenario, int(history[1].waits["patient"][0]))["evidence"]["one_suite"]
    days = [day for day, _, _ in life.moments]
    assert days == sorted(days)
    assert len(life.days) == len(life.scores) and (np.diff(life.days) > 0).all()


def test_a_crowd_is_refused_with_what_to_do_instead(scenario, monkeypatch):
    monkeypatch.setattr(lives, "MOST_TOGETHER", 10)
    with pytest.raises(InputError, match="fewer --patients"):
        patient_story(scenario, 3)


def test_a_patient_who_does_not_exist_is_refused(scenario):
    with pytest.raises(InputError, match="a number from 0 to"):
        patient_story(scenario, 10**7)
