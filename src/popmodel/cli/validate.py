"""`popmodel validate`: published trials beside the model's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from popmodel.cli.printing import number, print_json, print_line, print_table
from popmodel.cli.settings import JsonOption

if TYPE_CHECKING:
    from popmodel.trials.validate import Row


def validate(
    structure: Annotated[
        str, typer.Option("--structure", help="Severity effect: evidence, premise or mixture.")
    ] = "evidence",
    correlation: Annotated[
        str, typer.Option("--correlation", help="default, optimistic or pessimistic.")
    ] = "default",
    seed: Annotated[int, typer.Option("--seed", help="Luck; the same gives the same.")] = 20261123,
    recruits: Annotated[
        int, typer.Option("--recruits", help="Stock patients among whom each trial recruits.")
    ] = 8192,
    json: JsonOption = False,
) -> None:
    """Emulate every trial card and tell which published numbers the model would not expect."""
    from popmodel.cli.calibrate import CORRELATIONS, SEVERITY_EFFECTS, chosen
    from popmodel.evidence import load_evidence
    from popmodel.parameters import Structure
    from popmodel.trials.calibrate import trial_parameters_of
    from popmodel.trials.validate import outside, require_agreement
    from popmodel.trials.validate import validate as rows_of

    (effect,) = chosen(structure, SEVERITY_EFFECTS, "--structure")[:1]
    (kind,) = chosen(correlation, CORRELATIONS, "--correlation")[:1]
    known = load_evidence()
    parameters = trial_parameters_of(known, Structure(effect, kind))
    rows = rows_of(known, parameters, seed=seed, recruits=recruits)
    if json:
        print_json([vars(row) for row in rows])
    else:
        _print(rows)
        for use in ("fit", "test"):
            missed, count = outside(rows, use)
            print_line(f"{use}: {missed} of {count} numbers outside their 95 % interval")
    require_agreement(rows)


def _print(rows: list[Row]) -> None:
    cells = [
        (
            f"{row.trial}: {row.name}",
            row.use,
            number(row.observed),
            number(row.predicted),
            f"{number(row.low)} to {number(row.high)}" if row.predicted == row.predicted else "",
            number(row.z, 2),
            row.note,
        )
        for row in rows
    ]
    headings = ("published", "use", "observed", "predicted", "95 % interval", "z", "note")
    print_table("", headings, cells, numbers=2)
