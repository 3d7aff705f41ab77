"""From factors to designs: the runs that a global analysis needs, with every value stated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from popmodel.errors import InputError
from popmodel.uncertainty.cube import LUCK, Cube, cube_from, replicates_of_luck
from popmodel.uncertainty.factors import Beliefs, Factor, refuse_empty, subjects_of
from popmodel.uncertainty.global_sensitivity import sample_cube


@dataclass(frozen=True, eq=False)
class Plan:
    """A design, and what an analysis must know to read its results.

    Attributes:
        design: one row a run: `run, structure, luck, <path>…`; a structure after the other, each
            with all points of the cube in their order.
        cube: the points.
        factors: name to paths.
    """

    design: pd.DataFrame
    cube: Cube
    factors: Mapping[str, tuple[str, ...]]


def cube_of(
    factors: Sequence[Factor],
    beliefs: Sequence[Beliefs],
    method: str,
    *,
    n: int,
    seed: int = 1,
    second_order: bool = False,
    luck: bool = True,
) -> Cube:
    """Return the points for some factors: a uniform a subject, and one for patient luck.

    Args:
        factors: of the sweep.
        beliefs: one a structure.
        method: of `cube.METHODS`.
        n: samples, as in `sample_cube`.
        seed: of points and intervals.
        second_order: Sobol: ask for pairs.
        luck: whether patient luck is an input: the noise floor. DGSM never has it.

    Raises:
        InputError: no factor, or a request that `sample_cube` refuses.
    """
    refuse_empty(factors)
    subjects = subjects_of(factors, beliefs)
    if not subjects:
        raise InputError("none of these numbers is in doubt under the structures asked for")
    if luck and method != "dgsm":
        subjects = {**subjects, LUCK: LUCK}
    inputs, names = list(subjects), list(subjects.values())
    return sample_cube(method, inputs, names, n=n, seed=seed, second_order=second_order)


def plan_of(
    cube: Cube,
    factors: Sequence[Factor],
    beliefs: Mapping[str, Beliefs],
) -> Plan:
    """Return the design of a cube: every point under every structure.

    Args:
        cube: of `cube_of`.
        factors: of the sweep.
        beliefs: by name of the structure.
    """
    place = {name: k for k, name in enumerate(cube.inputs)}
    middle = np.full(cube.runs, 0.5)
    parts = []
    for structure, belief in beliefs.items():
        values = belief.values(
            factors, lambda s: cube.points[:, place[s]] if s in place else middle
        )
        keys = {"structure": structure, "luck": replicates_of_luck(cube)}
        parts.append(pd.DataFrame({**keys, **values}, index=range(cube.runs)))
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "run", np.arange(len(table)))
    return Plan(table, cube, {factor.name: factor.paths for factor in factors})


# ---------------------------------------------------------------- kept with the sweep


def about_cube(cube: Cube) -> dict[str, Any]:
    """Return what must be kept beside results to analyse them later; see `cube_again`."""
    return {"cube": cube.id, **cube.described()}


def cube_again(about: Mapping[str, Any]) -> Cube:
    """Return the points of a sweep again, if they are still the same.

    Args:
        about: of `about_cube`, as it was kept.

    Raises:
        InputError: something is missing, or the points now are others than those that were run.
    """
    try:
        cube = sample_cube(
            about["method"], about["inputs"], about["factors"], n=about["n"], seed=about["seed"],
            second_order=about["second_order"],
        )  # fmt: skip
    except KeyError as error:
        raise InputError(f"the design does not say its {error}; make it anew") from error
    return cube_from(about, cube.points, about["cube"])
