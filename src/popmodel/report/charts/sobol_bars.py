"""Which numbers in doubt make the answer uncertain: Sobol indices, alone and in all."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from popmodel.report.charts import index_bars, sensitivity
from popmodel.report.charts.chart import Chart
from popmodel.report.tables import About, Result
from popmodel.report.words import listed, number, percent

NAME = "sobol_bars"
QUESTION = "Which numbers in doubt make the answer uncertain?"
LOOKS = {"S1": ("#56b4e9", "////"), "ST": ("#0173b2", "")}
LABELS = {"S1": "alone (S1)", "ST": "with all its interactions (ST)"}


def table(result: Result) -> pd.DataFrame:
    """Return S1 and ST of the leading factors of each strategy, and the noise floor."""
    return index_bars.index_table(result, ("S1", "ST"), "ST")


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return a panel a strategy."""
    return index_bars.index_figure(
        table, about, QUESTION, finding(table, about), LOOKS, LABELS,
        "Share of the variance of net benefit",
    )  # fmt: skip


def finding(table: pd.DataFrame, about: About) -> str:
    """Say which factor explains most, and how much all explain alone."""
    totals = table[table["index"] == "ST"]
    first = totals.iloc[int(totals["value"].argmax())]
    clear, of = index_bars.above_floor(table, "ST")
    return (
        f"{sensitivity.factor_label(str(first['factor']), 60)} takes part in "
        f"{percent(min(1.0, first['value']))} of the variance in the net benefit of "
        f"{about.labels[str(first['strategy'])]}{sensitivity.where_words(about)}; "
        f"{clear} of {of} bars shown are clear of noise."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what bars, lines and sums are."""
    sums = table.drop_duplicates("strategy")
    told = listed(
        [
            f"{about.labels[s]} {number(x, 2)}"
            for s, x in zip(sums["strategy"], sums["total"], strict=True)
        ]
    )
    return (
        f"Bars: Sobol indices of {sensitivity.benefit_words(about)}, the factors with the largest "
        "total index of each strategy, with 95 % bootstrap intervals. "
        f"{sensitivity.sample_words(table)} {index_bars.floor_words(table)} Sum of S1 over all "
        f"inputs, luck included: {told}; what is missing to 1 is interaction. Estimates under 0 "
        "are shown as they are."
    )


CHART = Chart(
    NAME, QUESTION, ("sweep",), table, figure, finding, reading, sensitivity.made_by("sobol")
)
