"""All planning questions of a scenario in one go: runs shared between them, tables saved."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd

from popmodel.pipeline.manifest import manifest_of
from popmodel.pipeline.stages import horizon_days
from popmodel.planning.demand import demand
from popmodel.planning.place_value import place_changes, place_value
from popmodel.planning.systems import (
    main_structure,
    require_places,
    run_with,
    strategies_with_places,
    world_of,
)
from popmodel.planning.waiting_cost import NO_WAIT, waiting_cost
from popmodel.planning.who_waits import EVEN, disciplines, who_waits
from popmodel.results import Folder
from popmodel.safe_csv import safe_csv
from popmodel.scenario.schema import Scenario

QUESTIONS: Final = ("value", "waiting", "demand", "who")
"""What one more place is worth; what waiting costs; demand by year; who waits under which order."""
TABLE_OF: Final = {
    "value": "place_value", "waiting": "waiting_cost", "demand": "demand", "who": "who_waits",
}  # fmt: skip
MANIFEST: Final = "manifest.json"


@dataclass(frozen=True)
class Asked:
    """What is asked about the places of a scenario.

    Attributes:
        scenario: what is asked.
        questions: of `QUESTIONS`.
        strategies: under which places are limited.
        structures: names.
        weights: of the weighted discipline.
    """

    scenario: Scenario
    questions: tuple[str, ...]
    strategies: tuple[str, ...]
    structures: tuple[str, ...]
    weights: tuple[float, float, float] = EVEN


@dataclass(frozen=True)
class Planned:
    """Tables by name, and how they were made."""

    tables: dict[str, pd.DataFrame]
    manifest: dict[str, object] = field(repr=False)


def asked_of(
    scenario: Scenario,
    questions: Sequence[str] = QUESTIONS,
    strategies: Sequence[str] = (),
    structures: Sequence[str] = (),
    weights: tuple[float, float, float] = EVEN,
) -> Asked:
    """Return what is asked, checked before anything is run.

    Raises:
        InputError: no places are limited, replicates are too few, or a strategy is none of those.
    """
    require_places(scenario)
    chosen = strategies_with_places(scenario, tuple(dict.fromkeys(strategies)))
    names = tuple(structures) or (main_structure(scenario),)
    ordered = tuple(name for name in QUESTIONS if name in questions)
    return Asked(scenario, ordered, chosen, names, weights)


def runs_of(asked: Asked) -> int:
    """Return how many times a strategy is run."""
    days, runs = horizon_days(asked.scenario), 0
    for strategy in asked.strategies:
        runs += 1 + bool({"waiting", "demand"} & set(asked.questions))
        if "value" in asked.questions:
            runs += len(list(place_changes(asked.scenario, strategy, days)))
        if "who" in asked.questions:
            runs += len(disciplines())
    return runs * len(asked.structures)


def plan(
    asked: Asked, threads: int | None = None, done: Callable[[], None] | None = None
) -> Planned:
    """Answer what is asked.

    Args:
        asked: of `asked_of`.
        threads: how many; all processors when None.
        done: called after every run of a strategy.
    """
    tell = done or (lambda: None)
    found: dict[str, list[pd.DataFrame]] = {TABLE_OF[name]: [] for name in asked.questions}
    for structure in asked.structures:
        world = world_of(asked.scenario, structure, threads)
        for strategy in asked.strategies:
            base = run_with(world, strategy)
            tell()
            if {"waiting", "demand"} & set(asked.questions):
                no_wait = run_with(world, strategy, NO_WAIT)
                tell()
            if "value" in asked.questions:
                found["place_value"].append(place_value(world, strategy, base, tell))
            if "waiting" in asked.questions:
                found["waiting_cost"].append(waiting_cost(world, strategy, base, no_wait))
            if "demand" in asked.questions:
                found["demand"].append(demand(world, strategy, base, no_wait))
            if "who" in asked.questions:
                found["who_waits"].append(who_waits(world, strategy, asked.weights, tell))
    tables = {name: pd.concat(parts, ignore_index=True) for name, parts in found.items()}
    manifest = manifest_of(world.scenario, world.evidence, world.parameters, "compiled")
    manifest["structures"] = list(asked.structures)
    manifest["planning"] = {"questions": list(asked.questions), "weights": list(asked.weights)}
    return Planned(tables, manifest)


def save(planned: Planned, folder: Path) -> list[Path]:
    """Write the tables and the manifest into a folder, all or nothing."""
    with Folder(folder) as under_way:
        for name, table in planned.tables.items():
            text = safe_csv(table)
            (under_way.path / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
        told = json.dumps(planned.manifest, indent=2, ensure_ascii=False, allow_nan=False)
        (under_way.path / MANIFEST).write_text(told + "\n", encoding="utf-8")
        under_way.put_in_place()
    return [folder / f"{name}.csv" for name in planned.tables]
