"""A result as one workbook: a sheet a table, and a sheet with every number it rests on."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Font

from popmodel.errors import InputError
from popmodel.report.tables import load_result, write_atomically
from popmodel.safe_csv import safe_cell
from popmodel.scenario import check_scenario

RESOLVED = "resolved.yaml"
LONGEST_SHEET_NAME = 31
LONGEST_CELL = 32_767
MOST_ROWS = 1_048_575
CUT = " (cut)"
"""Ends the name of a sheet that does not hold all rows of its table."""
PARAMETERS = ("path", "value", "unit", "low_95", "high_95", "rests_on", "source", "locator")


def export_xlsx(result_dir: Path, file: Path | None = None) -> Path:
    """Write a result folder as a workbook, from its saved tables.

    Args:
        result_dir: The folder a run has written.
        file: The workbook; `<folder>/<folder>.xlsx` by default.

    Raises:
        InputError: The folder is missing or damaged, or the file is something else.
    """
    result = load_result(Path(result_dir))
    target = file or result.directory / f"{result.directory.resolve().name}.xlsx"
    if target.suffix.lower() != ".xlsx":
        raise InputError(f"{target}: a workbook ends in .xlsx")
    book = Workbook()
    book.remove(book.worksheets[0])
    _sheet(book, "about", ("what", "is"), _facts(result.manifest))
    for path in sorted(result.directory.glob("*.csv")):
        _sheet_of(book, path.stem, path)
    for path in sorted((result.directory / "psa").glob("*.csv")):
        _sheet_of(book, path.stem if path.stem == "psa" else f"psa_{path.stem}", path)
    parameters = list(_parameters(result.directory / RESOLVED))
    if parameters:
        _sheet(book, "parameters", PARAMETERS, parameters)
    content = io.BytesIO()
    book.save(content)
    return write_atomically(target, content.getvalue())


def _sheet_of(book: Workbook, name: str, path: Path) -> None:
    """Add a saved table as a sheet; of one with more rows than a sheet holds, those that fit."""
    table = pd.read_csv(path)
    if len(table) > MOST_ROWS:
        name = f"{name[: LONGEST_SHEET_NAME - len(CUT)]}{CUT}"
    _sheet(book, name, list(table.columns), table[:MOST_ROWS].itertuples(index=False))


def _facts(manifest: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    """Yield the manifest as rows, nested keys dotted."""
    for key, value in manifest.items():
        if isinstance(value, Mapping):
            yield from _facts(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value if isinstance(value, int | float) else str(value)


def _parameters(resolved: Path) -> Iterable[tuple[Any, ...]]:
    """Yield the numbers behind a result, as its scenario has them; none if it cannot be read."""
    scenario = check_scenario(resolved).scenario if resolved.is_file() else None
    if scenario is None:
        return
    for path, quantity in scenario.evidence().quantities().items():
        low, high = quantity.interval()
        rests = quantity.basis or ("seen" if quantity.seen else "recalled")
        said = (quantity.source or quantity.fit or quantity.rationale, quantity.locator)
        yield path, quantity.value, quantity.unit, low, high, rests, *said


def _sheet(
    book: Workbook, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    sheet = book.create_sheet(name[:LONGEST_SHEET_NAME])
    sheet.append([_cell(column) for column in columns])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "B2"
    for row in rows:
        sheet.append([_cell(value) for value in row])


def _cell(value: Any) -> Any:
    """Return a value as a cell: text never a formula, what is missing left empty."""
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, str):
        plain = "".join(c for c in value if c.isprintable() or c in "\n\t")
        return safe_cell(plain[: LONGEST_CELL - 1])
    return value
