"""Are there enough samples: how indices settle as the sample grows."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from popmodel.report import style
from popmodel.report.charts import sensitivity
from popmodel.report.charts.chart import Chart
from popmodel.report.tables import About, Result, each_part
from popmodel.report.words import number

NAME = "convergence"
QUESTION = "Are there enough samples?"
LEADING = {"sobol": "ST", "morris": "mu_star", "rbd_fast": "S1"}
MOST = 5
AXIS = {
    "ST": "Total Sobol index (ST)",
    "S1": "First-order index (S1)",
    "mu_star": "Mean size of the effect (μ*)",
    "pawn": "PAWN distance",
    "dgsm": "DGSM",
    "delta": "Borgonovo's delta",
}


def table(result: Result) -> pd.DataFrame:
    """Return the leading index of the leading factors of one strategy by samples, with `rank`."""
    rows = sensitivity.headline_rows(result, NAME)
    method = str(rows["method"].iloc[0])
    rows = rows[rows["index"] == LEADING.get(method, method)]
    last = rows[rows["n"] == rows["n"].max()]
    strategy = sensitivity.leading_strategy(last, "value")
    order = last[last["strategy"] == strategy].sort_values("value", ascending=False, kind="stable")
    rank = {name: k for k, name in enumerate(order["factor"].head(MOST))}
    own = rows[(rows["strategy"] == strategy) & rows["factor"].isin(rank)]
    own = own.assign(rank=own["factor"].map(rank))
    return own.sort_values(["rank", "n"], ignore_index=True)


def draw_settling(table: pd.DataFrame, ax: Axes) -> None:
    """Draw one line a factor with its interval against the size of the sample."""
    for rank, own in each_part(table, "rank"):
        look = style.look(int(rank) + 1)
        ax.fill_between(own["n"], own["low"], own["high"], color=look.colour, alpha=0.13, lw=0)
        ax.plot(
            own["n"], own["value"], color=look.colour, ls=look.dash, marker=look.marker, ms=3.6,
            mew=0,
        )  # fmt: skip
    ax.set_xscale("log", base=2)
    sizes = sorted(set(table["n"]))
    ax.set_xticks(sizes, [number(n) for n in sizes])
    ax.xaxis.set_minor_locator(NullLocator())


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel and a key of the factors."""
    names = list(dict.fromkeys(table["factor"]))
    rows = style.key_rows(len(names), 2)
    fig = style.page(3.7 + 0.15 * rows, QUESTION, finding(table, about), about, rows)
    ((ax,),) = style.panels(fig, 1, 1)
    draw_settling(table, ax)
    ax.set_title(style.panel_title(str(table["strategy"].iloc[0]), about))
    ax.set_xlabel("Samples (N)")
    ax.set_ylabel(AXIS.get(str(table["index"].iloc[0]), str(table["index"].iloc[0])))
    looks = [style.look(k + 1) for k in range(len(names))]
    handles = [
        Line2D([], [], color=x.colour, ls=x.dash, marker=x.marker, ms=3.6, mew=0) for x in looks
    ]
    style.key(fig, about, handles, sensitivity.factor_labels(names, 56), 2)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say how the first factor's index moved in the last doubling, and how wide it is."""
    first = table[table["rank"] == 0]
    last = first.iloc[-1]
    half = (last["high"] - last["low"]) / 2
    digits = 2 if abs(last["value"]) < 10 else 0
    moved = ""
    if len(first) > 1:
        before = first.iloc[-2]
        moved = f", {number(before['value'], digits)} with {int(before['n']):,}"
    return (
        f"With {int(last['n']):,} samples the index of "
        f"{sensitivity.factor_label(str(last['factor']), 60)} is {number(last['value'], digits)} "
        f"± {number(half, digits)}{moved}{sensitivity.where_words(about)}."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what lines and bands are."""
    return (
        f"Lines: the leading index of {sensitivity.benefit_words(about)} from the first part of "
        "the sample, doubled until all of it is used; bands: 95 % bootstrap intervals. Lines that "
        f"still move, or bands that overlap, mean that the ranking is not settled. "
        f"{sensitivity.sample_words(table)}"
    )


CHART = Chart(NAME, QUESTION, (NAME,), table, figure, finding, reading)
