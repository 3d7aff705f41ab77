"""The story of a run: scenario and cards -> parameters -> patients -> histories -> tables."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pandas as pd

from popmodel.pipeline.lives import patient_story
from popmodel.pipeline.manifest import manifest_of
from popmodel.pipeline.plan import estimate
from popmodel.pipeline.progress import Progress, Teller
from popmodel.pipeline.stages import (
    Tables,
    evaluate,
    keep_patients,
    named,
    parameters_of,
    population_of,
    scheduler,
    simulate,
)
from popmodel.results import TABLES, Folder, Result
from popmodel.scenario.refusals import require_simulable
from popmodel.scenario.schema import Scenario

__all__ = [
    "estimate",
    "parameters_of",
    "patient_story",
    "population_of",
    "run",
    "scheduler",
]


def run(
    scenario: Scenario,
    *,
    engine: str = "compiled",
    out: Path | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Result:
    """Simulate every strategy of a scenario under every structure it asks for.

    Args:
        scenario: what is asked.
        engine: `compiled` or `mesa`; histories are equal.
        out: folder for the tables; kept in memory when None.
        threads: how many; all processors when None.
        progress: called with what is done, how many parts are done, and how many there are.

    Raises:
        InputError: scenario or cards are wrong; nothing is written.
    """
    require_simulable(scenario)
    evidence = scenario.evidence()
    structures = tuple(choice.name for choice in scenario.structures())
    parts: list[Tables] = []
    weeks: Tables = {}
    rows: dict[tuple[str, str], pd.DataFrame] = {}
    tell = Teller(progress, scenario)
    with Folder(out) if out is not None else nullcontext() as folder:
        for choice in scenario.structures():
            parameters = parameters_of(scenario, evidence, choice)
            population = population_of(scenario, parameters, threads)
            histories = simulate(scenario, evidence, parameters, population, engine, threads, tell)
            tables, weeks[choice.name], patients = evaluate(
                scenario, evidence, parameters, population, histories, threads
            )
            parts.append(named(tables, choice.name, structures))
            keep_patients(folder, structures, choice.name, patients, rows)
        tables = {n: pd.concat([p[n] for p in parts], ignore_index=True) for n in TABLES}
        result = Result(
            tables, structures, weeks, rows, manifest_of(scenario, evidence, parameters, engine),
            scenario.resolved(), out,
        )  # fmt: skip
        if folder is not None:
            folder.publish(result)
    return result
