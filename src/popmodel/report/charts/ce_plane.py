"""How sure the extra cost and the extra health are: increments draw by draw."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from popmodel.economics.plane import QUADRANTS, ellipse, increments
from popmodel.report import style
from popmodel.report.charts import grid
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import STRUCTURE, About, Result, each_part, each_row, with_labels
from popmodel.report.words import money, number, percent, structure_label

NAME = "ce_plane"
QUESTION = "How sure are the extra cost and the extra health?"
NEEDS = ("psa/psa", "psa/plane")
MOST_DRAWS = 400
"""Dots of a panel; shares and ellipses are of all draws."""
CORNERS = {
    "north_east": (0.985, 0.975, "dearer, better"),
    "south_east": (0.985, 0.025, "cheaper, better"),
    "south_west": (0.015, 0.025, "cheaper, worse"),
    "north_west": (0.015, 0.975, "dearer, worse"),
}
SUMMARY = [*QUADRANTS, "share_worth", "samples"]


def table(result: Result) -> pd.DataFrame:
    """Return `structure, strategy, label, order, kind, effect, cost` and shares beside means.

    `kind` is `draw` (of the main structure, at most 400), `ellipse` or `mean`.
    """
    about = result.about_psa
    means = result.table("psa/plane")
    drawn = result.table("psa/psa")
    drawn = drawn[drawn[STRUCTURE] == about.main_structure]
    dots = increments(drawn, about.comparator).rename(
        columns={"inc_cost": "cost", "inc_effect": "effect"}
    )
    samples = sorted(dots["sample"].unique())
    kept = samples[:: max(1, -(-len(samples) // MOST_DRAWS))]
    dots = dots[dots["sample"].isin(kept)].assign(kind="draw", structure=about.main_structure)
    parts = [dots.drop(columns="sample"), *(_ellipse(row) for _, row in means.iterrows())]
    points = means.rename(columns={"inc_cost": "cost", "inc_effect": "effect"})
    parts.append(points.assign(kind="mean"))
    columns = [STRUCTURE, "strategy", "kind", "effect", "cost", *SUMMARY]
    whole = pd.concat(parts, ignore_index=True).reindex(columns=columns)
    return with_labels(whole, about)


def _ellipse(row: pd.Series) -> pd.DataFrame:
    cost, effect = ellipse(row)
    return pd.DataFrame(
        {"structure": row[STRUCTURE], "strategy": row["strategy"], "kind": "ellipse",
         "effect": effect, "cost": cost}
    )  # fmt: skip


def draw_cloud(table: pd.DataFrame, ax: Axes, about: About) -> None:
    """Draw the cloud, ellipses and mean of one strategy."""
    look = style.look(int(table["order"].iloc[0]))
    dots = table[table["kind"] == "draw"]
    ax.plot(dots["effect"], dots["cost"] / 1000, "o", ms=1.8, mew=0, alpha=0.4, color=look.colour)
    lines = grid.main_line(about)
    for structure, own in each_part(table[table["kind"] == "ellipse"], STRUCTURE):
        dash, width = lines[structure]
        colour = style.as_text(look.colour) if structure == about.main_structure else style.SOFT
        ax.plot(own["effect"], own["cost"] / 1000, ls=dash, lw=width, color=colour, zorder=4)
    mean = table[(table["kind"] == "mean") & (table[STRUCTURE] == about.main_structure)]
    ax.plot(
        mean["effect"], mean["cost"] / 1000, look.marker, ms=6, mfc=style.PAPER, mec=style.INK,
        mew=1.2, zorder=5,
    )  # fmt: skip


def write_shares(table: pd.DataFrame, ax: Axes, about: About) -> None:
    """Write in each corner which share of the draws lies there."""
    rows = table[(table["kind"] == "mean") & (table[STRUCTURE] == about.main_structure)]
    for row in each_row(rows):
        for quadrant, (x, y, told) in CORNERS.items():
            share = percent(getattr(row, quadrant))
            ax.text(
                x, y, f"{share}\n{told}" if y > 0.5 else f"{told}\n{share}", size=6.2,
                transform=ax.transAxes, ha="right" if x > 0.5 else "left",
                va="top" if y > 0.5 else "bottom", color=style.SOFT, linespacing=1.15, zorder=6,
                bbox={"fc": style.PAPER, "lw": 0, "pad": 0.5, "alpha": 0.75},
            )  # fmt: skip


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel a strategy on common axes."""
    names = grid.others(list(table["strategy"]), about)
    rows, _ = grid.shape(len(names))
    fig = style.page(1.25 + 2.15 * rows, QUESTION, finding(table, about), about, 1)
    axes, lines = grid.panels_of(fig, len(names), sharex=True, sharey=True)
    for ax, strategy in zip(axes, names, strict=True):
        own = table[table["strategy"] == strategy]
        ax.axhline(0, color=style.INK, lw=0.8, zorder=1)
        ax.axvline(0, color=style.INK, lw=0.8, zorder=1)
        draw_cloud(own, ax, about)
        write_shares(own, ax, about)
        ax.set_title(style.panel_title(strategy, about, 29))
    _limits(axes[0], table)
    if about.main_wtp:
        for ax in axes:
            ax.axline((0, 0), slope=about.main_wtp / 1000, color=style.SOFT, lw=0.9, ls=(0, (2, 2)))
    year = f"{about.price_year} {about.currency}".strip()
    for line in lines:
        line[0].set_ylabel(f"Extra cost per patient\n({year}, thousands)")
    for ax in grid.bottom(lines):
        ax.set_xlabel("Extra QALYs per patient")
    _key(fig, about)
    return fig


