"""The report: one offline page with the headline, the tables side by side, and every chart."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from popmodel.economics.incremental import DOMINATED, EXTENDED_DOMINATED, REFERENCE
from popmodel.report import style, summary, words
from popmodel.report.appendix import (
    cheers_table,
    inventory_table,
    uncertainty_table,
    unverified_table,
)
from popmodel.report.charts import REPORTED
from popmodel.report.extrapolated import extrapolated
from popmodel.report.plain_words import answer
from popmodel.report.printed import Cell, Table
from popmodel.report.redraw import FOLDER, draw_all, read_captions
from popmodel.report.style import discount_words, horizon_words, perspective_words
from popmodel.report.tables import (
    PSA,
    STRUCTURE,
    About,
    Result,
    each_row,
    load_result,
    versions_of,
    write_atomically,
)
from popmodel.report.words import clean, money, number, percent, structure_label, title_of

Measures = dict[str, tuple[str, Callable[[float], str]]]
"""Column of a saved table → its printed name, and how a value is written."""

NAME = "report.html"
NORMAL_95 = 1.959964
CRITERIA = {"response": "Gain in response under 10 points", "remission": "Remission under 20 %"}
STATUS_WORDS = {
    REFERENCE: "reference",
    DOMINATED: "dominated",
    EXTENDED_DOMINATED: "extended dominated",
}
"""What stands in place of a cost per QALY."""


def write_report(result_dir: Path, *, charts: bool = True) -> Path:
    """Write `report.html` into a result folder, from its saved tables alone.

    Args:
        result_dir: the folder a run has written.
        charts: draw charts that are not there yet; False shows only those that are.

    Returns:
        The path of the page.

    Raises:
        InputError: the folder or a table is missing or damaged.
    """
    result = load_result(Path(result_dir))
    if charts:
        draw_missing(result)
    page = _environment().get_template("report.html.j2").render(**view(result))
    return write_atomically(result.directory / NAME, page.encode())


def draw_missing(result: Result) -> None:
    """Draw the charts whose tables were saved and whose picture is not there, or is older."""
    known = read_captions(result.directory)
    missing = [
        name
        for name, chart in REPORTED.items()
        if all(result.has(need) for need in chart.needs)
        and not (name in known and _is_fresh(result, name))
        and not chart.table(result).empty
    ]
    if missing:
        draw_all(result.directory, missing)


def _is_fresh(result: Result, name: str) -> bool:
    """Say whether a picture is there and no older than the tables it shows."""
    picture = result.directory / FOLDER / f"{name}.svg"
    return picture.is_file() and picture.stat().st_mtime >= result.changed(REPORTED[name].needs)


def view(result: Result) -> dict[str, Any]:
    """Return everything the page shows, as text; the template decides only where."""
    about = result.about if result.has("strategies") else result.about_psa
    best = summary.best_by_price(result)
    plain = answer(result)
    cheers, open_items = cheers_table(result, plain)
    drawn = figures(result)
    return {
        "about": about,
        "headline": summary.headline(result),
        "plain": plain,
        "uncertainty": uncertainty_table(result),
        "inventory": inventory_table(result),
        "unverified": unverified_table(result),
        "cheers": cheers,
        "open_items": open_items,
        "facts": facts(about),
        "choices": choices_table(best, about),
        "hinges": hinges_words(best, about),
        "only_under_premise": summary.ONLY_UNDER_PREMISE,
        "no_human_data": words.NO_HUMAN_DATA,
        "structures": [
            (structure_label(s), words.STRUCTURE_MEANINGS.get(s, ""), weight_words(result, s))
            for s in about.structures
        ],
        "extrapolated": extrapolated(result),
        "outcomes": outcomes_table(result),
        "frontiers": frontier_tables(result),
        "versus": versus_table(result),
        "figures": [f for f in drawn if not _is_drawn(f["name"])],
        "uncertain_figures": [f for f in drawn if _is_drawn(f["name"])],
        "thresholds_of": thresholds_table(result),
        "treatments": treatments_table(about),
        "counts": summary.counts_of(result.manifest.get("evidence")),
        "made": [*made(result.manifest), *letters(about)],
    }


def weight_words(result: Result, structure: str) -> str:
    """Return the weight that trials held back give a structure, in words; empty if it has none."""
    weights = result.manifest.get("held_out_weight") or {}
    if structure not in weights:
        return ""
    return f"weight by the trials held back {number(weights[structure], 2)}"


def _is_drawn(name: str) -> bool:
    return any(need.startswith(PSA) for need in REPORTED[name].needs)


def letters(about: About) -> list[tuple[str, str]]:
    """Return which letters of labels no installed font has, if any."""
    lacking = style.letters_without_font(style.letters_of(about))
    if not lacking:
        return []
    told = (
        f"{lacking}: boxes in the PNG charts drawn here, because no installed font has them; SVG "
        "charts and this page show them with the fonts of their reader"
    )
    return [("Letters without a font", told)]


def hinges_words(best: pd.DataFrame, about: About) -> str:
    """Return at which prices premise and evidence disagree on the best strategy, or nothing."""
    prices = [w for w in about.wtp if summary.hinges_on_premise(best, w)]
    return words.listed([money(price, about.currency) for price in prices])


def facts(about: About) -> list[tuple[str, str]]:
    """Return what the result is, as term and description."""
    found = [
        ("Perspective", perspective_words(about)),
        ("Prices", f"{about.price_year} {about.currency}".strip()),
        ("Discounting", discount_words(about)),
        ("Horizon", horizon_words(about)),
        ("Patients", f"{number(about.patients)} a strategy" if about.patients else ""),
        ("Comparator", about.labels.get(about.comparator, "")),
        ("Seed", about.seed),
        ("Version", f"popmodel {about.version}".strip()),
    ]
    return [(term, text) for term, text in found if text]


def choices_table(best: pd.DataFrame, about: About) -> Table | None:
    """Return the best strategy by willingness to pay and structure."""
    if best.empty:
        return None
    wide = best.pivot(index="wtp", columns=STRUCTURE, values="strategy")
    rows = []
    for price in about.wtp:
        hinges = summary.hinges_on_premise(best, price)
        cells = [
            Cell(
                about.marked(wide[s][price]),
                summary.ONLY_UNDER_PREMISE if hinges and s == summary.PREMISE else "",
                hinges and s == summary.PREMISE,
            )
            for s in about.structures
        ]
        rows.append((f"{money(price, about.currency)} per QALY", cells))
    names = [structure_label(s) for s in about.structures]
    caption = "Strategy with the highest expected net benefit, by willingness to pay"
    return Table(caption, "Willingness to pay", names, rows, [], {})


def outcomes_table(result: Result) -> Table | None:
    """Return the main outcomes of all strategies, structures side by side."""
    about = result.about
    if not result.has("strategies"):
        return None
    measures: Measures = {
        "remission_12m": ("Remission at 12 months", lambda x: percent(x, 1)),
        "remission_weeks": ("Weeks in remission", lambda x: number(x, 1)),
        "qaly": ("QALYs", lambda x: number(x, 3)),
        f"cost_{about.perspective}": ("Cost", lambda x: money(x, about.currency)),
    }
    caption = "Outcomes per patient who entered, with 95 % Monte Carlo error"
    return _side_by_side(result, "strategies", caption, list(about.labels), measures)


def _side_by_side(
    result: Result, name: str, caption: str, strategies: list[str], measures: Measures
) -> Table:
    """Return the measures a saved table has, with their errors, structures side by side."""
    table, about = result.table(name), result.about
    measures = {column: told for column, told in measures.items() if column in table.columns}
    by = table.set_index([STRUCTURE, "strategy"])
    rows = []
    for strategy in strategies:
        cells = []
        for structure in about.structures:
            for column, (_, told) in measures.items():
                value, error = _estimate(by, (structure, strategy), column)
                cells.append(Cell(told(value), f"±{told(error)}" if error > 0 else ""))
        rows.append((about.marked(strategy), cells))
    columns = [label for _ in about.structures for label, _ in measures.values()]
    groups = _groups(about, len(measures))
    return Table(caption, "Strategy", columns, rows, groups, _strategy_flags(about), f"{name}.csv")


def _estimate(by: pd.DataFrame, key: tuple[str, str], name: str) -> tuple[float, float]:
    if key not in by.index:
        return float("nan"), 0.0
    row = by.loc[[key]].iloc[0]
    error = float(row[f"{name}_se"]) if f"{name}_se" in by.columns else 0.0
    return float(row[name]), NORMAL_95 * error if math.isfinite(error) else 0.0


def _groups(about: About, span: int) -> list[tuple[str, int]]:
    if len(about.structures) < 2:
        return []
    return [(structure_label(s), span) for s in about.structures]


def _strategy_flags(about: About) -> dict[str, str]:
    return {about.marked(s): words.NO_HUMAN_DATA for s in about.assumed}


def frontier_tables(result: Result) -> list[Table]:
    """Return the incremental table of each structure."""
    about = result.about
    if not result.has("incremental"):
        return []
    saved = result.table("incremental").sort_values("cost", kind="stable")
    tables = []
    for structure in about.structures:
        rows = []
        for row in each_row(saved[saved[STRUCTURE] == structure]):
            icer = STATUS_WORDS.get(row.status) or money(row.icer, about.currency)
            cells = [money(row.cost, about.currency), number(row.qaly, 3), icer]
            rows.append((about.marked(row.strategy), [Cell(text) for text in cells]))
        columns = ["Cost", "QALYs", "Cost of one more QALY"]
        several = len(about.structures) > 1
        caption = f"Frontier: {structure_label(structure).lower()}" if several else "Frontier"
        tables.append(Table(caption, "Strategy", columns, rows, [], {}))
    return tables


def versus_table(result: Result) -> Table | None:
    """Return paired differences from the comparator, structures side by side."""
    about = result.about
    others = [strategy for strategy in about.labels if strategy != about.comparator]
    if not others or not result.has("versus_comparator"):
        return None
    measures: Measures = {
        "inc_remission_12m": ("Remission at 12 months, points", lambda x: number(100 * x, 1)),
        "inc_remission_weeks": ("Weeks in remission", lambda x: number(x, 1)),
        "inc_cost": ("Cost", lambda x: money(x, about.currency)),
    }
    caption = (
        f"Difference from {about.labels[about.comparator]}, the same patients and luck paired, "
        "with 95 % Monte Carlo error"
    )
    if about.main_wtp is not None:
        measures[f"nmb_{about.main_wtp:.0f}"] = ("Net benefit", measures["inc_cost"][1])
        caption += f"; net benefit at {money(about.main_wtp, about.currency)} per QALY"
    return _side_by_side(result, "versus_comparator", caption, others, measures)


def thresholds_table(result: Result) -> Table | None:
    """Return at which severity each treatment meets its limits, structures side by side."""
    if not result.has("thresholds"):
        return None
    about = result.about
    table = result.table("thresholds")
    table = table[table["biotype"] == "all"]
    kind = table["criterion"].astype(str).str.contains("remission")
    table = table.assign(kind=kind.map({True: "remission", False: "response"}))
    by = {(r.structure, r.treatment, r.kind): r for r in each_row(table)}
    rows = []
    for treatment in dict.fromkeys(table["treatment"]):
        keys = [(s, treatment, kind) for kind in CRITERIA for s in about.structures]
        cells = [_threshold_cell(by.get(key)) for key in keys]
        rows.append((about.treatment_label(treatment), cells))
    return Table(
        "Severity (MADRS) at which each treatment meets the limit, with 95 % Monte Carlo limits",
        "Treatment",
        [structure_label(s) for _ in CRITERIA for s in about.structures],
        rows,
        [(label, len(about.structures)) for label in CRITERIA.values()],
        _treatment_flags(about),
        "thresholds.csv",
    )


def _threshold_cell(row: Any) -> Cell:
    if row is None:
        return Cell("–")
    if row.status != "crosses" or pd.isna(row.severity):
        return Cell(title_of(row.status).lower())
    limits = f"{number(row.low, 1)} to {number(row.high, 1)}" if pd.notna(row.low) else ""
    return Cell(number(row.severity, 1), limits)


def _treatment_flags(about: About) -> dict[str, str]:
    return {
        about.treatment_label(t): words.NO_HUMAN_DATA
        for t in about.treatments
        if about.is_assumed(t)
    }


def treatments_table(about: About) -> Table | None:
    """Return what is known about each treatment: family, grade, basis of its potency."""
    if not about.treatments:
        return None
    rows = [
        (
            about.treatment_label(treatment),
            [
                Cell(title_of(str(card.get("family", "")))),
                Cell(clean(card.get("grade", "–"))),
                Cell(clean(card.get("basis") or "–")),
                Cell(f"treatments.{clean(treatment)}.potency"),
            ],
        )
        for treatment, card in about.treatments.items()
        if card.get("kind") != "control"
    ]
    return Table(
        "Treatments and the grade of their evidence (A best, D least)",
        "Treatment",
        ["Family", "Grade", "Basis of potency", "Path for popmodel explain"],
        rows,
        [],
        _treatment_flags(about),
        is_text=True,
    )


def figures(result: Result) -> list[dict[str, str]]:
    """Return every chart that was drawn: question, finding, caption, picture as data."""
    known = read_captions(result.directory)
    found = []
    for name in REPORTED:
        path = result.directory / FOLDER / f"{name}.svg"
        if name not in known or not path.is_file():
            continue
        picture = base64.b64encode(path.read_bytes()).decode("ascii")
        found.append(
            {
                "name": name,
                "source": f"data:image/svg+xml;base64,{picture}",
                "table": f"{FOLDER}/{name}.csv",
                **{key: str(known[name].get(key, "")) for key in CAPTION_KEYS},
            }
        )
    return found


CAPTION_KEYS = ("question", "finding", "reading", "origin")


def made(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return how the result was made: versions and every plain value of the manifest."""
    noted = manifest.get("made")
    values = {**manifest, **(noted if isinstance(noted, dict) else {})}
    found = [
        (title_of(str(key)), _plain(value))
        for key, value in values.items()
        if isinstance(value, str | int | float)
    ]
    versions = ", ".join(f"{name} {version}" for name, version in versions_of(manifest).items())
    return [*found, ("Versions", versions)] if versions else found


def _plain(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else clean(value, 200)


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("popmodel.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
