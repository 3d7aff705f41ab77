"""Measured in a process of its own: `python -m benchmarks.alone TASK [PATIENTS]` prints JSON.

Tasks: `engine`, `places` and `run` simulate and say how much memory the process had at its height;
`counts` (with NUMBA_DISABLE_JIT=1) counts how often every rule and function of `math` is called.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def measure(task: str, patients: int, **environment: str) -> dict[str, Any]:
    """Run a task in a new process and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.alone", task, str(patients)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@lru_cache(maxsize=1)
def calls(patients: int = 60) -> dict[str, dict[str, float]]:
    """Return how often every function is called (see `counts`), counted in a process of its own."""
    return measure("counts", patients, NUMBA_DISABLE_JIT="1")


def peak_bytes() -> int:
    """Return the most memory this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def simulate(patients: int) -> None:
    """Make the patients of the five pathways and run the engine on them."""
    from benchmarks.questions import FIVE_PATHWAYS, ask

    ask(FIVE_PATHWAYS, patients).simulate()


def places(patients: int) -> dict[str, float]:
    """Make patients who share limited places and run the engine on them; say what it took."""
    from benchmarks.places import question

    from popmodel.engine import compiled

    question(50).simulate(compiled)  # loads what was compiled
    asked = question(patients)
    start = time.process_time()
    history = asked.simulate(compiled)
    seconds = time.process_time() - start
    events = int(history.accounts["events"].sum())
    return {"engine_seconds": seconds, "event_ns": seconds / events * 1e9}


def run(patients: int) -> None:
    """Answer the five pathways under one structure, with every file."""
    from benchmarks.questions import FIVE_PATHWAYS

    from popmodel.pipeline import run as run_scenario
    from popmodel.scenario import load_scenario

    scenario = load_scenario(FIVE_PATHWAYS, patients=patients, structure="evidence")
    with tempfile.TemporaryDirectory() as folder:
        run_scenario(scenario, out=Path(folder) / "out", threads=1)


def counted(work: Callable[[], Any]) -> Counter[str]:
    """Return how often every function of the package and of `math` is called."""
    calls: Counter[str] = Counter()

    def note(frame: Any, event: str, argument: Any) -> None:
        if event == "call":
            module = frame.f_globals.get("__name__", "")
            if module.startswith("popmodel."):
                calls[f"{module.removeprefix('popmodel.')}.{frame.f_code.co_name}"] += 1
        elif event == "c_call" and getattr(argument, "__module__", None) == "math":
            calls[f"math.{argument.__name__}"] += 1

    sys.setprofile(note)
    threading.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return calls


def counts(patients: int) -> dict[str, dict[str, float]]:
    """Return calls a patient in making it, and a patient and strategy in running the engine.

    `engine` is the mean over the five pathways, `nothing` a strategy that offers nothing.
    """
    import numpy as np
    from benchmarks.questions import FIVE_PATHWAYS, ask

    from popmodel.engine.compiled import simulate_block
    from popmodel.population import synthesise
    from popmodel.rules.records import ACCOUNT, new_tally

    question = ask(FIVE_PATHWAYS, 3 * patients)
    quiet = question.with_nothing_offered()
    q = question.parameters.record

    def live(persons: Any, strategies: list[Any]) -> None:
        for strategy in strategies:
            accounts = np.zeros(len(persons), dtype=ACCOUNT)
            simulate_block(persons.copy(), accounts, new_tally(), q[0], strategy[0], 1)

    some, everybody = question.patients[:patients], question.patients
    tasks: dict[str, tuple[int, Callable[[], Any]]] = {
        "synthesise": (patients, lambda: synthesise(question.parameters, patients, 1, threads=1)),
        "engine": (len(question.strategies) * patients, lambda: live(some, question.strategies)),
        "nothing": (3 * patients, lambda: live(everybody, quiet.strategies)),
    }
    return {
        task: {name: n / lives for name, n in counted(work).most_common()}
        for task, (lives, work) in tasks.items()
    }


def main(task: str, patients: int) -> None:
    """Do a task and print what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    found: dict[str, Any] = {}
    if task == "counts":
        found = counts(patients)
    else:
        found |= {"engine": simulate, "places": places, "run": run}[task](patients) or {}
    found["wall_seconds"] = time.perf_counter() - wall
    found["cpu_seconds"] = time.process_time() - cpu
    found["peak_bytes"] = peak_bytes()
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100)
