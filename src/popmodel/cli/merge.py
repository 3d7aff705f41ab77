"""`popmodel merge`: join the shards of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from popmodel.cli.printing import print_json, print_line, remark
from popmodel.cli.settings import JsonOption


def merge(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a sweep.")],
    others: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[DIR…]", help="Folders of shards that were run elsewhere."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Join the shards of the sweep in DIR, check every chunk, and write its tables."""
    from popmodel.uncertainty import Interrupted, merge_sweeps

    try:
        sweep = merge_sweeps(folder, others or ())
    except Interrupted as end:
        remark(str(end))
        raise
    for name, why in sweep.damaged.items():
        remark(f"warning: {name} {why}; put aside, its runs are missing")
    if json:
        status = sweep.runs["status"].value_counts().to_dict()
        print_json({"folder": folder, "complete": sweep.complete, "runs": status})
    elif sweep.complete:
        print_line(f"{folder}: {sweep.told()}")
    sweep.refuse_incomplete()
