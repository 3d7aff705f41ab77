"""One rulebook, two schedulers: Mesa and the compiled one write the same histories, to the bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.random_systems import world_of
from tests.worlds import (
    ROOT,
    SCENARIOS,
    SHIPPED_SCENARIOS,
    USUAL_CARE,
    ask,
    differing,
    live,
    shipped_lives,
)

from popmodel import pipeline
from popmodel.engine import agents, compiled
from popmodel.parameters import compile_strategy
from popmodel.scenario import compile_strategies, load_scenario
from popmodel.vocabulary import STATES

SHORTER = {"beds_and_boarding": 1}
"""Years of what takes Mesa long: eight decisions a day. The slow test has all of them."""


def assert_same_histories(a, b):
    for strategy in a.histories:
        assert differing(a.accounts(strategy), b.accounts(strategy)) == {}
        assert differing(a.persons(strategy), b.persons(strategy)) == {}
        for name in a.histories[strategy].tally.dtype.names:
            one, other = (lives.histories[strategy].tally[name] for lives in (a, b))
            assert np.array_equal(one, other), (strategy, name)


@pytest.mark.parametrize("name", SHIPPED_SCENARIOS)
def test_mesa_and_compiled_patients_live_the_same_lives(name):
    years = SHORTER.get(name)
    scenario = load_scenario(
        SCENARIOS / f"{name}.yaml", patients=120, structure="evidence", years=years
    )
    assert_same_histories(live(scenario), live(scenario, engine="mesa"))


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED_SCENARIOS)
@pytest.mark.parametrize("choice", range(3))
def test_mesa_and_compiled_patients_live_the_same_lives_under_every_reading(name, choice):
    scenario = load_scenario(SCENARIOS / f"{name}.yaml", patients=400, structure="all")
    assert_same_histories(
        live(scenario, choice=choice), live(scenario, engine="mesa", choice=choice)
    )


def test_a_mesa_run_leaves_the_same_patient_tables(monkeypatch):
    monkeypatch.setattr(pipeline.stages, "RECRUITS", 200)
    scenario = load_scenario(
        SCENARIOS / "home_aih.yaml", patients=60, years=2, structure="evidence"
    )
    a, b = (pipeline.run(scenario, engine=engine, threads=1) for engine in ("compiled", "mesa"))
    for strategy in scenario.strategies:
        assert a.patients(strategy).equals(b.patients(strategy))
    assert a.weekly().equals(b.weekly())
    assert a.strategies.equals(b.strategies)


def test_mesa_collects_the_occupancy_that_the_weekly_table_shows(tmp_path):
    """New episodes ask for care at odd hours: nothing happens in the instant a week begins."""
    question = {"population": {"intake": "incident"}, "years": 2, "size": 150}
    lives = live(ask(tmp_path, {"usual": USUAL_CARE}, **question))
    record = compile_strategy(compile_strategies(lives.scenario, lives.scenario.evidence())[0])
    model = agents.DepressionCare(lives.population, lives.parameters.record, record)
    model.run()
    seen = model.datacollector.get_model_vars_dataframe()
    weeks = len(seen) - 1
    counted = np.cumsum(lives.week("usual")[:weeks, : len(STATES)], axis=0)
    assert np.array_equal(seen[list(STATES)].to_numpy()[:weeks], counted)


def test_mesa_patients_can_be_read_by_name():
    lives = shipped_lives("five_pathways", 120)
    record = compile_strategy(compile_strategies(lives.scenario, lives.scenario.evidence())[0])
    model = agents.DepressionCare(lives.population, lives.parameters.record, record)
    assert len(model.agents) == 120
    patient = model.patients[7]
    assert patient.state in STATES
    assert 0 < patient.severity <= 60
    assert patient.next_event >= 0
    model.step()
    assert model.day == 7
    assert (lives.population["wake"] == 0).all()  # the population that was passed is not touched


FEW = settings(
    max_examples=12, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def assert_same_history(a, b):
    assert differing(a.accounts, b.accounts) == {}
    assert differing(a.persons, b.persons) == {}
    assert differing(a.waits, b.waits) == {}
    for name in a.tally.dtype.names:
        assert np.array_equal(a.tally[name], b.tally[name]), name


@FEW
@given(st.integers(0, 1_000_000))
def test_mesa_and_compiled_patients_share_places_in_the_same_way(parameters, seed):
    """Random services, roll-outs, ring fences, bridges, boosters, sites and replicates."""
    world = world_of(parameters, seed)
    one, other = (
        engine.simulate(world.population, world.parameters, [world.strategy], plans=world.plans)[0]
        for engine in (compiled, agents)
    )
    assert_same_history(one, other)


@pytest.mark.slow
@settings(FEW, max_examples=400)
@given(st.integers(0, 1_000_000))
def test_mesa_and_compiled_patients_share_places_in_hundreds_of_ways(parameters, seed):
    world = world_of(parameters, seed)
    one, other = (
        engine.simulate(world.population, world.parameters, [world.strategy], plans=world.plans)[0]
        for engine in (compiled, agents)
    )
    assert_same_history(one, other)


PLACES_PLAIN = """
import json, sys
from tests.engine.coupled import coupled_history
history = coupled_history()
json.dump([part.tobytes().hex() for part in (history.accounts, history.persons, history.waits)],
          sys.stdout)
"""


def test_compiled_and_plain_python_places_give_the_same_bits():
    """A small system with two services, without compilation, in a process of its own."""
    from tests.engine.coupled import coupled_history

    code = "import sys, types\nsys.modules['tests'] = types.ModuleType('tests')\n"
    code += f"sys.modules['tests'].__path__ = [{str(ROOT / 'tests')!r}]\n" + PLACES_PLAIN
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True, text=True, check=True, cwd=Path(ROOT),
    )  # fmt: skip
    history = coupled_history()
    assert len(history.waits) > 10
    for text, part in zip(
        json.loads(done.stdout), (history.accounts, history.persons, history.waits), strict=True
    ):
        assert differing(np.frombuffer(bytes.fromhex(text), dtype=part.dtype), part) == {}


PLAIN = """
import json, sys
import numpy as np
from popmodel.scenario import load_scenario
from tests.worlds import SCENARIOS, live
scenario = load_scenario(SCENARIOS / "five_pathways.yaml", patients=40, structure="evidence")
lives = live(scenario)
found = {name: [h.accounts.tobytes().hex(), h.persons.tobytes().hex()]
         for name, h in lives.histories.items()}
found["population"] = lives.population.tobytes().hex()
json.dump(found, sys.stdout)
"""


def test_compiled_and_plain_python_rules_give_the_same_bits():
    """The rulebook without compilation, in a process of its own."""
    code = "import sys, types\nsys.modules['tests'] = types.ModuleType('tests')\n"
    code += f"sys.modules['tests'].__path__ = [{str(ROOT / 'tests')!r}]\n" + PLAIN
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True,
        cwd=Path(ROOT),
    )  # fmt: skip
    plain = json.loads(done.stdout)
    lives = live(load_scenario(SCENARIOS / "five_pathways.yaml", patients=40, structure="evidence"))

    def bits(text, like):
        return np.frombuffer(bytes.fromhex(text), dtype=like.dtype)

    assert differing(bits(plain["population"], lives.population), lives.population) == {}
    for name, history in lives.histories.items():
        accounts, persons = plain[name]
        assert differing(bits(accounts, history.accounts), history.accounts) == {}
        assert differing(bits(persons, history.persons), history.persons) == {}
