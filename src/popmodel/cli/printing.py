"""Tables, JSON and remarks on the terminal; the same words whether rich or plain."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

WIDE_ENOUGH = 160  # columns for tables that go to a file or a pipe


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 1
) -> None:
    """Print a table; texts are printed as they are, never read as markup.

    Args:
        title: Line above the table; may be empty.
        columns: Headings.
        rows: Cells as texts.
        numbers: First column that holds numbers, which are set right.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else WIDE_ENOUGH)
    table = Table(title=Text(title) if title else None, box=SIMPLE_HEAD, title_justify="left")
    for number, column in enumerate(columns):
        side: Any = "right" if number >= numbers else "left"
        table.add_column(Text(column), justify=side, no_wrap=number == 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def print_line(text: str) -> None:
    """Print one line of results."""
    print(text)  # noqa: T201


def print_json(value: Any) -> None:
    """Print a value as JSON; what is no number becomes null."""
    print(json.dumps(_plain(value), indent=2, ensure_ascii=False))  # noqa: T201


def remark(text: str) -> None:
    """Print one line beside the results, on the error stream."""
    print(text, file=sys.stderr)  # noqa: T201


def money(amount: float, error: float = math.nan) -> str:
    """Return an amount with separated thousands, with its Monte Carlo error where known."""
    if not math.isfinite(amount):
        return ""
    return f"{amount:,.0f}" + (f" ± {error:,.0f}" if math.isfinite(error) else "")


def number(value: float, digits: int = 3, error: float = math.nan) -> str:
    """Return a number with some decimals, with its Monte Carlo error where known."""
    if not math.isfinite(value):
        return ""
    return f"{value:.{digits}f}" + (f" ± {error:.{digits}f}" if math.isfinite(error) else "")


def share(value: float, error: float = math.nan) -> str:
    """Return a share in percent, with its Monte Carlo error where known."""
    if not math.isfinite(value):
        return ""
    return f"{100 * value:.1f} %" + (f" ± {100 * error:.1f}" if math.isfinite(error) else "")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "item") and not isinstance(value, str):  # a NumPy number
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)
