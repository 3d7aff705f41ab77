"""At which severity a treatment stops being worth offering: gain in response, and remission.

One row a criterion and group of treatments, one column a structure, one line a treatment. In the
rows on remission the dashed line is what remission would be if potency did not change with
severity: its fall is distance alone, and the shaded gap is what the treatment itself loses.
"""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MultipleLocator, PercentFormatter

from popmodel.report import style
from popmodel.report.charts.chart import Chart
from popmodel.report.tables import STRUCTURE, About, Result, each_part, each_row
from popmodel.report.words import (
    NO_HUMAN_DATA,
    clean,
    listed,
    number,
    short_labels,
    structure_label,
)

NAME = "thresholds"
QUESTION = "At which severity does each treatment stop being worth offering?"
GROUPS = {
    "behavioural": "Behavioural treatments",
    "other": "Drugs, brain stimulation and other treatments",
}
BEHAVIOURAL = ("behavioural",)
NOT_SHOWN = ("control",)
CRITERIA = {"gain": "gain_response", "remission": "p_remission"}
LIMITS = {"gain": 0.10, "remission": 0.20}
DOTTED = (0, (1.2, 1.2))
DASHED = (0, (4, 2))
LABEL_INCHES, LABEL_LETTERS = 1.5, 27
MOST_LINES = 12
SAME = 0.002
"""Probabilities closer than this are drawn as one line."""


def table(result: Result) -> pd.DataFrame:
    """Return the curves of all biotypes together, with the thresholds a run has saved.

    Columns `structure, group, treatment, label, order, assumed, severity, gain_response,
    p_remission, distance_remission, changes` and, for each criterion, `…_at, …_low, …_high`
    and `…_status`.
    """
    about = result.about
    curves = result.table("severity_curves")
    curves = curves[(curves["biotype"] == "all") & ~curves["family"].isin(NOT_SHOWN)]
    kind = np.where(curves["family"].isin(BEHAVIOURAL), "behavioural", "other")
    shown = curves.assign(group=kind, assumed=curves["treatment"].map(about.is_assumed))
    shown["label"] = [clean(label, 80) for label in shown["label"]]
    order = {
        treatment: place
        for _, own in shown.groupby("group")
        for place, treatment in enumerate(dict.fromkeys(own["treatment"]))
    }
    shown["order"] = shown["treatment"].map(order)
    apart = (shown["distance_remission"] - shown["p_remission"]).abs() > SAME
    shown["changes"] = apart.groupby([shown[STRUCTURE], shown["treatment"]]).transform("any")
    columns = [
        STRUCTURE, "group", "treatment", "label", "order", "assumed", "severity",
        "gain_response", "p_remission", "distance_remission", "changes",
    ]  # fmt: skip
    return _with_thresholds(shown[columns], result).reset_index(drop=True)


def _with_thresholds(shown: pd.DataFrame, result: Result) -> pd.DataFrame:
    saved = result.table("thresholds") if result.has("thresholds") else pd.DataFrame()
    for criterion in CRITERIA:
        names = {
            "severity": f"{criterion}_at", "low": f"{criterion}_low", "high": f"{criterion}_high",
            "status": f"{criterion}_status",
        }  # fmt: skip
        if saved.empty:
            shown = shown.assign(**dict.fromkeys(names.values(), np.nan))
            continue
        mine = saved["criterion"].str.contains("remission") == (criterion == "remission")
        own = saved[mine & (saved["biotype"] == "all")].rename(columns=names)
        keys = [STRUCTURE, "treatment"]
        shown = shown.merge(own[[*keys, *names.values()]], on=keys, how="left")
    return shown


