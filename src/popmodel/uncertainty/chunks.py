"""A chunk: the runs of a fixed range in one Parquet file that proves what it is.

Its name holds its number and the hash of its bytes; its header says of which design, job and runs
it is. A file that was cut, changed, renamed or copied from elsewhere fails one of the two.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from popmodel.errors import RunError
from popmodel.uncertainty.batch import DONE, Batch, Record

NAME: Final = re.compile(r"chunk-(\d{6,})-([0-9a-f]{32})\.parquet")
HEADER: Final = b"popmodel"


@dataclass(frozen=True)
class Label:
    """Of what a chunk holds the runs.

    Attributes:
        design: Id of the design.
        job: Identity of the job.
        number: Number of the chunk.
        first: Its first run.
        last: Its last run.
    """

    design: str
    job: str
    number: int
    first: int
    last: int


class Damaged(RunError):
    """A chunk file is not what it should be; its runs are run again."""


def chunk_name(number: int, content: bytes) -> str:
    """Return the name of a chunk file: its number, and the hash of its bytes."""
    return f"chunk-{number:06d}-{_hash(content)}.parquet"


def number_of(name: str) -> int | None:
    """Return the number in the name of a chunk file; None if it is no such name."""
    match = NAME.fullmatch(name)
    return int(match[1]) if match else None


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def encode(label: Label, batch: Batch) -> bytes:
    """Return the bytes of a chunk: equal whenever runs and results are; no time is in them.

    Args:
        label: What it is.
        batch: All runs of the chunk.

    Raises:
        RunError: The batch holds other runs.
    """
    if [record.run for record in batch.records] != list(range(label.first, label.last + 1)):
        raise RunError(f"chunk {label.number}: holds other runs than it should")
    header = {**asdict(label), "runs": [asdict(record) for record in batch.records]}
    sink = pa.BufferOutputStream()
    pq.write_table(with_header(batch.rows, header), sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def with_header(rows: pa.Table, header: Mapping[str, Any]) -> pa.Table:
    """Return a table that carries a header.

    Args:
        rows: The table.
        header: What JSON can hold.
    """
    text = json.dumps(header, sort_keys=True, ensure_ascii=False)
    return rows.replace_schema_metadata({HEADER: text.encode()})


def read_chunk(path: Path, label: Label) -> Batch:
    """Return what a chunk file holds.

    Args:
        path: The file.
        label: What it should be.

    Raises:
        Damaged: It is not that.
        FileNotFoundError: It is gone.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Damaged(f"cannot be read: {error.strerror}") from None
    if path.name != chunk_name(label.number, content):
        raise Damaged("its bytes are not those its name tells of")
    return decode(content, label)


def decode(content: bytes, label: Label) -> Batch:
    """Return what the bytes of a chunk hold.

    Args:
        content: The bytes.
        label: What they should be.

    Raises:
        Damaged: They are not that.
    """
    try:
        table = pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
        header = json.loads((table.schema.metadata or {})[HEADER])
        records = tuple(Record(**record) for record in header.pop("runs"))
        found = Label(**header)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise Damaged(f"is no chunk: {type(error).__name__}") from None
    if found != label:
        raise Damaged(_difference(found, label))
    return Batch(records, table.replace_schema_metadata(None).combine_chunks())


def _difference(found: Label, label: Label) -> str:
    """Say of what a chunk is that is not what it should be."""
    if found.design != label.design:
        return f"belongs to the design {found.design[:12]}"
    if found.job != label.job:
        return f"belongs to the job {found.job[:12]}"
    return f"holds runs {found.first} to {found.last}, not {label.first} to {label.last}"


def same_results(one: Batch, other: Batch) -> bool:
    """Return whether two batches agree on every run that is done in both."""
    both = _done(one) & _done(other)
    return bool(_rows(one, both).equals(_rows(other, both)))


def only_done(batch: Batch) -> Batch:
    """Return the part of a batch whose runs are done."""
    kept = tuple(record for record in batch.records if record.status == DONE)
    return Batch(kept, _rows(batch, {record.run for record in kept}))


def _done(batch: Batch) -> set[int]:
    return {record.run for record in batch.records if record.status == DONE}


def _rows(batch: Batch, runs: set[int]) -> pa.Table:
    kept = [run in runs for run in batch.rows.column("run").to_pylist()]
    return batch.rows.filter(pa.array(kept, pa.bool_()))
