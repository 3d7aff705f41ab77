"""The charts, in the order of a report; each is one file here."""

from popmodel.report.charts import (
    convergence,
    cost_by_category,
    cost_vs_qaly,
    cost_vs_remission_weeks,
    flow,
    interactions,
    morris_plane,
    pawn_bars,
    remission_by_biotype_and_severity,
    remission_over_time,
    sobol_bars,
    spider,
    states_over_time,
    thresholds,
    tornado,
    two_way_map,
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

SENSITIVITY_CHARTS: dict[str, Chart] = {
    chart.name: chart
    for chart in (
        tornado.CHART,
        spider.CHART,
        two_way_map.CHART,
        sobol_bars.CHART,
        interactions.CHART,
        morris_plane.CHART,
        pawn_bars.CHART,
        convergence.CHART,
    )
}
"""Charts of the folder of a sweep."""

__all__ = ["CHARTS", "SENSITIVITY_CHARTS", "Chart"]
