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

from popmodel.engine.memory import fetch_ahead, hold, lent
from popmodel.engine.queues import (
    LANES,
    NONE,
    first_of,
    goes_before,
    is_full,
    pop,
    push,
    put_on,
    take_off,
    twice,
)
from popmodel.jit import entry_point, rule
from popmodel.parameters.record import MAX_SERVICES
from popmodel.rules.codes import (
    BED_HELD,
    BED_WANTED,
    EVENT_GRID,
    EVENT_KNOT,
    JOIN_BOOSTER,
    WAIT_STILL,
)
from popmodel.rules.places import find_full, give_bed, take_place
from popmodel.rules.queue import rank_for_bed, waits
from popmodel.rules.reading import glance
from popmodel.rules.records import ACCOUNT_READINGS
from popmodel.rules.wake import earliest, enter, leave, settle, wake_up

ROUNDING = 1e-9
"""A share of slots that is a whole number but for its last bit is that number."""
AHEAD = 8
"""Readings of somebody who waits that are looked at ahead: more are wasted on the soon served."""


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
def freed_on(p: Any, until: Any) -> Any:
    """Return the day on which the place a patient holds is free again, once that is sure.

    Nothing but readings happens to the patient up to day `until`.
    """
    if p.place < 0:
        return math.inf
    if p.freed < math.inf:
        return p.freed
    if p.place_until <= until or p.want >= 0:
        return p.place_until
    return math.inf


@rule
def note_wait(p: Any, row: Any, joined: Any) -> None:
    """Write what the row of any wait says of the patient."""
    row.patient = p.id
    row.site = p.site
    row.band = p.band
    row.biotype = p.biotype
    row.line = p.line
    row.ended = WAIT_STILL
    row.joined = joined
    row.left = math.nan
    row.until = math.nan


@rule
def note_join(p: Any, q: Any, row: Any) -> None:
    """Write the row of a wait that begins."""
    note_wait(p, row, p.joined)
    row.service = q.service[p.want]
    row.treatment = p.want
    row.booster = 1 if p.asked_by == JOIN_BOOSTER else 0
    row.lane = p.lane


@rule
def note_wish(p: Any, o: Any, s: Any, row: Any) -> None:
    """Write the row of a wait for a bed that begins."""
    note_wait(p, row, o.boarded)
    row.service = s.beds - 1
    row.treatment = -1
    row.booster = 0
    row.lane = 0


@rule
def note_end(p: Any, board: Any, log: Any, i: Any, t: Any) -> None:
    """Complete the row of a wait that ended on day t."""
    row = log[board[i].ticket]
    row.left = t
    row.ended = p.ended
    board[i].ticket = NONE


@rule
def give_back(
    p: Any, q: Any, board: Any, log: Any, freed: Any, i: Any, first: Any, beat: Any, until: Any
) -> None:
    """Note when the place a patient holds is free again, once that is sure."""
    day = freed_on(p, until)
    if day < math.inf:
        row = log[board[i].held]
        row.until = day
        k = max(first, beat_of(day, beat))
        if k < freed.shape[2]:
            freed[p.place, row.lane, k] += q.place_units[row.treatment]
        p.place = -1
        p.freed = math.inf


@rule
def note_bed(
    p: Any, o: Any, beds: Any, freed: Any, log: Any, rows: Any, q: Any, s: Any, i: Any, t: Any,
    first: Any, beat: Any,
) -> Any:  # fmt: skip
    """Take in what an event on day t did about a bed; return 1 if a wait for one began.

    A wait may have ended without a bed, or a bed held been left.
    """
    if s.beds == 0:
        return 0
    mine = beds[i]
    if mine.ticket >= 0 and p.bed != BED_WANTED:
        end_wish(p, mine, log, t)
    if mine.held >= 0 and p.bed != BED_HELD:
        row = log[mine.held]
        row.until = t
        k = max(first, beat_of(t, beat))
        if k < freed.shape[2]:
            freed[s.beds - 1, 0, k] += 1
        mine.held = NONE
    if mine.ticket < 0 and p.bed == BED_WANTED:
        note_wish(p, o, s, log[rows])
        mine.ticket = rows
        mine.rank = rank_for_bed(p, o, q, s)
        return 1
    return 0


