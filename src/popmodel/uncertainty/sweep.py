"""A sweep: design -> store -> resume -> final tables, equal by whatever route they were made."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pandas as pd

from popmodel.errors import PartlyDone
from popmodel.uncertainty.answer import Sweep, begin_manifest, sweep_of, write_answer
from popmodel.uncertainty.batch import DONE
from popmodel.uncertainty.claims import Claims
from popmodel.uncertainty.executors import workers_of
from popmodel.uncertainty.labour import Labour, Progress
from popmodel.uncertainty.options import STANDARD, Options
from popmodel.uncertainty.run import Job
from popmodel.uncertainty.store import (
    ABOUT,
    CLAIMS,
    Contents,
    Question,
    ask,
    copy_chunks,
    numbers_there,
    question,
    read_chunks,
    read_question,
    start_afresh,
    tidy,
)

ATTEMPTS: Final = 3
"""Times that chunks are made again when they cannot be read back."""


class Interrupted(KeyboardInterrupt):
    """The user ended a sweep; what is finished is kept."""


def run_sweep(
    design: pd.DataFrame,
    job: Job,
    folder: Path,
    options: Options = STANDARD,
    progress: Progress | None = None,
    about: Mapping[str, Any] | None = None,
) -> Sweep:
    """Run a design, or what is left of it, and write its tables.

    Call it again with the same arguments after any interruption: chunks that are finished are read
    and checked, only the others are run. `results.parquet` and `runs.csv` are equal to the last
    byte whatever the executor, number of workers, order, interruption or shards.

    A run that fails is recorded and the others go on; look at `Sweep.complete` before an analysis.

    Args:
        design: Columns `run` (0, 1, …), `structure`, `luck` and one a dotted path; one row a run,
            every value stated.
        job: What is run; it must give the same rows for the same run.
        folder: Where the sweep lies; made if it is not there.
        options: How it is carried out.
        progress: Called with runs done or failed, runs failed, and runs there are in this shard.
        about: How the design was made (method, seed, samples, factors); kept in `design.json`.

    Raises:
        InputError: The design has faults, or the folder holds another sweep.
        PartlyDone: The disk is full, the folder cannot be written or the cluster is gone; what is
            finished is kept.
        Interrupted: Ctrl-C or a request to end; what is finished is kept.
        RunError: Worker processes cannot be started, or the job does not give the same twice.

    Example:
        ```python
        from pathlib import Path
        from popmodel.uncertainty import Options, run_sweep

        sweep = run_sweep(design, job, Path("outputs/x/sweep-sobol"), Options(jobs=4))
        if not sweep.complete:
            print(sweep.failed, sweep.missing)
        table = sweep.results()
        ```
    """
    asked = question(design, job.identity, tuple(job.columns), about or {})
    with _ends_told(folder, asked, options), _asked_to_end():
        if options.fresh:
            start_afresh(folder)
        asked = ask(folder, asked)
        begin_manifest(folder, asked)
        with Claims(folder / CLAIMS) as claims:
            tidy(folder, claims)
            found, damaged = _done(folder, asked, job, options, claims, progress)
        return write_answer(folder, asked, found, damaged)


def _done(
    folder: Path,
    asked: Question,
    job: Job,
    options: Options,
    claims: Claims,
    progress: Progress | None,
) -> tuple[Contents, dict[str, str]]:
    """Do what is left of a shard until all of it can be read back.

    Returns what is finished, and the files that were put aside.
    """
    labour = Labour(folder, asked, claims, options, progress)
    damaged: dict[str, str] = {}
    for _ in range(ATTEMPTS):
        found = read_chunks(folder, asked, mend=True)
        damaged |= found.damaged
        left = labour.left_after(found)
        if not left:
            return found, damaged
        del found  # its rows are not needed while others are made
        with workers_of(options, job) as workers:
            labour.do(left, workers)
    raise PartlyDone(f"{folder}: chunks do not stay as they were written; look at the disk")


@contextmanager
def _ends_told(folder: Path, asked: Question, options: Options) -> Iterator[None]:
    """Say what is kept and how to go on when a sweep ends early."""
    try:
        yield
    except OSError as error:
        told = f"{error.strerror or type(error).__name__}: {error.filename or folder}"
        raise PartlyDone(f"{told}\n{_kept(folder, asked, options)}") from error
    except Interrupted:
        raise
    except KeyboardInterrupt:
        raise Interrupted(_kept(folder, asked, options)) from None


def _kept(folder: Path, asked: Question, options: Options) -> str:
    there = numbers_there(folder)
    ranges = [runs for number, runs in enumerate(asked.ranges) if options.has(number)]
    kept = sum(len(asked.ranges[n]) for n in there if n < len(asked.ranges) and options.has(n))
    return (
        f"{kept:,} of {sum(map(len, ranges)):,} runs are finished and kept in {folder}; "
        "the same command goes on from there"
    )


@contextmanager
def _asked_to_end() -> Iterator[None]:
    """Let a request to end (SIGTERM) be what Ctrl-C is, where signals can be received."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if earlier is None else earlier)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def open_sweep(folder: Path) -> Sweep:
    """Return the sweep in a folder as far as it is finished; nothing is run or written.

    Args:
        folder: Folder of a sweep.

    Raises:
        InputError: There is no sweep, or its design was changed.
    """
    asked = read_question(folder)
    return sweep_of(folder, asked, read_chunks(folder, asked))


def merge_sweeps(folder: Path, others: Sequence[Path] = ()) -> Sweep:
    """Join the shards of a sweep and write its tables; nothing is run.

    Args:
        folder: Folder of a sweep, in which all shards lie or into which the others are copied.
        others: Folders of shards that were run elsewhere; they stay as they are.

    Raises:
        InputError: One holds no sweep, or another one.
        PartlyDone: A file cannot be written.
        RunError: Two shards hold different results for the same run.
    """
    first = next((one for one in (folder, *others) if (one / ABOUT).is_file()), folder)
    asked = read_question(first)
    questions = [(other, read_question(other)) for other in others]
    with _ends_told(folder, asked, STANDARD), _asked_to_end():
        asked = ask(folder, asked)
        begin_manifest(folder, asked)
        with Claims(folder / CLAIMS) as claims:
            tidy(folder, claims)
            for other, its in questions:
                copy_chunks(other, its, folder, asked)
        found = read_chunks(folder, asked, mend=True)
        return write_answer(folder, asked, found, found.damaged)


def is_shard_done(sweep: Sweep, options: Options) -> bool:
    """Return whether every run of a shard is done; those of other shards may be missing.

    Args:
        sweep: From `run_sweep`.
        options: Those it was run with.
    """
    asked = read_question(sweep.folder)
    done = set(sweep.runs.loc[sweep.runs["status"] == DONE, "run"].tolist())
    return all(
        run in done
        for number, runs in enumerate(asked.ranges)
        if options.has(number)
        for run in runs
    )