def _limits(ax: Axes, table: pd.DataFrame) -> None:
    for values, set_limits in ((table["effect"], ax.set_xlim), (table["cost"] / 1000, ax.set_ylim)):
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        span = (high - low) or 1.0
        set_limits(low - 0.2 * span, high + 0.2 * span)


def _key(fig: Figure, about: About) -> None:
    handles = [Line2D([], [], ls="none", marker="o", ms=6, mfc=style.PAPER, mec=style.INK)]
    labels = ["mean of the draws"]
    for structure, (dash, width) in grid.main_line(about).items():
        handles.append(Line2D([], [], color=style.INK, ls=dash, lw=width))
        where = f": {structure_label(structure).lower()}" if len(about.structures) > 1 else ""
        labels.append(f"95 % ellipse{where}")
    if about.main_wtp:
        handles.append(Line2D([], [], color=style.SOFT, lw=0.9, ls=(0, (2, 2))))
        labels.append(f"{money(about.main_wtp, about.currency)} per QALY")
    style.key(fig, about, handles, labels, len(labels))


def finding(table: pd.DataFrame, about: About) -> str:
    """Say which strategy is most often worth its price, and how often it is better."""
    main = table[(table["kind"] == "mean") & (table[STRUCTURE] == about.main_structure)]
    row = main.iloc[int(main["share_worth"].argmax())]
    better = float(row["north_east"] + row["south_east"])
    price = money(about.main_wtp or 0.0, about.currency)
    return (
        f"{about.labels[str(row['strategy'])]} is better than {about.labels[about.comparator]} in "
        f"{percent(better)} of {number(float(row['samples']))} draws, and worth its cost at "
        f"{price} per QALY in {percent(float(row['share_worth']))}"
        f"{under(about.main_structure, about)}."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what dots, ellipses and shares are."""
    return (
        f"Dots: difference from {about.labels[about.comparator]} in discounted cost and QALYs per "
        f"patient in one draw of all uncertain numbers (at most {MOST_DRAWS} shown"
        f"{under(about.main_structure, about)}); ellipse: 95 % of a normal distribution with "
        "their mean and covariance; in the corners the share of all draws. Luck of the simulated "
        "patients is part of the spread. Below the dotted line a QALY costs less than its price."
    )


CHART = Chart(NAME, QUESTION, NEEDS, table, figure, finding, reading)
