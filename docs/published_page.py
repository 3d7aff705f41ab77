"""The parts of `docs/validation.md` about published models, from tables that were saved.

`popmodel validate --published --report` writes those tables; what stands here is laid out only.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dossier import saved, table

from popmodel import provenance
from popmodel.cli.published import CHANGES, MADE, MODELS, TABLE, digits, limits, with_error
from popmodel.evidence.load import Evidence
from popmodel.trials.published_models import INSIDE, NOT_EXPRESSIBLE, OUTSIDE

ROOT = Path(__file__).resolve().parents[1]
RECALLED = " (recalled)"


def published_parts(evidence: Evidence) -> dict[str, str]:
    """Return every generated part by name."""
    return {
        "published_made": made(evidence),
        "published_summary": summary(),
        "published_outside": outside(),
        "published_figures": figures(),
        "published_not_expressible": not_expressible(),
    }


def manifest() -> dict[str, Any]:
    """Return how the tables were made."""
    place = ROOT / "docs/validation" / MADE
    found: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return found


def changed_since(evidence: Evidence) -> list[str]:
    """Return the scenarios, figures and cards that changed after the tables were made."""
    noted = manifest()
    folder = ROOT / MODELS
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*.yaml")}
    hashes = {name: provenance.file_hash(file) for name, file in files.items()}
    own = {name for name in noted["files"].keys() | hashes.keys()
           if noted["files"].get(name) != hashes.get(name)}  # fmt: skip
    shipped = {
        name
        for name, digest in noted["cards"].items()
        if name.split("/")[1] not in evidence.cards(name.split("/")[0])
        or provenance.file_hash(evidence.file_of(*name.split("/"))) != digest
    }
    return sorted(own | shipped)


def made(evidence: Evidence) -> str:
    """Return with what the tables were made, and whether it changed since."""
    people = ", ".join(f"{size} in `{name}`" for name, size in manifest()["patients"].items())
    stale = changed_since(evidence)
    state = (
        f"**These figures are stale;** changed since: {', '.join(f'`{name}`' for name in stale)}."
        if stale
        else "No scenario, figure or card behind them has changed since."
    )
    return f"Patients: {people}. {state}\n"


def summary() -> str:
    """Return how many figures of each model lie inside."""
    rows = saved(TABLE)
    body = [
        (
            model, f"`{name}`", *(int((part["verdict"] == verdict).sum())
            for verdict in (INSIDE, OUTSIDE, NOT_EXPRESSIBLE)), part["tolerances_set"].iloc[0],
        )
        for (model, name), part in rows.groupby(["model", "scenario"], sort=False)
    ]  # fmt: skip
    head = ("model", "scenario", INSIDE, OUTSIDE, NOT_EXPRESSIBLE, "tolerances set on")
    return table(head, body)


def versus(row: Any) -> str:
    """Return whose figure a row is, and from whom it is a difference."""
    return f"`{row.strategy}`" + (f" less `{row.against}`" if row.against else "")


def outside() -> str:
    """Return what lies outside, why, and by how much named changes explain it."""
    rows, changes = saved(TABLE), saved(CHANGES)
    body = []
    for row in rows[rows["verdict"] == OUTSIDE].itertuples():
        same = changes[
            (changes["scenario"] == row.scenario)
            & (changes["figure"] == row.figure)
            & (changes["strategy"] == row.strategy)
        ]
        told = "; ".join(f"{one.change}: {digits(one.changed)}" for one in same.itertuples())
        body.append((
            f"`{row.scenario}`", row.figure, versus(row), digits(row.published),
            with_error(row.ours, row.se), limits(row.low, row.high), row.why, told,
        ))  # fmt: skip
    head = ("scenario", "figure", "strategy", "published", "ours", "agreed", "why", "ours if")
    return table(head, body)


def figures() -> str:
    """Return every figure that can be compared, model by model."""
    rows = saved(TABLE)
    text = ""
    for name, part in rows[rows["verdict"] != NOT_EXPRESSIBLE].groupby("scenario", sort=False):
        body = [
            (
                row.figure, versus(row), digits(row.published) + RECALLED * (not row.seen),
                with_error(row.ours, row.se), digits(row.difference), limits(row.low, row.high),
                f"**{row.verdict}**" if row.verdict == OUTSIDE else row.verdict,
            )
            for row in part.itertuples()
        ]  # fmt: skip
        head = ("figure", "strategy", "published", "ours", "difference", "agreed", "")
        text += f"`{name}`:\n\n" + table(head, body) + "\n"
    return text.rstrip("\n") + "\n"


def not_expressible() -> str:
    """Return what our structure cannot say, and why."""
    rows = saved(TABLE)
    rows = rows[rows["verdict"] == NOT_EXPRESSIBLE].drop_duplicates(["scenario", "figure"])
    body = ((f"`{row.scenario}`", row.figure, row.why) for row in rows.itertuples())
    return table(("scenario", "figure", "why"), body)
