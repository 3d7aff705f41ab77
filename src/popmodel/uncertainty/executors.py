"""Where runs are done: in this process, in threads, in processes, or on a Dask cluster.

All four are asked in the same way and give the same batches; who asks does not see which it is.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from contextlib import contextmanager
from multiprocessing.reduction import ForkingPickler
from typing import Final, Protocol

from popmodel.errors import RunError
from popmodel.uncertainty.batch import Batch, failure, joined, perform
from popmodel.uncertainty.memory import peak_memory
from popmodel.uncertainty.options import Options
from popmodel.uncertainty.run import Job, Run

AHEAD: Final = 1
"""Chunks given to a pool beyond its workers, so that none waits for us."""
DIED: Final = "the worker process died (out of memory, killed, or a crash in compiled code)"
IMPORTABLE: Final = "it must be defined in a module that can be imported"
CANNOT_START: Final = (
    "worker processes cannot be started; in a script of your own call run_sweep under "
    f"`if __name__ == '__main__':`. The job: {IMPORTABLE}"
)


class Workers(Protocol):
    """What does runs for a sweep."""

    @property
    def slots(self) -> int:
        """How many chunks to have under way at once."""

    def submit(self, runs: Sequence[Run]) -> Future[Batch]:
        """Ask for some runs."""

    def alone(self, runs: Sequence[Run]) -> Batch:
        """Do runs one by one where a death harms no other; it is a failure of that run."""

    def died(self, error: BaseException) -> bool:
        """Return whether an error means that a worker died, and not that we are wrong."""

    def restart(self) -> None:
        """Be ready again after a death."""

    def close(self, at_once: bool) -> None:
        """End the workers; at once: without waiting for what is under way."""


@contextmanager
def workers_of(options: Options, job: Job) -> Iterator[Workers]:
    """Start the workers that options ask for, and end them after the block.

    Args:
        options: Executor, jobs, scheduler.
        job: What they run.

    Raises:
        InputError: There is no such scheduler.
        RunError: Worker processes cannot be started.
    """
    workers = _started(options, job)
    try:
        yield workers
    except BaseException:
        workers.close(at_once=True)
        raise
    workers.close(at_once=False)


def _started(options: Options, job: Job) -> Workers:
    if options.executor == "dask":
        from popmodel.uncertainty.dask_cluster import DaskWorkers

        return DaskWorkers(options.scheduler, job)
    if options.workers == 1:
        return Here(job)
    if options.executor == "threads":
        return Threads(job, options.workers)
    return Processes(job, options.workers)


class Here:
    """Runs are done one after the other in this process."""

    slots = 1

    def __init__(self, job: Job) -> None:
        """Take the job."""
        self.job = job

    def submit(self, runs: Sequence[Run]) -> Future[Batch]:
        """Do some runs now."""
        future: Future[Batch] = Future()
        future.set_result(perform(self.job, runs))
        return future

    def alone(self, runs: Sequence[Run]) -> Batch:
        """Do some runs."""
        return perform(self.job, runs)

    def died(self, error: BaseException) -> bool:
        """Nobody can die here but we."""
        return False

    def restart(self) -> None:
        """Nothing is to be started."""

    def close(self, at_once: bool) -> None:
        """Nothing is to be ended."""


class Threads(Here):
    """Runs are done in threads: for jobs that leave the interpreter alone most of the time."""

    def __init__(self, job: Job, workers: int) -> None:
        """Start the threads."""
        super().__init__(job)
        self.pool: Executor = ThreadPoolExecutor(workers)
        self.slots = workers + AHEAD

    def submit(self, runs: Sequence[Run]) -> Future[Batch]:
        """Ask for some runs."""
        return self.pool.submit(perform, self.job, runs)

    def close(self, at_once: bool) -> None:
        """End the threads; what is under way ends first, no thread can be stopped."""
        self.pool.shutdown(wait=not at_once, cancel_futures=True)


class Processes:
    """Runs are done in processes of their own; each is sent the job once."""

    def __init__(self, job: Job, workers: int) -> None:
        """Start the processes."""
        self.job = job
        self.workers = workers
        self.slots = workers + AHEAD
        self.pool = _process_pool(job, workers)

    def submit(self, runs: Sequence[Run]) -> Future[Batch]:
        """Ask for some runs."""
        try:
            with _interrupts_held_back():  # a pool starts its workers as they are needed
                return self.pool.submit(_perform_here, tuple(runs))
        except BrokenExecutor as error:  # a worker died between two questions
            broken: Future[Batch] = Future()
            broken.set_exception(error)
            return broken

    def alone(self, runs: Sequence[Run]) -> Batch:
        """Do runs one by one in a process started for them, and again after a death."""
        found = []
        pool = _process_pool(self.job, 1)
        try:
            for run in runs:
                try:
                    found.append(pool.submit(_perform_here, (run,)).result())
                except BrokenExecutor:
                    found.append(failure(run, DIED))
                    _end(pool)
                    pool = _process_pool(self.job, 1)
        finally:
            _end(pool)
        return joined(found)

    def died(self, error: BaseException) -> bool:
        """Return whether a worker process died."""
        return isinstance(error, BrokenExecutor)

    def restart(self) -> None:
        """Start new processes."""
        _end(self.pool)
        self.pool = _process_pool(self.job, self.workers)

    def close(self, at_once: bool) -> None:
        """End the processes."""
        if at_once:
            _end(self.pool)
        else:
            self.pool.shutdown()


class Trial:
    """One worker process, to see what one takes; ends with the block.

    Attributes:
        start: Seconds to start, import and do a first run.
    """

    def __init__(self, job: Job, runs: Sequence[Run]) -> None:
        """Start it and have it do some runs."""
        began = time.perf_counter()
        self.pool = _process_pool(job, 1)
        self.perform(runs)
        self.start = time.perf_counter() - began

    def __enter__(self) -> Trial:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        _end(self.pool)

    def perform(self, runs: Sequence[Run]) -> Batch:
        """Do some runs there.

        Raises:
            RunError: They kill it.
        """
        try:
            return self.pool.submit(_perform_here, tuple(runs)).result()
        except BrokenExecutor:
            _end(self.pool)
            raise RunError(DIED) from None

    def peak(self) -> int | None:
        """Return the most memory it has held, in bytes."""
        return self.pool.submit(peak_memory).result()


def _process_pool(job: Job, workers: int) -> ProcessPoolExecutor:
    """Return a pool whose first worker has answered and is ready to do runs.

    Processes are spawned, not forked: the same on every system, and no lock of a thread is copied.
    A job that has to compile something says so. The first worker does it while no other runs, and
    is then replaced: a process that has compiled keeps several hundred megabytes it needs no more,
    while those after it load what it left on the disk.
    """
    _refuse_unsendable(job)
    pool, has_compiled = _ready_pool(job, workers)
    if has_compiled:
        _end(pool)
        pool, _ = _ready_pool(job, workers)
    return pool


def _ready_pool(job: Job, workers: int) -> tuple[ProcessPoolExecutor, bool]:
    """Return a pool whose first worker has answered, and whether that one had to compile."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(job,))
    try:
        with _interrupts_held_back():
            answer = pool.submit(_ready)
        return pool, answer.result()
    except BrokenExecutor:
        _end(pool)
        raise RunError(CANNOT_START) from None
    except BaseException:
        _end(pool)
        raise


def _refuse_unsendable(job: Job) -> None:
    try:
        ForkingPickler.dumps(job)
    except Exception as error:  # pickling raises whatever an object's own code does
        raise RunError(f"the job cannot be sent to a worker ({error}); {IMPORTABLE}") from None


def _end(pool: ProcessPoolExecutor) -> None:
    """End the processes of a pool without waiting for what they do."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()
    for process in processes:
        process.join()


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let processes that are started meanwhile begin with Ctrl-C held back.

    Ctrl-C reaches the whole group of processes; the workers leave the answer to us.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    earlier = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, earlier)


# ------------------------------------------------------------------ inside a worker process

_own: dict[str, Job] = {}


def _begin(job: Job) -> None:
    """Keep the job; leave Ctrl-C to the parent, and end when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    _own["job"] = job
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _ready() -> bool:
    """Say that the worker is there, and whether it had to compile to be ready."""
    prepare = getattr(_own["job"], "prepare", None)
    if prepare is None:
        return False
    try:
        return bool(prepare())
    except Exception:  # the runs will meet it too, and each is recorded with its error
        return False


def _perform_here(runs: Sequence[Run]) -> Batch:
    return perform(_own["job"], runs)
