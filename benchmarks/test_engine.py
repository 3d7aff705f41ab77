"""Our engine: what an event, a reading, a patient and a second thread cost.

`CPU` figures are processor seconds of one thread, so that a busy machine disturbs them little.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
import pytest
from benchmarks.alone import calls
from benchmarks.questions import FIVE_PATHWAYS, Question, ask
from benchmarks.sheet import Sheet
from benchmarks.stopwatch import median_of

from popmodel.population import synthesise
from popmodel.rules.records import ACCOUNT, PATIENT

PATIENTS = 20_000


@pytest.mark.benchmark(group="engine", timer=time.process_time)
def test_the_engine_alone_on_the_five_pathways(benchmark, sheet: Sheet):
    question = ask(FIVE_PATHWAYS, PATIENTS)
    each, events = _a_life(question, benchmark)
    readings = calls()["engine"]["rules.reading.step_grid"]
    sheet.write("engine: patients x 5 years, a CPU second", 1.0 / each, "per strategy")
    sheet.write("engine: a patient and strategy", each * 1e6, "CPU us")
    sheet.write("engine: events of a life", events, "wake-ups")
    sheet.write("engine: readings of a life, walked inside wake-ups", readings, "grid points")
    sheet.write("engine: keyed draws of a life", calls()["engine"]["randomness.draw_bits"], "draws")
    sheet.write("engine: an event, all readings charged to events", each / events * 1e9, "CPU ns")
    sheet.write("engine: an event or reading", each / (events + readings) * 1e9, "CPU ns")


@pytest.mark.benchmark(group="engine", timer=time.process_time)
def test_a_life_in_which_nothing_is_offered(benchmark, sheet: Sheet):
    """Depth moves from month to month and is read; hardly anything else happens.

    With the five pathways this gives two equations for what an event and a reading cost apart.
    """
    question = ask(FIVE_PATHWAYS, PATIENTS)
    quiet = question.with_nothing_offered()
    each, events = _a_life(quiet, benchmark)
    readings = calls()["nothing"]["rules.reading.step_grid"]
    sheet.write("engine, nothing offered: a life", each * 1e6, "CPU us")
    sheet.write("engine, nothing offered: events of a life", events, "wake-ups")
    sheet.write("engine, nothing offered: readings of a life", readings, "grid points")
    busy, busy_events = _a_life(question)
    counts = [[busy_events, calls()["engine"]["rules.reading.step_grid"]], [events, readings]]
    event, reading = np.linalg.solve(counts, [busy, each])
    if benchmark.stats is not None:
        sheet.write("engine: an event without its readings, solved for", event * 1e9, "CPU ns")
        sheet.write("engine: a reading, solved for", reading * 1e9, "CPU ns")


def _a_life(question: Question, benchmark: Any = None) -> tuple[float, float]:
    """Return the median CPU seconds of a patient and strategy, and its events."""
    histories = question.simulate()
    lives = len(question.patients) * len(histories)
    events = sum(int(h.accounts["events"].sum()) for h in histories) / lives
    if benchmark is not None:
        return median_of(benchmark, question.simulate) / lives, events
    times = []
    for _ in range(3):
        start = time.process_time()
        question.simulate()
        times.append(time.process_time() - start)
    return statistics.median(times) / lives, events


CLOCKS = {"wall": time.perf_counter, "CPU": time.process_time}


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.benchmark(group="threads")
def test_two_threads_against_one(clock: str, benchmark, sheet: Sheet):
    """On a busy machine the wall clock says little; CPU time says what is lost to sharing."""
    question = ask(FIVE_PATHWAYS, PATIENTS)
    rounds = 7
    ratios = []
    for _ in range(rounds):
        durations = []
        for threads in (1, 2):
            start = CLOCKS[clock]()
            question.simulate(threads=threads)
            durations.append(CLOCKS[clock]() - start)
        ratios.append(durations[0] / durations[1])
    benchmark.pedantic(lambda: question.simulate(threads=2), rounds=1)
    sheet.write(
        f"engine: one thread / two threads, {clock} time", statistics.median(ratios), "ratio"
    )


@pytest.mark.benchmark(group="synthesise", timer=time.process_time)
def test_patients_are_made(benchmark, sheet: Sheet):
    question = ask(FIVE_PATHWAYS, PATIENTS)
    seconds = median_of(
        benchmark, lambda: synthesise(question.parameters, PATIENTS, 1, threads=1), rounds=3
    )
    sheet.write("synthesise: a patient of the stock", seconds / PATIENTS * 1e6, "CPU us")


@pytest.mark.benchmark(group="engine", timer=time.process_time)
def test_our_own_mesa_scheduler(benchmark, sheet: Sheet):
    from popmodel.engine import agents

    question = ask(FIVE_PATHWAYS, PATIENTS)
    some = question.patients[:300]

    def run() -> None:
        agents.simulate(some, question.parameters.record, question.strategies[:1])

    seconds = median_of(benchmark, run, rounds=3)
    sheet.write("our Mesa scheduler: a patient and strategy", seconds / 300 * 1e6, "CPU us")


def test_how_big_the_records_are(sheet: Sheet):
    sheet.write("patient record", PATIENT.itemsize, "bytes")
    sheet.write("account record", ACCOUNT.itemsize, "bytes")
    assert np.zeros(1, PATIENT).nbytes == PATIENT.itemsize
