"""Which strategy is best over two numbers at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from popmodel.report import style
from popmodel.report.charts import sensitivity
from popmodel.report.charts.chart import Chart
from popmodel.report.tables import STRUCTURE, About, Result, each_part, each_row, with_labels
from popmodel.report.words import percent, short_money

NAME = "two_way_map"
QUESTION = "Which strategy is best over two numbers at once?"


def table(result: Result) -> pd.DataFrame:
    """Return the best strategy and its lead for every pair of values, with `column` and `row`."""
    rows = result.table("best_on_grid")
    shown = with_labels(rows, result.about)
    for name, source in (("column", "value"), ("row", "other_value")):
        rank = shown.groupby(STRUCTURE)[source].rank(method="dense")
        shown[name] = rank.astype(int) - 1
    return shown


def draw_map(table: pd.DataFrame, ax: Axes, strategies: int) -> None:
    """Draw the best strategy of every cell as its colour and number; one structure."""
    cells = table.pivot(index="row", columns="column", values="order")
    colours = [style.look(k).colour for k in range(strategies)]
    rows, columns = cells.shape
    ax.pcolormesh(
        np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5, cells.to_numpy(),
        cmap=ListedColormap(colours), vmin=-0.5, vmax=strategies - 0.5, edgecolor=style.PAPER,
        linewidth=0.8,
    )  # fmt: skip
    for row in each_row(table):
        ax.text(
            row.column, row.row, str(row.order + 1), ha="center", va="center", size=7,
            color=style.ink_on(colours[row.order]),
        )  # fmt: skip
    ax.grid(visible=False)
    for axis, place, value in ((ax.xaxis, "column", "value"), (ax.yaxis, "row", "other_value")):
        ticks = table.drop_duplicates(place).sort_values(place)
        axis.set_ticks(ticks[place], [sensitivity.value_label(x) for x in ticks[value]], size=6.2)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one map a structure."""
    structures = list(dict.fromkeys(table[STRUCTURE]))
    columns = style.key_columns(about)
    rows = style.key_rows(len(about.labels), columns)
    fig = style.page(4.1 + 0.15 * rows, QUESTION, finding(table, about), about, rows)
    (axes,) = style.panels(fig, 1, len(structures), sharey=False)
    for ax, (structure, own) in zip(axes, each_part(table, STRUCTURE), strict=True):
        draw_map(own, ax, len(about.labels))
        style.head(ax, str(structure), about)
        ax.tick_params(axis="x", rotation=90)
    axes[len(axes) // 2].set_xlabel(sensitivity.factor_label(str(table["factor"].iloc[0]), 70))
    axes[0].set_ylabel(sensitivity.factor_label(str(table["other"].iloc[0]), 50))
    style.strategy_key(fig, about, lines=False, columns=columns)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say which strategy is best in most cells and how small the smallest lead is."""
    own = table[table[STRUCTURE] == sensitivity.main_structure(table, about)]
    counts = own["strategy"].value_counts()
    lead = short_money(float(own["lead"].min()), about.currency)
    best, where = about.labels[str(counts.index[0])], sensitivity.where_words(about)
    if len(counts) == 1:
        return f"{best} is best in all {len(own)} combinations{where}, nowhere by less than {lead}."
    return (
        f"{best} is best in {percent(counts.iloc[0] / len(own))} of {len(own)} "
        f"combinations{where}, and {len(counts)} strategies are best somewhere; the smallest lead "
        f"is {lead}."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what cells, colours and numbers are."""
    wtp = short_money(about.main_wtp or 0.0, about.currency)
    return (
        f"Cells: the strategy with the highest net benefit at {wtp} per QALY when two numbers have "
        "the values at the axes and all others stay at their base; colour and number name it. The "
        "values are quantiles of what is believed of each number, so steps differ in width. All "
        "runs share patients and luck."
    )


CHART = Chart(NAME, QUESTION, ("best_on_grid",), table, figure, finding, reading)
