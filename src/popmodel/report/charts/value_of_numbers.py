"""Which numbers are worth learning more about: EVPPI bars with errors and the floor of noise."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from popmodel.report import style
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import STRUCTURE, About, Result
from popmodel.report.words import clean, money

NAME = "value_of_numbers"
QUESTION = "Which numbers are worth learning more about?"
MOST_BARS = 15
MOST_LETTERS = 42
FEWEST_LETTERS = 14
NORMAL_95 = 1.959964
CLEAR, UNCLEAR = "#0173b2", "#c3d4e0"


def table(result: Result) -> pd.DataFrame:
    """Return `structure, wtp, parameter, rank, evppi, low, high, evppi_noise, clear`.

    The 15 of highest value in the main structure, at the price nearest to the middle one.
    `clear`: the lower limit lies above what shuffled draws would seem to be worth.
    """
    about = result.about_psa
    saved = result.table("psa/evppi")
    price = about.main_wtp or float(saved["wtp"].median())
    nearest = saved["wtp"].iloc[(saved["wtp"] - price).abs().argmin()]
    shown = saved[saved["wtp"] == nearest].copy()
    error = shown["evppi_se"] if "evppi_se" in shown.columns else 0.0
    shown["low"] = (shown["evppi"] - NORMAL_95 * error).clip(lower=0.0)
    shown["high"] = shown["evppi"] + NORMAL_95 * error
    if "evppi_noise" not in shown.columns:
        shown["evppi_noise"] = 0.0
    shown["clear"] = shown["low"] > shown["evppi_noise"]
    main = shown[shown[STRUCTURE] == about.main_structure]
    order = main.sort_values("evppi", ascending=False, kind="stable")["parameter"][:MOST_BARS]
    rank = {name: place for place, name in enumerate(order)}
    kept = shown[shown["parameter"].isin(rank)].assign(rank=lambda t: t["parameter"].map(rank))
    columns = [STRUCTURE, "wtp", "parameter", "rank", "evppi", "low", "high", "evppi_noise",
               "clear"]  # fmt: skip
    ordered: pd.DataFrame = kept.sort_values([STRUCTURE, "rank"], kind="stable")[columns]
    return ordered.reset_index(drop=True)


def draw_evppi(table: pd.DataFrame, ax: Axes) -> None:
    """Draw the bars of one structure, longest above."""
    for is_clear, colour, hatch in ((True, CLEAR, ""), (False, UNCLEAR, "////")):
        own = table[table["clear"] == is_clear]
        ax.barh(own["rank"], own["evppi"], height=0.66, color=colour, hatch=hatch,
                edgecolor=style.PAPER, linewidth=0.4, zorder=2)  # fmt: skip
    ax.hlines(table["rank"], table["low"], table["high"], color=style.INK, lw=1.0, zorder=4)
    floor = table["evppi_noise"]
    ax.vlines(floor, table["rank"] - 0.38, table["rank"] + 0.38, color="#ca4a00", lw=2.0, zorder=3)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return the panels of all structures on a common axis from zero."""
    names = table.drop_duplicates("rank").sort_values("rank")["parameter"]
    fig = style.page(1.45 + 0.19 * max(len(names), 4), QUESTION, finding(table, about), about, 1)
    (axes,) = style.panels(fig, 1, len(about.structures), sharex=True, sharey=True)
    for ax, structure in zip(axes, about.structures, strict=True):
        draw_evppi(table[table[STRUCTURE] == structure], ax)
        style.head(ax, structure, about)
        ax.grid(visible=False, axis="y")
    axes[0].set_xlim(0, float(table["high"].max()) * 1.06 or 1.0)
    axes[0].set_ylim(len(names) - 0.4, -0.6)
    axes[0].set_yticks(
        range(len(names)), [short_path(n, about) for n in names], size=6.4, color=style.INK
    )
    axes[len(axes) // 2].set_xlabel(f"EVPPI per person ({about.price_year} {about.currency})")
    handles = [
        Patch(facecolor=CLEAR), Patch(facecolor=UNCLEAR, hatch="////", edgecolor=style.PAPER),
        Line2D([], [], color=style.INK, lw=1.0), Line2D([], [], color="#ca4a00", lw=2.0),
    ]  # fmt: skip
    labels = ["clear of noise", "not clear", "95 % from the number of draws",
              "what pure noise would seem to be worth"]  # fmt: skip
    style.key(fig, about, handles, labels, 4)
    return fig


def short_path(path: str, about: About) -> str:
    """Return a dotted path as words on one line: its subject, then what of it, whole if it fits.

    The section of a card is left out where more follows, and a long subject is cut before the end,
    which tells two numbers of one treatment apart.
    """
    parts = [clean(part.replace("_", " "), 60) for part in path.split(".")]
    if len(parts) < 3:
        return clean(" ".join(parts), MOST_LETTERS)
    names = path.split(".")
    subject = {"treatments": about.treatment_label(names[1])}.get(names[0], parts[1])
    what = clean(" ".join(parts[3:] or parts[2:]), MOST_LETTERS - FEWEST_LETTERS)
    return f"{clean(subject, max(FEWEST_LETTERS, MOST_LETTERS - len(what) - 2))}: {what}"


def finding(table: pd.DataFrame, about: About) -> str:
    """Say which number is worth most to learn, and how many are clear of noise."""
    main = table[table[STRUCTURE] == about.main_structure]
    row = main.iloc[int(main["evppi"].argmax())]
    clear = main[main["clear"]]
    price = money(float(row["wtp"]), about.currency)
    where = under(about.main_structure, about)
    if clear.empty:
        return f"At {price} per QALY no number is clearly worth learning more about{where}."
    name = short_path(str(row["parameter"]), about)
    return (
        f"At {price} per QALY the most worth learning is {name}, "
        f"{money(float(row['evppi']), about.currency)} per person{where}; {len(clear)} of the "
        f"{len(main)} shown are clear of noise."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what bars, lines and the floor are."""
    return (
        "Bars: expected value of learning one number (or group) exactly, per person who faces the "
        "decision, by regression on the draws. The floor is what the same method finds when the "
        "draws of the number are shuffled, so that it means nothing. Values do not add up. "
        "`popmodel explain` followed by a path tells where a number comes from."
    )


CHART = Chart(NAME, QUESTION, ("psa/evppi",), table, figure, finding, reading)
