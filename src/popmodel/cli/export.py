"""`popmodel export`: a result as one workbook."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from popmodel.cli.printing import print_line


class Format(StrEnum):
    """What a result can be exported to."""

    xlsx = "xlsx"


def export(
    result: Annotated[Path, typer.Argument(metavar="RESULT_DIR", help="A folder of results.")],
    to: Annotated[Format, typer.Option("--to", help="Format.")] = Format.xlsx,
    out: Annotated[
        Path | None, typer.Option("--out", help="The file; beside the tables if none.")
    ] = None,
) -> None:
    """Write RESULT_DIR as one workbook: a sheet a table, and the numbers behind it."""
    from popmodel.report.export import export_xlsx

    writers = {Format.xlsx: export_xlsx}
    print_line(str(writers[to](result, out)))
