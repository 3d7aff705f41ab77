"""The compiled scheduler: patients run ahead to the horizon, blocks of them in parallel.

Rules see no shared state, so a patient can be run from entry to the horizon at once. A place in a
limited service is the one reason to stop on the way (`popmodel.engine.services`). Blocks have a
fixed size and tallies are whole numbers, so results do not depend on the number of threads or on
the order of blocks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import numpy as np
from numpy.typing import NDArray

from popmodel.engine.plans import Plans, simulate_systems
from popmodel.jit import entry_point
from popmodel.population import BLOCK, default_threads
from popmodel.rules.records import ACCOUNT, TALLY, History, new_tally
from popmodel.rules.wake import live


@entry_point
def simulate_block(persons: Any, accounts: Any, tally: Any, q: Any, s: Any, recording: Any) -> None:
    """Run a block of patients from entry to the horizon, in place; count by week if recording."""
    for n in range(len(persons)):
        accounts[n].recording = recording
        live(persons[n], accounts[n], q, s, tally[0])


def simulate(
    population: NDArray[Any],
    parameters: NDArray[Any],
    strategies: Sequence[NDArray[Any]],
    *,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
    keep_persons: bool = True,
    count: bool = True,
    plans: Plans | None = None,
) -> list[History]:
    """Run every strategy on the same patients.

    Args:
        population: patient records at entry; not changed.
        parameters: one parameter record.
        strategies: one strategy record each.
        threads: how many; all processors when None.
        progress: called with the number of patients that a finished block held.
        keep_persons: return end states too (320 bytes a patient and strategy).
        count: whether to count by week and line; a virtual trial only reads scores.
        plans: places by strategy, where services have a number of places or there are sites.

    Returns:
        One history a strategy, in order.
    """
    if plans is not None:
        return simulate_systems(
            population, plans, threads or default_threads(), progress, keep_persons, count
        )
    q = parameters[0]
    accounts = [np.zeros(len(population), dtype=ACCOUNT) for _ in strategies]
    ends = [np.empty_like(population) if keep_persons else population for _ in strategies]
    kept = threading.local()
    tallies: list[list[NDArray[Any]]] = [[] for _ in strategies]

    def own(k: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return this thread's working patients, and its tally of strategy k."""
        if not hasattr(kept, "persons"):
            kept.persons = np.empty(min(BLOCK, len(population)), dtype=population.dtype)
            kept.tally = {}
        if k not in kept.tally:
            kept.tally[k] = new_tally()
            tallies[k].append(kept.tally[k])
        return kept.persons, kept.tally[k]

    def block(k: int, start: int) -> int:
        end = min(start + BLOCK, len(population))
        room, tally = own(k)
        persons = room[: end - start]
        persons[:] = population[start:end]
        simulate_block(
            persons, accounts[k][start:end], tally, q, strategies[k][0], 1 if count else 0
        )
        if keep_persons:
            ends[k][start:end] = persons
        return end - start

    jobs = [
        (k, start) for k in range(len(strategies)) for start in range(0, len(population), BLOCK)
    ]
    with ThreadPoolExecutor(threads or default_threads()) as pool:
        for future in as_completed([pool.submit(block, *job) for job in jobs]):
            size = future.result()
            if progress is not None:
                progress(size)
    return [
        History(persons, account, _sum(parts))
        for persons, account, parts in zip(ends, accounts, tallies, strict=True)
    ]


def _sum(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return the sum of the tallies of all threads: whole numbers, so their order is nothing."""
    total = parts[0] if parts else new_tally()
    for part in parts[1:]:
        for name in TALLY.names or ():
            total[name] += part[name]
    return total
