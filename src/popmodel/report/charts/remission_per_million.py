"""How much remission a million buys: weeks gained for what is spent more."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from popmodel.economics.gained_per_million import SAVES, UNCLEAR, WORSE
from popmodel.report import style
from popmodel.report.charts import grid
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import STRUCTURE, About, Result, each_row, with_labels
from popmodel.report.words import currency_mark, number

NAME = "remission_per_million"
QUESTION = "How much remission does a million buy?"
EFFECT = "remission_weeks"
YEAR = 52.1786


def table(result: Result) -> pd.DataFrame:
    """Return `structure, strategy, label, order, per_million, low, high, status, error`.

    Weeks in remission. `error` is `draws` where a probabilistic analysis is there, else `luck`.
    """
    name, error = NAME, "luck"
    if result.has(f"psa/{NAME}"):
        name, error = f"psa/{NAME}", "draws"
    about = result.about_for([name])
    saved = result.table(name)
    saved = saved[(saved["effect"] == EFFECT) & (saved["strategy"] != about.comparator)]
    columns = [STRUCTURE, "strategy", "per_million", "low", "high", "status"]
    return with_labels(saved[columns].assign(error=error).reset_index(drop=True), about)


def draw_bars(table: pd.DataFrame, ax: Axes, limits: tuple[float, float]) -> None:
    """Draw one bar a strategy from zero, with its interval; one structure."""
    for row in each_row(table):
        if not np.isfinite(row.per_million):
            ax.text(0, row.row, "  costs no more", va="center", size=6.6, color=style.SOFT)
            continue
        look = style.look(row.order)
        unclear = row.status == UNCLEAR
        ax.barh(
            row.row, row.per_million, height=0.62, color=look.colour, zorder=2,
            alpha=0.45 if unclear else 1.0, hatch="////" if unclear else "",
            edgecolor=style.PAPER, linewidth=0.4,
        )  # fmt: skip
        if np.isfinite(row.low) and np.isfinite(row.high):
            ends = np.clip([row.low, row.high], *limits)
            ax.plot(ends, [row.row] * 2, color=style.INK, lw=1.1, zorder=4)
            for end, true in zip(ends, (row.low, row.high), strict=True):
                mark = "|" if end == true else "<" if true < limits[0] else ">"
                ax.plot(end, row.row, mark, color=style.INK, ms=4, zorder=4)


def _limits(table: pd.DataFrame) -> tuple[float, float]:
    """Return limits that hold every bar, and intervals up to twice the longest bar."""
    longest = float(table["per_million"].abs().max())
    longest = longest if np.isfinite(longest) and longest > 0 else 1.0
    low = min(0.0, float(np.nanmin([0.0, *table["low"], *table["per_million"]])))
    high = max(0.0, float(np.nanmax([0.0, *table["high"], *table["per_million"]])))
    low, high = max(low, -2 * longest), min(high, 2 * longest)
    return (low, high) if high > low else (0.0, longest)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return the panels of all structures on a common axis with zero."""
    names = grid.others(list(table["strategy"]), about)
    rows = {strategy: place for place, strategy in enumerate(names)}
    shown = table.assign(row=table["strategy"].map(rows))
    structures = [s for s in about.structures if s in set(table[STRUCTURE])]
    height = 1.25 + 0.34 * max(len(names), 2)
    fig = style.page(height, QUESTION, finding(table, about), about)
    (axes,) = style.panels(fig, 1, len(structures), sharex=True, sharey=True)
    low, high = _limits(table)
    for ax, structure in zip(axes, structures, strict=True):
        draw_bars(shown[shown[STRUCTURE] == structure], ax, (low, high))
        ax.axvline(0, color=style.INK, lw=0.9, zorder=3)
        style.head(ax, structure, about)
        ax.grid(visible=False, axis="y")
    room = 0.06 * (high - low)
    axes[0].set_xlim(low - room if low < 0 else 0.0, high + room)
    labels = style.numbered(about, 34)
    axes[0].set_yticks(
        range(len(names)), [labels[about.order(name)] for name in names], color=style.INK
    )
    axes[0].set_ylim(len(names) - 0.45, -0.55)
    axes[0].xaxis.set_major_locator(MaxNLocator(4))
    axes[0].xaxis.set_major_formatter(lambda value, _: number(value))
    mark = currency_mark(about.currency).strip()
    axes[len(axes) // 2].set_xlabel(f"Weeks in remission gained per {mark} million spent more")
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say which strategy buys most remission for a million."""
    main = table[table[STRUCTURE] == about.main_structure]
    if main.empty:
        main = table[table[STRUCTURE] == table[STRUCTURE].iloc[0]]
    mark = currency_mark(about.currency).strip()
    where = under(about.main_structure, about)
    saving = [about.labels[s] for s in main.loc[main["status"] == SAVES, "strategy"]]
    known = main.dropna(subset=["per_million"])
    if known.empty:
        return f"{saving[0]} costs no more: 0 of {len(main)} strategies have to be paid for{where}."
    row = known.iloc[int(known["per_million"].argmax())]
    limits = f" (95 %: {number(float(row['low']))} to {number(float(row['high']))})"
    told = (
        f"{about.labels[str(row['strategy'])]} buys most: {number(float(row['per_million']))} "
        f"weeks in remission per {mark} million{limits if np.isfinite(row['low']) else ''}"
    )
    for status, words in ((WORSE, "cost more for less"), (UNCLEAR, "are not clear of luck")):
        count = int((known["status"] == status).sum())
        if count:
            told += f"; {count} of {len(main)} {words}"
    return f"{told}{where}."


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what bars and intervals are."""
    error = (
        "over draws of all uncertain numbers"
        if (table["error"] == "draws").all()
        else "of Monte Carlo error, from the number of patients, not parameter uncertainty"
    )
    return (
        f"Bars: weeks in remission gained for each million spent more than under "
        f"{about.labels[about.comparator]}, {number(YEAR)} of them a year of one person; lines: "
        f"95 % limits (Fieller) {error}; pale and hatched: it cannot be told whether more is "
        "gained; an arrow: the limit lies beyond. Below zero more money goes with less remission."
    )


CHART = Chart(NAME, QUESTION, (NAME,), table, figure, finding, reading)
