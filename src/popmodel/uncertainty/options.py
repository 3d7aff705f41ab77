"""How a sweep is carried out; nothing here changes a result."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from popmodel.errors import InputError, did_you_mean

EXECUTORS: Final = ("local", "threads", "dask")
MOST_WORKERS: Final = 1024


@dataclass(frozen=True)
class Options:
    """How a sweep is carried out.

    Attributes:
        executor: `local` (this process if `jobs` is 1, else processes), `threads` or `dask`.
        jobs: Workers of `local` and `threads`; None: as many as processors.
        scheduler: Address of the Dask scheduler, or its scheduler file (ending `.json`).
        shard: `(i, n)`: only chunks whose number modulo n is i - 1.
        fresh: Whether to move an earlier sweep in the folder aside and begin anew.
        retry_failed: Whether to do runs again that failed earlier.
    """

    executor: str = "local"
    jobs: int | None = 1
    scheduler: str = ""
    shard: tuple[int, int] = (1, 1)
    fresh: bool = False
    retry_failed: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            InputError: An option is out of range, or does not go with another.
        """
        if self.executor not in EXECUTORS:
            hint = did_you_mean(self.executor, EXECUTORS)
            raise InputError(f"executor {self.executor!r}: is unknown ({hint})")
        if self.jobs is not None and not 1 <= self.jobs <= MOST_WORKERS:
            raise InputError(f"jobs {self.jobs}: must be from 1 to {MOST_WORKERS}")
        if not 1 <= self.shard[0] <= self.shard[1]:
            raise InputError(f"shard {self.shard[0]}/{self.shard[1]}: i/n with i from 1 to n")
        if (self.executor == "dask") != bool(self.scheduler):
            raise InputError("executor dask and a scheduler's address: both, or neither")

    @property
    def workers(self) -> int:
        """Return how many workers this machine is asked for."""
        return processors() if self.jobs is None else self.jobs

    def has(self, chunk: int) -> bool:
        """Return whether a chunk belongs to this shard."""
        return chunk % self.shard[1] == self.shard[0] - 1


STANDARD: Final = Options()
"""One run after the other, here."""


def processors() -> int:
    """Return how many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def read_shard(text: str) -> tuple[int, int]:
    """Return the shard that `i/n` means.

    Args:
        text: Such as `2/10`.

    Raises:
        InputError: It is no such text.
    """
    first, slash, last = text.partition("/")
    if not (slash and first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last)):
        raise InputError(f"--shard {text!r}: i/n is needed, such as 2/10, with i from 1 to n")
    return int(first), int(last)
