"""What is spent in each year, by payer and category: undiscounted, as budgets are made.

Those who are simulated enter as the scenario says and all are treated by the strategy from the
first day; `budget_impact` deals later entrants to strategies by an uptake.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from popmodel.economics.checks import FloatArray
from popmodel.units import DAYS_PER_WEEK, DAYS_PER_YEAR
from popmodel.vocabulary import HEALTH_CARE_CATEGORIES, PAYERS

BEFORE = "cost_"
TIE = 1e-9


def yearly_budget(
    weekly: pd.DataFrame, costs: pd.DataFrame, comparator: str, patients: int, days: float
) -> pd.DataFrame:
    """Return undiscounted spending by year, payer and category, and what is spent more.

    A week that lies in two years is dealt to both by its days.

    Args:
        weekly: columns `strategy, week, cost_<category>…`: money of all patients in the week.
        costs: columns `strategy, category, payer, cost_undiscounted`: who pays which share.
        comparator: strategy of today.
        patients: simulated patients, for means.
        days: simulated.

    Returns:
        Columns `strategy, year` (1 is the first), `payer, category, perspective` (`societal` for
        what only that one counts), `cost` (money of all simulated patients), `cost_per_patient`
        and `inc_cost_per_patient` (more than the comparator).
    """
    categories = [c.removeprefix(BEFORE) for c in weekly.columns if c.startswith(BEFORE)]
    shares = payer_shares(costs, categories)
    parts = []
    for name, own in weekly.groupby("strategy", sort=False):
        spent = _by_year(own, categories, days)
        parts.append(_rows(str(name), spent, shares.get(str(name), {}), categories))
    table = pd.concat(parts, ignore_index=True)
    table["cost_per_patient"] = table["cost"] / max(patients, 1)
    keys = ["year", "payer", "category"]
    base = table[table["strategy"] == comparator].set_index(keys)["cost_per_patient"]
    own_base = base.reindex(pd.MultiIndex.from_frame(table[keys])).fillna(0.0).to_numpy()
    return table.assign(inc_cost_per_patient=table["cost_per_patient"] - own_base)


Shares = dict[str, dict[str, float]]
"""Category → payer → share of the money."""


def payer_shares(costs: pd.DataFrame, categories: list[str]) -> dict[str, Shares]:
    """Return by strategy who pays which share; one payer where nothing is spent."""
    known: dict[str, Shares] = {}
    for row in costs.to_dict("records"):
        own = known.setdefault(str(row["strategy"]), {}).setdefault(str(row["category"]), {})
        payer = str(row["payer"])
        own[payer] = own.get(payer, 0.0) + float(row["cost_undiscounted"])
    for categories_of in known.values():
        for category in categories:
            paid = categories_of.get(category, {})
            whole = sum(paid.values())
            shares = {payer: money / whole for payer, money in paid.items()} if whole else {}
            categories_of[category] = shares or {PAYERS.get(category, category): 1.0}
    return known


def _by_year(own: pd.DataFrame, categories: list[str], days: float) -> FloatArray:
    """Return money by year and category."""
    years = max(1, int(np.ceil(days / DAYS_PER_YEAR - TIE)))
    first = own["week"].to_numpy(dtype=float) * DAYS_PER_WEEK
    last = np.minimum(first + DAYS_PER_WEEK, np.maximum(days, first + TIE))
    edges = np.arange(years + 1) * DAYS_PER_YEAR
    edges[-1] = max(edges[-1], float(last.max()))
    inside = np.minimum(last[None], edges[1:, None]) - np.maximum(first[None], edges[:-1, None])
    shares = np.clip(inside, 0.0, None) / (last - first)
    money = own[[f"{BEFORE}{c}" for c in categories]].to_numpy(dtype=float)
    spent: FloatArray = shares @ money
    return spent


def _rows(name: str, spent: FloatArray, shares: Shares, categories: list[str]) -> pd.DataFrame:
    rows = [
        (
            name, year + 1, payer, category,
            "health_care" if category in HEALTH_CARE_CATEGORIES else "societal",
            float(spent[year, k]) * share,
        )
        for year in range(len(spent))
        for k, category in enumerate(categories)
        for payer, share in shares.get(category, {PAYERS.get(category, category): 1.0}).items()
    ]  # fmt: skip
    return pd.DataFrame(
        rows, columns=["strategy", "year", "payer", "category", "perspective", "cost"]
    )
