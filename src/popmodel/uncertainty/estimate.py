"""What a sweep will take, told before it is run: from a few runs of its own job, done now."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from popmodel.errors import RunError
from popmodel.uncertainty.batch import DONE, Batch, joined, perform
from popmodel.uncertainty.chunks import Label, encode
from popmodel.uncertainty.design import Runs, design_bytes
from popmodel.uncertainty.executors import Trial
from popmodel.uncertainty.memory import peak_memory
from popmodel.uncertainty.options import STANDARD, Options, processors
from popmodel.uncertainty.run import Job
from popmodel.uncertainty.store import ABOUT, Question, numbers_there, question, read_question

MOST_RUNS_TIMED: Final = 8
SECONDS_FOR_TIMING: Final = 20.0
SECONDS_A_CHUNK: Final = 0.006
"""To write a chunk, flush it to the disk and note it; measured on a laptop's disk."""
SECONDS_TO_LOAD: Final = 10.0
"""A worker that took longer for its first run compiled the rules; the next one loads them."""
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
    """Return what a sweep will take; a few runs are done, nothing is written.

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
    trial = _in_a_worker if _in_processes(options) else _here
    tried, start, peak = trial(asked, job)
    if all(record.status != DONE for record in tried.records):
        raise RunError(f"every run that was tried failed; the first: {tried.records[0].error}")
    left = _left(folder, asked, options)
    runs = sum(len(asked.ranges[number]) for number in left)
    seconds = float(np.mean([second for _, second in tried.seconds]))
    rows = int(tried.rows.nbytes / len(tried.records) * len(asked.design) * COPIES)
    return Plan(
        len(asked.design), runs, len(left),
        None if options.executor == "dask" else options.workers, seconds,
        _seconds(runs, len(left), seconds, start, options),
        _memory(before, peak, options) + rows if before and peak else None,
        _disk(asked, tried),
    )  # fmt: skip


def _in_processes(options: Options) -> bool:
    return options.executor == "local" and options.workers > 1


def _spread(asked: Question) -> list[int]:
    """Return a few runs from all over the design."""
    size = len(asked.design)
    found: list[int] = np.unique(
        np.linspace(0, size - 1, min(size, MOST_RUNS_TIMED)).astype(int)
    ).tolist()
    return found


def _here(asked: Question, job: Job) -> tuple[Batch, float, int | None]:
    """Do a few runs in this process; return them, seconds to start, and the peak of memory.

    The first is done twice: the first time rules are compiled or loaded, and files are read.
    """
    runs = Runs(asked.design)
    perform(job, runs(_spread(asked)[:1]))
    return _warm(lambda n: perform(job, runs([n])), asked), 0.0, peak_memory()


def _in_a_worker(asked: Question, job: Job) -> tuple[Batch, float, int | None]:
    """Do a few runs in a worker process; where it had to compile, start another for the rest."""
    runs = Runs(asked.design)
    first = runs(_spread(asked)[:1])
    with Trial(job, first) as trial:
        tried = _warm(lambda n: trial.perform(runs([n])), asked)
        start, peak = trial.start, trial.peak()
    if start > SECONDS_TO_LOAD:
        with Trial(job, first) as trial:
            start, peak = trial.start, trial.peak()
    return tried, start, peak


def _warm(done: Callable[[int], Batch], asked: Question) -> Batch:
    began = time.perf_counter()
    found: list[Batch] = []
    for number in _spread(asked):
        if found and time.perf_counter() - began > SECONDS_FOR_TIMING:
            break
        found.append(done(number))
    return joined(found)


def _left(folder: Path, asked: Question, options: Options) -> list[int]:
    there: set[int] = set()
    if (folder / ABOUT).is_file() and not options.fresh:
        found = read_question(folder)
        if (found.design_id, found.job) == (asked.design_id, asked.job):
            there = numbers_there(folder)
    return [n for n in range(len(asked.ranges)) if options.has(n) and n not in there]


def _seconds(runs: int, chunks: int, seconds: float, start: float, options: Options) -> float:
    """Return the time of some runs, shared among the workers that can be busy at once."""
    if not runs:
        return 0.0
    work = runs * seconds + chunks * SECONDS_A_CHUNK
    if options.executor == "dask":
        return work
    return work / min(options.workers, processors(), chunks) + start


def _memory(before: int, peak: int, options: Options) -> int:
    """Return the memory of all processes.

    Args:
        before: Peak of this process before it did a run.
        peak: Of who did runs, this process or a worker.
        options: How many there will be.
    """
    if _in_processes(options):
        return before + options.workers * peak
    if options.executor == "threads":
        return peak + (options.workers - 1) * (peak - before)
    return peak


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
