"""The charts, in the order of a report; each is one file here."""

from popmodel.report.charts import (
    cost_by_category,
    cost_vs_qaly,
    cost_vs_remission_weeks,
    flow,
    remission_by_biotype_and_severity,
    remission_over_time,
    states_over_time,
    thresholds,
)
from popmodel.report.charts.chart import Chart

CHARTS: dict[str, Chart] = {
    chart.name: chart
    for chart in (
        remission_over_time.CHART,
        cost_vs_qaly.CHART,
        cost_vs_remission_weeks.CHART,
        thresholds.CHART,
        remission_by_biotype_and_severity.CHART,
        states_over_time.CHART,
        flow.CHART,
        cost_by_category.CHART,
    )
}

__all__ = ["CHARTS", "Chart"]
