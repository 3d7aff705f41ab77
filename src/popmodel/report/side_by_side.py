"""Several results as one: every strategy of every scenario in the same tables and charts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from popmodel.economics.incremental import incremental_table
from popmodel.errors import InputError
from popmodel.outcomes import with_other_effects
from popmodel.results import Folder, Result

MUST_AGREE = ("perspective", "currency", "price_year", "discount", "horizon_years", "structures")
"""Facts that must be the same, or costs and effects cannot stand side by side."""


def side_by_side(results: Mapping[str, Result], out: Path) -> Result:
    """Write several results as one, and return it.

    A strategy is called `<scenario>.<strategy>`. Comparisons with a comparator stay within each
    scenario, whose patients they pair; the frontier is drawn over all strategies.

    Args:
        results: Results by scenario, at least one; the first gives the comparator of the whole.
        out: Folder to write.

    Raises:
        InputError: They differ in what makes them comparable.
    """
    _refuse_differences(results)
    first = next(iter(results.values()))
    tables = {
        name: pd.concat(
            [_renamed(result.tables[name], scenario) for scenario, result in results.items()],
            ignore_index=True,
        )
        for name, table in first.tables.items()
        if "strategy" in table.columns and name != "incremental"
    }
    manifest = _manifest(results)
    tables["incremental"] = _frontier(tables["strategies"], manifest["perspective"])
    weeks = {
        structure: pd.concat(
            [_renamed(result.weekly(structure), name) for name, result in results.items()],
            ignore_index=True,
        )
        for structure in first.structures
    }
    resolved = {name: dict(result.resolved) for name, result in results.items()}
    whole = Result(tables, first.structures, weeks, {}, manifest, resolved, out)
    with Folder(out) as folder:
        folder.publish(whole)
    return whole


def _refuse_differences(results: Mapping[str, Result]) -> None:
    for fact in MUST_AGREE:
        found = {name: result.manifest[fact] for name, result in results.items()}
        if len({str(value) for value in found.values()}) > 1:
            told = ", ".join(f"{name} has {value}" for name, value in found.items())
            raise InputError(f"{fact} must be the same to compare: {told}")


def _renamed(table: pd.DataFrame, scenario: str) -> pd.DataFrame:
    return table.assign(strategy=[f"{scenario}.{name}" for name in table["strategy"]])


def _frontier(strategies: pd.DataFrame, perspective: str) -> pd.DataFrame:
    keys = [name for name in ("structure", "strategy") if name in strategies.columns]
    cost = f"cost_{perspective}"
    means = strategies[[*keys, cost, "qaly"]].rename(columns={cost: "cost"})
    return with_other_effects(incremental_table(means), strategies)


def _manifest(results: Mapping[str, Result]) -> dict[str, Any]:
    """Return the facts of the first result, with the names of all."""
    name, first = next(iter(results.items()))
    labels = {
        f"{scenario}.{strategy}": f"{label} ({scenario})"
        for scenario, result in results.items()
        for strategy, label in result.manifest["strategies"].items()
    }
    return {
        **first.manifest,
        "title": " | ".join(str(result.manifest["title"]) for result in results.values()),
        "scenario": " | ".join(results),
        "comparator": f"{name}.{first.manifest['comparator']}",
        "strategies": labels,
        "compared": {scenario: dict(result.manifest) for scenario, result in results.items()},
    }
