"""`popmodel charts`: draw the charts of a result again, from its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from popmodel.cli.printing import print_json, print_line
from popmodel.cli.settings import JsonOption


def charts(
    result: Annotated[Path, typer.Argument(metavar="RESULT_DIR", help="A folder of results.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME…]", help="Charts; all if none is named.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Draw the charts of RESULT_DIR again from its saved tables; nothing is simulated."""
    from popmodel.report.redraw import draw_all

    written = draw_all(result, names or None)
    if json:
        print_json([str(file) for file in written])
        return
    for file in written:
        print_line(str(file))
