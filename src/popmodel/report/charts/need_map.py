"""Where and when are there too few places: need by place, service and site against time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure

from popmodel.report import style
from popmodel.report.charts import places
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import About, Result, each_row
from popmodel.report.words import number
from popmodel.units import WEEKS_PER_YEAR

NAME = "need_map"
QUESTION = "Where and when are there too few places?"
QUARTERS = 4
EDGES = (0.0, 0.5, 0.9, 1.1, 2.0, 5.0, 20.0, np.inf)
COLOURS = ("#2166ac", "#92c5de", "#f7f7f7", "#fddbc7", "#f4a582", "#d6604d", "#8c1127")
NAMES = ("< 0.5", "0.5–0.9", "0.9–1.1", "1.1–2", "2–5", "5–20", "> 20")


def table(result: Result) -> pd.DataFrame:
    """Return `panel, quarter, years, need`: patients in or waiting for a place, by place open."""
    weekly = places.with_panels(places.headline(result, "services"), result.about)
    length = WEEKS_PER_YEAR / QUARTERS
    last = max(int(np.ceil(weekly["week"].max() / length)) - 1, 0)
    quarter = np.floor(weekly["week"] / length).clip(upper=last).astype(int)
    keys = ["structure", "strategy", "service", "site", "panel", "order", "quarter"]
    found = (
        weekly.assign(quarter=quarter)
        .groupby(keys, sort=False)[["in_use", "waiting", "places"]]
        .mean()
        .reset_index()
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        need = (found["in_use"] + found["waiting"]) / found["places"]
    return found.assign(years=found["quarter"] / QUARTERS, need=need.fillna(0.0))


def draw_need_map(table: pd.DataFrame, ax: Axes) -> None:
    """Draw a cell for each row and quarter, with the number in it where it fits."""
    names = list(dict.fromkeys(table["panel"]))
    for row in each_row(table):
        y = names.index(row.panel)
        band = int(np.searchsorted(EDGES[1:], row.need, side="right"))
        shade = COLOURS[min(band, len(COLOURS) - 1)]
        ax.barh(y, 1 / QUARTERS, left=row.years, height=0.94, color=shade, edgecolor=style.PAPER,
                linewidth=0.4)  # fmt: skip
        ax.text(row.years + 0.5 / QUARTERS, y, _short(row.need), ha="center", va="center", size=5.6,
                color=style.ink_on(shade))  # fmt: skip
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlim(0.0, float(table["years"].max()) + 1 / QUARTERS)
    ax.grid(visible=False)


def _colours() -> tuple[ListedColormap, BoundaryNorm]:
    colours = ListedColormap(list(COLOURS))
    return colours, BoundaryNorm(list(range(len(COLOURS) + 1)), len(COLOURS))


def _short(need: float) -> str:
    if np.isinf(need):
        return "∞"
    return f"{need:.0f}" if need >= 10 else f"{need:.1f}"


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return the map with a scale of colours."""
    rows = table["panel"].nunique()
    fig = style.page(1.8 + 0.46 * rows, QUESTION, finding(table, about), about)
    ax = style.panels(fig, 1, 1)[0][0]
    draw_need_map(table, ax)
    ax.set_xlabel("Years since the start")
    colours, norm = _colours()
    bar = fig.colorbar(ScalarMappable(norm, colours), ax=ax, shrink=0.95, pad=0.01)
    bar.set_ticks([n + 0.5 for n in range(len(NAMES))], labels=list(NAMES))
    bar.ax.minorticks_off()
    bar.ax.tick_params(labelsize=6.0)
    bar.set_label("Need per place", size=7.0)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say where need is highest, and for how long places are short everywhere."""
    top = places.top(table.replace(np.inf, np.nan), "need")
    short = table[table["need"] > 1.0].groupby("panel").size() / QUARTERS
    told = ", ".join(f"{name} {number(years, 2)}" for name, years in short.items())
    return (
        f"At most {number(top['need'], 1)} patients have or want each place "
        f"({about.labels[str(top['strategy'])]}, year {number(top['years'], 2)}); years with more "
        f"need than places: {told or 'none'}{under(about.main_structure, about)}."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what a cell is."""
    return (
        "Cells: patients in a place or waiting for one by place open, mean of a quarter of a year "
        "and of replicates; 1 is a place for everybody, less is idle (blue), more is a queue (red)."
        "  The number is in the cell, so that colour is not needed."
    )


CHART = Chart(NAME, QUESTION, ("services",), table, figure, finding, reading)
