"""The numbers the rules read, compiled from scenario, cards and one draw."""

from popmodel.parameters.compile import compile_parameters
from popmodel.parameters.death import earnings_ahead, years_ahead
from popmodel.parameters.places import (
    places_record,
    with_places,
    with_travel,
    without_places_in_price,
)
from popmodel.parameters.record import (
    FLOOR_CELLS,
    MAX_RULES,
    MAX_SERVICES,
    MAX_TESTS,
    MAX_TREATMENTS,
    PARAMETERS,
    STRATEGY,
    Record,
)
from popmodel.parameters.strategy import compile_strategy
from popmodel.parameters.structure import Parameters, Structure
from popmodel.parameters.treatments import loss_of_potency, trait_factors

__all__ = [
    "FLOOR_CELLS",
    "MAX_RULES",
    "MAX_SERVICES",
    "MAX_TESTS",
    "MAX_TREATMENTS",
    "PARAMETERS",
    "STRATEGY",
    "Parameters",
    "Record",
    "Structure",
    "compile_parameters",
    "compile_strategy",
    "earnings_ahead",
    "loss_of_potency",
    "places_record",
    "trait_factors",
    "with_places",
    "with_travel",
    "without_places_in_price",
    "years_ahead",
]
