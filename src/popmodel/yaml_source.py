"""YAML in: plain data with the place of every key, read as YAML 1.2, hostile files refused.

The parser's event stream is checked while it is read and the data are built from it directly:
nothing is constructed from a tag, an anchor or an alias, so a file can only ever become mappings,
lists, texts, numbers, true/false and null. Every problem says file, line and column.

Read as the core schema of YAML 1.2: `NO` and `1:30` are texts, `010` is ten, `1e5` a number.
"""

from __future__ import annotations

import math
import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
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

from popmodel.errors import InputError, InputWarning, Problem, Problems, did_you_mean, nearest

LARGEST_FILE = 256 * 1024
DEEPEST_NESTING = 20
MOST_NODES = 20_000
LARGEST_INTEGER = 10**15

Where = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_GROUPED = re.compile(r"[-+]?[0-9]{1,3}(_[0-9]{3})+(\.[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# Control, format (zero-width, bidi), surrogate and private characters, line and paragraph marks;
# and letters that print nothing.
_UNSEEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_UNSEEN_LETTERS = set("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_HINTS = {
    "mapping values are not allowed": "a text that holds a colon needs quotes; or the indentation "
    "is off",
    "cannot start any token": "indent with spaces, and quote texts that start with a sign",
    "expected <block end>": "the indentation differs from the lines above",
    "could not find expected ':'": "a key needs a colon and a space after it",
    "found unexpected end of stream": "a quote or bracket is not closed",
}


@dataclass(frozen=True)
class Located:
    """Plain data from a YAML file, and where each key stands.

    Attributes:
        path: The file, or the name given to the text.
        data: dict, list, str, int, float, bool or None, nested.
        positions: Line and column (1-based) of every key and list item by its path.
    """

    path: Path
    data: Any
    positions: Mapping[Where, tuple[int, int]] = field(repr=False, default_factory=dict)

    def position(self, where: Where) -> tuple[int, int]:
        """Return line and column (1-based) of a key, or of its nearest parent that is written.

        Args:
            where: Path of keys and list indices from the top.
        """
        for end in range(len(where), 0, -1):
            if where[:end] in self.positions:
                return self.positions[where[:end]]
        return self.positions.get((), (1, 1))

    def problem(self, where: Where, message: str, hint: str = "") -> Problem:
        """Return a problem that stands at a key of this file.

        Args:
            where: Path of keys and list indices from the top.
            message: What is wrong.
            hint: What to write instead.
        """
        line, column = self.position(where)
        return Problem(shown_path(self.path), line, column, dotted(where), message, hint)


def dotted(where: Where) -> str:
    """Return a path of keys as text, such as `cost.course`."""
    return ".".join(str(part) for part in where)


def shown_path(path: Path) -> str:
    """Return a path as it is best shown: relative to the working directory if it lies below."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


# ------------------------------------------------------------------ reading


def read_yaml(path: Path) -> Located:
    """Read one YAML file that holds a mapping.

    Args:
        path: The file; at most 256 KB, UTF-8.

    Returns:
        Its data and the place of every key.

    Raises:
        InputError: If the file cannot be read or is not plain, finite, harmless YAML; all
            problems at once, up to the first that stops reading.
    """
    path = Path(path)
    return _require_mapping(_read(_text_of(path), path))


def read_yaml_text(text: str, name: str) -> Located:
    """Read a text as `read_yaml` reads a file.

    Args:
        text: YAML holding a mapping.
        name: What to call it in messages.

    Raises:
        InputError: As `read_yaml`.
    """
    return _require_mapping(_read(text, Path(name)))


def read_yaml_value(text: str, name: str) -> Any:
    """Read one value, as typed after `--set path=`: a number, a word, `[1, 2]` or `{a: 1}`.

    Args:
        text: The value; empty means null.
        name: What to call it in messages.

    Raises:
        InputError: As `read_yaml`.
    """
    return _read(text, Path(name)).data if text.strip() else None


def _text_of(path: Path) -> str:
    """Return the text of a file, never reading more than the limit."""
    name = shown_path(path)
    try:
        if not path.is_file():
            told = "is not a regular file" if path.exists() else "there is no such file"
            raise InputError([Problem(name, 0, 0, "", told)])
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise InputError([Problem(name, 0, 0, "", f"cannot be read: {error}")]) from error
    if len(raw) > LARGEST_FILE:
        raise InputError([_too_large(name)])
    return _decoded(raw, name)


def _too_large(name: str) -> Problem:
    told = f"is larger than {LARGEST_FILE // 1024} KB"
    return Problem(name, 0, 0, "", told, "tables belong in a CSV file")


def _decoded(raw: bytes, name: str) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError([Problem(name, 1, 1, "", "is not UTF-8", "save the file as UTF-8")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        told = f"is not UTF-8: byte 0x{raw[error.start]:02x}"
        raise InputError([Problem(name, line, column, "", told, "save as UTF-8")]) from error


def _require_mapping(located: Located) -> Located:
    if isinstance(located.data, dict):
        return located
    told = "is empty" if located.data is None else "must hold keys and values at its top"
    raise InputError([located.problem((), told, "write `key: value` lines")])


def _read(text: str, path: Path) -> Located:
    name = shown_path(path)
    if len(text) > LARGEST_FILE:
        raise InputError([_too_large(name)])
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    problems = Problems(_unseen_characters(lines, name))
    problems.raise_if_any()
    reader = _Reader(name, problems)
    try:
        data = reader.document(_events(lines))
    except YAMLError as error:
        problems.extend([_syntax_problem(error, name)])
        raise InputError(problems) from error
    problems.raise_if_any()
    for notice in reader.notices:
        warnings.warn(str(notice), InputWarning, stacklevel=3)
    return Located(path, data, reader.positions)


def _events(text: str) -> Iterator[Event]:
    """Yield the parser's events; what trips the parser itself becomes an error of the file."""
    mark = None
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            mark = event.end_mark
            yield event
    except (ValueError, OverflowError, LookupError, AssertionError, RecursionError) as error:
        # such as the escape of a character that does not exist
        raise MarkedYAMLError(problem=f"{error}", problem_mark=mark) from error


def _unseen_characters(text: str, name: str) -> Iterator[Problem]:
    """Yield a problem for each kind of character that a reader of the file would not see."""
    for character in sorted(set(text) - set("\t\n")):
        if _is_unseen(character):
            at = text.index(character)
            line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
            called = unicodedata.name(character, "control character")
            told = f"holds an invisible character: U+{ord(character):04X} {called}"
            yield Problem(name, line, column, "", told, "delete it")
    indented = re.search(r"^ *\t", text, re.MULTILINE)
    if indented:
        line = text.count("\n", 0, indented.start()) + 1
        column = indented.end() - indented.start()
        yield Problem(name, line, column, "", "a tab in the indentation", "indent with spaces")


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN_CATEGORIES or character in _UNSEEN_LETTERS


def _syntax_problem(error: YAMLError, name: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    told = str(error).splitlines()[0]
    if isinstance(error, MarkedYAMLError):
        told = ", ".join(part for part in (error.context, error.problem) if part)
    hint = next((hint for start, hint in _HINTS.items() if start in told), "")
    return Problem(name, line, column, "", f"is not YAML: {told}", hint)


class _Reader:
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
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                break
            key = self.key(event, where)
            line, column = _place(event)
            if str(key) in lines:
                told = f"the key {key} is written twice (first in line {lines[str(key)]})"
                self.note(event, (*where, key), told)
            lines[str(key)] = line
            self.positions[*where, key] = (line, column)
            data[key] = self.value(next(self.events), (*where, key))
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
            unseen = [c for c in set(event.value) - set("\t\n") if _is_unseen(c)]
            if unseen:
                told = f"holds an invisible character: U+{ord(min(unseen)):04X}"
                self.note(event, where, told, "delete it")
            return event.value
        if _GROUPED.fullmatch(event.value):
            plain = event.value.replace("_", "")
            told = f"{event.value} is read as {plain}"
            self.notices.append(self.problem(event, where, told, "write plain digits"))
            return plain_scalar(plain)
        try:
            return plain_scalar(event.value)
        except ValueError as error:
            return self.note(event, where, str(error))

    def problem(self, event: Event, where: Where, message: str, hint: str = "") -> Problem:
        line, column = _place(event)
        return Problem(self.name, line, column, dotted(where), message, hint)

    def note(self, event: Event, where: Where, message: str, hint: str = "") -> None:
        """Collect a problem and read on."""
        self.problems.extend([self.problem(event, where, message, hint)])

    def stop(self, event: Event, where: Where, message: str, hint: str = "") -> NoReturn:
        """Collect a problem and read no further."""
        self.note(event, where, message, hint)
        raise InputError(self.problems)


def _place(event: Event) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def plain_scalar(text: str) -> str | int | float | bool | None:
    """Return what an unquoted word means in the core schema of YAML 1.2.

    Args:
        text: The word.

    Raises:
        ValueError: If it is a number that is not finite, or a whole number of 10^15 or more.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        digits = text.lstrip("+-").lstrip("0") or "0"
        size = int(digits) if len(digits) < 17 else LARGEST_INTEGER
        return _small_enough(-size if text.startswith("-") else size, text)
    if _OCTAL_OR_HEX.fullmatch(text):
        return _small_enough(int(text[:40], 0), text)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is not a finite number")
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(f"{text[:40]} is too large for a number")
        return number
    return text


def _small_enough(number: int, text: str) -> int:
    if abs(number) >= LARGEST_INTEGER:
        raise ValueError(f"the whole number {text[:24]}{'…' * (len(text) > 24)} is too large")
    return number


# ------------------------------------------------------------------ what a schema finds


@dataclass(frozen=True)
class Fault:
    """One fault a validator found: a sentence, the field it stands at, and what to do."""

    message: str
    field: tuple[str | int, ...] = ()
    hint: str = ""


def faults(found: Iterable[Fault]) -> PydanticCustomError:
    """Return an error for a pydantic validator to raise that carries several located faults.

    Args:
        found: The faults; their fields are relative to the model that is validated.
    """
    listed = tuple(found)
    told = "; ".join(fault.message for fault in listed)
    return PydanticCustomError("faults", "{told}", {"told": told, "faults": listed})


def validation_problems(
    error: ValidationError,
    located: Located,
    prefix: Where = (),
    model: type[BaseModel] | None = None,
) -> list[Problem]:
    """Return one located problem for each fault pydantic found, with the value it met.

    Args:
        error: What validating `located.data` (or the part of it at `prefix`) raised.
        located: Where the data come from.
        prefix: Path of the validated part inside the file.
        model: The model, for the nearest known key; found by its name if not given.
    """
    model = model or _model_named(error.title)
    problems = []
    for detail in error.errors(include_url=False):
        where = (*prefix, *_written_path(_at(located.data, prefix), detail["loc"]))
        problems += [
            located.problem((*where, *fault.field), fault.message, fault.hint)
            for fault in _faults_of(detail, where, model)
        ]
    return problems


def _faults_of(detail: ErrorDetails, where: Where, model: type[BaseModel] | None) -> list[Fault]:
    """Return the faults of one pydantic error, in the words of a card's author."""
    kind, found, context = detail["type"], _shown(detail["input"]), detail.get("ctx", {})
    if kind == "faults":
        return list(context["faults"])
    if kind == "missing":
        return [Fault("is missing")]
    if kind == "extra_forbidden":
        return [Fault("unknown key", hint=did_you_mean(str(where[-1]), _keys(model, detail)))]
    if kind in ("literal_error", "enum", "union_tag_invalid"):
        options = re.findall(
            r"'([^']*)'", str(context.get("expected", context.get("expected_tags")))
        )
        word = str(context.get("tag", detail["input"]))
        told = f"must be {' or '.join(options)} (found {_shown(word)})"
        return [Fault(told, hint=_nearest_hint(word, options))]
    if kind == "union_tag_not_found":
        return [Fault(f"needs the key {context.get('discriminator', '')}")]
    told = _PLAIN_WORDS.get(kind, detail["msg"].removeprefix("Value error, "))
    told = told[:1].lower() + told[1:].replace("Input should be", "must be")
    told = told.replace("input should be", "must be")
    hint = "write true or false" if kind.startswith("bool") else ""
    return [Fault(f"{told} (found {found})" if found else told, hint=hint)]


def _nearest_hint(word: str, options: list[str]) -> str:
    best = nearest(word, options)
    return f"did you mean {best}?" if best else ""


_PLAIN_WORDS = {
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be a text",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must hold keys and values",
    "model_type": "must hold keys and values",
    "model_attributes_type": "must hold keys and values",
    "finite_number": "must be a finite number",
}


def _shown(found: Any) -> str:
    """Return a value as it was written, or nothing if it is too large to show."""
    if isinstance(found, bool):
        return str(found).lower()
    if found is None:
        return "nothing"
    if isinstance(found, str):
        return repr(found if len(found) <= 40 else found[:40] + "…")
    return str(found) if isinstance(found, int | float) else ""


def _at(data: Any, where: Where) -> Any:
    for part in where:
        data = data[part]
    return data


def _written_path(data: Any, location: tuple[str | int, ...]) -> Where:
    """Return pydantic's location without the parts that are names of types and not of keys."""
    where: list[str | int] = []
    for number, part in enumerate(location):
        if _holds(data, part):
            data = data[part]
        elif number < len(location) - 1 or not isinstance(data, dict) or part == "[key]":
            continue
        where.append(part)
    return tuple(where)


def _holds(data: Any, part: str | int) -> bool:
    if isinstance(data, list):
        return isinstance(part, int) and 0 <= part < len(data)
    return isinstance(data, dict) and part in data


def _model_named(title: str) -> type[BaseModel] | None:
    waiting = [BaseModel]
    while waiting:
        model = waiting.pop()
        if model.__name__ == title:
            return model
        waiting += model.__subclasses__()
    return None


def _keys(model: type[BaseModel] | None, detail: ErrorDetails) -> set[str]:
    """Return the keys that would have been known where an unknown one was found."""
    types: set[Any] = {model} if model else set()
    for part in detail["loc"][:-1]:
        types = {inner for outer in types for inner in _inside(outer, part)} or types
    return {name for outer in types for one in _alternatives(outer) for name in _fields(one)}


def _fields(model: Any) -> dict[str, Any]:
    """Return the fields of a model by the name they are written with."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return {}
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _alternatives(annotation: Any) -> list[Any]:
    """Return the plain classes and containers an annotation allows."""
    if isinstance(annotation, type) and not get_args(annotation):
        return [annotation]
    alias = getattr(annotation, "__value__", None)
    parts = [alias] if alias is not None else list(get_args(annotation))
    return [annotation, *(inner for part in parts for inner in _alternatives(part))]


def _inside(annotation: Any, part: str | int) -> list[Any]:
    """Return what an annotation holds at a key or an index; nothing if it has no such place."""
    found = []
    for one in _alternatives(annotation):
        if part in _fields(one):
            found.append(_fields(one)[str(part)])
    if not found and get_args(annotation):
        found = [one for one in _alternatives(annotation)[1:] if _fields(one)]
    return found
