"""`popmodel validate`: published trials beside the model's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from popmodel.cli import published as published_models
from popmodel.cli.printing import number, print_json, print_line, print_table, remark
from popmodel.cli.settings import JsonOption

if TYPE_CHECKING:
    import pandas as pd

    from popmodel.errors import InputError
    from popmodel.evidence import Evidence
    from popmodel.parameters import Structure
    from popmodel.trials.structures import Standing
    from popmodel.trials.validate import Row

SHIPPED = Path("docs/validation")
"""Where the tables behind `docs/validation.md` lie, in a checkout."""


def validate(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="With --report: folder; docs/validation if none."),
    ] = None,
    structure: Annotated[
        str, typer.Option("--structure", help="Severity effect: evidence, premise, mixture or all.")
    ] = "evidence",
    correlation: Annotated[
        str, typer.Option("--correlation", help="default, optimistic, pessimistic or all.")
    ] = "default",
    report: Annotated[
        bool, typer.Option("--report", help="Write the tables and the chart of the dossier to DIR.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Luck; the same gives the same.")] = 20261123,
    recruits: Annotated[
        int, typer.Option("--recruits", min=2, help="Stock patients for each trial to recruit.")
    ] = 8192,
    published: Annotated[
        bool, typer.Option("--published", help="Published models instead of trials; see --models.")
    ] = False,
    models: Annotated[
        Path | None,
        typer.Option("--models", help="Folder of published models; scenarios/published if none."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Emulate every trial card and tell which published numbers the model would not expect.

    With several structures they are compared by how well they foretold the numbers held back.
    With --published the figures of published models stand beside ours instead, each with the
    tolerance that was agreed before; --report writes both, with --published that table alone.
    """
    if published:
        _require_no_structure(structure, correlation)
        published_models.publish(published_models.folder_of(models), _home(folder, report), json)
        return
    if models is not None and not report:
        raise _told("--models", "is for --published or --report")
    from popmodel.cli.calibrate import CORRELATIONS, SEVERITY_EFFECTS, chosen
    from popmodel.evidence import load_evidence
    from popmodel.parameters import Structure
    from popmodel.trials.dossier import rows_by_structure
    from popmodel.trials.structures import standings
    from popmodel.trials.validate import require_agreement

    structures = [
        Structure(effect, kind)
        for kind in chosen(correlation, CORRELATIONS, "--correlation")
        for effect in chosen(structure, SEVERITY_EFFECTS, "--structure")
    ]
    home = _home(folder, report)
    known = load_evidence()
    found = rows_by_structure(known, structures, seed=seed, recruits=recruits, tell=remark)
    compared = standings(found, list(known.calibrated))
    _answer(found, compared, json)
    if home is not None:
        _write(home, known, found, seed, recruits)
        _write_published(home, models)
    for rows in found.values():
        require_agreement(rows)


def _told(option: str, message: str, hint: str = "") -> InputError:
    from popmodel.errors import InputError, Problem

    return InputError([Problem(option, 0, 0, "", message, hint)])


def _require_no_structure(structure: str, correlation: str) -> None:
    """Refuse a structure that nobody would read: the scenarios say their own."""
    for option, found, default in (
        ("--structure", structure, "evidence"),
        ("--correlation", correlation, "default"),
    ):
        if found != default:
            raise _told(option, "is for trials; published models say theirs in their scenarios")


def _write_published(home: Path, models: Path | None) -> None:
    """Write the tables of published models where there are any."""
    if models is None and not published_models.MODELS.is_dir():
        remark(f"there is no {published_models.MODELS} here: no table of published models")
        return
    place = published_models.folder_of(models)
    published_models.write(home, place, *published_models.compared(place))


def _home(folder: Path | None, report: bool) -> Path | None:
    """Return where the dossier goes, None if none is asked for.

    Raises:
        InputError: a folder without --report, or neither a folder nor a checkout.
    """
    from popmodel.errors import InputError, Problem

    if not report:
        if folder is not None:
            told = f"'{folder}' is a folder for the dossier, which was not asked for"
            raise InputError([Problem("DIR", 0, 0, "", told, "add --report")])
        return None
    home = folder or SHIPPED
    if folder is None and not home.parent.is_dir():
        told = f"there is no {home.parent} here, where the dossier of a checkout lies"
        raise InputError([Problem("--report", 0, 0, "", told, "name a folder: --report DIR")])
    if home.exists() and not home.is_dir():
        raise InputError([Problem(str(home), 0, 0, "", "is no folder")])
    return home


def _answer(
    found: Mapping[Structure, Sequence[Row]], compared: Sequence[Standing], json: bool
) -> None:
    from popmodel.trials.validate import outside

    if json:
        numbers = [
            {"structure": one.calibration, **vars(row)}
            for one, rows in found.items()
            for row in rows
        ]
        print_json(
            {"numbers": numbers, "structures": [vars(one) for one in compared]}
            if len(found) > 1
            else numbers
        )
        return
    if len(found) > 1:
        _print_structures(compared)
        return
    for rows in found.values():
        _print(rows)
        for use in ("fit", "test"):
            missed, count = outside(rows, use)
            print_line(f"{use}: {missed} of {count} numbers outside their 95 % interval")


def _print(rows: Sequence[Row]) -> None:
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


def _print_structures(compared: Sequence[Standing]) -> None:
    cells = [
        (
            one.structure + ("" if one.calibrated else " (not calibrated)"),
            f"{one.fit_outside} of {one.fit_numbers}",
            f"{one.test_outside} of {one.test_numbers}",
            number(one.log_score, 2),
            number(one.difference, 2),
            number(one.weight, 2) if not math.isnan(one.weight) else "none",
        )
        for one in compared
    ]
    headings = (
        "structure", "fit outside", "test outside", "held-out log score", "from the best", "weight",
    )  # fmt: skip
    print_table("", headings, cells)
    print_line(
        "weight: softmax of the log scores of numbers held back, stacking made light; numbers of a "
        "trial hang together, so differences are overstated"
    )


def _write(
    home: Path,
    known: Evidence,
    found: Mapping[Structure, Sequence[Row]],
    seed: int,
    recruits: int,
) -> None:
    """Write tables, manifest and chart, each whole or not at all; the manifest last."""
    from popmodel.report.redraw import draw_all
    from popmodel.report.tables import MANIFEST, write_atomically
    from popmodel.safe_csv import safe_csv
    from popmodel.trials.dossier import dossier

    tables = dossier(known, found, seed=seed, recruits=recruits)
    for name, table in tables.items():
        write_atomically(home / f"{name}.csv", safe_csv(table).encode())
    manifest = _manifest(known, list(found), tables, seed, recruits)
    write_atomically(home / MANIFEST, manifest)
    draw_all(home, ["validation_forest"])
    remark(f"wrote {home}")


def _manifest(
    known: Evidence,
    structures: Sequence[Structure],
    tables: Mapping[str, pd.DataFrame],
    seed: int,
    recruits: int,
) -> bytes:
    import json

    from popmodel import provenance

    cards: dict[str, Any] = {
        f"{group}/{name}": provenance.file_hash(known.file_of(group, name))
        for group in ("calibrated", "trials")
        for name in known.cards(group)
    }
    made = provenance.manifest(
        [],
        title="Published trials beside the model's",
        scenario="",
        strategies={"model": "The model"},
        structures=[one.calibration for one in structures],
        recruits=recruits,
        seed=seed,
        tables=sorted(tables),
        cards=cards,
    )
    return (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode()
