"""What a sweep will take, told before it is run: from a few runs of its own job, done here."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from popmodel.errors import RunError
from popmodel.uncertainty.batch import DONE, Batch, joined, perform
from popmodel.uncertainty.chunks import Label, encode
from popmodel.uncertainty.design import Runs, design_bytes
from popmodel.uncertainty.options import STANDARD, Options, processors
from popmodel.uncertainty.run import Job
from popmodel.uncertainty.store import ABOUT, Question, numbers_there, question, read_question

MOST_RUNS_TIMED: Final = 8
SECONDS_FOR_TIMING: Final = 20.0
SECONDS_A_CHUNK: Final = 0.006
"""To write a chunk, flush it to the disk and note it; measured on a laptop's disk."""
SECONDS_TO_START: Final = 1.5
"""For a worker process to start and import; measured on one core."""
COPIES: Final = 3
"""Times that all rows are in memory when the tables are written: read, joined, as a file."""
DISK_BLOCK: Final = 4096


@dataclass(frozen=True)
class Plan:
    """What a sweep will take.

    Attributes:
        runs: Runs of the design.
        left: Runs that this command would do.
        chunks: Chunks they are in.
        workers: How many runs are done at once; None on a cluster, where workers come and go.
        seconds_per_run: Mean over the runs that were timed, once the job is warm.
        seconds: All of it; on a cluster the work of one worker.
        memory_bytes: Of all processes together; None where the system does not tell.
        disk_bytes: Of the folder when the sweep is complete.
    """

    runs: int
    left: int
    chunks: int
    workers: int | None
    seconds_per_run: float
    seconds: float
    memory_bytes: int | None
    disk_bytes: int

    def told(self) -> dict[str, Any]:
        """Return the plan as words, for a table."""
        memory = "unknown" if self.memory_bytes is None else f"about {_size(self.memory_bytes)}"
        return {
            "runs": f"{self.runs:,}",
            "left to do": f"{self.left:,} in {self.chunks:,} chunks",
            "workers": "those of the cluster" if self.workers is None else str(self.workers),
            "time per run": _time(self.seconds_per_run),
            "time": f"about {_time(self.seconds)}" + (" of work" if self.workers is None else ""),
            "memory": memory,
            "disk": f"about {_size(self.disk_bytes)}",
        }


def plan_sweep(design: pd.DataFrame, job: Job, folder: Path, options: Options = STANDARD) -> Plan:
    """Return what a sweep will take; a few runs are done in this process, nothing is written.

    Args:
        design: As for `run_sweep`.
        job: What would be run.
        folder: Where the sweep lies or would lie; finished runs there are not counted again.
        options: How it would be carried out.

    Raises:
        InputError: The design has faults.
        RunError: Every run that was tried failed.
    """
    asked = question(design, job.identity, tuple(job.columns), {})
    before = peak_memory()
    tried, cold = _timed(asked, job)
    after = peak_memory()
    left = _left(folder, asked, options)
    runs = sum(len(asked.ranges[number]) for number in left)
    seconds = float(np.mean([second for _, second in tried.seconds]))
    workers = None if options.executor == "dask" else options.workers
    rows = tried.rows.nbytes / len(tried.records) * len(asked.design) * COPIES
    return Plan(
        len(asked.design), runs, len(left), workers, seconds,
        _seconds(runs, len(left), seconds, cold, options),
        _memory(before, after, int(rows), options) if before and after else None,
        _disk(asked, tried),
    )  # fmt: skip


def _timed(asked: Question, job: Job) -> tuple[Batch, float]:
    """Do a few runs spread over the design; return those after the first, and what it cost more.

    The first is cold: rules are compiled or loaded, files read.
    """
    size = len(asked.design)
    spread = np.unique(np.linspace(0, size - 1, min(size, MOST_RUNS_TIMED)).astype(int)).tolist()
    runs = Runs(asked.design)
    cold = perform(job, runs(spread[:1]))
    began = time.perf_counter()
    warm: list[Batch] = []
    for number in spread:
        if warm and time.perf_counter() - began > SECONDS_FOR_TIMING:
            break
        warm.append(perform(job, runs([number])))
    found = joined(warm)
    if all(record.status != DONE for record in found.records):
        raise RunError(f"every run that was tried failed; the first: {found.records[0].error}")
    return found, max(0.0, cold.seconds[0][1] - warm[0].seconds[0][1])


def _left(folder: Path, asked: Question, options: Options) -> list[int]:
    there: set[int] = set()
    if (folder / ABOUT).is_file() and not options.fresh:
        found = read_question(folder)
        if (found.design_id, found.job) == (asked.design_id, asked.job):
            there = numbers_there(folder)
    return [n for n in range(len(asked.ranges)) if options.has(n) and n not in there]


def _seconds(runs: int, chunks: int, seconds: float, cold: float, options: Options) -> float:
    """Return the time of some runs, shared among the workers that can be busy at once."""
    if not runs:
        return 0.0
    work = runs * seconds + chunks * SECONDS_A_CHUNK
    if options.executor == "dask":
        return work
    busy = min(options.workers, processors(), chunks)
    if options.executor == "local" and options.workers > 1:
        return work / busy + cold + SECONDS_TO_START
    return work / busy


def _memory(before: int, after: int, rows: int, options: Options) -> int:
    """Return the memory of all processes, from the peak of this one before and after some runs."""
    if options.executor == "threads":
        return after + (options.workers - 1) * (after - before) + rows
    if options.executor == "local" and options.workers > 1:
        return options.workers * after + before + rows
    return after + rows


def _disk(asked: Question, tried: Batch) -> int:
    """Return the bytes of the folder: chunks, tables and the design."""
    one, many = _encoded(tried, 1), _encoded(tried, len(tried.records))
    each = (many - one) / (len(tried.records) - 1) if len(tried.records) > 1 else one
    size = len(asked.design)
    chunk = one + each * (asked.chunk - 1)
    tables = one + each * (size - 1) + 12 * size + 25 * size
    blocks = len(asked.ranges) * -(-chunk // DISK_BLOCK) * DISK_BLOCK
    return int(blocks + tables + len(design_bytes(asked.design)) + 4 * DISK_BLOCK)


def _encoded(tried: Batch, runs: int) -> int:
    """Return the bytes of a chunk of the first of some runs, numbered anew."""
    numbers = [record.run for record in tried.records[:runs]]
    kept = [run in numbers for run in tried.rows.column("run").to_pylist()]
    records = tuple(replace(r, run=n) for n, r in enumerate(tried.records[:runs]))
    batch = Batch(records, tried.rows.filter(kept))
    return len(encode(Label("0" * 64, "0" * 64, 0, 0, runs - 1), batch))


def peak_memory() -> int | None:
    """Return the most memory this process has held, in bytes; None where nobody tells."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(one.split()[1]) * 1024 for one in lines if one.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return _peak_by_resource()


def _peak_by_resource() -> int | None:
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _time(seconds: float) -> str:
    for limit, unit, name in ((1.0, 1e-3, "ms"), (120.0, 1.0, "s"), (7200.0, 60.0, "min")):
        if seconds < limit:
            return f"{seconds / unit:,.3g} {name}"
    return f"{seconds / 3600.0:,.3g} h"


def _size(size: int) -> str:
    for limit, unit, name in ((1e6, 1e3, "kB"), (1e9, 1e6, "MB")):
        if size < limit:
            return f"{size / unit:,.3g} {name}"
    return f"{size / 1e9:,.3g} GB"
