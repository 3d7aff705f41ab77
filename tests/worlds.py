"""Small worlds: a question asked as users ask it, and the lives that answer it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from popmodel.engine.compiled import History
from popmodel.parameters import Parameters, compile_strategy
from popmodel.pipeline import parameters_of, population_of, scheduler
from popmodel.scenario import Scenario, compile_strategies, load_scenario

YEAR = 365.25
ROOT = Path(__file__).parents[1]
SCENARIOS = ROOT / "scenarios"
SHIPPED_SCENARIOS = tuple(sorted(p.stem for p in SCENARIOS.glob("*.yaml")))

USUAL_CARE: dict[str, Any] = {
    "offer": [
        {"treat": "escitalopram", "when": {"not_tried": ["escitalopram"]}},
        {"treat": "second_antidepressant", "when": {"not_tried": ["second_antidepressant"]}},
        {
            "treat": "augmentation",
            "when": {"line": {"at_least": 3}, "not_tried": ["augmentation"]},
        },
        {"treat": "rtms", "when": {"line": {"at_least": 3}, "not_tried": ["rtms"]}},
        {"treat": "ect", "when": {"line": {"at_least": 4}}, "repeat": True},
    ],
    "on_response": "next",
}
"""Care with real effects, costs, harms and drop-out, to follow what is compared."""


@dataclass(frozen=True)
class Lives:
    """What happened to the same patients under every strategy of a question."""

    scenario: Scenario
    parameters: Parameters
    population: np.ndarray
    histories: dict[str, History]

    def accounts(self, strategy: str) -> np.ndarray:
        return self.histories[strategy].accounts

    def persons(self, strategy: str) -> np.ndarray:
        return self.histories[strategy].persons

    def week(self, strategy: str) -> np.ndarray:
        return self.histories[strategy].tally["week"][0]


def ask(
    folder: Path,
    strategies: Mapping[str, Any],
    overrides: Mapping[str, Any] | None = None,
    *,
    size: int = 500,
    years: float = 5,
    seed: int = 1,
    **more: Any,
) -> Scenario:
    """Write a scenario file (JSON is YAML) and load it as users do."""
    question = {
        "title": "A question",
        "setting": "united_states",
        "start": "2026-01-01",
        "population": {"card": "us_adults_mdd", "size": size, **more.pop("population", {})},
        "horizon": {"years": years},
        "structure": {"severity_effect": "evidence", **more.pop("structure", {})},
        "seed": seed,
        "strategies": dict(strategies),
        "comparator": next(iter(strategies)),
        "overrides": dict(overrides or {}),
        **more,
    }
    path = folder / "question.yaml"
    path.write_text(json.dumps(question, indent=1), encoding="utf-8")
    return load_scenario(path)


def live(
    scenario: Scenario, *, engine: str = "compiled", threads: int = 1, choice: int = 0
) -> Lives:
    """Run every strategy of a scenario under one of its structures, end states kept."""
    evidence = scenario.evidence()
    parameters = parameters_of(scenario, evidence, scenario.structures()[choice])
    population = population_of(scenario, parameters)
    records = [compile_strategy(s) for s in compile_strategies(scenario, evidence)]
    histories = scheduler(engine)(
        population, parameters.record, records, threads=threads, keep_persons=True
    )
    return Lives(
        scenario, parameters, population, dict(zip(scenario.strategies, histories, strict=True))
    )


@lru_cache(maxsize=4)
def shipped_lives(name: str, size: int) -> Lives:
    """Return the lives of a shipped scenario at a small size; made once."""
    return live(load_scenario(SCENARIOS / f"{name}.yaml", patients=size, structure="evidence"))


def differing(a: np.ndarray, b: np.ndarray, ignore: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Return the fields in which two arrays of records differ, and in which rows; bits count."""
    assert len(a) == len(b)
    found = {}
    for name in a.dtype.names:
        if name in ignore or len(a) == 0:
            continue
        x, y = (np.ascontiguousarray(part[name]) for part in (a, b))
        rows = np.flatnonzero(
            (x.view(np.uint8).reshape(len(a), -1) != y.view(np.uint8).reshape(len(b), -1)).any(
                axis=1
            )
        )
        if len(rows):
            found[name] = rows
    return found


def inert(
    card: str, days: float, *, contact: str = "usual_care", **schedule: Any
) -> dict[str, Any]:
    """Return overrides that make a shipped card add nothing: no effect, cost, harm or drop-out."""
    path = f"treatments.{card}."
    zeros = (
        "potency", "engagement.dropout_per_week", "cost.course", "cost.session", "cost.visit",
        "cost.drug_per_month", "patient_time.hours_per_session", "patient_time.hours_per_visit",
        "durability.maintenance.months",
    )  # fmt: skip
    return {
        **{path + zero: 0 for zero in zeros},
        path + "contact": contact,
        path + "schedule": {
            "adequate": False, "assess_days": days, "session_days": days, "sessions": 0,
            "visits": [], **schedule,
        },
        path + "eligibility": {"minimum_failures": 0, "excludes": [], "requires": [], "after": []},
        path + "settings": ["home", "outpatient", "inpatient", "emergency"],
        path + "adverse_events": [],
    }  # fmt: skip
