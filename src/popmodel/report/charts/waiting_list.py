"""How long is the waiting list, against demand and places: lines by week, one panel a strategy."""

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
from popmodel.report.tables import About, Result, each_row
from popmodel.report.words import number
from popmodel.units import WEEKS_PER_YEAR

NAME = "waiting_list"
QUESTION = "How long is the waiting list, and do places keep up with demand?"
SMOOTHED = 4
"""Weeks over which referrals are averaged, themselves and those before."""


def table(result: Result) -> pd.DataFrame:
    """Return services.csv with `years`, `demand` and the start-up phase, one structure."""
    weekly = places.headline(result, "services")
    keys = ["strategy", "service", "site"]
    use = places.headline(result, "service_use")[
        [*keys, "start_up_weeks", "settled", "wait_days_median", "wait_days_median_after_start_up"]
    ]
    weekly = weekly.merge(use, on=keys, how="left")
    referred = weekly.groupby(keys, sort=False)["joined"]
    weekly["demand"] = referred.transform(lambda x: x.rolling(SMOOTHED, min_periods=1).mean())
    weekly["years"] = weekly["week"] / WEEKS_PER_YEAR
    weekly["start_up_years"] = weekly["start_up_weeks"] / WEEKS_PER_YEAR
    return places.with_panels(weekly, result.about)


def draw_waiting_list(table: pd.DataFrame, ax: Axes) -> None:
    """Draw patients waiting with their band, referrals a week and places; shade the start-up."""
    ax.axvspan(0.0, float(table["start_up_years"].iloc[0]), color=places.START_UP, lw=0, zorder=0)
    ax.fill_between(
        table["years"], table["waiting_p10"], table["waiting_p90"], color=places.WAITING,
        alpha=0.22, lw=0,
    )  # fmt: skip
    ax.plot(table["years"], table["waiting"], color=places.WAITING)
    ax.plot(table["years"], table["demand"], color=places.DEMAND, ls=style.DASHES[2], lw=1.3)
    ax.step(
        table["years"], table["places"], where="post", color=places.PLACES, ls=style.DASHES[1],
        lw=1.3,
    )  # fmt: skip
    ax.set_xlim(0.0, float(table["years"].max()))
    ax.set_yscale("symlog", linthresh=10.0, linscale=1.2)
    drawn = float(table[["waiting", "waiting_p90", "demand", "places"]].max().max())
    top = max(ax.get_ylim()[1], 1.1 * drawn)  # axes are common, and keep what is set first
    ax.set_ylim(0.0, top)
    ticks = [t for t in (0, 2, 4, 6, 8, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
             if t <= top]  # fmt: skip
    ax.set_yticks(ticks, [f"{t:,}" for t in ticks])
    ax.yaxis.set_minor_locator(MaxNLocator(1))
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel a strategy (service, site) on common axes."""
    fig = places.panels_figure(
        table, about, QUESTION, finding(table, about), draw_waiting_list,
        ("Years since the start", "Patients, or places"), 2, 2.1,
    )  # fmt: skip
    handles = [
        Line2D([], [], color=places.WAITING),
        Patch(facecolor=places.WAITING, alpha=0.22),
        Line2D([], [], color=places.DEMAND, ls=style.DASHES[2]),
        Line2D([], [], color=places.PLACES, ls=style.DASHES[1]),
        Patch(facecolor=places.START_UP),
    ]
    told = ["waiting (mean)", "10 to 90 % of replicates", "referred a week", "places open",
            "start-up phase"]  # fmt: skip
    style.key(fig, about, handles, told, 3)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say when the list is longest and how long it is at the end, panel by panel."""
    told = []
    longest = table.groupby("panel", sort=False)["waiting"].max()
    for panel in longest.sort_values(ascending=False, kind="stable").index[:2]:
        own = table[table["panel"] == panel]
        top, last = places.top(own, "waiting"), own.iloc[-1]
        told.append(
            f"{about.labels[str(last['strategy'])]}{places.of_service(last, table)}: at most "
            f"{number(top['waiting'])} waiting (year {number(top['years'], 1)}), "
            f"{number(last['waiting'])} at the end; median wait "
            f"{_days(last['wait_days_median'])} days"
        )
    return f"{'. '.join(told)}{under(about.main_structure, about)}."


def _days(value: float) -> str:
    return "unknown" if math.isnan(value) else number(value)


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what lines and shades are, and the waits after the start-up phase."""
    first = table.drop_duplicates("panel")
    after = [
        f"{about.labels[str(row.strategy)]} {_days(row.wait_days_median)} days of all and "
        f"{_days(row.wait_days_median_after_start_up)} of those who joined after it"
        for row in each_row(first)
    ]
    return (
        "Solid: patients waiting at the start of a week, mean of replicates, with the band from "
        f"the 10th to the 90th percentile; dotted: referred a week, over {SMOOTHED} weeks; "
        "dashed: places open. The axis is linear up to 10 and logarithmic above. Shaded: start-up, "
        "by MSER-5 on the mean queue up to the first change of places; where it does not settle, "
        f"all of that stretch. Median waits: {'; '.join(after[:6])}."
    )


CHART = Chart(NAME, QUESTION, ("services", "service_use"), table, figure, finding, reading)
