"""`popmodel explain`: where a number comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from popmodel.cli.printing import print_json, print_line
from popmodel.cli.settings import JsonOption, SetOption, read

if TYPE_CHECKING:
    from popmodel.evidence import Evidence, Quantity


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
    from popmodel.evidence import Quantity, load_evidence

    asked = read([scenario], set_, to_run=False) if scenario else []
    evidence = asked[0].evidence() if asked else load_evidence()
    found = evidence.value_at(path)
    if isinstance(found, Quantity):
        facts = _facts(path, found, evidence)
    else:
        facts = {"path": path, **_plain(found, path)}
    if json:
        print_json(facts)
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        print_line(f"{name.replace('_', ' '):{width}}  {value}")


def _facts(path: str, quantity: Quantity, evidence: Evidence) -> dict[str, Any]:
    """Return everything known about a number, in the order one asks."""
    low, high = quantity.interval()
    file, line, column = evidence.position(path)
    source = evidence.sources.get(quantity.source or "")
    kind = quantity.distribution.kind if quantity.distribution else "none: taken as it is"
    facts: dict[str, Any] = {
        "path": path,
        "value": f"{quantity.value:g} {quantity.unit}",
        "price_year": quantity.price_year,
        "distribution": kind,
        "interval_95": f"{low:.4g} to {high:.4g}" if quantity.is_uncertain else None,
        "drawn_with": quantity.group,
        "replaces": _replaced(path, evidence),
        "source": f"{quantity.source}: {source.citation}" if source else quantity.source,
        "where": quantity.locator,
        "doi": source.doi if source else None,
        "url": source.url if source else None,
        "seen": _SEEN.get(quantity.seen),
        "basis": quantity.basis,
        "rationale": quantity.rationale,
        "fit": quantity.fit,
        "note": quantity.note,
        "card": f"{file}:{line}:{column}",
    }
    return {name: value for name, value in facts.items() if value is not None}


_SEEN: dict[bool | None, str] = {
    True: "read in the source",
    False: "recalled, not yet read in the source",
}


def _replaced(path: str, evidence: Evidence) -> str | None:
    """Return the number on the card where the scenario has another."""
    old = evidence.overridden.get(path)
    if old is None:
        return None
    return f"{getattr(old, 'value', old):g} on the card" if hasattr(old, "value") else f"{old}"


def _plain(found: Any, path: str) -> dict[str, Any]:
    """Return what a path without a number leads to: a setting, or paths that go on."""
    from popmodel.evidence.tree import children

    inside = {f"{path}.{name}": _brief(value) for name, _, value in children(found)}
    return inside or {"value": found}


def _brief(value: Any) -> str:
    from pydantic import BaseModel

    if hasattr(value, "unit"):
        return f"{value.value:g} {value.unit}"
    if isinstance(value, tuple):
        return ", ".join(map(_brief, value)) or "none"
    return "…" if isinstance(value, BaseModel | dict) else str(value)
