"""How the cost of one strategy becomes that of another, category by category."""

from __future__ import annotations

from typing import Any

import pandas as pd

from popmodel.economics.checks import each_structure
from popmodel.errors import InputError

HEALTH_CARE = "health_care"


def cost_steps(costs: pd.DataFrame, comparator: str, perspective: str) -> pd.DataFrame:
    """Return the steps from the cost of the comparator to that of every other strategy.

    Args:
        costs: columns `strategy, perspective, category, cost`, as `cost_by_category.csv`; payers of
            a category are added up. `structure`: each apart.
        comparator: strategy of today.
        perspective: `health_care`, or `societal` for all categories.

    Returns:
        One row a strategy and category: `strategy, category, cost_before` (of the comparator),
        `cost_after, change, start, end`. Steps join: the first starts at the comparator's total,
        each other one where the last ended, and the last ends at the strategy's total.

    Raises:
        InputError: the comparator has no costs.
    """

    def one(part: pd.DataFrame) -> pd.DataFrame:
        kept = part if perspective != HEALTH_CARE else part[part["perspective"] == HEALTH_CARE]
        sums = kept.groupby(["strategy", "category"], sort=False)["cost"].sum()
        wide = sums.unstack("category").fillna(0.0)
        if comparator not in wide.index:
            raise InputError(f"comparator: {comparator} has no costs")
        order = list(dict.fromkeys(kept["category"]))
        names = [s for s in dict.fromkeys(kept["strategy"]) if s != comparator]
        means = {str(name): row[order] for name, row in wide.iterrows()}
        parts = [_steps(name, means[comparator], means[name]) for name in names]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)

    return each_structure(costs, one)


COLUMNS = ["strategy", "category", "cost_before", "cost_after", "change", "start", "end"]


def _steps(name: str, base: pd.Series[Any], own: pd.Series[Any]) -> pd.DataFrame:
    change = (own - base).to_numpy()
    end = float(base.sum()) + change.cumsum()
    return pd.DataFrame(
        {
            "strategy": name, "category": base.index, "cost_before": base.to_numpy(),
            "cost_after": own.to_numpy(), "change": change, "start": end - change, "end": end,
        }
    )  # fmt: skip
