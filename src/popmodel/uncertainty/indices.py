"""Indices of a whole sweep: every structure, strategy and outcome; and the noise of luck."""

from __future__ import annotations

import math
from typing import Any, Final

import pandas as pd

from popmodel.errors import InputError
from popmodel.uncertainty.cube import LUCK, Cube
from popmodel.uncertainty.global_sensitivity import ConstantOutput, indices

COLUMNS: Final = (
    "structure", "strategy", "outcome", "factor", "index", "other", "value", "low", "high",
    "method", "n", "seed",
)  # fmt: skip
TOTAL: Final = {"sobol": "ST", "morris": "mu_star", "pawn": "pawn", "rbd_fast": "S1",
                "delta": "delta"}  # fmt: skip
"""The index of luck that is the noise floor."""
QUIET: Final = 0.05
"""Largest total index of luck at which a ranking can be read."""


def sweep_indices(
    cube: Cube, outcomes: pd.DataFrame, design_id: str, complete: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the indices of every outcome, and how every outcome varied.

    Args:
        cube: the design; every structure has all its runs, in its order.
        outcomes: long, `run, structure, strategy, outcome, value`.
        design_id: id of the design that was run.
        complete: whether all runs are there.

    Returns:
        The table of `sweep.csv` (columns `COLUMNS`), and that of `summary.csv`: `structure,
        strategy, outcome, runs, mean, sd, low, high, status`; `low` and `high` hold 95 % of the
        runs; `status` is `varies` or `constant` (no indices exist then).

    Raises:
        InputError: results that are missing, infinite, or of another design.
    """
    found, told = [], []
    keys = ["structure", "strategy", "outcome"]
    for names, part in outcomes.groupby(keys, sort=False):
        y = part.sort_values("run")["value"].to_numpy()
        where: dict[str, Any] = dict(zip(keys, names, strict=True))
        status = "varies"
        try:
            found.append(indices(cube, y, design_id, complete).assign(**where))
        except ConstantOutput:
            status = "constant"
        except InputError as error:
            raise InputError(f"{', '.join(map(str, names))}: {error}") from error
        told.append({**where, **_variation(part["value"]), "status": status})
    if not found:
        raise ConstantOutput("no outcome varied: the inputs of this sweep change nothing here")
    table = pd.concat(found, ignore_index=True)[list(COLUMNS)]
    return table, pd.DataFrame(told)


def _variation(values: pd.Series[float]) -> dict[str, float]:
    low, high = values.quantile([0.025, 0.975])
    return {
        "runs": len(values),
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)),
        "low": float(low),
        "high": float(high),
    }


# ---------------------------------------------------------------- noise of luck


def noise_floor(table: pd.DataFrame) -> pd.DataFrame:
    """Return the index of patient luck for every outcome: what is not above it is noise.

    Args:
        table: of `sweep_indices`, from a design with luck.

    Returns:
        `structure, strategy, outcome, index, floor, floor_high` with one row an outcome; empty
        without luck.
    """
    own = table[table["factor"] == LUCK]
    own = own[own["index"] == own["method"].map(TOTAL)]
    columns = ["structure", "strategy", "outcome", "index", "value", "high"]
    return (
        own[columns].rename(columns={"value": "floor", "high": "floor_high"}).reset_index(drop=True)
    )


def patients_needed(floor: float, patients: int, wanted: float = QUIET) -> int:
    """Return how many patients (or patients × replicates) bring the noise floor down.

    The variance from luck falls as 1 ÷ patients and that from inputs stays: a total index f of
    luck at m patients becomes `wanted` at m f (1 − wanted) ÷ ((1 − f) wanted).

    Args:
        floor: total Sobol index of luck.
        patients: simulated in each run of that sweep.
        wanted: total index of luck to reach.

    Raises:
        InputError: a share outside (0, 1), or no patients.
    """
    if not (0.0 < wanted < 1.0 and patients > 0 and math.isfinite(floor) and floor < 1.0):
        raise InputError(f"no number of patients follows from a floor of {floor:g}")
    if floor <= wanted:
        return patients
    return math.ceil(patients * floor * (1.0 - wanted) / ((1.0 - floor) * wanted))
