"""Telling what is worth learning: what `psa`, `voi` and `sweep --method sobol` print of EVPPI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from popmodel.cli.printing import money, print_table, remark

if TYPE_CHECKING:
    import pandas as pd

NAMED = 8
"""Numbers printed of those worth learning; the table holds more."""


def tell_learning(where: str, table: pd.DataFrame, middle: float) -> None:
    """Print the numbers that are worth most to learn; those within their noise are left out."""
    clear = table["evppi"] - table["evppi_noise"] > table["evppi_se"]
    own = table[(table["wtp"] == middle) & clear]
    rows = [
        (str(row["parameter"]), money(row["evppi"], row["evppi_se"]), money(row["evppi_noise"]))
        for row in own.sort_values("evppi", ascending=False).head(NAMED).to_dict("records")
    ]
    title = f"Worth learning{f' ({where})' if where else ''}, a patient"
    if rows:
        print_table(title, ("number or subject", "EVPPI", "noise"), rows)
    else:
        remark(f"{title}: no number stands out from noise; more --samples would tell")
