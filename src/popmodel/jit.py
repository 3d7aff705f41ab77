"""Compile rules with Numba, with a cache that knows the whole rulebook.

Numba's own cache watches only the file of the cached function, so a change in a rule that it
calls would be missed. Here the cache folder carries a hash of every rule file.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
import platformdirs

Function = TypeVar("Function", bound=Callable[..., Any])

_PACKAGE = Path(__file__).resolve().parent
_ENGINE = ("compiled", "memory", "queues", "services")


def _rulebook_hash() -> str:
    """Hash the sources that compiled code can contain, and what compiles them."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{numba.__version__} {sys.version_info[:3]}".encode())
    files = [_PACKAGE / "randomness.py", _PACKAGE / "jit.py", *sorted(_PACKAGE.glob("rules/*.py"))]
    files += [_PACKAGE / "engine" / f"{name}.py" for name in _ENGINE]
    for file in files:
        if file.exists():
            digest.update(file.read_bytes())
    return digest.hexdigest()


_CACHE = str(Path(platformdirs.user_cache_dir("popmodel")) / f"rules-{_rulebook_hash()}")


def rule(function: Function) -> Function:
    """Compile one small scalar rule; inlined by its callers, never cached alone."""
    return numba.njit(nogil=True, error_model="numpy")(function)  # type: ignore[no-any-return]


def entry_point(function: Function) -> Function:
    """Compile a function that Python calls: cached on disk, runs without the interpreter lock."""
    if numba.config.DISABLE_JIT:
        return _plain(function)
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = _CACHE
    try:
        return numba.njit(nogil=True, cache=True, error_model="numpy")(function)  # type: ignore[no-any-return]
    finally:
        numba.config.CACHE_DIR = before


def _plain(function: Function) -> Function:
    """Let plain Python read the fields of records as attributes, as compiled code does."""

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        return function(*map(_with_attributes, arguments))

    return call  # type: ignore[return-value]


def _with_attributes(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.void) and value.dtype.names:
        return value.view(np.dtype((np.record, value.dtype)))
    return value
