"""Build plain data from parser events, noting what is not allowed while it is read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, NoReturn

from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from popmodel.errors import InputError, Problem, Problems
from popmodel.yaml_source.located import Where, dotted
from popmodel.yaml_source.scalars import GROUPED, plain_scalar

DEEPEST_NESTING = 20
MOST_NODES = 20_000

# Control, format (zero-width, bidi), surrogate and private characters, line and paragraph marks;
# and letters that print nothing.
_UNSEEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_UNSEEN_LETTERS = set("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


class Builder:
    """Builds data from parser events and notes what is not allowed."""

    def __init__(self, name: str, problems: Problems) -> None:
        self.name = name
        self.problems = problems
        self.notices: list[Problem] = []
        self.positions: dict[Where, tuple[int, int]] = {}
        self.nodes = 0
        self.events: Iterator[Event] = iter(())

    def document(self, events: Iterator[Event]) -> Any:
        """Return the data of the only document in the stream, or None if there is none."""
        self.events, data, documents = events, None, 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.stop(event, (), "holds more than one document", "one file, one document")
                if event.version or event.tags:
                    self.note(event, (), "directives (%YAML, %TAG) are not allowed")
            elif isinstance(event, NodeEvent):
                self.positions[()] = _place(event)
                data = self.value(event, ())
        return data

    def value(self, event: Event, where: Where) -> Any:
        """Return the data that start with this event."""
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self.stop(event, where, f"holds more than {MOST_NODES} values", "tables belong in CSV")
        if isinstance(event, AliasEvent):
            return self.note(event, where, f"alias *{event.anchor} is not allowed")
        if getattr(event, "anchor", None) is not None:
            self.note(event, where, f"anchor &{getattr(event, 'anchor', '')} is not allowed")
        if getattr(event, "tag", None) is not None:
            self.note(event, where, f"tag {getattr(event, 'tag', '')} is not allowed")
        if isinstance(event, ScalarEvent):
            return self.scalar(event, where)
        if len(where) >= DEEPEST_NESTING:
            self.stop(event, where[:3], f"is nested deeper than {DEEPEST_NESTING} levels")
        return self.mapping(where) if isinstance(event, MappingStartEvent) else self.items(where)

    def mapping(self, where: Where) -> dict[str | int, Any]:
        """Return the mapping whose start was just read."""
        data: dict[str | int, Any] = {}
        lines: dict[str, int] = {}
        last: Any = None
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                break
            following = next(self.events)
            if _is_split_number(last, event, following):
                told = f"a comma splits the number {last},{getattr(event, 'value', '')}"
                self.note(event, where, told, "thousands without commas, decimals with a point")
                continue
            key = self.key(event, where)
            line, column = _place(event)
            if str(key) in lines:
                told = f"the key {key} is written twice (first in line {lines[str(key)]})"
                self.note(event, (*where, key), told)
            lines[str(key)] = line
            self.positions[*where, key] = (line, column)
            data[key] = last = self.value(following, (*where, key))
        return data

    def key(self, event: Event, where: Where) -> str | int:
        """Return a key: a text or a whole number."""
        if not isinstance(event, ScalarEvent):
            if isinstance(event, MappingStartEvent | SequenceStartEvent):
                self.stop(event, where, "a list or mapping cannot be a key")
            self.value(event, where)  # notes the alias
            return ""
        if event.value == "<<":
            self.note(event, where, "merge keys (<<) are not allowed", "use extends")
        key = self.value(event, where)
        if isinstance(key, str) or (isinstance(key, int) and not isinstance(key, bool)):
            return key
        self.note(event, where, f"{event.value or 'nothing'} cannot be a key", "put it in quotes")
        return str(event.value)

    def items(self, where: Where) -> list[Any]:
        """Return the list whose start was just read."""
        data: list[Any] = []
        for event in self.events:
            if isinstance(event, SequenceEndEvent):
                break
            here = (*where, len(data))
            self.positions[here] = _place(event)
            data.append(self.value(event, here))
        return data

    def scalar(self, event: ScalarEvent, where: Where) -> Any:
        """Return the value of a scalar: a quoted or block one is text as it stands."""
        if event.style in ("'", '"', "|", ">"):
            unseen = [c for c in set(event.value) - set("\t\n") if is_unseen(c)]
            if unseen:
                told = f"holds an invisible character: U+{ord(min(unseen)):04X}"
                self.note(event, where, told, "delete it")
            return event.value
        plain = event.value
        if GROUPED.fullmatch(plain):
            plain = plain.replace("_", "")
            told = f"{event.value} is read as {plain}"
            self.notices.append(self.problem(event, where, told, "write plain digits"))
        try:
            return plain_scalar(plain)
        except ValueError as error:
            return self.note(event, where, str(error))

    def problem(self, event: Event, where: Where, message: str, hint: str = "") -> Problem:
        """Return a problem at the place of an event."""
        line, column = _place(event)
        return Problem(self.name, line, column, dotted(where), message, hint)

    def note(self, event: Event, where: Where, message: str, hint: str = "") -> None:
        """Collect a problem and read on."""
        self.problems.extend([self.problem(event, where, message, hint)])

    def stop(self, event: Event, where: Where, message: str, hint: str = "") -> NoReturn:
        """Collect a problem and read no further."""
        self.note(event, where, message, hint)
        raise InputError(self.problems)


def _is_split_number(last: Any, event: Event, following: Event) -> bool:
    """Tell whether a key without a value is the rest of a number: `{size: 1,000}`."""
    if not (isinstance(event, ScalarEvent) and isinstance(following, ScalarEvent)):
        return False
    is_number = isinstance(last, int | float) and not isinstance(last, bool)
    is_bare = following.value == "" and following.style is None
    return is_number and is_bare and event.style is None and event.value.isdecimal()


def _place(event: Event) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def is_unseen(character: str) -> bool:
    """Tell whether a reader of the file would not see a character, or see others moved by it."""
    return unicodedata.category(character) in _UNSEEN_CATEGORIES or character in _UNSEEN_LETTERS
