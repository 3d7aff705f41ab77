"""What the sweep runner costs beside plain processes: `python -m benchmarks.two_workers [RUNS]`.

The same runs are done by one plain process, by two plain processes with half of them each, by the
runner with two workers, and again in the same order. Plain processes write nothing and know
nothing of each other: what they lose at two is the machine's (two hyperthreads of one core, memory,
whatever else runs); what the runner loses beyond them is ours. Start-up is counted for all.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.sobol_sweep import BASE, ROOT, SCENARIO

TURNS = 2


def work(place: str) -> tuple[object, object]:
    """Return the job and the design of the Sobol benchmark, read from a folder."""
    from popmodel.scenario import load_scenario
    from popmodel.uncertainty.model import ModelJob
    from popmodel.uncertainty.sensitivity import Request, lay_out

    scenario = load_scenario(Path(place) / SCENARIO.name)
    over = ("treatments.saint.cost.course", "treatments.saint.potency")
    layout = lay_out(scenario, Request("sobol", over, samples=256))
    return ModelJob(scenario), layout.design


def plain(place: str, first: int, step: int, runs: int) -> None:
    """Do every so-manieth run, one after the other, and keep nothing."""
    from popmodel.uncertainty.batch import perform
    from popmodel.uncertainty.design import Runs, checked_design

    job, design = work(place)
    for run in Runs(checked_design(design))(range(first, runs, step)):
        perform(job, (run,))


def by_runner(place: str, runs: int) -> None:
    """Do the same runs by the runner with two workers."""
    from popmodel.uncertainty import Options, run_sweep

    job, design = work(place)
    with tempfile.TemporaryDirectory() as folder:
        run_sweep(design.head(runs), job, Path(folder) / "s", Options(jobs=2))


def started(*words: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.two_workers", *map(str, words)], cwd=ROOT
    )


def timed(begin: Callable[[], list[subprocess.Popen[bytes]]]) -> dict[str, float]:
    """Return seconds by the clock and of the processor until all processes have ended."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    codes = [one.wait() for one in begin()]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if any(codes):
        raise SystemExit("a process failed")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": round(time.perf_counter() - began, 2), "processor": round(used, 2)}


def measured(runs: int) -> dict[str, dict[str, float]]:
    """Return the least times of each way over the turns."""
    with tempfile.TemporaryDirectory() as place:
        for file in (SCENARIO, BASE):
            (Path(place) / file.name).write_bytes(file.read_bytes())
        ways: dict[str, Callable[[], list[subprocess.Popen[bytes]]]] = {
            "one plain process": lambda: [started("plain", place, 0, 1, runs)],
            "two plain processes": lambda: [started("plain", place, k, 2, runs) for k in (0, 1)],
            "runner, two workers": lambda: [started("runner", place, runs)],
        }
        found = [{name: timed(begin) for name, begin in ways.items()} for _ in range(TURNS)]
    return {
        name: {what: min(turn[name][what] for turn in found) for what in ("wall", "processor")}
        for name in ways
    }


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["plain", place, first, step, runs]:
            plain(place, int(first), int(step), int(runs))
        case ["runner", place, runs]:
            by_runner(place, int(runs))
        case words:
            print(json.dumps(measured(int(words[0]) if words else 600), indent=1))
