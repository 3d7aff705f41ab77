"""Places of a scenario: who shares them, and what they cost whether they are used or not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from popmodel.engine.plans import Plans, SitePlan, systems
from popmodel.evidence.load import Evidence
from popmodel.parameters import (
    Parameters,
    places_record,
    with_places,
    with_travel,
    without_places_in_price,
)
from popmodel.parameters.cards import Prices
from popmodel.rules.codes import COST_PLACES
from popmodel.rules.records import MICRO, WEEK_COST, History
from popmodel.scenario.place_change import AS_SAID, PlaceChange
from popmodel.scenario.routing import chain
from popmodel.scenario.schema import Scenario
from popmodel.scenario.services import (
    UNLIMITED,
    CompiledService,
    bed_services,
    compile_services,
    limited_services,
    place_costs,
    services_used,
    site_names,
)
from popmodel.units import DAYS_PER_WEEK, DAYS_PER_YEAR
from popmodel.waiting import service_table, service_use, wait_table


def served_elsewhere(scenario: Scenario) -> dict[str, str]:
    """Return the service of treatments that do not use that of their card."""
    return {t: name for name, one in scenario.services.items() for t in one.serves}


def has_systems(scenario: Scenario, evidence: Evidence) -> bool:
    """Whether patients share limited places, or live at several sites."""
    return bool(scenario.sites) or bool(limited_services(scenario, evidence))


def replicate_of(scenario: Scenario, population: NDArray[Any]) -> NDArray[np.int64]:
    """Return the replicate of every patient: of the stock in order, of arrivals in turn."""
    size, replicates = scenario.population.size, scenario.replicates
    number = population["id"].astype(np.int64)
    in_stock = number < size * replicates
    return np.where(in_stock, number // size, (number - size * replicates) % replicates)


def replicates_shared(
    scenario: Scenario, evidence: Evidence, population: NDArray[Any]
) -> NDArray[np.int64] | None:
    """Return the replicate of every patient where patients share places, else None."""
    if not limited_services(scenario, evidence):
        return None
    return replicate_of(scenario, population)


def place_tables(
    scenario: Scenario,
    evidence: Evidence,
    parameters: Parameters,
    waits: dict[str, Any],
    horizon_days: float,
) -> dict[str, Any]:
    """Return waits.csv and services.csv; both are empty where no service is limited."""
    services, sites = tuple(sorted(evidence.services)), site_names(scenario)
    weekly = service_weeks(scenario, evidence, parameters, waits, horizon_days)
    return {
        "waits": wait_table(waits, services, sites, parameters.biotypes, scenario.replicates),
        "services": weekly,
        "service_use": service_use(
            weekly, waits, services, sites, scenario.replicates,
            prices_of_places(scenario, evidence, parameters),
        ),
    }  # fmt: skip


def service_weeks(
    scenario: Scenario,
    evidence: Evidence,
    parameters: Parameters,
    waits: Mapping[str, Any],
    horizon_days: float,
    change: PlaceChange = AS_SAID,
) -> Any:
    """Return services.csv for the strategies whose waits are given, after a change of places."""
    services, sites = tuple(sorted(evidence.services)), site_names(scenario)
    places = {
        (name, one.id, site): (one.since_days, one.places.astype(np.float64))
        for name in waits
        for site in sites
        for one in services_here(scenario, evidence, name, site, change)
        if one.is_limited
    }
    parts = parts_of_places(evidence, parameters)
    return service_table(waits, services, sites, places, parts, scenario.replicates, horizon_days)


def parts_of_places(evidence: Evidence, parameters: Parameters) -> dict[str, float]:
    """Return the share of a place that a course takes, by position of the treatment as text.

    And that of an admission, by name of the service of beds.
    """
    services, q = sorted(evidence.services), parameters.record
    units: Any = q["place_units"][0]
    beds = {name: 1.0 / evidence.services[name].patients_at_once for name in bed_services(evidence)}
    return beds | {
        str(n): float(units[n]) / evidence.services[services[k]].patients_at_once
        for n, k in enumerate(q["service"][0])
        if k >= 0 and n < len(parameters.treatments)
    }


def prices_of_places(
    scenario: Scenario, evidence: Evidence, parameters: Parameters
) -> dict[str, float]:
    """Return what a place costs a year, used or idle, by service whose places are charged."""
    charged = place_costs(scenario)
    return {name: price_of_place(scenario, evidence, parameters, name) for name in charged}


def plans_of_scenario(
    scenario: Scenario,
    evidence: Evidence,
    parameters: Parameters,
    population: NDArray[Any],
    records: list[Any],
    names: Sequence[str] | None = None,
    change: PlaceChange = AS_SAID,
) -> Plans | None:
    """Return the places by strategy and site; None where nobody shares any.

    `names` are the strategies of the records, all if None; `change` is made to their places.
    """
    if not has_systems(scenario, evidence):
        return None
    usual = int(parameters.record["contact_usual"][0])
    hours = [site.travel_hours for site in scenario.sites.values()] or [0.0]
    plans = []
    for name, record in zip(names or scenario.strategies, records, strict=True):
        own = [
            services_here(scenario, evidence, name, site, change) for site in site_names(scenario)
        ]
        plans.append(
            tuple(
                SitePlan(
                    with_places(record, here, parameters.contacts, usual),
                    places_record(here),
                    with_travel(_prices(scenario, parameters, here), journey),
                )
                for here, journey in zip(own, hours, strict=True)
            )
        )
    return Plans(tuple(plans), replicate_of(scenario, population))


def services_here(
    scenario: Scenario,
    evidence: Evidence,
    strategy: str,
    site: str,
    change: PlaceChange = AS_SAID,
) -> list[CompiledService]:
    """Return the services of a site under a strategy; what the strategy never uses has no limit."""
    used = services_of_strategy(scenario, evidence, strategy)
    return [
        change(one, site)
        if one.id in used or one.boards
        else replace(one, since_days=np.zeros(1), places=np.array([UNLIMITED]))
        for one in compile_services(scenario, evidence, strategy, site)
    ]


def _prices(scenario: Scenario, parameters: Parameters, here: list[CompiledService]) -> Any:
    """Return parameters without what is paid with the places of limited services."""
    charged = place_costs(scenario)
    in_price = {
        n: charged[one.id].in_course_price
        for n, one in enumerate(here)
        if one.is_limited and one.id in charged
    }
    return without_places_in_price(parameters.record, in_price, len(parameters.treatments))


def services_of_strategy(scenario: Scenario, evidence: Evidence, name: str) -> set[str]:
    """Return the services that courses, bridges and boosters of a strategy use."""
    where = services_used(scenario, evidence)
    needed: set[str] = set()
    for strategy in chain(scenario, name):
        needed.update(offer.treat for offer in strategy.offer if offer.treat)
        needed.update(care.treat for care in strategy.maintain.values())
    return {where[treatment] for treatment in needed if treatment in where}


def charge_places(
    scenario: Scenario,
    evidence: Evidence,
    parameters: Parameters,
    population: NDArray[Any],
    histories: list[History],
    names: Sequence[str] | None = None,
    change: PlaceChange = AS_SAID,
) -> None:
    """Charge every strategy what its places cost, in equal parts to the patients who share them.

    A place costs from the day it opens, used or idle, discounted like all costs. Where a strategy
    has as many places as it needs, they are paid for with the courses.
    """
    charged = place_costs(scenario)
    if not charged:
        return
    groups = list(systems(population, replicate_of(scenario, population)))
    sites = site_names(scenario)
    for name, history in zip(names or scenario.strategies, histories, strict=True):
        for _, site, who in groups:
            for service in services_here(scenario, evidence, name, sites[site], change):
                if service.id in charged and service.is_limited:
                    price = price_of_place(scenario, evidence, parameters, service.id)
                    _charge(history, who, service, price, parameters)


def price_of_place(
    scenario: Scenario, evidence: Evidence, parameters: Parameters, name: str
) -> float:
    """Return the cost of a place per year, in the scenario's currency and price year."""
    said = place_costs(scenario)[name].per_place_year
    if said is not None:
        return said
    country = evidence.settings[scenario.setting]
    price = Prices(evidence, country, country.prices)
    return price(evidence.values(), f"services.{name}.place_cost_per_year")


