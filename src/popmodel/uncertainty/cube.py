"""A design in the unit cube: what a method of sensitivity analysis wants evaluated, and its id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from popmodel.errors import InputError

Floats = NDArray[np.float64]

LUCK: Final = "luck"
"""Name of the input that chooses the replicate of patient luck: the noise floor of an analysis."""
GROUPED: Final = ("sobol", "morris")
"""Methods that move all inputs of a factor together; the others take every input by itself."""
METHODS: Final = ("sobol", "morris", "pawn", "dgsm", "rbd_fast", "delta")
REPLICATES: Final = 2**31
"""Numbers of replicates that a uniform of `luck` chooses from."""


@dataclass(frozen=True, eq=False)
class Cube:
    """Points in the unit cube, in the order in which a method wants their results.

    Attributes:
        method: one of `METHODS`.
        n: base samples (Sobol, DGSM), trajectories (Morris) or points (the others).
        seed: of the points and of the intervals.
        inputs: names of the columns, one uniform each.
        factors: the factor of each input.
        points: shape (runs, inputs), inside (0, 1).
        second_order: whether Sobol pairs are asked for.
    """

    method: str
    n: int
    seed: int
    inputs: tuple[str, ...]
    factors: tuple[str, ...]
    points: Floats
    second_order: bool = False

    @property
    def runs(self) -> int:
        """Number of points."""
        return len(self.points)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the factors, in order of first appearance."""
        return tuple(dict.fromkeys(self.factors))

    @cached_property
    def id(self) -> str:
        """Hash of everything that decides what the results of the points mean."""
        told = json.dumps(self.described(), sort_keys=True).encode()
        return hashlib.sha256(told + np.ascontiguousarray(self.points).tobytes()).hexdigest()

    def described(self) -> dict[str, Any]:
        """Return all but the points, as plain values for JSON."""
        return {
            "method": self.method,
            "n": self.n,
            "seed": self.seed,
            "inputs": list(self.inputs),
            "factors": list(self.factors),
            "second_order": self.second_order,
        }

    def column(self, name: str) -> Floats:
        """Return the uniforms of an input."""
        found: Floats = self.points[:, self.inputs.index(name)]
        return found


def cube_from(described: Mapping[str, Any], points: Floats, design_id: str) -> Cube:
    """Return a cube that was saved, if it is still what it was.

    Args:
        described: what `Cube.described` gave.
        points: the saved points.
        design_id: the saved id.

    Raises:
        InputError: description and points are not those the id was given for.
    """
    cube = Cube(
        described["method"],
        int(described["n"]),
        int(described["seed"]),
        tuple(described["inputs"]),
        tuple(described["factors"]),
        np.asarray(points, dtype=float),
        bool(described["second_order"]),
    )
    if cube.id != design_id:
        raise InputError(
            f"the design is {cube.id[:12]} and its id says {design_id[:12]}: it was changed after "
            "it was made; make it anew"
        )
    return cube


def split(inputs: Sequence[str], factors: Sequence[str], method: str) -> tuple[str, ...]:
    """Return the factor of each input, as a method needs it.

    A method that knows no groups takes every input by itself; a factor of one input keeps its name.
    """
    if method in GROUPED:
        return tuple(factors)
    alone = {name for name in factors if list(factors).count(name) == 1}
    return tuple(f if f in alone else i for i, f in zip(inputs, factors, strict=True))


def replicates_of_luck(cube: Cube) -> NDArray[np.int64]:
    """Return the replicate of patient luck of every point; all 0 where luck is no input.

    Sobol and the methods that read any sample take the replicate from the uniform itself. On the
    few levels of Morris only few replicates would ever meet, so each trajectory has two of its
    own, before and after its step in luck. DGSM takes derivatives, which luck does not have: the
    points of one derivative share a replicate.
    """
    if cube.method == "dgsm":
        return np.repeat(np.arange(cube.n), len(cube.inputs) + 1)
    if LUCK not in cube.inputs:
        return np.zeros(cube.runs, dtype=np.int64)
    uniform = cube.column(LUCK)
    if cube.method == "morris":
        steps = uniform.reshape(cube.n, -1)
        moved = steps != steps[:, :1]
        numbers: NDArray[np.int64] = (2 * np.arange(cube.n)[:, None] + moved).ravel()
        return numbers
    return np.floor(uniform * REPLICATES).astype(np.int64)
