"""Read YAML files and texts: the checks around the parser, and its errors as problems."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import Event

from popmodel.errors import InputError, InputWarning, Problem, Problems
from popmodel.yaml_source.building import Builder, is_unseen
from popmodel.yaml_source.located import Located, shown_path

LARGEST_FILE = 256 * 1024

_HINTS = {
    "mapping values are not allowed": "a text that holds a colon needs quotes; or the indentation "
    "is off, or a colon in the line before lacks its space",
    "cannot start any token": "indent with spaces, and quote texts that start with a sign",
    "expected <block end>": "the indentation differs from the lines above",
    "could not find expected ':'": "a key needs a colon and a space after it",
    "found unexpected end of stream": "a quote or bracket is not closed",
}


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
            told = "is a folder, not a file" if path.is_dir() else told
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
    builder = Builder(name, problems)
    try:
        data = builder.document(_events(lines))
    except YAMLError as error:
        problems.extend([_syntax_problem(error, name)])
        raise InputError(problems) from error
    problems.raise_if_any()
    for notice in builder.notices:
        warnings.warn(str(notice), InputWarning, stacklevel=3)
    return Located(path, data, builder.positions)


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
        if is_unseen(character):
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


def _syntax_problem(error: YAMLError, name: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    told = str(error).splitlines()[0]
    if isinstance(error, MarkedYAMLError):
        told = ", ".join(part for part in (error.context, error.problem) if part)
    hint = next((hint for start, hint in _HINTS.items() if start in told), "")
    return Problem(name, line, column, "", f"is not YAML: {told}", hint)
