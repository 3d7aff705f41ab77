"""Which patients share which places: one independent system a strategy, replicate and site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from popmodel.engine.services import simulate_site
from popmodel.rules.records import ACCOUNT, TALLY, WAIT, History, new_tally

Ints = NDArray[np.int64]


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
    order = np.argsort(key, kind="stable")
    ends = np.flatnonzero(np.diff(key[order])) + 1
    for group in np.split(order, ends):
        if len(group):
            yield int(replicate[group[0]]), int(population["site"][group[0]]), group


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
        plan = plans.sites[k][site]
        persons, own, tally = population[who], np.zeros(len(who), dtype=ACCOUNT), new_tally()
        log = simulate_site(
            persons, own, tally, plan.parameters[0], plan.strategy[0], plan.places[0],
            np.empty(16, dtype=WAIT), 1 if count else 0,
        )  # fmt: skip
        return k, replicate, site, who, persons, own, tally, log

    groups = list(systems(population, plans.replicate))
    jobs = [(k, *group) for k in strategies for group in groups]
    with ThreadPoolExecutor(threads) as pool:
        for future in as_completed([pool.submit(run, *job) for job in jobs]):
            k, replicate, site, who, persons, own, tally, log = future.result()
            accounts[k][who] = own
            if keep_persons:
                ends[k][who] = persons
            for name in TALLY.names or ():
                tallies[k][name] += tally[name]
            log["replicate"] = replicate
            waits[k][replicate, site] = log
            if progress is not None:
                progress(len(who))
    return [
        History(ends[k], accounts[k], tallies[k], joined_waits(waits[k].values()))
        for k in strategies
    ]


def joined_waits(parts: Any) -> NDArray[Any]:
    """Return all waits in the order of joining, then of patients, however they were found."""
    waits = np.concatenate([*parts]) if parts else np.zeros(0, dtype=WAIT)
    return waits[np.lexsort((waits["service"], waits["patient"], waits["joined"]))]
