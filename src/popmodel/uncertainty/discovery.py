"""Scenario discovery: the region of assumptions in which a strategy is the best (PRIM).

The patient rule induction method (Friedman and Fisher 1999; for policy: Bryant and Lempert 2010)
starts with all runs and peels off, again and again, the thin slice at one end of one input whose
removal leaves the largest share of runs of interest. What is left is a box, read as a sentence:
"best if the price is under … and potency above …".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from popmodel.errors import InputError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

PEEL: Final = 0.05
"""Share of the runs in the box that one step takes off."""
SMALLEST: Final = 0.05
"""Share of all runs under which a box is not peeled further."""
FEWEST: Final = 40
"""Runs under which a box would be chance."""
REGIONS: Final = (
    "structure", "strategy", "best_in", "density", "coverage",
    "input", "low", "high", "needed", "p_value",
)  # fmt: skip
LIMITS: Final = ("input", "low", "high", "needed", "p_value")


@dataclass(frozen=True, eq=False)
class Box:
    """A region of the inputs.

    Attributes:
        limits: `input, low, high, needed, p_value`: one row for each input that is limited; `low`
            and `high` of the values, infinite where open; `needed`: share of runs of interest in
            the box if this limit were dropped; `p_value`: chance that runs
            taken off blindly leave as dense a box; too small, for the limit was searched for.
        density: share of the runs in the box that are of interest.
        coverage: share of the runs of interest that lie in the box.
        mass: share of all runs in the box.
    """

    limits: pd.DataFrame
    density: float
    coverage: float
    mass: float


def trajectory(values: pd.DataFrame, interest: Any) -> pd.DataFrame:
    """Return every box of the peeling, from all runs to the smallest.

    Args:
        values: one row a run, one column an input.
        interest: which runs are of interest; shape (runs,).

    Returns:
        Columns `step, mass, density, coverage`; `step` 0 is all runs.

    Raises:
        InputError: see `find_box`.
    """
    x, hit = _checked(values, interest)
    rows = []
    for step, (inside, _, _) in enumerate(_peeled(x, hit)):
        mass, density, coverage = _measures(inside, hit)
        rows.append({"step": step, "mass": mass, "density": density, "coverage": coverage})
    return pd.DataFrame(rows)


def find_box(values: pd.DataFrame, interest: Any, density: float = 0.8) -> Box:
    """Return the largest box of the peeling in which enough runs are of interest.

    Args:
        values: one row a run, one column an input (any scale; only ranks matter to the search).
        interest: which runs are of interest; shape (runs,).
        density: wanted share of runs of interest in the box; the densest box if none reaches it.

    Raises:
        InputError: too few runs, lengths that differ, a value that is no number, or none or all of
            the runs are of interest.
    """
    x, hit = _checked(values, interest)
    boxes = list(_peeled(x, hit))
    dense = [k for k, (inside, _, _) in enumerate(boxes) if hit[inside].mean() >= density]
    best = dense[0] if dense else int(np.argmax([hit[inside].mean() for inside, _, _ in boxes]))
    inside, low, high = boxes[best]
    mass, share, coverage = _measures(inside, hit)
    rows = []
    for k, name in enumerate(values.columns):
        if np.isfinite(low[k]) or np.isfinite(high[k]):
            without = _inside(x, low, high, drop=k)
            rows.append(
                (
                    str(name),
                    low[k],
                    high[k],
                    float(hit[without].mean()),
                    _chance(hit, without, inside),
                )
            )
    limits = pd.DataFrame(rows, columns=list(LIMITS)).sort_values("needed", ignore_index=True)
    return Box(limits, share, coverage, mass)


def _checked(values: pd.DataFrame, interest: Any) -> tuple[Floats, Flags]:
    x, hit = values.to_numpy(dtype=float), np.asarray(interest, dtype=bool)
    if len(x) < FEWEST:
        raise InputError(f"discovery needs at least {FEWEST} runs (found {len(x)})")
    if hit.shape != (len(x),):
        raise InputError(f"{len(x)} runs and {hit.shape} marks of interest do not go together")
    if not np.isfinite(x).all():
        raise InputError("a value of an input is missing or infinite")
    if hit.all() or not hit.any():
        raise InputError(f"{'all' if hit.any() else 'none'} of the runs are of interest: no region")
    return x, hit


def _peeled(x: Floats, hit: Flags) -> Any:
    """Yield runs inside and limits of every box, the first one open on all sides."""
    low, high = np.full(x.shape[1], -np.inf), np.full(x.shape[1], np.inf)
    inside = np.ones(len(x), dtype=bool)
    while True:
        yield inside, low.copy(), high.copy()
        found = _best_peel(x, hit, inside)
        if found is None:
            return
        column, end, limit = found
        (low if end == 0 else high)[column] = limit
        inside = _inside(x, low, high)


def _best_peel(x: Floats, hit: Flags, inside: Flags) -> tuple[int, int, float] | None:
    """Return input, end and limit of the peel that leaves the largest share of interest."""
    best: tuple[float, float] = (float(hit[inside].mean()), 0.0)
    chosen = None
    if best[0] == 1.0:
        return None
    for column in range(x.shape[1]):
        own = x[inside, column]
        for end, limit in enumerate(np.quantile(own, [PEEL, 1.0 - PEEL])):
            kept = own >= limit if end == 0 else own <= limit
            count = int(kept.sum())
            if count == len(own) or count < max(SMALLEST * len(x), FEWEST / 4):
                continue
            score = (float(hit[inside][kept].mean()), count / len(x))
            if score > best:
                best, chosen = score, (column, end, float(limit))
    return chosen


def _inside(x: Floats, low: Floats, high: Floats, drop: int | None = None) -> Flags:
    fits = np.logical_and(x >= low, x <= high)
    if drop is not None:
        fits[:, drop] = True
    found: Flags = np.asarray(fits.all(axis=1))
    return found


def _measures(inside: Flags, hit: Flags) -> tuple[float, float, float]:
    """Return mass, density and coverage of a box."""
    return (
        float(inside.mean()), float(hit[inside].mean()), float((hit & inside).sum() / hit.sum())
    )  # fmt: skip


def _chance(hit: Flags, without: Flags, inside: Flags) -> float:
    """Return how probable so dense a part is if runs are taken off blindly (hypergeometric)."""
    pool = hit[without]
    law = stats.hypergeom(len(pool), int(pool.sum()), int(inside.sum()))
    return float(law.sf(int(hit[inside].sum()) - 1))


def best_runs(outcomes: pd.DataFrame, strategy: str, comparator: str, outcome: str) -> Flags:
    """Return in which runs a strategy is the best of all.

    Args:
        outcomes: long, `run, strategy, outcome, value`, increments over the comparator.
        strategy: of interest; may be the comparator.
        comparator: its increment is 0.
        outcome: incremental net benefit.

    Raises:
        InputError: there is no such strategy or outcome.
    """
    own = outcomes[outcomes["outcome"] == outcome]
    wide = own.pivot(index="run", columns="strategy", values="value")
    wide[comparator] = 0.0
    if own.empty or strategy not in wide:
        raise InputError(f"no results on {outcome} of {strategy}")
    found: Flags = (wide[strategy] >= wide.max(axis=1)).to_numpy(dtype=bool)
    return found


def regions_table(
    design: pd.DataFrame, outcomes: pd.DataFrame, strategies: Sequence[str], outcome: str
) -> pd.DataFrame:
    """Return for every structure and strategy where in the space of inputs it is the best.

    Args:
        design: `run, structure, luck, <path>…`, points of one sample.
        outcomes: long, increments over the first of the strategies.
        strategies: all, the comparator first.
        outcome: incremental net benefit.

    Returns:
        `structure, strategy, best_in, density, coverage, input, low, high, needed, p_value`:
        `best_in`: share of all runs; a row a limit, or one without for a strategy that is the best
        everywhere, nowhere, or in a region that no limit describes.
    """
    rows: list[dict[str, Any]] = []
    for structure, part in design.groupby("structure", sort=False):
        own = outcomes[outcomes["structure"] == structure]
        values = part.set_index("run").sort_index().drop(columns=["structure", "luck"])
        values = values.loc[:, values.nunique() > 1]
        for strategy in strategies:
            best = best_runs(own, strategy, strategies[0], outcome)
            told = {"structure": structure, "strategy": strategy, "best_in": float(best.mean())}
            if best.all() or not best.any() or len(values) < FEWEST:
                rows.append(told)
                continue
            box = find_box(values, best)
            told |= {"density": box.density, "coverage": box.coverage}
            found = [{str(k): x for k, x in row.items()} for row in box.limits.to_dict("records")]
            rows += [told | row for row in found] or [told]
    return pd.DataFrame(rows).reindex(columns=list(REGIONS))
