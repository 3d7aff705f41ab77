"""How well each structure foretold the trials held back, as last measured, and the weight of it.

`popmodel validate --report` writes the log scores beside the calibrated cards. The weight is the
softmax over the structures that stand side by side: it says which of them the held-back trials
favour, not which is true. Differences are overstated, since numbers of a trial hang together.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from popmodel.evidence.load import SHIPPED

FILE: Final = SHIPPED / "calibrated" / "held_out.csv"
COLUMNS: Final = ("structure", "log_score")
WIDER_FILE: Final = SHIPPED / "calibrated" / "left_out.csv"
"""By how much studies that the fit left out scatter more than their intervals say."""


@lru_cache(maxsize=8)
def held_out_scores(path: Path = FILE) -> dict[str, float]:
    """Return the held-out log score of every structure that was validated, by calibration id."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["structure"]: float(row["log_score"]) for row in csv.DictReader(stream)}


def held_out_weights(structures: Mapping[str, str]) -> dict[str, float]:
    """Return the weight of each structure that was validated, among those given.

    Args:
        structures: calibration ids by the names that structures have in a result.
    """
    known = held_out_scores()
    scores = {name: known[one] for name, one in structures.items() if one in known}
    best = max(scores.values(), default=0.0)
    parts = {name: math.exp(score - best) for name, score in scores.items()}
    return {name: part / sum(parts.values()) for name, part in parts.items()}


@lru_cache(maxsize=8)
def left_out_scale(path: Path = WIDER_FILE) -> float:
    """Return the factor on the spread of numbers that no fit has seen; 1 before it is measured."""
    if not path.is_file():
        return 1.0
    with path.open(encoding="utf-8", newline="") as stream:
        return float(next(iter(csv.DictReader(stream)))["scale"])


def scale_text(structure: str, numbers: int, scale: float) -> str:
    """Return the file of the factor: structure, how many numbers it comes from, and the factor."""
    return f"structure,numbers,scale\n{structure},{numbers},{scale:.4f}\n"


def scores_text(rows: Iterable[tuple[str, float]]) -> str:
    """Return the file: a structure and its log score a line."""
    return "\n".join([",".join(COLUMNS), *(f"{name},{score:.4f}" for name, score in rows)]) + "\n"