@rule
def end_wish(p: Any, mine: Any, log: Any, t: Any) -> None:
    """Complete the row of a wait for a bed, and leave its queue."""
    row = log[mine.ticket]
    row.left = t
    row.ended = p.bed_ended
    mine.ticket = NONE
    mine.stamp += mine.queued
    mine.queued = 0


@rule
def run_on(
    p: Any, o: Any, board: Any, beds: Any, spare: Any, heads: Any, freed: Any, log: Any, rows: Any,
    tally: Any, q: Any, s: Any, v: Any, i: Any, first: Any,
) -> Any:  # fmt: skip
    """Run patient i ahead to the next wish for a place, or to the horizon; return rows written.

    Who waits already, for a bed, is only put on the list of the next day that matters.
    """
    written = 0
    new = False
    while True:
        give_back(p, q, board, log, freed, i, first, v.beat, p.wake)
        if p.want >= 0 and board[i].ticket < 0:
            note_join(p, q, log[rows + written])
            board[i].ticket = rows + written
            written += 1
            put_on(board, heads, max(first, beat_of(p.joined, v.beat)), i)
            return written
        if new:
            put_on(board, heads, max(first, beat_of(o.boarded, v.beat)), i)
            return written
        if waits(p):
            until = undisturbed_until(p, q, spare)
            give_back(p, q, board, log, freed, i, first, v.beat, until)
            if until < q.horizon:
                put_on(board, heads, max(first, beat_of(until, v.beat)), i)
            return written
        t = p.wake
        if t >= q.horizon:
            return written
        wake_up(p, o, q, s, tally)
        if note_bed(p, o, beds, freed, log, rows, q, s, i, t, first, v.beat):
            written = 1
            new = True


@rule
def longer(log: Any) -> Any:
    """Return a log with room for as many rows again."""
    larger = np.empty(2 * len(log), dtype=log.dtype)
    larger[: len(log)] = log
    return larger


@rule
def queue_of(q: Any, p: Any) -> Any:
    """Return the position of the queue a patient wants to be in."""
    return LANES * q.service[p.want] + p.lane


@rule
def queue_up(p: Any, board: Any, queues: Any, length: Any, n: Any, i: Any) -> None:
    """Put a patient into queue n, which has room."""
    push(queues, length, n, p.rank, p.joined, i, board[i].stamp)


@rule
def stands(p: Any, q: Any, n: Any, rank: Any, joined: Any) -> Any:
    """Tell whether a patient still wants to be in queue n, with the rank it has there."""
    return p.want >= 0 and queue_of(q, p) == n and p.rank == rank and p.joined == joined


@rule
def undisturbed_until(p: Any, q: Any, spare: Any) -> Any:
    """Return the day of the next wake-up that may change more than a reading, on a copy of p."""
    if p.event != EVENT_GRID:
        return p.wake
    spare[0] = p
    x = spare[0]
    t = x.wake
    day = earliest(x, q)
    for _ in range(AHEAD):
        band = x.band
        if glance(x, q, t):
            return t
        if x.band != band:
            day = earliest(x, q)
        t = x.phase + x.grid * q.grid_days
        if t > day or (t == day and x.event < EVENT_KNOT):
            return day
    return t


@rule
def catch_up(p: Any, o: Any, q: Any, s: Any, tally: Any, day: Any) -> None:
    """Let happen what fell due while a patient waited undisturbed."""
    while p.wake <= day:
        wake_up(p, o, q, s, tally)


