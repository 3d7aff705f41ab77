"""What is timed: a question, its parameters, its patients and its strategies, ready to run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.peers.outcome import Outcome

from popmodel.engine import compiled
from popmodel.engine.compiled import History
from popmodel.parameters import Parameters, compile_strategy
from popmodel.pipeline import parameters_of, population_of
from popmodel.scenario import Scenario, compile_strategies, load_scenario

ROOT = Path(__file__).parents[1]
FIVE_PATHWAYS = ROOT / "scenarios" / "five_pathways.yaml"
THREE_LINES = ROOT / "benchmarks" / "three_lines.yaml"


@dataclass(frozen=True)
class Question:
    """A scenario under one structure, with everything that comes before the engine done."""

    scenario: Scenario
    parameters: Parameters
    patients: Any
    strategies: list[Any]

    def simulate(self, *, threads: int = 1, size: int | None = None) -> list[History]:
        """Run the engine on the first `size` patients."""
        return compiled.simulate(
            self.patients[:size],
            self.parameters.record,
            self.strategies,
            threads=threads,
            keep_persons=False,
        )

    def with_nothing_offered(self) -> Question:
        """Return the same patients under a strategy without rules."""
        nothing = self.strategies[0].copy()
        nothing["rules"] = 0
        return replace(self, strategies=[nothing])


@lru_cache(maxsize=4)
def ask(path: Path, size: int) -> Question:
    """Return a question with its patients and strategies made."""
    scenario = load_scenario(path, patients=size, structure="evidence")
    evidence = scenario.evidence()
    parameters = parameters_of(scenario, evidence, scenario.structures()[0])
    patients = population_of(scenario, parameters)
    strategies = [compile_strategy(s) for s in compile_strategies(scenario, evidence)]
    return Question(scenario, parameters, patients, strategies)


def outcome_of(history: History) -> Outcome:
    """Return a history of ours in the form the peers hand back."""
    a = history.accounts
    return Outcome(
        remitted_12m=a["remitted_12m"] == 1,
        remission_weeks=a["remission_days"] / 7.0,
        qaly=a["qaly"],
        cost=a["cost"],
        courses=a["courses"],
        died=a["died"] < float("inf"),
        weekly=None,
    )
