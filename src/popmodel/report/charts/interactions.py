"""Which numbers act together: second-order Sobol indices as a heat map."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from popmodel.report import style
from popmodel.report.charts import sensitivity
from popmodel.report.charts.chart import Chart
from popmodel.report.tables import About, Result, each_row
from popmodel.report.words import number

NAME = "interactions"
QUESTION = "Which numbers in doubt act together?"
MOST = 10


def table(result: Result) -> pd.DataFrame:
    """Return S2 of each pair of the leading factors of one strategy, with `row` and `column`.

    The strategy is that with the largest index of a pair; `clear` says whether the interval of a
    pair leaves out 0.
    """
    rows = sensitivity.headline_rows(result, "sweep")
    pairs = rows[rows["index"] == "S2"]
    strategy = sensitivity.leading_strategy(pairs, "value")
    totals = rows[(rows["index"] == "ST") & (rows["strategy"] == strategy)]
    leading = totals.sort_values("value", ascending=False, kind="stable")["factor"].head(MOST)
    place = {name: k for k, name in enumerate(leading)}
    own = pairs[pairs["strategy"] == strategy]
    own = own[own["factor"].isin(place) & own["other"].isin(place)].reset_index(drop=True)
    ends = np.array([own["factor"].map(place), own["other"].map(place)])
    swapped = ends[0] < ends[1]
    return own.assign(
        row=ends.max(axis=0),
        column=ends.min(axis=0),
        row_factor=own["other"].where(swapped, own["factor"]),
        column_factor=own["factor"].where(swapped, own["other"]),
        clear=own["low"] > 0.0,
    )


def draw_pairs(table: pd.DataFrame, ax: Axes) -> None:
    """Draw the index of every pair as colour and number; bold where clear of 0."""
    size = int(table["row"].max())
    cells = table.pivot(index="row", columns="column", values="value")
    cells = cells.reindex(index=range(1, size + 1), columns=range(size))
    image = ax.pcolormesh(
        np.arange(size + 1) - 0.5, np.arange(size + 1) + 0.5,
        np.ma.masked_invalid(cells.to_numpy()), cmap="cividis",
        vmin=0.0, vmax=max(0.05, float(table["value"].max())),
    )  # fmt: skip
    for row in each_row(table):
        colour = style.ink_on(image.to_rgba(np.array([row.value]))[0])
        ax.text(
            row.column, row.row, number(row.value, 2), ha="center", va="center", size=6.4,
            color=colour, weight="bold" if row.clear else "normal",
        )  # fmt: skip
    ax.set_ylim(size + 0.5, 0.5)
    ax.grid(visible=False)
    for axis, place, name in (
        (ax.xaxis, "column", "column_factor"),
        (ax.yaxis, "row", "row_factor"),
    ):
        named = table.drop_duplicates(place).sort_values(place)
        labels = sensitivity.factor_labels([str(x) for x in named[name]])
        axis.set_ticks(named[place], labels, size=6.2, color=style.INK)
    ax.tick_params(length=0)
    ax.tick_params(axis="x", rotation=90)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one triangle of pairs."""
    size = int(table["row"].max())
    fig = style.page(3.2 + 0.26 * size, QUESTION, finding(table, about), about)
    ((ax,),) = style.panels(fig, 1, 1)
    draw_pairs(table, ax)
    ax.set_title(style.panel_title(str(table["strategy"].iloc[0]), about))
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say which pair acts together most and how many are clear of 0; a pair with luck is noise."""
    lucky = (table["factor"] == sensitivity.LUCK) | (table["other"] == sensitivity.LUCK)
    known = table if lucky.all() else table[~lucky]
    first = known.iloc[int(known["value"].argmax())]
    return (
        f"{sensitivity.factor_label(str(first['factor']), 45)} and "
        f"{sensitivity.factor_label(str(first['other']), 45)} act together most in what is gained "
        "by "
        f"{about.labels[str(first['strategy'])]}, S2 = {number(first['value'], 2)}"
        f"{sensitivity.where_words(about)}; {int(table['clear'].sum())} of {len(table)} pairs are "
        "clear of 0."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what cells are."""
    return (
        "Cells: second-order Sobol index S2 of each pair of leading factors: share of the variance "
        f"of {sensitivity.benefit_words(about)} that neither explains alone. Bold: the 95 % "
        f"bootstrap interval lies above 0. {sensitivity.sample_words(table)} A pair with patient "
        "luck is noise of the simulation. Estimates under 0 are shown as they are."
    )


def _has_pairs(result: Result) -> bool:
    table = result.table("sweep")
    return bool((table["index"] == "S2").any())


CHART = Chart(NAME, QUESTION, ("sweep",), table, figure, finding, reading, _has_pairs)
