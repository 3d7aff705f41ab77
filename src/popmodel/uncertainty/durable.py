"""Files that are there as a whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import socket
from pathlib import Path
from typing import Final

PART: Final = ".part"
"""Ending of a file under way; one that is left over is nobody's."""


def write_durably(path: Path, content: bytes, owner: str = "") -> None:
    """Write a file so that after any crash the old or the whole new one is there.

    Written beside its place, flushed to the disk, renamed, and the folder's entry flushed too.

    Args:
        path: The file.
        content: All of it.
        owner: Who writes; part of the name under which it is under way.

    Raises:
        OSError: The disk is full, the folder cannot be written, and so on; the old file stands.
    """
    part = path.with_name(f".{secrets.token_hex(4)}.{owner or writer()}{PART}")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            _write_all(handle, content)
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(part, path)  # noqa: PTH105  (one name for all calls that tests let fail)
    except BaseException:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def writer() -> str:
    """Return a name of this process that can stand in the name of a file."""
    return f"{machine()}-{os.getpid()}-0"


def machine() -> str:
    """Return a short name of this machine that can stand in the name of a file."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def write_if_changed(path: Path, content: bytes, owner: str = "") -> None:
    """Write a file durably unless it holds just that already.

    Args:
        path: The file.
        content: All of it.
        owner: Who writes.

    Raises:
        OSError: It cannot be written.
    """
    if not (path.is_file() and path.read_bytes() == content):
        write_durably(path, content, owner)


def append_line(path: Path, content: bytes) -> None:
    """Append to a file in one call, so that lines of several processes do not mix.

    Args:
        path: The file.
        content: Whole lines.

    Raises:
        OSError: It cannot be written.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        _write_all(handle, content)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk; Windows does that by itself and has no call for it."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_all(handle: int, content: bytes) -> None:
    """Write all of it; a full disk may take a part first and refuse the rest after."""
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]
