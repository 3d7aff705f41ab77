"""Who is at which chunk, when several processes work in one folder.

A claim is a hard link to a file that its owner touches every few seconds: made in one step, by one
process only, also on a network folder. A claim whose owner is dead is taken over. Claims save
work and keep nothing right: were two processes at one chunk after all, they would write the same.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from popmodel.uncertainty.durable import machine

SECONDS_BETWEEN_SIGNS: Final = 10.0
PATIENCE: Final = 60.0
"""Seconds without a sign of life after which an owner on another machine counts as dead."""
ALIVE: Final = ".alive"


class Claims:
    """The claims of this process in a folder; they end with the block."""

    def __init__(self, folder: Path) -> None:
        """Start giving signs of life.

        Args:
            folder: Folder of the claims; made if it is not there.
        """
        self.folder = folder
        self.owner = f"{machine()}-{os.getpid()}-{secrets.token_hex(6)}"
        self.held: set[int] = set()
        self._watched: dict[str, tuple[float, float]] = {}
        self._alive = folder / f"{self.owner}{ALIVE}"
        self._over = threading.Event()

    def __enter__(self) -> Claims:
        """Say that this process is at work."""
        self.folder.mkdir(parents=True, exist_ok=True)
        told = {"owner": self.owner, "host": _host(), "pid": os.getpid(), "born": _born()}
        _create(self._alive, json.dumps(told).encode())
        threading.Thread(target=self._give_signs, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Give all claims back."""
        self._over.set()
        for number in tuple(self.held):
            self.release(number)
        with contextlib.suppress(OSError):  # what is left over counts as dead
            self._alive.unlink(missing_ok=True)

    def _give_signs(self) -> None:
        while not self._over.wait(SECONDS_BETWEEN_SIGNS):
            with contextlib.suppress(OSError):  # a missed sign costs nothing; the next one counts
                os.utime(self._alive)

    def take(self, number: int) -> bool:
        """Claim a chunk; return whether it is ours now.

        Args:
            number: The chunk.

        Raises:
            OSError: The folder cannot be written.
        """
        path = self._path(number)
        if self._link(path):
            self.held.add(number)
            return True
        if number in self.held or not self._is_abandoned(path):
            return number in self.held
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        if self._link(path):
            self.held.add(number)
        return number in self.held

    def release(self, number: int) -> None:
        """Give a claim back."""
        self.held.discard(number)
        with contextlib.suppress(OSError):  # a claim that stays counts as dead with its owner
            if _told(self._path(number)).get("owner") == self.owner:
                self._path(number).unlink(missing_ok=True)

    def others(self) -> list[str]:
        """Return who else is at work here, as `host, process 123`.

        Raises:
            OSError: The folder cannot be touched.
        """
        self.folder.touch()  # its time is that of the disk, which may not be ours
        now = self.folder.stat().st_mtime
        found = []
        for path in sorted(self.folder.glob(f"*{ALIVE}")):
            told = _told(path)
            if path == self._alive or not told or self._is_abandoned(path):
                continue
            with contextlib.suppress(FileNotFoundError):
                if now - path.stat().st_mtime > PATIENCE:
                    continue
                found.append(f"{told['host']}, process {told['pid']}")
        return found

    def tidy(self) -> None:
        """Remove what dead owners on this machine left."""
        for path in (*self.folder.glob(f"*{ALIVE}"), *self.folder.glob("*.claim")):
            if path != self._alive and self._is_abandoned(path):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)

    def is_at_work(self, owner: str) -> bool:
        """Return whether an owner, by its name, still gives signs of life."""
        path = self.folder / f"{owner}{ALIVE}"
        if path.is_file():
            return not self._is_abandoned(path)
        told = _told_by_name(owner)
        return not told or _is_alive(told)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.claim"

    def _link(self, path: Path) -> bool:
        try:
            os.link(self._alive, path)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            return _create(path, self._alive.read_bytes())
        return True

    def _is_abandoned(self, path: Path) -> bool:
        """Return whether the owner of a claim is dead, or silent for too long by our own clock."""
        try:
            sign = path.stat().st_mtime
        except FileNotFoundError:
            return False  # given back this moment; another may have it the next
        told = _told(path)
        if told.get("host") == _host() and not _is_alive(told):
            return True
        name = str(told.get("owner", path.name))
        last, since = self._watched.get(name, (float("nan"), 0.0))
        if sign != last:
            self._watched[name] = (sign, time.monotonic())
            return False
        return time.monotonic() - since > PATIENCE


def _create(path: Path, content: bytes) -> bool:
    """Make a file that is not there yet; return whether it was this call that made it."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return False
    try:
        os.write(handle, content)
    finally:
        os.close(handle)
    return True


def _told(path: Path) -> Mapping[str, Any]:
    """Return what a claim says of its owner; by its name if it was not written to the end."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        return _told_by_name(path.stem)
    return found if isinstance(found, dict) else {}


def _told_by_name(owner: str) -> Mapping[str, Any]:
    place, _, rest = owner.partition("-")
    pid = rest.partition("-")[0]
    if place != machine() or not pid.isdecimal():
        return {}
    return {"owner": owner, "host": _host(), "pid": int(pid), "born": _born(int(pid))}


def _host() -> str:
    return socket.gethostname()


def _is_alive(told: Mapping[str, Any]) -> bool:
    """Return whether the process that made a claim on this machine lives, and is still the same."""
    pid = int(told.get("pid", 0))
    return _is_running(pid) and _born(pid) == told.get("born")


def _is_running(pid: int) -> bool:
    if os.name == "nt":
        return True  # signal 0 ends a process there; its silence tells
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _born(pid: int | None = None) -> str:
    """Return when a process started, as Linux tells it; empty elsewhere, and for one that ended.

    Numbers of processes are used again; number and start together are not.
    """
    try:
        text = Path(f"/proc/{pid or os.getpid()}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    state, *fields = text.rpartition(")")[2].split()
    return "" if state == "Z" else fields[18]
