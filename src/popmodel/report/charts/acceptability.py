"""Which strategy is most likely worth most: CEAC of all, CEAF bold."""

from __future__ import annotations

from itertools import groupby

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from popmodel.report import style
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import STRUCTURE, About, Result, each_part, with_labels
from popmodel.report.words import money, percent

NAME = "acceptability"
QUESTION = "Which strategy is most likely worth most, and which is best on average?"


def table(result: Result) -> pd.DataFrame:
    """Return `structure, strategy, label, order, wtp, probability, chosen`.

    `chosen`: has the highest expected net benefit at this price.
    """
    curves = result.table("psa/ceac")
    front = result.table("psa/ceaf")[[STRUCTURE, "wtp", "strategy"]].assign(chosen=True)
    both = curves.merge(front, on=[STRUCTURE, "wtp", "strategy"], how="left")
    both["chosen"] = both["chosen"].eq(True)
    return with_labels(both, result.about_psa)


def draw_acceptability(table: pd.DataFrame, ax: Axes) -> None:
    """Draw the curves of one structure; the strategy to choose is bold where it is to choose."""
    for order, own in each_part(table, "order"):
        look = style.look(order)
        wtp = own["wtp"] / 1000
        ax.plot(wtp, own["probability"], color=look.colour, ls=look.dash, lw=1.2, zorder=3)
        for _, part in groupby(zip(own["chosen"], wtp, own["probability"], strict=True), _chosen):
            points = list(part)
            if points[0][0]:
                x, y = [p[1] for p in points], [p[2] for p in points]
                ax.plot(x, y, color=style.INK, lw=5.0, solid_capstyle="butt", zorder=2)
                ax.plot(x, y, color=look.colour, lw=3.4, solid_capstyle="butt", zorder=2)


def _chosen(point: tuple[bool, float, float]) -> bool:
    return bool(point[0])


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return the panels of all structures on common axes."""
    columns = style.key_columns(about)
    rows = style.key_rows(len(about.labels), columns) + 1
    fig = style.page(3.35 + 0.15 * rows, QUESTION, finding(table, about), about, rows)
    (axes,) = style.panels(fig, 1, len(about.structures), sharex=True, sharey=True)
    end = float(table["wtp"].max()) / 1000
    for ax, structure in zip(axes, about.structures, strict=True):
        own = table[table[STRUCTURE] == structure]
        draw_acceptability(own, ax)
        for price in about.wtp:
            ax.axvline(price / 1000, color=style.SOFT, lw=0.7, ls=(0, (1, 2)), zorder=1)
        style.head(ax, structure, about)
        ax.set_xlim(float(table["wtp"].min()) / 1000, end)
        ax.set_ylim(0, 1)
        last = own[own["wtp"] == own["wtp"].max()]
        looks = [style.look(order) for order in last["order"]]
        style.number_ends(ax, end, list(last["probability"]), looks)
    axes[0].xaxis.set_major_locator(MaxNLocator(6, prune="upper"))
    axes[0].yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes[0].set_ylabel("Probability of being best")
    axes[len(axes) // 2].set_xlabel(f"Willingness to pay per QALY ({about.currency}, thousands)")
    _keys(fig, about, columns)
    return fig


def _keys(fig: Figure, about: About, columns: int) -> None:
    looks = [style.look(order) for order in range(len(about.labels))]
    handles = [Line2D([], [], color=x.colour, ls=x.dash, lw=1.4) for x in looks]
    style.key(fig, about, handles, style.numbered(about, 126 // columns), columns, raised=1)
    bold = [
        Line2D([], [], color=style.INK, lw=4.5),
        Line2D([], [], color=style.SOFT, lw=0.7, ls=(0, (1, 2))),
    ]
    told = ["bold where best on average (acceptability frontier)", "prices of the scenario"]
    style.key(fig, about, bold, told, 2)


def finding(table: pd.DataFrame, about: About) -> str:
    """Say which strategy is to choose at the middle price, and how likely it is the best."""
    price = about.main_wtp or float(table["wtp"].median())
    main = table[(table[STRUCTURE] == about.main_structure) & table["chosen"]]
    row = main.iloc[int((main["wtp"] - price).abs().argmin())]
    often = table[(table[STRUCTURE] == about.main_structure) & (table["wtp"] == row["wtp"])]
    top = often.iloc[int(often["probability"].argmax())]
    told = (
        f"At {money(float(row['wtp']), about.currency)} per QALY "
        f"{about.labels[str(row['strategy'])]} is best on average and in "
        f"{percent(float(row['probability']))} of the draws{under(about.main_structure, about)}"
    )
    if top["strategy"] != row["strategy"]:
        told += f"; most often best is {about.labels[str(top['strategy'])]}"
        told += f" ({percent(float(top['probability']))})"
    return f"{told}."


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what the lines are, and what they are not."""
    return (
        "Lines: share of draws in which a strategy has the highest net benefit; at every price "
        "they sum to 100 %. Bold: the strategy with the highest expected net benefit, the one to "
        "choose; it need not be the one most often best. All strategies are judged on the same "
        "draws."
    )


CHART = Chart(NAME, QUESTION, ("psa/ceac", "psa/ceaf"), table, figure, finding, reading)
