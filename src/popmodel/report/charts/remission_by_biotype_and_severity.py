"""Who remits under which strategy: a heat map of strategies by biotype and severity."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from popmodel.report import style
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import STRUCTURE, About, Result, each_row, with_labels
from popmodel.report.words import clean, number, percent, title_of

NAME = "remission_by_biotype_and_severity"
QUESTION = "Who is in remission after a year?"
DIMENSIONS = {"biotype": "Biotype", "severity_band": "MADRS at entry"}
NORMAL_95 = 1.959964


def table(result: Result) -> pd.DataFrame:
    """Return `structure, strategy, label, order, dimension, group, column, share, half_width`."""
    about = result.about
    keep = [STRUCTURE, "strategy", "dimension", "group", "remission_12m", "remission_12m_se"]
    everyone = result.table("strategies").assign(dimension="all", group="Everyone")
    groups = result.table("subgroups")
    groups = groups[groups["dimension"].isin(DIMENSIONS)]
    shown = pd.concat([everyone[keep], groups[keep]], ignore_index=True)
    rank = {"all": 0, "biotype": 1, "severity_band": 2}
    shown = shown.sort_values("dimension", key=lambda d: d.map(rank), kind="stable")
    columns = {pair: i for i, pair in enumerate(dict.fromkeys(_pairs(shown)))}
    shown["column"] = [columns[pair] for pair in _pairs(shown)]
    shown["share"] = shown.pop("remission_12m")
    shown["half_width"] = NORMAL_95 * shown.pop("remission_12m_se")
    return with_labels(shown.reset_index(drop=True), about)


def _pairs(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["dimension"].astype(str), table["group"].astype(str), strict=True))


def draw_remission_groups(table: pd.DataFrame, ax: Axes, low: float, high: float) -> None:
    """Draw the shares of one structure as coloured cells with their numbers."""
    cells = table.pivot(index="order", columns="column", values="share")
    rows, columns = cells.shape
    image = ax.pcolormesh(
        np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5, cells.to_numpy(), cmap="cividis",
        vmin=low, vmax=high,
    )  # fmt: skip
    ax.set_ylim(rows - 0.5, -0.5)
    for row in each_row(table):
        colour = style.ink_on(image.to_rgba(np.array([row.share]))[0])
        ax.text(
            row.column, row.order, _cell(row.share, row.half_width), ha="center", va="center",
            size=6.8, color=colour,
        )  # fmt: skip


def _cell(share: float, half_width: float) -> str:
    if not np.isfinite(share):
        return "–"
    return f"{number(100 * share)} ±{number(100 * half_width, 0 if half_width >= 0.0095 else 1)}"


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one heat map a structure, all on one colour scale."""
    columns = table.drop_duplicates("column").sort_values("column")
    strategies, structures = len(about.labels), len(about.structures)
    height = 1.35 + structures * (0.30 + 0.235 * strategies)
    fig = style.page(height, QUESTION, finding(table, about), about)
    grid = style.panels(fig, structures, 1, sharex=True)
    low, high = float(table["share"].min()), float(table["share"].max())
    for (ax,), structure in zip(grid, about.structures, strict=True):
        draw_remission_groups(table[table[STRUCTURE] == structure], ax, low, high)
        style.head(ax, structure, about)
        ax.set_yticks(range(strategies), style.numbered(about, 36), color=style.INK)
        ax.tick_params(length=0)
        _frame(ax, columns)
    names = [_column_name(about.biotypes.get(group, group)) for group in columns["group"]]
    grid[-1][0].set_xticks(columns["column"], names, size=6.2)
    _name_dimensions(grid[-1][0], columns)
    grid[0][0].set_title(
        "% in remission on day 365, ± 95 % Monte Carlo error", loc="right", size=7, weight="normal"
    )
    return fig


def _frame(ax: Axes, columns: pd.DataFrame) -> None:
    """Replace the grid by white gaps between cells, wider between dimensions."""
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    dimension = columns["dimension"].tolist()
    for i in range(1, len(dimension)):
        wide = dimension[i] != dimension[i - 1]
        ax.axvline(i - 0.5, color=style.PAPER, linewidth=5 if wide else 0.8)
    for i in range(1, round(ax.get_ylim()[0] + 0.5)):
        ax.axhline(i - 0.5, color=style.PAPER, linewidth=0.8)


def _column_name(group: str) -> str:
    name = title_of(group) if not group[:1].isdigit() else group.replace("-", "–")
    lines = textwrap.wrap(clean(name.split(" (")[0], 26), 12, break_long_words=False)
    return "\n".join(clean(line, 13) for line in lines[:2])


def _name_dimensions(ax: Axes, columns: pd.DataFrame) -> None:
    for dimension, label in DIMENSIONS.items():
        places = columns.loc[columns["dimension"] == dimension, "column"]
        if len(places):
            ax.annotate(
                label, (float(places.mean()), 0), (0, -26), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha="center", va="top", size=7.5, weight="bold",
                annotation_clip=False,
            )  # fmt: skip


def finding(table: pd.DataFrame, about: About) -> str:
    """Say who remits best and worst under the strategy that leads overall."""
    main = table[table[STRUCTURE] == about.main_structure]
    overall = main[main["dimension"] == "all"].set_index("strategy")["share"]
    if overall.isna().all():
        return "Nobody was followed for a year, so nobody is known to be well after one."
    best = str(overall.idxmax())
    groups = main[(main["strategy"] == best) & (main["dimension"] != "all")].dropna()
    if groups.empty:
        return f"{percent(overall[best])} are in remission after a year under {about.labels[best]}."
    high = groups.iloc[int(groups["share"].argmax())]
    low = groups.iloc[int(groups["share"].argmin())]
    return (
        f"Under {about.labels[best]} {percent(overall[best])} are in remission after a year"
        f"{under(about.main_structure, about)}: {percent(high['share'])} for "
        f"{_group(high)}, {percent(low['share'])} for {_group(low)}."
    )


def _group(row: pd.Series[Any]) -> str:
    name = " ".join(_column_name(str(row["group"])).split())
    return f"MADRS {name}" if row["dimension"] == "severity_band" else f"biotype {name.lower()}"


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what cells and intervals are."""
    return (
        "Cells: per cent remitted or recovered on day 365 after entry, with the half-width of the "
        "95 % Monte Carlo interval (number of simulated patients, not parameter uncertainty); "
        "the dead count as not remitted."
    )


CHART = Chart(NAME, QUESTION, ("subgroups", "strategies"), table, figure, finding, reading)