def _charge(
    history: History, who: Any, service: CompiledService, price: float, parameters: Parameters
) -> None:
    horizon = float(parameters.record["horizon"][0])
    rate = float(parameters.record["discount_costs"][0])
    ends = [*service.since_days[1:], horizon]
    for start, end, places in zip(service.since_days, ends, service.places, strict=True):
        last = min(float(end), horizon)
        if places <= 0 or start >= last:
            continue
        daily = price * places / DAYS_PER_YEAR
        plain = daily * (last - start)
        worth = daily * discounted_days(float(start), last, rate)
        history.accounts["cost"][who, COST_PLACES] += worth / len(who)
        history.accounts["cost_undiscounted"][who, COST_PLACES] += plain / len(who)
        _tally_weeks(history.tally, daily, float(start), last)


def discounted_days(start: float, end: float, rate: float) -> float:
    """Return the days from `start` to `end`, discounted at a daily rate."""
    if rate == 0.0:
        return end - start
    return (math.exp(-rate * start) - math.exp(-rate * end)) / rate


def _tally_weeks(tally: Any, daily: float, start: float, end: float) -> None:
    """Spread a flow of money over the weeks it falls into."""
    weeks = np.arange(math.floor(start / DAYS_PER_WEEK), math.ceil(end / DAYS_PER_WEEK))
    days = np.minimum(end, (weeks + 1) * DAYS_PER_WEEK) - np.maximum(start, weeks * DAYS_PER_WEEK)
    cents = np.floor(daily * days * MICRO + 0.5).astype(np.int64)
    tally["week"][0, weeks, WEEK_COST + COST_PLACES] += cents
