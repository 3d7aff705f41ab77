"""Published numbers beside the model's: a forest of prediction intervals with what was seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from popmodel.report import style
from popmodel.report.charts.chart import Chart
from popmodel.report.tables import STRUCTURE, About, Result, each_part, each_row

NAME = "validation_forest"
QUESTION = "Does the model foretell what trials found?"
TABLE = "predictions"
HELD_BACK, OTHER, FITTED = "held back: shares", "held back: means and contrasts", "fitted: shares"
FITTED_OTHER = "fitted: contrasts"
PANELS = (HELD_BACK, OTHER, FITTED, FITTED_OTHER)
PERCENT = 100.0
FARTHEST = 8.0
"""Standard deviations after which a point is drawn at the edge."""
ROW, BETWEEN = 0.135, 0.55
"""Inches of a row, and of the frame of a panel."""
INSIDE, OUTSIDE, EXPECTED = "#0173b2", "#ca4a00", "#333333"


def table(result: Result) -> pd.DataFrame:
    """Return the numbers of the main structure in the order drawn.

    Returns:
        `structure, panel, rank, label, observed, predicted, low, high, outside, recalled, beyond`;
        shares in percent, means and contrasts in standard deviations of their prediction, in
        which `beyond` marks those moved to the edge.
    """
    rows = result.table(TABLE)
    rows = rows[(rows[STRUCTURE] == result.about.structures[0]) & rows["z"].notna()]
    rows = rows.assign(note=rows["note"].astype(object).fillna(""), is_share=rows["people"] > 0)
    panel = np.select(
        [(rows["use"] == "test") & rows["is_share"], rows["use"] == "test", rows["is_share"]],
        [HELD_BACK, OTHER, FITTED],
        FITTED_OTHER,
    )
    rows = rows.assign(panel=pd.Categorical(panel, PANELS, ordered=True))
    rows = rows.sort_values(["panel", "trial"], kind="stable", ignore_index=True)
    half = (rows["high"] - rows["low"]) / 2.0 / rows["sd"]
    shares = rows["is_share"]
    return pd.DataFrame({
        STRUCTURE: rows[STRUCTURE],
        "panel": rows["panel"].astype(str),
        "rank": rows.groupby("panel", observed=True).cumcount(),
        "label": rows["trial"] + ": " + rows["term"],
        "observed": np.where(
            shares, PERCENT * rows["observed"], rows["z"].clip(-FARTHEST, FARTHEST)
        ),
        "predicted": np.where(shares, PERCENT * rows["predicted"], 0.0),
        "low": np.where(shares, PERCENT * rows["low"], -half),
        "high": np.where(shares, PERCENT * rows["high"], half),
        "outside": rows["outside"].astype(bool),
        "recalled": rows["note"].str.contains("recalled"),
        "beyond": ~shares & (rows["z"].abs() > FARTHEST),
    })  # fmt: skip


def draw_validation_forest(table: pd.DataFrame, ax: Axes) -> None:
    """Draw one panel: interval and prediction of each number, and what was published."""
    ax.hlines(table["rank"], table["low"], table["high"], color=style.SOFT, lw=1.0, zorder=1)
    ax.plot(table["predicted"], table["rank"], "|", ms=6, mew=1.2, color=EXPECTED, zorder=2)
    for row in each_row(table):
        colour = OUTSIDE if row.outside else INSIDE
        ax.plot(
            row.observed, row.rank, "X" if row.outside else "o", ms=4.6 if row.outside else 3.6,
            color=colour, mfc=style.PAPER if row.recalled else colour, mew=0.9, zorder=3,
            clip_on=False,
        )  # fmt: skip
    ax.set_yticks(table["rank"], table["label"], size=5.6)
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color="#dddddd", lw=0.5)
    ax.set_axisbelow(True)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return the panels one under the other, as tall as they have rows."""
    parts = list(each_part(table, "panel"))
    sizes = [len(own) for _, own in parts]
    height = 1.3 + sum(ROW * size + BETWEEN for size in sizes)
    fig = style.page(height, QUESTION, finding(table, about), about, key_rows=1)
    ratios = [ROW * size + 0.15 for size in sizes]
    grid = style.panels(fig, len(parts), 1, height_ratios=ratios)
    for (name, own), (ax,) in zip(parts, grid, strict=True):
        draw_validation_forest(own, ax)
        is_share = name in (HELD_BACK, FITTED)
        ax.set_title(str(name).capitalize())
        ax.set_xlabel(
            "% of patients" if is_share else "published minus foretold, standard deviations"
        )
        if is_share:
            ax.set_xlim(0.0, PERCENT)
    handles = [
        Line2D([], [], color=style.SOFT, lw=1.0, marker="|", ms=6, mew=1.2, mec=EXPECTED),
        Line2D([], [], ls="", marker="o", ms=3.6, color=INSIDE),
        Line2D([], [], ls="", marker="X", ms=4.6, color=OUTSIDE),
        Line2D([], [], ls="", marker="o", ms=3.6, color=INSIDE, mfc=style.PAPER),
    ]
    told = ["foretold, 95 % interval", "published, inside", "outside", "hollow: recalled"]
    style.key(fig, about, handles, told, 4)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say how many numbers of each use lie outside their interval."""
    held = table["panel"].isin([HELD_BACK, OTHER])
    missed, of = int(table["outside"][held].sum()), int(held.sum())
    missed_fit, of_fit = int(table["outside"][~held].sum()), int((~held).sum())
    return (
        f"{missed} of {of} published numbers that were held back lie outside their 95 % prediction "
        f"interval, and {missed_fit} of {of_fit} that were fitted."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what lines and points are."""
    beyond = int(table["beyond"].sum())
    edge = f" {beyond} of them lie beyond {FARTHEST:g} and stand at the edge." if beyond else ""
    return (
        "Bars: 95 % prediction intervals with the prediction as a tick; they hold sampling error, "
        "differences between settings and, for numbers held back, doubt about the fitted numbers; "
        "twice as wide for recalled numbers (hollow). Points: published; crosses lie outside. "
        "Means and contrasts have units of their own and are shown in standard deviations of "
        f"their prediction.{edge}"
    )


CHART = Chart(NAME, QUESTION, (TABLE,), table, figure, finding, reading)
