"""What changes for budgets, year by year: stacked areas above and below zero, and their sum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from popmodel.report import style
from popmodel.report.charts import grid
from popmodel.report.charts.chart import Chart, under
from popmodel.report.charts.cost_by_category import HEALTH_CARE, LABELS
from popmodel.report.tables import STRUCTURE, About, Result, each_part, each_row, with_labels
from popmodel.report.words import short_money, title_of

NAME = "budget_impact"
QUESTION = "What does it change in each year's budget?"
PAYER_LOOKS: dict[str, tuple[str, str]] = {
    "health_system": ("#0173b2", ""),
    "employer_and_household": ("#b8a88a", "----"),
    "patient": ("#7028d0", "\\\\\\\\"),
}
NET = "net"


def table(result: Result) -> pd.DataFrame:
    """Return `structure, strategy, label, order, year, by, part, change, low, high`.

    Undiscounted money per patient more than under the comparator, in the main structure. Parts are
    payers, or categories where one payer bears all; part `net` is their sum.
    """
    about = result.about
    saved = result.table("budget")
    saved = saved[saved[STRUCTURE] == about.main_structure]
    if about.perspective == HEALTH_CARE:
        saved = saved[saved["perspective"] == HEALTH_CARE]
    by = "payer" if saved["payer"].nunique() > 1 else "category"
    keys = [STRUCTURE, "strategy", "year"]
    saved = saved[saved["strategy"] != about.comparator]
    parts = saved.groupby([*keys, by], sort=False)["inc_cost_per_patient"].sum().reset_index()
    parts = parts.rename(columns={by: "part", "inc_cost_per_patient": "change"})
    moved = parts.groupby("part", sort=False)["change"].transform(lambda c: c.abs().max())
    parts = parts[moved > 0.0].assign(by=by)
    parts = parts.assign(low=_stacked(parts, keys), high=0.0)
    parts["high"] = parts["low"] + parts["change"]
    net = parts.groupby(keys, sort=False)["change"].sum().reset_index()
    net = net.assign(by=by, part=NET, low=0.0, high=net["change"])
    columns = [*keys, "by", "part", "change", "low", "high"]
    return with_labels(pd.concat([parts, net], ignore_index=True)[columns], about)


def _stacked(parts: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Return where each part begins: what costs more is stacked up, what costs less down."""
    is_more = parts["change"] > 0.0
    sums = parts.assign(more=is_more).groupby([*keys, "more"], sort=False)["change"].cumsum()
    return sums - parts["change"]


def draw_budget(table: pd.DataFrame, ax: Axes, looks: dict[str, tuple[str, str]]) -> None:
    """Draw the areas of one strategy, one step a year, and the line of their sum."""
    for part, own in each_part(table[table["part"] != NET], "part"):
        colour, hatch = style.part_look(looks, part)
        edges = np.append(own["year"] - 0.5, own["year"].max() + 0.5)
        low = np.append(own["low"], own["low"].iloc[-1]) / 1000
        high = np.append(own["high"], own["high"].iloc[-1]) / 1000
        ax.fill_between(
            edges, low, high, step="post", facecolor=colour, hatch=hatch, edgecolor=style.PAPER,
            linewidth=0.3, zorder=2,
        )  # fmt: skip
    net = table[table["part"] == NET]
    edges = np.append(net["year"] - 0.5, net["year"].max() + 0.5)
    line = np.append(net["change"], net["change"].iloc[-1]) / 1000
    ax.step(edges, line, where="post", color=style.INK, lw=1.6, zorder=4)
    ax.axhline(0, color=style.INK, lw=0.7, zorder=3)


def write_net(table: pd.DataFrame, ax: Axes, about: About, room: float) -> None:
    """Write the sum of each year above its areas, or below where they lie under zero."""
    net = table[table["part"] == NET]
    tops = table.groupby("year")["high"].max().clip(lower=0.0)
    for row in each_row(net):
        sign = "+" if row.change > 0 else ""
        ax.text(
            row.year, (float(tops[row.year])) / 1000 + room,
            f"{sign}{short_money(row.change, about.currency)}", ha="center", va="bottom", size=5.9,
            color=style.INK, zorder=5,
        )  # fmt: skip


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel a strategy on common axes."""
    names = grid.others(list(table["strategy"]), about)
    parts = [p for p in dict.fromkeys(table["part"]) if p != NET]
    looks = PAYER_LOOKS if table["by"].iloc[0] == "payer" else style.CATEGORY_LOOKS
    rows, _ = grid.shape(len(names))
    key_rows = style.key_rows(len(parts) + 1, 4)
    fig = style.page(
        1.05 + 1.85 * rows + 0.15 * key_rows, QUESTION, finding(table, about), about, key_rows
    )
    axes, lines = grid.panels_of(fig, len(names), sharex=True, sharey=True)
    low, high = float(table["low"].min()), float(table["high"].max())
    low = min(low, float(table["high"].min()), 0.0) / 1000
    span = (max(high, 0.0) / 1000 - low) or 1.0
    for ax, strategy in zip(axes, names, strict=True):
        own = table[table["strategy"] == strategy]
        draw_budget(own, ax, looks)
        write_net(own, ax, about, 0.02 * span)
        ax.set_title(style.panel_title(strategy, about, 29))
        ax.grid(visible=False, axis="x")
    years = sorted(table["year"].unique())
    step = -(-len(years) // 6)
    axes[0].set_xticks(years[::step])
    axes[0].set_xlim(min(years) - 0.5, max(years) + 0.5)
    axes[0].set_ylim(low - 0.04 * span, low + 1.14 * span)
    year = f"{about.price_year} {about.currency}".strip()
    for line in lines:
        line[0].set_ylabel(f"Change per patient\n({year}, thousands)")
    for ax in grid.bottom(lines):
        ax.set_xlabel("Year")
    handles: list[Any] = [Line2D([], [], color=style.INK, lw=1.6)]
    for part in parts:
        colour, hatch = style.part_look(looks, part)
        handles.append(Patch(facecolor=colour, hatch=hatch, edgecolor=style.PAPER, linewidth=0.5))
    style.key(fig, about, handles, ["net", *(_part(p) for p in parts)], 4)
    return fig


def _part(part: str) -> str:
    return LABELS.get(part, title_of(part))


def finding(table: pd.DataFrame, about: About) -> str:
    """Say what the strategy with the largest change adds in the first year and over all."""
    net = table[table["part"] == NET]
    whole = net.groupby("strategy", sort=False)["change"].sum()
    most = str(whole.abs().idxmax())
    own = net[net["strategy"] == most].sort_values("year")
    first, every = float(own["change"].iloc[0]), float(whole[most])

    def told(amount: float) -> str:
        words = short_money(abs(amount), about.currency)
        return f"{words} {'more' if amount >= 0 else 'less'}"

    return (
        f"{about.labels[most]} spends {told(first)} per patient in the first year and "
        f"{told(every)} over {len(own)} years than {about.labels[about.comparator]}"
        f"{under(about.main_structure, about)}."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what areas and the line are, and what budget they belong to."""
    by = "payer" if table["by"].iloc[0] == "payer" else "category of the one payer"
    return (
        f"Areas: undiscounted spending of each year from the start, by {by}, per patient who "
        f"entered, more (above zero) or less (below) than under {about.labels[about.comparator]}; "
        "line and numbers: the sum. Everybody changes on the first day; how fast a service takes "
        "a pathway up is not in it. Years are not cumulated."
    )


CHART = Chart(NAME, QUESTION, ("budget",), table, figure, finding, reading)
