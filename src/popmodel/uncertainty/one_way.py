"""One number at a time: low and high ends, tornado, spider; and two numbers on a grid.

All runs share patients and luck, so a difference between two runs is due to the number alone.
Every structure starts at its own base, and only what a factor moves differs from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from popmodel.errors import InputError
from popmodel.uncertainty.factors import Beliefs, Factor, refuse_empty

ENDS: Final = (0.025, 0.975)
"""Quantiles of low and high: what is believed with 95 %."""
STEPS: Final = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
BASE: Final = "base"
TORNADO: Final = (
    "structure", "strategy", "outcome", "factor", "path", "low_value", "base_value", "high_value",
    "outcome_low", "outcome_base", "outcome_high", "span",
)  # fmt: skip
MOST_LINES: Final = 7
"""Lines that a spider can show and be read."""


@dataclass(frozen=True, eq=False)
class Levels:
    """A design of single moves, and what each run of it is.

    Attributes:
        design: `run, structure, luck, <path>…`.
        runs: `run, structure, factor, path, quantile, value, base_value`; `factor` is `base` for
            the run with nothing moved; `path` is the first of the factor, and `value` its value.
    """

    design: pd.DataFrame
    runs: pd.DataFrame


def one_way_levels(
    factors: Sequence[Factor],
    beliefs: Mapping[str, Beliefs],
    quantiles: Sequence[float] = ENDS,
) -> Levels:
    """Return the runs that move one factor at a time to quantiles of what is believed of it.

    Args:
        factors: of the sweep.
        beliefs: by name of the structure.
        quantiles: where to go; inside (0, 1).

    Raises:
        InputError: no factor.
    """
    refuse_empty(factors)
    rows: list[dict[str, Any]] = []
    values: list[dict[str, float]] = []
    for structure, belief in beliefs.items():
        base = belief.base()
        known = set(belief.uncertain())
        _add(rows, values, structure, BASE, "", np.nan, {}, base)
        for factor in factors:
            if not any(path in known or path in factor.ranges for path in factor.paths):
                continue
            for quantile in quantiles:
                moved = belief.at(factor, quantile)
                _add(rows, values, structure, factor.name, factor.paths[0], quantile, moved, base)
    return _levels(rows, values, beliefs)


def two_way_levels(
    first: Factor,
    second: Factor,
    beliefs: Mapping[str, Beliefs],
    quantiles: Sequence[float] = STEPS,
) -> Levels:
    """Return the runs of a grid over two factors.

    `runs` has `other, other_path, other_quantile, other_value` for the second factor.

    Raises:
        InputError: the factors share a number.
    """
    shared = set(first.paths) & set(second.paths)
    if shared:
        raise InputError(f"{min(shared)} is moved by both; a grid needs two different numbers")
    rows: list[dict[str, Any]] = []
    values: list[dict[str, float]] = []
    for structure, belief in beliefs.items():
        base = belief.base()
        for p in quantiles:
            for q in quantiles:
                left, right = belief.at(first, p), belief.at(second, q)
                moved = left | right
                _add(rows, values, structure, first.name, first.paths[0], p, moved, base)
                rows[-1] |= {
                    "other": second.name,
                    "other_path": second.paths[0],
                    "other_quantile": q,
                    "other_value": right[second.paths[0]],
                }
    return _levels(rows, values, beliefs)


def _add(
    rows: list[dict[str, Any]],
    values: list[dict[str, float]],
    structure: str,
    factor: str,
    path: str,
    quantile: float,
    moved: Mapping[str, float],
    base: Mapping[str, float],
) -> None:
    rows.append(
        {
            "run": len(rows),
            "structure": structure,
            "factor": factor,
            "path": path,
            "quantile": quantile,
            "value": moved.get(path, np.nan),
            "base_value": base.get(path, np.nan),
        }
    )
    values.append(dict(moved))


def _levels(
    rows: list[dict[str, Any]], values: list[dict[str, float]], beliefs: Mapping[str, Beliefs]
) -> Levels:
    paths = list(dict.fromkeys(path for moved in values for path in moved))
    bases = {structure: belief.base() for structure, belief in beliefs.items()}
    filled = [
        {p: moved.get(p, bases[row["structure"]].get(p, np.nan)) for p in paths}
        for row, moved in zip(rows, values, strict=True)
    ]
    design = pd.DataFrame(filled, columns=paths, dtype=float)
    unknown = [p for p in paths if design[p].isna().any()]
    if unknown:
        raise InputError(f"{unknown[0]}: its value today is not known; state it with --set")
    keys = {
        "run": [row["run"] for row in rows],
        "structure": [row["structure"] for row in rows],
        "luck": 0,
    }
    return Levels(pd.concat([pd.DataFrame(keys), design], axis=1), pd.DataFrame(rows))


# ---------------------------------------------------------------- tables


def tornado_table(runs: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return how far every factor moves every outcome, the widest first.

    Args:
        runs: of `one_way_levels`, with a lowest and a highest quantile.
        outcomes: long, `run, structure, strategy, outcome, value`.

    Returns:
        `structure, strategy, outcome, factor, path, low_value, base_value, high_value,
        outcome_low, outcome_base, outcome_high, span`; sorted by falling span.

    Raises:
        InputError: a result is missing.
    """
    table = _joined(runs, outcomes)
    keys = ["structure", "strategy", "outcome"]
    base = table.loc[table["factor"] == BASE, [*keys, "value_of"]]
    moved = table[table["factor"] != BASE].sort_values("quantile", kind="stable")
    ends = moved.groupby([*keys, "factor"], sort=False)
    found = ends.agg(
        path=("path", "first"),
        low_value=("value", "first"),
        base_value=("base_value", "first"),
        high_value=("value", "last"),
        outcome_low=("value_of", "first"),
        outcome_high=("value_of", "last"),
        first=("run", "min"),
    ).reset_index()
    found = found.merge(base.rename(columns={"value_of": "outcome_base"}), on=keys)
    found["span"] = (found["outcome_high"] - found["outcome_low"]).abs()
    for name in ("strategy", "outcome"):
        found[f"_{name}"] = found[name].map({x: k for k, x in enumerate(outcomes[name].unique())})
    structures = {x: k for k, x in enumerate(runs["structure"].unique())}
    found["_structure"] = found["structure"].map(structures)
    order = ["_structure", "_strategy", "_outcome", "span", "first"]
    found = found.sort_values(order, ascending=[True, True, True, False, True], ignore_index=True)
    return found[list(TORNADO)]


