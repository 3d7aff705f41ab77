"""Up to which price a course is worth it, by willingness to pay."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from popmodel.report import style
from popmodel.report.charts import grid
from popmodel.report.charts.chart import Chart, under
from popmodel.report.tables import STRUCTURE, About, Result, with_labels
from popmodel.report.words import money, short_money

NAME = "value_based_price"
QUESTION = "Up to which price is a course worth it?"
QUESTION_HEADROOM = "How much more could each strategy cost and still be worth it?"


def table(result: Result) -> pd.DataFrame:
    """Return `structure, strategy, label, order, wtp, treatment, now, price, low, high, kind`.

    `kind` is `price` of a course, or `headroom` per patient where no run told the courses.
    """
    about = result.about_psa
    saved = result.table("psa/value_based_price")
    saved = saved[saved[STRUCTURE] == about.main_structure]
    saved = saved[saved["strategy"] != about.comparator]
    kind = "price" if saved["price"].notna().any() else "headroom"
    if kind == "price":
        saved = saved[saved["price"].notna()]
    shown = pd.DataFrame(
        {
            STRUCTURE: saved[STRUCTURE], "strategy": saved["strategy"], "wtp": saved["wtp"],
            "treatment": saved["treatment"].fillna(""), "kind": kind,
            "now": saved["price_now"] if kind == "price" else 0.0,
            "price": saved[kind], "low": saved[f"{kind}_low"], "high": saved[f"{kind}_high"],
        }
    )  # fmt: skip
    return with_labels(shown.reset_index(drop=True), about)


def draw_price(table: pd.DataFrame, ax: Axes) -> None:
    """Draw the highest price of one strategy with its interval, and the price of today."""
    look = style.look(int(table["order"].iloc[0]))
    wtp = table["wtp"] / 1000
    ax.fill_between(wtp, table["low"] / 1000, table["high"] / 1000, color=look.colour, alpha=0.2,
                    lw=0)  # fmt: skip
    ax.plot(wtp, table["price"] / 1000, color=look.colour, lw=1.8)
    ax.axhline(float(table["now"].iloc[0]) / 1000, color=style.INK, lw=1.0, ls=(0, (4, 2)))
    ax.axhline(0, color=style.FAINT, lw=0.9)


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return one panel a strategy, each with its own axis of prices."""
    names = grid.others(list(table["strategy"]), about)
    rows, _ = grid.shape(len(names))
    is_price = table["kind"].iloc[0] == "price"
    question = QUESTION if is_price else QUESTION_HEADROOM
    fig = style.page(1.2 + 1.95 * rows, question, finding(table, about), about, 1)
    axes, lines = grid.panels_of(fig, len(names), sharex=True)
    for ax, strategy in zip(axes, names, strict=True):
        own = table[table["strategy"] == strategy].sort_values("wtp")
        draw_price(own, ax)
        for price in about.wtp:
            ax.axvline(price / 1000, color=style.SOFT, lw=0.7, ls=(0, (1, 2)), zorder=1)
        ax.set_title(style.panel_title(strategy, about, 29))
        ax.set_xlim(float(own["wtp"].min()) / 1000, float(own["wtp"].max()) / 1000)
    for ax in axes:
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.4g}".replace("-", "−"))
        ax.yaxis.set_major_locator(MaxNLocator(5))
    fig.align_ylabels([line[0] for line in lines])
    what = "Price of a course" if is_price else "Room per patient"
    for line in lines:
        line[0].set_ylabel(f"{what}\n({about.price_year} {about.currency}, thousands)")
    for ax in grid.bottom(lines):
        ax.set_xlabel(f"Price of a QALY ({about.currency}, thousands)", size=7.2)
    handles = [
        Line2D([], [], color=style.SOFT, lw=1.8), Patch(facecolor=style.FAINT, alpha=0.6),
        Line2D([], [], color=style.INK, lw=1.0, ls=(0, (4, 2))),
        Line2D([], [], color=style.SOFT, lw=0.7, ls=(0, (1, 2))),
    ]  # fmt: skip
    today = "price in the model" if is_price else "as it costs in the model"
    labels = ["worth it up to here", "95 % of the draws", today, "prices of the scenario"]
    style.key(fig, about, handles, labels, 4)
    return fig


def _middle(table: pd.DataFrame, about: About) -> pd.DataFrame:
    price = about.main_wtp or float(table["wtp"].median())
    nearest = table["wtp"].iloc[(table["wtp"] - price).abs().argmin()]
    at: pd.DataFrame = table[table["wtp"] == nearest]
    return at


def finding(table: pd.DataFrame, about: About) -> str:
    """Say up to which price the dearest treatment is worth it at the middle price of a QALY."""
    at = _middle(table, about)
    row = (
        at.iloc[int(at["now"].argmax())]
        if (at["now"] > 0).any()
        else at.iloc[int(at["price"].argmax())]
    )
    told = f"At {money(float(row['wtp']), about.currency)} per QALY"
    name = about.labels[str(row["strategy"])]
    where = under(about.main_structure, about)
    low, high = (short_money(float(row[c]), about.currency) for c in ("low", "high"))
    amount = short_money(float(row["price"]), about.currency)
    if row["kind"] == "headroom":
        return f"{told} {name} leaves {amount} per patient (95 %: {low} to {high}){where}."
    course = about.treatment_label(str(row["treatment"]))
    if row["price"] < 0:
        return (
            f"{told} a course of {course} would not be worth it even for nothing in {name} "
            f"({amount}; 95 %: {low} to {high}){where}."
        )
    now = short_money(float(row["now"]), about.currency)
    return (
        f"{told} a course of {course} in {name} is worth it up to {amount} (95 %: {low} to "
        f"{high}); in the model it costs {now}{where}."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what the lines are, and what they leave out."""
    told = (
        f"Line: where net benefit equals that of {about.labels[about.comparator]}; band: 95 % of "
        "the draws. "
    )
    if table["kind"].iloc[0] == "headroom":
        return told + "Money per patient that could be spent on top; below zero it is too dear."
    named = "; ".join(
        f"{about.labels[s]}: {about.treatment_label(t)}"
        for s, t in table.drop_duplicates("strategy")[["strategy", "treatment"]].to_numpy()
    )
    return told + (
        f"Price of the course that the comparator does not give ({named}). Cost is linear in a "
        "price; courses are counted at the base values and discounted as all treatment of the "
        "strategy. That behaviour follows the price is not in it."
    )


CHART = Chart(NAME, QUESTION, ("psa/value_based_price",), table, figure, finding, reading)
