"""Who waits under which order of the queue: median waits by severity, one panel a strategy."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from popmodel.report import style
from popmodel.report.charts import places
from popmodel.report.charts.chart import Chart, under
from popmodel.report.charts.waiting_times import DIMENSIONS
from popmodel.report.tables import PLACES, About, Result, each_part, each_row
from popmodel.report.words import clean, number, title_of

NAME = "who_waits"
QUESTION = "Who waits, under each order of the queue?"


def table(result: Result) -> pd.DataFrame:
    """Return who_waits.csv with the place of each group from the top, one structure."""
    found = places.headline(result, f"{PLACES}{NAME}")
    found = found[found["wait_days_mean"].notna()].reset_index(drop=True)
    about = result.about
    names = [
        "Everybody"
        if r.dimension == "all"
        else f"{DIMENSIONS.get(str(r.dimension), '')}: "
        + (about.biotypes.get(str(r.group)) or clean(title_of(str(r.group)), 26))
        for r in each_row(found)
    ]
    found["name"] = names
    rank = {name: n for n, name in enumerate(dict.fromkeys(names))}
    disciplines = {name: n for n, name in enumerate(dict.fromkeys(found["discipline"]))}
    found = found.assign(row=found["name"].map(rank), rule=found["discipline"].map(disciplines))
    return places.with_panels(found.assign(site="all"), about)


def draw_who_waits(table: pd.DataFrame, ax: Axes) -> None:
    """Draw the mean wait of those served, by group and order of the queue."""
    count = int(table["rule"].max()) + 1
    for rule, own in each_part(table, "rule"):
        look = style.look(int(rule))
        y = own["row"] + 0.66 * ((int(rule) + 0.5) / count - 0.5)
        reach = 1.96 * own["wait_days_mean_se"].fillna(0.0)
        ax.errorbar(own["wait_days_mean"], y, xerr=reach, fmt=look.marker, color=look.colour, ms=4,
                    elinewidth=1.1)  # fmt: skip
    names = table.drop_duplicates("row").sort_values("row")
    ax.set_yticks(names["row"], names["name"])
    ax.set_ylim(float(table["row"].max()) + 0.6, -0.6)
    ax.set_xlim(0.0, None)
    ax.grid(axis="y", visible=False)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel a strategy and service."""
    rows = int(table["row"].max()) + 1
    fig = places.panels_figure(
        table, about, QUESTION, finding(table, about), draw_who_waits,
        ("Mean days waited by those served", ""), 1, 0.5 + 0.25 * rows,
    )  # fmt: skip
    rules = table.drop_duplicates("rule").sort_values("rule")
    looks = [style.look(int(rule)) for rule in rules["rule"]]
    handles = [Line2D([], [], color=x.colour, ls="none", marker=x.marker, ms=5) for x in looks]
    style.key(fig, about, handles, [title_of(str(r)) for r in rules["discipline"]], 4)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say how long the most severe wait under each order."""
    own = table[table["panel"] == table["panel"].iloc[0]]
    bands = own[own["dimension"] == "severity_band"]
    if bands.empty:
        return "Nobody was served whose severity is known."
    most = str(list(dict.fromkeys(bands.sort_values("row")["group"]))[-1])
    rows = bands[bands["group"] == most].set_index("discipline")["wait_days_mean"]
    told = ", ".join(f"{number(days)} by {title_of(str(n)).lower()}" for n, days in rows.items())
    return (
        f"{title_of(most)} depression waits {told} (mean days, "
        f"{about.labels[str(own['strategy'].iloc[0])]}{under(about.main_structure, about)})."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what markers are."""
    return (
        "Markers: mean days waited by those served, with 95 % limits from replicates, by group "
        "when joining; those who gave up, got well or died while waiting are in the table. Places, "
        "patients and luck are the same under every order; weighted: a score of severity, line and "
        "weeks waited, as noted in manifest.json."
    )


CHART = Chart(NAME, QUESTION, (f"{PLACES}{NAME}",), table, figure, finding, reading)
