"""The same settings in Ciw (Palmer et al., Journal of Simulation 2019), in continuous time."""

from __future__ import annotations

import math
from typing import Any

import ciw
import numpy as np
from numpy.typing import NDArray
from tests.verification.queues.design import CUT, MIXED, Setting, short_mean

CLASSES = {"urgent": ("urgent", "other"), "mixed": ("long", "short")}


class Cut(ciw.dists.Distribution):
    """An exponential that is cut, of mean 1."""

    def sample(self, t: float | None = None, ind: Any = None) -> float:
        """Draw one hold."""
        scale = 1.0 / (1.0 - math.exp(-CUT))
        return min(ciw.random.expovariate(1.0 / scale), CUT * scale)


def hold_of(one: Setting) -> Any:
    """Return the law of holds, of mean 1."""
    if one.kind == "fixed":
        return ciw.dists.Deterministic(value=1.0)
    if one.kind == "cut":
        return Cut()
    return ciw.dists.Exponential(rate=1.0)


def network_of(one: Setting) -> Any:
    """Return Ciw's network of a setting."""
    rate = one.arrivals
    if one.kind in CLASSES:
        share = one.extra if one.kind == "urgent" else MIXED[0]
        rates = dict(zip(CLASSES[one.kind], (share * rate, (1.0 - share) * rate), strict=True))
        holds = dict.fromkeys(rates, 1.0)
        if one.kind == "mixed":
            holds = dict(zip(CLASSES["mixed"], (MIXED[1], short_mean()), strict=True))
        more = {}
        if one.kind == "urgent":
            more = {"priority_classes": {"urgent": 0, "other": 1}}
        return ciw.create_network(
            arrival_distributions={k: [ciw.dists.Exponential(rate=r)] for k, r in rates.items()},
            service_distributions={
                k: [ciw.dists.Exponential(rate=1.0 / h)] for k, h in holds.items()
            },
            number_of_servers=[one.places],
            **more,
        )
    more = {}
    if one.kind == "impatient":
        more = {"reneging_time_distributions": [ciw.dists.Exponential(rate=one.extra)]}
    return ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=rate)],
        service_distributions=[hold_of(one)],
        number_of_servers=[one.places],
        **more,
    )


def replicate(one: Setting, seed: int, start: float, end: float) -> NDArray[Any]:
    """Return mean wait and share waiting (or giving up) of those who join between two days."""
    ciw.seed(seed)
    run = ciw.Simulation(network_of(one))
    run.simulate_until_max_time(end + 30.0 / (1.0 - one.load) / one.places + 10.0)
    rows = [r for r in run.get_all_records() if start <= r.arrival_date < end]
    waits = np.array([r.waiting_time for r in rows])
    late = waits > 0.0
    if one.kind == "impatient":
        late = np.array([r.record_type == "renege" for r in rows])
    return np.array([waits.mean(), late.mean()])
