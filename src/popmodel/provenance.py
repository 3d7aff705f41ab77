"""How a result was made: versions, commit, hashes, time. Every store and report carries it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PACKAGES = (
    "numpy",
    "numba",
    "pandas",
    "scipy",
    "mesa",
    "SALib",
    "optuna",
    "matplotlib",
    "seaborn",
    "pyarrow",
)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


APART = ("cli", "report", "trials", "search", "planning", "uncertainty", "economics")
"""Rooms whose code decides no history."""


def code_hash() -> str:
    """Return a hash of the code that decides histories and what is counted of them."""
    package = Path(__file__).resolve().parent
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        place = file.relative_to(package)
        if place.parts[0] not in APART:
            digest.update(place.as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def commit() -> str | None:
    """Return the commit the code was run from, with `+` if changed; None outside a checkout."""
    folder = Path(__file__).resolve().parent
    try:
        head = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return None
    return head + ("+" if changed else "")


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(  # noqa: S603
        ["git", "-C", str(folder), *words],  # noqa: S607
        capture_output=True, text=True, check=True, timeout=10,
    )  # fmt: skip
    return done.stdout.strip()


def versions() -> dict[str, str]:
    """Return the versions of popmodel, Python and the packages that carry weight."""
    found = {"python": platform.python_version(), "platform": sys.platform}
    for package in ("popmodel", *PACKAGES):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed as a package"
    return found


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def manifest(inputs: Iterable[Path], **facts: Any) -> dict[str, Any]:
    """Return a manifest: facts of the run, and how it was made.

    Args:
        inputs: files that were read; their hashes are noted by name.
        facts: anything JSON can hold.
    """
    return {
        **facts,
        "made": {
            "time": now(),
            "commit": commit(),
            "versions": versions(),
            "inputs": {path.name: file_hash(path) for path in inputs},
        },
    }
