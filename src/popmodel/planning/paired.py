"""Differences between two runs on the same replicates, with errors from their spread."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
LEVEL = 0.95


def paired(name: str, difference: Any) -> dict[str, float]:
    """Return the mean of a difference by replicate, its standard error and 95 % limits.

    Limits are those of Student's t with one degree of freedom less than there are replicates.

    Args:
        name: of the column; `_se`, `_low` and `_high` are added.
        difference: one value a replicate.
    """
    values = np.asarray(difference, dtype=np.float64)
    mean = float(values.mean())
    if len(values) < 2:
        return dict(zip(_columns(name), (mean, math.nan, math.nan, math.nan), strict=True))
    se = float(values.std(ddof=1) / math.sqrt(len(values)))
    reach = float(stats.t.ppf(0.5 + LEVEL / 2, len(values) - 1)) * se
    return dict(zip(_columns(name), (mean, se, mean - reach, mean + reach), strict=True))


def _columns(name: str) -> tuple[str, ...]:
    return tuple(f"{name}{end}" for end in ("", "_se", "_low", "_high"))
