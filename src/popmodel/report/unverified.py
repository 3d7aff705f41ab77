"""Which numbers nobody has read in their source yet, the most influential ones first."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from popmodel.errors import InputError
from popmodel.evidence.calibration import fitted_paths
from popmodel.evidence.listing import origin
from popmodel.report.tables import Result
from popmodel.report.words import clean
from popmodel.scenario import check_scenario

RESOLVED = "resolved.yaml"
MOST = 15
WORDS = {"recalled": "recalled, not yet read", "assumption": "assumption"}
NO_RANK = (0.0, "")
TOTAL_INDICES = ("ST", "mu_star", "S1")
"""Columns `index` of a sweep that tell influence, the best first."""


@dataclass(frozen=True)
class Unverified:
    """A number without a source that was read.

    Attributes:
        path: dotted path; `popmodel explain` tells all about it.
        influence: what ranks it, in words; empty when nothing does.
    """

    path: str
    value: str
    rests_on: str
    influence: str


def unverified(result: Result) -> tuple[list[Unverified], int]:
    """Return the unverified numbers to look at first, and how many there are.

    Ranked by a table of influence where there is one (EVPPI, else a sweep); else what is recalled
    stands before what is assumed, and numbers of treatments that are offered first.
    """
    known = _unread(result)
    ranks = influence(result)
    started = _started(result)

    def place(path: str) -> tuple[float, bool, int, str]:
        kind, _, rest = path.partition(".")
        treatment = rest.partition(".")[0] if kind == "treatments" else ""
        idle = 0 if treatment in started else 2 if treatment else 1
        return (-ranks.get(path, NO_RANK)[0], known[path][1] != "recalled", idle, path)

    ranked = [path for path in known if path in ranks]
    ordered = sorted(ranked or known, key=place)
    shown = [
        Unverified(path, known[path][0], WORDS[known[path][1]], ranks.get(path, NO_RANK)[1])
        for path in ordered[:MOST]
    ]
    return shown, len(known)


def _unread(result: Result) -> dict[str, tuple[str, str]]:
    """Return path → value and origin of numbers recalled or assumed, and not fitted since."""
    resolved = result.directory / RESOLVED
    try:
        scenario = check_scenario(resolved).scenario if resolved.is_file() else None
    except InputError:
        return {}
    if scenario is None:
        return {}
    evidence = scenario.evidence()
    fitted = fitted_paths(evidence, [choice.calibration for choice in scenario.structures()])
    found: dict[str, tuple[str, str]] = {}
    for path, quantity in evidence.quantities().items():
        rests = origin(evidence, path)
        if rests in WORDS and path not in fitted:
            found[path] = (clean(f"{quantity.value:g} {quantity.unit}"), rests)
    return found


def _started(result: Result) -> set[str]:
    if not result.has("flow"):
        return set()
    flow = result.table("flow")
    return set(flow.loc[(flow["outcome"] == "started") & (flow["count"] > 0), "treatment"])


def influence(result: Result) -> dict[str, tuple[float, str]]:
    """Return path → influence and its words, from EVPPI or a sweep; empty when there is neither."""
    if result.has("psa/evppi"):
        return _from_evppi(result)
    for path in sorted(result.directory.glob("sweep-*/sweep.csv")):
        found = _from_sweep(pd.read_csv(path))
        if found:
            return found
    return {}


def _from_evppi(result: Result) -> dict[str, tuple[float, str]]:
    about = result.about_psa
    table = result.table("psa/evppi")
    price = about.main_wtp or float(table["wtp"].median())
    at = table[table["wtp"] == table["wtp"].iloc[int((table["wtp"] - price).abs().argmin())]]
    worth = at.groupby("parameter")["evppi"].max()
    return {
        str(path): (float(value), f"EVPPI {value:,.0f} {about.currency}")
        for path, value in worth.items()
    }


def _from_sweep(table: pd.DataFrame) -> dict[str, tuple[float, str]]:
    if not {"factor", "index", "value"} <= set(table.columns):
        return {}
    for index in TOTAL_INDICES:
        own = table[table["index"] == index]
        if len(own):
            most = own.groupby("factor")["value"].max()
            return {str(f): (float(v), f"{index} {v:.2f}") for f, v in most.items()}
    return {}
