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
    need_map,
    pawn_bars,
    place_demand,
    place_value,
    place_value_by_year,
    places_tried,
    policy_map,
    remission_by_biotype_and_severity,
    remission_fan,
    remission_over_time,
    remission_per_million,
    search_frontier,
    service_use,
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
    waiting_cost,
    waiting_list,
    waiting_times,
    who_waits,
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

PLACES_CHARTS: dict[str, Chart] = {
    chart.name: chart
    for chart in (
        waiting_list.CHART,
        waiting_times.CHART,
        service_use.CHART,
        need_map.CHART,
        waiting_cost.CHART,
        place_value.CHART,
        place_value_by_year.CHART,
        place_demand.CHART,
        who_waits.CHART,
        places_tried.CHART,
    )
}
"""Charts where services have a number of places: of a run, and of what is asked about places."""
REPORTED: dict[str, Chart] = {**CHARTS, **PLACES_CHARTS}
"""Charts of a report, where their tables are there."""

__all__ = [
    "CHARTS",
    "PLACES_CHARTS",
    "REPORTED",
    "SEARCH_CHARTS",
    "SENSITIVITY_CHARTS",
    "VALIDATION_CHARTS",
    "Chart",
]
