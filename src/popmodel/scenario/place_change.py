"""What if there were other places: one change to the services of a strategy, step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from popmodel.scenario.services import UNLIMITED, CompiledService

PLENTY: Final = 1_000_000
"""So many places that nobody ever waits for one; they are counted and never charged."""


@dataclass(frozen=True)
class PlaceChange:
    """One change to the places of a service; other services stay as they are.

    Attributes:
        service: card id; empty: every limited service.
        site: name of a site; None: every site.
        more: places added from `from_day` on; taken away if below 0.
        number: places from the start to the end instead of those said; None: those said.
        from_day: day since the start from which `more` holds.
        weights: of severity band, measured score, line and week waited; None: those said.
    """

    service: str = ""
    site: str | None = None
    more: int = 0
    number: int | None = None
    from_day: float = 0.0
    weights: tuple[float, float, float, float] | None = None

    def __call__(self, service: CompiledService, site: str) -> CompiledService:
        """Return the service with this change; one without a number of places is left alone."""
        if self.service not in ("", service.id) or self.site not in (None, site):
            return service
        if not service.is_limited and not self.service:
            return service
        if self.number is not None:
            service = replace(service, since_days=np.zeros(1), places=np.array([self.number]))
        if self.weights is not None:
            service = replace(service, weights=self.weights)
        return with_more(service, self.more, self.from_day) if self.more else service


AS_SAID: Final = PlaceChange()
"""No change at all."""


def with_more(service: CompiledService, more: int, from_day: float) -> CompiledService:
    """Return a service with more places from a day on; there are never fewer than none.

    Args:
        service: as it is.
        more: places added; below 0 they are taken away.
        from_day: days since the start.
    """
    days, places = service.since_days, service.places
    if from_day > 0.0 and from_day not in days:
        at = int(np.searchsorted(days, from_day))
        days, places = np.insert(days, at, from_day), np.insert(places, at, places[at - 1])
    added = np.where((days >= from_day) & (places != UNLIMITED), more, 0)
    changed = np.where(places == UNLIMITED, UNLIMITED, np.maximum(places + added, 0))
    return replace(service, since_days=days, places=changed)


def place_years(service: CompiledService, horizon_days: float, days_per_year: float) -> float:
    """Return the place-years of a service up to the horizon, undiscounted; unlimited counts 0."""
    ends = np.append(service.since_days[1:], horizon_days)
    open_days = np.clip(np.minimum(ends, horizon_days) - service.since_days, 0.0, None)
    return float((np.maximum(service.places, 0) * open_days).sum() / days_per_year)
