"""`popmodel evidence`: what is known, and how well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from popmodel.cli.printing import print_json, print_line, print_table
from popmodel.cli.settings import JsonOption

if TYPE_CHECKING:
    from popmodel.evidence import Evidence, Quantity

ORIGINS = ("seen in source", "recalled", "assumption", "calibrated")


def evidence(
    identifier: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A card, such as saint; all if none.")
    ] = None,
    assumptions: Annotated[
        bool, typer.Option("--assumptions", help="Only what no source states.")
    ] = False,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Only what is recalled and not yet read.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """List the numbers on the cards, what they rest on, and how many are assumptions."""
    from popmodel.evidence import load_evidence

    known = load_evidence()
    chosen = known.quantities() if identifier is None else _of_card(known, identifier)
    wanted = {
        name for name, asked in (("assumption", assumptions), ("recalled", unverified)) if asked
    }
    listed = {
        path: quantity
        for path, quantity in chosen.items()
        if not wanted or origin(quantity) in wanted
    }
    if json:
        print_json([_record(path, quantity) for path, quantity in listed.items()])
    elif identifier is None and not wanted:
        _print_overview(known)
    else:
        _print_numbers(listed)


def origin(quantity: Quantity) -> str:
    """Return what a number rests on, one of `ORIGINS`."""
    if quantity.is_assumption:
        return "assumption"
    if quantity.fit:
        return "calibrated"
    return "seen in source" if quantity.seen else "recalled"


def _of_card(known: Evidence, identifier: str) -> Mapping[str, Quantity]:
    """Return the numbers of the cards with an id, or below a path.

    Raises:
        InputError: There is no such card.
    """
    from popmodel.errors import InputError, Problem, did_you_mean

    found = {
        path: quantity
        for path, quantity in known.quantities().items()
        if path.split(".")[1] == identifier or path.startswith(f"{identifier}.")
    }
    if not found:
        ids = {path.split(".")[1] for path in known.quantities()}
        told = f"no card is called '{identifier}'"
        raise InputError([Problem("", 0, 0, "", told, did_you_mean(identifier, ids))])
    return found


def _print_overview(known: Evidence) -> None:
    counts: dict[str, dict[str, int]] = {}
    cards: dict[str, set[str]] = {}
    for path, quantity in known.quantities().items():
        group, card = path.split(".")[:2]
        row = counts.setdefault(group, dict.fromkeys(ORIGINS, 0))
        row[origin(quantity)] += 1
        cards.setdefault(group, set()).add(card)
    rows = [
        (group, str(len(cards[group])), *(str(row[name]) for name in ORIGINS))
        for group, row in counts.items()
    ]
    total = [sum(row[name] for row in counts.values()) for name in ORIGINS]
    rows.append(("all", str(sum(map(len, cards.values()))), *map(str, total)))
    print_table("What the numbers rest on", ("folder", "cards", *ORIGINS), rows)
    print_line("popmodel evidence ID shows a card, popmodel explain PATH a number.")


def _print_numbers(listed: Mapping[str, Quantity]) -> None:
    rows: Iterable[tuple[str, ...]] = (
        (path, f"{quantity.value:g}", quantity.unit, origin(quantity), _why(quantity))
        for path, quantity in listed.items()
    )
    headings = ("path", "value", "unit", "rests on", "source or rationale")
    print_table(f"{len(listed)} numbers", headings, rows, numbers=len(headings))


def _why(quantity: Quantity) -> str:
    return quantity.rationale or quantity.fit or quantity.source or ""


def _record(path: str, quantity: Quantity) -> dict[str, object]:
    said = quantity.model_dump(mode="json", exclude_none=True)
    return {"path": path, "rests_on": origin(quantity), **said}
