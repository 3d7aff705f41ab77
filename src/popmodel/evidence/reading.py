"""Read card files: each becomes a typed card, and everything wrong with it a located problem."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from popmodel.errors import InputError, Problem, Problems, did_you_mean
from popmodel.evidence.laws import Array
from popmodel.evidence.schema import FORMS, Part, Source, form_of
from popmodel.yaml_source import Located, read_yaml, shown_path, validation_problems

SOURCES_FILE = "sources.yaml"
LIFE_TABLE_FOLDER = "population"


@dataclass(frozen=True)
class CardFile:
    """A card that was read.

    Attributes:
        group: The folder it belongs to.
        id: Its id; equal to the file's name.
        located: What the file says, and where.
        card: The typed card, or None if the file does not hold one.
    """

    group: str
    id: str
    located: Located
    card: Part | None


@dataclass(frozen=True)
class LifeTable:
    """Probability of death within a year by single year of age and sex."""

    ages: Array
    male: Array
    female: Array


def read_folder(folder: Path, problems: Problems) -> Iterator[CardFile]:
    """Yield the cards of a folder that has a subfolder for each group.

    Args:
        folder: Where the groups lie; cards directly inside it are sorted into groups by content.
        problems: Takes what is wrong.
    """
    if not folder.is_dir():
        problems.add(file=shown_path(folder), message="there is no such folder")
        return
    for inside in sorted(folder.iterdir()):
        if inside.is_dir() and not inside.name.startswith(("_", ".")):
            yield from _read_group(inside, problems)
        elif inside.suffix == ".yaml" and inside.name != SOURCES_FILE:
            yield from read_card(inside, problems)


def _read_group(folder: Path, problems: Problems) -> Iterator[CardFile]:
    if folder.name not in FORMS:
        told = "is no folder of cards"
        problems.add(file=shown_path(folder), message=told, hint=did_you_mean(folder.name, FORMS))
        return
    for path in sorted(folder.iterdir()):
        if path.suffix == ".yaml":
            yield from read_card(path, problems, folder.name)
        elif path.suffix == ".yml":
            problems.add(file=shown_path(path), message="is not read", hint="name it .yaml")


def read_card(path: Path, problems: Problems, group: str | None = None) -> Iterator[CardFile]:
    """Yield the card in a file; one that cannot be read still has its id.

    Args:
        path: The file.
        problems: Takes what is wrong.
        group: The folder it belongs to; from the file's own folder or its content if not given.
    """
    try:
        located = read_yaml(path)
    except InputError as error:
        problems.extend(error.problems)
        yield CardFile(group or _group_of(path, {}), path.stem, Located(path, {}), None)
        return
    group = group or _group_of(path, located.data)
    card = _typed(located, group, problems)
    if located.data.get("id", path.stem) != path.stem:
        told = f"the id differs from the file's name {path.stem}"
        problems.extend([located.problem(("id",), told)])
    yield CardFile(group, path.stem, located, card)


def _group_of(path: Path, data: Mapping[str, Any]) -> str:
    """Return the group of a card outside the shipped folders: by its folder, else its keys."""
    if path.resolve().parent.name in FORMS:
        return path.resolve().parent.name
    keys = set(data) - {"id", "label"}
    return max(FORMS, key=lambda group: len(keys & set(form_of(group, dict(data)).model_fields)))


def _typed(located: Located, group: str, problems: Problems) -> Part | None:
    form = form_of(group, located.data)
    try:
        return form.model_validate(located.data, context={"folder": located.path.parent})
    except ValidationError as error:
        problems.extend(validation_problems(error, located, (), form))
        return None


def read_sources(path: Path, problems: Problems) -> dict[str, Source]:
    """Return the sources in a file by id; none if there is no file.

    Args:
        path: The file `sources.yaml`.
        problems: Takes what is wrong.
    """
    if not path.exists():
        return {}
    try:
        located = read_yaml(path)
    except InputError as error:
        problems.extend(error.problems)
        return {}
    sources = {}
    for name, entry in located.data.items():
        try:
            sources[str(name)] = Source.model_validate(entry)
        except ValidationError as error:
            problems.extend(validation_problems(error, located, (name,), Source))
    return sources


def read_life_tables(folder: Path, problems: Problems) -> dict[str, LifeTable]:
    """Return the life tables among the cards by name.

    Args:
        folder: The folder of cards; life tables are CSV files beside the population cards.
        problems: Takes what is wrong.
    """
    tables = {}
    for path in sorted((folder / LIFE_TABLE_FOLDER).glob("*.csv")):
        found = _life_table(path)
        if isinstance(found, Problem):
            problems.extend([found])
        else:
            tables[path.stem] = found
    return tables


def _life_table(path: Path) -> LifeTable | Problem:
    """Return a life table, or what is wrong with it."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = [(number, row) for number, row in enumerate(csv.reader(stream), 1) if row]
    rows = [(number, row) for number, row in lines if not row[0].startswith("#")]
    if not rows or rows[0][1] != ["age", "q_male", "q_female"]:
        line = rows[0][0] if rows else 1
        return Problem(shown_path(path), line, 1, "", "the header must be age,q_male,q_female")
    table = np.zeros((len(rows) - 1, 3))
    for age, (number, row) in enumerate(rows[1:]):
        try:
            table[age] = [float(cell) for cell in row]
        except ValueError:
            return Problem(shown_path(path), number, 1, "", "must hold three numbers")
        if table[age, 0] != age or not np.all((table[age, 1:] >= 0) & (table[age, 1:] <= 1)):
            told = f"must hold age {age} and two probabilities"
            return Problem(shown_path(path), number, 1, "", told)
    return LifeTable(*(np.ascontiguousarray(column) for column in table.T))
