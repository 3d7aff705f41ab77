"""One run of a design, and what can be asked to do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import pandas as pd


@dataclass(frozen=True)
class Run:
    """One run of a design.

    Attributes:
        number: row of the design, from 0.
        structure: name of the structure, such as `evidence`.
        luck: replicate of patient luck: 0, 1, …
        values: by dotted path, what replaces the base value.
    """

    number: int
    structure: str
    luck: int
    values: Mapping[str, float]


class Job(Protocol):
    """What does runs: a value that can be sent to another process.

    A job may also have a method `prepare() -> bool`, called once in a worker before its runs: it
    makes ready what every worker needs and says whether it had to compile for that.
    """

    @property
    def identity(self) -> str:
        """Hash of everything beside the run that decides its rows."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the rows."""
        ...

    def __call__(self, run: Run) -> pd.DataFrame:
        """Return the rows of one run."""
        ...
