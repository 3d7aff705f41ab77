"""One small system with two services that share patients, to run with and without compilation."""

from __future__ import annotations

import numpy as np
from tests.engine.systems import plans_of

from popmodel.engine.arm import trial_strategy
from popmodel.engine.compiled import simulate
from popmodel.evidence.load import load_evidence
from popmodel.parameters import Structure, compile_parameters
from popmodel.population import synthesise
from popmodel.rules.records import History
from popmodel.scenario.services import CompiledService

DAYS = 200.0


def coupled_history() -> History:
    """Return what happens to 30 patients who want two services with few places."""
    parameters = compile_parameters(
        load_evidence(), Structure(), setting="united_states", population="us_adults_mdd",
        horizon_days=DAYS,
    )  # fmt: skip
    q = parameters.record
    cards = [parameters.treatments.index(name) for name in ("saint", "rtms", "escitalopram")]
    q["minimum_failures"], q["after"], q["service"] = 0, 0, -1
    for n, card in enumerate(cards[:2]):
        q["service"][0, card], q["place_units"][0, card], q["place_days"][0, card] = n, 1, 14.0
    q["renege_rate"] = 0.01
    services = [
        CompiledService(
            f"service_{n}", f"Service {n}", np.array([0.0, 60.0]), np.array([1, 2 + n]),
            (1.0, 0.0, 0.0, 0.5), 7.0, 28.0, None, 0.5 * n, 25.0, 1, 1,
        )
        for n in range(2)
    ]  # fmt: skip
    s = trial_strategy(*cards)
    s["on_full"], s["bridge"], s["may_repeat"] = 2, cards[2], 1
    size = 30
    plans = plans_of(s, [services], q, parameters.contacts, np.zeros(size, dtype=np.int64))
    population = synthesise(parameters, size, 7, intake="incident", threads=1)
    return simulate(population, q, [s], threads=1, plans=plans)[0]
