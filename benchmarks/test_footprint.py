"""What is paid once: memory, compilation, loading what was compiled, and `popmodel --help`."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from benchmarks.alone import ROOT, measure
from benchmarks.sheet import Sheet

FEW, MANY, STRATEGIES = 10_000, 110_000, 6


@pytest.mark.parametrize("task", ["engine", "run"])
def test_memory_a_patient_and_strategy(task: str, sheet: Sheet):
    few, many = (measure(task, size)["peak_bytes"] for size in (FEW, MANY))
    each = (many - few) / (MANY - FEW) / STRATEGIES
    name = "engine" if task == "engine" else "run()"
    sheet.write(f"{name}: peak memory, a patient and strategy", each, "bytes")
    sheet.write(f"{name}: peak memory at {MANY:,} patients", many / 1e6, "MB")
    assert each > 0.0


def test_the_first_run_compiles_and_the_second_loads(tmp_path: Path, sheet: Sheet):
    """The same run of 50 patients twice, with a cache folder that is empty at first."""
    first, second = (measure("run", 50, XDG_CACHE_HOME=str(tmp_path)) for _ in range(2))
    sheet.write("first run ever, 50 patients", first["wall_seconds"], "s (wall)")
    sheet.write("of which compilation", first["cpu_seconds"] - second["cpu_seconds"], "CPU s, once")
    sheet.write("the same run again", second["wall_seconds"], "s (wall)")


@pytest.mark.benchmark(group="start", timer=time.perf_counter)
def test_help_answers(benchmark, sheet: Sheet):
    def ask() -> None:
        subprocess.run(
            [sys.executable, "-m", "popmodel.cli", "--help"],
            cwd=ROOT, check=True, capture_output=True,
        )  # fmt: skip

    benchmark.pedantic(ask, rounds=7, warmup_rounds=1)
    if benchmark.stats is not None:
        sheet.write("popmodel --help", benchmark.stats["median"], "s (wall)")
