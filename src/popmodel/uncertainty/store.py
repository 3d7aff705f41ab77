"""The folder of a sweep: its design, and one file for every chunk that is finished.

    design.csv, design.json   what is asked
    chunks/                   what is finished, each file proving what it is
    claims/                   who is at which chunk
    damaged/                  chunk files that were not what they should be
    timings.csv               how long runs took; the one file that differs from time to time

What is finished is what can be read and checked, never what some list says.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, Final

import pandas as pd

from popmodel.errors import InputError, RunError
from popmodel.uncertainty.batch import DONE, Batch
from popmodel.uncertainty.chunks import (
    Damaged,
    Label,
    chunk_name,
    encode,
    number_of,
    read_chunk,
    same_results,
)
from popmodel.uncertainty.claims import Claims
from popmodel.uncertainty.design import (
    checked_design,
    chunk_length,
    chunk_ranges,
    design_bytes,
    read_design,
)
from popmodel.uncertainty.durable import PART, append_line, write_durably, write_if_changed

FORMAT: Final = 1
DESIGN: Final = "design.csv"
ABOUT: Final = "design.json"
TIMINGS: Final = "timings.csv"
CHUNKS: Final = "chunks"
CLAIMS: Final = "claims"
DAMAGED: Final = "damaged"
FOLDERS: Final = (CHUNKS, CLAIMS, DAMAGED)
TABLES: Final = ("results.parquet", "runs.csv", TIMINGS, "manifest.json")
"""What a sweep leaves beside its design."""


@dataclass(frozen=True, eq=False)
class Question:
    """What a sweep asks: a design, of a job, cut into chunks.

    Attributes:
        design: From `checked_design`.
        design_id: SHA-256 of its `design.csv`.
        job: Identity of the job.
        columns: Columns of the job's rows.
        about: How the design was made, as JSON can hold it: method, seed, samples, factors.
        chunk: Runs a chunk.
    """

    design: pd.DataFrame
    design_id: str
    job: str
    columns: tuple[str, ...]
    about: Mapping[str, Any]
    chunk: int

    @cached_property
    def ranges(self) -> tuple[range, ...]:
        """Return the runs of every chunk."""
        return chunk_ranges(len(self.design), self.chunk)

    def label(self, number: int) -> Label:
        """Return what the file of a chunk should say of itself."""
        runs = self.ranges[number]
        return Label(self.design_id, self.job, number, runs[0], runs[-1])

    def told(self) -> dict[str, Any]:
        """Return all but the design, as `design.json` holds it."""
        return {
            "format": FORMAT,
            "design": self.design_id,
            "job": self.job,
            "columns": list(self.columns),
            "runs": len(self.design),
            "chunk": self.chunk,
            "about": dict(self.about),
        }


def question(
    design: pd.DataFrame, job: str, columns: tuple[str, ...], about: Mapping[str, Any]
) -> Question:
    """Return what a sweep asks.

    Args:
        design: One row a run.
        job: Identity of the job.
        columns: Columns of its rows.
        about: How the design was made.

    Raises:
        InputError: The design has faults, or the job has columns no table can have.
    """
    if len(set(columns)) < len(columns) or {"run", "structure"} & set(columns):
        raise InputError("columns of a job: each once, and without run and structure")
    checked = checked_design(design)
    identity = hashlib.sha256(design_bytes(checked)).hexdigest()
    kept = json.loads(json.dumps(about, allow_nan=False))
    return Question(checked, identity, job, tuple(columns), kept, chunk_length(len(checked)))


# ------------------------------------------------------------------ opening


def ask(folder: Path, asked: Question) -> Question:
    """Make the folder of a sweep, or find it there with the same question; return the question.

    Args:
        folder: The folder.
        asked: What is asked.

    Raises:
        InputError: The folder holds another sweep, or something else.
        OSError: It cannot be written.
    """
    if (folder / ABOUT).is_file():
        found = read_question(folder, asked)
        _refuse_another(folder, found, asked)
        asked = replace(asked, chunk=found.chunk)
    elif folder.is_dir() and any(_is_foreign(one) for one in folder.iterdir()):
        raise InputError(f"{folder}: holds other files; a sweep needs an empty folder")
    for name in ("", CHUNKS, CLAIMS):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write_if_changed(folder / DESIGN, design_bytes(asked.design))
    write_if_changed(folder / ABOUT, _json(asked.told()))
    return asked


def _is_foreign(path: Path) -> bool:
    return path.name not in {DESIGN, ABOUT, *FOLDERS, *TABLES} and not path.name.endswith(PART)


def read_question(folder: Path, known: Question | None = None) -> Question:
    """Return what the sweep in a folder asks.

    Args:
        folder: The folder of a sweep.
        known: A question that it may be; its design need not be read again then.

    Raises:
        InputError: There is no sweep, or its design was changed since.
    """
    try:
        told = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        content = (folder / DESIGN).read_bytes()
        version = told["format"]
        if version != FORMAT:
            raise InputError(f"{folder}: written by another version (format {version})")
        same = known is not None and known.design_id == told["design"]
        design = known.design if known is not None and same else read_design(content)
        found = Question(
            design, told["design"], told["job"], tuple(told["columns"]),
            told["about"], int(told["chunk"]),
        )  # fmt: skip
    except FileNotFoundError as error:
        name = Path(error.filename).name
        raise InputError(f"{folder}: holds no sweep ({name} is missing)") from None
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder / ABOUT}: cannot be read ({error}); {_FRESH}") from None
    if hashlib.sha256(content).hexdigest() != found.design_id:
        raise InputError(f"{folder / DESIGN}: was changed since the sweep began; {_FRESH}")
    return found


_FRESH: Final = "choose another --out, or start again with --fresh"


def _refuse_another(folder: Path, found: Question, asked: Question) -> None:
    """Refuse to go on with a sweep of another design or job, and say what differs."""
    if found.design_id != asked.design_id:
        raise InputError(f"{folder}: holds another sweep: {_differences(found, asked)}; {_FRESH}")
    if found.job != asked.job:
        told = "the same design of another scenario, other cards or another version of the code"
        raise InputError(f"{folder}: holds {told}; {_FRESH}")
    if found.columns != asked.columns:
        raise InputError(f"{folder}: holds a sweep with other columns; {_FRESH}")


def _differences(found: Question, asked: Question) -> str:
    there, here = found.design, asked.design
    told = [
        f"{key} {_short(found.about.get(key))} there, {_short(asked.about.get(key))} here"
        for key in sorted({*found.about, *asked.about})
        if found.about.get(key) != asked.about.get(key)
    ]
    if len(there) != len(here):
        told.append(f"{len(there):,} runs there, {len(here):,} here")
    for where, names in (
        ("only there", [str(name) for name in there.columns if name not in here.columns]),
        ("only here", [str(name) for name in here.columns if name not in there.columns]),
    ):
        if names:
            told.append(f"{_short(', '.join(names))} {where}")
    return "; ".join(told) or "the values of the runs differ"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def start_afresh(folder: Path) -> Path | None:
    """Move an earlier sweep out of the way, whole; return where it is now.

    Args:
        folder: The folder of a sweep; nothing is done if there is none.

    Raises:
        InputError: Another process works in it.
        OSError: It cannot be moved.
    """
    if not (folder / ABOUT).is_file():
        return None
    if (folder / CLAIMS).is_dir() and (others := Claims(folder / CLAIMS).others()):
        raise InputError(f"{folder}: {others[0]} works in it; end it first, or wait")
    names = (folder.with_name(f"{folder.name}.earlier-{n}") for n in count(1))
    place = next(name for name in names if not name.exists())
    os.replace(folder, place)  # noqa: PTH105
    return place


# ------------------------------------------------------------------ what is finished


@dataclass(frozen=True)
class Contents:
    """What is finished in a folder.

    Attributes:
        batches: By number of the chunk.
        names: Files they were read from.
        damaged: Files that were not what they should be, and why.
    """

    batches: Mapping[int, Batch]
    names: Sequence[str] = ()
    damaged: Mapping[str, str] = field(default_factory=dict)


def read_chunks(folder: Path, asked: Question, mend: bool = False) -> Contents:
    """Read and check every chunk of a sweep.

    Args:
        folder: The folder of the sweep.
        asked: What it asks.
        mend: Whether to put damaged files aside, so that their runs are run again.

    Raises:
        RunError: Two files hold different results for the same run.
        OSError: A damaged file cannot be moved.
    """
    batches: dict[int, Batch] = {}
    damaged: dict[str, str] = {}
    names: list[str] = []
    for name in chunk_files(folder):
        path = folder / CHUNKS / name
        try:
            number = _known_number(name, asked)
            batch = read_chunk(path, asked.label(number))
        except Damaged as error:
            damaged[name] = str(error)
            if mend:
                _put_aside(path)
        except FileNotFoundError:
            continue  # a better one took its place
        else:
            batches[number] = _better(batches.get(number), batch, name)
            names.append(name)
    return Contents(batches, names, damaged)


def chunk_files(folder: Path) -> list[str]:
    """Return the names of the files that stand where chunks do."""
    try:
        with os.scandir(folder / CHUNKS) as found:
            return sorted(one.name for one in found if one.name.endswith(".parquet"))
    except FileNotFoundError:
        return []


def numbers_there(folder: Path) -> set[int]:
    """Return the numbers of the chunks that have a file, unchecked."""
    return {n for name in chunk_files(folder) if (n := number_of(name)) is not None}


def _known_number(name: str, asked: Question) -> int:
    number = number_of(name)
    if number is None:
        raise Damaged("has no name of a chunk")
    if number >= len(asked.ranges):
        raise Damaged("has a number the design does not have")
    return number


def _better(old: Batch | None, new: Batch, name: str) -> Batch:
    """Return the batch with fewer failures of two that agree on what is done in both."""
    if old is None:
        return new
    if not same_results(old, new):
        raise RunError(
            f"{name}: two files hold different results for the same runs; the job does not give "
            "the same for the same run, or was run in different versions. Remove one of the two"
        )
    return new if _failures(new) < _failures(old) else old


def _failures(batch: Batch) -> int:
    return sum(record.status != DONE for record in batch.records)


def _put_aside(path: Path) -> None:
    place = path.parent.parent / DAMAGED
    place.mkdir(exist_ok=True)
    with contextlib.suppress(FileNotFoundError):  # another process put it aside
        os.replace(path, place / path.name)  # noqa: PTH105


def put_chunk(folder: Path, asked: Question, number: int, batch: Batch, owner: str = "") -> str:
    """Keep a finished chunk and return the name of its file.

    Args:
        folder: The folder of the sweep.
        asked: What it asks.
        number: The chunk.
        batch: All its runs.
        owner: Who writes.

    Raises:
        OSError: It cannot be written; what was there stands.
    """
    content = encode(asked.label(number), batch)
    name = chunk_name(number, content)
    write_durably(folder / CHUNKS / name, content, owner)
    return name


def replace_chunk(
    folder: Path, asked: Question, number: int, batch: Batch, owner: str = ""
) -> None:
    """Keep a chunk in the place of an earlier one that held failures.

    Args:
        folder: The folder of the sweep.
        asked: What it asks.
        number: The chunk.
        batch: All its runs.
        owner: Who writes.

    Raises:
        OSError: It cannot be written; what was there stands.
    """
    earlier = [name for name in chunk_files(folder) if number_of(name) == number]
    kept = put_chunk(folder, asked, number, batch, owner)
    for name in earlier:
        if name != kept:
            (folder / CHUNKS / name).unlink(missing_ok=True)


def copy_chunks(source: Path, found: Question, folder: Path, asked: Question) -> None:
    """Copy the chunks of a shard that was run elsewhere; damaged ones are left where they are.

    Args:
        source: Folder of the shard.
        found: What it asks.
        folder: Folder of the sweep.
        asked: What it asks; the two must be one.

    Raises:
        InputError: It is another sweep.
        OSError: A chunk cannot be written.
    """
    _refuse_another(source, found, asked)
    if found.chunk != asked.chunk:
        raise InputError(f"{source}: its chunks are of another length; it cannot be joined")
    names = set(chunk_files(folder))
    for number, batch in read_chunks(source, found).batches.items():
        content = encode(asked.label(number), batch)
        name = chunk_name(number, content)
        if name not in names:
            write_durably(folder / CHUNKS / name, content)


def note_seconds(folder: Path, batch: Batch) -> None:
    """Note how long the runs of a batch took.

    Args:
        folder: The folder of the sweep.
        batch: Some runs.

    Raises:
        OSError: It cannot be written.
    """
    path = folder / TIMINGS
    head = "" if path.exists() else "run,seconds\n"
    lines = "".join(f"{run},{seconds:.6f}\n" for run, seconds in batch.seconds)
    append_line(path, (head + lines).encode())


def write_table(folder: Path, name: str, content: bytes) -> None:
    """Write a table of a sweep, if it is not there just so.

    Args:
        folder: The folder of the sweep.
        name: Name of the file.
        content: All of it.

    Raises:
        OSError: It cannot be written.
    """
    write_if_changed(folder / name, content)


def tidy(folder: Path, claims: Claims) -> None:
    """Remove what dead processes left half written.

    Args:
        folder: The folder of the sweep.
        claims: Who is at work.
    """
    claims.tidy()
    for part in _parts(folder):
        if not claims.is_at_work(part.name.split(".")[-2]):
            with contextlib.suppress(OSError):  # it harms nobody
                part.unlink(missing_ok=True)


def _parts(folder: Path) -> Iterator[Path]:
    for place in (folder, folder / CHUNKS):
        yield from place.glob(f".*{PART}")


def _json(told: Mapping[str, Any]) -> bytes:
    return (json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
