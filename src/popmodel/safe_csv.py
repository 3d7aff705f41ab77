"""CSV that a spreadsheet shows and never runs (CWE-1236)."""

from __future__ import annotations

import pandas as pd

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def safe_csv(table: pd.DataFrame) -> str:
    """Return a table as CSV in which no cell is a formula to a spreadsheet.

    Text that begins with `= + - @`, a tab or a carriage return gets an apostrophe in front;
    numbers are untouched and round-trip exactly.
    """
    safe = table.copy()
    for position, column in enumerate(safe.columns):
        if not pd.api.types.is_numeric_dtype(safe[column]):
            safe.isetitem(position, [safe_cell(value) for value in safe[column]])
    safe.columns = pd.Index([safe_cell(column) for column in safe.columns])
    return safe.to_csv(index=False, lineterminator="\n")


def safe_cell(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula and that ends no line by itself."""
    if not isinstance(value, str):
        return value
    text = f"'{value}" if value.startswith(FORMULA_STARTS) else value
    return text.replace("\r\n", "\n").replace("\r", "\n")
