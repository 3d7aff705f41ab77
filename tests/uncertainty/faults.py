"""Faults to plant: calls of the system that fail at the nth time, and damaged files."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable
from pathlib import Path

from popmodel.uncertainty import claims, durable, store

CALLS = ("open", "write", "fsync", "replace", "link", "close")


class Failing:
    """Stands where `os` does and fails at some calls.

    Attributes:
        first: the call that fails, from 1.
        lasting: whether all later ones fail too, as on a full disk.
        code: the error.
        fired: how often it failed.
    """

    def __init__(self, first: int, lasting: bool = False, code: int = errno.ENOSPC) -> None:
        self.first, self.lasting, self.code = first, lasting, code
        self.count = self.fired = 0

    def __getattr__(self, name: str):
        real = getattr(os, name)
        return self._watched(name, real) if name in CALLS else real

    def _watched(self, name: str, real: Callable) -> Callable:
        def call(*arguments, **named):
            self.count += 1
            if self.count == self.first or (self.lasting and self.count > self.first):
                self.fired += 1
                if name == "write" and self.fired == 1:
                    real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                if name == "close":  # the handle is gone even when closing fails
                    real(*arguments)
                raise OSError(self.code, os.strerror(self.code))
            return real(*arguments, **named)

        return call


def plant(patch, failing: Failing) -> None:
    for module in (durable, claims, store):
        patch.setattr(module, "os", failing)


# ------------------------------------------------------------------ damaged files


def damage(folder: Path, foreign: Path, chance: random.Random) -> tuple[str, set[str]]:
    """Damage one or two chunk files; return how, and the names that are not right any more."""
    path = chance.choice(sorted((folder / "chunks").iterdir()))
    kind = chance.choice(KINDS)
    return kind.__name__, kind(path, foreign, chance)


def flip_a_bit(path: Path, _: Path, chance: random.Random) -> set[str]:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)
    return {path.name}


def cut(path: Path, _: Path, chance: random.Random) -> set[str]:
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(len(content))])
    return {path.name}


def lengthen(path: Path, _: Path, chance: random.Random) -> set[str]:
    path.write_bytes(path.read_bytes() + chance.randbytes(chance.randint(1, 100)))
    return {path.name}


def zero_a_part(path: Path, _: Path, chance: random.Random) -> set[str]:
    content = bytearray(path.read_bytes())
    first = chance.randrange(len(content) - 64)
    if content[first : first + 64] == bytes(64):
        content[first] ^= 1
    else:
        content[first : first + 64] = bytes(64)
    path.write_bytes(content)
    return {path.name}


def swap(path: Path, _: Path, chance: random.Random) -> set[str]:
    other = chance.choice([one for one in sorted(path.parent.iterdir()) if one != path])
    mine, theirs = path.read_bytes(), other.read_bytes()
    path.write_bytes(theirs)
    other.write_bytes(mine)
    return {path.name, other.name}


def renumber(path: Path, _: Path, chance: random.Random) -> set[str]:
    """The bytes fit the name, but they are of another chunk."""
    kind, number, rest = path.name.split("-")
    name = f"{kind}-{(int(number) + 1) % len(list(path.parent.iterdir())):06d}-{rest}"
    path.rename(path.with_name(name))
    return {name}


def bring_a_foreign_one(path: Path, foreign: Path, chance: random.Random) -> set[str]:
    """A sound chunk with the right number of another sweep."""
    other = next((foreign / "chunks").glob(f"{path.name[:12]}*"))
    path.unlink()
    path.with_name(other.name).write_bytes(other.read_bytes())
    return {other.name}


KINDS = (flip_a_bit, cut, lengthen, zero_a_part, swap, renumber, bring_a_foreign_one)


def corrupted(place: Path, sound: Path, foreign: Path, times: int, seed: int, check) -> dict:
    """Damage copies of a sweep; return how often each kind was planted and found as planted.

    Args:
        place: where copies are made.
        sound: a complete sweep.
        foreign: a complete sweep of another design.
        times: how many copies.
        seed: of the damages.
        check: called with the copy; returns the names it finds damaged.
    """
    import shutil

    chance = random.Random(seed)  # noqa: S311
    found: dict[str, list[int]] = {}
    for number in range(times):
        copy = place / str(number)
        shutil.copytree(sound, copy)
        kind, names = damage(copy, foreign, chance)
        planted = found.setdefault(kind, [0, 0])
        planted[0] += 1
        planted[1] += check(copy) == names
        shutil.rmtree(copy)
    return found
