"""Queues and a calendar as links in one board: constant memory a patient, any number of queues.

A queue is a pairing heap (Fredman, Sedgewick, Sleator & Tarjan, Algorithmica 1986;1:111): joining
takes one comparison, being served or leaving a few. The order of patients is total (rank, day
joined, number), so who is served does not depend on how the heap lies. The calendar keeps, for
every beat, the patients who join a queue or have an event of their own while waiting.
"""

from __future__ import annotations

from typing import Any, Final

from popmodel.jit import rule

NONE: Final = -1
BEAT, LATER, EARLIER, CHILD, NEXT, BEFORE, TICKET, HELD = range(8)
"""Columns of the board: beat and neighbours in its list; child and neighbours in the heap; rows of
the log that the wait and the place held fill."""
COLUMNS: Final = 8


@rule
def comes_first(persons: Any, a: Any, b: Any) -> Any:
    """Tell whether patient a is served before patient b."""
    x, y = persons[a], persons[b]
    if x.rank != y.rank:
        return x.rank < y.rank
    if x.joined != y.joined:
        return x.joined < y.joined
    return x.id < y.id


@rule
def meld(persons: Any, board: Any, a: Any, b: Any) -> Any:
    """Join two heaps; return the root."""
    if a < 0:
        return b
    if b < 0:
        return a
    if comes_first(persons, b, a):
        a, b = b, a
    child = board[a, CHILD]
    board[b, NEXT] = child
    if child >= 0:
        board[child, BEFORE] = b
    board[b, BEFORE] = a
    board[a, CHILD] = b
    return a


@rule
def gather(persons: Any, board: Any, first: Any) -> Any:
    """Join all heaps in a list of siblings, two by two and then in one pass; return the root."""
    stack = NONE
    while first >= 0:
        a = first
        b = board[a, NEXT]
        first = NONE
        board[a, NEXT] = NONE
        board[a, BEFORE] = NONE
        if b >= 0:
            first = board[b, NEXT]
            board[b, NEXT] = NONE
            board[b, BEFORE] = NONE
            a = meld(persons, board, a, b)
        board[a, NEXT] = stack
        stack = a
    root = NONE
    while stack >= 0:
        a = stack
        stack = board[a, NEXT]
        board[a, NEXT] = NONE
        root = meld(persons, board, root, a)
    return root


@rule
def take_out(persons: Any, board: Any, root: Any, i: Any) -> Any:
    """Take patient i out of a heap; return the new root."""
    rest = gather(persons, board, board[i, CHILD])
    if i != root:
        before, following = board[i, BEFORE], board[i, NEXT]
        if board[before, CHILD] == i:
            board[before, CHILD] = following
        else:
            board[before, NEXT] = following
        if following >= 0:
            board[following, BEFORE] = before
        rest = meld(persons, board, root, rest)
    board[i, CHILD] = NONE
    board[i, NEXT] = NONE
    board[i, BEFORE] = NONE
    return rest


@rule
def put_on(board: Any, heads: Any, beat: Any, i: Any) -> None:
    """Put patient i on the list of a beat; beats beyond the last have none."""
    if beat >= len(heads):
        board[i, BEAT] = NONE
        return
    head = heads[beat]
    board[i, BEAT] = beat
    board[i, LATER] = head
    board[i, EARLIER] = NONE
    if head >= 0:
        board[head, EARLIER] = i
    heads[beat] = i


@rule
def take_off(board: Any, heads: Any, i: Any) -> None:
    """Take patient i off the list it is on, if any."""
    beat = board[i, BEAT]
    if beat < 0:
        return
    later, earlier = board[i, LATER], board[i, EARLIER]
    if earlier >= 0:
        board[earlier, LATER] = later
    else:
        heads[beat] = later
    if later >= 0:
        board[later, EARLIER] = earlier
    board[i, BEAT] = NONE
