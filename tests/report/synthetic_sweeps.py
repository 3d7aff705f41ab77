"""Folders as sweeps leave them, made from a formula in place of the model: quick, deterministic."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from tests.report import synthetic

from popmodel.uncertainty.cube import LUCK
from popmodel.uncertainty.global_sensitivity import convergence, sample_cube
from popmodel.uncertainty.indices import noise_floor, sweep_indices
from popmodel.uncertainty.one_way import (
    BASE,
    STEPS,
    best_on_grid,
    grid_table,
    spider_table,
    tornado_table,
)

HEADLINE = "inc_nmb_50000"
INPUTS = (
    "treatments.saint_when_severe.durability", "treatments.escitalopram.adverse_events",
    "treatments.second_antidepressant.severity_effect", "calibration", "disease.relapse",
    "disease.care_seeking", "economics.utilities_midpoint", "economics.care_costs",
    "population.us_adults_mdd", "biotypes.potency_shift", LUCK,
)  # fmt: skip
KINDS = ("sobol", "morris", "pawn", "one-way", "two-way")


def benefit(points: np.ndarray, strategy: int) -> np.ndarray:
    """Return a net benefit that depends on inputs unevenly, on pairs, and a little on luck."""
    weight = 6000.0 / (1.0 + np.arange(points.shape[1])) * (1.0 + 0.3 * strategy)
    weight[-1] = 400.0
    middle = points - 0.5
    pair = 9000.0 * middle[:, 3] * middle[:, 0] + 3000.0 * np.sin(6.0 * middle[:, 4])
    return 1500.0 * strategy - 1000.0 + middle @ weight + pair


def write_sweep(
    folder: Path, kind: str, structures: Sequence[str], strategies: Sequence[str]
) -> Path:
    """Write manifest and tables of a sweep of one kind and return its folder."""
    synthetic.write_result(folder, list(structures), list(strategies))
    for path in [*folder.rglob("*.csv"), *folder.rglob("*.parquet")]:
        path.unlink()
    tables = (
        _single(kind, structures, strategies)
        if "-" in kind
        else _global(kind, structures, strategies)
    )
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder


def _outcomes(points: np.ndarray, structures: Sequence[str], strategies: Sequence[str]):
    parts = []
    for place, structure in enumerate(structures):
        for k, strategy in enumerate(strategies[1:], start=1):
            runs = place * len(points) + np.arange(len(points))
            parts.append(
                pd.DataFrame(
                    {"run": runs, "structure": structure, "strategy": strategy,
                     "outcome": HEADLINE, "value": benefit(points, k)}
                )
            )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _global(kind: str, structures: Sequence[str], strategies: Sequence[str]):
    n = {"sobol": 32, "morris": 12, "pawn": 60}[kind]
    cube = sample_cube(kind, INPUTS, n=n, seed=3, second_order=kind == "sobol")
    outcomes = _outcomes(cube.points, structures, strategies)
    sweep, summary = sweep_indices(cube, outcomes, cube.id)
    tables = {"sweep": sweep, "summary": summary, "noise_floor": noise_floor(sweep)}
    if kind != "sobol":
        return tables
    parts = []
    for (structure, strategy), part in outcomes.groupby(["structure", "strategy"], sort=False):
        table = convergence(cube, part["value"].to_numpy(), cube.id, steps=3)
        parts.append(table.assign(structure=structure, strategy=strategy, outcome=HEADLINE))
    return tables | {"convergence": pd.concat(parts, ignore_index=True)}


def _single(kind: str, structures: Sequence[str], strategies: Sequence[str]):
    names = INPUTS[:-1]
    rows, points = [], []
    for structure in structures:
        if kind == "one-way":
            cells = [(BASE, -1, np.nan)] + [(n, k, q) for k, n in enumerate(names) for q in STEPS]
            for name, k, q in cells:
                point = np.full(len(INPUTS), 0.5)
                if k >= 0:
                    point[k] = q
                rows.append(
                    {"run": len(rows), "structure": structure, "factor": name, "path": name,
                     "quantile": q, "value": 100.0 * q, "base_value": 50.0}
                )  # fmt: skip
                points.append(point)
        else:
            for p in STEPS:
                for q in STEPS:
                    point = np.full(len(INPUTS), 0.5)
                    point[0], point[3] = p, q
                    rows.append(
                        {"run": len(rows), "structure": structure, "factor": names[0],
                         "path": names[0], "quantile": p, "value": 20000.0 * p,
                         "base_value": 1e4, "other": names[3], "other_path": names[3],
                         "other_quantile": q, "other_value": 3.0 * q}
                    )  # fmt: skip
                    points.append(point)
    runs = pd.DataFrame(rows)
    size = len(runs) // len(structures)
    outcomes = _outcomes(np.array(points[:size]), structures, strategies)
    if kind == "one-way":
        return {
            "tornado": tornado_table(runs, outcomes),
            "spider": spider_table(runs, outcomes),
        }
    grid = grid_table(runs, outcomes)
    return {"grid": grid, "best_on_grid": best_on_grid(grid, strategies[0], HEADLINE)}