def spider_table(
    runs: pd.DataFrame, outcomes: pd.DataFrame, most: int = MOST_LINES
) -> pd.DataFrame:
    """Return outcomes along the range of the factors that move them most.

    Args:
        runs: of `one_way_levels` with several quantiles.
        outcomes: long, as in `tornado_table`.
        most: factors to keep for each outcome.

    Returns:
        `structure, strategy, outcome, factor, path, quantile, value, change, result`; `change` is
        value ÷ base value − 1, empty where the base is 0.
    """
    table = _joined(runs, outcomes)
    keys = ["structure", "strategy", "outcome", "factor"]
    moved = table[table["factor"] != BASE]
    span = moved.groupby(keys, sort=False)["value_of"].agg(np.ptp)
    kept = set(span.groupby(level=keys[:3], sort=False).nlargest(most).droplevel([0, 1, 2]).index)
    own = moved[[key in kept for key in zip(*(moved[k] for k in keys), strict=True)]]
    change = (own["value"] / own["base_value"].replace(0.0, np.nan)) - 1.0
    columns = [*keys, "path", "quantile", "value"]
    told = own[columns].assign(change=change, result=own["value_of"])
    return told.sort_values([*keys, "quantile"], kind="stable", ignore_index=True)


def grid_table(runs: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the results of a grid over two factors, a row a cell, strategy and outcome."""
    table = _joined(runs, outcomes)
    columns = [
        "structure", "strategy", "outcome", "factor", "path", "quantile", "value", "other",
        "other_path", "other_quantile", "other_value",
    ]  # fmt: skip
    return table[columns].assign(result=table["value_of"]).reset_index(drop=True)


def best_on_grid(grid: pd.DataFrame, comparator: str, outcome: str) -> pd.DataFrame:
    """Return the strategy that is best in each cell of a grid, and by how much.

    Args:
        grid: of `grid_table`; its outcome is an increment over the comparator.
        comparator: best where no increment is above 0.
        outcome: incremental net benefit at an amount.

    Returns:
        `structure, factor, value, quantile, other, other_value, other_quantile, strategy, lead`;
        `lead`: net benefit above the second best.
    """
    own = grid[grid["outcome"] == outcome]
    cell = ["structure", "factor", "value", "quantile", "other", "other_value", "other_quantile"]
    rows = []
    for key, part in own.groupby(cell, sort=False):
        names = [comparator, *part["strategy"]]
        benefit = np.array([0.0, *part["result"]])
        order = np.argsort(-benefit, kind="stable")
        lead = float(benefit[order[0]] - benefit[order[1]])
        rows.append((*key, names[order[0]], lead))
    return pd.DataFrame(rows, columns=[*cell, "strategy", "lead"])


def _joined(runs: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    lacking = sorted(set(runs["run"]) - set(outcomes["run"]))
    if lacking:
        told = f"run {lacking[0]} has no result"
        raise InputError(f"{told}; resume the sweep first" if len(lacking) > 1 else told)
    plain = outcomes[["run", "strategy", "outcome", "value"]]
    if not np.isfinite(plain["value"]).all():
        raise InputError("a result is no finite number")
    return runs.merge(plain.rename(columns={"value": "value_of"}), on="run", validate="1:m")
