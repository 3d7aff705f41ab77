"""The view of one payer: what it spends, beside the effects that everybody gains."""

from __future__ import annotations

import pandas as pd

from popmodel.economics.checks import checked, each_structure
from popmodel.errors import InputError, did_you_mean


def paid_by(
    costs: pd.DataFrame, strategies: pd.DataFrame, payer: str, effect: str = "qaly"
) -> pd.DataFrame:
    """Return what one payer spends a patient, with the effect, ready for `incremental_table`.

    Args:
        costs: columns `strategy, category, payer, cost` (`cost_by_category.csv`).
        strategies: columns `strategy, <effect>` (`strategies.csv`).
        payer: a name in the column `payer`.
        effect: name of the effect column.

    Returns:
        Columns `strategy, cost, <effect>`, in the order of `strategies`; `structure` first if the
        tables have it.

    Raises:
        InputError: nobody of that name pays anything, or a column is missing.
    """
    known = sorted({str(name) for name in costs.get("payer", ())})
    if known and payer not in known:
        raise InputError(f"payer: {payer} pays for nothing; {did_you_mean(payer, known)}")
    keys = [name for name in ("structure", "strategy") if name in strategies.columns]
    spent = each_structure(costs, lambda part: _spent(part, payer))
    effects = checked(strategies.reset_index(drop=True), keys, [effect])
    table = effects.merge(spent, on=keys, how="left")
    return table[[*keys, "cost", effect]].fillna({"cost": 0.0})


def _spent(costs: pd.DataFrame, payer: str) -> pd.DataFrame:
    keys = ["strategy", "category", "payer"]
    rows = checked(costs.reset_index(drop=True), keys, ["cost"])
    own = rows["cost"].where(rows["payer"] == payer, 0.0)
    return own.groupby(rows["strategy"], sort=False).sum().reset_index()
