"""How many places are enough: the measure of waiting by number of places, with its limit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from popmodel.report import style
from popmodel.report.charts import places
from popmodel.report.charts.chart import Chart
from popmodel.report.tables import About, Result, each_row
from popmodel.report.words import number, percent, structure_label, title_of

NAME = "places_tried"
QUESTION = "How many places are enough?"
LIMIT = "#ca4a00"


def table(result: Result) -> pd.DataFrame:
    """Return places_tried.csv, all structures, with a panel for each."""
    found = result.table(NAME)
    several = found["structure"].nunique() > 1
    label = found["strategy"].map(result.about.labels)
    panel = label + (": " + found["structure"].map(structure_label) if several else "")
    found = found.assign(panel=panel, finite=np.isfinite(found["value"]))
    found["told"] = [percent(share) for share in found["share_holding"]]
    return found


def draw_places_tried(table: pd.DataFrame, ax: Axes) -> None:
    """Draw the measure with its interval by number of places, and the limit."""
    own = table[table["finite"]]
    high = own["value_high"].where(np.isfinite(own["value_high"]), own["value"])
    ax.vlines(own["places"], own["value_low"], high, color=style.INK, lw=1.2)
    ax.plot(own["places"], own["value"], color=places.WAITING, lw=1.2)
    for holds, marker, colour in ((True, "o", places.WAITING), (False, "X", "#8a6d3b")):
        part = own[own["holds"] == holds]
        ax.plot(part["places"], part["value"], marker, color=colour, ms=6, ls="none")
    ax.axhline(float(table["limit"].iloc[0]), color=LIMIT, ls=style.DASHES[1], lw=1.3)
    for row in each_row(own):
        ax.annotate(row.told, (row.places, row.value), (5, 5), textcoords="offset points", size=6.4)
    ax.set_ylim(0.0, None)
    ax.set_xticks(sorted(set(table["places"])))
    ax.grid(axis="x", visible=False)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel a structure."""
    first = table.iloc[0]
    fig = places.panels_figure(
        table, about, QUESTION, finding(table, about), draw_places_tried,
        (f"Places: {title_of(str(first['service']))}", title_of(str(first["measure"]))),
        1, 2.6,
    )  # fmt: skip
    handles = [
        Line2D([], [], color=places.WAITING, marker="o", ls="none"),
        Line2D([], [], color="#8a6d3b", marker="X", ls="none"),
        Line2D([], [], color=LIMIT, ls=style.DASHES[1]),
    ]
    style.key(fig, about, handles, ["the condition holds", "it does not", "the limit asked for"], 3)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say which number is the smallest that is enough, with its interval."""
    row = table.iloc[-1]
    asked = f"{row['measure']} {row['operator']} {row['limit']:g}"
    where = f"under {about.labels[str(row['strategy'])]}"
    if pd.isna(row["answer"]):
        return (
            f"No number of places tried, up to {int(table['places'].max())}, gives {asked} {where}."
        )
    high = "or more" if pd.isna(row["answer_high"]) else f"to {int(row['answer_high'])}"
    at = table[(table["places"] == row["answer"]) & (table["structure"] == row["structure"])].iloc[
        0
    ]
    return (
        f"{int(row['answer'])} places are the fewest that give {asked} {where} (95 % interval "
        f"{int(row['answer_low'])} {high}); with them it holds in {at['told']} of replicates, "
        f"at {number(at['value'], 1)}."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what markers, lines and percentages are."""
    return (
        "Markers: the measure over all replicates, with 95 % limits from their spread; percent: "
        "replicates in which the condition holds. Every number of places treats the same patients "
        "with the same luck. A wait that is longer than the horizon is not drawn."
    )


CHART = Chart(NAME, QUESTION, (NAME,), table, figure, finding, reading)
