"""How sure the share in remission is over time, given all that is in doubt: a fan a strategy."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter

from popmodel.report import style
from popmodel.report.charts.chart import Chart, under
from popmodel.report.charts.grid import bottom, panels_of, shape
from popmodel.report.tables import STRUCTURE, About, Result, each_part, with_labels
from popmodel.report.words import percent
from popmodel.units import WEEKS_PER_YEAR

NAME = "remission_fan"
QUESTION = "How sure is the share in remission over time?"
COLUMNS = ["mean", "low", "lower", "upper", "high"]


def table(result: Result) -> pd.DataFrame:
    """Return `structure, strategy, label, order, week, years, mean, low, lower, upper, high, base`.

    `base` is the mean of the comparator in that week.
    """
    weeks = result.table("psa/psa_weeks")
    about = result.about_psa
    if STRUCTURE in weeks.columns:
        weeks = weeks[weeks[STRUCTURE] == about.main_structure]
    shown = weeks[["strategy", "week", *COLUMNS]].assign(years=weeks["week"] / WEEKS_PER_YEAR)
    shown.insert(0, STRUCTURE, about.main_structure)
    base = shown[shown["strategy"] == about.comparator].set_index("week")["mean"]
    return with_labels(shown.assign(base=shown["week"].map(base)), about)


def draw_fan(table: pd.DataFrame, ax: Axes) -> None:
    """Draw the bands and the mean of one strategy, and the mean of the comparator."""
    look = style.look(int(table["order"].iloc[0]))
    for low, high, strength in (("low", "high", 0.18), ("lower", "upper", 0.35)):
        ax.fill_between(
            table["years"], table[low], table[high], color=look.colour, alpha=strength, lw=0
        )
    ax.plot(table["years"], table["base"], color=style.SOFT, ls=(0, (1, 1.5)), lw=1.1)
    ax.plot(table["years"], table["mean"], color=look.colour, linestyle=look.dash, lw=1.6)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return a panel a strategy on common axes."""
    count = table["strategy"].nunique()
    rows, _ = shape(count)
    fig = style.page(1.2 + 2.1 * rows, QUESTION, finding(table, about), about, 1)
    axes, lines = panels_of(fig, count, sharex=True, sharey=True)
    for ax, (_, own) in zip(axes, each_part(table, "order"), strict=True):
        draw_fan(own, ax)
        ax.set_title(style.panel_title(str(own["strategy"].iloc[0]), about, 29))
        ax.set_ylim(0, min(1.0, float(table["high"].max()) * 1.06))
        ax.set_xlim(0, max(float(table["years"].max()), 1 / WEEKS_PER_YEAR))
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    for line in lines:
        line[0].set_ylabel("Share of all\nwho entered")
    for ax in bottom(lines):
        ax.set_xlabel("Years since the start")
    handles = [
        Line2D([], [], color=style.INK, lw=1.6),
        Patch(facecolor=style.SOFT, alpha=0.6),
        Patch(facecolor=style.SOFT, alpha=0.3),
        Line2D([], [], color=style.SOFT, ls=(0, (1, 1.5)), lw=1.1),
    ]
    labels = ["mean of the draws", "half of the draws", "95 % of the draws",
              f"mean of {about.labels[about.comparator]}"]  # fmt: skip
    style.key(fig, about, handles, labels, len(labels))
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say between which shares remission lies at the end, for the comparator and for the best."""
    last = table[table["week"] == table["week"].max()].set_index("strategy")
    best = str(last["mean"].idxmax())
    week = int(table["week"].max())

    def told(strategy: str) -> str:
        row = last.loc[strategy]
        ends = f"{percent(float(row['low']))} to {percent(float(row['high']))}"
        return f"{percent(float(row['mean']))} ({ends}) under {about.labels[strategy]}"

    where = under(about.main_structure, about)
    both = told(best)
    if best != about.comparator:
        both += f" and {told(about.comparator)}"
    return f"After {week} weeks {both} are in remission{where}: mean and 95 % of the draws."


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what the bands are."""
    return (
        "Lines: share remitted or recovered (MADRS at most 10) among all who have entered, mean "
        "over the draws of all numbers in doubt. Bands: half and 95 % of the draws, the same "
        "patients in each; bands of two strategies overlap although their difference may be sure."
    )


CHART = Chart(NAME, QUESTION, ("psa/psa_weeks",), table, figure, finding, reading)
