"""Queues and a calendar: who is served first, and whose turn it is on a day.

A queue is a heap of four children a node (Johnson, Information Processing Letters 1975;4:53) whose
entries hold all that is compared, so serving one out of a million touches a few short rows and not
the records of those who stay behind. Who leaves or changes rank leaves the old entry where it is:
its stamp no longer fits, and it is thrown away when it comes first or when room is short. The
order of patients is total (rank, day joined, number), so who is served does not depend on how a
heap lies. The calendar keeps, for every beat, the patients who join a queue or have an event of
their own while waiting.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from popmodel.jit import rule

NONE: Final = -1
CHILDREN: Final = 4
LANES: Final = 2

ROW: Final = np.dtype(
    [
        ("beat", "i4"),  # in the calendar: beat, and neighbours in its list
        ("later", "i4"),
        ("earlier", "i4"),
        ("ticket", "i4"),  # rows of the log that the wait and the place held fill
        ("held", "i4"),
        ("stamp", "i4"),  # of the entry that counts; all others of the patient are void
    ]
)
"""A patient's row of the board."""

BED_ROW: Final = np.dtype(
    [
        ("rank", "f8"),
        ("ticket", "i4"),  # rows of the log that the wait for a bed and the bed held fill
        ("held", "i4"),
        ("stamp", "i4"),
        ("queued", "i4"),  # 1 while in the queue
    ]
)
"""What a patient has to do with beds; such a wait may go on beside that for a course."""

ENTRY: Final = np.dtype([("rank", "f8"), ("joined", "f8"), ("who", "i4"), ("stamp", "i4")])
"""An entry of a queue: what is compared, the patient's position, and a stamp."""


def new_board(n: int) -> np.ndarray[Any, Any]:
    """Return a board on which n patients are in no queue and on no list."""
    return np.full(n, np.array((*[NONE] * 5, 0), dtype=ROW))


def new_beds(n: int) -> np.ndarray[Any, Any]:
    """Return rows of n patients who neither wait for a bed nor hold one."""
    return np.full(n, np.array((0.0, NONE, NONE, 0, 0), dtype=BED_ROW))


def new_queues(services: int) -> np.ndarray[Any, Any]:
    """Return empty queues, one a service and lane."""
    return np.empty((LANES * services, 64), dtype=ENTRY)


@rule
def goes_before(x: Any, rank: Any, joined: Any, who: Any) -> Any:
    """Tell whether an entry is served before somebody of this rank, day and number."""
    if x.rank != rank:
        return x.rank < rank
    if x.joined != joined:
        return x.joined < joined
    return x.who < who


@rule
def write(x: Any, rank: Any, joined: Any, who: Any, stamp: Any) -> None:
    """Fill an entry."""
    x.rank = rank
    x.joined = joined
    x.who = who
    x.stamp = stamp


@rule
def push(
    queues: Any, length: Any, n: Any, rank: Any, joined: Any, who: Any, stamp: Any
) -> None:  # fmt: skip
    """Put an entry into queue n, which has room for it."""
    k = length[n]
    length[n] = k + 1
    while k > 0:
        up = (k - 1) // CHILDREN
        x = queues[n, up]
        if goes_before(x, rank, joined, who):
            break
        queues[n, k] = x
        k = up
    write(queues[n, k], rank, joined, who, stamp)


@rule
def pop(queues: Any, length: Any, n: Any) -> None:
    """Throw away the first entry of queue n."""
    size = length[n] - 1
    length[n] = size
    last = queues[n, size]
    rank, joined, who, stamp = last.rank, last.joined, last.who, last.stamp
    k = 0
    while CHILDREN * k + 1 < size:
        best = CHILDREN * k + 1
        for j in range(best + 1, min(best + CHILDREN, size)):
            x = queues[n, best]
            if not goes_before(x, queues[n, j].rank, queues[n, j].joined, queues[n, j].who):
                best = j
        if not goes_before(queues[n, best], rank, joined, who):
            break
        queues[n, k] = queues[n, best]
        k = best
    write(queues[n, k], rank, joined, who, stamp)


@rule
def first_of(queues: Any, length: Any, board: Any, n: Any) -> Any:
    """Return who comes first in queue n, none if it is empty; void entries before are dropped."""
    while length[n] > 0:
        x = queues[n, 0]
        if board[x.who].stamp == x.stamp:
            return x.who
        pop(queues, length, n)
    return NONE


@rule
def is_full(queues: Any, length: Any, board: Any, n: Any) -> Any:
    """Tell whether queue n needs more room; void entries are thrown away before."""
    size = length[n]
    if size < queues.shape[1]:
        return False
    length[n] = 0
    for k in range(size):
        x = queues[n, k]
        rank, joined, who, stamp = x.rank, x.joined, x.who, x.stamp
        if board[who].stamp == stamp:
            push(queues, length, n, rank, joined, who, stamp)
    return 2 * length[n] > size


@rule
def twice(queues: Any, length: Any) -> Any:
    """Return the same queues with room for twice as many."""
    larger = np.empty((len(queues), 2 * queues.shape[1]), dtype=queues.dtype)
    for n in range(len(queues)):
        larger[n, : length[n]] = queues[n, : length[n]]
    return larger


@rule
def put_on(board: Any, heads: Any, beat: Any, i: Any) -> None:
    """Put patient i on the list of a beat; beats beyond the last have none."""
    if beat >= len(heads):
        board[i].beat = NONE
        return
    head = heads[beat]
    board[i].beat = beat
    board[i].later = head
    board[i].earlier = NONE
    if head >= 0:
        board[head].earlier = i
    heads[beat] = i


@rule
def take_off(board: Any, heads: Any, i: Any) -> None:
    """Take patient i off the list it is on, if any."""
    beat = board[i].beat
    if beat < 0:
        return
    later, earlier = board[i].later, board[i].earlier
    if earlier >= 0:
        board[earlier].later = later
    else:
        heads[beat] = later
    if later >= 0:
        board[later].earlier = earlier
    board[i].beat = NONE
