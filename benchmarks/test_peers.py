"""The same work in Mesa, SimPy and NumPy beside ours, in turns, one thread each.

Same numbers, same patients at entry, five years, one strategy of three lines of medicine; what is
compared is the time from patients at entry to outcomes. Whether all do the same work is asked in
`test_agreement.py`.
"""

from __future__ import annotations

import time
from types import ModuleType

import pytest
from benchmarks.peers import mesa_weekly, numpy_weekly, simpy_events
from benchmarks.peers.numbers import arrivals_of, numbers_of
from benchmarks.questions import THREE_LINES, ask
from benchmarks.sheet import Sheet
from benchmarks.stopwatch import median_and_ratio

OURS = 20_000
PEERS = {
    "Mesa, weekly Agent.step": (mesa_weekly, 500),
    "SimPy, a process a patient": (simpy_events, 700),
    "NumPy, weekly arrays": (numpy_weekly, 20_000),
}


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.benchmark(group="peers", timer=time.process_time)
def test_the_same_work(name: str, benchmark, sheet: Sheet):
    module, size = PEERS[name]
    question = ask(THREE_LINES, OURS)
    theirs, ours, ratio = median_and_ratio(
        benchmark, _work(module, size), question.simulate, rounds=5
    )
    each, our_each = theirs / size * 1e6, ours / OURS * 1e6
    sheet.write(f"{name}: a patient x 5 years", each, "CPU us")
    sheet.write("ours beside it: a patient x 5 years", our_each, "CPU us")
    sheet.write(f"ours against {name}", ratio * OURS / size, "times as fast (paired)")


def _work(module: ModuleType, size: int):
    question = ask(THREE_LINES, OURS)
    numbers = numbers_of(question.parameters)
    arrivals = arrivals_of(question.patients[:size], question.parameters)
    return lambda: module.run(arrivals, numbers)
