"""Which costs make the difference: from the comparator's total to each strategy's, step by step."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from popmodel.report import style
from popmodel.report.charts import grid
from popmodel.report.charts.chart import Chart, under
from popmodel.report.charts.cost_by_category import LABELS
from popmodel.report.tables import STRUCTURE, About, Result, each_row, with_labels
from popmodel.report.words import short_money, title_of

NAME = "cost_waterfall"
QUESTION = "Which costs make the difference?"
MORE, LESS, WHOLE = "#ca4a00", "#029e73", "#6f6f6f"
FROM, TO = "comparator", "strategy"


def table(result: Result) -> pd.DataFrame:
    """Return `structure, strategy, label, order, step, row, low, high, change`, one structure.

    `step` is `comparator`, a category or `strategy`; bars lie between `low` and `high`. Categories
    in which no strategy differs are left out.
    """
    about = result.about
    steps = result.table("waterfall")
    steps = steps[steps[STRUCTURE] == about.main_structure]
    moved = steps.groupby("category", sort=False)["change"].apply(lambda c: c.abs().max())
    names = [str(name) for name in moved.index[moved > 0.0]]
    rows = {name: place + 1 for place, name in enumerate(names)}
    shown = steps[steps["category"].isin(names)]
    middle = pd.DataFrame(
        {
            STRUCTURE: shown[STRUCTURE], "strategy": shown["strategy"], "step": shown["category"],
            "row": shown["category"].map(rows), "start": shown["start"], "end": shown["end"],
            "change": shown["change"],
        }
    )  # fmt: skip
    ends = []
    for place, name, column in ((0, FROM, "start"), (len(names) + 1, TO, "end")):
        own = steps.groupby("strategy", sort=False)[column]
        total = own.first() if name == FROM else own.last()
        ends.append(
            pd.DataFrame(
                {
                    STRUCTURE: about.main_structure,
                    "strategy": total.index,
                    "step": name,
                    "row": place,
                    "start": 0.0,
                    "end": total.to_numpy(),
                    "change": total.to_numpy(),
                }
            )
        )
    whole = pd.concat([ends[0], middle, ends[1]], ignore_index=True)
    whole = whole.sort_values(["row"], kind="stable", ignore_index=True)
    return with_labels(whole, about)


def draw_steps(table: pd.DataFrame, ax: Axes) -> None:
    """Draw the steps of one strategy, from zero to the total of the comparator and on."""
    for row in each_row(table):
        whole = row.step in (FROM, TO)
        colour = WHOLE if whole else MORE if row.change > 0 else LESS
        ax.barh(
            row.row, (row.end - row.start) / 1000, left=row.start / 1000, height=0.66,
            color=colour, hatch="" if whole or row.change > 0 else "////",
            edgecolor=style.PAPER if row.change < 0 else colour, linewidth=0.5, zorder=3,
        )  # fmt: skip
        if not whole and row.change < 0:  # a step too thin for its hatch
            ax.vlines(row.end / 1000, row.row - 0.33, row.row + 0.33, color=LESS, lw=1.0, zorder=4)
        down = row.row + (0.33 if row.step == TO else 1.33)
        ax.plot([row.end / 1000] * 2, [row.row - 0.33, down], color=style.SOFT, lw=0.6, zorder=2)


def write_steps(table: pd.DataFrame, ax: Axes, about: About) -> None:
    """Write the amount of each step at its right."""
    for row in each_row(table):
        sign = "+" if round(row.change) > 0 and row.step not in (FROM, TO) else ""
        ax.annotate(
            f"{sign}{short_money(row.change, about.currency)}",
            (max(row.start, row.end) / 1000, row.row), (4, 0), textcoords="offset points",
            size=6.3, va="center", annotation_clip=False, zorder=4,
            bbox={"fc": style.PAPER, "lw": 0, "pad": 0.3},
        )  # fmt: skip


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel a strategy, axes from zero."""
    names = grid.others(list(table["strategy"]), about)
    steps = table.drop_duplicates("row").sort_values("row")
    rows, columns = grid.shape(len(names))
    height = 1.2 + rows * (0.55 + 0.175 * len(steps))
    fig = style.page(height, QUESTION, finding(table, about), about, 1)
    axes, lines = grid.panels_of(fig, len(names), sharex=True, sharey=True)
    for ax, strategy in zip(axes, names, strict=True):
        own = table[table["strategy"] == strategy]
        draw_steps(own, ax)
        write_steps(own, ax, about)
        ax.set_title(style.panel_title(strategy, about, 29))
        ax.axvline(0, color=style.INK, lw=1.0, zorder=5)
        ax.grid(visible=False, axis="y")
    top = float(table[["start", "end"]].to_numpy().max()) / 1000
    axes[0].set_xlim(min(0.0, float(table["end"].min()) / 1000), top * (1.12 + 0.06 * columns))
    axes[0].set_ylim(len(steps) - 0.4, -0.6)
    axes[0].set_yticks(steps["row"], [_step(s) for s in steps["step"]])
    for line in lines:
        line[0].tick_params(axis="y", labelsize=6.6, labelcolor=style.INK)
    for ax in grid.bottom(lines):
        ax.set_xlabel(style.cost_axis_label(about), size=6.8)
    handles = [Patch(facecolor=WHOLE), Patch(facecolor=MORE),
               Patch(facecolor=LESS, hatch="////", edgecolor=style.PAPER)]  # fmt: skip
    style.key(fig, about, handles, ["whole cost", "costs more", "costs less"], 3)
    return fig


def _step(step: str) -> str:
    if step in (FROM, TO):
        return {FROM: "Comparator", TO: "Strategy"}[step]
    return LABELS.get(step, title_of(step))


def finding(table: pd.DataFrame, about: About) -> str:
    """Say what makes up most of the difference of the strategy that differs most."""
    ends, bases = (table[table["step"] == s].set_index("strategy")["end"] for s in (TO, FROM))
    most = str((ends - bases).abs().idxmax())
    own = table[(table["strategy"] == most) & ~table["step"].isin((FROM, TO))]
    difference = float(ends[most]) - float(bases[most])
    told = (
        f"{about.labels[most]} costs {short_money(abs(difference), about.currency)} "
        f"{'more' if difference >= 0 else 'less'} per patient than "
        f"{about.labels[about.comparator]}{under(about.main_structure, about)}"
    )
    if own.empty:
        return f"{told}."
    row = own.iloc[int(own["change"].abs().argmax())]
    return f"{told}, of which {_step(str(row['step'])).lower()} " + (
        f"{'+' if row['change'] > 0 else ''}{short_money(float(row['change']), about.currency)}."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say where steps begin and end."""
    return (
        "Bars: mean discounted cost per patient, from zero; the first is the total of the "
        f"comparator ({about.labels[about.comparator]}), each step begins where the last ended, "
        "and the last bar is the total of the strategy. Categories without any difference are "
        "left out."
    )


CHART = Chart(NAME, QUESTION, ("waterfall",), table, figure, finding, reading)
