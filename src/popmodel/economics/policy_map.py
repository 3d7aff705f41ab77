"""Whom to offer what: the best strategy by biotype, severity and willingness to pay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from popmodel.economics.acceptability import acceptability_frontier
from popmodel.economics.checks import FloatArray, checked, each_structure, wtp_values

ALL = "all"
GROUP = ("biotype", "severity_band")


def policy_map(
    subgroups: pd.DataFrame, wtp: float | Sequence[float] | FloatArray, effect: str = "qaly"
) -> pd.DataFrame:
    """Return the strategy to choose in every group of patients at every willingness to pay.

    To choose is the strategy with the highest expected net benefit of the group; `probability` is
    the share of draws in which it is the best one there. Small groups are mostly luck: `patients`
    says how many stand behind a cell.

    Args:
        subgroups: columns `sample, strategy, biotype, severity_band, patients, cost, <effect>`:
            means of a patient of the group; `structure`: each apart. Empty groups are left out.
        wtp: willingness to pay, money per unit of effect.
        effect: name of the effect column.

    Returns:
        Columns `biotype, severity_band, wtp, strategy, probability, patients` (mean of a draw),
        `samples` (draws in which the group has patients), biotypes together as `all`.

    Raises:
        InputError: a column or number is missing, or a draw lacks a strategy.
    """
    prices = wtp_values(wtp)

    def one(part: pd.DataFrame) -> pd.DataFrame:
        plain = checked(
            part[part["patients"] > 0], ["sample", "strategy", *GROUP], ["patients", "cost", effect]
        )
        whole = pd.concat([together(plain, ["cost", effect]), plain], ignore_index=True)
        groups: Any = whole.groupby(list(GROUP), sort=False)
        return pd.concat([_cell((str(b), str(s)), own, prices, effect) for (b, s), own in groups])

    return each_structure(subgroups, one).reset_index(drop=True)


def together(groups: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return the means over biotypes, weighted by patients, as biotype `all`."""
    keys = ["sample", "strategy", "severity_band"]
    sums = groups[list(columns)].mul(groups["patients"], axis=0)
    added = pd.concat([groups[[*keys, "patients"]], sums], axis=1).groupby(keys, sort=False).sum()
    added[list(columns)] = added[list(columns)].div(added["patients"], axis=0)
    return added.reset_index().assign(biotype=ALL)


def _cell(key: tuple[str, str], own: pd.DataFrame, prices: FloatArray, effect: str) -> pd.DataFrame:
    best = acceptability_frontier(own, prices, effect)
    best.insert(0, "biotype", key[0])
    best.insert(1, "severity_band", key[1])
    size = own.drop_duplicates("sample")["patients"]
    return best.assign(patients=float(size.mean()), samples=len(size))
