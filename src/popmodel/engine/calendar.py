"""The order of events: earliest day first, then the smaller patient number."""

from __future__ import annotations

import heapq
import math


class Calendar:
    """Days on which patients wake; an entry that a newer one replaced is passed over."""

    def __init__(self) -> None:
        """Make an empty calendar."""
        self._entries: list[tuple[float, int]] = []

    def __len__(self) -> int:
        """Return how many patients have a day."""
        return len(self._entries)

    def add(self, day: float, patient: int) -> None:
        """Enter a patient; never-waking patients (`inf`) are left out."""
        if day < math.inf:
            heapq.heappush(self._entries, (day, patient))

    def next_before(self, day: float, *, or_on: bool = False) -> tuple[float, int] | None:
        """Take out the entry of whoever wakes next, if before `day` (or on it); None if none is."""
        if self._entries:
            first = self._entries[0][0]
            if first < day or (or_on and first == day):
                return heapq.heappop(self._entries)
        return None
