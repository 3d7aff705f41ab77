"""Schedulers wake patients in order and do nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import USUAL_CARE, ask, differing, live

from popmodel.engine import agents, compiled
from popmodel.engine.calendar import Calendar
from popmodel.errors import InputError
from popmodel.parameters import compile_strategy
from popmodel.pipeline import scheduler
from popmodel.population import synthesise
from popmodel.rules.records import PATIENT
from popmodel.scenario import compile_strategies

# ------------------------------------------------------------------ the calendar


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 50)), max_size=40))
def test_the_calendar_gives_the_earliest_day_and_of_equal_days_the_smaller_number(entries):
    calendar = Calendar()
    for day, patient in entries:
        calendar.add(day, patient)
    found = []
    while (entry := calendar.next_before(1000.0)) is not None:
        found.append(entry)
    assert found == sorted(entries)


def test_who_never_wakes_is_not_in_the_calendar_and_the_end_of_a_step_is_left_to_the_next():
    calendar = Calendar()
    calendar.add(math.inf, 1)
    calendar.add(7.0, 2)
    assert len(calendar) == 1
    assert calendar.next_before(7.0) is None
    assert calendar.next_before(7.0, or_on=True) == (7.0, 2)
    assert calendar.next_before(99.0) is None


# ------------------------------------------------------------------ both schedulers


@pytest.fixture(scope="module")
def lives(tmp_path_factory):
    strategies = {"usual": USUAL_CARE, "nothing": {"offer": []}}
    return live(ask(tmp_path_factory.mktemp("question"), strategies, size=200))


@pytest.fixture(scope="module")
def records(lives):
    return [
        compile_strategy(s) for s in compile_strategies(lives.scenario, lives.scenario.evidence())
    ]


@pytest.mark.parametrize("engine", ["compiled", "mesa"])
def test_the_population_that_is_passed_stays_as_it_was(lives, records, engine):
    before = lives.population.copy()
    scheduler(engine)(lives.population, lives.parameters.record, records, threads=2)
    assert differing(lives.population, before) == {}


@pytest.mark.parametrize("engine", ["compiled", "mesa"])
def test_progress_is_told_for_every_patient_and_strategy(lives, records, engine):
    told = []
    scheduler(engine)(lives.population, lives.parameters.record, records, progress=told.append)
    assert sum(told) == len(lives.population) * len(records)


def test_end_states_can_be_given_up_and_accounts_stay_the_same(lives, records):
    kept = compiled.simulate(lives.population, lives.parameters.record, records)
    given_up = compiled.simulate(
        lives.population, lives.parameters.record, records, keep_persons=False
    )
    for a, b in zip(kept, given_up, strict=True):
        assert differing(a.accounts, b.accounts) == {}


@pytest.mark.parametrize("engine", ["compiled", "mesa"])
def test_an_empty_population_has_an_empty_history(lives, records, engine):
    nobody = np.zeros(0, dtype=PATIENT)
    history = scheduler(engine)(nobody, lives.parameters.record, records)[0]
    assert len(history.accounts) == len(history.persons) == 0
    assert history.tally["week"].sum() == 0


def test_one_patient_alone_lives_as_among_others(lives, records):
    alone = compiled.simulate(lives.population[17:18], lives.parameters.record, records)
    together = lives.histories["usual"]
    assert differing(alone[0].accounts, together.accounts[17:18]) == {}


def test_an_unknown_engine_is_refused_by_name():
    with pytest.raises(InputError, match="compiled or mesa"):
        scheduler("simpy")


def test_mesa_keeps_no_luck_of_its_own(lives, records):
    """Whatever Mesa's generator does, histories stay."""
    model = agents.DepressionCare(lives.population, lives.parameters.record, records[0])
    for _ in range(100):
        model.random.random()
    assert differing(model.run().accounts, lives.accounts("usual")) == {}


def test_mesa_steps_by_weeks_and_stops_at_the_horizon(lives, records):
    model = agents.DepressionCare(lives.population[:5], lives.parameters.record, records[0])
    days = []
    while model.running and len(days) < 400:
        model.step()
        days.append(model.day)
    assert days[:3] == [7.0, 14.0, 21.0]
    assert days[-1] == model.horizon
    assert len(days) == math.ceil(model.horizon / 7)


@pytest.mark.parametrize("engine", ["compiled", "mesa"])
@pytest.mark.parametrize("days", [0.5, 7.0, 365.0])
def test_short_horizons_are_kept_to_the_day(lives, records, engine, days):
    q = lives.parameters.record.copy()
    q["horizon"] = days
    history = scheduler(engine)(lives.population, q, records)[0]
    died = history.accounts["died"]
    assert (np.isinf(died) | (died < days)).all()
    assert (history.accounts["remission_days"] <= days * (1 + 1e-12)).all()


def test_a_longer_horizon_changes_nothing_that_came_before(lives, records):
    """Who had no event after two years has the same account of the first two."""
    short, long = lives.parameters.record.copy(), lives.parameters.record.copy()
    short["horizon"], long["horizon"] = 730.0, 1500.0
    a = compiled.simulate(lives.population, short, records)[0].accounts
    b = compiled.simulate(lives.population, long, records)[0].accounts
    for name in ("first_remission", "first_response"):
        early = a[name] < 730.0
        assert np.array_equal(a[name][early], b[name][early])
        assert (b[name][~early] >= 730.0 - 1e-9).all()
    assert np.array_equal(a["remission_days_90"], b["remission_days_90"])
    assert np.array_equal(a["remitted_12m"], b["remitted_12m"])


def test_a_million_patients_need_a_third_of_a_gigabyte(parameters):
    persons = synthesise(parameters, 100, 1)
    assert persons.nbytes * 10_000 <= 320e6
