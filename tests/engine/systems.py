"""Plans made by hand: the places of one strategy at one or several sites."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from popmodel.engine.plans import Plans, SitePlan
from popmodel.parameters import places_record, with_places
from popmodel.scenario.services import CompiledService


def plans_of(
    strategy: Any,
    services: Sequence[Sequence[CompiledService]],
    parameters: Any,
    contacts: Sequence[str],
    replicate: Any,
) -> Plans:
    """Return the plans of one strategy.

    Args:
        strategy: Strategy record that knows of no services yet.
        services: Services by site.
        parameters: One parameter record, the same at all sites.
        contacts: Contact cards in the order of their positions.
        replicate: Replicate of every patient.
    """
    usual = int(parameters["contact_usual"][0])
    sites = tuple(
        SitePlan(with_places(strategy, own, contacts, usual), places_record(own), parameters)
        for own in services
    )
    return Plans((sites,), replicate)
