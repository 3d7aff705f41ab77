"""Who waits, by severity, line, biotype and site, under each queue discipline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pandas as pd

from popmodel.planning.systems import World, run_with
from popmodel.scenario.place_change import PlaceChange
from popmodel.scenario.services import ORDERS, site_names
from popmodel.waiting import wait_table

WEIGHTED: Final = "weighted"
EVEN: Final = (1.0, 1.0, 1.0)
"""A point of measured score, a line and a week waited count the same."""


def disciplines(
    weights: tuple[float, float, float] = EVEN,
) -> dict[str, tuple[float, float, float, float]]:
    """Return every discipline by name, as weights of band, score, line and week waited."""
    return {**ORDERS, WEIGHTED: (0.0, *weights)}


def who_waits(
    world: World,
    strategy: str,
    weights: tuple[float, float, float] = EVEN,
    done: Callable[[], None] = lambda: None,
) -> pd.DataFrame:
    """Return who_waits.csv of one strategy: waits by group of patients under each discipline.

    Args:
        world: of `world_of`.
        strategy: its name.
        weights: of measured score, line and week waited, for the weighted discipline.
        done: called after every run.
    """
    scenario, parts = world.scenario, []
    for name, ranks in disciplines(weights).items():
        found = run_with(world, strategy, PlaceChange(weights=ranks))
        table = wait_table(
            {strategy: found.waits}, sorted(world.evidence.services), site_names(scenario),
            world.parameters.biotypes, scenario.replicates,
        )  # fmt: skip
        table.insert(2, "discipline", name)
        parts.append(table)
        done()
    whole = pd.concat(parts, ignore_index=True)
    whole.insert(0, "structure", world.structure)
    return whole
