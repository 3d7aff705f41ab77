"""Which single numbers could change the answer: net benefit at their low and high ends."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from popmodel.report import style
from popmodel.report.charts import sensitivity
from popmodel.report.charts.chart import Chart
from popmodel.report.tables import About, Result, each_row
from popmodel.report.words import short_money

NAME = "tornado"
QUESTION = "Which single numbers could change the answer?"
LOW, HIGH = "#de8f05", "#0173b2"
ROOM = 0.24
"""Room beside the bars for the values of the factor, as a share of the axis."""


def table(result: Result) -> pd.DataFrame:
    """Return the widest factors of each strategy: ends of the factor and of net benefit."""
    rows = sensitivity.headline_rows(result, NAME)
    return sensitivity.ranked(rows, "span")


def draw_tornado(table: pd.DataFrame, ax: Axes) -> None:
    """Draw net benefit from base to the low and the high end of each factor; one strategy."""
    base = table["outcome_base"] / sensitivity.THOUSANDS
    for end, colour, hatch in (("low", LOW, "////"), ("high", HIGH, "")):
        width = table[f"outcome_{end}"] / sensitivity.THOUSANDS - base
        ax.barh(
            table["rank"], width, left=base, height=0.66, color=colour, hatch=hatch,
            edgecolor=style.PAPER, linewidth=0.5,
        )  # fmt: skip
    ax.axvline(float(base.iloc[0]), color=style.INK, lw=1.0)
    ax.axvline(0.0, color=style.SOFT, lw=0.9, ls=(0, (4, 2)))
    _write_values(table, ax)


def _write_values(table: pd.DataFrame, ax: Axes) -> None:
    """Write the value of the factor at each end of its bar."""
    low, high = ax.get_xlim()
    ax.set_xlim(low - ROOM * (high - low), high + ROOM * (high - low))
    for row in each_row(table):
        ends = {"low": row.outcome_low, "high": row.outcome_high}
        first = min(ends, key=lambda name: (ends[name], name))
        for name, value in ends.items():
            left = name == first
            text = sensitivity.value_label(row.low_value if name == "low" else row.high_value)
            at = (
                min(value, row.outcome_base, *ends.values())
                if left
                else max(value, row.outcome_base, *ends.values())
            )
            ax.annotate(
                text, (at / sensitivity.THOUSANDS, row.rank), (-3 if left else 3, 0),
                textcoords="offset points", ha="right" if left else "left", va="center", size=6.0,
            )  # fmt: skip


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return a panel a strategy."""
    rows = int(table["rank"].max()) + 1
    fig = sensitivity.strategy_panels(
        table, about, QUESTION, finding(table, about), draw_tornado,
        sensitivity.benefit_axis(about), rows, 1,
    )  # fmt: skip
    handles = [
        Patch(facecolor=LOW, hatch="////", edgecolor=style.PAPER),
        Patch(facecolor=HIGH, edgecolor=style.PAPER),
    ]
    style.key(fig, about, handles, ["low end of the number", "high end"], 2)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say which number moves net benefit most, and how many could change its sign."""
    first = table.iloc[int(table["span"].argmax())]
    ends = sorted((first["outcome_low"], first["outcome_high"]))
    crossing = table[(table["outcome_low"] * table["outcome_high"] < 0.0)]
    low, high = (short_money(x, about.currency) for x in ends)
    return (
        f"{sensitivity.factor_label(str(first['factor']), 60)} moves the net benefit of "
        f"{about.labels[str(first['strategy'])]} most, from {low} to {high}; alone, "
        f"{len(crossing)} of {len(table)} numbers shown could change a sign"
        f"{sensitivity.where_words(about)}."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what the bars, lines and numbers are."""
    return (
        f"Bars: {sensitivity.benefit_words(about)}, with one number at its 2.5 % (hatched) and "
        "97.5 % quantile and all others at their base (solid line); dashed: 0. At the ends: the "
        "number itself. All runs share patients and luck. Numbers move together only where they "
        "are drawn together, so what several do jointly is not in the picture."
    )


CHART = Chart(NAME, QUESTION, (NAME,), table, figure, finding, reading)
