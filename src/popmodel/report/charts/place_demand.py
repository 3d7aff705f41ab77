"""How many places are needed, year by year: places open, and places that leave nobody waiting."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from popmodel.report import style
from popmodel.report.charts import places
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import PLACES, About, Result, each_row
from popmodel.report.words import number

NAME = "place_demand"
QUESTION = "How many places are needed, year by year?"
NEED = "#ca4a00"


def table(result: Result) -> pd.DataFrame:
    """Return demand.csv of one structure, by panel."""
    found = places.with_panels(places.headline(result, f"{PLACES}demand"), result.about)
    told = ["–" if math.isnan(x) else f"{x:,.0f} d" for x in found["wait_days_median"]]
    return found.assign(told=told)


def draw_place_demand(table: pd.DataFrame, ax: Axes) -> None:
    """Draw places open and in use as bars, places needed as markers, the median wait above."""
    ax.bar(table["year"], table["places"], width=0.72, color="#d9d9d9", hatch="////",
           edgecolor=style.PAPER)  # fmt: skip
    ax.bar(table["year"], table["in_use"], width=0.72, color=places.WAITING, edgecolor=style.PAPER)
    ax.plot(table["year"], table["places_needed"], "D", color=NEED, ls=style.DASHES[2], ms=5)
    top = float(table[["places", "places_needed"]].max().max())
    for row in each_row(table):
        ax.annotate(row.told, (row.year, max(row.places, row.places_needed)), (0, 6),
                    textcoords="offset points", ha="center", size=6.4)  # fmt: skip
    ax.set_ylim(0.0, 1.22 * top)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(axis="x", visible=False)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel a strategy (service, site)."""
    fig = places.panels_figure(
        table, about, QUESTION, finding(table, about), draw_place_demand,
        ("Year", "Places (above: median wait)"), 1, 2.1, share_y=False,
    )  # fmt: skip
    handles = [
        Patch(facecolor=places.WAITING, edgecolor=style.PAPER),
        Patch(facecolor="#d9d9d9", hatch="////", edgecolor=style.PAPER),
        Line2D([], [], color=NEED, marker="D", ls=style.DASHES[2]),
    ]
    style.key(fig, about, handles, ["in use", "idle", "needed so that nobody waits"], 3)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say in which year places reach what is needed."""
    told = []
    for panel in places.panel_names(table)[:2]:
        own = table[table["panel"] == panel]
        enough = own[own["places"] >= own["places_needed"]]
        when = f"from year {int(enough['year'].min())}" if len(enough) else "in no year"
        last = own.iloc[-1]
        told.append(
            f"{about.labels[str(last['strategy'])]}: places reach the need {when}; in the end "
            f"{number(last['places'], 1)} are open and {number(last['places_needed'], 1)} needed"
        )
    return f"{'. '.join(told)}{under(about.main_structure, about)}."


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what bars and diamonds are."""
    return (
        "Bars: places in use and idle, means over a year and over replicates; diamonds: places in "
        "use if there were one for everybody on the day; above: median days that courses begun in "
        "the year were waited for. A mean need leaves no reserve for weeks with more referrals."
    )


CHART = Chart(NAME, QUESTION, (f"{PLACES}demand",), table, figure, finding, reading)
