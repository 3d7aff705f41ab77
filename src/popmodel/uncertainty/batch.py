"""Doing runs: their rows in plain types, or what went wrong with them."""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from popmodel.errors import RunError
from popmodel.uncertainty.run import Job, Run

DONE: Final = "done"
FAILED: Final = "failed"
MISSING: Final = "missing"
LONGEST_MESSAGE: Final = 500
ADDRESS: Final = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")


@dataclass(frozen=True)
class Record:
    """How a run ended.

    Attributes:
        run: Number of the run.
        status: `done` or `failed`.
        error: What went wrong; empty when done.
    """

    run: int
    status: str
    error: str = ""


@dataclass(frozen=True)
class Batch:
    """What some runs left.

    Attributes:
        records: How each ended, in order of runs.
        rows: Rows of those that are done, columns `run`, `structure` and the job's.
        seconds: How long each took, by number of the run.
    """

    records: tuple[Record, ...]
    rows: pa.Table
    seconds: tuple[tuple[int, float], ...] = ()


def perform(job: Job, runs: Sequence[Run]) -> Batch:
    """Do some runs; one that fails is recorded and the rest go on.

    Args:
        job: What is run.
        runs: Which runs.
    """
    return joined([_perform_one(job, run) for run in runs])


def _perform_one(job: Job, run: Run) -> Batch:
    started = time.perf_counter()
    try:
        rows = plain_rows(job(run), run, job.columns)
        record = Record(run.number, DONE)
    except Exception as error:  # recorded, told and counted: the sweep is not complete then
        rows, record = no_rows(), Record(run.number, FAILED, told(error))
    return Batch((record,), rows, ((run.number, time.perf_counter() - started),))


def joined(batches: Iterable[Batch]) -> Batch:
    """Return several batches as one, in order of runs.

    Raises:
        RunError: A column holds texts in one run and numbers in another.
    """
    parts = list(batches)
    records = [record for part in parts for record in part.records]
    rows = stacked([part.rows for part in parts])
    ordered = sorted(records, key=lambda record: record.run)
    if ordered != records:
        rows = rows.sort_by("run").combine_chunks()  # stable: rows of a run keep their order
    return Batch(tuple(ordered), rows, tuple(one for part in parts for one in part.seconds))


def stacked(tables: Sequence[pa.Table]) -> pa.Table:
    """Return tables below each other; whole numbers become decimal ones where both occur.

    Raises:
        RunError: A column holds texts in one and numbers in another.
    """
    filled = [table for table in tables if table.num_rows] or list(tables[:1])
    try:
        return pa.concat_tables(filled, promote_options="permissive").combine_chunks()
    except pa.ArrowTypeError as error:
        raise RunError(
            f"a column holds texts in some runs and numbers in others: {error}"
        ) from None


def no_rows() -> pa.Table:
    """Return the rows of runs that left none."""
    return pa.table({"run": pa.array([], pa.int64()), "structure": pa.array([], pa.string())})


def failure(run: Run, error: str) -> Batch:
    """Return a batch of one run that could not be done.

    Args:
        run: The run.
        error: What went wrong.
    """
    return Batch((Record(run.number, FAILED, error),), no_rows(), ((run.number, 0.0),))


# ------------------------------------------------------------------ rows in plain types


def plain_rows(frame: Any, run: Run, columns: Sequence[str]) -> pa.Table:
    """Return the rows of a run as an Arrow table of whole numbers, numbers, texts and truths.

    Args:
        frame: What the job returned.
        run: The run; its number and structure become the first columns.
        columns: What the job promised.

    Raises:
        RunError: The frame has other columns, no rows, or holds what no table of results can.
    """
    if not isinstance(frame, pd.DataFrame) or list(frame.columns) != list(columns):
        found = ", ".join(map(str, getattr(frame, "columns", [type(frame).__name__])))
        raise RunError(f"the job returned {found or 'no columns'}, not {', '.join(columns)}")
    if frame.empty:
        raise RunError("the job returned no rows")
    size = len(frame)
    keys = [pa.array([run.number] * size, pa.int64()), pa.array([run.structure] * size)]
    values = [_plain(frame[name], name) for name in columns]
    return pa.Table.from_arrays(keys + values, names=["run", "structure", *columns])


def _plain(column: pd.Series[Any], name: str) -> pa.Array:
    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        column = column.astype(kind.categories.dtype)
    try:
        array = pa.array(column, from_pandas=True)
        return array.cast(_kept_as(array.type))
    except (pa.ArrowException, OverflowError) as error:
        raise RunError(f"column {name} cannot be kept: {error}") from None


def _kept_as(kind: pa.DataType) -> pa.DataType:
    """Return the widest type of a kind, so that runs of different width go together."""
    wide = (
        (pa.types.is_boolean, pa.bool_()),
        (pa.types.is_integer, pa.int64()),
        (pa.types.is_floating, pa.float64()),
        (pa.types.is_string, pa.string()),
        (pa.types.is_large_string, pa.string()),
        (pa.types.is_null, pa.null()),
    )
    for fits, kept in wide:
        if fits(kind):
            return kept
    raise pa.ArrowTypeError(f"{kind} is neither number, text nor truth")


def told(error: Exception) -> str:
    """Return an error in one line that is the same wherever and whenever it happens.

    Args:
        error: What a run raised.
    """
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" ({Path(one.filename).name}:{one.lineno} in {one.name})" for one in last)
    text = ADDRESS.sub("0x…", " ".join(str(error).split()))[:LONGEST_MESSAGE]
    return f"{type(error).__name__}: {text}{where}" if text else f"{type(error).__name__}{where}"
