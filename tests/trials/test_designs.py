"""Every design that trials of depression have is expressed by a shipped card, and emulated."""

from __future__ import annotations

import math

import pytest
from tests.trials.conftest import SEED

from popmodel.evidence.schema.scales import OWN
from popmodel.trials.emulate import Emulator

MEASURED = {
    "severity interactions": "interaction",
    "drop-out by severity": "dropout_slope",
    "time to event": "median_days",
    "hazard ratios": "log_hazard_ratio",
    "continuous change scores": "mean_change",
    "rates in person-years": "attempt_rate",
}


def wanted(evidence) -> dict[str, list[str]]:
    trials = evidence.trials
    found = {
        name: [t.id for t in trials.values() if any(o.measure == measure for o in t.outcomes)]
        for name, measure in MEASURED.items()
    }
    for design in ("parallel", "single_arm", "withdrawal", "sequence"):
        found[design] = [t.id for t in trials.values() if t.design == design]
    found["cross-over with a blocker"] = [
        t.id for t in trials.values()
        if t.design == "crossover" and any(arm.flags for arm in t.arms.values())
    ]  # fmt: skip
    found["waiting list"] = [
        t.id for t in trials.values()
        if any("waiting_list" in (arm.contact, arm.treat and evidence.treatments[arm.treat].contact)
               for arm in t.arms.values())
    ]  # fmt: skip
    found["sham"] = [
        t.id for t in trials.values()
        if any(arm.treat and evidence.treatments[arm.treat].kind == "control"
               and "sham" in evidence.treatments[arm.treat].contact for arm in t.arms.values())
    ]  # fmt: skip
    for scale in ("hamd17", "qids_sr16", "phq9"):
        found[scale] = [
            t.id for t in trials.values()
            if any((o.definition.scale if o.definition else OWN) == scale for o in t.outcomes)
        ]  # fmt: skip
    return found


KINDS = (*MEASURED, "parallel", "single_arm", "withdrawal", "sequence", "cross-over with a blocker",
         "waiting list", "sham", "hamd17", "qids_sr16", "phq9")  # fmt: skip


@pytest.fixture(scope="module")
def emulator():
    return Emulator(SEED, 256)


@pytest.mark.parametrize("kind", KINDS)
def test_a_shipped_trial_uses_the_design_and_every_number_of_it_is_emulated(
    kind, evidence, parameters, emulator
):
    names = wanted(evidence)[kind]
    assert names, kind
    rows = emulator.predict(evidence.trials[names[0]], parameters)
    assert rows and all(not row.problem and math.isfinite(row.value) for row in rows)
