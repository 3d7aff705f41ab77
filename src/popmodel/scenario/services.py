"""Services as the engine reads them: places over time, and who is served first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from popmodel.evidence.load import Evidence
from popmodel.scenario.schema import Scenario, Service

ORDERS = ("longest_wait", "most_severe")
UNLIMITED = -1


@dataclass(frozen=True)
class CompiledService:
    """One service.

    Attributes:
        id: Card id.
        label: Name in tables and charts.
        since_days: Days from the start on which the number of places changes; the first is 0.
        places: Places from then on; -1: as many as are needed.
        order: Position in `ORDERS`.
        tick_days: Days between decisions.
    """

    id: str
    label: str
    since_days: NDArray[np.float64]
    places: NDArray[np.int64]
    order: int
    tick_days: float


def compile_services(scenario: Scenario, evidence: Evidence) -> list[CompiledService]:
    """Return every service card as the scenario changes it, sorted by id.

    Args:
        scenario: A checked scenario.
        evidence: The cards, overrides applied.
    """
    return [_compile(scenario, name, evidence) for name in sorted(evidence.services)]


def _compile(scenario: Scenario, name: str, evidence: Evidence) -> CompiledService:
    card, said = evidence.services[name], scenario.services.get(name, Service())
    first = said.places if said.places is not None else card.places
    steps = [(0.0, UNLIMITED if first is None else first)]
    for step in said.opening:
        day = float((step.since - scenario.start).days)
        if day <= 0.0:
            steps = [(0.0, step.places)]
        else:
            steps.append((day, step.places))
    return CompiledService(
        id=name,
        label=card.label,
        since_days=np.array([day for day, _ in steps], dtype=np.float64),
        places=np.array([places for _, places in steps], dtype=np.int64),
        order=ORDERS.index(said.order),
        tick_days=said.tick_days,
    )
