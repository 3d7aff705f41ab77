"""Whom to offer what: the best strategy by severity and price, a panel a biotype."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from popmodel.economics.policy_map import ALL
from popmodel.report import style
from popmodel.report.charts import grid
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import STRUCTURE, About, Result, each_part, with_labels
from popmodel.report.words import clean, money, number, percent, title_of

NAME = "policy_map"
QUESTION = "Which strategy is best for whom, at which price?"
PALEST, SPAN = 0.15, 0.85
"""Share of colour at a probability of 0, and what is added up to 1."""
FEW = 30
"""Patients of a group in a draw under which its cells are mostly luck."""


def table(result: Result) -> pd.DataFrame:
    """Return the map of the main structure: columns of `policy_map.csv`, label, order, row."""
    about = result.about_psa
    saved = result.table("psa/policy_map")
    shown = saved[saved[STRUCTURE] == about.main_structure]
    bands = sorted(dict.fromkeys(shown["severity_band"].astype(str)), key=_lowest)
    rank = {band: place for place, band in enumerate(bands)}
    shown = shown.assign(row=shown["severity_band"].astype(str).map(rank))
    return with_labels(shown.reset_index(drop=True), about)


def _lowest(band: str) -> tuple[float, str]:
    digits = "".join(c for c in band.split("-")[0] if c.isdigit() or c == ".")
    return (float(digits) if digits else 0.0, band)


def draw_map(table: pd.DataFrame, ax: Axes) -> None:
    """Draw the cells of one biotype: colour is the strategy, saturation its probability."""
    prices = np.sort(table["wtp"].unique())
    edges = cell_edges(prices) / 1000
    rows = int(table["row"].max()) + 1
    colours = np.ones((rows, len(prices), 3))
    place = {price: k for k, price in enumerate(prices)}
    for order, wtp, row, probability in zip(
        table["order"], table["wtp"], table["row"], table["probability"], strict=True
    ):
        colours[row, place[wtp]] = shade(style.look(order).colour, probability)
    ax.pcolormesh(edges, np.arange(rows + 1) - 0.5, colours, rasterized=False)
    for _, own in each_part(table, "row"):
        _number_runs(own.sort_values("wtp"), ax, edges)


def shade(colour: str, probability: float) -> np.ndarray:
    """Return a colour mixed with white: the surer, the fuller."""
    kept = PALEST + SPAN * probability
    return np.asarray(kept * np.array(to_rgb(colour)) + (1 - kept))


def cell_edges(prices: np.ndarray) -> np.ndarray:
    """Return the edges of cells around prices, halfway between neighbours."""
    if len(prices) < 2:
        return np.array([prices[0] - 0.5, prices[0] + 0.5])
    middle = (prices[1:] + prices[:-1]) / 2
    return np.concatenate([[prices[0]], middle, [prices[-1]]])


def _number_runs(own: pd.DataFrame, ax: Axes, edges: np.ndarray) -> None:
    """Write the number of the strategy in every run of cells that is wide enough."""
    orders, shares = own["order"].tolist(), own["probability"].tolist()
    starts = [k for k in range(len(orders)) if k == 0 or orders[k] != orders[k - 1]]
    width = edges[-1] - edges[0]
    for begin, after in zip(starts, [*starts[1:], len(orders)], strict=True):
        if edges[after] - edges[begin] < 0.07 * width:
            continue
        x, row = (edges[begin] + edges[after]) / 2, int(own["row"].iloc[0])
        share = float(np.mean(shares[begin:after]))
        colour = style.ink_on(shade(style.look(orders[begin]).colour, share))
        wide = edges[after] - edges[begin] > 0.2 * width
        text = f"{orders[begin] + 1}" + (f"  {percent(share)}" if wide else "")
        ax.text(x, row, text, ha="center", va="center", size=6.3, weight="bold", color=colour)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel for all patients and one a biotype."""
    biotypes = [ALL, *(b for b in dict.fromkeys(table["biotype"]) if b != ALL)]
    shown = sorted(set(table["order"]))
    columns = style.key_columns(about)
    rows, _ = grid.shape(len(biotypes))
    key_rows = style.key_rows(len(shown), columns)
    bands = table.drop_duplicates("row").sort_values("row")["severity_band"].astype(str)
    height = 1.05 + rows * (0.55 + 0.22 * len(bands)) + 0.15 * key_rows
    fig = style.page(height, QUESTION, finding(table, about), about, key_rows)
    axes, lines = grid.panels_of(fig, len(biotypes), sharex=True, sharey=True)
    for ax, biotype in zip(axes, biotypes, strict=True):
        own = table[table["biotype"] == biotype]
        draw_map(own, ax)
        name = about.biotypes.get(biotype, title_of(biotype))
        size = number(float(own.drop_duplicates("row")["patients"].sum()))
        heading = "Everybody" if biotype == ALL else clean(name.split(" (")[0], 28)
        ax.set_title(f"{heading}  (n = {size})")
        ax.grid(visible=False)
    axes[0].set_ylim(-0.5, len(bands) - 0.5)
    axes[0].set_yticks(range(len(bands)), [b.replace("-", "–") for b in bands])
    for line in lines:
        line[0].set_ylabel("MADRS at entry")
    for ax in grid.bottom(lines):
        ax.set_xlabel(f"Price of a QALY ({about.currency}, thousands)", size=7.2)
    handles = [Patch(facecolor=style.look(order).colour) for order in shown]
    names = style.numbered(about, 126 // columns)
    style.key(fig, about, handles, [names[order] for order in shown], columns)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say what is best at the middle price for the mildest and the most severe."""
    price = about.main_wtp or float(table["wtp"].median())
    everybody = table[table["biotype"] == ALL]
    at = everybody[everybody["wtp"] == everybody["wtp"].iloc[
        (everybody["wtp"] - price).abs().argmin()]].sort_values("row")  # fmt: skip
    mild, severe = at.iloc[0], at.iloc[-1]
    told = f"At {money(float(mild['wtp']), about.currency)} per QALY"
    where = under(about.main_structure, about)

    def words(row: pd.Series) -> str:
        band = str(row["severity_band"]).replace("-", "–")
        share = percent(float(row["probability"]))
        return f"{about.labels[str(row['strategy'])]} for MADRS {band} ({share} sure)"

    if at["strategy"].nunique() == 1:
        low, high = at["probability"].min(), at["probability"].max()
        return (
            f"{told} {about.labels[str(mild['strategy'])]} is best at every severity, in "
            f"{percent(low)} to {percent(high)} of the draws{where}."
        )
    return f"{told} the best is {words(mild)} and {words(severe)}{where}."


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what colours and saturation are, and how many patients stand behind a cell."""
    least = float(table["patients"].min())
    told = (
        "Cells: strategy with the highest expected net benefit in the group; number and colour "
        "name it, a fuller colour (and the per cent) tells the share of draws in which it is the "
        f"best. n: simulated patients of a draw; the smallest cell has {number(least)}."
    )
    if least < FEW:
        told += " Cells of so few patients are mostly luck."
    return told


CHART = Chart(NAME, QUESTION, ("psa/policy_map",), table, figure, finding, reading)