@entry_point
def simulate_site(
    persons: Any, accounts: Any, tally: Any, q: Any, s: Any, v: Any, board: Any, beds: Any,
    queues: Any, log: Any, recording: Any,
) -> Any:  # fmt: skip
    """Run the patients of a site from entry to the horizon, in place; return their waits.

    Patients come in the order of their numbers. `board`, `beds` and `queues` are new ones; `log`
    gives the waits room to start with, two rows at least.
    """
    patients = len(persons)
    counts = tally[0]
    beats = beat_of(q.horizon, v.beat)
    persons, accounts, board = lent(persons), lent(accounts), lent(board)
    beds = lent(beds)
    ward = s.beds - 1
    own_heads = np.full(beats, NONE, dtype=np.int32)
    heads = lent(own_heads)
    services = services_of(s)
    own_queues, own_log = queues, log
    queues, log = lent(queues), lent(log)
    own_length = np.zeros(len(queues), dtype=np.int64)
    length = lent(own_length)
    waiting = np.zeros(patients, dtype=np.bool_)
    used = np.zeros((MAX_SERVICES, 2), dtype=np.int64)
    own_freed = np.zeros((services, 2, beats), dtype=np.int64)
    freed = lent(own_freed)
    fresh = np.zeros((2 * patients if s.on_full > 0 else 1, 2), dtype=np.int32)
    spare = np.empty(1, dtype=persons.dtype)
    news = 0
    rows = 0
    for i in range(patients):
        p, o = persons[i], accounts[i]
        o.recording = recording
        enter(p, o, q, s, counts)
        if rows + 2 > len(log):
            own_log = longer(log)
            log = lent(own_log)
        rows += run_on(p, o, board, beds, spare, heads, freed, log, rows, counts, q, s, v, i, 0)
    for k in range(beats):
        day = k * v.beat
        while heads[k] >= 0:
            i = heads[k]
            p, o = persons[i], accounts[i]
            take_off(board, heads, i)
            if heads[k] >= 0:
                fetch_ahead(persons, heads[k], 0)
                fetch_ahead(accounts, heads[k], ACCOUNT_READINGS)
                fetch_ahead(board, board[heads[k]].later, 0)
            new = not waiting[i]
            place, rank, joined = queue_of(q, p), p.rank, p.joined
            while waits(p) and p.wake <= day:
                t = p.wake
                wake_up(p, o, q, s, counts)
                if rows + 2 > len(log):
                    own_log = longer(log)
                    log = lent(own_log)
                rows += note_bed(p, o, beds, freed, log, rows, q, s, i, t, k, v.beat)
                if p.want < 0 and board[i].ticket >= 0:
                    note_end(p, board, log, i, t)
                elif p.want >= 0 and board[i].ticket < 0:
                    note_join(p, q, log[rows])
                    board[i].ticket = rows
                    rows += 1
                    new = True
            if waiting[i] and not stands(p, q, place, rank, joined):
                board[i].stamp += 1
                waiting[i] = False
            if not waits(p):
                if rows + 2 > len(log):
                    own_log = longer(log)
                    log = lent(own_log)
                rows += run_on(
                    p, o, board, beds, spare, heads, freed, log, rows, counts, q, s, v, i, k
                )
                continue
            if p.want >= 0 and not waiting[i]:
                place = queue_of(q, p)
                if is_full(queues, length, board, place):
                    own_queues = twice(queues, length)
                    queues = lent(own_queues)
                queue_up(p, board, queues, length, place, i)
                waiting[i] = True
            if p.bed == BED_WANTED and beds[i].queued == 0:
                if is_full(queues, length, beds, LANES * ward):
                    own_queues = twice(queues, length)
                    queues = lent(own_queues)
                push(queues, length, LANES * ward, beds[i].rank, o.boarded, i, beds[i].stamp)
                beds[i].queued = 1
            until = undisturbed_until(p, q, spare)
            give_back(p, q, board, log, freed, i, k, v.beat, until)
            if until < q.horizon:
                put_on(board, heads, beat_of(until, v.beat), i)
            if new and p.want >= 0 and s.on_full > 0:
                fresh[news, 0] = i
                fresh[news, 1] = p.joins
                news += 1
        for service in range(services):
            used[service, 0] -= freed[service, 0, k]
            used[service, 1] -= freed[service, 1, k]
            common, fenced = LANES * service, LANES * service + 1
            if length[common] == 0 and length[fenced] == 0:
                continue  # nobody waits; of a service without a number of places nobody ever does
            if k % v.every[service] != 0:
                continue
            slots = slots_on(v, service, day)
            ceiling = open_to_all(v, service, slots)
            while service == ward and used[service, 0] < slots:
                i = first_of(queues, length, beds, common)
                if i < 0:
                    break
                p, o = persons[i], accounts[i]
                pop(queues, length, common)
                beds[i].queued = 0
                take_off(board, heads, i)
                catch_up(p, o, q, s, counts, day)
                row = beds[i].ticket
                place, rank, joined = queue_of(q, p), p.rank, p.joined
                if give_bed(p, o, q, s, counts, day):
                    used[service, 0] += 1
                    beds[i].held = row
                settle(p, o, q, counts)
                end_wish(p, beds[i], log, day)
                if p.want < 0 and board[i].ticket >= 0:
                    note_end(p, board, log, i, day)
                if waiting[i] and not stands(p, q, place, rank, joined):
                    board[i].stamp += 1
                    waiting[i] = False
                if rows + 2 > len(log):
                    own_log = longer(log)
                    log = lent(own_log)
                rows += run_on(
                    p, o, board, beds, spare, heads, freed, log, rows, counts, q, s, v, i, k + 1
                )
            while service != ward:
                a = first_of(queues, length, board, common)
                b = first_of(queues, length, board, fenced)
                i = b
                x = queues[fenced, 0]
                if a >= 0 and (b < 0 or goes_before(queues[common, 0], x.rank, x.joined, b)):
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
                board[i].stamp += 1
                waiting[i] = False
                take_off(board, heads, i)
                other = first_of(queues, length, board, common + lane)
                if other >= 0:
                    fetch_ahead(persons, other, 0)
                    fetch_ahead(accounts, other, 0)
                    fetch_ahead(log, board[other].ticket, 0)
                catch_up(p, o, q, s, counts, day)
                taken = take_place(p, o, q, s, counts, day)
                settle(p, o, q, counts)
                log[board[i].ticket].lane = lane
                if taken:
                    used[service, lane] += units
                    board[i].held = board[i].ticket
                note_end(p, board, log, i, day)
                if rows + 2 > len(log):
                    own_log = longer(log)
                    log = lent(own_log)
                rows += run_on(
                    p, o, board, beds, spare, heads, freed, log, rows, counts, q, s, v, i, k + 1
                )
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
            board[i].stamp += 1
            waiting[i] = False
            take_off(board, heads, i)
            catch_up(p, o, q, s, counts, day)
            find_full(p, o, q, s, counts, day)
            settle(p, o, q, counts)
            if p.want >= 0 and p.joins == joins:
                place = queue_of(q, p)
                if is_full(queues, length, board, place):
                    own_queues = twice(queues, length)
                    queues = lent(own_queues)
                queue_up(p, board, queues, length, place, i)
                waiting[i] = True
                until = undisturbed_until(p, q, spare)
                if until < q.horizon:
                    put_on(board, heads, max(k + 1, beat_of(until, v.beat)), i)
            else:
                note_end(p, board, log, i, day)
                if rows + 2 > len(log):
                    own_log = longer(log)
                    log = lent(own_log)
                rows += run_on(
                    p, o, board, beds, spare, heads, freed, log, rows, counts, q, s, v, i, k + 1
                )
        news = left
    for i in range(patients):
        p, o = persons[i], accounts[i]
        while p.wake < q.horizon:
            wanted, t = p.want >= 0, p.wake
            wake_up(p, o, q, s, counts)
            if wanted and p.want < 0:
                note_end(p, board, log, i, t)
            if rows + 2 > len(log):
                own_log = longer(log)
                log = lent(own_log)
            rows += note_bed(p, o, beds, freed, log, rows, q, s, i, t, beats, v.beat)
            if p.want >= 0 and not wanted:
                note_join(p, q, log[rows])
                board[i].ticket = rows
                rows += 1
            give_back(p, q, board, log, freed, i, beats, v.beat, p.wake)
        leave(p, o, q, counts)
        if board[i].ticket >= 0:
            note_end(p, board, log, i, q.horizon)
        if s.beds > 0 and beds[i].ticket >= 0:
            end_wish(p, beds[i], log, q.horizon)
        counts.events += o.events
    hold(own_heads, own_freed, own_length, own_queues)
    return own_log[:rows]
