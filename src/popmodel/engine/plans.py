"""Which patients share which places: one independent system a strategy, replicate and site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from popmodel.engine.queues import new_beds, new_board, new_queues
from popmodel.engine.services import simulate_site
from popmodel.parameters.record import MAX_SERVICES
from popmodel.rules.records import ACCOUNT, TALLY, WAIT, History, new_tally

Ints = NDArray[np.int64]

WAITS = 3
"""Room for so many waits a patient to begin with; more is made when it is needed."""


@dataclass(frozen=True)
class SitePlan:
    """One site under one strategy.

    Attributes:
        strategy: strategy record that knows which services are limited.
        places: record of the places there.
        parameters: parameter record, with the journeys of this site.
    """

    strategy: NDArray[Any]
    places: NDArray[Any]
    parameters: NDArray[Any]


@dataclass(frozen=True)
class Plans:
    """The places of a scenario.

    Attributes:
        sites: plans by strategy and site.
        replicate: replicate of every patient; replicates share no places.
    """

    sites: tuple[tuple[SitePlan, ...], ...]
    replicate: Ints


def systems(population: NDArray[Any], replicate: Ints) -> Iterator[tuple[int, int, Ints]]:
    """Yield replicate, site and the positions of the patients who share the places there."""
    sites = int(population["site"].max(initial=0)) + 1
    key = replicate * sites + population["site"]
    order = np.argsort(population["id"], kind="stable")
    order = order[np.argsort(key[order], kind="stable")]
    ends = np.flatnonzero(np.diff(key[order])) + 1
    for group in np.split(order, ends):
        if len(group):
            yield int(replicate[group[0]]), int(population["site"][group[0]]), group


def in_a_row(who: Ints) -> Ints | slice:
    """Return a slice for positions without a gap, so that they are worked on where they lie."""
    first, size = int(who[0]), len(who)
    return slice(first, first + size) if (np.diff(who) == 1).all() else who


def simulate_systems(
    population: NDArray[Any],
    plans: Plans,
    threads: int,
    progress: Callable[[int], None] | None,
    keep_persons: bool,
    count: bool,
) -> list[History]:
    """Run every strategy in every replicate and site, systems in parallel.

    Arguments and results as in `compiled.simulate`.
    """
    size, strategies = len(population), range(len(plans.sites))
    accounts = [np.zeros(size, dtype=ACCOUNT) for _ in strategies]
    ends = [np.empty_like(population) if keep_persons else population for _ in strategies]
    tallies = [new_tally() for _ in strategies]
    waits: list[dict[tuple[int, int], NDArray[Any]]] = [{} for _ in strategies]

    def run(k: int, replicate: int, site: int, who: Ints) -> tuple[Any, ...]:
        plan, room = plans.sites[k][site], in_a_row(who)
        if keep_persons:
            ends[k][room] = population[room]
        straight = isinstance(room, slice)
        persons = ends[k][room] if keep_persons and straight else np.take(population, who)
        own = accounts[k][room]
        tally = new_tally()
        log = simulate_site(
            persons, own, tally, plan.parameters[0], plan.strategy[0], plan.places[0],
            new_board(len(who)), new_beds(len(who) if plan.strategy["beds"][0] else 1),
            new_queues(MAX_SERVICES),
            np.empty(WAITS * len(who) + 16, dtype=WAIT), 1 if count else 0,
        )  # fmt: skip
        if not straight:
            accounts[k][who] = own
            if keep_persons:
                ends[k][who] = persons
        return k, replicate, site, len(who), tally, log

    groups = list(systems(population, plans.replicate))
    jobs = [(k, *group) for k in strategies for group in groups]
    with ThreadPoolExecutor(threads) as pool:
        for future in as_completed([pool.submit(run, *job) for job in jobs]):
            k, replicate, site, patients, tally, log = future.result()
            for name in TALLY.names or ():
                tallies[k][name] += tally[name]
            log["replicate"] = replicate
            waits[k][replicate, site] = log
            if progress is not None:
                progress(patients)
    return [
        History(ends[k], accounts[k], tallies[k], joined_waits(waits[k].values()))
        for k in strategies
    ]


def joined_waits(parts: Any) -> NDArray[Any]:
    """Return all waits in the order of joining, then of patients, however they were found."""
    every = [*parts]
    waits = every[0] if len(every) == 1 else np.concatenate([*every, np.zeros(0, dtype=WAIT)])
    joined = waits["joined"].copy()
    order = np.argsort(joined)
    days = joined[order]
    same = np.zeros(len(days) + 1, dtype=bool)
    same[1:-1] = days[1:] == days[:-1]
    tied = np.flatnonzero(same[1:] | same[:-1])
    rows = np.sort(order[tied])  # who joins twice on a day did so in the order of the rows
    some = waits[rows]
    order[tied] = rows[np.lexsort((some["service"], some["patient"], some["joined"]))]
    return np.take(waits, order)
