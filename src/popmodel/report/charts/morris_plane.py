"""Which numbers matter at all: size of their effects against how much it varies (Morris)."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from popmodel.report import style
from popmodel.report.charts import sensitivity
from popmodel.report.charts.chart import Chart
from popmodel.report.tables import About, Result, each_row
from popmodel.report.words import short_money

NAME = "morris_plane"
QUESTION = "Which numbers matter at all?"
NAMED = 6
"""Points that get a number, in each panel."""


def table(result: Result) -> pd.DataFrame:
    """Return `strategy, label, order, factor, mu_star, low, high, spread, spread_of, rank, number`.

    `spread` is sigma where every factor is one number, else that of the size of effects
    (`spread_of` says which); `number` names the leading factors over all panels, empty for others.
    """
    rows = sensitivity.headline_rows(result, "sweep")
    size = rows[rows["index"] == "mu_star"]
    kinds = ["sigma", "sigma_abs"]
    found = {kind: rows[rows["index"] == kind] for kind in kinds}
    kind = "sigma" if len(found["sigma"]) == len(size) else "sigma_abs"
    keys = ["strategy", "factor"]
    spread = found[kind][[*keys, "value"]].rename(columns={"value": "spread"})
    shown = size.rename(columns={"value": "mu_star"}).merge(spread, on=keys)
    shown = sensitivity.ranked(shown.assign(spread_of=kind), "mu_star", len(shown))
    named = shown[(shown["rank"] < NAMED) & (shown["factor"] != sensitivity.LUCK)]
    best = named.groupby("factor", sort=False)["mu_star"].max().sort_values(ascending=False)
    numbers = {factor: k + 1 for k, factor in enumerate(best.index)}
    shown["number"] = shown["factor"].map(numbers).where(shown["rank"] < NAMED)
    return shown.sort_values(["order", "rank"], kind="stable", ignore_index=True)


def draw_plane(table: pd.DataFrame, ax: Axes) -> None:
    """Draw the factors of one strategy; luck as a cross with its lines; leaders numbered."""
    plain = table[table["factor"] != sensitivity.LUCK]
    luck = table[table["factor"] == sensitivity.LUCK]
    x, y = plain["mu_star"] / sensitivity.THOUSANDS, plain["spread"] / sensitivity.THOUSANDS
    ax.plot(x, y, "o", ms=3.4, color=style.PALETTE[1], mew=0, alpha=0.85)
    for row in each_row(luck):
        at = row.mu_star / sensitivity.THOUSANDS
        ax.plot(at, row.spread / sensitivity.THOUSANDS, "X", ms=6, color="#ca4a00", mew=0)
        ax.axvline(at, color="#ca4a00", lw=1.0, ls=(0, (1.2, 1.2)))
    ax.set_xlim(left=0.0)
    ax.set_ylim(bottom=0.0)
    limit = min(ax.get_xlim()[1], ax.get_ylim()[1])
    ax.plot([0.0, limit], [0.0, limit], color=style.FAINT, lw=0.9, zorder=0)


def write_numbers(table: pd.DataFrame, ax: Axes) -> None:
    """Write the numbers of the leading factors beside their points, none over another."""
    named = table[table["number"].notna()].sort_values("spread")
    low, high = ax.get_ylim()
    wanted = (named["spread"] / sensitivity.THOUSANDS).tolist()
    places = style.spread(wanted, 0.085 * (high - low), low, high)
    for row, place in zip(each_row(named), places, strict=True):
        x, y = row.mu_star / sensitivity.THOUSANDS, row.spread / sensitivity.THOUSANDS
        ax.annotate(
            str(int(row.number)), (x, y), (x + 0.035 * np.diff(ax.get_xlim())[0], place),
            size=6.6, va="center", arrowprops={"arrowstyle": "-", "color": style.FAINT, "lw": 0.5},
        )  # fmt: skip


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return a panel a strategy and a key of numbers."""
    named = table[table["number"].notna()].drop_duplicates("factor").sort_values("number")
    rows = style.key_rows(len(named) + 2, 3)
    parts = list(sensitivity.each_strategy(table))
    columns = min(3, len(parts))
    lines = -(-len(parts) // columns)
    fig = style.page(1.25 + 2.1 * lines + 0.15 * rows, QUESTION, finding(table, about), about, rows)
    axes = [ax for row in style.panels(fig, lines, columns) for ax in row]
    style.hide_unused(axes, len(parts), columns)
    for ax, (strategy, own) in zip(axes, parts, strict=False):
        draw_plane(own, ax)
        title = f"{about.order(str(strategy)) + 1}  {about.marked(str(strategy))}"
        ax.set_title(textwrap.fill(title, 26 if columns == 3 else 40))
    for ax in axes[::columns]:
        ax.set_ylabel(f"Spread of the effect\n({about.currency}, thousands)")
    for place in range(max(0, len(parts) - columns), len(parts)):
        axes[place].set_xlabel(f"Size of the effect\n(μ*, {about.currency}, thousands)")
    handles = [Line2D([], [], marker="X", ls="none", color="#ca4a00", ms=6, mew=0)]
    labels = ["patient luck: noise floor"]
    handles.append(Line2D([], [], color=style.FAINT, lw=0.9))
    labels.append("spread as large as the effect")
    for row in each_row(named):
        handles.append(Line2D([], [], marker="o", ls="none", color=style.PALETTE[1], ms=3.4))
        labels.append(f"{int(row.number)} {sensitivity.factor_label(str(row.factor), 34)}")
    style.key(fig, about, handles, labels, 3)
    style.settle(fig)
    for ax, (_, own) in zip(axes, parts, strict=False):
        write_numbers(own, ax)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say which factor has the largest effect and how many stand out of noise."""
    plain = table[table["factor"] != sensitivity.LUCK]
    luck = table[table["factor"] == sensitivity.LUCK].set_index("strategy")["mu_star"]
    first = plain.iloc[int(plain["mu_star"].argmax())]
    floor = plain["strategy"].map(luck).fillna(0.0)
    clear = int((plain["low"].fillna(plain["mu_star"]) > floor).sum())
    return (
        f"{sensitivity.factor_label(str(first['factor']), 60)} has the largest mean effect on net "
        f"benefit, {short_money(first['mu_star'], about.currency)} for "
        f"{about.labels[str(first['strategy'])]}{sensitivity.where_words(about)}; "
        f"{clear} of {len(plain)} effects are clear of noise."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what points and lines are."""
    kind = (
        "standard deviation of the effect (σ)"
        if (table["spread_of"] == "sigma").all()
        else "standard deviation of its size (a factor of several numbers has no sign)"
    )
    return (
        f"Points: factors; across, the mean size of their elementary effects (μ*) on "
        f"{sensitivity.benefit_words(about)} for a move over the central 95 % of what is believed; "
        f"up, the {kind}: far up means the effect depends on the other numbers. Cross and dotted "
        f"line: patient luck, an input that means nothing. {sensitivity.sample_words(table)}"
    )


CHART = Chart(
    NAME, QUESTION, ("sweep",), table, figure, finding, reading, sensitivity.made_by("morris")
)
