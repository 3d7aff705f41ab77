"""The way of patients through settings: crisis, emergency department, ward, home."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from popmodel.report import style
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import STRUCTURE, About, Result, each_part, each_row, with_labels
from popmodel.report.words import number, percent

NAME = "settings_flow"
QUESTION = "Where do patients go after a crisis, and what is begun there?"
PLACES = {"crisis": "Crisis", "emergency": "Emergency\ndepartment", "inpatient": "Ward"}
ENDS = {
    "emergency": "To the emergency department", "inpatient": "To the ward", "home": "Home",
    "same_stay": "Within a stay", "still_there": "Still there at the end", "death": "Death",
}  # fmt: skip
LOOKS: dict[str, tuple[str, str]] = {
    "emergency": ("#de8f05", ""), "inpatient": ("#0173b2", "////"), "home": ("#8fd0bb", ""),
    "same_stay": ("#b8a88a", "----"), "still_there": ("#e4e4e4", ""), "death": ("#1a1a1a", ""),
}  # fmt: skip
PER = 1000
"""Counts are told per so many patients who entered."""
ENOUGH = 0.12
"""A part of at least this share of the axis has its per cent written inside."""


def table(result: Result) -> pd.DataFrame:
    """Return `structure, strategy, label, order, place, end, per_1000, low, share, begun`.

    `per_1000` is how often patients left a place for `end`, per 1,000 who entered the model; `low`
    where its part of the bar begins; `begun` the courses begun in the place, per 1,000 too.
    """
    about = result.about
    stays = result.table("stays").rename(columns={"start": "place"})
    stays = stays[(stays[STRUCTURE] == about.main_structure) & (stays["count"] > 0)]
    entered = result.table("strategies").set_index([STRUCTURE, "strategy"])["patients"]
    keys = [STRUCTURE, "strategy"]
    size = pd.Series(
        entered.reindex(pd.MultiIndex.from_frame(stays[keys])).to_numpy(), index=stays.index
    )
    stays = stays.assign(per_1000=PER * stays["count"] / size)
    rank = stays["place"].map(list(PLACES).index) * len(ENDS) + stays["end"].map(list(ENDS).index)
    stays = stays.assign(rank=rank).sort_values([*keys, "rank"], kind="stable")
    bars = stays.groupby([*keys, "place"], sort=False)["per_1000"]
    stays["low"] = bars.cumsum() - stays["per_1000"]
    stays["share"] = stays["per_1000"] / bars.transform("sum")
    courses = result.table("courses_by_setting").rename(columns={"setting": "place"})
    begun = courses.groupby([*keys, "place"])["count"].sum()
    at = pd.MultiIndex.from_frame(stays[[*keys, "place"]])
    found = begun.reindex(at).fillna(0.0).to_numpy()
    stays["begun"] = PER * found / size.reindex(stays.index).to_numpy()
    columns = [*keys, "place", "end", "per_1000", "low", "share", "begun"]
    return with_labels(stays[columns], about).sort_values("order", kind="stable")


def draw_settings(table: pd.DataFrame, ax: Axes) -> None:
    """Draw one bar a place of one strategy, its parts where patients went from there."""
    places = list(PLACES)
    for end, part in each_part(table, "end"):
        colour, hatch = style.part_look(LOOKS, end)
        ax.barh(
            [places.index(place) for place in part["place"]], part["per_1000"], left=part["low"],
            height=0.66, color=colour, hatch=hatch, edgecolor=style.PAPER, linewidth=0.5,
        )  # fmt: skip


def write_numbers(table: pd.DataFrame, ax: Axes) -> None:
    """Write shares inside wide parts; after each bar its length and the courses begun there."""
    width, places = ax.get_xlim()[1], list(PLACES)
    for row in each_row(table[table["per_1000"] >= ENOUGH * width]):
        face, hatch = style.part_look(LOOKS, row.end)
        ax.text(
            row.low + row.per_1000 / 2, places.index(row.place), percent(row.share), ha="center",
            va="center_baseline", size=6.5, color=style.ink_on(face),
            bbox={"fc": face, "lw": 0, "pad": 0.6} if hatch else None,
        )  # fmt: skip
    for place, bar in each_part(table, "place"):
        told = number(bar["per_1000"].sum())
        begun = bar["begun"].iloc[0]
        if begun > 0.0:
            told += f"\n{number(begun, 0 if begun >= 10 else 1)} courses\nbegun"
        ax.annotate(
            told, (bar["per_1000"].sum(), places.index(place)), (3, 0),
            textcoords="offset points", va="center", size=6.4, linespacing=0.95,
        )  # fmt: skip


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel a strategy on common axes."""
    shown = [s for s in about.labels if s in set(table["strategy"])]
    ends = [end for end in ENDS if end in set(table["end"])]
    columns = min(3, len(shown))
    rows = style.key_rows(len(shown), columns)
    key_rows = style.key_rows(len(ends), 3)
    height = 1.05 + rows * 1.55 + 0.15 * key_rows
    fig = style.page(height, QUESTION, finding(table, about), about, key_rows)
    grid = style.panels(fig, rows, columns, sharex=True, sharey=True)
    axes = [ax for row in grid for ax in row]
    longest = table.groupby(["strategy", "place"])["per_1000"].sum().max()
    axes[0].set_xlim(0, max(1.0, float(longest)) * 1.3)
    axes[0].set_ylim(len(PLACES) - 0.5, -0.5)
    axes[0].set_yticks(range(len(PLACES)), list(PLACES.values()))
    axes[0].xaxis.set_major_locator(MaxNLocator(4, integer=True))
    for ax, strategy in zip(axes, shown, strict=False):
        own = table[table["strategy"] == strategy]
        draw_settings(own, ax)
        write_numbers(own, ax)
        ax.set_title(style.panel_title(strategy, about))
        ax.grid(visible=False, axis="y")
    for ax in grid[-1]:
        ax.set_xlabel("Per 1,000 patients")
    style.hide_unused(axes, len(shown), columns)
    style.part_key(fig, about, LOOKS, {end: ENDS[end] for end in ends}, 3)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say what follows a crisis under the comparator, and where most is begun in hospital."""
    own = table[table["strategy"] == about.comparator]
    by = own.set_index(["place", "end"])["per_1000"]
    crises = by.get("crisis", pd.Series(dtype=float)).sum()
    admitted = by.get(("emergency", "inpatient"), 0.0)
    told = (
        f"Under {about.labels[about.comparator]} 1,000 patients have {number(crises)} crises and "
        f"{number(admitted)} admissions"
    )
    inside = table[table["place"] != "crisis"].drop_duplicates(["strategy", "place"])
    begun = inside.groupby("strategy", sort=False)["begun"].sum()
    if len(begun) and begun.max() > 0.0:
        best = str(begun.idxmax())
        told += (
            f"; most is begun in hospital under {about.labels[best]}, {number(begun.max())} courses"
        )
    return f"{told}{under(about.main_structure, about)}."


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what the bars are."""
    return (
        "Bars: how often patients had a crisis, were in an emergency department and on a ward, per "
        "1,000 who entered, over the horizon; the parts of a bar are where they went from there "
        "and add up to it. Courses begun: in that place, whatever they are. Who waits for a bed "
        "(when_full: board) is in the emergency department."
    )


def fits(result: Result) -> bool:
    """Say whether there was any crisis."""
    return bool((result.table("stays")["count"] > 0).any())


CHART = Chart(
    NAME, QUESTION, ("stays", "courses_by_setting", "strategies"), table, figure, finding, reading,
    fits,
)  # fmt: skip
