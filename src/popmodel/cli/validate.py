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
    from popmodel.trials.validate import Agreement, Row

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
    trials: Annotated[
        Path | None,
        typer.Option("--trials", help="Your trial cards: a folder or a card. Only these are run."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Id of a trial to run; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the tables and the chart.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be emulated; run nothing.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Emulate every trial card and tell which published numbers the model would not expect.

    With several structures they are compared by how well they foretold the numbers held back.
    With --published the figures of published models stand beside ours instead, each with the
    tolerance that was agreed before; --report writes both, with --published that table alone.
    Exit code 4: fewer than nine in ten fitted numbers lie within two standard deviations, or more
    numbers held back lie outside their intervals than 95 % intervals allow.
    """
    if published:
        _require_no_structure(structure, correlation)
        if trials is not None or only or dry_run:
            raise _told("--published", "goes without --trials, --only and --dry-run")
        home = _home(folder or out, report or out is not None)
        published_models.publish(published_models.folder_of(models), home, json)
        return
    if models is not None and not report:
        raise _told("--models", "is for --published or --report")
    from popmodel.cli.calibrate import CORRELATIONS, SEVERITY_EFFECTS, chosen
    from popmodel.parameters import Structure
    from popmodel.trials.dossier import rows_by_structure
    from popmodel.trials.structures import standings
    from popmodel.trials.validate import require_agreement

    structures = [
        Structure(effect, kind)
        for kind in chosen(correlation, CORRELATIONS, "--correlation")
        for effect in chosen(structure, SEVERITY_EFFECTS, "--structure")
    ]
    home = _home(folder or out, report or out is not None)
    known = _trials_asked_for(trials, only or [])
    if dry_run:
        _print_plan(known, structures, json)
        return
    found = rows_by_structure(known, structures, seed=seed, recruits=recruits, tell=remark)
    compared = standings(found, list(known.calibrated))
    _answer(found, compared, json)
    if home is not None:
        whole = trials is None and not only
        _write(home, known, found, seed, recruits, identify=whole)
        if whole:
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


def _trials_asked_for(folder: Path | None, only: Sequence[str]) -> Evidence:
    """Return what is known, with the trial cards that were asked for and no others.

    Raises:
        InputError: a card is wrong, the folder holds none, or an id names no trial.
    """
    from dataclasses import replace

    from popmodel.errors import InputError, Problem, did_you_mean
    from popmodel.evidence import load_evidence
    from popmodel.evidence.load import SHIPPED

    known = load_evidence() if folder is None else load_evidence(SHIPPED, [folder])
    trials = dict(known.trials)
    if folder is not None:
        home = folder.resolve()
        files = {name: known.file_of("trials", name).resolve() for name in trials}
        trials = {n: t for n, t in trials.items() if home in (files[n], *files[n].parents)}
        if not trials:
            told = "holds no trial card"
            raise InputError([Problem(str(folder), 0, 0, "--trials", told, "one .yaml a trial")])
    wrong = [name for name in only if name not in trials]
    if wrong:
        raise InputError([
            Problem("--only", 0, 0, "", f"there is no trial {name}", did_you_mean(name, trials))
            for name in wrong
        ])  # fmt: skip
    return replace(known, trials={n: t for n, t in trials.items() if not only or n in only})


def _print_plan(known: Evidence, structures: Sequence[Structure], json: bool) -> None:
    """Print what would be emulated."""
    rows = [
        {
            "trial": trial.id, "title": trial.title, "use": trial.use, "design": trial.design,
            "numbers": sum(len(outcome.results) for outcome in trial.outcomes),
        }
        for trial in known.trials.values()
    ]  # fmt: skip
    names = [one.calibration for one in structures]
    if json:
        print_json({"trials": rows, "structures": names})
        return
    cells = [tuple(str(cell) for cell in row.values()) for row in rows]
    print_table("", ("trial", "title", "use", "design", "numbers"), cells, numbers=4)
    print_line(f"{len(rows)} trials under {', '.join(names)}; nothing was run")


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
    from popmodel.trials.validate import agreement

    if json:
        numbers = [
            {"structure": one.calibration, **vars(row), "outside": row.outside}
            for one, rows in found.items()
            for row in rows
        ]
        summary = [
            {"structure": one.calibration, **vars(agreement(rows, use))}
            for one, rows in found.items()
            for use in ("fit", "test")
        ]
        standing = [vars(one) for one in compared]
        print_json({"numbers": numbers, "agreement": summary, "structures": standing})
        return
    if len(found) > 1:
        _print_structures(compared)
        return
    for rows in found.values():
        _print(rows)
        for use in ("fit", "test"):
            print_line(_in_words(agreement(rows, use)))


def _in_words(found: Agreement) -> str:
    """Return how the numbers of a use agree, as a line."""
    if not found.numbers:
        return f"{found.use}: no number"
    asked = "90 % must" if found.use == "fit" else f"{found.allowed} may be outside"
    return (
        f"{found.use}: {found.outside} of {found.numbers} numbers outside their 95 % interval, "
        f"{found.near:.0%} within two standard deviations ({asked})"
    )


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
    *,
    identify: bool,
) -> None:
    """Write tables, manifest and chart, each whole or not at all; the manifest last."""
    from popmodel.report.redraw import draw_all
    from popmodel.report.tables import MANIFEST, write_atomically
    from popmodel.safe_csv import safe_csv
    from popmodel.trials.dossier import dossier

    tables = dossier(known, found, seed=seed, recruits=recruits, identify=identify)
    for name, table in tables.items():
        write_atomically(home / f"{name}.csv", safe_csv(table).encode())
    manifest = _manifest(known, list(found), tables, seed, recruits)
    write_atomically(home / MANIFEST, manifest)
    draw_all(home, ["validation_forest"])
    if home == SHIPPED and identify:
        _note_scores(tables["structures"])
        _note_scatter(tables["left_out"], next(iter(found)).calibration)
    remark(f"wrote {home}")


def _note_scores(structures: pd.DataFrame) -> None:
    """Write the held-out log scores beside the calibrated cards, where runs read their weight."""
    from popmodel.evidence.held_out import FILE, scores_text
    from popmodel.report.tables import write_atomically

    fitted = structures[structures["calibrated"].astype(bool)]
    rows = list(
        zip(fitted["structure"].astype(str), fitted["log_score"].astype(float), strict=True)
    )
    write_atomically(FILE, scores_text(rows).encode())


def _note_scatter(left_out: pd.DataFrame, structure: str) -> None:
    """Write by how much left-out studies scatter, where the intervals of tests read it."""
    from popmodel.evidence.held_out import WIDER_FILE, scale_text
    from popmodel.report.tables import write_atomically
    from popmodel.trials.identify import scatter_of_left_out

    scale = scatter_of_left_out(left_out["z_foretold"].tolist())
    write_atomically(WIDER_FILE, scale_text(structure, len(left_out), scale).encode())


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
