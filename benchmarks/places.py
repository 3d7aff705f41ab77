"""A question with limited places, ready to run: patients, parameters, strategy and plans."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

from benchmarks.questions import ROOT

from popmodel.engine.compiled import History
from popmodel.engine.plans import Plans
from popmodel.errors import InputWarning
from popmodel.parameters import Parameters, compile_strategy
from popmodel.pipeline import parameters_of, population_of
from popmodel.pipeline.places import plans_of_scenario
from popmodel.scenario import compile_strategies, load_scenario

QUESTION = ROOT / "benchmarks" / "places.yaml"
PLACES_FOR = 2000
"""Patients for whom the file opens places."""


@dataclass(frozen=True)
class PlacesQuestion:
    """One strategy with limited places, and everything that comes before the engine done."""

    parameters: Parameters
    patients: Any
    strategy: Any
    plans: Plans

    def simulate(self, engine: ModuleType) -> History:
        """Run one of the two schedulers."""
        found: History = engine.simulate(
            self.patients, self.parameters.record, [self.strategy], threads=1,
            keep_persons=False, plans=self.plans,
        )[0]  # fmt: skip
        return found


@lru_cache(maxsize=2)
def question(size: int) -> PlacesQuestion:
    """Return the question for so many patients, with places in proportion."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)  # nobody reads an error off one replicate
        scenario = load_scenario(QUESTION, patients=size, structure="evidence")
    more = {
        name: service.model_copy(update={"places": max(service.places * size // PLACES_FOR, 1)})
        for name, service in scenario.services.items()
        if isinstance(service.places, int)
    }
    scenario = scenario.model_copy(update={"services": more})
    evidence = scenario.evidence()
    parameters = parameters_of(scenario, evidence, scenario.structures()[0])
    patients = population_of(scenario, parameters)
    strategy = compile_strategy(compile_strategies(scenario, evidence)[0])
    plans = plans_of_scenario(scenario, evidence, parameters, patients, [strategy])
    if plans is None:
        raise ValueError(f"{QUESTION}: nothing has a number of places")
    return PlacesQuestion(parameters, patients, strategy, plans)
