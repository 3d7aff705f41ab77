"""Runs on a Dask cluster: whatever started it, a scheduler's address is enough."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from typing import Any, Final

from popmodel.errors import InputError, RunError
from popmodel.provenance import code_hash
from popmodel.uncertainty.batch import Batch, failure, joined, perform
from popmodel.uncertainty.executors import DIED
from popmodel.uncertainty.run import Job, Run

SECONDS_TO_CONNECT: Final = 30
SECONDS_BETWEEN_COUNTS: Final = 2.0
CHUNKS_A_THREAD: Final = 2
"""Chunks under way for every thread of the cluster: one at work, one waiting for it."""


class DaskWorkers:
    """Runs are done by the workers of a Dask scheduler; they may come and go meanwhile."""

    def __init__(self, scheduler: str, job: Job) -> None:
        """Connect, and have the job sent once to every worker that is or will be there.

        Raises:
            InputError: No scheduler answers there, or Dask is not installed.
        """
        self.client = _connected(scheduler)
        self.name = f"popmodel-{secrets.token_hex(6)}"
        self.client.register_plugin(_plugin(self.name, job))
        self.executor = self.client.get_executor(pure=False)
        self._slots, self._counted = 1, float("-inf")

    @property
    def slots(self) -> int:
        """How many chunks to have under way: by the threads the cluster has just now."""
        if time.monotonic() - self._counted > SECONDS_BETWEEN_COUNTS:
            self._slots = max(1, CHUNKS_A_THREAD * sum(self.client.nthreads().values()))
            self._counted = time.monotonic()
        return self._slots

    def submit(self, runs: Sequence[Run]) -> Future[Batch]:
        """Ask for some runs."""
        asked: Future[Batch] = self.executor.submit(
            perform_on_worker, self.name, own_code(), tuple(runs)
        )
        return asked

    def alone(self, runs: Sequence[Run]) -> Batch:
        """Do runs as tasks of their own."""
        return joined([self._alone(run) for run in runs])

    def _alone(self, run: Run) -> Batch:
        try:
            return self.submit([run]).result()
        except Exception as error:
            if self.died(error):
                return failure(run, DIED)
            raise

    def died(self, error: BaseException) -> bool:
        """Return whether workers died at a task, more often than Dask tries it again."""
        from distributed import KilledWorker

        return isinstance(error, KilledWorker)

    def restart(self) -> None:
        """Dask starts its workers itself."""

    def close(self, at_once: bool) -> None:
        """Take the job back from the workers and say goodbye."""
        try:
            self.executor.shutdown(wait=not at_once)
            if self.client.status == "running":
                self.client.unregister_worker_plugin(self.name)
        finally:
            self.client.close()


def _connected(scheduler: str) -> Any:
    try:
        import distributed
    except ImportError:
        raise InputError("--executor dask: install popmodel[cluster]") from None
    is_file = scheduler.endswith(".json")
    if is_file and not Path(scheduler).is_file():  # Dask would wait for it for ever
        raise InputError(f"--scheduler {scheduler}: there is no such scheduler file")
    connect: Any = distributed.Client
    place = {"scheduler_file" if is_file else "address": scheduler}
    try:
        return connect(**place, timeout=SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"--scheduler {scheduler}: no Dask scheduler answers ({told})") from None


def _plugin(name: str, job: Job) -> Any:
    """Return a plugin that holds the job on a worker."""
    from distributed import WorkerPlugin

    plugin: Any = WorkerPlugin()
    plugin.name, plugin.job = name, job
    return plugin


@cache
def own_code() -> str:
    """Return the hash of the code here, read once a process."""
    return code_hash()


def perform_on_worker(name: str, code: str, runs: Sequence[Run]) -> Batch:
    """Do some runs with the job that was sent to this worker.

    Args:
        name: Name of the plugin that holds the job.
        code: Hash of the code of who asks.
        runs: Which runs.

    Raises:
        RunError: This worker has another version of popmodel.
    """
    import distributed

    if own_code() != code:
        raise RunError("a worker has another version of popmodel; install the same everywhere")
    worker: Any = distributed.get_worker()
    return perform(worker.plugins[name].job, runs)
