"""Read a table that somebody else's tool wrote, as it is written and not as it could be guessed."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Final

import pandas as pd

from popmodel.errors import InputError, Problem

BURDENS: Final = ("daly", "daly_undiscounted", "yld", "yll")
"""Columns of which fewer is better."""
AVERTED: Final = "daly_averted"


def read_table(path: Path) -> pd.DataFrame:
    """Return a table from CSV or Parquet; its file name is kept for messages.

    In CSV a strategy may be called `None` or `NA`: only an empty cell is empty.

    Args:
        path: `.parquet` or `.pq` is Parquet, anything else CSV with a line of headings.

    Raises:
        InputError: it cannot be read, two columns have one name, or a line is longer than the
            headings.
    """
    try:
        parquet = path.suffix.lower() in (".parquet", ".pq")
        table = pd.read_parquet(path) if parquet else _read_csv(path)
    except (OSError, ValueError, pd.errors.ParserWarning) as error:
        # pandas' and Arrow's own errors are among these
        told = f"cannot be read: {str(error).splitlines()[0]}"
        raise InputError([Problem(str(path), 0, 0, "", told)]) from error
    table.attrs["file"] = str(path)
    return table


def _read_csv(path: Path) -> pd.DataFrame:
    headings = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False)
    names = headings.iloc[0]
    if names.duplicated().any():
        raise ValueError(f"two columns are called {names[names.duplicated()].iloc[0]}")
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # lines longer than the headings
        return pd.read_csv(path, index_col=False, keep_default_na=False, low_memory=False)


def with_effect(table: pd.DataFrame, effect: str) -> pd.DataFrame:
    """Return a table with an effect of which more is better.

    `daly_averted` is made of `daly`: the DALYs fewer than none, so that differences between
    strategies are DALYs averted.

    Args:
        table: columns by name.
        effect: the column that is asked for.

    Raises:
        InputError: the column counts a burden, of which fewer is better.
    """
    if effect in BURDENS:
        told = f"of {effect} fewer is better, and an effect is what one wants more of"
        raise InputError([Problem("--effect", 0, 0, "", told, f"--effect {AVERTED}")])
    if effect == AVERTED and AVERTED not in table.columns and "daly" in table.columns:
        return table.assign(**{AVERTED: 0.0 - pd.to_numeric(table["daly"], errors="coerce")})
    return table
