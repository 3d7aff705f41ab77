"""Who gains: net health beside what it does to its fair distribution."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from popmodel.report import style
from popmodel.report.charts import grid
from popmodel.report.charts.chart import Chart, under
from popmodel.report.charts.frontier import badge_offsets
from popmodel.report.tables import STRUCTURE, About, Result, each_row, with_labels
from popmodel.report.words import money, number, title_of

NAME = "equity_plane"
QUESTION = "Does it add health, and does it make health fairer?"
DIMENSIONS = {
    "biotype": "Between biotypes", "severity_band": "Between severities",
    "age_band": "Between ages", "sex": "Between sexes",
}  # fmt: skip


def table(result: Result) -> pd.DataFrame:
    """Return `structure, strategy, label, order, dimension, wtp, inhb, equity_impact, …`.

    The main structure; columns as in `equity.csv`.
    """
    about = result.about
    saved = result.table("equity")
    shown = saved[(saved[STRUCTURE] == about.main_structure)].dropna(
        subset=["inhb", "equity_impact"]
    )
    return with_labels(shown.reset_index(drop=True), about)


def draw_equity(table: pd.DataFrame, ax: Axes) -> None:
    """Draw one point a strategy, of one way of grouping."""
    for row in each_row(table):
        look = style.look(row.order)
        ax.plot(row.inhb, row.equity_impact, look.marker, ms=3.5, color=look.colour, zorder=4)


def number_points(table: pd.DataFrame, ax: Axes) -> None:
    """Write the number of each strategy beside its point."""
    own = table.dropna(subset=["inhb", "equity_impact"])
    points = ax.transData.transform(own[["inhb", "equity_impact"]].to_numpy())
    points = points * 72.0 / ax.figure.dpi
    offsets = badge_offsets(points, 9.0, 9.0, np.empty((0, 2)))
    for row, (dx, dy) in zip(each_row(own), offsets, strict=True):
        look = style.look(row.order)
        ax.annotate(
            str(look.number), (row.inhb, row.equity_impact), (dx, dy), textcoords="offset points",
            ha="center", va="center_baseline", size=7, weight="bold", zorder=6,
            color=style.as_text(look.colour), annotation_clip=False,
            bbox={"fc": style.PAPER, "lw": 0, "pad": 0.4, "alpha": 0.85},
            arrowprops={"arrowstyle": "-", "color": look.colour, "lw": 0.5, "shrinkA": 0,
                        "shrinkB": 1},
        )  # fmt: skip


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel a way of grouping, on common axes."""
    names = list(dict.fromkeys(table["dimension"]))
    columns = style.key_columns(about)
    rows, _ = grid.shape(len(names))
    key_rows = style.key_rows(len(about.labels), columns)
    height = 1.05 + 1.95 * rows + 0.15 * key_rows
    fig = style.page(height, QUESTION, finding(table, about), about, key_rows)
    axes, lines = grid.panels_of(fig, len(names), sharex=True, sharey=True)
    _limits(axes[0], table)
    for ax, dimension in zip(axes, names, strict=True):
        own = table[table["dimension"] == dimension]
        ax.axhline(0, color=style.INK, lw=0.8, zorder=1)
        ax.axvline(0, color=style.INK, lw=0.8, zorder=1)
        draw_equity(own, ax)
        ax.set_title(DIMENSIONS.get(dimension, title_of(dimension)))
    axes[0].yaxis.set_major_locator(MaxNLocator(5))
    for axis in (axes[0].xaxis, axes[0].yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:.4g}".replace("-", "−"))
    for line in lines:
        line[0].set_ylabel("Fairer by (QALYs per patient)")
    for ax in grid.bottom(lines):
        ax.set_xlabel("Net health gained (QALYs per patient)")
    looks = [style.look(order) for order in range(len(about.labels))]
    handles = [Line2D([], [], ls="none", marker=x.marker, ms=6, color=x.colour) for x in looks]
    style.key(fig, about, handles, style.numbered(about, 126 // columns), columns)
    style.settle(fig)
    for ax, dimension in zip(axes, names, strict=True):
        number_points(table[table["dimension"] == dimension], ax)
    return fig


def _limits(ax: Axes, table: pd.DataFrame) -> None:
    for name, set_limits in (("inhb", ax.set_xlim), ("equity_impact", ax.set_ylim)):
        low, high = min(0.0, float(table[name].min())), max(0.0, float(table[name].max()))
        span = (high - low) or 1.0
        set_limits(low - 0.16 * span, high + 0.16 * span)


def finding(table: pd.DataFrame, about: About) -> str:
    """Say how many strategies add health, and what the worst-off get of the best one."""
    price = money(float(table["wtp"].iloc[0]), about.currency)
    main = table[table["dimension"] == table["dimension"].iloc[0]]
    others = main[main["strategy"] != about.comparator]
    where = under(about.main_structure, about)
    if others.empty:
        return f"At {price} per QALY there is nothing to compare: 1 strategy was simulated{where}."
    gains = int((others["inhb"] > 0).sum())
    best = str(others.loc[others["inhb"].idxmax(), "strategy"])
    severity = table[(table["strategy"] == best) & (table["dimension"] == "severity_band")]
    row = (severity if len(severity) else others[others["strategy"] == best]).iloc[0]
    band = str(row["worst_off"]).replace("-", "–")
    group = f"MADRS {band}" if row["dimension"] == "severity_band" else band
    return (
        f"At {price} per QALY {gains} of {len(others)} strategies add net health{where}; the best, "
        f"{about.labels[best]}, gives {number(float(row['inhb']), 3)} QALYs to the average "
        f"patient and {number(float(row['worst_off_inhb']), 3)} to the worst-off ({group})."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what the axes are, and by which weights."""
    price = money(float(table["wtp"].iloc[0]), about.currency)
    return (
        f"Across: QALYs gained less those given up elsewhere for the health-care cost, at {price} "
        f"each, against {about.labels[about.comparator]}. Up: what the change is worth beyond its "
        "mean because it falls to those with less health (Atkinson, ε = "
        f"{number(float(table['aversion'].iloc[0]))}: equal relative gains count equally). Health "
        "of a group: its QALYs over the horizon under the comparator. Points are means; small "
        "groups carry luck."
    )


CHART = Chart(NAME, QUESTION, ("equity",), table, figure, finding, reading)
