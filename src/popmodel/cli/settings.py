"""Options that several commands share, and reading scenarios with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from popmodel.cli.printing import remark

if TYPE_CHECKING:
    from popmodel.scenario import Scenario

SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Replace one setting or one number on a card; may be given several times.",
    ),
]
PatientsOption = Annotated[int | None, typer.Option("--patients", help="Patients at the start.")]
YearsOption = Annotated[float | None, typer.Option("--years", help="Years of follow-up.")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Luck; the same gives the same.")]
ReplicatesOption = Annotated[
    int | None, typer.Option("--replicates", help="Times the whole is repeated.")
]
StructureOption = Annotated[
    str | None,
    typer.Option("--structure", help="Severity effect: premise, evidence, mixture or all."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def pairs(given: Sequence[str] | None) -> dict[str, str]:
    """Return `--set` options as values by path.

    Raises:
        InputError: One of them is no `path=value`.
    """
    from popmodel.errors import InputError, Problem

    found: dict[str, str] = {}
    wrong = []
    for text in given or ():
        path, equals, value = text.partition("=")
        if not equals or not path.strip():
            told = f"'{text}' is no path=value"
            wrong.append(Problem("--set", 0, 0, "", told, "write --set population.size=1000"))
        found[path.strip()] = value
    if wrong:
        raise InputError(wrong)
    return found


def read(
    files: Sequence[Path],
    set_: Sequence[str] | None = None,
    *,
    to_run: bool = True,
    **options: str | float | None,
) -> list[Scenario]:
    """Read scenarios; tell their warnings; raise the problems of all of them together.

    Args:
        files: Scenario files.
        set_: `--set` options.
        to_run: Raise what a run would refuse too.
        options: Named options: patients, years, seed, replicates, structure.

    Raises:
        InputError: Something is wrong with one of them, or cannot be simulated yet.
    """
    from popmodel.errors import InputError
    from popmodel.scenario import check_scenario

    named = {f"--{name}": value for name, value in options.items()}
    found = [check_scenario(file, pairs(set_), named) for file in files]
    for warning in dict.fromkeys(text for checked in found for text in checked.warnings):
        remark(f"warning: {warning}")
    problems = [one for checked in found for one in checked.problems]
    problems += [one for checked in found for one in checked.refused if to_run]
    if problems:
        raise InputError(problems)
    return [checked.scenario for checked in found if checked.scenario is not None]
