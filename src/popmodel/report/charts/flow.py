"""How patients move through the lines of treatment: one bar a line, its parts the outcomes."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from popmodel.errors import RunError
from popmodel.report import style
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import STRUCTURE, About, Result, each_part, each_row, with_labels
from popmodel.report.words import number, percent, title_of

NAME = "flow"
QUESTION = "How do patients move through the lines of treatment?"
OUTCOMES = ("remission", "response", "failed", "stopped", "dropped_out", "died", "unfinished")
LABELS = {"failed": "No response", "stopped": "Stopped early", "unfinished": "Not ended"}
LAST_LINE = 5
"""This line and all later ones make one bar."""
ENOUGH = 0.10
"""A part of at least this share of the axis has its per cent written inside."""


def table(result: Result) -> pd.DataFrame:
    """Return `structure, strategy, label, order, line, outcome, courses, started, start, share`.

    Raises:
        RunError: more courses end than were started.
    """
    flow = result.table("flow")
    flow = flow[flow[STRUCTURE] == result.about.main_structure]
    flow = flow.assign(line=flow["line"].clip(upper=LAST_LINE))
    wide = flow.pivot_table(
        index=[STRUCTURE, "strategy", "line"], columns="outcome", values="count", aggfunc="sum",
        fill_value=0, sort=False,
    ).reindex(columns=["started", *OUTCOMES], fill_value=0)  # fmt: skip
    ended = wide[list(OUTCOMES[:-1])].sum(axis=1)
    _check_conserved(wide["started"] - ended)
    wide["unfinished"] = wide["started"] - ended
    parts = wide.reset_index().melt(
        [STRUCTURE, "strategy", "line", "started"], list(OUTCOMES), "outcome", "courses"
    )
    before = parts.groupby(["strategy", "line"], sort=False)["courses"].cumsum()
    parts["start"] = before - parts["courses"]
    parts["share"] = parts["courses"] / parts["started"].clip(lower=1)
    return with_labels(parts, result.about)


def _check_conserved(left: pd.Series[int]) -> None:
    if (left < 0).any():
        where = "; ".join(f"{s}, line {line}" for _, s, line in left.index[left < 0])
        raise RunError(f"flow.csv: more courses end than were started: {where}")


def draw_flow(table: pd.DataFrame, ax: Axes) -> None:
    """Draw one bar a line of one strategy; the parts of a bar add up to the courses started."""
    for outcome, part in each_part(table, "outcome"):
        colour, hatch = style.part_look(style.OUTCOME_LOOKS, outcome)
        edge = "#8c8c8c" if outcome == "unfinished" else style.PAPER
        ax.barh(
            part["line"], part["courses"], left=part["start"], height=0.72, color=colour,
            hatch=hatch, edgecolor=edge, linewidth=0.5,
        )  # fmt: skip


def write_numbers(table: pd.DataFrame, ax: Axes) -> None:
    """Write the courses started after each bar, and shares inside parts that are wide enough."""
    width = ax.get_xlim()[1]
    for row in each_row(table[table["courses"] >= ENOUGH * width]):
        face, hatch = style.part_look(style.OUTCOME_LOOKS, row.outcome)
        ax.text(
            row.start + row.courses / 2, row.line, percent(row.share), ha="center",
            va="center_baseline", size=6.5, color=style.ink_on(face),
            bbox={"fc": face, "lw": 0, "pad": 0.6} if hatch else None,
        )  # fmt: skip
    for row in each_row(table[table["outcome"] == "remission"]):
        told = number(row.started)
        if row.courses < ENOUGH * width and row.started:
            told += f"  ({percent(row.share)} remit)"
        ax.annotate(
            told, (row.started, row.line), (3, 0), textcoords="offset points",
            va="center_baseline", size=6.6,
        )  # fmt: skip


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel a strategy on common axes."""
    columns = min(3, len(about.labels))
    rows = style.key_rows(len(about.labels), columns)
    key_rows = style.key_rows(len(OUTCOMES), 4)
    lines = sorted(set(table["line"]))
    height = 1.05 + rows * (0.48 + 0.25 * len(lines)) + 0.15 * key_rows
    fig = style.page(height, QUESTION, finding(table, about), about, key_rows)
    grid = style.panels(fig, rows, columns, sharex=True, sharey=True)
    axes = [ax for row in grid for ax in row]
    axes[0].set_xlim(0, max(1.0, float(table["started"].max())) * 1.22)
    axes[0].set_ylim(max(lines) + 0.5, min(lines) - 0.5)
    axes[0].set_yticks(lines, [f"{line}+" if line == LAST_LINE else str(line) for line in lines])
    axes[0].xaxis.set_major_formatter(FuncFormatter(lambda x, _: number(x)))
    axes[0].xaxis.set_major_locator(MaxNLocator(4, integer=True))
    for ax, strategy in zip(axes, about.labels, strict=False):
        own = table[table["strategy"] == strategy]
        draw_flow(own, ax)
        write_numbers(own, ax)
        ax.set_title(style.panel_title(strategy, about))
        ax.grid(visible=False, axis="y")
    for ax in grid[-1]:
        ax.set_xlabel("Courses started")
    for row in grid:
        row[0].set_ylabel("Line")
    style.hide_unused(axes, len(about.labels), columns)
    labels = {name: LABELS.get(name, title_of(name)) for name in OUTCOMES}
    style.part_key(fig, about, style.OUTCOME_LOOKS, labels, 4)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say how first and later courses end under the comparator."""
    own = table[table["strategy"] == about.comparator]
    by = own.set_index(["line", "outcome"])["share"]
    first, last = int(own["line"].min()), int(own["line"].max())
    started = number(own[own["line"] == first]["started"].iloc[0])
    lost = by[first, "dropped_out"]
    told = (
        f"Under {about.labels[about.comparator]} {percent(by[first, 'remission'])} of {started} "
        f"courses in line {first} end in remission and {percent(lost)} in drop-out"
    )
    if last > first:
        later = f"line {last}{' and later' * (last == LAST_LINE)}"
        told += f"; in {later} {percent(by[last, 'remission'])} end in remission"
    return f"{told}{under(about.main_structure, about)}."


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what the bars are and that nobody is lost in them."""
    total = number(table.drop_duplicates(["strategy", "line"])["started"].sum())
    return (
        "Bars: courses started in a line of treatment, by how they ended; the number after a bar "
        f"is the sum of its parts ({total} courses in all panels). A line is one more than the "
        "adequate courses that have failed in the episode, those before entry included, so people "
        "can enter at a later line; a relapse or drop-out can bring several courses in one line."
    )


CHART = Chart(NAME, QUESTION, ("flow",), table, figure, finding, reading)
