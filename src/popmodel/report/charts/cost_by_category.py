"""What the money is spent on: stacked bars by strategy that end at the total."""

from __future__ import annotations

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from popmodel.errors import RunError
from popmodel.report import style
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import STRUCTURE, About, Result, each_part, with_labels
from popmodel.report.words import percent, short_money, title_of

NAME = "cost_by_category"
QUESTION = "What is the money spent on?"
LABELS = {"background": "Other care by state", "crisis": "Crisis care"}
HEALTH_CARE = "health_care"
"""Rows of this perspective count in every one; the others in the societal only."""
TOLERANCE = 1e-4
"""Relative; totals and parts are rounded apart when they are saved."""


def table(result: Result) -> pd.DataFrame:
    """Return `structure, strategy, label, order, category, cost, cost_se, start, total, ...`.

    `start` is where a part begins in its bar, `difference` the total less the comparator's.

    Raises:
        RunError: the categories do not add up to the cost in `strategies.csv`.
    """
    about = result.about
    costs = result.table("cost_by_category")
    if about.perspective != "societal":  # which counts the rows of both
        costs = costs[costs["perspective"] == about.perspective]
    keys = [STRUCTURE, "strategy", "category"]
    parts = costs.groupby(keys, sort=False, as_index=False)[["cost", "cost_se"]].sum()
    total = parts.groupby([STRUCTURE, "strategy"])["cost"].transform("sum")
    start = parts.groupby([STRUCTURE, "strategy"])["cost"].cumsum() - parts["cost"]
    parts = parts.assign(start=start, total=total)
    base = parts[parts["strategy"] == about.comparator].groupby(STRUCTURE)["total"].first()
    parts["difference"] = parts["total"] - parts[STRUCTURE].map(base)
    _check_totals(parts, result)
    return with_labels(parts, about)


def _check_totals(parts: pd.DataFrame, result: Result) -> None:
    column = f"cost_{result.about.perspective}"
    saved = result.table("strategies").set_index([STRUCTURE, "strategy"])[column]
    drawn = parts.groupby([STRUCTURE, "strategy"], sort=False)["total"].first()
    off = (drawn - saved.reindex(drawn.index)).abs() > TOLERANCE * saved.abs().clip(lower=1.0)
    if off.any():
        where = ", ".join(" ".join(pair) for pair in off.index[off])
        raise RunError(f"cost_by_category.csv does not add up to {column} for {where}")


def draw_costs(table: pd.DataFrame, ax: Axes) -> None:
    """Draw one bar a strategy, its parts from left to right; one structure."""
    for category, part in each_part(table, "category"):
        colour, hatch = style.part_look(style.CATEGORY_LOOKS, category)
        ax.barh(
            part["order"], part["cost"] / 1000, left=part["start"] / 1000, height=0.68,
            color=colour, hatch=hatch, edgecolor=style.PAPER, linewidth=0.5,
        )  # fmt: skip


def write_totals(table: pd.DataFrame, ax: Axes, about: About) -> None:
    """Write the total and the difference from the comparator at the end of each bar."""
    ends = table.drop_duplicates("strategy")
    for order, total, difference in zip(
        ends["order"], ends["total"], ends["difference"], strict=True
    ):
        text = short_money(total, about.currency)
        if round(difference):
            sign = "+" if difference > 0 else ""
            text += f"\n{sign}{short_money(difference, about.currency)}"
        ax.annotate(
            text, (total / 1000, order), (5, 0), textcoords="offset points", size=6.8,
            va="center", annotation_clip=False, linespacing=1.15,
        )  # fmt: skip


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return the panels of all structures with a common axis from zero."""
    names = list(dict.fromkeys(table["category"]))
    rows = style.key_rows(len(names), 4)
    height = 1.15 + 0.42 * len(about.labels) + 0.15 * rows
    fig = style.page(height, QUESTION, finding(table, about), about, rows)
    (axes,) = style.panels(fig, 1, len(about.structures), sharex=True, sharey=True)
    room = 1.0 + 0.095 * len(about.structures)
    for ax, structure in zip(axes, about.structures, strict=True):
        own = table[table[STRUCTURE] == structure]
        draw_costs(own, ax)
        write_totals(own, ax, about)
        style.head(ax, structure, about)
        ax.grid(visible=False, axis="y")
    axes[0].set_xlim(0, float(table["total"].max()) / 1000 * room)
    axes[0].set_yticks(
        range(len(about.labels)),
        ["\n".join(textwrap.wrap(name, 22)[:2]) for name in style.numbered(about, 42)],
        color=style.INK,
    )
    axes[0].set_ylim(len(about.labels) - 0.45, -0.55)
    axes[len(axes) // 2].set_xlabel(style.cost_axis_label(about))
    labels = {name: LABELS.get(name, title_of(name)) for name in names}
    style.part_key(fig, about, style.CATEGORY_LOOKS, labels, 4)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say what the cheapest and the dearest cost, and what takes most of the money."""
    main = table[table[STRUCTURE] == about.main_structure]
    totals = main.drop_duplicates("strategy").set_index("strategy")["total"]
    low, high = str(totals.idxmin()), str(totals.idxmax())
    by_category = main.groupby("category", sort=False)["cost"].sum()
    most = str(by_category.idxmax())
    share = percent(by_category[most] / by_category.sum())
    takes = f"{LABELS.get(most, title_of(most)).lower()} takes {share} of it."
    if low == high:
        return f"{about.labels[low]} costs {short_money(totals[low], about.currency)}; {takes}"
    return (
        f"From {short_money(totals[low], about.currency)} a patient under {about.labels[low]} to "
        f"{short_money(totals[high], about.currency)} under {about.labels[high]}"
        f"{under(about.main_structure, about)}; {takes}"
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what the bars and numbers are."""
    return (
        "Bars: mean discounted cost per patient who entered, from zero, by category; at the end "
        f"the total and its difference from {about.labels[about.comparator]}. "
        "Other care by state: what people with depression use outside the courses offered."
    )


CHART = Chart(NAME, QUESTION, ("cost_by_category", "strategies"), table, figure, finding, reading)
