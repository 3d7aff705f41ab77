"""What the charts of sensitivity analyses share: the headline outcome, factors, panels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from popmodel.errors import RunError
from popmodel.report import style
from popmodel.report.charts.chart import under
from popmodel.report.tables import STRUCTURE, About, Result, each_part, with_labels
from popmodel.report.words import clean, number, short_money

LUCK = "luck"
MOST_FACTORS = 8
FACTOR_LETTERS = 30
FOLDERS = ("treatments.", "disease.", "economics.", "population.", "structure.", "fit.")
BAR = 0.36
THOUSANDS = 1000.0


def headline(about: About) -> str:
    """Return the outcome that charts of sensitivity show: net benefit at the middle amount."""
    return f"inc_nmb_{about.main_wtp:.10g}" if about.main_wtp is not None else "inc_qaly"


def headline_rows(result: Result, name: str) -> pd.DataFrame:
    """Return the rows of a saved table on the headline outcome under the main structure.

    Raises:
        RunError: the sweep has no such rows.
    """
    rows = outcome_rows(result, name)
    return rows[rows[STRUCTURE] == main_structure(rows, result.about)].reset_index(drop=True)


def outcome_rows(result: Result, name: str) -> pd.DataFrame:
    """Return the rows of a saved table on the headline outcome, of every structure.

    Raises:
        RunError: the sweep has no such rows.
    """
    about, rows = result.about, result.table(name)
    if "outcome" in rows:
        rows = rows[rows["outcome"] == headline(about)]
    if rows.empty:
        raise RunError(f"{name}.csv has no rows on {headline(about)}")
    return with_labels(rows, about).reset_index(drop=True) if "strategy" in rows else rows


def made_by(*methods: str) -> Callable[[Result], bool]:
    """Return whether the indices of a result were made by one of some methods."""

    def fits(result: Result) -> bool:
        return set(result.table("sweep")["method"]) <= set(methods)

    return fits


def main_structure(table: pd.DataFrame, about: About) -> str:
    """Return the structure shown: the main one of the result, or the only one of the table."""
    found = list(dict.fromkeys(table[STRUCTURE]))
    return about.main_structure if about.main_structure in found or not found else found[0]


def leading_strategy(table: pd.DataFrame, column: str) -> str:
    """Return the strategy with the largest value of a column; charts of one strategy show it."""
    return str(table["strategy"].iloc[int(table[column].argmax())])


def factor_label(name: str, longest: int = FACTOR_LETTERS) -> str:
    """Return the name of a factor, short enough for an axis; its end is kept."""
    if name == LUCK:
        return "patient luck"
    short = next((name.removeprefix(f) for f in FOLDERS if name.startswith(f)), name)
    plain = clean(short, 200)
    if len(plain) <= longest:
        return plain
    kept = (longest - 1) // 2
    return f"{plain[: longest - 1 - kept]}…{plain[-kept:]}"


def factor_labels(names: list[str], longest: int = FACTOR_LETTERS) -> list[str]:
    """Return labels of factors, longer where two would be the same."""
    short = [factor_label(name, longest) for name in names]
    return [
        label if short.count(label) == 1 else factor_label(name, 2 * longest)
        for name, label in zip(names, short, strict=True)
    ]


def value_label(value: float) -> str:
    """Return the value of a number in three digits, thousands separated: `1.65`, `11,200`."""
    if 1000.0 <= abs(value) < 1e9:
        return number(float(f"{value:.3g}"))
    return f"{value:.3g}".replace("-", "−")


def ranked(table: pd.DataFrame, column: str, most: int = MOST_FACTORS) -> pd.DataFrame:
    """Return the factors of each strategy that lead by a column, with their `rank` from 0."""
    parts = []
    for _, part in each_part(table, "strategy"):
        own = part.sort_values(column, ascending=False, kind="stable").head(most)
        parts.append(own.assign(rank=range(len(own))))
    return pd.concat(parts, ignore_index=True)


def strategy_panels(
    table: pd.DataFrame,
    about: About,
    question: str,
    finding: str,
    draw: Callable[[pd.DataFrame, Axes], None],
    axis: str,
    rows: int,
    key_lines: int = 1,
) -> Figure:
    """Return a figure with one panel of ranked bars a strategy, two beside each other.

    Args:
        table: `strategy, order, factor, rank, …`.
        about: what the result is.
        question: the title.
        finding: the sentence under it.
        draw: draws the rows of one strategy.
        axis: label of the axis below.
        rows: of the panel with most bars.
        key_lines: lines kept for a key.
    """
    parts = list(each_part(table.sort_values(["order", "rank"]), "strategy"))
    columns = min(2, len(parts))
    lines = -(-len(parts) // columns)
    height = 1.35 + lines * (0.55 + 0.19 * rows) + 0.15 * key_lines
    figure = style.page(height, question, finding, about, key_lines)
    axes = [ax for row in style.panels(figure, lines, columns) for ax in row]
    style.hide_unused(axes, len(parts), columns)
    for place, (ax, (strategy, part)) in enumerate(zip(axes, parts, strict=False)):
        draw(part, ax)
        _rank_axis(ax, part, rows)
        ax.set_title(style.panel_title(str(strategy), about))
        ax.xaxis.set_major_locator(MaxNLocator(5))
        if place >= len(parts) - columns:
            ax.set_xlabel(axis)
    return figure


def _rank_axis(ax: Axes, part: pd.DataFrame, rows: int) -> None:
    named = part.drop_duplicates("rank")
    names = [str(name) for name in named["factor"]]
    ax.set_yticks(named["rank"], factor_labels(names), size=6.4, color=style.INK)
    ax.set_ylim(max(rows, 2) - 0.45, -0.55)
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)


def draw_intervals(
    ax: Axes, x: pd.Series[float], y: Any, low: pd.Series[float], high: pd.Series[float]
) -> None:
    """Draw intervals as thin lines across the ends of bars."""
    known = np.isfinite(low) & np.isfinite(high)
    half = np.vstack([(x - low)[known].clip(lower=0), (high - x)[known].clip(lower=0)])
    ax.errorbar(
        x[known], np.asarray(y)[known], xerr=half, fmt="none", ecolor=style.INK, elinewidth=0.8,
        capsize=1.6, capthick=0.8,
    )  # fmt: skip


def benefit_axis(about: About) -> str:
    """Return the label of an axis of incremental net benefit, in thousands."""
    year = f"{about.price_year} " if about.price_year else ""
    wtp = short_money(about.main_wtp or 0.0, about.currency)
    over = clean(about.labels[about.comparator], 24)
    return f"Net benefit over {over}\n({year}{about.currency}, thousands, at {wtp} per QALY)"


def benefit_words(about: About) -> str:
    """Return what is shown, for captions."""
    wtp = short_money(about.main_wtp or 0.0, about.currency)
    return f"net benefit at {wtp} per QALY over {about.labels[about.comparator]}"


def sample_words(table: pd.DataFrame) -> str:
    """Return method, samples and seed of an analysis, for captions."""
    row = table.iloc[0]
    return f"Method {clean(row['method'])}, N = {int(row['n']):,}, seed {int(row['seed'])}."


def where_words(about: About) -> str:
    """Return ` (mixture)` where a result has several structures."""
    return under(about.main_structure, about)


def each_strategy(table: pd.DataFrame) -> Iterator[tuple[Any, pd.DataFrame]]:
    """Yield the rows of each strategy in the order of the scenario."""
    return each_part(table.sort_values("order", kind="stable"), "strategy")
