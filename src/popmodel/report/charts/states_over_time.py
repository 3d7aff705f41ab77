"""What state patients are in, week by week: stacked areas, one panel a strategy."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from popmodel.report import style
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import STRUCTURE, About, Result, thinned, with_labels
from popmodel.report.words import percent, title_of
from popmodel.units import WEEKS_PER_YEAR
from popmodel.vocabulary import STATES

NAME = "states_over_time"
QUESTION = "What state are patients in, week by week?"
STACK = (
    "recovered", "remitted", "responding", "on_course", "waiting", "untreated", "in_crisis", "dead",
)  # fmt: skip
"""From the bottom: the well first, the dead last."""


def table(result: Result) -> pd.DataFrame:
    """Return `structure, strategy, label, order, week, years, state, share`, one structure."""
    weekly = thinned(result.weekly())
    weekly = weekly[weekly[STRUCTURE] == result.about.main_structure]
    states = [state for state in STACK if state in weekly.columns]
    states += [state for state in STATES if state in weekly.columns and state not in states]
    shares = weekly[states].div(weekly[states].sum(axis=1).clip(lower=1), axis=0)
    wide = weekly[[STRUCTURE, "strategy", "week"]].assign(
        years=weekly["week"] / WEEKS_PER_YEAR, **shares
    )
    long = wide.melt(
        [STRUCTURE, "strategy", "week", "years"], states, var_name="state", value_name="share"
    )
    return with_labels(long, result.about)


def draw_states(table: pd.DataFrame, ax: Axes) -> None:
    """Draw the stacked shares of one strategy, the first state of the table at the bottom."""
    names = list(dict.fromkeys(table["state"]))
    parts = [table[table["state"] == name] for name in names]
    areas = ax.stackplot(
        parts[0]["years"], *(part["share"] for part in parts), edgecolor=style.PAPER, linewidth=0.4
    )
    for area, name in zip(areas, names, strict=True):
        colour, hatch = style.part_look(style.STATE_LOOKS, name)
        area.set_facecolor(colour)
        area.set_hatch(hatch)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel a strategy on common axes."""
    names = list(dict.fromkeys(table["state"]))
    columns = min(3, len(about.labels))
    rows = style.key_rows(len(about.labels), columns)
    key_rows = style.key_rows(len(names), 4)
    height = 0.95 + 1.95 * rows + 0.15 * key_rows
    fig = style.page(height, QUESTION, finding(table, about), about, key_rows)
    grid = style.panels(fig, rows, columns, sharex=True, sharey=True)
    axes = [ax for row in grid for ax in row]
    for ax, strategy in zip(axes, about.labels, strict=False):
        draw_states(table[table["strategy"] == strategy], ax)
        ax.set_title(style.panel_title(strategy, about))
        ax.grid(visible=False)
        ax.set_ylim(0, 1)
        ax.set_xlim(0, max(float(table["years"].max()), 1 / WEEKS_PER_YEAR))
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    for ax in grid[-1]:
        ax.set_xlabel("Years since the start")
    for row in grid:
        row[0].set_ylabel("Share of all who entered")
    style.hide_unused(axes, len(about.labels), columns)
    style.part_key(fig, about, style.STATE_LOOKS, {name: title_of(name) for name in names}, 4)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say how many are well, untreated and dead at the end, under the best and the comparator."""
    last = table[table["week"] == table["week"].max()]
    wide = last.pivot_table(index="strategy", columns="state", values="share", sort=False)
    well = wide[[s for s in ("remitted", "recovered") if s in wide]].sum(axis=1)
    best = str(well.idxmax())
    years = f"{last['years'].iloc[0]:.1f}".removesuffix(".0")
    told = f"After {years} years {percent(well[best])} are remitted or recovered under"
    told += f" {about.labels[best]}"
    if best != about.comparator:
        told += f", {percent(well[about.comparator])} under {about.labels[about.comparator]}"
    sick = wide.loc[about.comparator].get("untreated", 0.0)
    return (
        f"{told}; under {about.labels[about.comparator]} {percent(sick)} are untreated"
        f"{under(about.main_structure, about)}."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what the areas are."""
    return (
        "Areas: share of all who have entered in each state at the start of a week; every patient "
        "is counted once, the dead too, so each column of the picture sums to 100 %. "
        "Recovered: in remission for six months."
    )


CHART = Chart(NAME, QUESTION, ("weekly",), table, figure, finding, reading)
