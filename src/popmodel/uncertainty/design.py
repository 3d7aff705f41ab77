"""A design: one row a run, every value stated; its identity, its runs and its chunks."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd

from popmodel.errors import InputError, Problem, Problems
from popmodel.uncertainty.run import Run

KEYS: Final = ("run", "structure", "luck")
"""The first columns of every design; the others are paths."""
FEW_CHUNKS: Final = 128
MANY_CHUNKS: Final = 4096
LONGEST_CHUNK: Final = 16
"""Runs in a chunk as long as there are not very many: what a kill can cost a worker."""


def checked_design(table: pd.DataFrame) -> pd.DataFrame:
    """Return a design in its canonical form: keys first, plain types, rows by run.

    Args:
        table: Columns `run` (0, 1, …), `structure`, `luck` and one a path; one row a run.

    Raises:
        InputError: A key is missing, runs are not numbered 0, 1, …, or a value is no finite number.
    """
    problems = Problems(_faults(table))
    problems.raise_if_any()
    paths = [str(name) for name in table.columns if name not in KEYS]
    rows = table.sort_values("run", ignore_index=True)
    columns = {
        "run": rows["run"].to_numpy(np.int64),
        "structure": rows["structure"].astype(str).to_numpy(object),
        "luck": rows["luck"].to_numpy(np.int64),
    }
    return pd.DataFrame(columns | {path: rows[path].to_numpy(np.float64) for path in paths})


def _faults(table: pd.DataFrame) -> list[Problem]:
    missing = [name for name in KEYS if name not in table.columns]
    if missing or not table.columns.is_unique or len(table) == 0:
        told = f"columns {', '.join(missing)} are missing" if missing else "a column occurs twice"
        return [_fault("", "there is no run" if not missing and len(table) == 0 else told)]
    found = []
    if not _whole(table["run"]) or set(table["run"]) != set(range(len(table))):
        found.append(_fault("run", f"runs must be numbered 0 to {len(table) - 1}, each once"))
    if not _whole(table["luck"]) or bool((table["luck"] < 0).any()):
        found.append(_fault("luck", "must be 0, 1, …"))
    if bool(table["structure"].isna().any()):
        found.append(_fault("structure", "a run has none"))
    return found + [
        _fault(str(name), f"run {bad}: a value is missing or no finite number")
        for name in table.columns
        if name not in KEYS and (bad := _first_bad(table[name])) is not None
    ]


def _fault(where: str, message: str) -> Problem:
    return Problem("design", 0, 0, where, message)


def _whole(column: pd.Series) -> bool:
    return pd.api.types.is_integer_dtype(column) and not bool(column.isna().any())


def _first_bad(column: pd.Series) -> int | None:
    """Return the first row whose value is no finite number; every run states every path."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return 0
    bad = ~np.isfinite(column.to_numpy(np.float64, na_value=np.nan))
    return int(np.argmax(bad)) if bad.any() else None


def design_bytes(design: pd.DataFrame) -> bytes:
    """Return a checked design as CSV that keeps every bit of its numbers."""
    return design.to_csv(index=False, lineterminator="\n").encode()


def design_id(design: pd.DataFrame) -> str:
    """Return the identity of a design: the SHA-256 of its `design.csv`."""
    return hashlib.sha256(design_bytes(checked_design(design))).hexdigest()


def read_design(content: bytes) -> pd.DataFrame:
    """Return the design that `design_bytes` wrote, equal to the last bit.

    Raises:
        InputError: It is no design.
    """
    try:
        texts = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, na_filter=False)
        columns = {name: _read(str(name), texts[name]) for name in texts.columns}
    except (ValueError, pd.errors.ParserError) as error:
        raise InputError(f"design.csv: is no table ({error})") from None
    return checked_design(pd.DataFrame(columns))


def _read(name: str, texts: pd.Series) -> pd.Series | list[int] | list[float]:
    """Return a column as it was written; Python's own reading of numbers is exact."""
    if name == "structure":
        return texts
    return [int(one) for one in texts] if name in KEYS else [float(one) for one in texts]


class Runs:
    """The runs of a checked design, made when they are asked for."""

    def __init__(self, design: pd.DataFrame) -> None:
        """Take the design apart once: a table is slow to ask row by row."""
        self.paths = tuple(str(name) for name in design.columns[len(KEYS) :])
        self.structures: list[str] = design["structure"].tolist()
        self.luck: list[int] = design["luck"].tolist()
        self.values = design[list(self.paths)].to_numpy(np.float64)

    def __call__(self, numbers: Iterable[int]) -> tuple[Run, ...]:
        """Return some runs, by number."""
        return tuple(
            Run(n, self.structures[n], self.luck[n], dict(zip(self.paths, values, strict=True)))
            for n, values in ((n, self.values[n].tolist()) for n in numbers)
        )


def chunk_length(runs: int) -> int:
    """Return how many runs a chunk holds: by the design alone, so that it is so everywhere.

    Args:
        runs: Runs of the whole design.
    """
    return max(min(LONGEST_CHUNK, -(-runs // FEW_CHUNKS)), -(-runs // MANY_CHUNKS))


def chunk_ranges(runs: int, length: int) -> tuple[range, ...]:
    """Return the runs of every chunk.

    Args:
        runs: Runs of the whole design.
        length: Runs a chunk.
    """
    return tuple(range(first, min(first + length, runs)) for first in range(0, runs, length))
