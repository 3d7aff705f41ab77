"""How much memory a process and all its descendants hold together (Linux)."""

from __future__ import annotations

import threading
from pathlib import Path

PROC = Path("/proc")


def descendants(root: int) -> list[int]:
    """Return a process and everything it has started that still lives."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            parent = _parent(int(entry.name))
            children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def _parent(process: int) -> int:
    """Return who started a process; 0 where it has ended."""
    try:
        told = (PROC / str(process) / "stat").read_text()
    except OSError:
        return 0
    return int(told.rpartition(")")[2].split()[1])


def held(process: int) -> int:
    """Return the bytes of a process, what it shares with others counted in parts (PSS)."""
    try:
        lines = (PROC / str(process) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


class Watch:
    """Looks at a tree of processes again and again until the block ends.

    Attributes:
        peak: most bytes of all at one moment.
        at_peak: bytes of each process then, the largest first.
    """

    def __init__(self, root: int, seconds: float = 0.25) -> None:
        """Begin to look.

        Args:
            root: the first process.
            seconds: between two looks.
        """
        self.root, self.seconds = root, seconds
        self.peak, self.at_peak = 0, list[int]()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(self.seconds):
            sizes = sorted((held(p) for p in descendants(self.root)), reverse=True)
            if sum(sizes) > self.peak:
                self.peak, self.at_peak = sum(sizes), [size for size in sizes if size]
