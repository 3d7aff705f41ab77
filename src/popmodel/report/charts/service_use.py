"""How well are places used: in use against open by week, the idle share and what it costs."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from popmodel.report import style
from popmodel.report.charts import places
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import About, Result
from popmodel.report.words import number, percent, short_money
from popmodel.units import WEEKS_PER_YEAR

NAME = "service_use"
QUESTION = "How well are the places used?"
IDLE = "#d9d9d9"


def table(result: Result) -> pd.DataFrame:
    """Return places open and in use by week, with the idle share and its cost, one structure."""
    weekly = places.headline(result, "services")
    keys = ["strategy", "service", "site"]
    use = places.headline(result, "service_use")[
        [*keys, "place_years", "place_years_in_use", "idle_share", "cost_of_idleness"]
    ]
    found = weekly[[*keys, "structure", "label", "order", "week", "places", "in_use"]]
    found = found.merge(use, on=keys, how="left")
    currency = result.about.currency
    found["told"] = [
        f"{percent(share)} idle" + (f"\n{short_money(cost, currency)}" if pd.notna(cost) else "")
        for share, cost in zip(found["idle_share"], found["cost_of_idleness"], strict=True)
    ]
    return places.with_panels(found.assign(years=found["week"] / WEEKS_PER_YEAR), result.about)


def draw_service_use(table: pd.DataFrame, ax: Axes) -> None:
    """Draw places in use under places open; what lies between is idle."""
    years = table["years"]
    ax.fill_between(years, 0.0, table["in_use"], color=places.WAITING, lw=0, step="post")
    ax.fill_between(
        years, table["in_use"], table["places"], facecolor=IDLE, hatch="////",
        edgecolor=style.PAPER, lw=0, step="post",
    )  # fmt: skip
    ax.step(years, table["places"], where="post", color=places.PLACES, ls=style.DASHES[1], lw=1.2)
    ax.text(
        0.02, 0.95, str(table["told"].iloc[0]), transform=ax.transAxes, ha="left", va="top",
        size=8, weight="bold", bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 2.0},
    )  # fmt: skip
    ax.set_xlim(0.0, float(years.max()))
    ax.set_ylim(0.0, 1.5 * float(table["places"].max()))
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel a strategy (service, site)."""
    fig = places.panels_figure(
        table, about, QUESTION, finding(table, about), draw_service_use,
        ("Years since the start", "Places"), 1, 1.9, share_y=False,
    )  # fmt: skip
    handles = [
        Patch(facecolor=places.WAITING),
        Patch(facecolor=IDLE, hatch="////", edgecolor=style.PAPER),
        Line2D([], [], color=places.PLACES, ls=style.DASHES[1]),
    ]
    style.key(fig, about, handles, ["in use", "idle", "open"], 3)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say which place-years are idle most, and what that costs."""
    first = table.drop_duplicates("panel")
    worst = places.top(first, "idle_share")
    told = (
        f"{about.labels[str(worst['strategy'])]}{places.of_service(worst, table)} uses "
        f"{number(worst['place_years_in_use'], 1)} of "
        f"{number(worst['place_years'], 1)} place-years; {percent(worst['idle_share'])} are idle"
    )
    if pd.notna(worst["cost_of_idleness"]):
        told += f", which costs {short_money(worst['cost_of_idleness'], about.currency)}"
    return f"{told}{under(about.main_structure, about)}."


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what the areas are."""
    money = (
        " The cost of idle place-years is undiscounted, for the whole horizon and one replicate."
    )
    return (
        "Areas: places in use and idle at the start of a week, mean of replicates; dashed: open. "
        "A place is in use from the start of a course until it could take the next patient."
        + (money if table["cost_of_idleness"].notna().any() else "")
    )


CHART = Chart(NAME, QUESTION, ("services", "service_use"), table, figure, finding, reading)
