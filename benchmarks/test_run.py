"""Everything `run()` does, from the scenario to the files, and which part takes how much."""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path

import pytest
from benchmarks.questions import FIVE_PATHWAYS
from benchmarks.sheet import Sheet
from benchmarks.stopwatch import median_of

from popmodel import outcomes, pipeline
from popmodel.pipeline import stages
from popmodel.scenario import load_scenario

PATIENTS = 100_000
STAGES = {
    (pipeline, "parameters_of"): "parameters",
    (pipeline, "population_of"): "patients at entry",
    (pipeline, "simulate"): "engine",
    (pipeline, "evaluate"): "tables, all together",
    (stages, "severity_curves"): "- severity curves (virtual trials, 16,000 recruits at most)",
    (outcomes, "patient_table"): "- patient tables",
    (outcomes, "strategy_table"): "- table of strategies",
    (outcomes, "versus_comparator"): "- paired differences",
    (outcomes, "subgroup_table"): "- subgroups",
    (outcomes, "cost_table"): "- costs by category",
    (pipeline, "keep_patients"): "patient files",
}


@pytest.mark.benchmark(group="run", timer=time.process_time)
def test_everything_a_run_does(benchmark, sheet: Sheet, tmp_path: Path, monkeypatch):
    """The demo's size: 100,000 patients, six strategies, five years; one structure, one thread."""
    scenario = load_scenario(FIVE_PATHWAYS, patients=PATIENTS, structure="evidence")
    spent: dict[str, list[float]] = defaultdict(list)
    for module, name in STAGES:
        monkeypatch.setattr(module, name, _timed(getattr(module, name), spent[name]))
    rounds = iter(range(1000))

    def run() -> None:
        pipeline.run(scenario, out=tmp_path / str(next(rounds)), threads=1)

    pipeline.run(load_scenario(FIVE_PATHWAYS, patients=50, structure="evidence"), threads=1)
    for durations in spent.values():
        durations.clear()
    benchmark.pedantic(run, rounds=2, iterations=1)
    if benchmark.stats is None:
        return
    seconds = benchmark.stats["median"]
    lives = PATIENTS * len(scenario.strategies)
    sheet.write("run(): patients x 5 years, a CPU second", lives / seconds, "per strategy")
    sheet.write("run(): a patient and strategy", seconds / lives * 1e6, "CPU us")
    sheet.write("run(): one structure of the demo, one thread", seconds, "CPU s")
    for (_, name), label in STAGES.items():
        each = sum(spent[name]) / benchmark.stats["rounds"]
        sheet.write(f"run(): {label}", 100.0 * each / seconds, "% of it")


def _timed(function, durations: list[float]):
    def timed(*arguments, **options):
        start = time.process_time()
        try:
            return function(*arguments, **options)
        finally:
            durations.append(time.process_time() - start)

    return timed


@pytest.mark.benchmark(group="start", timer=time.process_time)
def test_a_scenario_is_read_and_checked(benchmark, sheet: Sheet):
    seconds = median_of(benchmark, lambda: load_scenario(FIVE_PATHWAYS), rounds=3)
    sheet.write("a scenario read and checked against the cards", seconds, "CPU s")
