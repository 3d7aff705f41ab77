"""The engine as a textbook queue: sixty settings against theory.

Seeds are fixed. Had they been drawn anew: 186 measures within three standard errors would raise a
false alarm in less than 4 runs of 10, more than two outside in less than 2 of 100 (measures of one
setting go together), which is why two are let pass below 4; each of the three tests of the
distribution in 1 of 1000.
"""

from __future__ import annotations

import pytest
from scipy import stats
from tests.verification.queues.design import SETTINGS, Setting
from tests.verification.queues.measure import Measured, measure, measure_all, target

SEED = 2026
A_FEW = (
    Setting("exponential", 2, 0.6),
    Setting("fixed", 5, 0.8),
    Setting("impatient", 5, 0.9, 0.1),
    Setting("urgent", 5, 0.7, 0.3),
)
"""Settings that are tried on every run of the fast tests, less exactly."""


@pytest.mark.parametrize("one", A_FEW, ids=lambda one: one.name)
def test_a_textbook_queue_waits_as_theory_says_within_some_per_cent(one):
    """Errors of 1 to 3 %; |z| < 4: one false alarm in 1,000 runs of all four, none here."""
    for found in measure(one, 7, goal=1.0, most=48):
        assert found.relative_error < 0.05
        assert abs(found.z) < 4.0, (found.measure, found.value, found.theory)


@pytest.fixture(scope="module")
def measured() -> list[list[Measured]]:
    return measure_all(SETTINGS, SEED)


@pytest.mark.slow
def test_sixty_queues_are_as_exact_as_promised(measured):
    """Relative standard error at most 0.5 % up to a load of 0.9, 5 % above."""
    assert len(measured) == 60
    for one, rows in zip(SETTINGS, measured, strict=True):
        assert max(found.relative_error for found in rows) <= target(one), one.name


@pytest.mark.slow
def test_sixty_queues_wait_as_theory_says(measured):
    """Mean wait, share waiting or giving up, queue length, wait of the urgent."""
    outside = {
        (found.setting.name, found.measure): round(found.z, 2)
        for rows in measured
        for found in rows
        if abs(found.z) > 3.0
    }
    assert len(outside) <= 2, outside
    assert all(abs(z) < 4.0 for z in outside.values()), outside


@pytest.mark.slow
@pytest.mark.parametrize("measure_name", ["wait", "share", "queue"])
def test_errors_over_all_settings_are_as_normal_as_they_claim(measured, measure_name):
    """Kolmogorov–Smirnov against the standard normal at 0.001."""
    z = [found.z for rows in measured for found in rows if found.measure == measure_name]
    assert len(z) == 60
    assert stats.kstest(z, "norm").pvalue > 0.001
