"""What is one more place worth: net benefit of a place-year, one fewer and one more, by service."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from popmodel.report import style
from popmodel.report.charts import places
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import PLACES, About, Result, each_part
from popmodel.report.words import money, short_money

NAME = "place_value"
QUESTION = "What is one more place worth, and the last one there is?"
LOOKS = {"one_more": ("#0173b2", ""), "one_fewer": ("#de8f05", "////")}
LABELS = {"one_more": "one more from the start", "one_fewer": "the last one there is"}
THOUSANDS = 1000.0


def table(result: Result) -> pd.DataFrame:
    """Return place_value.csv at the middle amount per QALY, one more and one fewer."""
    found = middle(places.headline(result, f"{PLACES}{NAME}"))
    found = found[found["change"].isin(LOOKS)].reset_index(drop=True)
    found = places.with_panels(found, result.about)
    rank = {name: n for n, name in enumerate(dict.fromkeys(found["panel"]))}
    return found.assign(row=found["panel"].map(rank))


def middle(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows at the middle amount per QALY."""
    amounts = sorted(set(table["wtp"]))
    found: pd.DataFrame = table[table["wtp"] == amounts[len(amounts) // 2]]
    return found.reset_index(drop=True)


def draw_place_value(table: pd.DataFrame, ax: Axes) -> None:
    """Draw net benefit a place-year with its 95 % interval, a mark at the worth before price."""
    names = [name for name in LOOKS if name in set(table["change"])]
    height = 0.76 / len(names)
    for change, own in each_part(table, "change"):
        colour, hatch = LOOKS[str(change)]
        y = own["row"] + (names.index(str(change)) - (len(names) - 1) / 2) * height
        value = own["nmb_per_place_year"] / THOUSANDS
        ax.barh(y, value, height=height * 0.92, color=colour, hatch=hatch, edgecolor=style.PAPER)
        ax.hlines(y, own["nmb_per_place_year_low"] / THOUSANDS,
                  own["nmb_per_place_year_high"] / THOUSANDS, color=style.INK, lw=1.2)  # fmt: skip
        if (own["price_of_place_year"] > 0.0).any():
            ax.plot(own["worth_before_price"] / THOUSANDS, y, "D", color=style.PAPER,
                    markeredgecolor=style.INK, ms=4.5)  # fmt: skip
    names_of = table.drop_duplicates("row").sort_values("row")
    ax.set_yticks(names_of["row"], names_of["panel"])
    ax.set_ylim(float(table["row"].max()) + 0.55, -0.55)
    ax.axvline(0.0, color=style.INK, lw=0.9)
    ax.grid(axis="y", visible=False)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel with a row for each strategy and service."""
    rows = int(table["row"].max()) + 1
    fig = style.page(1.45 + 0.62 * rows, QUESTION, finding(table, about), about, 1)
    ax = style.panels(fig, 1, 1)[0][0]
    draw_place_value(table, ax)
    ax.set_xlabel(f"Net benefit of a place-year ({about.price_year} {about.currency}, thousands)")
    handles = [Patch(facecolor=c, hatch=h, edgecolor=style.PAPER) for c, h in LOOKS.values()]
    style.key(fig, about, handles, [LABELS[name] for name in LOOKS], 2)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say what one more place is worth where it is worth most."""
    more = table[table["change"] == "one_more"]
    best = (more if len(more) else table).sort_values("nmb_per_place_year").iloc[-1]
    low, high = (
        short_money(best[f"nmb_per_place_year_{end}"], about.currency) for end in ("low", "high")
    )
    told = (
        f"One more place is worth most under {about.labels[str(best['strategy'])]}: "
        f"{short_money(best['nmb_per_place_year'], about.currency)} of net benefit a place-year "
        f"({low} to {high}) at {money(best['wtp'], about.currency)} per QALY"
    )
    if best["price_of_place_year"] > 0.0:
        worth = short_money(best["worth_before_price"], about.currency)
        told += f"; before its own price it is worth {worth} a year"
    return f"{told}{under(about.main_structure, about)}."


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what bars, lines and diamonds are."""
    price = table["price_of_place_year"].max()
    told = (
        "Bars: net benefit of all patients with one place more (or, hatched, lost with one fewer), "
        "by discounted place-year, run against run on the same patients and luck; lines: 95 % "
        "intervals from replicates. What is gained after the horizon is not counted."
    )
    if price > 0.0:
        told += (
            f" The price of a place ({money(price, about.currency)} a year) is taken off; "
            "diamonds: before that, the most that a place-year may cost."
        )
    return told


CHART = Chart(NAME, QUESTION, (f"{PLACES}{NAME}",), table, figure, finding, reading)
