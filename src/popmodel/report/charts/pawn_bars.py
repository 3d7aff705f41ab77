"""Which numbers change the whole distribution of the answer: PAWN distances."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from popmodel.report.charts import index_bars, sensitivity
from popmodel.report.charts.chart import Chart
from popmodel.report.tables import About, Result
from popmodel.report.words import number

NAME = "pawn_bars"
QUESTION = "Which numbers change the whole distribution of the answer?"
LOOKS = {"pawn": ("#029e73", ""), "pawn_max": ("#b5dccd", "////")}
LABELS = {"pawn": "median over slices", "pawn_max": "largest of the slices"}


def table(result: Result) -> pd.DataFrame:
    """Return the PAWN distances of the leading factors of each strategy, and the noise floor."""
    return index_bars.index_table(result, ("pawn", "pawn_max"), "pawn")


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return a panel a strategy."""
    return index_bars.index_figure(
        table, about, QUESTION, finding(table, about), LOOKS, LABELS,
        "Kolmogorov–Smirnov distance (0 to 1)",
    )  # fmt: skip


def finding(table: pd.DataFrame, about: About) -> str:
    """Say which number shifts the distribution most."""
    own = table[table["index"] == "pawn"]
    first = own.iloc[int(own["value"].argmax())]
    clear, of = index_bars.above_floor(table, "pawn")
    return (
        f"Knowing {sensitivity.factor_label(str(first['factor']), 60)} shifts the distribution of "
        f"the net benefit of {about.labels[str(first['strategy'])]} most, by a distance of "
        f"{number(first['value'], 2)}{sensitivity.where_words(about)}; {clear} of {of} bars shown "
        "are clear of noise."
    )


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what bars and lines are."""
    return (
        f"Bars: distance between the distribution of {sensitivity.benefit_words(about)} over all "
        "runs and that over the runs in one tenth of the range of a number, median and largest of "
        f"the tenths, with 95 % bootstrap intervals. {sensitivity.sample_words(table)} "
        f"{index_bars.floor_words(table)} A distance is never 0, also for what has no influence."
    )


CHART = Chart(
    NAME, QUESTION, ("sweep",), table, figure, finding, reading, sensitivity.made_by("pawn")
)