def draw_thresholds(table: pd.DataFrame, ax: Axes, criterion: str) -> None:
    """Draw one criterion against severity, one line a treatment, and where it meets its limit."""
    ax.axhline(LIMITS[criterion], color=style.INK, lw=0.9, zorder=1)
    for order, own in each_part(table, "order"):
        look = treatment_look(order)
        x, y = own["severity"], own[CRITERIA[criterion]]
        if criterion == "remission" and own["changes"].iloc[0]:
            ax.fill_between(x, y, own["distance_remission"], color=look.colour, alpha=0.16, lw=0)
            ax.plot(x, own["distance_remission"], color=look.colour, ls=DASHED, lw=0.9)
        ax.plot(
            x, y, color=look.colour, ls=DOTTED if own["assumed"].iloc[0] else "-", lw=1.5,
            marker=look.marker, ms=2.8, markevery=(order % 4, 4), mew=0,
        )  # fmt: skip
        at, low, high = (own[f"{criterion}_{k}"].iloc[0] for k in ("at", "low", "high"))
        ax.plot([low, high], [LIMITS[criterion]] * 2, color=look.colour, lw=2.6, alpha=0.75)
        ax.plot(at, LIMITS[criterion], "o", ms=4.2, color=look.colour, mec=style.PAPER, mew=0.7)


