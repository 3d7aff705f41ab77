"""Random small systems that share places: several services, sites, replicates, and every option."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from tests.engine.systems import plans_of

from popmodel.engine.arm import trial_strategy
from popmodel.engine.plans import Plans
from popmodel.parameters import Parameters
from popmodel.population import synthesise
from popmodel.rules import codes as c
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


class Luck:
    """Choices of one seed, in words."""

    def __init__(self, seed: int) -> None:
        self.generator = np.random.default_rng(seed)

    def whole(self, low: int, high: int) -> int:
        return int(self.generator.integers(low, high + 1))

    def one_of(self, *choices: Any) -> Any:
        return choices[self.whole(0, len(choices) - 1)]

    def yes(self) -> bool:
        return self.whole(0, 1) == 1


def one_service(luck: Luck, n: int, tick: float) -> CompiledService:
    """Draw a service: steps of places up and down, rank, ring fence, contact, looks."""
    steps = luck.whole(1, 4)
    later = sorted(luck.whole(1, 500) for _ in range(steps - 1))
    places = [luck.whole(0, 4) for _ in range(steps)]
    fenced = luck.yes()
    return CompiledService(
        id=f"service_{n}", label=f"Service {n}", since_days=np.array([0.0, *later]),
        places=np.array(places), weights=tuple(luck.one_of(0.0, 0.0, 1.0, 2.5) for _ in range(4)),
        tick_days=tick * luck.one_of(1, 1, 2, 3),
        review_days=luck.one_of(math.inf, 28.0),
        contact=luck.one_of(None, "waiting_list"),
        fence_share=luck.one_of(0.3, 0.5, 1.0) if fenced else 0.0,
        fence_severity=luck.one_of(0.0, 22.0, 30.0) if fenced else math.inf,
        fence_line=luck.whole(1, 2), at_once=luck.whole(1, 3),
    )  # fmt: skip


def ward(luck: Luck, tick: float) -> CompiledService:
    """Draw a ward with a few beds that admissions wait for."""
    return replace(
        one_service(luck, 9, tick), fence_share=0.0, fence_severity=math.inf, fence_line=1,
        at_once=1, boards=True, board_days=luck.one_of(math.inf, 0.4, 6.0),
    )  # fmt: skip


def world_of(parameters: Parameters, seed: int) -> World:
    """Draw a system of 20 to 60 patients, most of whom soon want a limited place."""
    luck = Luck(seed)
    size = luck.whole(20, 60)
    sites, replicates = luck.whole(1, 2), luck.whole(1, 2)
    tick = luck.one_of(7.0, 1.0, 3.5, 0.7, 2.1)
    limited = luck.whole(1, SERVICES)
    cards = [
        int(card)
        for card in luck.generator.permutation(len(parameters.treatments))[: luck.whole(2, 5)]
    ]
    q = parameters.record.copy()
    row = q[0]
    row["horizon"] = DAYS
    row["minimum_failures"] = row["after"] = 0
    row["service"] = -1
    beds_at = luck.one_of(math.inf, 0, limited)
    for card in cards[: 1 + luck.whole(0, len(cards) - 1)]:
        service = luck.whole(0, limited - 1)
        row["service"][card] = service + (beds_at <= service)
        row["place_units"][card] = 1
        row["place_days"][card] = luck.one_of(0.5, 5.0, 28.0, 70.0)
    row["renege_rate"] = luck.one_of(0.0, 0.01)
    row["refuse_share"] = luck.one_of(0.0, 0.2)
    row["discharge_days_saved"] = luck.one_of(0.0, 3.0)
    row["attempt_rate"] *= luck.one_of(1.0, 100.0)
    row["admission_share"] = luck.one_of(0.33, 1.0)
    row["admission_days"] = luck.one_of(2.5, 14.0, 40.0)
    row["settings"] = 15
    s = _strategy(luck, cards)
    services = []
    for _ in range(sites):
        own = [one_service(luck, n, tick) for n in range(limited)]
        if beds_at < math.inf:
            own.insert(int(beds_at), ward(luck, tick))
        services.append([_on_tick(one, own) for one in own])
    population = synthesise(parameters, size, seed, intake=luck.one_of("prevalent", "incident"))
    population["site"] = np.arange(size) % sites
    replicate = np.arange(size) % (sites * replicates) // sites
    plans = plans_of(s, services, q, parameters.contacts, replicate)
    return World(population, q, plans, services)


def _on_tick(one: CompiledService, all_of_them: list[CompiledService]) -> CompiledService:
    """Return a service whose tick is a multiple of the shortest."""
    shortest = min(other.tick_days for other in all_of_them)
    return replace(one, tick_days=shortest * max(round(one.tick_days / shortest), 1))


def _strategy(luck: Luck, cards: list[int]) -> Any:
    s = trial_strategy(*cards)
    row = s[0]
    row["may_repeat"][: len(cards)] = luck.yes()
    row["on_response"] = luck.whole(0, 2)
    row["on_relapse"] = luck.whole(0, 2)
    row["on_full"] = luck.whole(0, 2)
    row["bridge"] = cards[-1]
    if luck.yes():
        hospital = luck.one_of(1 << c.EMERGENCY, 1 << c.INPATIENT)
        row["settings"][luck.whole(0, len(cards) - 1)] = hospital
    if luck.yes():
        row["booster"][cards[0]] = cards[0]
        row["booster_days"][cards[0]] = 30.0
    return s
