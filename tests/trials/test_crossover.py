"""Cross-over trials, and drugs that block another one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.trials.conftest import SEED

from popmodel.evidence.schema import Trial
from popmodel.trials.crossover import orders
from popmodel.trials.emulate import Emulator
from popmodel.vocabulary import FLAGS

FEW = 1024


@pytest.fixture(scope="module")
def blocked(evidence):
    """The shipped trial in which the same treatment is given free and blocked."""
    return next(
        t for t in evidence.trials.values()
        if t.design == "crossover" and any(arm.flags for arm in t.arms.values())
    )  # fmt: skip


def with_share(parameters, trial, share: float):
    """Return parameters in which a flag of the trial blocks this share of its treatment."""
    record = parameters.record.copy()
    arm = next(arm for arm in trial.arms.values() if arm.flags)
    n = parameters.treatments.index(arm.treat)
    (place,) = np.flatnonzero(record[0]["block_flag"][n] == FLAGS.index(arm.flags[0]))
    record[0]["block_share"][n, place] = share
    return replace(parameters, record=record)


def by_arm(trial, parameters):
    rows = Emulator(SEED, FEW).predict(trial, parameters)
    assert not any(row.problem for row in rows)
    return {row.arm: row.value for row in rows}


def changed(trial, **more) -> Trial:
    said = trial.model_dump(exclude_none=True)
    return Trial.model_validate({**said, **more})


def free_and_blocked(trial) -> tuple[str, str]:
    (block,) = [name for name, arm in trial.arms.items() if arm.flags]
    (free,) = set(trial.arms) - {block}
    return free, block


def test_a_block_without_share_changes_nothing_bit_for_bit(parameters, blocked):
    rates = by_arm(blocked, with_share(parameters, blocked, 0.0))
    free, block = free_and_blocked(blocked)
    assert rates[free] == rates[block]


def test_the_more_a_drug_blocks_the_fewer_respond(parameters, blocked):
    free, block = free_and_blocked(blocked)
    rates = [by_arm(blocked, with_share(parameters, blocked, s)) for s in (0.25, 0.5, 1.0)]
    blocked_rates = [one[block] for one in rates]
    assert rates[0][free] > blocked_rates[0] > blocked_rates[1] > blocked_rates[2]


def test_a_full_block_leaves_what_the_contact_does(parameters, blocked):
    """The share alone is blocked: at 1 the condition equals the treatment without potency."""
    _, block = free_and_blocked(blocked)
    full = with_share(parameters, blocked, 1.0)
    record = full.record.copy()
    record[0]["potency"][full.treatments.index(blocked.arms[block].treat)] = 0.0
    inert = replace(full, record=record)
    only = changed(
        blocked, design="parallel", washout_days=None,
        arms={block: blocked.arms[block].model_dump(exclude_none=True)},
        outcomes=[o.model_dump(exclude_none=True) for o in blocked.outcomes if block in o.results],
    )  # fmt: skip
    assert by_arm(only, full)[block] == by_arm(only, inert)[block]


def test_a_block_ends_with_its_period(parameters, blocked):
    """In every order the free condition is free; only what was lived before it differs."""
    free, _ = free_and_blocked(blocked)
    none, full = (by_arm(blocked, with_share(parameters, blocked, s))[free] for s in (0.0, 1.0))
    assert abs(none - full) < 0.05


def test_every_condition_stands_once_in_every_place():
    found = orders(["a", "b", "c"])
    assert all(sorted(place) == ["a", "b", "c"] for place in zip(*found, strict=True))


def test_a_crossover_without_washout_is_refused(blocked):
    with pytest.raises(ValueError, match="washout_days"):
        changed(blocked, washout_days=None)
    with pytest.raises(ValueError, match="two arms"):
        free, _ = free_and_blocked(blocked)
        outcomes = [o.model_dump(exclude_none=True) for o in blocked.outcomes if free in o.results]
        arm = blocked.arms[free].model_dump(exclude_none=True)
        changed(blocked, arms={free: arm}, outcomes=outcomes)
    with pytest.raises(ValueError, match="cross-over only"):
        changed(blocked, design="parallel")
