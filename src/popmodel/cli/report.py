"""`popmodel report`: charts and the one offline page of a result, from its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from popmodel.cli.printing import print_line


def report(
    result: Annotated[Path, typer.Argument(metavar="RESULT_DIR", help="A folder of results.")],
) -> None:
    """Write the report of RESULT_DIR again from its saved tables; nothing is simulated."""
    from popmodel.report.html import write_report

    print_line(str(write_report(result)))
