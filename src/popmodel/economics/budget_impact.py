"""Budget impact: what a payer spends more or less in each year when care changes.

Undiscounted, by payer and calendar year, as budgets are made (Sullivan et al., Budget impact
analysis: principles of good practice, Value Health 2014;17:5).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from popmodel.economics.checks import FloatArray, checked, each_structure
from popmodel.errors import InputError
from popmodel.vocabulary import PAYERS

EVERYONE = "all"
SHARES_ADD_UP = 1e-9


def budget_impact(
    costs: pd.DataFrame,
    entrants: pd.DataFrame,
    uptake: pd.DataFrame,
    current: pd.DataFrame | str,
) -> pd.DataFrame:
    """Return spending by payer and year with and without the change.

    Those who enter care in a year are dealt to strategies by that year's shares and keep theirs:
    spending in year y = Σ entrants in e × share of the strategy in e × cost of its follow-up year
    y − e + 1, over all e up to y.

    Args:
        costs: columns `strategy, payer, year, cost`: mean undiscounted cost of a patient in the
            first, second, … year after entry; `category` instead of `payer` is translated.
            `structure`: each apart.
        entrants: columns `year, patients`: calendar years, one after the other. Those in care
            already enter in the first.
        uptake: columns `year, strategy, share`: how entrants are treated after the change.
        current: the same without the change, or the strategy that all have now.

    Returns:
        Columns `year, payer, current, new, impact` (new − current) and the sum of payers as `all`.

    Raises:
        InputError: a cost, year or share is missing, or the shares of a year do not add up to 1.
    """
    years, patients = _entrants(entrants)
    before = _everyone(current, years) if isinstance(current, str) else current

    def one(part: pd.DataFrame) -> pd.DataFrame:
        by_payer, strategies, payers = _cost_array(part, len(years))
        spending = {
            name: _spending(by_payer, patients, _shares(table, years, strategies))
            for name, table in (("current", before), ("new", uptake))
        }
        return _table(spending, years, payers)

    return each_structure(costs, one)


def _entrants(table: pd.DataFrame) -> tuple[list[int], FloatArray]:
    plain = checked(table.reset_index(drop=True), ["year"], ["patients"]).sort_values("year")
    years = _whole_years(plain["year"])
    if years != list(range(years[0], years[0] + len(years))):
        raise InputError(f"entrants: years are left out between {years[0]} and {years[-1]}")
    if (plain["patients"] < 0.0).any():
        raise InputError("entrants: a number of patients is negative")
    return years, plain["patients"].to_numpy()


def _everyone(strategy: str, years: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"year": years, "strategy": strategy, "share": 1.0})


def _whole_years(values: pd.Series[float]) -> list[int]:
    numbers = pd.to_numeric(values, errors="coerce")
    if not (numbers == numbers.round()).all():
        raise InputError("year: whole numbers are needed")
    return [int(year) for year in numbers]


def _cost_array(part: pd.DataFrame, years: int) -> tuple[FloatArray, list[str], list[str]]:
    """Return cost by strategy, payer and year of follow-up, and the names of the first two."""
    if "payer" not in part.columns and "category" in part.columns:
        unknown = [name for name in part["category"].unique() if name not in PAYERS]
        if unknown:
            raise InputError(f"costs: nobody is known to pay for {unknown[0]}: give a column payer")
        keys = ["strategy", "category", "year"]
        part = checked(part, keys, ["cost"]).assign(payer=lambda t: t["category"].map(PAYERS))
        sums = part.groupby(["strategy", "payer", "year"], sort=False)["cost"].sum()
        part = sums.reset_index()
    plain = checked(part, ["strategy", "payer", "year"], ["cost"])
    plain["year"] = _whole_years(plain["year"])
    wide = plain.pivot(index=["strategy", "payer"], columns="year", values="cost")
    strategies = list(dict.fromkeys(plain["strategy"]))
    payers = list(dict.fromkeys(plain["payer"]))
    wide = wide.reindex(pd.MultiIndex.from_product([strategies, payers]))
    wide = wide.reindex(columns=range(1, years + 1))
    if wide.isna().any(axis=None):
        row, column = np.argwhere(wide.isna().to_numpy())[0]
        strategy, payer = wide.index[row]
        raise InputError(f"costs: {strategy} has none for {payer} in year {column + 1} after entry")
    return wide.to_numpy().reshape(len(strategies), len(payers), years), strategies, payers


def _shares(table: pd.DataFrame, years: list[int], strategies: list[str]) -> FloatArray:
    """Return the share of entrants by year and strategy."""
    plain = checked(table.reset_index(drop=True), ["year", "strategy"], ["share"])
    plain["year"] = _whole_years(plain["year"])
    unknown = [name for name in plain["strategy"].unique() if name not in strategies]
    if unknown:
        raise InputError(f"uptake: {unknown[0]} has no costs")
    if (plain["share"] < 0.0).any():
        raise InputError("uptake: a share is negative")
    wide = plain.pivot(index="year", columns="strategy", values="share")
    shares = wide.reindex(index=years, columns=strategies).fillna(0.0).to_numpy()
    for year, total in zip(years, shares.sum(axis=1), strict=True):
        if abs(total - 1.0) > SHARES_ADD_UP:
            raise InputError(f"uptake: the shares of {year} add up to {total:g}, not to 1")
    return shares


def _spending(cost: FloatArray, patients: FloatArray, shares: FloatArray) -> FloatArray:
    """Return spending by calendar year and payer."""
    years = len(patients)
    spent = np.zeros((years, cost.shape[1]))
    for entry in range(years):
        for year in range(entry, years):
            spent[year] += patients[entry] * shares[entry] @ cost[:, :, year - entry]
    return spent


def _table(spending: dict[str, FloatArray], years: list[int], payers: list[str]) -> pd.DataFrame:
    names = [*payers, EVERYONE]
    columns = {
        name: np.column_stack([spent, spent.sum(axis=1)]).ravel()
        for name, spent in spending.items()
    }
    out = pd.DataFrame({"year": np.repeat(years, len(names)), "payer": names * len(years)})
    return out.assign(**columns, impact=columns["new"] - columns["current"])
