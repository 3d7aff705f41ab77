"""`popmodel schema`: the JSON Schema of a scenario, for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from popmodel.cli.printing import print_line, remark


def schema(
    out: Annotated[
        Path | None, typer.Option("--out", help="Write it to this file instead of printing it.")
    ] = None,
) -> None:
    """Print the JSON Schema by which editors complete and check a scenario."""
    from popmodel.scenario.editor import json_schema_text

    text = json_schema_text()
    if out is None:
        print_line(text.rstrip("\n"))
    else:
        out.write_text(text, encoding="utf-8")
        remark(f"wrote {out}")
