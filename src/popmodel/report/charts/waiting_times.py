"""How long do whom wait: median and 90th percentile by severity, line, biotype and site."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from popmodel.report import style
from popmodel.report.charts import places
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import About, Result, each_part, each_row
from popmodel.report.words import clean, number, title_of

NAME = "waiting_times"
QUESTION = "Who waits how long for a place?"
DIMENSIONS = {
    "all": "Everybody", "severity_band": "Severity", "line": "Line", "biotype": "Biotype",
    "site": "Site",
}  # fmt: skip
WIDE = 30
"""Times by which waits of services differ before the axis is logarithmic above a day."""


def table(result: Result) -> pd.DataFrame:
    """Return waits.csv of one structure, with `row`: the place of each group from the top."""
    found = places.headline(result, "waits")
    about = result.about
    found = found[found["wait_days_mean"].notna()].reset_index(drop=True)
    several = found["service"].nunique() > 1
    names = [
        (f"{title_of(str(r.service))}: " if several else "")
        + f"{DIMENSIONS.get(str(r.dimension), title_of(str(r.dimension)))}: "
        + (about.biotypes.get(str(r.group)) or clean(title_of(str(r.group)), 30))
        for r in each_row(found)
    ]
    found["name"] = [name.replace("Everybody: All", "Everybody") for name in names]
    rank = {name: n for n, name in enumerate(dict.fromkeys(found["name"]))}
    return found.assign(row=found["name"].map(rank))


def draw_waiting_times(table: pd.DataFrame, ax: Axes) -> None:
    """Draw a marker at the median and a line to the 90th percentile, by group and strategy."""
    orders = sorted(set(table["order"]))
    for order, own in each_part(table, "order"):
        look = style.look(int(order))
        y = own["row"] + 0.7 * ((orders.index(order) + 0.5) / len(orders) - 0.5)
        ax.hlines(y, own["wait_days_median"], own["wait_days_p90"], color=look.colour, lw=1.6,
                  linestyle=look.dash)  # fmt: skip
        reach = 1.96 * own["wait_days_median_se"].fillna(0.0)
        ax.errorbar(
            own["wait_days_median"], y, xerr=reach, fmt=look.marker, color=look.colour, ms=4.5,
            elinewidth=3.0, alpha=0.9,
        )  # fmt: skip
        ax.plot(own["wait_days_p90"], y, "|", color=look.colour, ms=6)
    names = table.drop_duplicates("row").sort_values("row")
    ax.set_yticks(names["row"], names["name"])
    ax.set_ylim(float(table["row"].max()) + 0.6, -0.6)
    longest = float(table[["wait_days_median", "wait_days_p90"]].max().max())
    if longest > WIDE * _shortest(table):
        ax.set_xscale("symlog", linthresh=1.0)
        ticks = [t for t in (0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10_000) if t <= 1.2 * longest]
        ax.set_xticks(ticks, [f"{t:,}" for t in ticks])
        ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(0.0, 1.1 * longest if longest > 0.0 else None)
    ax.grid(axis="y", visible=False)


def _shortest(table: pd.DataFrame) -> float:
    """Return the longest wait of the service whose longest wait is shortest."""
    return float(
        table.groupby("service")[["wait_days_median", "wait_days_p90"]].max().max(axis=1).min()
    )


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel with a row for each group."""
    rows = int(table["row"].max()) + 1
    strategies = table.drop_duplicates("order").sort_values("order")
    keys = style.key_rows(len(strategies), 3)
    fig = style.page(1.0 + 0.15 * keys + 0.27 * rows, QUESTION, finding(table, about), about, keys)
    ax = style.panels(fig, 1, 1)[0][0]
    draw_waiting_times(table, ax)
    ax.set_xlabel("Days waited: marker at the median, bar at the 90th percentile")
    looks = [style.look(int(order)) for order in strategies["order"]]
    handles = [Line2D([], [], color=x.colour, ls=x.dash, marker=x.marker, ms=4.5) for x in looks]
    told = [f"{int(r.order) + 1} {about.marked(str(r.strategy))}" for r in each_row(strategies)]
    style.key(fig, about, handles, [clean(t, 42) for t in told], 3)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say how long everybody waits, and which severity waits longest, under the longest wait."""
    whole = table[table["dimension"] == "all"]
    worst = places.top(whole, "wait_days_mean")
    bands = table[
        (table["dimension"] == "severity_band") & (table["strategy"] == worst["strategy"])
        & (table["service"] == worst["service"])
    ].dropna(subset=["wait_days_median"])  # fmt: skip
    told = (
        f"Under {about.labels[str(worst['strategy'])]}{places.of_service(worst, table)} half of "
        f"those served wait {_days(worst['wait_days_median'])} days or more, one in ten more than "
        f"{_days(worst['wait_days_p90'])}"
    )
    if len(bands) > 1:
        most = places.top(bands, "wait_days_median")
        told += (
            f"; the longest median by severity is that of {title_of(str(most['group'])).lower()}"
        )
        told += f" depression, {_days(most['wait_days_median'])} days"
    return f"{told}{under(about.main_structure, about)}."


def _days(value: float) -> str:
    return "unknown" if math.isnan(value) else number(value)


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what markers and lines are."""
    return (
        "Markers: median days waited, by Kaplan-Meier over courses served and still waited for "
        "(of beds, a wait that ended at home is cut short too), with 95 % limits from replicates "
        "(thick); thin bars: 90th percentile. Groups are as they were when joining the queue; who "
        "left it otherwise is counted in the table and not here. "
        f"Where waits of services differ more than {WIDE} times, the axis is logarithmic from a "
        "day on."
    )


CHART = Chart(NAME, QUESTION, ("waits",), table, figure, finding, reading)
