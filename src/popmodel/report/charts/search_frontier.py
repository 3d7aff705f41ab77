"""What searched strategies are worth: cost, QALYs and, where places are few, waits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from popmodel.economics.incremental import DOMINATED, EXTENDED_DOMINATED, FRONTIER, REFERENCE
from popmodel.report import style
from popmodel.report.charts.chart import Chart
from popmodel.report.charts.frontier import draw_badges, draw_plane
from popmodel.report.tables import About, Result, each_row, with_labels
from popmodel.report.words import clean, money, number, title_of

NAME = "search_frontier"
QUESTION = "Which searched strategies are worth having?"
NEEDS = ("frontier", "candidates")
TRIED, KEPT, GIVEN, OVER = "tried", "search", "scenario", "over"
MOST_TRIED = 1500
"""Dots of strategies that were only tried."""
KEY_COLUMNS = 2
WAIT_PANELS = (
    ("d_cost", 1000.0, "Extra cost per patient (thousands)"),
    ("d_effect", 1.0, "Extra QALYs per patient"),
)
Z95 = 1.959963984540054


def table(result: Result) -> pd.DataFrame:
    """Return differences from the comparator: of strategies on fresh patients, and of those tried.

    Columns `structure, kind` (`scenario`, `search`: on fresh patients; `tried`: on those of the
    search), `strategy, label, order, rules, status, budget, d_cost, d_effect` and limits,
    `wait_days`, `icer, before_cost, before_effect`.
    """
    about = result.about
    known = with_labels(_renamed(result.table("frontier")), about)
    known = known.assign(kind=known["origin"])
    on_line = known[known["status"].isin([REFERENCE, FRONTIER])].sort_values("d_cost")
    for name in ("cost", "effect"):
        known[f"before_{name}"] = on_line[f"d_{name}"].shift(1)
    known["icer"] = (known["d_cost"] - known["before_cost"]) / (
        known["d_effect"] - known["before_effect"]
    )
    tried = _renamed(result.table("candidates"))
    tried = tried.iloc[:: max(1, -(-len(tried) // MOST_TRIED))].assign(kind=TRIED)
    columns = [
        "structure", "kind", "strategy", "label", "order", "rules", "status", "budget",
        "d_cost", "d_cost_low", "d_cost_high", "d_effect", "d_effect_low", "d_effect_high",
        "wait_days", "icer", "before_cost", "before_effect",
    ]  # fmt: skip
    found = pd.concat([known, tried], ignore_index=True).reindex(columns=columns)
    return found.assign(order=found["order"].fillna(-1).astype(int))


def _renamed(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with differences and their 95 % limits under the names of a plane."""
    for name, column in (("cost", "inc_cost"), ("effect", "inc_qaly")):
        table = table.assign(
            **{
                f"d_{name}": table[column],
                f"d_{name}_low": table[column] - Z95 * table[f"{column}_se"],
                f"d_{name}_high": table[column] + Z95 * table[f"{column}_se"],
            }
        )
    return table


def draw_tried(table: pd.DataFrame, ax: Axes, x: str, y: str, scale: float) -> None:
    """Draw what was only tried: dots within the budget, small crosses above it."""
    own = table[table["kind"] == TRIED]
    fits = own["budget"] != OVER
    for part, marker, colour in ((own[~fits], "x", "#d5d5d5"), (own[fits], "o", "#a8a8a8")):
        ax.plot(
            part[x], part[y] / scale, marker, ms=2.2, mew=0.5 if marker == "x" else 0,
            color=colour, zorder=1,
        )  # fmt: skip


def draw_search_plane(table: pd.DataFrame, ax: Axes) -> None:
    """Draw the plane of extra cost and QALYs: what was tried, what was confirmed, its frontier."""
    draw_tried(table, ax, "d_effect", "d_cost", 1000.0)
    known = table[table["kind"] != TRIED].sort_values("d_cost")
    draw_plane(known, ax)
    ax.axhline(0, color=style.FAINT, lw=0.9, zorder=0)
    ax.axvline(0, color=style.FAINT, lw=0.9, zorder=0)


