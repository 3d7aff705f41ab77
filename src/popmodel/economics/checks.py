"""What a table must be before anything is computed from it: complete, finite, unambiguous."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from popmodel.errors import Problems

FloatArray = npt.NDArray[np.float64]
STRUCTURE = "structure"
HEADER_LINES = 2  # row 0 of a table stands in line 2 of its CSV file


@dataclass(frozen=True)
class Samples:
    """Parameter draws as arrays.

    Attributes:
        strategies: names, in order of first appearance.
        cost: money, shape (samples, strategies).
        effect: QALYs or another effect, same shape.
    """

    strategies: tuple[str, ...]
    cost: FloatArray
    effect: FloatArray


def each_structure(
    table: pd.DataFrame, function: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    """Apply a function to every structure of a table apart; without that column, to all of it."""
    if STRUCTURE not in table.columns:
        return function(table)
    parts = []
    for structure, rows in table.groupby(STRUCTURE, sort=False, dropna=False):
        result = function(rows.drop(columns=STRUCTURE))
        result.insert(0, STRUCTURE, str(structure))
        parts.append(result)
    return pd.concat(parts, ignore_index=True) if parts else function(table)


def strategy_means(table: pd.DataFrame, effect: str) -> pd.DataFrame:
    """Return `strategy, cost, <effect>` as text and floats, one row a strategy.

    Raises:
        InputError: a column is missing, a number is missing or infinite, a strategy occurs twice.
    """
    problems = Problems()
    plain = _typed(table, ["strategy", "cost", effect], problems)
    _refuse_repeats(plain, ["strategy"], problems, _name_of(table))
    problems.raise_if_any()
    return plain


def samples_of(psa: pd.DataFrame, effect: str) -> Samples:
    """Return the draws of a table `sample, strategy, cost, <effect>` as arrays.

    Raises:
        InputError: as `strategy_means`, or a sample lacks a strategy.
    """
    problems = Problems()
    plain = _typed(psa, ["sample", "strategy", "cost", effect], problems)
    _refuse_repeats(plain, ["sample", "strategy"], problems, _name_of(psa))
    strategies = tuple(dict.fromkeys(plain["strategy"]))
    _refuse_gaps(plain, strategies, problems, _name_of(psa))
    problems.raise_if_any()
    wide = plain.pivot(index="sample", columns="strategy")
    return Samples(
        strategies,
        wide["cost"][list(strategies)].to_numpy(dtype=np.float64),
        wide[effect][list(strategies)].to_numpy(dtype=np.float64),
    )


def wtp_values(wtp: float | Sequence[float] | FloatArray) -> FloatArray:
    """Return the willingness-to-pay values as an array; each finite and not negative."""
    values = np.atleast_1d(np.asarray(wtp, dtype=np.float64))
    problems = Problems()
    for position, value in enumerate(values):
        if not np.isfinite(value) or value < 0.0:
            _add(
                problems,
                "willingness to pay",
                position,
                "wtp",
                f"{value} is not a price of at least 0",
            )
    problems.raise_if_any()
    return values


def _typed(table: pd.DataFrame, columns: list[str], problems: Problems) -> pd.DataFrame:
    name = _name_of(table)
    for column in columns:
        if column not in table.columns:
            has = ", ".join(map(str, table.columns))
            problems.add(
                file=name, line=1, column=1, where=column, message="this column is missing",
                hint=f"the table has: {has}",
            )  # fmt: skip
    if not len(table):
        problems.add(file=name, line=1, column=1, where="table", message="has no rows")
    problems.raise_if_any()
    plain = pd.DataFrame({c: _column(table[c], c, name, problems) for c in columns})
    return plain.reset_index(drop=True)


def _column(values: pd.Series[Any], column: str, name: str, problems: Problems) -> pd.Series[Any]:
    if column in ("strategy", "sample"):
        for row in np.flatnonzero(values.isna()):
            _add(problems, name, int(row), column, "is empty")
        return values.astype(str) if column == "strategy" else values
    numbers = pd.to_numeric(values, errors="coerce").astype(np.float64)
    for row in np.flatnonzero(~np.isfinite(numbers)):
        _add(problems, name, int(row), column, f"{values.iloc[row]} is not a finite number")
    return numbers


def _refuse_repeats(plain: pd.DataFrame, keys: list[str], problems: Problems, name: str) -> None:
    for row in np.flatnonzero(plain.duplicated(keys)):
        what = ", ".join(f"{key} {plain[key].iloc[row]}" for key in keys)
        _add(problems, name, int(row), keys[-1], f"a second row for {what}")


def _refuse_gaps(
    plain: pd.DataFrame, strategies: tuple[str, ...], problems: Problems, name: str
) -> None:
    counts = plain.groupby("sample", sort=False)["strategy"].nunique()
    for sample in counts.index[counts < len(strategies)]:
        has = set(plain.loc[plain["sample"] == sample, "strategy"])
        lacks = ", ".join(s for s in strategies if s not in has)
        problems.add(
            file=name, line=1, column=1, where=f"sample {sample}", message=f"has no row for {lacks}"
        )


def _name_of(table: pd.DataFrame) -> str:
    return str(table.attrs.get("file", "table"))


def _add(problems: Problems, name: str, row: int, where: str, message: str) -> None:
    problems.add(file=name, line=row + HEADER_LINES, column=1, where=where, message=message)
