"""What knowing everything would be worth: EVPI by willingness to pay, with and without luck."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from popmodel.report import style
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import STRUCTURE, About, Result
from popmodel.report.words import money, number, percent

NAME = "value_of_information"
QUESTION = "What would it be worth to know everything before deciding?"
NORMAL_95 = 1.959964
RAW, CORRECTED = "#0173b2", style.INK


def table(result: Result) -> pd.DataFrame:
    """Return `structure, wtp, evpi, low, high, evpi_corrected, noise_share` per person."""
    raw = result.table("psa/evpi")
    error = raw["evpi_se"] if "evpi_se" in raw.columns else np.nan
    shown = raw[[STRUCTURE, "wtp", "evpi"]].assign(
        low=(raw["evpi"] - NORMAL_95 * error).clip(lower=0.0), high=raw["evpi"] + NORMAL_95 * error
    )
    if not result.has("psa/evpi_without_noise"):
        return shown.assign(evpi_corrected=np.nan, noise_share=np.nan)
    known = result.table("psa/evpi_without_noise")
    columns = [STRUCTURE, "wtp", "evpi_corrected", "noise_share"]
    return shown.merge(known[columns], on=[STRUCTURE, "wtp"], how="left")


def draw_evpi(table: pd.DataFrame, ax: Axes) -> None:
    """Draw raw and corrected EVPI of one structure."""
    wtp = table["wtp"] / 1000
    ax.fill_between(wtp, table["low"], table["high"], color=RAW, alpha=0.18, lw=0)
    ax.plot(wtp, table["evpi"], color=RAW, ls=(0, (4, 1.6)), lw=1.3)
    ax.plot(wtp, table["evpi_corrected"], color=CORRECTED, lw=1.8)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return the panels of all structures on common axes from zero."""
    fig = style.page(3.35, QUESTION, finding(table, about), about, 1)
    (axes,) = style.panels(fig, 1, len(about.structures), sharex=True, sharey=True)
    for ax, structure in zip(axes, about.structures, strict=True):
        draw_evpi(table[table[STRUCTURE] == structure], ax)
        for price in about.wtp:
            ax.axvline(price / 1000, color=style.SOFT, lw=0.7, ls=(0, (1, 2)), zorder=1)
        style.head(ax, structure, about)
    axes[0].set_ylim(0, float(np.nanmax(table[["evpi", "high"]].to_numpy())) * 1.08 or 1.0)
    axes[0].set_xlim(float(table["wtp"].min()) / 1000, float(table["wtp"].max()) / 1000)
    axes[0].xaxis.set_major_locator(MaxNLocator(6, prune="upper"))
    axes[0].yaxis.set_major_formatter(lambda value, _: number(value))
    axes[0].set_ylabel(f"EVPI per person ({about.price_year} {about.currency})")
    axes[len(axes) // 2].set_xlabel(f"Willingness to pay per QALY ({about.currency}, thousands)")
    handles = [
        Line2D([], [], color=CORRECTED, lw=1.8),
        Line2D([], [], color=RAW, ls=(0, (4, 1.6)), lw=1.3),
        Patch(facecolor=RAW, alpha=0.18),
        Line2D([], [], color=style.SOFT, lw=0.7, ls=(0, (1, 2))),
    ]
    labels = ["without the luck of patients", "as drawn", "95 % from the number of draws",
              "prices of the scenario"]  # fmt: skip
    if table["evpi_corrected"].isna().all():
        handles, labels = handles[1:], labels[1:]
    style.key(fig, about, handles, labels, len(labels))
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say what perfect information is worth at the middle price, and how much of it is luck."""
    price = about.main_wtp or float(table["wtp"].median())
    main = table[table[STRUCTURE] == about.main_structure]
    row = main.iloc[int((main["wtp"] - price).abs().argmin())]
    where = under(about.main_structure, about)
    at = f"At {money(float(row['wtp']), about.currency)} per QALY"
    if not np.isfinite(row["evpi_corrected"]):
        worth = money(float(row["evpi"]), about.currency)
        return f"{at} perfect information is worth {worth} per person{where}, luck included."
    return (
        f"{at} perfect information is worth "
        f"{money(float(row['evpi_corrected']), about.currency)} per person{where}; as drawn it "
        f"seems to be {money(float(row['evpi']), about.currency)}, because luck makes up "
        f"{percent(float(row['noise_share']))} of the variance."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what the lines are, and for whom the amounts count."""
    return (
        "Lines: expected value of perfect information, what a wrong choice is expected to cost "
        "one person who faces the decision; an upper limit to what research can be worth. "
        "Each draw is a mean over finitely many simulated patients: their luck looks like "
        "uncertainty and is taken out of the solid line by the spread between blocks of patients."
    )


CHART = Chart(NAME, QUESTION, ("psa/evpi",), table, figure, finding, reading)
