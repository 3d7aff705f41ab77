"""Parameter draws as arrays: every strategy at every draw, and the parameters they came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from popmodel.economics.checks import STRUCTURE, FloatArray, checked, name_of
from popmodel.errors import InputError, Problems


@dataclass(frozen=True)
class Samples:
    """Parameter draws as arrays.

    Attributes:
        strategies: names, in order of first appearance.
        labels: of the samples, sorted, so that the order of rows changes no bit of a result.
        cost: money, shape (strategies, samples).
        effect: QALYs or another effect, same shape.
    """

    strategies: tuple[str, ...]
    labels: pd.Index[Any]
    cost: FloatArray
    effect: FloatArray


def samples_of(psa: pd.DataFrame, effect: str) -> Samples:
    """Return the draws of a table `sample, strategy, cost, <effect>` as arrays.

    Raises:
        InputError: as `strategy_means`, or a strategy lacks a sample that another one has.
    """
    plain = checked(psa, ["sample", "strategy"], ["cost", effect])
    place, labels = pd.factorize(plain["sample"], sort=True)
    which, strategies = pd.factorize(plain["strategy"])
    arrays = np.full((2, len(strategies), len(labels)), np.nan)
    arrays[0, which, place] = plain["cost"]
    arrays[1, which, place] = plain[effect]
    names = tuple(map(str, strategies))
    _refuse_gaps(np.isnan(arrays[0]), names, labels, name_of(psa))
    return Samples(names, pd.Index(labels), arrays[0], arrays[1])


def parameters_of(params: pd.DataFrame, samples: Samples) -> pd.DataFrame:
    """Return the parameters of the draws, one column each, rows in the order of `samples.labels`.

    Args:
        params: columns `sample, <parameter>…`, one row a sample.
        samples: the draws they belong to.

    Raises:
        InputError: there is no parameter, one is no number, or the samples are not the same.
    """
    names = [str(column) for column in params.columns if column not in ("sample", STRUCTURE)]
    if not names:
        raise InputError(f"{name_of(params)}: has no parameter beside the column sample")
    plain = checked(params.rename(columns=str), ["sample"], names).set_index("sample")
    for one, two, told in (
        (samples.labels, plain.index, "has no row"),
        (plain.index, samples.labels, "is no sample of the costs and effects"),
    ):
        lacking = one[~one.isin(two)]
        if len(lacking):
            others = f" and {len(lacking) - 1} others" if len(lacking) > 1 else ""
            where = f"{name_of(params)}: sample {lacking[0]}{others}"
            raise InputError(f"{where}: {told} (costs and parameters are matched by sample)")
    return plain.loc[samples.labels]


def _refuse_gaps(
    empty: npt.NDArray[np.bool_], strategies: tuple[str, ...], labels: Any, name: str
) -> None:
    problems = Problems()
    for strategy, gaps in zip(strategies, empty, strict=True):
        if gaps.any():
            first, count = labels[gaps.argmax()], int(gaps.sum())
            others = f" and {count - 1} others" if count > 1 else ""
            has = f"{len(gaps) - count} of {len(gaps)} samples"
            problems.add(
                file=name, line=0, column=0, where=strategy,
                message=f"has {has}, not sample {first}{others}",
                hint="every strategy needs every sample: draws are compared in pairs",
            )  # fmt: skip
    problems.raise_if_any()
