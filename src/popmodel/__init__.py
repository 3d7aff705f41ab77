"""popmodel: an open agent-based model of depression care, its outcomes and its costs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = ["Result", "Scenario", "__version__", "economics", "load_scenario", "run"]

if TYPE_CHECKING:
    from popmodel import economics
    from popmodel.results import Result
    from popmodel.scenario import Scenario, load_scenario


def run(
    scenario: Scenario,
    *,
    engine: str = "compiled",
    patients: int | None = None,
    years: float | None = None,
    seed: int | None = None,
    structure: str | None = None,
    threads: int | None = None,
) -> Result:
    """Simulate every strategy of a scenario and return its tables.

    Args:
        scenario: from `load_scenario`.
        engine: `compiled` or `mesa`; their histories are equal.
        patients: size of the population, if not the scenario's.
        years: horizon, if not the scenario's.
        seed: luck, if not the scenario's.
        structure: `premise`, `evidence`, `mixture` or `all`, if not the scenario's.
        threads: how many; all processors when None.

    Raises:
        InputError: the scenario or an argument is wrong.
    """
    from popmodel import pipeline

    changed = scenario.changed(patients=patients, years=years, seed=seed, structure=structure)
    return pipeline.run(changed, engine=engine, threads=threads)


_ELSEWHERE = {
    "Result": "popmodel.results",
    "Scenario": "popmodel.scenario",
    "load_scenario": "popmodel.scenario",
}


def __getattr__(name: str) -> Any:
    """Load public names when they are first asked for: `import popmodel` stays quick."""
    if name in _ELSEWHERE:
        return getattr(import_module(_ELSEWHERE[name]), name)
    if name == "economics":
        return import_module("popmodel.economics")
    raise AttributeError(f"module 'popmodel' has no attribute {name!r}")
