"""Along one number: where does the best strategy change, and to which?"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd

from popmodel.uncertainty.condition import Condition, Margin, Term, margin_of
from popmodel.uncertainty.contrasts import BLOCK, WEIGHT, Asked
from popmodel.uncertainty.solve import solve

COLUMNS: Final = ("path", "value", "low", "high", "before", "after", "status")
STAYS: Final = "no_change"
DEEPEST: Final = 6


def switches(
    evaluate: Callable[[float], pd.DataFrame],
    path: str,
    low: float,
    high: float,
    asked: Asked,
    wtp: float,
    steps: int = 5,
) -> pd.DataFrame:
    """Return every value between two limits at which another strategy becomes the best.

    A few values are looked at first; between two with different winners the change is closed in
    on with the same patients and luck. Two changes between neighbouring values of the first look
    that undo each other are not seen.

    Args:
        evaluate: gives the rows of a run (by strategy and block) at a value.
        path: name of the number.
        low: lowest value.
        high: highest value.
        asked: what is compared.
        wtp: amount per QALY.
        steps: values of the first look, at least 2.

    Returns:
        Columns `path, value, low, high, before, after, status`; `low` and `high`: 95 % Monte Carlo
        interval; one row with status `no_change` and the winner as `before` if nothing changes.

    Raises:
        InputError: the range is empty, or results are missing.
    """
    seen: dict[float, pd.DataFrame] = {}

    def rows_at(value: float) -> pd.DataFrame:
        if value not in seen:
            seen[value] = evaluate(value)
        return seen[value]

    grid = [float(x) for x in np.linspace(low, high, max(2, steps))]
    found: list[dict[str, Any]] = []
    for left, right in itertools.pairwise(grid):
        found += _between(rows_at, path, left, right, asked, wtp, 0)
    if not found:
        winner = best_of(rows_at(low), asked, wtp)
        found = [dict.fromkeys(COLUMNS, np.nan)]
        found[0] |= {"path": path, "before": winner, "after": winner, "status": STAYS}
    return pd.DataFrame(found, columns=list(COLUMNS))


def _between(
    rows_at: Callable[[float], pd.DataFrame],
    path: str,
    left: float,
    right: float,
    asked: Asked,
    wtp: float,
    depth: int,
) -> list[dict[str, Any]]:
    before, after = (best_of(rows_at(x), asked, wtp) for x in (left, right))
    if before == after:
        return []
    condition = Condition(
        f"nmb({after}) >= nmb({before})", (Term(1.0, "nmb", after), Term(-1.0, "nmb", before)), wtp
    )

    def margin(value: float) -> Margin:
        return margin_of(condition, rows_at(value), asked)

    answer = solve(margin, path, condition.text, left, right)
    third = best_of(rows_at(answer.value), asked, wtp) if answer.tried else before
    if third not in (before, after) and depth < DEEPEST:
        return [
            *_between(rows_at, path, left, answer.value, asked, wtp, depth + 1),
            *_between(rows_at, path, answer.value, right, asked, wtp, depth + 1),
        ]
    row = {"path": path, "value": answer.value, "low": answer.low, "high": answer.high}
    return [row | {"before": before, "after": after, "status": answer.status}]


def best_of(rows: pd.DataFrame, asked: Asked, wtp: float) -> str:
    """Return the strategy with the highest net benefit; of equal ones the first of the scenario."""
    blocks = rows[rows["dimension"] == BLOCK]
    benefit = wtp * blocks["qaly"] - blocks[asked.cost]
    total = (benefit * blocks[WEIGHT]).groupby(blocks["strategy"]).sum()
    return max(asked.strategies, key=lambda name: float(total[name]))