def treatment_look(order: int) -> style.Look:
    """Return colour and marker of a treatment."""
    colours = style.TREATMENT_PALETTE
    marker = style.MARKERS[(order + order // len(colours)) % len(style.MARKERS)]
    return style.Look(order + 1, colours[order % len(colours)], "-", marker)


def label_lines(table: pd.DataFrame, ax: Axes, criterion: str) -> None:
    """Write the name of each treatment beside the end of its line, none over another."""
    last = table[table["severity"] == table["severity"].max()]
    names, ends, colours = [], [], []
    for row, lines, end in zip(
        each_row(last), _label_lines(last), last[CRITERIA[criterion]], strict=True
    ):
        names += lines
        ends += [end - 1e-9 * place for place in range(len(lines))]
        colours += [treatment_look(row.order).colour] * len(lines)
    low, high = ax.get_ylim()
    points = ax.bbox.height / ax.figure.dpi * 72
    places = style.spread(ends, 8.4 / points * (high - low), low, high)
    for name, end, place, colour in zip(names, ends, places, colours, strict=True):
        ax.annotate(
            name, (float(last["severity"].iloc[0]), end),
            (13, (place - end) / (high - low) * points), textcoords="offset points", size=6.8,
            color=style.as_text(colour), va="center_baseline", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.6, "shrinkA": 1, "shrinkB": 1,
                        "relpos": (0.0, 0.5)},
        )  # fmt: skip


def _label_lines(last: pd.DataFrame) -> list[list[str]]:
    """Return the lines of each label: two where there is room for all, else one."""
    for longest in (2 * LABEL_LETTERS - 4, LABEL_LETTERS):
        short = short_labels(last["label"].tolist(), longest)
        told = [
            f"{name} (assumption)" if assumed else name
            for name, assumed in zip(short, last["assumed"], strict=True)
        ]
        lines = [textwrap.wrap(name, LABEL_LETTERS) for name in told]
        if sum(map(len, lines)) <= MOST_LINES:
            break
    return lines


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return the panels: two criteria for each group of treatments, a column a structure."""
    groups = [group for group in GROUPS if group in set(table["group"])]
    rows = [(group, criterion) for group in groups for criterion in CRITERIA]
    fig = style.page(
        1.25 + 2.0 * len(rows), QUESTION, finding(table, about), about, 2, LABEL_INCHES
    )
    grid = style.panels(fig, len(rows), len(about.structures), sharex=True, sharey="row")
    for axes, (group, criterion) in zip(grid, rows, strict=True):
        own = table[table["group"] == group]
        for ax, structure in zip(axes, about.structures, strict=True):
            draw_thresholds(own[own[STRUCTURE] == structure], ax, criterion)
            _scales(ax, own, criterion)
            if criterion == "gain":
                style.head(ax, structure, about)
        axes[0].set_ylabel(_AXIS[criterion])
        if criterion == "gain":
            _head_row(axes[0], group, about)
    grid[-1][len(grid[-1]) // 2].set_xlabel("Severity at the start of the course (MADRS, measured)")
    _key(fig, about)
    style.settle(fig)
    for axes, (group, criterion) in zip(grid, rows, strict=True):
        own = table[(table["group"] == group) & (table[STRUCTURE] == about.structures[-1])]
        label_lines(own, axes[-1], criterion)
    return fig


_AXIS = {"gain": "Gain in P(response)\nover control (points)", "remission": "P(remission)"}


def _head_row(ax: Axes, group: str, about: About) -> None:
    """Name a group of treatments above the names of structures, wider than its panel may be."""
    several = len(about.structures) > 1
    ax.set_title(f" \n{structure_label(about.structures[0])}" if several else " ")
    name = ax.annotate(
        GROUPS[group], (0, 1), (0, 17.5 if several else 5.0), xycoords="axes fraction",
        textcoords="offset points", size=9, weight="bold", annotation_clip=False,
    )  # fmt: skip
    name.set_in_layout(False)


def _scales(ax: Axes, table: pd.DataFrame, criterion: str) -> None:
    x = table["severity"]
    ax.set_xlim(float(x.min()), float(x.max()))
    ax.xaxis.set_major_locator(MultipleLocator(10))
    if criterion == "gain":
        ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: number(100 * y)))
        return
    ax.set_ylim(0, 1)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))


def _key(fig: Figure, about: About) -> None:
    grey = style.SOFT
    handles = [
        Line2D([], [], color=style.INK, lw=0.9),
        Line2D([], [], color=grey, marker="o", ms=4.2, mec=style.PAPER, mew=0.7, lw=2.6),
        Line2D([], [], color=grey, ls=DASHED, lw=0.9),
        Patch(facecolor=grey, alpha=0.25),
        Line2D([], [], color=grey, ls=DOTTED, lw=1.5),
    ]
    labels = [
        "limit (10 points, 20 %)",
        "threshold, 95 % interval",
        "distance alone",
        "potency lost or gained",
        NO_HUMAN_DATA,
    ]
    style.key(fig, about, handles, labels, 3)


def finding(table: pd.DataFrame, about: About) -> str:
    """Say how many treatments lose, and how many never reach, a gain of 10 points."""
    group = "behavioural" if "behavioural" in set(table["group"]) else "other"
    own = table[table["group"] == group]
    said: dict[str, list[str]] = {}
    for structure in about.structures:
        treatments = own[own[STRUCTURE] == structure].drop_duplicates("treatment")
        said.setdefault(_fates(treatments), []).append(structure_label(structure).lower())
    told = [f"{fate}{_where(names, about)}" for fate, names in said.items()]
    what = f"{own['treatment'].nunique()} {'behavioural ' * (group == 'behavioural')}treatments"
    return f"Of {what} a gain of 10 points in response is {'; '.join(told)}."


def _fates(treatments: pd.DataFrame) -> str:
    """Return how many treatments cross, stay above and stay under the limit."""
    status = treatments["gain_status"]
    crossing = treatments[status == "crosses"]
    counts = {
        f"lost by {len(crossing)}{_range(crossing['gain_at'])}": len(crossing),
        f"kept by {(status == 'always_above').sum()}": (status == "always_above").sum(),
        f"never reached by {(status == 'always_under').sum()}": (status == "always_under").sum(),
    }
    return listed([told for told, count in counts.items() if count]) or "no thresholds saved"


def _where(names: list[str], about: About) -> str:
    if len(about.structures) == 1:
        return ""
    return " under every structure" if len(names) > 2 else f" under {listed(names)}"


def _range(at: pd.Series[float]) -> str:
    if at.empty:
        return ""
    low, high = number(float(at.min())), number(float(at.max()))
    return f" (at MADRS {low})" if low == high else f" (at MADRS {low}–{high})"


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what lines, dots and shades are."""
    assumed = list(dict.fromkeys(table.loc[table["assumed"], "label"]))
    told = (
        "Virtual parallel trials: each treatment against its own control (the same contact, no "
        "specific effect), read when the course is judged. Upper rows of each group: gain in the "
        "probability of response, limit 10 points; lower rows: probability of remission (MADRS at "
        "most 10), limit 20 %. Dots: where a line meets its limit, with the 95 % Monte Carlo "
        "interval. Dashed: remission if potency did not change with severity, so its fall is the "
        "longer distance alone; shaded: what potency lost or gained with severity adds."
    )
    if assumed:
        told += f" Dotted, {NO_HUMAN_DATA}: {', '.join(assumed)}."
    return told


CHART = Chart(NAME, QUESTION, ("severity_curves",), table, figure, finding, reading)
