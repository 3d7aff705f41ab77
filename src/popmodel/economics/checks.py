"""What a table must be before anything is computed from it: complete, finite, unambiguous."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from popmodel.errors import InputError, Problems

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
STRUCTURE = "structure"
HEADER_LINES = 2  # row 0 of a table stands in line 2 of its CSV file
LARGEST = 1e60  # of a number that is not a slip; its square times its square is still finite
MOST_TOLD = 10  # problems of one kind that are told one by one


def each_structure(
    table: pd.DataFrame, function: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    """Apply a function to every structure of a table apart; without that column, to all of it.

    Raises:
        InputError: the structure of a row is empty.
    """
    return _together({name: function(rows) for name, rows in structures(table).items()})


def each_structure_with(
    table: pd.DataFrame,
    params: pd.DataFrame,
    function: Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame],
) -> pd.DataFrame:
    """Apply a function to every structure of a table and its parameters.

    Parameters without a column `structure` are those of every structure.

    Raises:
        InputError: a structure has no parameters, or a structure is empty.
    """
    known, parts = structures(params), {}
    for name, rows in structures(table).items():
        given = known.get(name, known.get(None))
        if given is None:
            which = "without a structure" if name is None else f"of structure {name}"
            raise InputError(f"{name_of(params)}: has no parameters for the costs {which}")
        parts[name] = function(rows, given)
    return _together(parts)


def structures(table: pd.DataFrame) -> dict[str | None, pd.DataFrame]:
    """Return the rows of every structure, numbered as in the table; all under None if it has none.

    Raises:
        InputError: the structure of a row is empty.
    """
    table = table.reset_index(drop=True)  # from here the index says which line a row came from
    if STRUCTURE not in table.columns or not len(table):
        return {None: table}
    problems = Problems()
    empty = table.index[_is_empty(table[STRUCTURE])]
    add_rows(problems, name_of(table), empty, STRUCTURE, lambda _: "is empty")
    problems.raise_if_any()
    rows = table.drop(columns=STRUCTURE)
    names = table[STRUCTURE].astype(str)
    return {str(name): part for name, part in rows.groupby(names, sort=False)}


def strategy_means(table: pd.DataFrame, effect: str) -> pd.DataFrame:
    """Return `strategy, cost, <effect>` as text and floats, one row a strategy.

    Raises:
        InputError: a column is missing, a number is missing or infinite, a strategy occurs twice.
    """
    return checked(table, ["strategy"], ["cost", effect])


def wtp_values(wtp: float | Sequence[float] | FloatArray) -> FloatArray:
    """Return the willingness-to-pay values as an array; each finite and not negative.

    Raises:
        InputError: one of them is no such price, or there is none.
    """
    try:
        values = np.atleast_1d(np.asarray(wtp, dtype=np.float64))
    except (TypeError, ValueError):
        raise InputError(f"willingness to pay: {wtp!r} is no number") from None
    if values.ndim > 1 or not len(values):
        raise InputError("willingness to pay: one amount or a list of amounts is needed")
    problems = Problems()
    wrong = np.flatnonzero(~((values >= 0.0) & (values <= LARGEST)))
    for position in wrong[:MOST_TOLD]:
        problems.add(
            file="willingness to pay", line=0, column=0, where=f"amount {position + 1}",
            message=f"{values[position]} is not a price of at least 0",
        )  # fmt: skip
    problems.raise_if_any()
    return values


def one_price(wtp: float) -> float:
    """Return a single willingness to pay.

    Raises:
        InputError: it is no price of at least 0, or there are several.
    """
    values = wtp_values(wtp)
    if len(values) != 1:
        raise InputError("willingness to pay: one amount is needed here")
    return float(values[0])


def checked(table: pd.DataFrame, keys: Sequence[str], numbers: Sequence[str]) -> pd.DataFrame:
    """Return these columns: keys that identify a row, and numbers as floats.

    Args:
        table: anything; its other columns are left out.
        keys: texts, except `sample`, `year` and the like, which stay numbers if they are.
        numbers: must be finite.

    Raises:
        InputError: a column is missing, a value is missing or infinite, two rows have equal keys.
    """
    name, problems = name_of(table), Problems()
    _refuse_missing(table, [*keys, *numbers], name, problems)
    found: dict[str, Any] = {}
    for key in keys:
        empty = table.index[_is_empty(table[key])]
        add_rows(problems, name, empty, key, lambda _: "is empty")
        found[key] = key_column(table[key])
    for column in numbers:
        found[column] = _number_column(table[column], column, name, problems)
    problems.raise_if_any()
    out = pd.DataFrame(found, index=table.index)
    if keys:
        _refuse_repeats(out, keys, name)
    return out.reset_index(drop=True)


def key_column(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return names as texts; numbers that count samples or years stay numbers."""
    if values.name != "strategy" and pd.api.types.is_numeric_dtype(values.dtype):
        return values
    return values.astype(str).astype(object)


