"""Bars of sensitivity indices with their intervals and the noise floor; shared by methods."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from popmodel.report import style
from popmodel.report.charts import sensitivity
from popmodel.report.tables import About, Result, each_part

Looks = Mapping[str, tuple[str, str]]
FLOOR = (0, (1.2, 1.2))


def index_table(result: Result, indices: tuple[str, ...], leading: str) -> pd.DataFrame:
    """Return the indices of the leading factors of each strategy, and the noise floor.

    Args:
        result: a sweep's folder.
        indices: which.
        leading: by which factors are ranked.

    Returns:
        Columns of `sweep.csv` with `label, order, rank, floor, total`; `floor` is the leading
        index of patient luck, empty without; `total` the sum of the first index over factors.
    """
    rows = sensitivity.headline_rows(result, "sweep")
    rows = rows[rows["index"].isin(indices)]
    luck = rows[(rows["factor"] == sensitivity.LUCK) & (rows["index"] == leading)]
    floor = luck.set_index("strategy")["value"]
    total = rows[rows["index"] == indices[0]].groupby("strategy")["value"].sum()
    own = rows[rows["factor"] != sensitivity.LUCK]
    first = sensitivity.ranked(own[own["index"] == leading], "value")
    ranks = first[["strategy", "factor", "rank"]]
    shown = own.merge(ranks, on=["strategy", "factor"])
    return shown.assign(
        floor=shown["strategy"].map(floor), total=shown["strategy"].map(total)
    ).sort_values(["order", "rank"], kind="stable", ignore_index=True)


def draw_index_bars(table: pd.DataFrame, ax: Axes, looks: Looks) -> None:
    """Draw the indices of one strategy side by side, with intervals and the noise floor."""
    present = [name for name in looks if name in set(table["index"])]
    height = 0.76 / len(present)
    for index, own in each_part(table, "index"):
        colour, hatch = looks[str(index)]
        shift = (present.index(str(index)) - (len(present) - 1) / 2) * height
        y = own["rank"] + shift
        ax.barh(
            y, own["value"], height=height, color=colour, hatch=hatch, edgecolor=style.PAPER,
            linewidth=0.4,
        )  # fmt: skip
        sensitivity.draw_intervals(ax, own["value"], y, own["low"], own["high"])
    ax.axvline(0.0, color=style.INK, lw=0.8)
    floor = float(table["floor"].iloc[0])
    if np.isfinite(floor):
        ax.axvline(floor, color=style.INK, lw=1.2, ls=FLOOR)


def index_figure(
    table: pd.DataFrame,
    about: About,
    question: str,
    finding: str,
    looks: Looks,
    labels: Mapping[str, str],
    axis: str,
) -> Figure:
    """Return a panel a strategy with a key of indices and noise floor."""
    rows = int(table["rank"].max()) + 1
    fig = sensitivity.strategy_panels(
        table, about, question, finding, lambda own, ax: draw_index_bars(own, ax, looks), axis,
        rows, 1,
    )  # fmt: skip
    index_key(fig, table, about, looks, labels)
    return fig


def index_key(
    fig: Figure, table: pd.DataFrame, about: About, looks: Looks, labels: Mapping[str, str]
) -> None:
    """Put the key of indices and noise floor under the panels."""
    names = [name for name in looks if name in set(table["index"])]
    handles: list[Patch | Line2D] = [
        Patch(facecolor=looks[name][0], hatch=looks[name][1], edgecolor=style.PAPER)
        for name in names
    ]
    told = [labels[name] for name in names]
    if table["floor"].notna().any():
        handles.append(Line2D([], [], color=style.INK, lw=1.2, ls=FLOOR))
        told.append("noise floor: patient luck")
    style.key(fig, about, handles, told, 3)


def above_floor(table: pd.DataFrame, index: str) -> tuple[int, int]:
    """Return how many of the bars of an index reach above the noise floor, and how many are."""
    own = table[table["index"] == index]
    clear = own[own["low"] > own["floor"].fillna(0.0)]
    return len(clear), len(own)


def floor_words(table: pd.DataFrame) -> str:
    """Return how the noise floor is to be read, where there is one."""
    if not table["floor"].notna().any():
        return "Patient luck was no input, so the noise of the simulation is not told apart."
    return (
        "Dotted: the same index of patient luck, an input that means nothing; what does not reach "
        "above it is noise of the simulation."
    )
