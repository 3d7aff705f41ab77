"""`popmodel new`: a commented scenario to start from."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from popmodel.cli.printing import print_line


def new(
    name: Annotated[str, typer.Argument(help="Name of the scenario, such as my_question.")],
    folder: Annotated[Path, typer.Option("--folder", help="Where to write it.")] = Path(),
) -> None:
    """Write a commented starter scenario; never over an existing file."""
    from popmodel.scenario.template import write_starter

    path = write_starter(name, folder)
    print_line(f"wrote {path}; next: popmodel check {quote(str(path))}")
