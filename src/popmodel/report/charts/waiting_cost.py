"""What does the waiting list cost in health: lost to waiting per 1,000 patients, by measure."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from popmodel.report import style
from popmodel.report.charts import places
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import PLACES, About, Result, each_row
from popmodel.report.words import clean, number

NAME = "waiting_cost"
QUESTION = "What does the waiting list cost in health?"
MEASURES = {
    "qaly": "QALYs lost", "remission_weeks": "Weeks in remission lost",
    "suicides": "Suicides added", "crises": "Attempts and crises added",
}  # fmt: skip


def table(result: Result) -> pd.DataFrame:
    """Return waiting_cost.csv for the measures shown, per 1,000 patients."""
    found = places.headline(result, f"{PLACES}{NAME}")
    found = found[found["measure"].isin(MEASURES)]
    rank = {order: n for n, order in enumerate(sorted(set(found["order"])))}
    return found.assign(row=found["order"].map(rank)).reset_index(drop=True)


def draw_waiting_cost(table: pd.DataFrame, ax: Axes) -> None:
    """Draw one measure: a marker and its 95 % interval for each strategy."""
    for row in each_row(table):
        look = style.look(int(row.order))
        ax.plot([row.lost_per_1000_low, row.lost_per_1000_high], [row.row, row.row],
                color=look.colour, lw=1.8)  # fmt: skip
        ax.plot(row.lost_per_1000, row.row, look.marker, color=look.colour, ms=6)
    ax.axvline(0.0, color=style.INK, lw=0.9)
    ax.set_ylim(float(table["row"].max()) + 0.6, -0.6)
    ax.grid(axis="y", visible=False)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel a measure."""
    names = [name for name in MEASURES if name in set(table["measure"])]
    rows = int(table["row"].max()) + 1
    fig = style.page(1.3 + 2 * (0.62 + 0.24 * rows), QUESTION, finding(table, about), about)
    grid = style.panels(fig, 2, 2, sharey=True)
    axes = [ax for line in grid for ax in line]
    labels = table.drop_duplicates("row").sort_values("row")
    for ax, name in zip(axes, names, strict=False):
        draw_waiting_cost(table[table["measure"] == name], ax)
        ax.set_title(MEASURES[name])
        told = [clean(f"{int(r.order) + 1} {about.marked(str(r.strategy))}", 34)
                for r in each_row(labels)]  # fmt: skip
        ax.set_yticks(labels["row"], told)
    for ax in grid[-1]:
        ax.set_xlabel("per 1,000 patients over the horizon")
    style.hide_unused(axes, len(names), 2)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say how many QALYs and suicides the longest list costs."""
    lost = table[table["measure"] == "qaly"]
    worst = places.top(lost, "lost")
    dead = table[(table["measure"] == "suicides") & (table["strategy"] == worst["strategy"])].iloc[
        0
    ]
    ends = number(dead["lost_per_1000_low"], 2), number(dead["lost_per_1000_high"], 2)
    return (
        f"Under {about.labels[str(worst['strategy'])]} waiting costs "
        f"{number(worst['lost_per_1000'], 1)} QALYs per 1,000 patients "
        f"({number(worst['lost_per_1000_low'], 1)} to {number(worst['lost_per_1000_high'], 1)}) "
        f"and {number(dead['lost_per_1000'], 2)} suicides ({ends[0]} to {ends[1]})"
        f"{under(about.main_structure, about)}."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what is compared."""
    return (
        "Markers: what the same patients with the same luck lose against a place on the day for "
        "everybody, referrals never taken up left as they are; QALYs discounted; lines: 95 % "
        "intervals from replicates. Deaths by suicide are rare, so their interval is wide."
    )


CHART = Chart(NAME, QUESTION, (f"{PLACES}{NAME}",), table, figure, finding, reading)
