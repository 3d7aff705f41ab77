"""The plane of cost and effect with its frontier; shared by the charts on QALYs and on weeks."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from popmodel.economics import incremental_table
from popmodel.economics.incremental import DOMINATED, EXTENDED_DOMINATED, FRONTIER, REFERENCE
from popmodel.report import style
from popmodel.report.charts.chart import under
from popmodel.report.tables import STRUCTURE, About, Result, each_row, with_labels
from popmodel.report.words import listed, money, short_money, structure_label

EFFICIENT = (REFERENCE, FRONTIER)
BADGE = 11.0
"""Diameter of a numbered badge, points."""


def frontier_table(result: Result, effect: str) -> pd.DataFrame:
    """Return `structure, strategy, label, order, cost, effect, icer, status` and differences.

    `d_cost, d_effect` and their limits `…_low`, `…_high` are paired differences from the
    comparator; `next_cost, next_effect` the differences of the next strategy on the frontier.
    """
    about = result.about
    means = result.table("strategies").rename(columns={f"cost_{about.perspective}": "cost"})
    shown = incremental_table(means[[STRUCTURE, "strategy", "cost", effect]], effect)
    shown = shown.rename(columns={effect: "effect", f"inc_{effect}": "inc_effect"})
    base = shown[shown["strategy"] == about.comparator].set_index(STRUCTURE)
    for name in ("cost", "effect"):
        shown[f"d_{name}"] = shown[name] - shown[STRUCTURE].map(base[name])
    shown = _with_limits(shown, result, effect)
    efficient = shown[shown["status"].isin(EFFICIENT)]
    for name in ("cost", "effect"):
        shown[f"before_{name}"] = efficient.groupby(STRUCTURE)[f"d_{name}"].shift(1)
    return with_labels(shown, about)


def _with_limits(shown: pd.DataFrame, result: Result, effect: str) -> pd.DataFrame:
    """Add the limits of paired differences where a run has saved them."""
    limits = {
        f"inc_{name}_{side}": f"d_{column}_{side}"
        for name, column in (("cost", "cost"), (effect, "effect"))
        for side in ("low", "high")
    }
    saved = result.table("versus_comparator") if result.has("versus_comparator") else None
    if saved is None or not set(limits) <= set(saved.columns):
        return shown.assign(**dict.fromkeys(limits.values(), np.nan))
    keys = [STRUCTURE, "strategy"]
    return shown.merge(saved[[*keys, *limits]].rename(columns=limits), on=keys, how="left")


def draw_plane(table: pd.DataFrame, ax: Axes) -> None:
    """Draw the differences of one structure from the comparator, and the frontier."""
    efficient = table[table["status"].isin(EFFICIENT)]
    ax.plot(efficient["d_effect"], efficient["d_cost"] / 1000, color=style.INK, lw=1.3, zorder=2)
    for row in each_row(table):
        look = style.look(row.order)
        for axis, low, high in (("x", row.d_effect_low, row.d_effect_high),
                                ("y", row.d_cost_low, row.d_cost_high)):  # fmt: skip
            _interval(ax, row.d_effect, row.d_cost, axis, low, high, look.colour)
        ax.plot(row.d_effect, row.d_cost / 1000, "o", ms=2.6, color=look.colour, zorder=4)


def _interval(
    ax: Axes, x: float, y: float, axis: str, low: float, high: float, colour: str
) -> None:
    if not np.isfinite([low, high]).all():
        return
    if axis == "x":
        ax.plot([low, high], [y / 1000] * 2, color=colour, lw=1.0, zorder=3)
    else:
        ax.plot([x, x], [low / 1000, high / 1000], color=colour, lw=1.0, zorder=3)


def draw_badges(table: pd.DataFrame, ax: Axes) -> None:
    """Number the points; badges that would cover each other step aside on a thin line."""
    points = ax.transData.transform(table[["d_effect", "d_cost"]].to_numpy() / [1.0, 1000.0])
    scale = 72.0 / ax.figure.dpi
    offsets = badge_offsets(points * scale, BADGE, 11.0, _line_dots(table, points * scale))
    for row, (dx, dy) in zip(each_row(table), offsets, strict=True):
        look = style.look(row.order)
        shape, face, ink = _badge(row.status, look.colour)
        ax.annotate(
            str(look.number), (row.d_effect, row.d_cost / 1000), (dx, dy),
            textcoords="offset points", ha="center", va="center_baseline", size=7, color=ink,
            weight="bold", zorder=6, annotation_clip=False,
            bbox={"boxstyle": shape, "fc": face, "ec": look.colour, "lw": 1.1},
            arrowprops={"arrowstyle": "-", "color": look.colour, "lw": 0.6,
                        "shrinkA": 0, "shrinkB": 1},
        )  # fmt: skip


def _badge(status: str, colour: str) -> tuple[str, str, str]:
    """Return shape, fill and ink by status, so that it shows without colour."""
    if status in EFFICIENT:
        return "circle,pad=0.22", colour, style.ink_on(colour)
    if status == EXTENDED_DOMINATED:
        return "circle,pad=0.22", style.PAPER, style.as_text(colour)
    return "square,pad=0.25", style.PAPER, style.as_text(colour)


def _line_dots(table: pd.DataFrame, points: np.ndarray) -> np.ndarray:
    """Return dots along the frontier, which badges keep off too."""
    corners = points[table["status"].isin(EFFICIENT).to_numpy()]
    share = np.linspace(0.0, 1.0, 25)[:, None]
    pairs = itertools.pairwise(corners)
    return np.concatenate([np.empty((0, 2)), *(a + share * (b - a) for a, b in pairs)])


def badge_offsets(
    points: np.ndarray, size: float, away: float, dots: np.ndarray
) -> list[tuple[float, float]]:
    """Return offsets, in points, that keep badges apart from each other and off points and dots.

    Greedy: each takes, of sixteen directions at growing distance, the place that is free;
    up and left first, which is the side of a frontier where nothing else is.
    """
    taken: list[np.ndarray] = []
    crowd = np.concatenate([points, dots])
    offsets = []
    angles = np.deg2rad([135, 112, 157, 90, 180, 67, 202, 45, 225, 22, 0, 247, 270, 315, 338, 292])
    for point in points:
        best, least = (0.0, 0.0), np.inf
        for distance in (away, 1.6 * away, 2.3 * away, 3.2 * away):
            for rank, angle in enumerate(angles):
                move = distance * np.array([np.cos(angle), np.sin(angle)])
                cost = _crowding(point + move, taken, crowd, size) + 0.02 * rank + 0.02 * distance
                if cost < least:
                    best, least = (float(move[0]), float(move[1])), cost
        offsets.append(best)
        taken.append(point + np.array(best))
    return offsets


def _crowding(place: np.ndarray, taken: list[np.ndarray], dots: np.ndarray, size: float) -> float:
    near = sum(max(0.0, 1.35 * size - float(np.linalg.norm(place - t))) for t in taken)
    gaps = np.linalg.norm(dots - place, axis=1)
    return 4 * near + float(np.maximum(0.0, 0.75 * size - gaps).sum())


def write_icers(table: pd.DataFrame, ax: Axes, about: About) -> None:
    """Write the ICER of each segment on the free side of the frontier."""
    rows = table[table["before_cost"].notna()]
    if rows.empty:
        return
    low, high = ax.get_ylim()
    middle_x = (rows["d_effect"] + rows["before_effect"]) / 2
    middle_y = (rows["d_cost"] + rows["before_cost"]) / 2000
    places = style.spread(middle_y.tolist(), 0.075 * (high - low), low, high)
    for x, y, place, icer in zip(middle_x, middle_y, places, rows["icer"], strict=True):
        shift = (place - y) / (high - low) * ax.bbox.height * 72.0 / ax.figure.dpi
        ax.annotate(
            short_money(icer, about.currency), (x, y), (9, shift - 5),
            textcoords="offset points", size=6.8, va="center", color=style.INK, zorder=5,
            annotation_clip=False, bbox={"fc": style.PAPER, "lw": 0, "pad": 0.6, "alpha": 0.85},
            arrowprops={"arrowstyle": "-", "color": style.SOFT, "lw": 0.5, "shrinkA": 0,
                        "shrinkB": 0},
        )  # fmt: skip


def plane_figure(
    table: pd.DataFrame,
    about: About,
    question: str,
    told: str,
    effect_label: str,
    unit: str,
    price: float | None = None,
) -> Figure:
    """Return the panels of all structures on common axes, with badges and ICERs.

    Args:
        table: from `frontier_table`.
        about: what the result is.
        question: the title.
        told: the finding.
        effect_label: label of the horizontal axis.
        unit: what the ICER is per.
        price: willingness to pay, drawn as a line through the comparator.
    """
    columns = style.key_columns(about)
    rows = style.key_rows(len(about.labels), columns) + 1
    fig = style.page(3.75 + 0.15 * rows, question, told, about, rows)
    (axes,) = style.panels(fig, 1, len(about.structures), sharex=True, sharey=True)
    _limits(axes[0], table)
    axes[0].xaxis.set_major_locator(MaxNLocator(5))
    for ax, structure in zip(axes, about.structures, strict=True):
        draw_plane(table[table[STRUCTURE] == structure], ax)
        ax.axhline(0, color=style.FAINT, lw=0.9, zorder=1)
        ax.axvline(0, color=style.FAINT, lw=0.9, zorder=1)
        if price:
            ax.axline((0, 0), slope=price / 1000, color=style.SOFT, lw=0.8, ls=(0, (2, 2)))
        style.head(ax, structure, about)
    axes[len(axes) // 2].set_xlabel(effect_label)
    year = f"{about.price_year} {about.currency}".strip()
    axes[0].set_ylabel(f"Extra cost per patient\n({year}, thousands)")
    _keys(fig, about, columns, unit, price)
    style.settle(fig)
    for ax, structure in zip(axes, about.structures, strict=True):
        own = table[table[STRUCTURE] == structure]
        draw_badges(own, ax)
        write_icers(own, ax, about)
    return fig


def _limits(ax: Axes, table: pd.DataFrame) -> None:
    """Leave room for badges on all sides and for ICERs on the right."""
    for axis, name, room in (("x", "d_effect", (0.14, 0.20)), ("y", "d_cost", (0.14, 0.16))):
        values = table[[name, f"{name}_low", f"{name}_high"]].to_numpy()
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        span = (high - low) or 1.0
        limits = np.array([low - room[0] * span, high + room[1] * span])
        if axis == "x":
            ax.set_xlim(*limits)
        else:
            ax.set_ylim(*(limits / 1000))


def _keys(fig: Figure, about: About, columns: int, unit: str, price: float | None) -> None:
    looks = [style.look(order) for order in range(len(about.labels))]
    handles = [Line2D([], [], ls="none", marker="o", ms=7, color=look.colour) for look in looks]
    style.key(fig, about, handles, style.numbered(about, 126 // columns), columns, raised=1)
    status = [
        Line2D([], [], color=style.INK, marker="o", ms=6, lw=1.3),
        Line2D([], [], ls="none", marker="o", ms=6, mfc=style.PAPER, mec=style.INK),
        Line2D([], [], ls="none", marker="s", ms=6, mfc=style.PAPER, mec=style.INK),
    ]
    names = [f"frontier, with the cost per {unit} of each step", "extended dominated", "dominated"]
    if price:
        status.append(Line2D([], [], color=style.SOFT, lw=0.8, ls=(0, (2, 2))))
        names.append(f"{money(price, about.currency)} per {unit}")
    style.key(fig, about, status, names, len(names))


def plane_finding(table: pd.DataFrame, about: About, unit: str) -> str:
    """Say which strategies are on the frontier and what the last step along it costs."""
    main = table[table[STRUCTURE] == about.main_structure]
    efficient = main[main["status"].isin(EFFICIENT)]
    names = [about.labels[s] for s in efficient["strategy"]]
    where = under(about.main_structure, about)
    if len(main) == 1:
        return f"{names[0]} is the only strategy: there is nothing to compare."
    if len(names) == 1:
        told = f"{names[0]} costs least and achieves most: it dominates all others{where}"
    else:
        icer = money(float(efficient["icer"].iloc[-1]), about.currency)
        told = f"On the frontier{where}: {listed(names)}; the last step costs {icer} per {unit}"
    last = {s: _last(table, s) for s in about.structures}
    differ = [s for s in about.structures if last[s] != last[about.main_structure]]
    if not differ:
        return f"{told}."
    named = [f"{about.labels[last[s]]} under {structure_label(s).lower()}" for s in differ]
    return f"{told}; it ends at {listed(named)}."


def _last(table: pd.DataFrame, structure: str) -> str:
    own = table[(table[STRUCTURE] == structure) & table["status"].isin(EFFICIENT)]
    return str(own["strategy"].iloc[-1])


def plane_reading(about: About, effect: str, statuses: Sequence[str]) -> str:
    """Say what points, bars, lines and numbers are."""
    told = (
        f"Points: difference from {about.labels[about.comparator]} (0, 0) in discounted cost and "
        f"{effect} per patient; bars: 95 % Monte Carlo limits of the paired difference, not "
        "parameter uncertainty. Line: the frontier, with the cost of one more unit on each step."
    )
    if DOMINATED in statuses:
        told += " Squares are dominated by one other strategy."
    if EXTENDED_DOMINATED in statuses:
        told += " Open circles are dominated by a mix of two others."
    return told
