"""Services as the engine reads them: places over time, and who is served first, by site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from popmodel.errors import InputError
from popmodel.evidence.load import Evidence
from popmodel.scenario.schema import PlaceCost, Scenario, Service, ServiceChange, Weights

UNLIMITED = -1
BOARD = "board"
ORDERS = {
    "longest_wait": (0.0, 0.0, 0.0, 0.0),
    "most_severe": (1.0, 0.0, 0.0, 0.0),
    "latest_line": (0.0, 0.0, 1.0, 0.0),
}
"""Weights of severity band, measured score, line and week waited."""


@dataclass(frozen=True)
class CompiledService:
    """One service at one site under one strategy.

    Attributes:
        id: Card id.
        label: Name in tables and charts.
        since_days: Days from the start on which the number of places changes; the first is 0.
        places: Places from then on; -1: as many as are needed.
        weights: Of severity band, measured score, line and week waited in the rank.
        tick_days: Days between decisions.
        review_days: Days between looks at those who wait; inf: none.
        contact: Contact card while waiting.
        fence_share: Share of the places that is ring-fenced; 0: none.
        fence_severity: Measured score from which the ring-fenced places are open.
        fence_line: Line from which they are.
        at_once: Patients a place treats at once.
        boards: Admissions wait for a bed here; of no meaning for what treatments use.
        board_days: Days after which they go home without one; inf: none does.
    """

    id: str
    label: str
    since_days: NDArray[np.float64]
    places: NDArray[np.int64]
    weights: tuple[float, float, float, float]
    tick_days: float
    review_days: float
    contact: str | None
    fence_share: float
    fence_severity: float
    fence_line: int
    at_once: int
    boards: bool = False
    board_days: float = np.inf

    @property
    def is_limited(self) -> bool:
        """Whether there is ever a number of places."""
        return bool((self.places != UNLIMITED).any())


def site_names(scenario: Scenario) -> tuple[str, ...]:
    """Return the sites of a scenario; without any, one that has no name."""
    return tuple(scenario.sites) or ("",)


def compile_services(
    scenario: Scenario, evidence: Evidence, strategy: str = "", site: str = ""
) -> list[CompiledService]:
    """Return every service at a site under a strategy, sorted by id.

    Args:
        scenario: A checked scenario.
        evidence: The cards, overrides applied.
        strategy: Name of a strategy; empty: none, so what holds for all.
        site: Name of a site; empty: where there is but one.
    """
    return [
        _compile(scenario, name, said(scenario, name, strategy, site), evidence)
        for name in sorted(evidence.services)
    ]


def said(scenario: Scenario, name: str, strategy: str = "", site: str = "") -> Service:
    """Return what a scenario says of a service: in general, of the site, of the strategy."""
    found, same = scenario.services.get(name, Service()), ServiceChange()
    if site:
        found = found.under(scenario.sites[site].services.get(name, same))
    if strategy:
        found = found.under(scenario.strategies[strategy].services.get(name, same))
    return found


def limited_services(scenario: Scenario, evidence: Evidence) -> list[str]:
    """Return the services that have a number of places anywhere in a scenario, sorted."""
    if not _says_places(scenario, evidence):
        return []
    used = set(services_used(scenario, evidence).values())
    found = {
        service.id
        for strategy in scenario.strategies
        for site in site_names(scenario)
        for service in compile_services(scenario, evidence, strategy, site)
        if service.is_limited and (service.id in used or service.boards)
    }
    return sorted(found)


def beds_waited_for(scenario: Scenario, evidence: Evidence) -> set[str]:
    """Return the services of beds for which admissions wait, under any strategy, at any site."""
    return {
        name
        for name in bed_services(evidence)
        for strategy in scenario.strategies
        for site in site_names(scenario)
        if said(scenario, name, strategy, site).when_full == BOARD
    }


def _says_places(scenario: Scenario, evidence: Evidence) -> bool:
    """Whether a card or a part of the scenario says a number of places at all: quick to tell."""
    parts: list[Mapping[str, ServiceChange]] = [
        scenario.services,
        *(site.services for site in scenario.sites.values()),
        *(strategy.services for strategy in scenario.strategies.values()),
    ]
    return any(card.places is not None for card in evidence.services.values()) or any(
        service.places is not None or service.opening for part in parts for service in part.values()
    )


def services_used(scenario: Scenario, evidence: Evidence) -> dict[str, str]:
    """Return the service of every treatment that needs one: as `serves` or its card says."""
    found = {name: card.service for name, card in evidence.treatments.items() if card.service}
    for name, service in scenario.services.items():
        found.update(dict.fromkeys(service.serves, name))
    return found


def bed_services(evidence: Evidence) -> list[str]:
    """Return the services that stand for beds on a ward, sorted; admissions use them."""
    return sorted(name for name, card in evidence.services.items() if card.used_by == "admissions")


def place_costs(scenario: Scenario) -> dict[str, PlaceCost]:
    """Return the services whose places are charged as such."""
    return {n: s.place_cost for n, s in scenario.services.items() if s.place_cost is not None}


def _compile(
    scenario: Scenario, name: str, service: Service, evidence: Evidence
) -> CompiledService:
    card = evidence.services[name]
    number = None if isinstance(service.places, tuple) else service.places
    first = number if number is not None else card.places
    start = UNLIMITED if first is None else first
    if isinstance(service.places, tuple):
        start = 0
    steps = [(0.0, start)]
    for since, places in service.steps():
        day = float((since - scenario.start).days)
        if day <= 0.0:
            steps = [(0.0, places)]
        else:
            steps.append((day, places))
    weights = _weights(service)
    fence = service.ring_fence
    return CompiledService(
        id=name,
        label=card.label,
        since_days=np.array([day for day, _ in steps], dtype=np.float64),
        places=np.array([places for _, places in steps], dtype=np.int64),
        weights=weights,
        tick_days=service.tick_days or 1.0,
        review_days=service.review_days or np.inf,
        contact=service.contact or card.waiting_contact,
        fence_share=fence.share if fence else 0.0,
        fence_severity=fence.severity_at_least if fence else np.inf,
        fence_line=fence.line_at_least if fence else 1,
        at_once=card.patients_at_once,
        boards=service.when_full == BOARD,
        board_days=service.board_days or np.inf,
    )


def _weights(service: Service) -> tuple[float, float, float, float]:
    order = service.order or "longest_wait"
    if isinstance(order, Weights):
        return (0.0, order.severity, order.line, order.week)
    if order not in ORDERS:
        raise InputError(f"services: no order is called {order!r}")
    return ORDERS[order]
