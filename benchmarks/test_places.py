"""Limited places: patients a second, an event, memory; and one textbook queue beside Ciw.

The reference in which every event goes through one calendar is our Mesa scheduler: same bits.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
from benchmarks.alone import measure
from benchmarks.places import question
from benchmarks.sheet import Sheet
from benchmarks.stopwatch import median_and_ratio, median_of
from tests.verification.queues import drive
from tests.verification.queues.design import Setting
from tests.verification.queues.with_ciw import replicate

from popmodel.engine import agents, compiled

PATIENTS, FEW = 20_000, 300
FEW_MEMORY, MANY_MEMORY = 20_000, 220_000
MILLION = 1_000_000
QUEUE = Setting("exponential", 5, 0.9)


@pytest.mark.benchmark(group="places", timer=time.process_time)
def test_patients_with_limited_places(benchmark, sheet: Sheet):
    asked = question(PATIENTS)
    history = asked.simulate(compiled)
    assert len(history.waits) > PATIENTS / 2
    events = history.accounts["events"].sum() / PATIENTS
    each = median_of(benchmark, lambda: asked.simulate(compiled)) / PATIENTS
    sheet.write("places: patients x 5 years, a CPU second", 1.0 / each, "per strategy")
    sheet.write("places: events of a life", events, "wake-ups")
    sheet.write("places: an event, all readings charged to events", each / events * 1e9, "CPU ns")
    sheet.write("places: waits of a life", len(history.waits) / PATIENTS, "queues joined")


@pytest.mark.benchmark(group="places", timer=time.process_time)
def test_patients_with_limited_places_through_one_calendar(benchmark, sheet: Sheet):
    asked = question(FEW)
    theirs, ours, ratio = median_and_ratio(
        benchmark, lambda: asked.simulate(agents), lambda: asked.simulate(compiled), rounds=3
    )
    sheet.write("places, one calendar (Mesa): a patient", theirs / FEW * 1e6, "CPU us")
    sheet.write("places, compiled beside it: a patient", ours / FEW * 1e6, "CPU us")
    sheet.write("places, compiled against one calendar", ratio, "times as fast (paired)")


def test_memory_of_a_patient_with_limited_places(sheet: Sheet):
    few, many = (measure("places", n)["peak_bytes"] for n in (FEW_MEMORY, MANY_MEMORY))
    each = (many - few) / (MANY_MEMORY - FEW_MEMORY)
    sheet.write("places: peak memory, a patient with results", each, "bytes")
    assert each > 0.0


@pytest.mark.slow
def test_a_million_patients_with_limited_places(sheet: Sheet):
    """Once, in a process of its own: the engine's own time, and all the memory."""
    found = measure("places", MILLION)
    sheet.write("places: a million patients x 5 years, engine", found["engine_seconds"], "CPU s")
    sheet.write("places: of these a CPU second", MILLION / found["engine_seconds"], "patients")
    sheet.write("places: an event of a million", found["event_ns"], "CPU ns")
    sheet.write("places: a million, peak memory", found["peak_bytes"] / MILLION, "bytes a patient")


@pytest.mark.benchmark(group="places", timer=time.process_time)
def test_a_textbook_queue_beside_ciw(benchmark, sheet: Sheet):
    """M/M/5 at load 0.9, 4,000 arrivals, from making patients to waits."""
    days = 4000.0 / QUEUE.arrivals

    def ours() -> None:
        history = drive.run(QUEUE, days, 1, 1, 1)
        assert np.isfinite(history.waits["left"]).all()

    theirs, our_time, ratio = median_and_ratio(
        benchmark, lambda: replicate(QUEUE, 1, 0.0, days), ours, rounds=3
    )
    sheet.write("Ciw, M/M/5: a customer", theirs / 4000.0 * 1e6, "CPU us")
    sheet.write("ours beside it, 512 ticks a day: a patient", our_time / 4000 * 1e6, "CPU us")
    sheet.write("ours against Ciw", ratio, "times as fast (paired)")
