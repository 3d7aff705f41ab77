"""A whole Sobol analysis, timed and weighed: `python -m benchmarks.sobol_sweep [--samples 256]`.

Second order over 20 inputs (19 factors of numbers in doubt, and patient luck), N = 256: 10,752 runs
of 2 strategies × 2,000 patients × 5 years, by the command that users type. It prints minutes and
the most memory that all processes held together. `--cold` lets it compile the rules first;
`--samples 4` is over in a minute. Run it alone: whatever else runs is counted as ours.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.process_tree import Watch

ROOT = Path(__file__).parents[1]
SCENARIO = ROOT / "benchmarks" / "saint_or_usual.yaml"
BASE = ROOT / "scenarios" / "base_us_adults.yaml"
FACTORS = 19
"""Beside patient luck."""


def command(folder: Path, samples: int, jobs: int, *more: str) -> list[str]:
    """Return what a user would type."""
    for file in (SCENARIO, BASE):
        shutil.copy(file, folder)
    return [
        sys.executable, "-m", "popmodel.cli", "sweep", str(folder / SCENARIO.name), "--method",
        "sobol", "--second-order", "--samples", str(samples), "--jobs", str(jobs), "--out",
        str(folder / "out"), *more,
    ]  # fmt: skip


def factors(folder: Path) -> list[str]:
    """Return the first factors of the scenario, as a dry run tells them."""
    words = command(folder, 4, 1, "--dry-run", "--json")
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found, _ = json.JSONDecoder().raw_decode(told)
    return list(found["factors"])[:FACTORS]


def measured(samples: int, jobs: int, cold: bool) -> dict[str, Any]:
    """Run the analysis in processes of its own; return what it took.

    Args:
        samples: base samples, a power of 2; 42 runs each.
        jobs: worker processes.
        cold: whether the rules must be compiled first.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        over = [word for name in factors(folder) for word in ("--over", name)]
        words = command(folder, samples, jobs, "--no-charts", *over)
        cache = {"XDG_CACHE_HOME": str(folder / "cache")} if cold else {}
        before, began = _processor_time(), time.perf_counter()
        run = subprocess.Popen(
            words, cwd=ROOT, env={**os.environ, **cache}, stdout=subprocess.DEVNULL
        )
        with Watch(run.pid) as watch:
            code = run.wait()
        if code:
            raise SystemExit(code)
        seconds, used = time.perf_counter() - began, _processor_time() - before
        runs = sum(1 for _ in (folder / "out" / "runs.csv").open()) - 1
        return {
            "runs": runs, "inputs": FACTORS + 1, "jobs": jobs, "compiled_first": cold,
            "minutes": round(seconds / 60, 2), "processor_minutes": round(used / 60, 2),
            "peak_gb": round(watch.peak / 1e9, 2),
            "peak_gb_of_each": [round(size / 1e9, 2) for size in watch.at_peak],
        }  # fmt: skip


def _processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Read the options, measure, print."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--samples", type=int, default=256, help="base samples, a power of 2")
    reader.add_argument("--jobs", type=int, default=2, help="worker processes")
    reader.add_argument("--cold", action="store_true", help="compile the rules first")
    asked = reader.parse_args()
    print(json.dumps(measured(asked.samples, asked.jobs, asked.cold), indent=1))


if __name__ == "__main__":
    main()
