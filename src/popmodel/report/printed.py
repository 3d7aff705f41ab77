"""Tables ready to print: every cell a text, so that the template decides only where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A cell of a table: its text, its Monte Carlo half-width if any, whether it is marked."""

    text: str
    error: str = ""
    marked: bool = False


@dataclass(frozen=True)
class Table:
    """A table ready to print.

    Attributes:
        groups: names above the columns with how many columns each spans; may be empty.
        rows: each a heading and its cells.
        flags: heading → what must be said beside it.
        source: the saved table it comes from, relative to the page; empty if it has none.
        is_text: cells are words to be read, not numbers to be compared.
    """

    caption: str
    corner: str
    columns: list[str]
    rows: list[tuple[str, list[Cell]]]
    groups: list[tuple[str, int]]
    flags: Mapping[str, str]
    source: str = ""
    is_text: bool = False
