"""What a run found, as a table on the terminal or as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from popmodel.cli.printing import money, number, print_table, remark, share

if TYPE_CHECKING:
    import pandas as pd

    from popmodel.results import Result


def record(result: Result, folder: Path) -> dict[str, Any]:
    """Return the main tables of a result as plain data."""
    return {
        "title": result.manifest["title"],
        "results": str(folder),
        "held_out_weight": dict(result.manifest.get("held_out_weight", {})),
        "strategies": result.strategies.to_dict("records"),
        "versus_comparator": result.versus_comparator.to_dict("records"),
    }


def print_answer(result: Result) -> None:
    """Print one table a structure: what each strategy reaches, and what it costs."""
    about = result.manifest
    money_words = about["currency"]
    headings = (
        "strategy",
        "remitted at 12 months",
        "weeks in remission",
        f"cost ({money_words})",
        "QALY",
        f"{money_words} per remission week",
    )
    for structure in result.structures:
        strategies = _of_structure(result.strategies, structure)
        versus = _of_structure(result.versus_comparator, structure).set_index("strategy")
        against = versus.to_dict("index")
        rows = [_row(about, row, against) for row in strategies.to_dict("records")]
        print_table(f"{about['title']} ({structure})", headings, rows)
    remark(
        f"Per patient, {about['perspective'].replace('_', ' ')} costs, costs and QALYs discounted; "
        "± one Monte Carlo standard error.\n"
        f"Per remission week: against {about['strategies'][about['comparator']]}."
    )
    tell_weights(about.get("held_out_weight", {}), len(result.structures))


def tell_weights(weights: Mapping[str, float], structures: int) -> None:
    """Say which of several structures the trials held back favour, and by how much."""
    if structures < 2:
        return
    if len(weights) < structures:
        remark("No weight of structures: not all of them were held against trials.")
        return
    told = ", ".join(f"{name} {number(weight, 2)}" for name, weight in weights.items())
    remark(f"Weight by the trials held back (docs/validation.md; differences overstated): {told}.")


def _row(about: Any, row: dict[Any, Any], against: dict[Any, Any]) -> tuple[str, ...]:
    name = str(row["strategy"])
    cost = f"cost_{about['perspective']}"
    return (
        str(about["strategies"][name]),
        share(row["remission_12m"], row["remission_12m_se"]),
        number(row["remission_weeks"], 1, row["remission_weeks_se"]),
        money(row[cost], row[cost + "_se"]),
        number(row["qaly"], 3, row["qaly_se"]),
        _per_week(against[name]) if name in against else "comparator",
    )


def _per_week(versus: dict[Any, Any]) -> str:
    """Return the price of a week in remission, or in words why there is none."""
    if versus["inc_remission_weeks"] <= 0:
        return "no gain" if versus["inc_cost"] >= 0 else "saves, no gain"
    if versus["inc_cost"] <= 0:
        return "saves"
    return money(versus["cost_per_remission_week"], versus["cost_per_remission_week_se"])


def _of_structure(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table[table["structure"] == name] if "structure" in table.columns else table
