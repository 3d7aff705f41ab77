"""What a sweep is about: differences of every strategy from the comparator, run by run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from popmodel.errors import InputError, did_you_mean
from popmodel.scenario.schema import Scenario

KEYS: Final = ["run", "structure"]
BLOCK: Final = "block"
WEIGHT: Final = "patients"


@dataclass(frozen=True)
class Asked:
    """What a result is compared with and valued at.

    Attributes:
        strategies: all, in the order of the scenario.
        comparator: what the others are compared with.
        cost: the column of cost that decides.
        wtp: amounts per QALY, in the order of the scenario.
    """

    strategies: tuple[str, ...]
    comparator: str
    cost: str
    wtp: tuple[float, ...]

    @property
    def main_wtp(self) -> float:
        """The middle one of the amounts, for headlines."""
        return sorted(self.wtp)[len(self.wtp) // 2]

    @property
    def headline(self) -> str:
        """Name of the outcome that leads."""
        return benefit_name(self.main_wtp)


def asked_of(scenario: Scenario) -> Asked:
    """Return what a scenario compares and values."""
    return Asked(
        tuple(scenario.strategies),
        scenario.comparator,
        f"cost_{scenario.perspective}",
        tuple(scenario.willingness_to_pay),
    )


def benefit_name(wtp: float) -> str:
    """Return the name of incremental net benefit at an amount per QALY, as `inc_nmb_100000`."""
    return f"inc_nmb_{wtp:.10g}"


def contrasts(rows: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """Return the differences from the comparator of every run.

    Args:
        rows: `run, structure, strategy, dimension, group, patients, <outcome>…`; those of
            `dimension` block are used; means per patient over blocks, weighted by patients.
        asked: what is compared.

    Returns:
        Long: `run, structure, strategy, outcome, value, se`. Outcomes: `inc_nmb_<wtp>`,
        `inc_cost`, `inc_qaly`, `inc_remission_weeks`. `se`: Monte Carlo, from the spread of the
        paired differences between blocks.

    Raises:
        InputError: a strategy or column is missing in a run.
    """
    blocks = by_block(rows, asked.strategies)
    base = _of_strategy(blocks, asked.comparator)
    parts = []
    for strategy in asked.strategies:
        if strategy != asked.comparator:
            own = _of_strategy(blocks, strategy)
            change = _changes(own, base, asked)
            parts.append(_summed(change, own[WEIGHT]).assign(strategy=strategy))
    if not parts:
        raise InputError("there is only the comparator; a sweep needs a strategy to compare")
    long = pd.concat(parts, ignore_index=True)
    long = long.sort_values("run", kind="stable", ignore_index=True)
    return long[[*KEYS, "strategy", "outcome", "value", "se"]]


def by_block(rows: pd.DataFrame, strategies: Sequence[str]) -> pd.DataFrame:
    """Return the rows of blocks, indexed by run, structure, strategy and group.

    Raises:
        InputError: a strategy is missing, or there are no blocks.
    """
    own = rows[rows["dimension"] == BLOCK]
    lacking = [name for name in strategies if name not in set(own["strategy"])]
    if lacking:
        hint = did_you_mean(lacking[0], set(own["strategy"]))
        raise InputError(f"no results of strategy {lacking[0]} {hint}".rstrip())
    return own.set_index([*KEYS, "strategy", "group"]).sort_index()


def _of_strategy(blocks: pd.DataFrame, strategy: str) -> pd.DataFrame:
    own = blocks[blocks.index.get_level_values("strategy") == strategy]
    return own.reset_index("strategy", drop=True)


def _changes(own: pd.DataFrame, base: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    if not own.index.equals(base.index):
        raise InputError("the blocks of two strategies are not the same; the results are mixed up")
    cost = own[asked.cost] - base[asked.cost]
    qaly = own["qaly"] - base["qaly"]
    change = {benefit_name(wtp): wtp * qaly - cost for wtp in asked.wtp}
    change |= {"inc_cost": cost, "inc_qaly": qaly}
    weeks = own["remission_weeks"] - base["remission_weeks"]
    return pd.DataFrame({**change, "inc_remission_weeks": weeks})


def _summed(change: pd.DataFrame, weight: pd.Series[float]) -> pd.DataFrame:
    """Return weighted mean and standard error over blocks of every outcome and run."""
    share = (weight / weight.groupby(level=KEYS).transform("sum")).to_numpy()
    long = change.melt(var_name="outcome", ignore_index=False).reset_index()
    long["share"] = np.tile(share, change.shape[1])
    long["part"] = long["value"] * long["share"]
    keys = [*KEYS, "outcome"]
    mean = long.groupby(keys, sort=False)["part"].transform("sum")
    long["off"] = long["share"] * (long["value"] - mean) ** 2
    by = long.groupby(keys, sort=False)
    found = by.agg(value=("part", "sum"), spread=("off", "sum"), blocks=("off", "size"))
    free = (found["blocks"] - 1).where(found["blocks"] > 1)
    return found.assign(se=np.sqrt(found["spread"] / free)).reset_index()


def outcome_values(long: pd.DataFrame, strategy: str, outcome: str) -> pd.Series[float]:
    """Return one outcome of one strategy by run.

    Raises:
        InputError: there is no such strategy or outcome.
    """
    for name, column in ((strategy, "strategy"), (outcome, "outcome")):
        known = set(long[column])
        if name not in known:
            raise InputError(f"no {column} is called {name} {did_you_mean(name, known)}".rstrip())
    mine = long[(long["strategy"] == strategy) & (long["outcome"] == outcome)]
    values: pd.Series[float] = mine.set_index("run")["value"].sort_index()
    return values
