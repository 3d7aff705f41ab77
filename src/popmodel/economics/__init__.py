"""What it is worth: pure functions on tables of costs and effects; nothing is simulated here."""

from popmodel.economics.acceptability import acceptability, acceptability_frontier
from popmodel.economics.budget_impact import budget_impact
from popmodel.economics.equity import (
    atkinson_weights,
    equally_distributed,
    equity_plane,
    equity_weighted,
    subgroup_benefit,
)
from popmodel.economics.impact_inventory import impact_inventory
from popmodel.economics.incremental import incremental_table
from popmodel.economics.information import evpi, expected_loss
from popmodel.economics.monte_carlo_noise import evpi_without_noise
from popmodel.economics.nmb import best_strategies, nhb, nmb
from popmodel.economics.partial_information import evppi
from popmodel.economics.payer import paid_by
from popmodel.economics.population import Population
from popmodel.economics.price import value_based_price
from popmodel.economics.sample_information import enbs, evsi
from popmodel.economics.study import Events, Mean, Share, Study

__all__ = [
    "Events",
    "Mean",
    "Population",
    "Share",
    "Study",
    "acceptability",
    "acceptability_frontier",
    "atkinson_weights",
    "best_strategies",
    "budget_impact",
    "enbs",
    "equally_distributed",
    "equity_plane",
    "equity_weighted",
    "evpi",
    "evpi_without_noise",
    "evppi",
    "evsi",
    "expected_loss",
    "impact_inventory",
    "incremental_table",
    "nhb",
    "nmb",
    "paid_by",
    "subgroup_benefit",
    "value_based_price",
]
