"""About how long a run takes and how much memory it needs, before it is started."""

from __future__ import annotations

from typing import Final

from popmodel.pipeline.stages import horizon_days
from popmodel.population import default_threads
from popmodel.scenario.schema import Scenario
from popmodel.units import DAYS_PER_YEAR

MICROSECONDS_PER_LIFE: Final = 12.0
MICROSECONDS_PER_PATIENT: Final = 25.0
SECONDS_PER_STRUCTURE: Final = 4.0
BYTES_PER_LIFE: Final = 1000.0
SECONDS_TO_COMPILE: Final = 40.0
"""Measured on one core of a shared two-core machine; see docs/performance.md."""


def estimate(scenario: Scenario, threads: int | None = None) -> dict[str, str]:
    """Return about how long a run takes and how much memory it needs, as words."""
    size = scenario.population.size * scenario.replicates
    structures, strategies = len(scenario.structures()), len(scenario.strategies)
    years = horizon_days(scenario) / DAYS_PER_YEAR / 5.0
    work = size * structures * (
        strategies * MICROSECONDS_PER_LIFE * years + MICROSECONDS_PER_PATIENT
    ) / 1e6 / (threads or default_threads())  # fmt: skip
    memory = size * (strategies * BYTES_PER_LIFE + 250.0) / 1e6
    return {
        "time": f"about {work + structures * SECONDS_PER_STRUCTURE:,.0f} s, and up to "
        f"{SECONDS_TO_COMPILE:.0f} s to compile the rules the first time",
        "memory": f"about {300.0 + memory:,.0f} MB",
    }
