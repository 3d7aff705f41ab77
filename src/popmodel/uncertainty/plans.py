"""From factors to designs: the runs that a global analysis needs, with every value stated."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from popmodel.errors import InputError
from popmodel.uncertainty.cube import LUCK, Cube, cube_from, replicates_of_luck
from popmodel.uncertainty.factors import Beliefs, Factor, refuse_empty, subjects_of
from popmodel.uncertainty.global_sensitivity import sample_cube

KEYS: Final = ("run", "structure", "luck")
PROBLEM: Final = "problem.json"
POINTS: Final = "points.parquet"


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


def problem_json(plan: Plan, design_id: str = "") -> bytes:
    """Return what must be kept to analyse results later, as JSON.

    Args:
        plan: the design.
        design_id: identity the sweep's own store has given the design.
    """
    told = {
        "id": plan.cube.id,
        "design": design_id,
        "problem": plan.cube.described(),
        "factors": {name: list(paths) for name, paths in plan.factors.items()},
    }
    return (json.dumps(told, indent=1) + "\n").encode()


def points_table(cube: Cube) -> pd.DataFrame:
    """Return the points as a table, one column an input."""
    return pd.DataFrame(cube.points, columns=list(cube.inputs))


def read_cube(folder: Path) -> tuple[Cube, dict[str, Any]]:
    """Return the cube that was kept beside a sweep, and what else is known about it.

    Raises:
        InputError: a file is missing or damaged, or the points are not those of the id.
    """
    try:
        told = json.loads((folder / PROBLEM).read_text(encoding="utf-8"))
        points = pd.read_parquet(folder / POINTS)
        return cube_from(told["problem"], points.to_numpy(), told["id"]), told
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{folder / PROBLEM}: no sweep can be read here ({error})") from error
