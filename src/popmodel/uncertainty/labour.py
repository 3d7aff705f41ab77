"""Giving chunks to workers and keeping what comes back, until nothing of a shard is left."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Final

from popmodel.errors import PartlyDone, PopmodelError
from popmodel.uncertainty.batch import DONE, Batch, joined
from popmodel.uncertainty.chunks import only_done
from popmodel.uncertainty.claims import Claims
from popmodel.uncertainty.design import Runs
from popmodel.uncertainty.executors import Workers
from popmodel.uncertainty.options import Options
from popmodel.uncertainty.run import Run
from popmodel.uncertainty.store import (
    Contents,
    Question,
    note_seconds,
    numbers_there,
    put_chunk,
    replace_chunk,
)

Progress = Callable[[int, int, int], None]
"""Called with runs that are done or failed, runs that failed, and runs there are."""
SECONDS_BETWEEN_LOOKS: Final = 0.2
"""How often to look whether another process finished a chunk, or left one."""
MOST_KEPT_WAITING: Final = 8
"""Chunks that may wait to be written before no more are made."""


class Labour:
    """The work of one process at a sweep: which chunks are left, under way, at others, done."""

    def __init__(
        self,
        folder: Path,
        asked: Question,
        claims: Claims,
        options: Options,
        progress: Progress | None,
    ) -> None:
        """Start with nothing known.

        Args:
            folder: Folder of the sweep.
            asked: What it asks.
            claims: Of this process.
            options: Shard, and whether failures are tried again.
            progress: Whom to tell.
        """
        self.folder = folder
        self.asked = asked
        self.claims = claims
        self.options = options
        self.progress = progress
        self.runs = Runs(asked.design)
        self.earlier: dict[int, Batch] = {}
        self.tried: set[int] = set()
        self.ended: dict[int, int] = {}
        self.keeping: deque[tuple[int, Future[int]]] = deque()
        self.flying: dict[Future[Batch], int] = {}

    # -------------------------------------------------------------- what is left

    def left_after(self, found: Contents) -> list[int]:
        """Return the chunks of this shard that are still to be done, and tell what is done.

        Args:
            found: What is finished in the folder.
        """
        self.ended = {n: _failures(batch) for n, batch in found.batches.items()}
        self.earlier = {}
        if self.options.retry_failed:
            again = {n for n, failures in self.ended.items() if failures and n not in self.tried}
            self.earlier = {n: only_done(found.batches[n]) for n in again if self.options.has(n)}
        self._tell()
        return [
            number
            for number in range(len(self.asked.ranges))
            if self.options.has(number) and (number not in self.ended or number in self.earlier)
        ]

    def _tell(self) -> None:
        if self.progress is None:
            return
        ranges = self.asked.ranges
        mine = [number for number in self.ended if self.options.has(number)]
        total = sum(len(runs) for n, runs in enumerate(ranges) if self.options.has(n))
        failed = sum(self.ended[number] for number in mine)
        self.progress(sum(len(ranges[number]) for number in mine), failed, total)

    # -------------------------------------------------------------- doing it

    def do(self, left: Sequence[int], workers: Workers) -> None:
        """Do chunks; those that another process is at are waited for, or taken over from the dead.

        Chunks are written by a thread: flushing to the disk takes as long as a short run, and what
        was handed to it is written also when we are interrupted.

        Args:
            left: Which chunks.
            workers: Who does them.

        Raises:
            OSError: A chunk cannot be kept.
            PartlyDone: The workers are gone.
        """
        self._tell()  # the workers are ready: from here the pace is counted
        with ThreadPoolExecutor(1) as self.keeper:
            self._do(left, workers)

    def _do(self, left: Sequence[int], workers: Workers) -> None:
        waiting, elsewhere, suspects = deque(left), deque[int](), list[int]()
        while waiting or elsewhere or self.flying or suspects or self.keeping:
            if suspects and not self.flying:
                self._examine(suspects, workers)
            if not suspects:
                self._send(waiting, elsewhere, workers)
            suspects += self._collect(workers)
            self._note_kept(all_of_it=not (waiting or self.flying or suspects))
            if elsewhere and not (waiting or self.flying):
                time.sleep(SECONDS_BETWEEN_LOOKS)
                waiting, elsewhere = elsewhere, waiting

    def _send(self, waiting: deque[int], elsewhere: deque[int], workers: Workers) -> None:
        """Keep the workers busy with chunks that nobody else is at."""
        while waiting and len(self.flying) < workers.slots:
            number = waiting.popleft()
            if not self.claims.take(number):
                elsewhere.append(number)
            elif number not in self.earlier and number in numbers_there(self.folder):
                self.claims.release(number)  # finished by another process meanwhile
                self._count(number, 0)
            else:
                self.flying[workers.submit(self._runs(number))] = number

    def _runs(self, number: int) -> tuple[Run, ...]:
        """Return the runs of a chunk that are not done yet."""
        earlier = self.earlier.get(number)
        done = {record.run for record in earlier.records} if earlier else set()
        return self.runs(n for n in self.asked.ranges[number] if n not in done)

    def _collect(self, workers: Workers) -> list[int]:
        """Keep what came back; return the chunks at which a worker died."""
        if not self.flying:
            return []
        done, _ = wait(self.flying, SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
        suspects = []
        for future in done:
            number = self.flying.pop(future)
            batch = _result(future, workers)
            if batch is None:
                suspects.append(number)
            else:
                self._keep(number, batch)
        return suspects

    def _examine(self, suspects: list[int], workers: Workers) -> None:
        """Do the runs at which workers died one by one: the one that kills is a failure."""
        workers.restart()
        while suspects:
            number = suspects[-1]
            self._keep(number, workers.alone(self._runs(number)))
            suspects.pop()

    def _keep(self, number: int, batch: Batch) -> None:
        self.keeping.append((number, self.keeper.submit(self._write, number, batch)))

    def _write(self, number: int, batch: Batch) -> int:
        """Write a chunk; return how many of its runs failed."""
        whole = batch
        if number in self.earlier:
            whole = _with_earlier(self.earlier[number], batch)
            replace_chunk(self.folder, self.asked, number, whole, self.claims.owner)
        else:
            put_chunk(self.folder, self.asked, number, whole, self.claims.owner)
        note_seconds(self.folder, batch)
        return _failures(whole)

    def _note_kept(self, all_of_it: bool) -> None:
        """Count what is written by now, or wait until all is; wait too when much is waiting."""
        while self.keeping:
            number, writing = self.keeping[0]
            if not (all_of_it or writing.done() or len(self.keeping) > MOST_KEPT_WAITING):
                return
            failures = writing.result()
            self.keeping.popleft()
            self.claims.release(number)
            self._count(number, failures)

    def _count(self, number: int, failures: int) -> None:
        self.tried.add(number)
        self.ended[number] = failures
        self._tell()


def _with_earlier(earlier: Batch, batch: Batch) -> Batch:
    return joined([earlier, batch]) if earlier.records else batch


def _failures(batch: Batch) -> int:
    return sum(record.status != DONE for record in batch.records)


def _result(future: Future[Batch], workers: Workers) -> Batch | None:
    """Return what came back; None if a worker died at it.

    Raises:
        PartlyDone: The workers are gone; runs that fail by themselves come back as failures.
    """
    try:
        return future.result()
    except (Exception, CancelledError) as error:
        if workers.died(error):
            return None
        if isinstance(error, PopmodelError):
            raise
        told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise PartlyDone(
            f"the workers are gone ({told}); what is finished is kept, the same command goes on"
        ) from error
