"""Published models beside ours, for `popmodel validate`: what is printed and what is written."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from popmodel.cli.printing import print_json, print_line, print_table, remark

if TYPE_CHECKING:
    from popmodel.trials.published_figures import PublishedModel
    from popmodel.trials.published_models import ChangedRow, Row

MODELS = Path("scenarios/published")
"""Where the scenarios and figures of published models lie, in a checkout."""
TABLE = "published"
CHANGES = "published_changes"
MADE = "published.json"


def folder_of(asked: Path | None) -> Path:
    """Return the folder of published models.

    Raises:
        InputError: none is named and there is no checkout here, or what is named is no folder.
    """
    from popmodel.errors import InputError, Problem

    home = asked or MODELS
    if home.is_dir():
        return home
    told = f"there is no folder {home}"
    raise InputError([Problem("--models", 0, 0, "", told, "name one: --models DIR")])


def publish(models: Path, home: Path | None, as_json: bool) -> None:
    """Compare every published model of a folder, print the table, and write it if asked for.

    Args:
        models: scenarios with their figures.
        home: folder of the dossier; None: nothing is written.
        as_json: print JSON instead of tables.
    """
    known, rows, changed = compared(models)
    if home is not None:
        write(home, models, known, rows, changed)
    if as_json:
        print_json({"figures": [asdict(r) for r in rows], "changes": [asdict(r) for r in changed]})
    else:
        print_rows(rows, changed)


def compared(models: Path) -> tuple[list[PublishedModel], list[Row], list[ChangedRow]]:
    """Return the published models of a folder, their rows, and what explains those outside."""
    from popmodel.trials.published_figures import load_published
    from popmodel.trials.published_models import compare, explain

    known = load_published(models)
    rows = compare(known, tell=remark)
    return known, rows, explain(known, rows)


def print_rows(rows: Sequence[Row], changed: Sequence[ChangedRow]) -> None:
    """Print every figure beside ours, what explains those outside, and what has no counterpart."""
    from popmodel.trials.published_models import counts

    for scenario in dict.fromkeys(row.scenario for row in rows):
        _print_scenario(scenario, [row for row in rows if row.scenario == scenario])
    if changed:
        heads = ("outside", "strategy", "if", "published", "ours", "changed")
        told = [
            (row.figure, row.strategy, row.change, digits(row.published), digits(row.ours),
             digits(row.changed))
            for row in changed
        ]  # fmt: skip
        print_table("What explains those outside, and by how much", heads, told, numbers=3)
    print_line(", ".join(f"{count} {verdict}" for verdict, count in counts(rows).items()))


def _print_scenario(scenario: str, rows: Sequence[Row]) -> None:
    from popmodel.trials.published_models import NOT_EXPRESSIBLE

    heads = ("figure", "strategy", "published", "ours", "difference", "agreed", "verdict")
    cells = [
        (row.figure, versus(row), digits(row.published), with_error(row.ours, row.se),
         digits(row.difference), limits(row.low, row.high), row.verdict + " ~" * row.unsure)
        for row in rows
        if row.verdict != NOT_EXPRESSIBLE
    ]  # fmt: skip
    print_table(scenario, heads, cells, numbers=2)
    if any(row.unsure for row in rows):
        print_line("~ the nearer end of what was agreed lies within the error of ours")
    missing = {row.figure: row.why for row in rows if row.verdict == NOT_EXPRESSIBLE}
    for figure, why in missing.items():
        print_line(f"{NOT_EXPRESSIBLE}: {figure}. {why}")


def versus(row: Row) -> str:
    """Return whose figure a row is, and from whom it is a difference."""
    return f"{row.strategy} less {row.against}" if row.against else row.strategy


def digits(value: float) -> str:
    """Return a number with three or four figures that count; empty if it is none."""
    if not math.isfinite(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def with_error(value: float, error: float) -> str:
    """Return a number with its Monte Carlo error."""
    return f"{digits(value)} ± {f'{error:,.0f}' if error >= 100 else f'{error:.2g}'}"


def limits(low: float, high: float) -> str:
    """Return what was agreed to be near enough, in words."""
    if math.isinf(high):
        return f"above {digits(low)}"
    if math.isinf(low):
        return f"below {digits(high)}"
    return "" if math.isnan(low) else f"{digits(low)} to {digits(high)}"


def write(
    home: Path,
    models: Path,
    known: Sequence[PublishedModel],
    rows: Sequence[Row],
    changed: Sequence[ChangedRow],
) -> None:
    """Write both tables and how they were made, each whole or not at all; the manifest last."""
    from popmodel.report.tables import write_atomically
    from popmodel.safe_csv import safe_csv
    from popmodel.trials.published_models import table_of

    for name, table in ((TABLE, table_of(rows)), (CHANGES, table_of(changed))):
        write_atomically(home / f"{name}.csv", safe_csv(table).encode())
    write_atomically(home / MADE, _made(models, known))
    remark(f"wrote {home / TABLE}.csv")


def _made(models: Path, known: Sequence[PublishedModel]) -> bytes:
    from popmodel import provenance

    files = {path for one in known for path in one.files}
    made = provenance.manifest(
        [],
        patients={one.name: one.scenario.population.size for one in known},
        files={
            path.resolve().relative_to(models.resolve()).as_posix(): provenance.file_hash(path)
            for path in sorted(files)
        },
        cards=_shipped_cards(known),
    )
    return (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode()


def _shipped_cards(known: Sequence[PublishedModel]) -> dict[str, str]:
    """Return the hash of every shipped card that decides what the scenarios give."""
    from popmodel import provenance
    from popmodel.evidence import load_evidence

    shipped = load_evidence()
    names = {
        ("calibrated", choice.calibration) for m in known for choice in m.scenario.structures()
    }
    names |= {
        ("treatments", offer.treat)
        for model in known
        for strategy in model.scenario.strategies.values()
        for offer in strategy.offer
        if offer.treat is not None
    }
    names |= {("disease", name) for name in shipped.disease}
    return {
        f"{group}/{name}": provenance.file_hash(shipped.file_of(group, name))
        for group, name in sorted(names)
        if name in shipped.cards(group)
    }
