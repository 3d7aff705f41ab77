"""Ten settings in Ciw beside ours: another program, the same waits."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.verification.queues.design import Setting, expected
from tests.verification.queues.measure import measure
from tests.verification.queues.with_ciw import replicate

TEN = (
    Setting("exponential", 1, 0.7),
    Setting("exponential", 2, 0.6),
    Setting("exponential", 5, 0.9),
    Setting("exponential", 20, 0.9),
    Setting("fixed", 2, 0.7),
    Setting("fixed", 10, 0.9),
    Setting("mixed", 1, 0.6),
    Setting("cut", 1, 0.5),
    Setting("impatient", 5, 0.9, 0.1),
    Setting("urgent", 5, 0.7, 0.3),
)
REPLICATES = 20


def compare(one: Setting, arrivals: float) -> dict[str, float]:
    """Return the difference of waits and shares in standard errors, ours freed of the tick."""
    ours = {found.measure: found for found in measure(one, 11, goal=0.01)}
    start = 200.0 / one.places
    rows = np.array(
        [replicate(one, 100 + n, start, start + arrivals / one.arrivals) for n in range(REPLICATES)]
    )
    z, said, fine = {}, expected(one), expected(replace(one, ticks=20_000))
    for n, name in enumerate(("wait", "share")):
        tick = getattr(said, name) - getattr(fine, name)
        error = math.hypot(rows[:, n].std(ddof=1) / math.sqrt(REPLICATES), ours[name].error)
        z[name] = (ours[name].value - tick - rows[:, n].mean()) / error
    return z


@pytest.mark.slow
@pytest.mark.parametrize("one", TEN, ids=lambda one: one.name)
def test_ciw_waits_as_long_as_our_patients(one):
    """|z| < 3.5 in twenty comparisons: one false alarm in a hundred runs, none with these seeds."""
    z = compare(one, 4000.0)
    assert {name: round(v, 2) for name, v in z.items() if not abs(v) < 3.5} == {}
