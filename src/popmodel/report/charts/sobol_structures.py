"""Which unknowns decide whether a strategy is worth it, structure beside structure."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from popmodel.report import style
from popmodel.report.charts import index_bars, sensitivity, sobol_bars
from popmodel.report.charts.chart import Chart
from popmodel.report.tables import STRUCTURE, About, Result, each_part
from popmodel.report.words import listed, percent, short_money, structure_label

NAME = "sobol_structures"
QUESTION = "Which unknowns decide what each strategy is worth, under each structure?"
MOST_FACTORS = 5
FACTOR_LETTERS = 24
ENDS = (-0.06, 1.06)
"""Of every axis: indices are shares, so what an interval reaches beyond is sampling error."""


def table(result: Result) -> pd.DataFrame:
    """Return S1 and ST of the leading factors of each strategy under every structure.

    Returns:
        Columns of `sweep.csv` with `label, order`, `rank` (by the mean of ST over structures: the
        same factors in every panel of a strategy), `floor` (ST of patient luck), and of the net
        benefit itself over all runs `gain` (mean), `gain_low`, `gain_high` (95 % of the runs).
    """
    rows = sensitivity.outcome_rows(result, "sweep")
    rows = rows[rows["index"].isin(sobol_bars.LOOKS)]
    total = rows[rows["index"] == "ST"]
    keys = [STRUCTURE, "strategy"]
    floor = total[total["factor"] == sensitivity.LUCK].set_index(keys)["value"].rename("floor")
    known = total[total["factor"] != sensitivity.LUCK]
    mean = known.groupby(["strategy", "factor"], sort=False)["value"].mean().reset_index()
    first = sensitivity.ranked(mean, "value", MOST_FACTORS)[["strategy", "factor", "rank"]]
    spread = sensitivity.outcome_rows(result, "summary").set_index(keys)[["mean", "low", "high"]]
    spread.columns = pd.Index(["gain", "gain_low", "gain_high"])
    shown = rows.merge(first, on=["strategy", "factor"]).join(floor, on=keys).join(spread, on=keys)
    return shown.sort_values(["order", STRUCTURE, "rank"], kind="stable", ignore_index=True)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return a line of panels a strategy and a column a structure."""
    strategies = [name for name, _ in sensitivity.each_strategy(table)]
    bars = int(table["rank"].max()) + 1
    height = 1.3 + len(strategies) * (0.55 + 0.2 * bars)
    fig = style.page(height, QUESTION, finding(table, about), about, 1)
    structures = [name for name in about.structures if name in set(table[STRUCTURE])]
    grid = style.panels(fig, len(strategies), len(structures), sharex=True, sharey="row")
    for axes, strategy in zip(grid, strategies, strict=True):
        own = table[table["strategy"] == strategy]
        for ax, structure in zip(axes, structures, strict=True):
            draw_structure(own[own[STRUCTURE] == structure], ax, about)
        named = own.drop_duplicates("rank").sort_values("rank")
        names = sensitivity.factor_labels([str(x) for x in named["factor"]], FACTOR_LETTERS)
        axes[0].set_yticks(named["rank"], names, size=6.4, color=style.INK)
        axes[0].set_ylim(bars - 0.45, -0.55)
        axes[0].set_title(style.panel_title(str(strategy), about), pad=14.0)
    grid[-1][len(structures) // 2].set_xlabel("Share of the variance of net benefit")
    index_bars.index_key(fig, table, about, sobol_bars.LOOKS, sobol_bars.LABELS)
    return fig


def draw_structure(table: pd.DataFrame, ax: Axes, about: About) -> None:
    """Draw one strategy under one structure; above it what its net benefit is."""
    index_bars.draw_index_bars(table, ax, sobol_bars.LOOKS)
    ax.set_xlim(*ENDS)
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    row = table.iloc[0]
    gain, low, high = (
        short_money(float(row[name]), about.currency) for name in ("gain", "gain_low", "gain_high")
    )
    told = f"{structure_label(str(row[STRUCTURE]))}: {gain} ({low} to {high})"
    ax.annotate(
        told, (0.0, 1.0), (0, 3), xycoords="axes fraction", textcoords="offset points", size=6.6,
        color=style.SOFT,
    )  # fmt: skip


def finding(table: pd.DataFrame, about: About) -> str:
    """Say what explains most, structure by structure, for the strategy that is most uncertain."""
    width = table["gain_high"] - table["gain_low"]
    strategy = str(table["strategy"].iloc[int(width.argmax())])
    own = table[(table["strategy"] == strategy) & (table["index"] == "ST")]
    told = []
    for structure, part in each_part(own, STRUCTURE):
        first = part.iloc[int(part["value"].argmax())]
        name = sensitivity.factor_label(str(first["factor"]), 40)
        share = percent(min(1.0, float(first["value"])))
        told.append(f"{structure_label(str(structure)).lower()} {name} ({share})")
    return (
        f"The net benefit of {about.labels[strategy]} is the most uncertain; what takes part in "
        f"most of its variance: {listed(told)}."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what bars, lines and numbers are."""
    return (
        f"Bars: Sobol indices of {sensitivity.benefit_words(about)}, the same factors in every "
        "structure, with 95 % bootstrap intervals; what these reach beyond 0 and 1 is sampling "
        "error and cut off. Above each panel that net benefit itself: mean and 95 % of all runs. "
        f"{sensitivity.sample_words(table)} {index_bars.floor_words(table)} Structures are not "
        "numbers: their shares do not add up."
    )


def fits(result: Result) -> bool:
    """Say whether a result is a Sobol sweep under several structures."""
    sweep = result.table("sweep")
    return set(sweep["method"]) == {"sobol"} and sweep[STRUCTURE].nunique() > 1


CHART = Chart(NAME, QUESTION, ("sweep", "summary"), table, figure, finding, reading, fits)
