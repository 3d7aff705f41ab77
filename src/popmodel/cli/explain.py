"""`popmodel explain`: where a number comes from."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

import typer

from popmodel.cli.printing import print_json, print_line
from popmodel.cli.settings import JsonOption, SetOption, read


def explain(
    path: Annotated[
        str, typer.Argument(help="Path of a number, such as treatments.saint.cost.course.")
    ],
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="Explain it as this scenario has it.")
    ] = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Tell the value of PATH, how sure it is, and where it comes from."""
    from popmodel.errors import InputError
    from popmodel.evidence import Quantity, load_evidence
    from popmodel.evidence.calibration import fitted_paths
    from popmodel.evidence.listing import explanation

    if set_ and scenario is None:
        raise InputError("--set changes a scenario: say which with --scenario FILE")
    asked = read([scenario], set_, to_run=False) if scenario else []
    evidence = asked[0].evidence() if asked else load_evidence()
    structures = [choice.calibration for choice in asked[0].structures()] if asked else None
    found = evidence.value_at(path)
    if isinstance(found, Quantity):
        facts = explanation(evidence, path, structures)
    else:
        facts = {"path": path, **_plain(found, path, fitted_paths(evidence, structures))}
    if json:
        print_json(facts)
        return
    lines = _lines(facts)
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        print_line(f"{name:{width}}  {value}")


def _lines(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return facts as lines: what each fit found first, then the prior and the rest."""
    unit = str(facts.get("prior", "")).partition(" ")[2]
    found = [
        line
        for one in facts.get("fits", ())
        for line in (
            (f"fitted, {one['structure']}", f"{one['value']:g} ± {one['se']:.4g} {unit}"),
            ("", f"fit {one['fit']}, {one['place']}; made again by: {one['command']}"),
        )
    ]
    said = {name: value for name, value in facts.items() if name not in ("path", "fits")}
    return [
        ("path", str(facts["path"])),
        *found,
        *((_WORDS.get(name, name), str(value)) for name, value in said.items()),
    ]


_WORDS = {
    "price_year": "price year",
    "replaces": "instead of",
    "interval_95": "95 % interval",
    "drawn_with": "drawn together with",
    "rests_on": "rests on",
    "where": "in the source",
}
"""What the names of facts are called on the terminal; the others, and paths, as they are."""


def _plain(found: Any, path: str, fitted: Collection[str]) -> dict[str, Any]:
    """Return what a path without a number leads to: a setting, or paths that go on."""
    from popmodel.evidence.tree import children

    inside = {f"{path}.{name}": _brief(value) for name, _, value in children(found)}
    priors = {name: f"{inside[name]} (the prior of a fit)" for name in inside if name in fitted}
    return inside | priors or {"value": found}


def _brief(value: Any) -> str:
    from pydantic import BaseModel

    if hasattr(value, "unit"):
        return f"{value.value:g} {value.unit}"
    if isinstance(value, tuple):
        return ", ".join(map(_brief, value)) or "none"
    if isinstance(value, BaseModel | dict):
        return "…" if value or isinstance(value, BaseModel) else "none"
    return "none" if value is None else str(value)
