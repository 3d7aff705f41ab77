"""What a run takes over from the runs before is what it would have made itself, bit for bit."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from tests.worlds import SCENARIOS, differing

from popmodel.engine import compiled
from popmodel.parameters import compile_strategy
from popmodel.parameters.reach import (
    AFTER_ENTRY,
    BY_TREATMENT,
    digest,
    reachable,
    treated_before_entry,
)
from popmodel.pipeline import parameters_of, population_of
from popmodel.scenario import compile_strategies, load_scenario
from popmodel.uncertainty.model import PATIENTS, ROWS, ModelJob
from popmodel.uncertainty.remembered import Recent
from popmodel.uncertainty.run import Run

SIZE = 200


@pytest.fixture(scope="module")
def scenario():
    return load_scenario(SCENARIOS / "five_pathways.yaml", patients=SIZE, structure="evidence")


@pytest.fixture(scope="module")
def world(scenario):
    evidence = scenario.evidence()
    parameters = parameters_of(scenario, evidence, scenario.structures()[0])
    strategies = [compile_strategy(s) for s in compile_strategies(scenario, evidence)]
    return parameters, strategies


def drawn_anew(parameters, treatments, without=()):
    """Other numbers wherever a digest does not look; whole ones stay within what they may be."""
    luck = np.random.default_rng(5)
    record = parameters.record.copy()
    others = [n for n in range(record["potency"].shape[1]) if n not in treatments]
    for name in record.dtype.names:
        if record[name].dtype.kind != "f":
            continue
        if name in BY_TREATMENT:
            shape = record[name][0][others].shape
            record[name][0][others] = luck.uniform(0.1, 5.0, shape)
        if name in without:
            record[name] *= luck.uniform(0.2, 3.0, record[name].shape)
    return dataclasses.replace(parameters, record=record)


def test_treatments_have_a_row_each():
    assert {"potency", "cost_course", "harm_probability", "service"} <= set(BY_TREATMENT)
    assert not {"wage", "utility_value", "horizon", "test_price"} & set(BY_TREATMENT)


def test_patients_at_entry_do_not_know_what_comes_after(scenario, world):
    parameters, _ = world
    before = treated_before_entry(parameters.record)
    other = drawn_anew(parameters, before, AFTER_ENTRY)
    assert digest(parameters.record, before) != digest(other.record, before)
    assert digest(parameters.record, before, AFTER_ENTRY) == digest(
        other.record, before, AFTER_ENTRY
    )
    one, two = (population_of(scenario, each, threads=1) for each in (parameters, other))
    assert differing(one, two) == {}


def test_a_strategy_does_not_know_treatments_it_cannot_give(scenario, world):
    parameters, strategies = world
    population = population_of(scenario, parameters, threads=1)
    for strategy in strategies:
        own = reachable(parameters.record, strategy)
        other = drawn_anew(parameters, own)
        assert len(own) < len(parameters.treatments)
        assert digest(parameters.record, own) == digest(other.record, own)
        one, two = (
            compiled.simulate(population, each.record, [strategy], threads=1)[0]
            for each in (parameters, other)
        )
        assert differing(one.accounts, two.accounts) == {}
        assert differing(one.persons, two.persons) == {}
        assert all(np.array_equal(one.tally[f], two.tally[f]) for f in one.tally.dtype.names)


def test_every_number_that_counts_changes_the_digest(world):
    parameters, strategies = world
    own = reachable(parameters.record, strategies[0])
    whole = digest(parameters.record, own)
    for name in parameters.record.dtype.names:
        record = parameters.record.copy()
        x = record[name][0][min(own) : min(own) + 1] if name in BY_TREATMENT else record[name]
        x[...] = np.where(np.isinf(x), 0, x + 1)
        assert digest(record, own) != whole, name


RUNS = [
    {},
    {"treatments.saint.potency": 1.0},
    {"treatments.saint.potency": 2.5},
    {"treatments.saint.cost.course": 9000.0},
    {"treatments.ketamine_iv.potency": 0.5, "treatments.saint.cost.course": 9000.0},
    {"treatments.escitalopram.potency": 0.2},
    {"discount.health": 0.0},
    {},
]


@pytest.mark.parametrize("subgroups", [False, True])
def test_runs_leave_the_same_whatever_was_run_before(scenario, subgroups):
    job = ModelJob(scenario, subgroups)
    runs = [Run(n, "evidence", n % 2, values) for n, values in enumerate(RUNS)]
    runs += [Run(n, "evidence", 0, values) for n, values in enumerate(RUNS)]
    alone = []
    for run in runs:
        PATIENTS.clear()
        ROWS.clear()
        alone.append(job(run))
    PATIENTS.clear()
    ROWS.clear()
    for run, expected in zip(runs, alone, strict=True):
        pd.testing.assert_frame_equal(job(run), expected, check_exact=True)
    assert ROWS.found > len(runs) and PATIENTS.found >= 4
    # Patients of another luck or another past, and strategies that a number reaches, are not taken.
    assert ROWS.kept > 2 * len(scenario.strategies)


def test_where_patients_wait_for_each_other_nothing_is_taken_over(tmp_path):
    waiting = load_scenario(
        SCENARIOS / "saint_rollout.yaml", patients=20, replicates=20, structure="evidence"
    )
    ROWS.clear()
    job = ModelJob(waiting)
    job(Run(0, job.scenario.structures()[0].name, 0, {}))
    assert ROWS.kept == ROWS.found == 0


def test_the_thing_not_asked_for_longest_goes_first():
    kept: Recent[str] = Recent(5, len)
    for name in ("aa", "bb"):
        kept.keep(name, name)
    assert kept.find("aa") == "aa"
    kept.keep("cc", "cc")
    assert kept.find("bb") is None and kept.find("aa") == "aa" and kept.find("cc") == "cc"
    kept.keep("large", "longer than all")
    assert [kept.find(name) for name in ("aa", "cc", "large")] == [None, None, None]
