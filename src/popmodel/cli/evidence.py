"""`popmodel evidence`: what is known, and how well."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from popmodel.cli.printing import print_json, print_line, print_table
from popmodel.cli.settings import JsonOption

if TYPE_CHECKING:
    from popmodel.evidence import Evidence
    from popmodel.evidence.listing import Row


def evidence(
    identifier: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A card, such as saint; all if none.")
    ] = None,
    assumptions: Annotated[
        bool, typer.Option("--assumptions", help="Only what no source states and no fit replaces.")
    ] = False,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Only what is recalled and not yet read.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """List the numbers on the cards, what they rest on, and how many are assumptions."""
    from popmodel.evidence import load_evidence
    from popmodel.evidence.calibration import fitted_paths
    from popmodel.evidence.listing import rows

    known = load_evidence()
    listed = rows(
        known,
        identifier,
        assumptions=assumptions,
        unverified=unverified,
        fitted=fitted_paths(known),
    )
    if json:
        print_json([_record(known, row) for row in listed])
    elif identifier is None and not assumptions and not unverified:
        _print_overview(known, listed)
    else:
        _print_standing(known, listed)
        _print_numbers(listed)


def _print_standing(known: Evidence, listed: list[Row]) -> None:
    """Print how far each treatment card among the numbers may be taken, if they are few."""
    names = {row.path.split(".")[1] for row in listed if row.path.startswith("treatments.")}
    if len(names) != 1 or any(not row.path.startswith("treatments.") for row in listed):
        return
    card = known.treatments[names.pop()]
    tested = "people" if card.human_efficacy else "no trial in depressed people"
    print_line(f"{card.label}: grade {card.grade}, use: {card.use}, efficacy from {tested}.")
    for told in (card.description, card.note):
        if told:
            print_line(told)


def _print_overview(known: Evidence, listed: list[Row]) -> None:
    """Print how many numbers of each folder rest on what."""
    from popmodel.evidence.listing import ORIGIN_WORDS, overview

    used, folders = overview(listed)
    headings = ("folder", "cards", "numbers", *(ORIGIN_WORDS[name] for name in used))
    cells = [(folder.name, *map(str, (folder.cards, *folder.numbers))) for folder in folders]
    print_table("What the numbers rest on", headings, cells)
    if known.calibrated:
        fits = ", ".join(known.calibrated)
        print_line(f"Calibrated: a fit to trials replaces the number on the card ({fits}).")
    print_line("popmodel evidence ID shows a card, popmodel explain PATH a number.")


def _print_numbers(listed: list[Row]) -> None:
    from popmodel.evidence.listing import ORIGIN_WORDS

    headings = ("path", "value", "unit", "rests on", "source or rationale", "card")
    cells = [
        (row.path, _value(row), row.unit, ORIGIN_WORDS[row.origin], row.why, _card(row))
        for row in listed
    ]
    print_table(f"{len(listed)} numbers", headings, cells, numbers=len(headings))


def _card(row: Row) -> str:
    """Return file and line of a card; the path begins with its folder, JSON has all of it."""
    return PurePath(row.place).name


def _value(row: Row) -> str:
    """Return the value; where fits replace it, what each found, and the prior."""
    if not row.fits:
        return f"{row.value:g}"
    found = "\n".join(f"{one.value:g} ± {one.se:.2g} {one.structure}" for one in row.fits)
    return f"{found}\nprior {row.value:g}"


def _record(known: Evidence, row: Row) -> dict[str, Any]:
    """Return a number as plain data: all its card says, what it rests on, and where it stands."""
    from popmodel.evidence.listing import ORIGIN_WORDS

    folder, name, *_ = row.path.split(".")
    use = {"use": known.treatments[name].use} if folder == "treatments" else {}
    return {
        "path": row.path,
        **use,
        "rests_on": ORIGIN_WORDS[row.origin],
        "place": row.place,
        **known.quantity(row.path).model_dump(mode="json", exclude_none=True),
        "fits": [vars(one) for one in row.fits],
    }
