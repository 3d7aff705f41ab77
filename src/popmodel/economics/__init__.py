"""What it is worth: pure functions on tables of costs and effects; nothing is simulated here."""

from popmodel.economics.acceptability import acceptability, acceptability_frontier
from popmodel.economics.incremental import incremental_table
from popmodel.economics.information import evpi, expected_loss
from popmodel.economics.nmb import best_strategies, nhb, nmb
from popmodel.economics.partial_information import evppi
from popmodel.economics.population import Population

__all__ = [
    "Population",
    "acceptability",
    "acceptability_frontier",
    "best_strategies",
    "evpi",
    "evppi",
    "expected_loss",
    "incremental_table",
    "nhb",
    "nmb",
]
