"""Plain data and the place of every key in its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from popmodel.errors import Problem

Where = tuple[str | int, ...]


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
