"""What another QALY costs: the cost-effectiveness plane with its frontier."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from popmodel.report.charts.chart import Chart
from popmodel.report.charts.frontier import (
    frontier_table,
    plane_figure,
    plane_finding,
    plane_reading,
)
from popmodel.report.tables import About, Result
from popmodel.report.words import money

NAME = "cost_vs_qaly"
QUESTION = "What does another QALY cost?"


def table(result: Result) -> pd.DataFrame:
    """Return the frontier on QALYs; columns as `frontier_table`."""
    return frontier_table(result, "qaly")


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return the planes of all structures."""
    told = finding(table, about)
    return plane_figure(
        table, about, QUESTION, told, "Extra QALYs per patient", "QALY", about.main_wtp
    )


def finding(table: pd.DataFrame, about: About) -> str:
    """Say which strategies are on the frontier and what the last step costs."""
    return plane_finding(table, about, "QALY")


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what points, bars and lines are."""
    told = plane_reading(about, "discounted QALYs", list(table["status"]))
    if about.main_wtp:
        price = money(about.main_wtp, about.currency)
        told += f" Below the dotted line a QALY costs less than {price} against the comparator."
    return told


CHART = Chart(NAME, QUESTION, ("strategies",), table, figure, finding, reading)
