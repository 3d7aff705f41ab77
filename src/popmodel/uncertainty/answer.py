"""The answer of a sweep: how every run ended, the rows of those that are done, and their files."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from popmodel import provenance
from popmodel.errors import PartlyDone
from popmodel.uncertainty.batch import DONE, FAILED, MISSING, no_rows, stacked
from popmodel.uncertainty.chunks import with_header
from popmodel.uncertainty.store import (
    Contents,
    Question,
    chunk_files,
    read_chunks,
    write_table,
)

RESULTS: Final = "results.parquet"
RUNS: Final = "runs.csv"
MANIFEST: Final = "manifest.json"
NAMED: Final = 5
"""Runs named in a message."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """A design and what its runs left.

    Attributes:
        folder: Where it lies.
        design: One row a run: `run`, `structure`, `luck` and one column a path.
        design_id: SHA-256 of `design.csv`.
        job: Identity of the job.
        about: How the design was made: method, seed, samples, factors.
        runs: One row a run: `run`, `status` (`done`, `failed` or `missing`), `error`.
        rows: Rows of the runs that are done, sorted by run.
        damaged: Chunk files that were not what they should be, and why.
    """

    folder: Path
    design: pd.DataFrame
    design_id: str
    job: str
    about: Mapping[str, Any]
    runs: pd.DataFrame
    rows: pa.Table
    damaged: Mapping[str, str]

    @property
    def complete(self) -> bool:
        """Return whether every run of the design is done: none missing, none failed."""
        return bool((self.runs["status"] == DONE).all())

    @property
    def failed(self) -> pd.DataFrame:
        """Return the runs that failed: `run`, `error`."""
        mine = self.runs["status"] == FAILED
        return self.runs.loc[mine, ["run", "error"]].reset_index(drop=True)

    @property
    def missing(self) -> tuple[int, ...]:
        """Return the runs that were not run yet."""
        return tuple(self.runs.loc[self.runs["status"] == MISSING, "run"].tolist())

    def results(self, partial: bool = False) -> pd.DataFrame:
        """Return the rows of all runs, sorted by run: `run`, `structure` and the job's columns.

        Args:
            partial: Whether rows of a sweep that is not complete are wanted. Indices and means of
                such rows are wrong in general: the runs that fail are rarely a random sample.

        Raises:
            PartlyDone: A run is missing or failed, and `partial` is not set.
        """
        if not partial:
            self.refuse_incomplete()
        found: pd.DataFrame = self.rows.to_pandas()
        return found

    def refuse_incomplete(self) -> None:
        """Raise unless every run is done.

        Raises:
            PartlyDone: A run is missing or failed.
        """
        if not self.complete:
            raise PartlyDone(f"{self.folder}: {self.told()}")

    def told(self) -> str:
        """Return in one sentence how far the sweep is."""
        parts = [
            f"{int((self.runs['status'] == DONE).sum()):,} of {len(self.runs):,} runs are done"
        ]
        if self.missing:
            parts.append(f"{len(self.missing):,} are missing ({_some(self.missing)})")
        if len(self.failed):
            first = self.failed.iloc[0]
            numbers = tuple(self.failed["run"].tolist())
            parts.append(f"{len(numbers):,} failed ({_some(numbers)}; first: {first['error']})")
        return ", ".join(parts)


def _some(numbers: tuple[int, ...]) -> str:
    """Name some runs."""
    named = ", ".join(map(str, numbers[:NAMED]))
    return f"run{'s' * (len(numbers) > 1)} {named}{', …' if len(numbers) > NAMED else ''}"


def sweep_of(
    folder: Path, asked: Question, found: Contents, damaged: Mapping[str, str] | None = None
) -> Sweep:
    """Return the answer that chunks give.

    Args:
        folder: Folder of the sweep.
        asked: What it asks.
        found: What is finished.
        damaged: Files that were put aside before.

    Raises:
        RunError: A column holds texts in some runs and numbers in others.
    """
    batches = [found.batches[number] for number in sorted(found.batches)]
    records = {record.run: record for batch in batches for record in batch.records}
    numbers = asked.design["run"].tolist()
    ended = [
        (records[n].status, records[n].error) if n in records else (MISSING, "") for n in numbers
    ]
    runs = pd.DataFrame(
        {"run": numbers, "status": [s for s, _ in ended], "error": [e for _, e in ended]}
    )
    rows = stacked([batch.rows for batch in batches]) if batches else no_rows()
    return Sweep(
        folder, asked.design, asked.design_id, asked.job, asked.about, runs,
        _all_columns(rows, asked.columns), {**(damaged or {}), **found.damaged},
    )  # fmt: skip


def _all_columns(rows: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    """Give the table of a sweep in which no run is done its columns."""
    for name in columns:
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.nulls(rows.num_rows, pa.float64()))
    return rows


# ------------------------------------------------------------------ files


def write_answer(
    folder: Path, asked: Question, found: Contents, damaged: Mapping[str, str]
) -> Sweep:
    """Write the tables of a sweep from what is finished, and return it.

    `results.parquet` is written once no run is missing. When another process finished a chunk
    meanwhile, the tables are written again: the last of several writers saw everything.

    Args:
        folder: Folder of the sweep.
        asked: What it asks.
        found: What is finished.
        damaged: Files that were put aside before.

    Raises:
        RunError: Chunks do not go together.
        OSError: A file cannot be written.
    """
    while True:
        sweep = sweep_of(folder, asked, found, damaged)
        _write(sweep)
        if chunk_files(folder) == list(found.names):
            return sweep
        found = read_chunks(folder, asked, mend=True)


def _write(sweep: Sweep) -> None:
    tables = {RUNS: sweep.runs.to_csv(index=False, lineterminator="\n").encode()}
    if not sweep.missing:
        tables[RESULTS] = results_bytes(sweep)
    for name, content in tables.items():
        write_table(sweep.folder, name, content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in tables.items()}
    _note_outputs(sweep, hashes)


def results_bytes(sweep: Sweep) -> bytes:
    """Return `results.parquet`: equal for equal results, it holds no time and no place.

    Args:
        sweep: A sweep.
    """
    sink = pa.BufferOutputStream()
    rows = with_header(sweep.rows, {"design": sweep.design_id, "job": sweep.job})
    pq.write_table(rows, sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def begin_manifest(folder: Path, asked: Question) -> None:
    """Write how a sweep is made, once; it marks the folder as ours.

    Args:
        folder: Folder of the sweep.
        asked: What it asks.

    Raises:
        OSError: It cannot be written.
    """
    if not _manifest(folder):
        facts = provenance.manifest((), sweep=asked.told(), outputs={})
        write_table(folder, MANIFEST, _json(facts))


def _manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a folder; nothing if there is none that can be read."""
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _note_outputs(sweep: Sweep, hashes: Mapping[str, str]) -> None:
    """Note what came out in the manifest, and leave what others wrote into it."""
    facts = _manifest(sweep.folder)
    facts["status"] = dict(sorted(Counter(sweep.runs["status"]).items()))
    facts["outputs"] = {**facts.get("outputs", {}), **hashes}
    write_table(sweep.folder, MANIFEST, _json(facts))


def _json(facts: Mapping[str, Any]) -> bytes:
    return (json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
