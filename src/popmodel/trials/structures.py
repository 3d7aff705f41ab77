"""Structures side by side: how well each foretold the numbers held back, and a weight from that.

The weight is the softmax of the summed log scores over the numbers that every structure emulates:
stacking made light. It says which structures the held-back trials favour, not which one is true:
numbers of a trial hang together, so differences are overstated, and no weight optimises a mixture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from popmodel.parameters import Structure
from popmodel.trials.scores import log_score
from popmodel.trials.validate import Row, outside


@dataclass(frozen=True)
class Standing:
    """How one structure did.

    Attributes:
        structure: severity effect and correlation, `<effect>_<correlation>`.
        severity_effect: which reading of severity.
        correlation: which correlation of luck.
        calibrated: whether potencies were fitted under it; if not, its weight is not comparable.
        fit_numbers: fitted numbers emulated.
        fit_outside: of these outside their 95 % interval.
        test_numbers: held-back numbers emulated.
        test_outside: of these outside their interval.
        log_score: sum over held-back numbers.
        difference: from the best calibrated structure.
        weight: softmax of the log scores over the calibrated structures; nan for the others.
    """

    structure: str
    severity_effect: str
    correlation: str
    calibrated: bool
    fit_numbers: int
    fit_outside: int
    test_numbers: int
    test_outside: int
    log_score: float
    difference: float
    weight: float


def standings(
    found: Mapping[Structure, Sequence[Row]], calibrated: Sequence[str]
) -> list[Standing]:
    """Return structures in the order given.

    Args:
        found: rows by structure, of the same trial cards.
        calibrated: names of the structures that a calibrated card was made for.
    """
    common = _emulated_by_all(found)
    totals = {one: held_out(rows, common) for one, rows in found.items()}
    fitted = [one for one in found if one.calibration in calibrated]
    best = max((totals[one] for one in fitted), default=math.nan)
    weights = dict(zip(fitted, softmax([totals[one] for one in fitted]), strict=True))
    return [
        Standing(
            one.calibration, one.severity_effect, one.correlation, one in fitted,
            outside(rows, "fit")[1], outside(rows, "fit")[0],
            outside(rows, "test")[1], outside(rows, "test")[0],
            totals[one], totals[one] - best, weights.get(one, math.nan),
        )
        for one, rows in found.items()
    ]  # fmt: skip


def held_out(rows: Sequence[Row], numbers: set[tuple[str, str]]) -> float:
    """Return the summed log score of the held-back numbers among these."""
    return sum(
        log_score(row) for row in rows if row.use == "test" and (row.trial, row.name) in numbers
    )


def softmax(scores: Sequence[float]) -> list[float]:
    """Return weights that add up to one, in proportion to exp(score)."""
    if not scores:
        return []
    w = np.exp(np.array(scores) - max(scores))
    return [float(one) for one in w / w.sum()]


def _emulated_by_all(found: Mapping[Structure, Sequence[Row]]) -> set[tuple[str, str]]:
    each = [{(r.trial, r.name) for r in rows if not math.isnan(r.z)} for rows in found.values()]
    return set.intersection(*each) if each else set()
