"""What a process keeps of its last runs, so that the next need not do it again.

In a design that changes one number at a time most runs share their patients with a neighbour, and
a change to one treatment leaves the strategies without it as they were.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Recent(Generic[Thing]):
    """The things kept last, by key; the one not asked for longest goes first.

    Attributes:
        found: how often something asked for was kept.
        kept: how often something was kept anew.
    """

    def __init__(self, most: int, size: Callable[[Thing], int] = lambda _: 1) -> None:
        """Keep things of together at most `most`, each of a size."""
        self.found = self.kept = 0
        self._most = most
        self._size = size
        self._things: OrderedDict[Hashable, Thing] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Hashable) -> Thing | None:
        """Return what is kept under a key, None if nothing is."""
        with self._lock:
            if key not in self._things:
                return None
            self.found += 1
            self._things.move_to_end(key)
            return self._things[key]

    def keep(self, key: Hashable, thing: Thing) -> Thing:
        """Keep a thing under a key and return it."""
        with self._lock:
            self.kept += 1
            self._things[key] = thing
            while self._things and sum(map(self._size, self._things.values())) > self._most:
                self._things.popitem(last=False)
        return thing

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._things.clear()
            self.found = self.kept = 0
