"""The charts, in the order of a report; each is one file here."""

from popmodel.report.charts import (
    acceptability,
    budget_impact,
    ce_plane,
    convergence,
    cost_by_category,
    cost_vs_qaly,
    cost_vs_remission_weeks,
    cost_waterfall,
    equity_plane,
    flow,
    interactions,
    morris_plane,
    pawn_bars,
    policy_map,
    remission_by_biotype_and_severity,
    remission_fan,
    remission_over_time,
    remission_per_million,
    search_frontier,
    settings_flow,
    sobol_bars,
    sobol_structures,
    spider,
    states_over_time,
    thresholds,
    tornado,
    two_way_map,
    validation_forest,
    value_based_price,
    value_of_information,
    value_of_numbers,
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
        settings_flow.CHART,
        cost_by_category.CHART,
        cost_waterfall.CHART,
        budget_impact.CHART,
        remission_per_million.CHART,
        equity_plane.CHART,
        remission_fan.CHART,
        ce_plane.CHART,
        acceptability.CHART,
        policy_map.CHART,
        value_based_price.CHART,
        value_of_information.CHART,
        value_of_numbers.CHART,
    )
}

SENSITIVITY_CHARTS: dict[str, Chart] = {
    chart.name: chart
    for chart in (
        tornado.CHART,
        spider.CHART,
        two_way_map.CHART,
        sobol_structures.CHART,
        sobol_bars.CHART,
        interactions.CHART,
        morris_plane.CHART,
        pawn_bars.CHART,
        convergence.CHART,
    )
}
"""Charts of the folder of a sweep."""

VALIDATION_CHARTS: dict[str, Chart] = {chart.name: chart for chart in (validation_forest.CHART,)}
"""Charts of the folder of `popmodel validate --report`."""

SEARCH_CHARTS: dict[str, Chart] = {chart.name: chart for chart in (search_frontier.CHART,)}
"""Charts of the folder of `popmodel search`."""

__all__ = ["CHARTS", "SEARCH_CHARTS", "SENSITIVITY_CHARTS", "VALIDATION_CHARTS", "Chart"]
