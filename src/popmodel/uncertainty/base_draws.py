"""The two plain samples inside a Sobol design, read as draws of what is believed.

Saltelli's design begins and ends each of its blocks with a point of two independent samples, A and
B; the points between mix the two. So the runs of A and B are a probabilistic analysis that has been
paid for already, and what is worth learning follows from them without another run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from popmodel.uncertainty.contrasts import Asked
from popmodel.uncertainty.cube import Cube
from popmodel.uncertainty.factors import Beliefs, Factor
from popmodel.uncertainty.learning import FEWEST_DRAWS, value_of_factors

STRUCTURE: Final = "structure"
SAMPLE: Final = "sample"


def base_points(cube: Cube) -> NDArray[np.int64]:
    """Return the positions of A and then of B among the points of a Sobol design."""
    width = cube.runs // cube.n
    first = np.arange(cube.n, dtype=np.int64) * width
    return np.concatenate([first, first + width - 1])


def why_not_believed(cube: Cube, factors: Sequence[Factor], beliefs: Sequence[Beliefs]) -> str:
    """Return why A and B are no draws of what is believed, or too few; empty if they are.

    Args:
        cube: of a Sobol design.
        factors: of the sweep.
        beliefs: one a structure.
    """
    stated = [path for factor in factors for path in factor.ranges]
    if stated:
        return f"--range moves {stated[0]} evenly between two ends, which is not a belief about it"
    for belief in beliefs:
        fitted = set(belief.fitted)
        apart = [factor.name for factor in factors if fitted & set(factor.paths)]
        if len(apart) > 1:
            return (
                f"{apart[0]} and {apart[1]} were fitted together and are moved as if they had "
                "nothing to do with each other; join them with +"
            )
    if 2 * cube.n < FEWEST_DRAWS:
        return f"{2 * cube.n} draws are too few, {FEWEST_DRAWS} are needed: more --samples"
    return ""


def base_draws(
    cube: Cube, design: pd.DataFrame, outcomes: pd.DataFrame, asked: Asked
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the runs of A and B as the decision layer reads draws.

    Costs and QALYs are those above the comparator, whose own are 0: of a choice only differences
    matter, and these are of the same patients.

    Args:
        cube: of a Sobol design; every structure has all its runs, in its order.
        design: `run, structure, luck, <path>…`.
        outcomes: long, `run, structure, strategy, outcome, value`, with `inc_cost` and `inc_qaly`.
        asked: what is compared.

    Returns:
        `structure, sample, strategy, cost, qaly`, and `structure, sample, <path>…`.
    """
    place = np.full(cube.runs, -1)
    place[base_points(cube)] = np.arange(2 * cube.n)

    def taken(table: pd.DataFrame) -> pd.DataFrame:
        sample = place[table["run"].to_numpy() % cube.runs]
        found: pd.DataFrame = table.assign(sample=sample)[sample >= 0]
        return found

    keys = [STRUCTURE, SAMPLE, "strategy"]
    long = taken(outcomes[outcomes["outcome"].isin(["inc_cost", "inc_qaly"])])
    wide = long.pivot(index=keys, columns="outcome", values="value").reset_index()
    gained = wide.rename(columns={"inc_cost": "cost", "inc_qaly": "qaly"})
    draws = gained[keys[:2]].drop_duplicates()
    base = draws.assign(strategy=asked.comparator, cost=0.0, qaly=0.0)
    psa = pd.concat([base, gained], ignore_index=True)
    return psa, taken(design).drop(columns=["run", "luck"])


def learning_from_design(
    cube: Cube,
    design: pd.DataFrame,
    outcomes: pd.DataFrame,
    factors: Sequence[Factor],
    asked: Asked,
) -> pd.DataFrame:
    """Return the EVPPI of every factor of a Sobol sweep; see `learning.value_of_factors`.

    Args:
        cube: of a Sobol design.
        design: `run, structure, luck, <path>…`.
        outcomes: long, of all runs.
        factors: of the sweep.
        asked: what is compared, and the amounts.
    """
    psa, parameters = base_draws(cube, design, outcomes, asked)
    return value_of_factors(psa, parameters, factors, asked.comparator, asked.wtp)
