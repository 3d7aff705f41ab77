"""Random small systems that share places: several services, sites, replicates, and every option."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tests.engine.systems import plans_of

from popmodel.engine.arm import trial_strategy
from popmodel.engine.plans import Plans
from popmodel.parameters import Parameters
from popmodel.population import synthesise
from popmodel.scenario.services import CompiledService

SERVICES = 3
DAYS = 540.0


@dataclass(frozen=True)
class World:
    """A system ready to run.

    Attributes:
        population: Patients at entry, at their sites.
        parameters: One parameter record.
        plans: Places by strategy (one) and site.
        services: What the plans were made from, by site.
    """

    population: Any
    parameters: Any
    plans: Plans
    services: list[list[CompiledService]]

    @property
    def strategy(self) -> Any:
        """The strategy of the first site."""
        return self.plans.sites[0][0].strategy


@st.composite
def one_service(draw: Any, n: int, tick: float) -> CompiledService:
    """Draw a service: steps of places up and down, rank, ring fence, contact, looks."""
    steps = draw(st.integers(1, 4))
    later = sorted(draw(st.lists(st.integers(1, 500), min_size=steps - 1, max_size=steps - 1)))
    places = draw(st.lists(st.integers(0, 4), min_size=steps, max_size=steps))
    weight = st.sampled_from([0.0, 0.0, 1.0, 2.5])
    fenced = draw(st.booleans())
    return CompiledService(
        id=f"service_{n}", label=f"Service {n}", since_days=np.array([0.0, *later]),
        places=np.array(places), weights=tuple(draw(weight) for _ in range(4)),
        tick_days=tick * draw(st.sampled_from([1, 1, 2, 3])),
        review_days=draw(st.sampled_from([math.inf, 28.0])),
        contact=draw(st.sampled_from([None, "waiting_list"])),
        fence_share=draw(st.sampled_from([0.3, 0.5, 1.0])) if fenced else 0.0,
        fence_severity=draw(st.sampled_from([0.0, 22.0, 30.0])) if fenced else math.inf,
        fence_line=draw(st.integers(1, 2)), at_once=draw(st.integers(1, 3)),
    )  # fmt: skip


@st.composite
def worlds(draw: Any, parameters: Parameters) -> World:
    """Draw a system of 20 to 60 patients, most of whom soon want a limited place."""
    seed, size = draw(st.integers(0, 10_000)), draw(st.integers(20, 60))
    sites, replicates = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    tick = draw(st.sampled_from([7.0, 1.0, 3.5, 0.7, 2.1]))
    limited = draw(st.integers(1, SERVICES))
    cards = draw(
        st.lists(
            st.sampled_from(range(len(parameters.treatments))), min_size=2, max_size=5, unique=True
        )
    )
    q = parameters.record.copy()
    row = q[0]
    row["horizon"] = DAYS
    row["minimum_failures"] = row["after"] = 0
    row["service"] = -1
    for card in cards[: 1 + draw(st.integers(0, len(cards) - 1))]:
        row["service"][card] = draw(st.integers(0, limited - 1))
        row["place_units"][card] = 1
        row["place_days"][card] = draw(st.sampled_from([0.5, 5.0, 28.0, 70.0]))
    row["renege_rate"] = draw(st.sampled_from([0.0, 0.01]))
    row["refuse_share"] = draw(st.sampled_from([0.0, 0.2]))
    row["discharge_days_saved"] = draw(st.sampled_from([0.0, 3.0]))
    row["attempt_rate"] *= draw(st.sampled_from([1.0, 100.0]))
    s = _strategy(draw, cards)
    services = []
    for _ in range(sites):
        own = [draw(one_service(n, tick)) for n in range(limited)]
        services.append([_on_tick(one, own) for one in own])
    population = synthesise(
        parameters, size, seed, intake=draw(st.sampled_from(["prevalent", "incident"]))
    )
    population["site"] = np.arange(size) % sites
    replicate = np.arange(size) % (sites * replicates) // sites
    plans = plans_of(s, services, q, parameters.contacts, replicate)
    return World(population, q, plans, services)


def _on_tick(one: CompiledService, all_of_them: list[CompiledService]) -> CompiledService:
    """Return a service whose tick is a multiple of the shortest."""
    from dataclasses import replace

    shortest = min(other.tick_days for other in all_of_them)
    return replace(one, tick_days=shortest * max(round(one.tick_days / shortest), 1))


def _strategy(draw: Any, cards: list[int]) -> Any:
    s = trial_strategy(*cards)
    row = s[0]
    row["may_repeat"][: len(cards)] = draw(st.booleans())
    row["on_response"] = draw(st.integers(0, 2))
    row["on_relapse"] = draw(st.integers(0, 2))
    row["on_full"] = draw(st.integers(0, 2))
    row["bridge"] = cards[-1]
    if draw(st.booleans()):
        row["booster"][cards[0]] = cards[0]
        row["booster_days"][cards[0]] = 30.0
    return s
