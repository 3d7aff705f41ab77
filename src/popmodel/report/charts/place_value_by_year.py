"""Until which year does it pay to open one more place: its worth against its price, by year."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from popmodel.report import style
from popmodel.report.charts import place_value, places
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import PLACES, About, Result
from popmodel.report.words import money, short_money

NAME = "place_value_by_year"
QUESTION = "In which year does one more place stop paying?"
WORTH, LOSS = "#0173b2", "#9a9a9a"
THOUSANDS = 1000.0


def table(result: Result) -> pd.DataFrame:
    """Return the worth of one more place by year of opening, before its price, and the price."""
    found = place_value.middle(places.headline(result, f"{PLACES}place_value"))
    found = found[found["change"] != "one_fewer"].reset_index(drop=True)
    for end in ("low", "high"):
        found[f"worth_{end}"] = found[f"nmb_per_place_year_{end}"] + found["price_of_place_year"]
    found["pays"] = found["nmb_per_place_year"] > 0.0
    keys = ["strategy", "service", "site"]
    last = found[found["pays"]].groupby(keys)["from_year"].max()
    found = found.merge(last.rename("last_paying").reset_index(), on=keys, how="left")
    return places.with_panels(found.fillna({"last_paying": 0}), result.about)


def draw_place_value_by_year(table: pd.DataFrame, ax: Axes) -> None:
    """Draw the worth by year of opening, hatched where the price is above it, and the price."""
    for pays, colour, hatch in ((True, WORTH, ""), (False, LOSS, "////")):
        own = table[table["pays"] == pays]
        ax.bar(own["from_year"], own["worth_before_price"] / THOUSANDS, width=0.7, color=colour,
               hatch=hatch, edgecolor=style.PAPER)  # fmt: skip
    ax.vlines(table["from_year"], table["worth_low"] / THOUSANDS, table["worth_high"] / THOUSANDS,
              color=style.INK, lw=1.2)  # fmt: skip
    price = float(table["price_of_place_year"].iloc[0]) / THOUSANDS
    ax.axhline(price, color="#ca4a00", ls=style.DASHES[1], lw=1.4)
    ax.axhline(0.0, color=style.INK, lw=0.8)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(axis="x", visible=False)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel a strategy (service, site)."""
    fig = places.panels_figure(
        table, about, QUESTION, finding(table, about), draw_place_value_by_year,
        ("Opened at the start of year", f"Worth of a place-year\n({about.currency}, thousands)"), 1,
        2.0,
    )  # fmt: skip
    handles = [
        Patch(facecolor=WORTH),
        Patch(facecolor=LOSS, hatch="////", edgecolor=style.PAPER),
        Line2D([], [], color="#ca4a00", ls=style.DASHES[1]),
    ]
    told = ["worth more than its price", "worth less", "price of a place-year"]
    style.key(fig, about, handles, told, 3)
    return fig


def finding(table: pd.DataFrame, about: About) -> str:
    """Say for each panel until which year one more place pays."""
    told = []
    for panel in places.panel_names(table)[:3]:
        own = table[table["panel"] == panel]
        last, most = int(own["last_paying"].iloc[0]), own["worth_before_price"].max()
        name = about.labels[str(own["strategy"].iloc[0])]
        if last == 0:
            price = f"it would at up to {short_money(most, about.currency)} a year"
            price = price if most > 0.0 else "not even for nothing"
            told.append(f"{name}: one more place pays in no year, {price}")
        elif last == int(own["from_year"].max()):
            told.append(f"{name}: one more place pays in every year")
        else:
            told.append(f"{name}: one more place stops paying in year {last + 1}")
    wtp = money(table["wtp"].iloc[0], about.currency)
    return f"{'. '.join(told)} (at {wtp} per QALY){under(about.main_structure, about)}."


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what bars and lines are."""
    return (
        "Bars: net benefit of one more place, open from that year to the end, before its price, "
        "by discounted place-year, with 95 % intervals from replicates; dashed: the price of a "
        "place-year, 0 where places are not charged. Hatched: worth less than that, by the "
        "estimate. Health gained after the horizon is not counted, so late openings look worse "
        "than they are."
    )


CHART = Chart(NAME, QUESTION, (f"{PLACES}place_value",), table, figure, finding, reading)