def name_of(table: pd.DataFrame) -> str:
    """Return the file a table was read from, for messages."""
    return str(table.attrs.get("file", "table"))


def _together(parts: dict[str | None, pd.DataFrame]) -> pd.DataFrame:
    for structure, part in parts.items():
        if structure is not None:
            part.insert(0, STRUCTURE, structure)
    return pd.concat(parts.values(), ignore_index=True)


def _refuse_missing(
    table: pd.DataFrame, columns: Sequence[str], name: str, problems: Problems
) -> None:
    for column in columns:
        count = list(table.columns).count(column)
        has = ", ".join(map(str, table.columns))
        if count != 1:
            problems.add(
                file=name, line=1, column=1, where=column,
                message="this column is missing" if not count else "two columns of this name",
                hint=f"the table has: {has}",
            )  # fmt: skip
    if not len(table):
        problems.add(file=name, line=1, column=1, where="table", message="has no rows")
    problems.raise_if_any()


def _is_empty(values: pd.Series[Any]) -> pd.Series[bool]:
    return values.isna() | (values.astype(str).str.strip() == "")


def _number_column(
    values: pd.Series[Any], column: str, name: str, problems: Problems
) -> pd.Series[Any]:
    numbers = pd.to_numeric(values, errors="coerce").astype(np.float64)
    wrong = np.flatnonzero(~(numbers.abs() <= LARGEST))
    told = dict(zip(values.index[wrong], values.iloc[wrong], strict=True))
    add_rows(
        problems, name, told, column,
        lambda row: f"{str(told[row]).strip() or 'an empty cell'} is not a finite number",
    )  # fmt: skip
    return numbers


def _refuse_repeats(plain: pd.DataFrame, keys: Sequence[str], name: str) -> None:
    problems = Problems()
    repeated = plain[plain.duplicated(list(keys))]
    told = {
        row: ", ".join(f"{key} {value}" for key, value in zip(keys, values, strict=True))
        for row, values in zip(repeated.index, repeated[list(keys)].to_numpy(), strict=True)
    }
    add_rows(problems, name, told, keys[-1], lambda row: f"a second row for {told[row]}")
    problems.raise_if_any()


def add_rows(
    problems: Problems, name: str, rows: Iterable[Any], where: str, message: Callable[[Any], str]
) -> None:
    """Add a problem for each of the first rows, and one for the number of the others."""
    rows = list(rows)
    for row in rows[:MOST_TOLD]:
        problems.add(
            file=name, line=int(row) + HEADER_LINES, column=1, where=where, message=message(row)
        )
    if len(rows) > MOST_TOLD:
        problems.add(
            file=name, line=int(rows[MOST_TOLD]) + HEADER_LINES, column=1, where=where,
            message=f"and {len(rows) - MOST_TOLD} more of this kind",
        )  # fmt: skip
