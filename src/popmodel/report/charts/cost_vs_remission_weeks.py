"""What another week in remission costs: the plane of cost and remission weeks."""

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

NAME = "cost_vs_remission_weeks"
QUESTION = "What does another week in remission cost?"


def table(result: Result) -> pd.DataFrame:
    """Return the frontier on weeks in remission; columns as `frontier_table`."""
    return frontier_table(result, "remission_weeks")


def figure(table: pd.DataFrame, about: About) -> Figure:
    """Return the planes of all structures."""
    told = finding(table, about)
    label = "Extra weeks in remission per patient"
    return plane_figure(table, about, QUESTION, told, label, "week")


def finding(table: pd.DataFrame, about: About) -> str:
    """Say which strategies are on the frontier and what the last step costs."""
    return plane_finding(table, about, "week in remission")


def reading(table: pd.DataFrame, about: About) -> str:
    """Say what points, bars and lines are."""
    return plane_reading(about, "weeks in remission (undiscounted)", list(table["status"]))


CHART = Chart(NAME, QUESTION, ("strategies",), table, figure, finding, reading)
