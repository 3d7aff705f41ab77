"""Load what we know: all cards and sources, checked together, as one frozen `Evidence`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from popmodel.errors import Problem, Problems
from popmodel.evidence.check import cross_problems, known_names
from popmodel.evidence.evidence import Evidence
from popmodel.evidence.reading import (
    SOURCES_FILE,
    CardFile,
    LifeTable,
    read_card,
    read_folder,
    read_life_tables,
    read_sources,
)
from popmodel.evidence.schema import FORMS, Source

__all__ = ["SHIPPED", "Evidence", "load_evidence"]

SHIPPED = Path(__file__).parent / "cards"


def load_evidence(directory: Path | None = None, extra: Sequence[Path] = ()) -> Evidence:
    """Load all cards and sources.

    Args:
        directory: A folder laid out as the shipped one; the shipped one by default.
        extra: Further folders or card files; a card with a known id replaces that card.

    Raises:
        InputError: With every problem of every card, each with file, line and column.
    """
    if directory is None and not extra:
        return _shipped()
    return _load(Path(directory) if directory is not None else SHIPPED, tuple(map(Path, extra)))


@lru_cache(maxsize=1)
def _shipped() -> Evidence:
    return _load(SHIPPED, ())


@dataclass(frozen=True)
class _Read:
    """What one folder or card file holds, and what is wrong with it."""

    files: Mapping[tuple[str, str], CardFile]
    sources: Mapping[str, Source]
    life_tables: Mapping[str, LifeTable]
    problems: tuple[Problem, ...]


def _read(place: Path) -> _Read:
    problems = Problems()
    sources: dict[str, Source] = {}
    life_tables: dict[str, LifeTable] = {}
    if place.is_file():
        found: Iterable[CardFile] = read_card(place, problems)
    else:
        found = read_folder(place, problems)
        sources = read_sources(place / SOURCES_FILE, problems)
        life_tables = read_life_tables(place, problems)
    files = {(file.group, file.id): file for file in found}
    return _Read(files, sources, life_tables, tuple(problems))


@lru_cache(maxsize=1)
def _read_shipped() -> _Read:
    """Return the shipped cards, read once: nearly all the time of loading is reading them."""
    return _read(SHIPPED)


def _load(directory: Path, extra: tuple[Path, ...]) -> Evidence:
    problems = Problems()
    files: dict[tuple[str, str], CardFile] = {}
    sources: dict[str, Source] = {}
    life_tables: dict[str, LifeTable] = {}
    base = _read_shipped() if directory == SHIPPED else _read(directory)
    for one in (base, *map(_read, extra)):
        problems.extend(one.problems)
        files |= one.files
        sources |= one.sources
        life_tables |= one.life_tables
    known = known_names(files.values(), sources, life_tables)
    problems.extend(cross_problems(files.values(), known))
    problems.raise_if_any()
    return _evidence(files, sources, life_tables)


def _evidence(
    files: Mapping[tuple[str, str], CardFile],
    sources: Mapping[str, Source],
    life_tables: Mapping[str, LifeTable],
) -> Evidence:
    cards: dict[str, dict[str, Any]] = {group: {} for group in FORMS}
    for (group, identifier), file in sorted(files.items(), key=lambda item: item[0]):
        cards[group][identifier] = file.card
    return Evidence(
        **cards,
        sources=dict(sorted(sources.items())),
        life_tables=life_tables,
        files={key: file.located for key, file in files.items()},
    )
