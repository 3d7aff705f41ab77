"""How net benefit follows the numbers that matter most, over all of what is believed of them."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from popmodel.report import style
from popmodel.report.charts import sensitivity
from popmodel.report.charts.chart import Chart
from popmodel.report.tables import About, Result, each_part
from popmodel.report.words import number, short_money

NAME = "spider"
QUESTION = "How does the answer follow the numbers that matter most?"


def table(result: Result) -> pd.DataFrame:
    """Return net benefit along each leading factor of one strategy, `rank` by span.

    The strategy is that which some number moves most, as in the tornado.
    """
    rows = sensitivity.headline_rows(result, NAME)
    result_of = rows.groupby(["strategy", "factor"], sort=False)["result"]
    spans = result_of.agg(lambda x: x.max() - x.min()).rename("span").reset_index()
    strategy = sensitivity.leading_strategy(spans, "span")
    own = rows[(rows["strategy"] == strategy) & rows["change"].notna()].reset_index(drop=True)
    span = own.groupby("factor")["result"].agg(lambda x: x.max() - x.min())
    order = {name: k for k, name in enumerate(span.sort_values(ascending=False).index)}
    own = own.assign(rank=own["factor"].map(order))
    return own.sort_values(["rank", "quantile"], ignore_index=True)


def draw_spider(table: pd.DataFrame, ax: Axes) -> None:
    """Draw one line a factor: change of the factor against net benefit."""
    for rank, own in each_part(table, "rank"):
        look = style.look(int(rank) + 1)
        ax.plot(
            100.0 * own["change"], own["result"] / sensitivity.THOUSANDS, color=look.colour,
            ls=look.dash, marker=look.marker, ms=3.2, mew=0,
        )  # fmt: skip
    ax.axvline(0.0, color=style.SOFT, lw=0.8)
    ax.axhline(0.0, color=style.SOFT, lw=0.8, ls=(0, (4, 2)))


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel and a key of the factors."""
    names = list(dict.fromkeys(table["factor"]))
    rows = style.key_rows(len(names), 2)
    fig = style.page(3.9 + 0.15 * rows, QUESTION, finding(table, about), about, rows)
    ((ax,),) = style.panels(fig, 1, 1)
    draw_spider(table, ax)
    ax.set_title(style.panel_title(str(table["strategy"].iloc[0]), about))
    ax.set_xlabel("Change of the number from its base (%)")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: number(x)))
    ax.set_ylabel(sensitivity.benefit_axis(about))
    looks = [style.look(k + 1) for k in range(len(names))]
    handles = [
        Line2D([], [], color=x.colour, ls=x.dash, marker=x.marker, ms=3.2, mew=0) for x in looks
    ]
    style.key(fig, about, handles, sensitivity.factor_labels(names, 56), 2)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say how far the first factor moves net benefit over its range."""
    first = table[table["rank"] == 0]
    low, high = first["result"].min(), first["result"].max()
    changes = first["change"]
    return (
        f"Over {number(100 * changes.min())} to {number(100 * changes.max())} % of its base, "
        f"{sensitivity.factor_label(str(first['factor'].iloc[0]), 60)} moves the net benefit of "
        f"{about.labels[str(first['strategy'].iloc[0])]} from "
        f"{short_money(low, about.currency)} to {short_money(high, about.currency)}"
        f"{sensitivity.where_words(about)}."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what the lines are and how far they reach."""
    return (
        f"Lines: {sensitivity.benefit_words(about)} while one number moves and all others stay at "
        "their base, for the strategy with the highest net benefit. Each line reaches as far as "
        "the number is believed to (2.5 % to 97.5 % quantile). All runs share patients and luck."
    )


CHART = Chart(NAME, QUESTION, (NAME,), table, figure, finding, reading)