def draw_waits(table: pd.DataFrame, ax: Axes, column: str, scale: float) -> None:
    """Draw extra cost or QALYs over the days waited."""
    draw_tried(table, ax, "wait_days", column, scale)
    for row in each_row(table[table["kind"] != TRIED]):
        look = style.look(row.order)
        ax.plot(
            row.wait_days, getattr(row, column) / scale, "o", ms=2.6, color=look.colour, zorder=4
        )  # fmt: skip


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return the plane, and beside it waits where anybody waits."""
    waits = bool((table["wait_days"] > 0).any())
    rows = style.key_rows(len(about.labels), KEY_COLUMNS) + 1
    told = finding(table, about)
    fig = style.page(4.1 + 0.15 * rows, QUESTION, told, about, rows)
    (axes,) = style.panels(fig, 1, 3 if waits else 1)
    draw_search_plane(table, axes[0])
    _limits(axes[0], table, "d_effect", "d_cost", 1000.0)
    year = f"{about.price_year} {about.currency}".strip()
    axes[0].set_xlabel("Extra QALYs per patient")
    axes[0].set_ylabel(f"Extra cost per patient\n({year}, thousands)")
    if about.main_wtp:
        slope = about.main_wtp / 1000
        axes[0].axline((0, 0), slope=slope, color=style.SOFT, lw=0.8, ls=(0, (2, 2)), zorder=1)
    if waits:
        for ax, (column, scale, name) in zip(axes[1:], WAIT_PANELS, strict=True):
            draw_waits(table, ax, column, scale)
            _limits(ax, table, "wait_days", column, scale)
            ax.set_xlabel("Days waited per patient")
            ax.set_ylabel(name)
    _keys(fig, table, about)
    style.settle(fig)
    known = table[table["kind"] != TRIED]
    draw_badges(known, axes[0])
    for ax, (column, scale, _) in zip(axes[1:], WAIT_PANELS, strict=False):
        places = {"d_effect": known["wait_days"], "d_cost": known[column] * 1000.0 / scale}
        draw_badges(known.assign(**places), ax)
    return fig


def _limits(ax: Axes, table: pd.DataFrame, x: str, y: str, scale: float) -> None:
    """Fit the axes to what was confirmed and most of what was tried."""
    tried, known = table[table["kind"] == TRIED], table[table["kind"] != TRIED]
    for name, unit, limits in ((x, 1.0, ax.set_xlim), (y, scale, ax.set_ylim)):
        ends_of = [c for c in (name, f"{name}_low", f"{name}_high") if c in table.columns]
        bars = known[ends_of].to_numpy()
        usual = tried[name].quantile([0.01, 0.99]).to_numpy() if len(tried) else np.array([])
        ends = np.concatenate([bars.ravel(), usual])
        low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
        room = 0.12 * ((high - low) or 1.0)
        limits((low - room) / unit, (high + room) / unit)


def _keys(fig: Figure, table: pd.DataFrame, about: About) -> None:
    looks = [style.look(order) for order in range(len(about.labels))]
    handles = [Line2D([], [], ls="none", marker="o", ms=7, color=look.colour) for look in looks]
    labels = style.numbered(about, 126 // KEY_COLUMNS)
    style.key(fig, about, handles, labels, KEY_COLUMNS, raised=1)
    marks = [
        Line2D([], [], color=style.INK, marker="o", ms=6, lw=1.3),
        Line2D([], [], ls="none", marker="s", ms=6, mfc=style.PAPER, mec=style.INK),
        Line2D([], [], ls="none", marker="o", ms=3, color="#a8a8a8"),
    ]
    names = ["frontier", "dominated", "tried in the search"]
    if (table.loc[table["kind"] == TRIED, "budget"] == OVER).any():
        marks.append(Line2D([], [], ls="none", marker="x", ms=3.5, color="#bdbdbd"))
        names.append("tried, over the budget")
    if about.main_wtp:
        marks.append(Line2D([], [], color=style.SOFT, lw=0.8, ls=(0, (2, 2))))
        names.append(f"{money(about.main_wtp, about.currency)} per QALY")
    style.key(fig, about, marks, names, len(names))


def finding(table: pd.DataFrame, about: About) -> str:
    """Say which searched strategy has the highest net benefit and what it buys."""
    price = about.main_wtp or 0.0
    best, rival = (_best(table, kind, price) for kind in (KEPT, GIVEN))
    base, amount = about.labels[about.comparator], money(price, about.currency)
    more = price * (best.d_effect - rival.d_effect) - (best.d_cost - rival.d_cost)
    side = "above" if more >= 0 else "below"
    return (
        f"Worth most at {amount} per QALY: {clean(best.rules, 90)}. Against {base} it "
        f"{_price(best.d_cost, about)} and gains {number(best.d_effect, 3)} QALYs per patient; "
        f"its net benefit is {money(abs(more), about.currency)} {side} that of {rival.label}, the "
        "best that was given."
    )


def _best(table: pd.DataFrame, kind: str, price: float) -> Any:
    """Return the row of a kind with the highest net benefit."""
    own = table[table["kind"] == kind]
    place = int((price * own["d_effect"] - own["d_cost"]).to_numpy().argmax())
    return list(each_row(own))[place]


def _price(amount: float, about: About) -> str:
    told = money(abs(amount), about.currency)
    return f"saves {told}" if amount < 0 else f"costs {told} more"


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what numbers, dots and bars are."""
    tried = number(float((table["kind"] == TRIED).sum()))
    told = (
        f"Numbered: differences from {about.labels[about.comparator]} in discounted cost and QALYs "
        "per patient on fresh patients, whom no proposal had seen; bars: 95 % Monte Carlo limits "
        f"of the paired difference, not parameter uncertainty. Dots: {tried} strategies tried on "
        "the patients of the search, whose best are partly lucky."
    )
    statuses = set(table["status"].dropna())
    if DOMINATED in statuses:
        told += " Squares are dominated by one other strategy."
    if EXTENDED_DOMINATED in statuses:
        told += " Open circles are dominated by a mix of two others."
    structure = title_of(about.main_structure).lower()
    return f"{told} Searched under one form of the model ({structure})."


CHART = Chart(NAME, QUESTION, NEEDS, table, figure, finding, reading)
