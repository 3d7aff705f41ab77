"""Is the comparison fair? Every version must come to the same results on the same patients.

The peers simplify: weeks instead of days (Mesa, NumPy), an event of the week takes effect when the
next begins, readings at weekly steps or (SimPy, off a course) at the monthly knots, utility as a
step between readings, luck from one sequential generator. What these may move is allowed for below,
on top of three standard errors of the difference.
"""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

import pytest
from benchmarks.peers import mesa_weekly, numpy_weekly, simpy_events
from benchmarks.peers.numbers import arrivals_of, numbers_of
from benchmarks.peers.outcome import Outcome
from benchmarks.questions import THREE_LINES, ask, outcome_of

ALLOWED = {
    "remission_12m": 0.01,
    "remission_weeks": 1.0,
    "qaly": 0.01,
    "cost_health_care": 200.0,
    "courses": 0.06,
    "deaths": 0.004,
}
PEERS = {
    "mesa": (mesa_weekly, 3_000),
    "simpy": (simpy_events, 3_000),
    "numpy": (numpy_weekly, 40_000),
}


@lru_cache(maxsize=3)
def theirs(module: ModuleType, size: int) -> Outcome:
    question = ask(THREE_LINES, 40_000)
    arrivals = arrivals_of(question.patients[:size], question.parameters)
    return module.run(arrivals, numbers_of(question.parameters), seed=11)


@pytest.mark.parametrize("outcome", ALLOWED)
@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_comes_to_the_same_result(peer: str, outcome: str):
    module, size = PEERS[peer]
    found, error = theirs(module, size).means()[outcome]
    question = ask(THREE_LINES, 40_000)
    expected, our_error = outcome_of(question.simulate(size=size)[0]).means()[outcome]
    spread = (error**2 + our_error**2) ** 0.5
    assert abs(found - expected) <= 3.0 * spread + ALLOWED[outcome]


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_loses_nobody(peer: str):
    module, size = PEERS[peer]
    assert (theirs(module, size).weekly.sum(axis=1) == size).all()
