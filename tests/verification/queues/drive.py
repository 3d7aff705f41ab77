"""Patients for whom nothing happens but a queue: what the real engine makes of them.

Records are made by hand from compiled ones: who arrives asks at once for one course, which is left
at a constant rate (drop-out), or ends its use of the place on a fixed day, or both; nobody gets
well, has a crisis, dies or comes back. Lines serve as classes, biotypes as kinds of hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tests.engine.systems import plans_of
from tests.verification.queues.design import MIXED, Setting, cut_law, rate_for, short_mean

from popmodel.engine.arm import trial_strategy
from popmodel.engine.compiled import simulate
from popmodel.evidence.load import load_evidence
from popmodel.parameters import Parameters, Structure, compile_parameters
from popmodel.parameters.record import NEVER
from popmodel.population import synthesise
from popmodel.randomness import patient_keys
from popmodel.rules import codes
from popmodel.rules.records import History
from popmodel.scenario.services import CompiledService

TREATMENT = 0
FAR = 1e9
HORIZON_MOST = 38_000.0
"""Days: people enter newly born, so that no death of old age falls before."""


@dataclass(frozen=True)
class Waits:
    """Who waited in one replicate, in the order of joining; days.

    Attributes:
        joined: Day of joining.
        left: Day the wait ended.
        hold: How long a place was held, nan for those who gave up.
        served: Whether a place was given.
        urgent: Whether of the class that is served first.
    """

    joined: NDArray[Any]
    left: NDArray[Any]
    hold: NDArray[Any]
    served: NDArray[Any]
    urgent: NDArray[Any]


@lru_cache(maxsize=1)
def compiled() -> Parameters:
    """Return the shipped parameters that all settings start from."""
    return compile_parameters(
        load_evidence(), Structure(), setting="united_states", population="us_adults_mdd",
        horizon_days=365.0,
    )  # fmt: skip


@lru_cache(maxsize=1)
def somebody() -> NDArray[Any]:
    """Return one patient to copy."""
    return synthesise(compiled(), 1, 1)


def quiet_parameters(horizon: float) -> NDArray[Any]:
    """Return parameters under which nothing happens to anybody but one endless course."""
    q = compiled().record.copy()
    row = q[0]
    row["horizon"] = horizon
    row["remission_severity"] = -1.0
    row["grid_days"] = FAR
    row["age_bands"] = 1
    row["cumulative_mortality"] *= 1e-12
    row["excess_mortality"] = 0.0
    row["attempt_rate"] = NEVER
    row["attempt_ratio"] = 1.0
    row["discount_costs"] = row["discount_health"] = 0.0
    for name in ("ask_rate", "return_rate", "ask_again_rate", "refuse_share", "renege_rate"):
        row[name] = 0.0
    row["leave_after_dropout"] = 1.0
    row["biotype_dropout"] = 1.0
    row["service"] = -1
    row["service"][TREATMENT] = 0
    row["place_units"][TREATMENT] = 1
    row["place_days"][TREATMENT] = FAR
    row["session_days"][TREATMENT] = row["assess_days"][TREATMENT] = FAR
    row["visits"][TREATMENT] = row["minimum_failures"][TREATMENT] = row["after"][TREATMENT] = 0
    row["excluded_flags"][TREATMENT] = row["required_flags"][TREATMENT] = 0
    row["settings"][TREATMENT] = 15
    row["harm_probability"][TREATMENT] = 0.0
    row["dropout_rate"][TREATMENT] = row["dropout_slope"][TREATMENT] = 0.0
    return q


def parameters_for(one: Setting, horizon: float) -> NDArray[Any]:
    """Return parameters under which a place is held as a setting says."""
    q = quiet_parameters(horizon)
    row, b = q[0], one.tick
    if one.kind == "fixed":
        row["place_days"][TREATMENT] = 1.0
    elif one.kind == "cut":
        rate, longest, _ = cut_law(b)
        row["dropout_rate"][TREATMENT], row["place_days"][TREATMENT] = rate, longest
    elif one.kind == "mixed":
        row["dropout_rate"][TREATMENT] = 1.0
        row["biotype_dropout"][:2] = rate_for(short_mean(), b), rate_for(MIXED[1], b)
    else:
        row["dropout_rate"][TREATMENT] = rate_for(1.0, b)
    if one.kind == "impatient":
        row["renege_rate"] = one.extra
    return q


def service_for(one: Setting) -> CompiledService:
    """Return the one service of a setting; the later line is served first."""
    return CompiledService(
        id="one", label="One", since_days=np.zeros(1), places=np.array([one.places]),
        weights=(0.0, 0.0, 1.0 if one.kind == "urgent" else 0.0, 0.0), tick_days=one.tick,
        review_days=math.inf, contact=None, fence_share=0.0, fence_severity=math.inf,
        fence_line=1, at_once=1,
    )  # fmt: skip


def patients_for(one: Setting, until: float, seed: int, replicates: int) -> tuple[Any, Any]:
    """Return patients who arrive as a Poisson process until a day, and their replicates."""
    luck = np.random.default_rng(seed)
    numbers = luck.poisson(one.arrivals * until, replicates)
    total = int(numbers.sum())
    persons = np.repeat(somebody(), total)
    replicate = np.repeat(np.arange(replicates), numbers)
    entry = luck.uniform(0.0, until, total)
    persons["id"] = np.arange(total)
    persons["key"] = patient_keys(seed, 0, total)
    persons["entry"] = persons["due"] = entry
    persons["care"] = codes.CARE_WAIT
    persons["age"] = persons["phase"] = 0.0
    persons["site"] = persons["biotype"] = 0
    persons["setting"] = codes.OUTPATIENT
    persons["line"] = 1
    if one.kind == "mixed":
        persons["biotype"] = luck.random(total) < MIXED[0]
    if one.kind == "urgent":
        persons["line"] += luck.random(total) < one.extra
    return persons, replicate


def drain(one: Setting) -> float:
    """Return days after the last arrival within which all have been served."""
    return 15.0 / (1.0 - one.load) / one.places * max(one.hold_squared, 1.0) + 30.0


def run(one: Setting, until: float, seed: int, replicates: int, threads: int) -> History:
    """Run the compiled engine on some replicates of a setting; arrivals until a day."""
    horizon = until + drain(one) + (2.0 * drain(one) if one.kind == "urgent" else 0.0)
    if horizon > HORIZON_MOST:
        raise ValueError(f"{horizon:g} days are longer than a life")
    persons, replicate = patients_for(one, until, seed, replicates)
    q, strategy = parameters_for(one, horizon), trial_strategy(TREATMENT)
    plans = plans_of(strategy, [[service_for(one)]], q, compiled().contacts, replicate)
    return simulate(
        persons, q, [strategy], threads=threads, keep_persons=False, count=False, plans=plans
    )[0]


def waits_by_replicate(history: History, one: Setting, replicates: int) -> list[Waits]:
    """Split the waits of a history; holds end on the tick."""
    w = history.waits
    w = w[np.argsort(w["replicate"], kind="stable")]
    found = []
    for part in np.split(w, np.searchsorted(w["replicate"], np.arange(1, replicates))):
        hold = np.ceil(part["until"] / one.tick) * one.tick - part["left"]
        found.append(
            Waits(
                part["joined"], part["left"], hold, part["ended"] == codes.WAIT_SERVED,
                part["line"] == 2,
            )
        )  # fmt: skip
    return found
