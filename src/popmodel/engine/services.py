"""The compiled scheduler with limited places: patients run ahead to their next wish for a place.

Between two contacts with a limited service nothing that a patient does depends on others, so each
runs ahead at once. Only joining, the events of those who wait, places that come free and the
decisions of services go through a calendar of beats. Order at a beat, as in `agents`:

1. what falls due up to this moment: events of those who wait, and joining;
2. places freed since the last beat;
3. services decide, in the order of their names: who comes first gets a place while there is one;
   nobody overtakes a first who needs more than is free;
4. those who found a service full for the first time wait, bridge, or take another rule.

What comes of 3 and 4 (a place freed at once, another queue joined) counts at the next beat.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from popmodel.engine.queues import (
    COLUMNS,
    HELD,
    NONE,
    TICKET,
    comes_first,
    meld,
    put_on,
    take_off,
    take_out,
)
from popmodel.jit import entry_point, rule
from popmodel.parameters.record import MAX_SERVICES
from popmodel.rules.codes import JOIN_BOOSTER, WAIT_STILL
from popmodel.rules.places import find_full, take_place
from popmodel.rules.wake import enter, leave, settle, wake_up

ROUNDING = 1e-9
"""A share of slots that is a whole number but for its last bit is that number."""


@rule
def slots_on(v: Any, service: Any, day: Any) -> Any:
    """Return how many slots a service has on a day."""
    slots = v.step_slots[service, 0]
    for n in range(1, v.steps[service]):
        if v.step_day[service, n] <= day:
            slots = v.step_slots[service, n]
    return slots


@rule
def open_to_all(v: Any, service: Any, slots: Any) -> Any:
    """Return how many slots are not ring-fenced."""
    return slots - math.floor(v.fence_share[service] * slots + ROUNDING)


@rule
def beat_of(day: Any, beat: Any) -> Any:
    """Return the first beat at or after a day; the quotient alone may be off by its last bit."""
    k = math.ceil(day / beat)
    if (k - 1) * beat >= day:
        return k - 1
    return k + 1 if k * beat < day else k


@rule
def services_of(s: Any) -> Any:
    """Return one more than the position of the last limited service."""
    n = 0
    while s.limited >> n:
        n += 1
    return n


@rule
def freed_on(p: Any) -> Any:
    """Return the day on which the place a patient holds is free again, once that is sure."""
    if p.place < 0:
        return math.inf
    if p.freed < math.inf:
        return p.freed
    if p.place_until <= p.wake or p.want >= 0:
        return p.place_until
    return math.inf


@rule
def note_join(p: Any, q: Any, row: Any) -> None:
    """Write the row of a wait that begins."""
    row.patient = p.id
    row.site = p.site
    row.service = q.service[p.want]
    row.treatment = p.want
    row.booster = 1 if p.asked_by == JOIN_BOOSTER else 0
    row.lane = p.lane
    row.band = p.band
    row.biotype = p.biotype
    row.line = p.line
    row.ended = WAIT_STILL
    row.joined = p.joined
    row.left = math.nan
    row.until = math.nan


@rule
def note_end(p: Any, board: Any, log: Any, i: Any, t: Any) -> None:
    """Complete the row of a wait that ended on day t."""
    row = log[board[i, TICKET]]
    row.left = t
    row.ended = p.ended
    board[i, TICKET] = NONE


@rule
def give_back(
    p: Any, q: Any, board: Any, log: Any, freed: Any, i: Any, first: Any, beat: Any
) -> None:
    """Note when the place a patient holds is free again, once that is sure."""
    day = freed_on(p)
    if day < math.inf:
        row = log[board[i, HELD]]
        row.until = day
        k = max(first, beat_of(day, beat))
        if k < freed.shape[2]:
            freed[p.place, row.lane, k] += q.place_units[row.treatment]
        p.place = -1
        p.freed = math.inf


@rule
def run_on(
    p: Any, o: Any, board: Any, heads: Any, freed: Any, log: Any, rows: Any, tally: Any,
    q: Any, s: Any, v: Any, i: Any, first: Any,
) -> Any:  # fmt: skip
    """Run patient i ahead to the next wish for a place, or to the horizon; return 1 at a wish."""
    while True:
        give_back(p, q, board, log, freed, i, first, v.beat)
        if p.want >= 0:
            note_join(p, q, log[rows])
            board[i, TICKET] = rows
            put_on(board, heads, max(first, beat_of(p.joined, v.beat)), i)
            return 1
        if p.wake >= q.horizon:
            return 0
        wake_up(p, o, q, s, tally)


@rule
def with_room(log: Any, rows: Any) -> Any:
    """Return a log that has room for a row more."""
    if rows < len(log):
        return log
    larger = np.empty(2 * len(log), dtype=log.dtype)
    larger[:rows] = log
    return larger


@rule
def queue_up(persons: Any, board: Any, root: Any, q: Any, i: Any) -> None:
    """Put a patient into the queue it wants."""
    p = persons[i]
    service = q.service[p.want]
    root[service, p.lane] = meld(persons, board, root[service, p.lane], i)


@rule
def step_out(persons: Any, board: Any, root: Any, q: Any, i: Any) -> None:
    """Take a patient out of the queue it waits in."""
    p = persons[i]
    service = q.service[p.want]
    root[service, p.lane] = take_out(persons, board, root[service, p.lane], i)


@entry_point
def simulate_site(
    persons: Any, accounts: Any, tally: Any, q: Any, s: Any, v: Any, log: Any, recording: Any
) -> Any:
    """Run the patients of a site from entry to the horizon, in place; return their waits.

    `log` gives the waits room to start with, one row at least.
    """
    n = len(persons)
    counts = tally[0]
    beats = beat_of(q.horizon, v.beat)
    heads = np.full(beats, NONE, dtype=np.int32)
    board = np.full((n, COLUMNS), NONE, dtype=np.int32)
    services = services_of(s)
    root = np.full((MAX_SERVICES, 2), NONE, dtype=np.int32)
    waiting = np.zeros(n, dtype=np.bool_)
    used = np.zeros((MAX_SERVICES, 2), dtype=np.int64)
    freed = np.zeros((services, 2, beats), dtype=np.int64)
    fresh = np.zeros((n, 2), dtype=np.int32)
    news = 0
    rows = 0
    for i in range(n):
        p, o = persons[i], accounts[i]
        o.recording = recording
        enter(p, o, q, s, counts)
        log = with_room(log, rows)
        rows += run_on(p, o, board, heads, freed, log, rows, counts, q, s, v, i, 0)
    for k in range(beats):
        day = k * v.beat
        while heads[k] >= 0:
            i = heads[k]
            p, o = persons[i], accounts[i]
            take_off(board, heads, i)
            new = not waiting[i]
            if waiting[i]:
                step_out(persons, board, root, q, i)
                waiting[i] = False
            t = day
            while p.want >= 0 and p.wake <= day:
                t = p.wake
                wake_up(p, o, q, s, counts)
            if p.want >= 0:
                queue_up(persons, board, root, q, i)
                waiting[i] = True
                if p.wake < q.horizon:
                    put_on(board, heads, beat_of(p.wake, v.beat), i)
                if new and s.on_full > 0:
                    fresh[news, 0] = i
                    fresh[news, 1] = p.joins
                    news += 1
            else:
                note_end(p, board, log, i, t)
                log = with_room(log, rows)
                rows += run_on(p, o, board, heads, freed, log, rows, counts, q, s, v, i, k)
        for service in range(services):
            used[service, 0] -= freed[service, 0, k]
            used[service, 1] -= freed[service, 1, k]
            if root[service, 0] < 0 and root[service, 1] < 0:
                continue  # nobody waits; of a service without a number of places nobody ever does
            if k % v.every[service] != 0:
                continue
            slots = slots_on(v, service, day)
            ceiling = open_to_all(v, service, slots)
            while True:
                a, b = root[service, 0], root[service, 1]
                i = b
                if a >= 0 and (b < 0 or comes_first(persons, a, b)):
                    i = a
                    units = q.place_units[persons[i].want]
                    if used[service, 0] + units > ceiling:
                        i = b
                if i < 0:
                    break
                p, o = persons[i], accounts[i]
                units, lane = q.place_units[p.want], p.lane
                if used[service, 0] + used[service, 1] + units > slots:
                    break
                step_out(persons, board, root, q, i)
                waiting[i] = False
                take_off(board, heads, i)
                taken = take_place(p, o, q, s, counts, day)
                settle(p, o, q, counts)
                log[board[i, TICKET]].lane = lane
                if taken:
                    used[service, lane] += units
                    board[i, HELD] = board[i, TICKET]
                note_end(p, board, log, i, day)
                log = with_room(log, rows)
                rows += run_on(p, o, board, heads, freed, log, rows, counts, q, s, v, i, k + 1)
        left = 0
        for m in range(news):
            i, joins = fresh[m, 0], fresh[m, 1]
            p, o = persons[i], accounts[i]
            if not waiting[i] or p.joins != joins:
                continue
            if k % v.every[q.service[p.want]] != 0:
                fresh[left, 0] = i
                fresh[left, 1] = joins
                left += 1
                continue
            step_out(persons, board, root, q, i)
            waiting[i] = False
            take_off(board, heads, i)
            find_full(p, o, q, s, counts, day)
            settle(p, o, q, counts)
            if p.want >= 0 and p.joins == joins:
                queue_up(persons, board, root, q, i)
                waiting[i] = True
                if p.wake < q.horizon:
                    put_on(board, heads, max(k + 1, beat_of(p.wake, v.beat)), i)
            else:
                note_end(p, board, log, i, day)
                log = with_room(log, rows)
                rows += run_on(p, o, board, heads, freed, log, rows, counts, q, s, v, i, k + 1)
        news = left
    for i in range(n):
        p, o = persons[i], accounts[i]
        while p.wake < q.horizon:
            wanted, t = p.want >= 0, p.wake
            wake_up(p, o, q, s, counts)
            if wanted and p.want < 0:
                note_end(p, board, log, i, t)
            if p.want >= 0 and not wanted:
                log = with_room(log, rows)
                note_join(p, q, log[rows])
                board[i, TICKET] = rows
                rows += 1
            give_back(p, q, board, log, freed, i, beats, v.beat)
        leave(p, o, q, counts)
        if board[i, TICKET] >= 0:
            note_end(p, board, log, i, q.horizon)
        counts.events += o.events
    return log[:rows]
