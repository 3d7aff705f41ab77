"""What a waiting list costs: the same patients, with a place on the day for everybody."""

from __future__ import annotations

from typing import Final

import pandas as pd

from popmodel.planning.paired import paired
from popmodel.planning.systems import HEALTH, Found, World
from popmodel.scenario.place_change import PLENTY, PlaceChange

NO_WAIT: Final = PlaceChange(number=PLENTY)
"""A place for everybody, for nothing: referrals are taken up, or not, as before."""


def waiting_cost(world: World, strategy: str, base: Found, no_wait: Found) -> pd.DataFrame:
    """Return waiting_cost.csv of one strategy: what is lost to waiting, by replicate of patients.

    QALYs lost are those with a place on the day less those with the places there are; suicides,
    deaths and crises are those that waiting adds. Places themselves are not in the cost.

    Args:
        world: of `world_of`.
        strategy: its name.
        base: its run with the places as they are.
        no_wait: its run under `NO_WAIT`.
    """
    rows = []
    referred = len(base.waits[base.waits["booster"] == 0]) / world.scenario.replicates
    for measure in (*HEALTH, "cost_without_places"):
        gained = measure in ("qaly", "remission_weeks")
        with_wait, without = _totals(base, measure), _totals(no_wait, measure)
        lost = without - with_wait if gained else with_wait - without
        rows.append(
            {
                "structure": world.structure, "strategy": strategy, "measure": measure,
                "patients": float(base.totals["patients"].mean()), "referrals": referred,
                "with_waiting": float(with_wait.mean()), "without": float(without.mean()),
                **paired("lost", lost),
                **paired("lost_per_1000", 1000.0 * lost / base.totals["patients"]),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _totals(found: Found, measure: str) -> pd.Series:
    if measure == "cost_without_places":
        return found.totals["cost"] - found.totals["cost_places"]
    return found.totals[measure]
