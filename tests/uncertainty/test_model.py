"""The model as a function of parameters: what a run of a design is."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

import popmodel
from popmodel.errors import InputError
from popmodel.uncertainty.model import (
    BLOCK,
    BLOCKS,
    IN_REMISSION,
    OUTCOMES,
    SUBGROUP,
    WEEK,
    ModelJob,
    seed_of,
)
from popmodel.uncertainty.run import Run

SCENARIO = "scenarios/five_pathways.yaml"
PATIENTS = 400


@pytest.fixture(scope="module")
def scenario():
    return popmodel.load_scenario(SCENARIO, patients=PATIENTS, structure="evidence")


@pytest.fixture(scope="module")
def base(scenario):
    return ModelJob(scenario)(Run(0, "evidence", 0, {}))


def test_the_mean_over_blocks_is_the_mean_of_an_ordinary_run(scenario, base):
    result = popmodel.run(scenario)
    for strategy, rows in base.groupby("strategy"):
        asked = result.strategies.set_index("strategy").loc[strategy]
        for outcome in OUTCOMES:
            mean = np.average(rows[outcome], weights=rows["patients"])
            assert mean == pytest.approx(asked[outcome], rel=1e-12, abs=1e-12)


def test_blocks_hold_equally_many_patients_the_same_in_every_strategy(scenario, base):
    assert set(base["dimension"]) == {BLOCK}
    assert list(base["strategy"].unique()) == list(scenario.strategies)
    assert (base["patients"] == PATIENTS // BLOCKS).all()
    assert (base.groupby("strategy").size() == BLOCKS).all()


def test_the_same_run_gives_the_same_rows_in_another_process(scenario, base):
    job = pickle.loads(pickle.dumps(ModelJob(scenario)))  # noqa: S301
    pd.testing.assert_frame_equal(job(Run(9, "evidence", 0, {})), base)
    assert job.identity == ModelJob(scenario).identity


def test_subgroups_add_up_to_everybody(scenario, base):
    rows = ModelJob(scenario, subgroups=True)(Run(0, "evidence", 0, {}))
    for _, part in rows.groupby("strategy"):
        blocks, groups = part[part["dimension"] == BLOCK], part[part["dimension"] == SUBGROUP]
        assert groups["patients"].sum() == PATIENTS
        assert (groups["patients"] * groups["qaly"]).sum() == pytest.approx(
            (blocks["patients"] * blocks["qaly"]).sum()
        )
    plain = rows[rows["dimension"] == BLOCK].drop(columns=IN_REMISSION).reset_index(drop=True)
    pd.testing.assert_frame_equal(plain, base)


def test_remission_by_week_is_that_of_an_ordinary_run(scenario):
    rows = ModelJob(scenario, subgroups=True)(Run(0, "evidence", 0, {}))
    weekly = popmodel.run(scenario).weekly("evidence")
    for strategy, part in rows[rows["dimension"] == WEEK].groupby("strategy"):
        own = weekly[weekly["strategy"] == strategy].set_index("week")
        weeks = part["group"].astype(int)
        share = (own["remitted"] + own["recovered"]) / PATIENTS
        np.testing.assert_allclose(part[IN_REMISSION], share.loc[weeks], rtol=1e-12)
        assert len(part) > 30


def test_another_replicate_of_luck_is_other_patients(scenario, base):
    other = ModelJob(scenario)(Run(0, "evidence", 1, {}))
    assert not np.isclose(other["qaly"], base["qaly"]).any()
    assert seed_of(5, 0) == 5 and len({seed_of(5, n) for n in range(100)}) == 100


def test_a_price_on_a_card_changes_costs_and_nothing_else(scenario, base):
    evidence = scenario.evidence()
    offered = scenario.strategies["usual_care"].offer[0].treat
    path = f"treatments.{offered}.cost.visit"
    value = evidence.quantity(path).value
    dearer = ModelJob(scenario)(Run(0, "evidence", 0, {path: value + 100.0}))
    assert (dearer["cost_health_care"] > base["cost_health_care"]).all()
    np.testing.assert_array_equal(dearer["qaly"], base["qaly"])
    np.testing.assert_array_equal(ModelJob(scenario)(Run(0, "evidence", 0, {path: value})), base)


def test_a_number_of_the_scenario_can_be_a_parameter(scenario, base):
    plain = ModelJob(scenario)(Run(0, "evidence", 0, {"discount.health": 0.0}))
    assert (plain["qaly"] > base["qaly"]).all()
    np.testing.assert_array_equal(plain["cost_societal"], base["cost_societal"])


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("discount.helth", "health"),
        ("treatments.saint.potencie", "potency"),
        ("strategies.saint_first.offer.9.repeat", "offer"),
        ("horizon.years.more", "years"),
    ],
)
def test_a_path_that_is_not_there_is_refused_and_the_nearest_named(scenario, path, told):
    with pytest.raises(InputError, match=told):
        ModelJob(scenario)(Run(0, "evidence", 0, {path: 0.1}))


def test_a_structure_that_was_not_asked_for_is_refused(scenario):
    with pytest.raises(InputError, match="evidence"):
        ModelJob(scenario)(Run(0, "premise", 0, {}))


def test_a_run_of_a_sweep_waits_for_places_as_an_ordinary_run_does():
    """One place for SAINT: what is offered first is late for most, and nothing else changes."""
    asked = {"patients": PATIENTS // BLOCKS, "replicates": BLOCKS}
    scenario = popmodel.load_scenario(SCENARIO, years=1, structure="evidence", **asked)
    few = scenario.with_values({"services": {"saint_suite": {"places": 1}}})
    weeks = [
        ModelJob(one)(Run(0, "evidence", 0, {})).groupby("strategy")["remission_weeks"].mean()
        for one in (scenario, few)
    ]
    assert weeks[1]["saint_first"] < weeks[0]["saint_first"]
    assert weeks[1]["ketamine_first"] == pytest.approx(weeks[0]["ketamine_first"], rel=1e-12)


def test_rules_are_made_ready_by_one_patient_and_compiled_once(scenario, base):
    """`base` has compiled or loaded them in this process: nothing is left to compile."""
    assert ModelJob(scenario).prepare() is False


# ---------------------------------------------------------------- limited places


QUEUES = "scenarios/saint_rollout.yaml"
SMALL = {"population.size": "150", "population.incident_per_year": "40", "horizon.years": "1",
         "structure.severity_effect": "evidence"}  # fmt: skip


def test_a_run_with_limited_places_has_whole_replicates_as_blocks_and_tells_waits():
    asked = popmodel.load_scenario(QUEUES, {**SMALL, "replicates": "20"})
    rows = ModelJob(asked)(Run(0, "evidence", 0, {}))
    result = popmodel.run(asked)
    waited = rows[rows["strategy"] == "one_suite"]
    assert len(waited) == BLOCKS and waited["wait_days_mean"].gt(0.0).all()
    assert rows.loc[rows["strategy"] == "usual_care", "wait_days_mean"].isna().all()
    # twenty replicates in eight blocks: three in each of the first four, two in the others
    of_replicate = (150 + 40 * 1) * np.array([3, 3, 3, 3, 2, 2, 2, 2])
    assert waited["patients"].tolist() == of_replicate.tolist()
    means = result.strategies.set_index("strategy")
    found = np.average(waited["qaly"], weights=waited["patients"])
    assert found == pytest.approx(means.loc["one_suite", "qaly"], rel=1e-12)


def test_too_few_replicates_of_a_queue_are_refused_where_they_are_said():
    with pytest.warns(UserWarning, match="replicates"):
        asked = popmodel.load_scenario(QUEUES, {**SMALL, "replicates": "7"})
    with pytest.raises(InputError, match="7 are too few"):
        ModelJob(asked)(Run(0, "evidence", 0, {}))
