"""How many are in remission, and how soon: one line a strategy, one panel a structure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from popmodel.report import style
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import (
    STRUCTURE,
    YEAR_WEEK,
    About,
    Result,
    each_part,
    thinned,
    with_labels,
)
from popmodel.report.words import listed, percent, structure_label
from popmodel.units import WEEKS_PER_YEAR
from popmodel.vocabulary import STATES

NAME = "remission_over_time"
QUESTION = "How many are in remission, and how soon?"
REMISSION = ("remitted", "recovered")
NORMAL_95 = 1.959964


def table(result: Result) -> pd.DataFrame:
    """Return `structure, strategy, label, order, week, years, share, low, high`."""
    weekly = thinned(result.weekly())
    states = [state for state in STATES if state in weekly.columns]
    everyone = weekly[states].sum(axis=1).clip(lower=1)
    share = weekly[list(REMISSION)].sum(axis=1) / everyone
    half = NORMAL_95 * np.sqrt(share * (1 - share) / everyone)
    shown = weekly[[STRUCTURE, "strategy", "week"]].assign(
        years=weekly["week"] / WEEKS_PER_YEAR,
        share=share,
        low=(share - half).clip(lower=0.0),
        high=(share + half).clip(upper=1.0),
    )
    return with_labels(shown, result.about)


def draw_remission(table: pd.DataFrame, ax: Axes) -> None:
    """Draw the shares in remission of one structure, numbered at their ends."""
    ends, looks = [], []
    for order, own in each_part(table, "order"):
        look = style.look(order)
        ax.fill_between(own["years"], own["low"], own["high"], color=look.colour, alpha=0.18, lw=0)
        ax.plot(own["years"], own["share"], color=look.colour, linestyle=look.dash)
        ends.append(float(own["share"].iloc[-1]))
        looks.append(look)
    style.number_ends(ax, float(table["years"].max()), ends, looks)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return the panels of all structures on common axes."""
    columns = style.key_columns(about)
    rows = style.key_rows(len(about.labels), columns)
    fig = style.page(3.35 + 0.15 * rows, QUESTION, finding(table, about), about, rows)
    (axes,) = style.panels(fig, 1, len(about.structures), sharey=True)
    top = float(table["high"].max()) * 1.06
    for ax, structure in zip(axes, about.structures, strict=True):
        ax.set_ylim(0, top)
        ax.set_xlim(0, max(float(table["years"].max()), 1 / WEEKS_PER_YEAR))
        draw_remission(table[table[STRUCTURE] == structure], ax)
        style.head(ax, structure, about)
        ax.set_xlabel("Years since the start")
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes[0].set_ylabel("Share of everyone who entered\n(the dead included)")
    style.strategy_key(fig, about, columns=columns)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say who leads after a year, and whether that holds under every structure."""
    week = min(YEAR_WEEK, int(table["week"].max()))
    at = table[table["week"] == week]
    leaders = {s: _leader(at[at[STRUCTURE] == s]) for s in about.structures}
    main = at[at[STRUCTURE] == about.main_structure].set_index("strategy")
    best = leaders[about.main_structure]
    told = f"After {week} weeks {percent(main['share'][best])} are in remission under"
    told += f" {about.labels[best]}"
    if best != about.comparator:
        other = percent(main["share"][about.comparator])
        told += f", {other} under {about.labels[about.comparator]}"
    told += under(about.main_structure, about)
    others = [s for s in about.structures if leaders[s] != best]
    if not others:
        return f"{told}{'; the same strategy leads under every structure' * (len(leaders) > 1)}."
    named = [f"{about.labels[leaders[s]]} under {structure_label(s).lower()}" for s in others]
    return f"{told}; the lead goes to {listed(named)}."


def _leader(rows: pd.DataFrame) -> str:
    return str(rows.sort_values(["share", "order"], ascending=[False, True])["strategy"].iloc[0])


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what the lines and bands are."""
    return (
        "Lines: share remitted or recovered (MADRS at most 10) among all who have entered. "
        "Bands: 95 % Monte Carlo error from the number of simulated patients, not parameter "
        "uncertainty; strategies share patients and luck, so their differences are known better "
        "than overlapping bands suggest."
    )


CHART = Chart(NAME, QUESTION, ("weekly",), table, figure, finding, reading)
