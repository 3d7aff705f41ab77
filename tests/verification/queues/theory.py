"""Textbook queues: what mean wait, share waiting and mean queue length must be.

A service has c places, patients arrive at rate `arrivals` and hold a place for `hold` on average.
Load is arrivals x hold / c. All rates are per day.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Expected:
    """Means in the steady state.

    Attributes:
        wait: Mean wait in days of all who join, whether served or not.
        share: Share of those who join who wait; with reneging the share who give up.
        queue: Mean number waiting.
        first: Mean wait of the most urgent class where there are two, else nan.
    """

    wait: float
    share: float
    queue: float
    first: float = math.nan


def erlang_c(places: int, offered: float) -> float:
    """Return the share who wait in M/M/c (Erlang 1917), through the stable recursion of Erlang B.

    Args:
        places: c.
        offered: arrivals x hold, below c.
    """
    blocked = 1.0
    for n in range(1, places + 1):
        blocked = offered * blocked / (n + offered * blocked)
    load = offered / places
    return blocked / (1.0 - load * (1.0 - blocked))


def exponential_holds(places: int, arrivals: float, hold: float) -> Expected:
    """Return M/M/c: the wait of those who wait is exponential with rate c / hold - arrivals."""
    share = erlang_c(places, arrivals * hold)
    wait = share / (places / hold - arrivals)
    return Expected(wait, share, arrivals * wait)


def general_holds(arrivals: float, hold: float, hold_squared: float) -> Expected:
    """Return M/G/1 (Pollaczek 1930, Khinchine 1932).

    Args:
        arrivals: Patients a day.
        hold: Mean hold in days.
        hold_squared: Mean of its square.
    """
    load = arrivals * hold
    wait = arrivals * hold_squared / (2.0 * (1.0 - load))
    return Expected(wait, load, arrivals * wait)


def fixed_holds(places: int, arrivals: float, hold: float) -> Expected:
    """Return M/D/c, solved for the numbers present one hold apart (Crommelin 1932).

    Whoever is in a place now has left one hold later and nobody else has: the number present then
    is max(now - c, 0) plus a Poisson number. The chain is cut where it is hardly ever.
    """
    load = arrivals * hold / places
    most = places + int(40.0 / (1.0 - load)) + 60
    coming = stats.poisson.pmf(np.arange(most), arrivals * hold)
    move = np.zeros((most, most))
    for now in range(most):
        left = max(now - places, 0)
        move[now, left:] = coming[: most - left]
    system = move.T - np.eye(most)
    system[-1] = 1.0
    present = np.linalg.solve(system, np.eye(most)[-1])
    queue = float(present[places:] @ np.arange(most - places))
    return Expected(queue / arrivals, float(1.0 - present[:places].sum()), queue)


def impatient(places: int, arrivals: float, hold: float, give_up: float) -> Expected:
    """Return M/M/c+M, Erlang-A (Palm 1937): everybody who waits gives up at rate `give_up`."""
    most = places + int(60.0 * (arrivals / give_up) ** 0.5 + 2.0 * arrivals / give_up) + 200
    number = np.arange(1, most)
    leave = np.minimum(number, places) / hold + np.maximum(number - places, 0) * give_up
    log_weight = np.concatenate([[0.0], np.cumsum(np.log(arrivals / leave))])
    weight = np.exp(log_weight - log_weight.max())
    present = weight / weight.sum()
    queue = float(present[places:] @ np.arange(most - places))
    return Expected(queue / arrivals, give_up * queue / arrivals, queue)


def two_classes(places: int, arrivals: float, hold: float, urgent: float) -> Expected:
    """Return M/M/c with two classes, nobody is interrupted (Cobham 1954, Kella & Yechiali 1985).

    Args:
        places: c.
        arrivals: Patients a day, both classes.
        hold: Mean hold, the same in both.
        urgent: Share of the arrivals in the class that is served first.
    """
    plain = exponential_holds(places, arrivals, hold)
    load = arrivals * hold / places
    rest = plain.wait * (1.0 - load)
    first = rest / (1.0 - urgent * load)
    later = first / (1.0 - load)
    wait = urgent * first + (1.0 - urgent) * later
    return Expected(wait, plain.share, arrivals * wait, first)
