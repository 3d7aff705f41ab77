"""Places: what a course takes of a service, and how many places there are at a site."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from popmodel.errors import InputError
from popmodel.evidence.load import Evidence
from popmodel.parameters.cards import Names
from popmodel.parameters.record import MAX_SERVICES, MAX_STEPS, PLACES, Record
from popmodel.scenario.services import UNLIMITED, CompiledService
from popmodel.units import DAYS_PER_WEEK, DAYS_PER_YEAR

FOREVER = 1 << 40
"""So many slots, or days, that they are never used up: of what has no limit, for a while."""


def fill_places(
    q: Any, v: Mapping[str, float], names: Names, evidence: Evidence, serves: Mapping[str, str]
) -> None:
    """Fill in which service a course needs, how much of a place, and for how long.

    A place treats c patients at once and ends r courses a week. A course takes u of its c parts
    for 7 c / (u r) days, with u the whole number that brings this nearest to the days on which it
    has sessions: so a place ends r courses a week whatever u is. `serves` names the service of
    treatments that do not use that of their card.

    Raises:
        InputError: more services than the record holds.
    """
    services = sorted(evidence.services)
    if len(services) > MAX_SERVICES:
        raise InputError(f"{len(services)} service cards, at most {MAX_SERVICES} are possible")
    q["service"][:] = -1
    for n, name in enumerate(names.treatments):
        service = serves.get(name) or evidence.treatments[name].service
        if service is None:
            continue
        q["service"][n] = services.index(service)
        own = f"treatments.{name}.courses_per_place_week"
        rate = v.get(own, v[f"services.{service}.courses_per_place_week"])
        at_once = evidence.services[service].patients_at_once
        days = max(float(q["session_days"][n]), 1.0)
        parts = min(max(round(DAYS_PER_WEEK * at_once / (rate * days)), 1), at_once)
        q["place_units"][n] = parts
        q["place_days"][n] = DAYS_PER_WEEK * at_once / (parts * rate)
    q["renege_rate"] = v["disease.care_seeking.gives_up_waiting_per_year"] / DAYS_PER_YEAR
    q["refuse_share"] = v["disease.care_seeking.never_taken_up"]
    q["discharge_days_saved"] = v["disease.crisis.days_saved_by_benefit"]


def places_record(services: Sequence[CompiledService]) -> Record:
    """Return the places of one site under one strategy.

    Raises:
        InputError: more steps than the record holds, or ticks that have no common measure.
    """
    v = np.zeros(1, dtype=PLACES)
    row = v[0]
    limited = [(n, one) for n, one in enumerate(services) if one.is_limited]
    row["beat"] = min((one.tick_days for _, one in limited), default=1.0)
    row["every"][:] = 1
    for n, one in limited:
        beats = one.tick_days / row["beat"]
        if abs(beats - round(beats)) > 1e-9:
            raise InputError(
                f"services.{one.id}.tick_days: {one.tick_days:g} is no multiple of the shortest "
                f"tick of the scenario, {row['beat']:g}"
            )
        if len(one.places) > MAX_STEPS:
            raise InputError(
                f"services.{one.id}: {len(one.places)} steps of places, at most {MAX_STEPS}"
            )
        row["every"][n] = round(beats)
        row["steps"][n] = len(one.places)
        row["step_day"][n, : len(one.places)] = one.since_days
        row["step_slots"][n, : len(one.places)] = np.where(
            one.places == UNLIMITED, FOREVER, one.places * one.at_once
        )
        row["fence_share"][n] = one.fence_share
    return v


def with_places(
    strategy: Record, services: Sequence[CompiledService], names: Sequence[str], usual: int
) -> Record:
    """Return a strategy that knows which services are limited and how their queues rank.

    Args:
        strategy: One strategy record; not changed.
        services: Those of one site under the strategy, sorted by id.
        names: Contact cards in the order of their positions.
        usual: Position of the contact that holds while waiting when nothing else is said.
    """
    s = strategy.copy()
    row = s[0]
    for n, one in enumerate(services):
        row["limited"] |= int(one.is_limited) << n
        row["waiting_contact"][n] = usual if one.contact is None else names.index(one.contact)
        row["review_days"][n] = one.review_days
        keys = ("weight_band", "weight_severity", "weight_line", "weight_week")
        for key, weight in zip(keys, one.weights, strict=True):
            row[key][n] = weight
        row["fence_severity"][n] = one.fence_severity
        row["fence_line"][n] = one.fence_line
        if one.boards and one.is_limited:
            row["beds"] = n + 1
            row["board_days"] = min(one.board_days, FOREVER)
    row["review_days"][len(services) :] = math.inf
    return s


def without_places_in_price(
    parameters: Record, in_price: Mapping[int, float], treatments: int
) -> Record:
    """Return parameters in which courses cost less by what pays for their places.

    Args:
        parameters: One parameter record; not changed.
        in_price: Share of the price of courses, sessions and boosters, by position of the service.
        treatments: How many treatments there are.
    """
    if not in_price:
        return parameters
    q = parameters.copy()
    row = q[0]
    for n in range(treatments):
        share = in_price.get(int(row["service"][n]), 0.0)
        for cost in ("cost_course", "cost_session", "cost_booster"):
            row[cost][n] *= 1.0 - share
    return q


def with_travel(parameters: Record, hours: float) -> Record:
    """Return parameters of patients who travel so many hours for every visit or day of care.

    Care at home needs no travel; sessions on one day are one journey.

    Args:
        parameters: One parameter record; not changed.
        hours: There and back.
    """
    if hours == 0.0:
        return parameters
    q = parameters.copy()
    row = q[0]
    worth = hours * row["wage_of_time"]
    row["time_session"] += worth * row["trips_per_day"]
    row["time_booster"] += worth * (row["trips_per_day"] > 0.0)
    row["time_visit"] += worth * (row["trips_per_day"] > 0.0)
    return q
