"""Which numbers can reach whom: runs that differ in others have the same patients and histories.

A rule reads the numbers of a treatment at its position alone, so what belongs to a treatment that
nobody can get cannot change anything. A test draws such numbers anew and holds every bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import numpy as np

from popmodel.parameters.record import MAX_TREATMENTS, PARAMETERS, Record

BY_TREATMENT: Final = tuple(
    name for name in PARAMETERS.names or () if PARAMETERS[name].shape[:1] == (MAX_TREATMENTS,)
)
"""Fields with one row a treatment."""
_FAMILIES = (
    "attempt_", "cost_", "discount_", "disability_", "dropout_", "harm_", "test_", "time_",
    "upkeep_", "utility_",
)  # fmt: skip
AFTER_ENTRY: Final = (
    *(name for name in PARAMETERS.names or () if name.startswith(_FAMILIES)),
    "background_cost", "cumulative_mortality", "excess_mortality", "productivity_cost",
    "resistant_cost", "treatment_relapse", "wage", "work_lost_to_death_days",
)  # fmt: skip
"""Fields that say what things cost or are worth, or what befalls patients of the model only; in
the history before entry nobody drops out, suffers harm, relapses from a remission or dies."""


def reachable(record: Record, strategy: Record) -> frozenset[int]:
    """Return the positions of the treatments that patients of a strategy can ever have had."""
    s = strategy[0]
    first = {int(n) for n in s["treat"][: int(s["rules"])]} | {int(s["bridge"])}
    first |= treated_before_entry(record)
    first |= {int(s["booster"][n]) for n in first if n >= 0}
    return frozenset(n for n in first if n >= 0)


def treated_before_entry(record: Record) -> frozenset[int]:
    """Return the positions of the treatments of the history before entry."""
    return frozenset(int(n) for n in record["history_course"][0] if n >= 0)


def digest(record: Record, treatments: Iterable[int], without: Iterable[str] = ()) -> bytes:
    """Return a hash of all numbers but those of other treatments and some fields.

    Args:
        record: parameters, one element.
        treatments: positions whose numbers count.
        without: names of fields that do not count.
    """
    left = record.copy()
    others = np.ones(MAX_TREATMENTS, dtype=bool)
    others[list(treatments)] = False
    for name in BY_TREATMENT:
        left[name][0][others] = 0
    for name in without:
        left[name] = 0
    return hashlib.blake2b(left.tobytes(), digest_size=16).digest()
