"""The tables at the end of a report: what is counted, what is unverified, what is left to say."""

from __future__ import annotations

from popmodel.report.cheers import OPEN, checklist
from popmodel.report.inventory import SAVED, inventory
from popmodel.report.plain_words import uncertainty_rows
from popmodel.report.printed import Cell, Table
from popmodel.report.tables import Result
from popmodel.report.unverified import unverified
from popmodel.report.words import money, number, structure_label


def uncertainty_table(result: Result) -> Table | None:
    """Return by strategy the limits over draws, and how often it is worth it and the best."""
    rows = uncertainty_rows(result)
    if not rows:
        return None
    about = result.about_psa
    price = money(about.main_wtp or 0.0, about.currency)
    where = f", {structure_label(about.main_structure).lower()}" * (len(about.structures) > 1)
    columns = ["Extra cost", "Extra QALYs", "Worth its cost", "Best of all"]
    caption = (
        f"Difference from {about.labels[about.comparator]}: mean and 95 % of "
        f"{number(about.samples)} draws; shares of draws at {price} per QALY{where}"
    )
    told = [(name, [Cell(text) for text in cells]) for name, cells in rows]
    flags: dict[str, str] = {}
    return Table(caption, "Strategy", columns, told, [], flags, _psa_file(result, "plane"))


def _psa_file(result: Result, name: str) -> str:
    """Return where a table of the probabilistic analysis lies, seen from the page."""
    below = (result.directory / "psa" / f"{name}.csv").is_file()
    return f"psa/{name}.csv" if below else f"{name}.csv"


def inventory_table(result: Result) -> Table:
    """Return the impact inventory."""
    rows = [
        (row.name, [Cell(row.sector), Cell(row.health_care), Cell(row.societal), Cell(row.note)])
        for row in inventory(result)
    ]
    caption = "Impact inventory: which effects and costs each perspective counts"
    columns = ["Sector", "Health-care", "Societal", "What it is"]
    source = f"{SAVED}.csv" if result.has(SAVED) else ""
    return Table(caption, "Impact", columns, rows, [], {}, source, is_text=True)


def unverified_table(result: Result) -> Table | None:
    """Return the numbers that nobody has read in a source and that matter most, if known."""
    found, count = unverified(result)
    if not found:
        return None
    ranked = any(one.influence for one in found)
    columns = ["Value", "Rests on", "Influence"] if ranked else ["Value", "Rests on"]
    rows = [
        (
            one.path,
            [Cell(one.value), Cell(one.rests_on), *([Cell(one.influence or "–")] * ranked)],
        )
        for one in found
    ]
    order = "the most influential first" if ranked else "recalled ones of treatments given first"
    caption = f"{number(len(found))} of {number(count)} numbers not read in a source, {order}"
    return Table(caption, "Path for popmodel explain", columns, rows, [], {}, is_text=True)


def cheers_table(result: Result, plain: list[str]) -> tuple[Table, int]:
    """Return the CHEERS 2022 checklist, and how many items are left to the author."""
    items = checklist(result, plain)
    rows = [(name, [Cell("" if is_open else said, OPEN if is_open else "", is_open)])
            for name, said, is_open in items]  # fmt: skip
    table = Table(
        "CHEERS 2022 items, filled from the run", "Item", ["Reported"], rows, [], {}, is_text=True
    )
    return table, sum(is_open for _, _, is_open in items)
