"""How far down can one go on this machine? What the engine's smallest parts cost by themselves.

Each is measured twice: side by side (turns do not wait for each other: the least it can cost) and
in a row (each turn needs the result of the one before: what it costs when the next step waits for
it). What an empty turn of the same loop costs is taken off. The engine lies between the two.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numba
import numpy as np
import pytest
from benchmarks.alone import calls
from benchmarks.questions import FIVE_PATHWAYS, ask
from benchmarks.sheet import Sheet
from benchmarks.stopwatch import median_of

from popmodel.randomness import exponential, normal, normal_quantile, uniform
from popmodel.rules.records import ACCOUNT, PATIENT
from popmodel.rules.response import severity_of_depth

LOOPS = 1_000_000
ARGUMENTS = np.random.default_rng(1).random(1024)
found: dict[tuple[str, str], float] = {}
"""Seconds by part and way."""
KEY, SALT = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)

PARTS: dict[str, Callable[..., Any]] = {
    "nothing": lambda x, n: x,
    "keyed uniform": lambda x, n: uniform(KEY, SALT, n),
    "normal quantile": lambda x, n: normal_quantile(x),
    "keyed normal": lambda x, n: normal(KEY, SALT, n),
    "keyed exponential": lambda x, n: exponential(KEY, SALT, n),
    "exp": lambda x, n: math.exp(-x),
    "log": lambda x, n: math.log(x + 0.1),
    "log1p": lambda x, n: math.log1p(x),
    "expm1": lambda x, n: math.expm1(-x),
    "division": lambda x, n: 1.0 / (x + 1.0),
}


def _side_by_side(body: Callable[..., Any]) -> Callable[..., float]:
    """Compile a loop whose turns do not wait for each other."""
    inner = numba.njit(body, error_model="numpy")

    @numba.njit(error_model="numpy")
    def loop(turns: int, arguments: Any) -> float:
        total = 0.0
        for n in range(turns):
            total += inner(arguments[n & 1023], n)
        return total

    return loop


def _in_a_row(body: Callable[..., Any]) -> Callable[..., float]:
    """Compile a loop whose every turn needs the result of the one before."""
    inner = numba.njit(body, error_model="numpy")

    @numba.njit(error_model="numpy")
    def loop(turns: int, arguments: Any) -> float:
        total, n = 0.0, 0
        for _ in range(turns):
            value = inner(arguments[n & 1023], n)
            n += 1 + int(value * 1e-30)
            total += value
        return total

    return loop


@lru_cache(maxsize=2)
def _nothing(make: Callable[..., Any]) -> float:
    """Return the median cost of a turn that does nothing."""
    loop, times = make(PARTS["nothing"]), []
    for turns in (10, *[LOOPS] * 5):
        start = time.process_time()
        loop(turns, ARGUMENTS)
        times.append(time.process_time() - start)
    return statistics.median(times[1:]) / LOOPS


@pytest.mark.parametrize("way", ["side by side", "in a row"])
@pytest.mark.parametrize("part", [name for name in PARTS if name != "nothing"])
@pytest.mark.benchmark(group="floor", timer=time.process_time)
def test_a_part_by_itself(part: str, way: str, benchmark, sheet: Sheet):
    make = _side_by_side if way == "side by side" else _in_a_row
    loop = make(PARTS[part])
    seconds = median_of(benchmark, lambda: loop(LOOPS, ARGUMENTS)) / LOOPS - _nothing(make)
    found[part, way] = seconds
    sheet.write(f"floor: {part}, {way}", seconds * 1e9, "CPU ns")


@numba.njit(error_model="numpy")
def _severities(persons: Any, q: Any, turns: int, depths: Any) -> float:
    total = 0.0
    for n in range(turns):
        total += severity_of_depth(persons[n & 1023], q, 5.0 * depths[n & 1023] - 2.0)
    return total


@pytest.mark.benchmark(group="floor", timer=time.process_time)
def test_the_score_at_a_depth(benchmark, sheet: Sheet):
    question = ask(FIVE_PATHWAYS, 20_000)
    q = question.parameters.record[0]
    seconds = median_of(benchmark, lambda: _severities(question.patients, q, LOOPS, ARGUMENTS))
    found["score", "side by side"] = seconds / LOOPS - _nothing(_side_by_side)
    sheet.write(
        "floor: score at a depth, side by side", found["score", "side by side"] * 1e9, "CPU ns"
    )


@pytest.mark.benchmark(group="floor", timer=time.process_time)
def test_bytes_are_copied(benchmark, sheet: Sheet):
    """Into memory that is there already: fresh memory costs page faults on top."""
    question = ask(FIVE_PATHWAYS, 20_000)
    source = question.patients.view(np.uint8)
    there = np.empty_like(source)

    def copy() -> None:
        there[:] = source

    seconds = median_of(benchmark, copy) / source.nbytes
    found["byte", "side by side"] = seconds
    sheet.write("floor: copy memory", 1e-9 / seconds, "GB/s")


def test_what_a_life_costs_at_least(sheet: Sheet):
    """Draws, exponentials, logarithms, scores and bytes of a life, and nothing else."""
    if not found:
        pytest.skip("the parts were not measured in this session")
    count = Counter(calls()["engine"])
    tails = count["math.sqrt"]  # the normal quantile takes a root and a logarithm in its tails
    normals, budgets = count["randomness.normal"], count["randomness.exponential"]
    parts = {
        "keyed normal": normals,
        "keyed exponential": budgets,
        "keyed uniform": count["randomness.draw_bits"] - normals - budgets,
        "normal quantile": count["randomness.normal_quantile"] - normals,
        "exp": count["math.exp"],
        "log": max(0.0, count["math.log"] - budgets - tails),
        "log1p": count["math.log1p"],
        "expm1": count["math.expm1"],
    }
    scores = count["rules.response.severity_of_depth"] * found["score", "side by side"]
    size = 2 * (PATIENT.itemsize + ACCOUNT.itemsize) * found["byte", "side by side"]
    for way in ("side by side", "in a row"):
        sums = sum(times * found[part, way] for part, times in parts.items())
        sheet.write(f"floor: draws, exp and log of a life, {way}", sums * 1e6, "CPU us")
    sheet.write("floor: scores of a life, side by side", scores * 1e6, "CPU us")
    sheet.write("floor: bytes of a life, in and out", size * 1e6, "CPU us")
