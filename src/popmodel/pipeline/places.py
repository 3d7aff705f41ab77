"""Places of a scenario: who shares them, and what they cost whether they are used or not."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from popmodel.engine.plans import Plans, plans_of, systems
from popmodel.errors import InputError
from popmodel.evidence.load import Evidence
from popmodel.parameters import (
    Parameters,
    PlaceUse,
    places_record,
    with_places,
    with_travel,
)
from popmodel.parameters.cards import Prices
from popmodel.rules.codes import COST_PLACES
from popmodel.rules.records import MICRO, WEEK_COST, History
from popmodel.scenario.routing import chain
from popmodel.scenario.schema import Scenario
from popmodel.scenario.services import (
    UNLIMITED,
    CompiledService,
    compile_services,
    limited_services,
    place_costs,
    services_used,
    site_names,
)
from popmodel.units import DAYS_PER_WEEK, DAYS_PER_YEAR


def place_use(scenario: Scenario) -> PlaceUse:
    """Return what a scenario changes in what courses take of services, and in their prices."""
    serves = {t: name for name, one in scenario.services.items() for t in one.serves}
    costs = place_costs(scenario)
    return PlaceUse(serves, {name: one.in_course_price for name, one in costs.items()})


def has_systems(scenario: Scenario, evidence: Evidence) -> bool:
    """Whether patients share limited places, or live at several sites."""
    return bool(scenario.sites) or bool(limited_services(scenario, evidence))


def replicate_of(scenario: Scenario, population: NDArray[Any]) -> NDArray[np.int64]:
    """Return the replicate of every patient: of the stock in order, of arrivals in turn."""
    size, replicates = scenario.population.size, scenario.replicates
    number = population["id"].astype(np.int64)
    in_stock = number < size * replicates
    return np.where(in_stock, number // size, (number - size * replicates) % replicates)


def plans_of_scenario(
    scenario: Scenario,
    evidence: Evidence,
    parameters: Parameters,
    population: NDArray[Any],
    records: list[Any],
) -> Plans | None:
    """Return the places by strategy and site; None where nobody shares any."""
    if not has_systems(scenario, evidence):
        return None
    usual = int(parameters.record["contact_usual"][0])
    strategies, places = [], []
    for name, record in zip(scenario.strategies, records, strict=True):
        used = services_of_strategy(scenario, evidence, name)
        own = [
            [
                service if service.id in used else _boundless(service)
                for service in compile_services(scenario, evidence, name, site)
            ]
            for site in site_names(scenario)
        ]
        strategies.append([with_places(record, one, parameters.contacts, usual) for one in own])
        places.append([places_record(one) for one in own])
    hours = [site.travel_hours for site in scenario.sites.values()] or [0.0]
    return plans_of(
        strategies, places, [with_travel(parameters.record, h) for h in hours],
        replicate_of(scenario, population),
    )  # fmt: skip


def services_of_strategy(scenario: Scenario, evidence: Evidence, name: str) -> set[str]:
    """Return the services that courses, bridges and boosters of a strategy use."""
    where = services_used(scenario, evidence)
    needed: set[str] = set()
    for strategy in chain(scenario, name):
        needed.update(offer.treat for offer in strategy.offer if offer.treat)
        needed.update(care.treat for care in strategy.maintain.values())
    return {where[treatment] for treatment in needed if treatment in where}


def _boundless(service: CompiledService) -> CompiledService:
    """Return a service nobody of a strategy uses, so that its number of places is nothing to it."""
    from dataclasses import replace

    return replace(service, since_days=np.zeros(1), places=np.array([UNLIMITED]))


def charge_places(
    scenario: Scenario,
    evidence: Evidence,
    parameters: Parameters,
    population: NDArray[Any],
    histories: list[History],
) -> None:
    """Charge every strategy what its places cost, in equal parts to the patients who share them.

    A place costs from the day it opens, used or idle, discounted like all costs.

    Raises:
        InputError: A service charged as such has no number of places.
    """
    charged = place_costs(scenario)
    if not charged:
        return
    groups = list(systems(population, replicate_of(scenario, population)))
    sites = site_names(scenario)
    for name, history in zip(scenario.strategies, histories, strict=True):
        used = services_of_strategy(scenario, evidence, name)
        for _, site, who in groups:
            services = compile_services(scenario, evidence, name, sites[site])
            for service in services:
                if service.id in charged and service.id in used:
                    price = _price(scenario, evidence, parameters, service.id)
                    _charge(history, who, service, price, parameters)


def _price(scenario: Scenario, evidence: Evidence, parameters: Parameters, name: str) -> float:
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
    if not service.is_limited:
        told = (
            f"services.{service.id}.place_cost: places are charged, and there is no number of them"
        )
        raise InputError(told)
    horizon = float(parameters.record["horizon"][0])
    rate = float(parameters.record["discount_costs"][0])
    ends = [*service.since_days[1:], horizon]
    for start, end, places in zip(service.since_days, ends, service.places, strict=True):
        last = min(float(end), horizon)
        if places <= 0 or start >= last:
            continue
        daily = price * places / DAYS_PER_YEAR
        plain = daily * (last - start)
        worth = daily * _discounted_days(float(start), last, rate)
        history.accounts["cost"][who, COST_PLACES] += worth / len(who)
        history.accounts["cost_undiscounted"][who, COST_PLACES] += plain / len(who)
        _tally_weeks(history.tally, daily, float(start), last)


def _discounted_days(start: float, end: float, rate: float) -> float:
    if rate == 0.0:
        return end - start
    return (math.exp(-rate * start) - math.exp(-rate * end)) / rate


def _tally_weeks(tally: Any, daily: float, start: float, end: float) -> None:
    """Spread a flow of money over the weeks it falls into."""
    weeks = np.arange(math.floor(start / DAYS_PER_WEEK), math.ceil(end / DAYS_PER_WEEK))
    days = np.minimum(end, (weeks + 1) * DAYS_PER_WEEK) - np.maximum(start, weeks * DAYS_PER_WEEK)
    cents = np.floor(daily * days * MICRO + 0.5).astype(np.int64)
    tally["week"][0, weeks, WEEK_COST + COST_PLACES] += cents
