"""Trials emulated on few recruits: enough to see what must hold, quick enough for every run."""

from __future__ import annotations

import pytest

from popmodel.evidence.load import load_evidence
from popmodel.parameters import Structure
from popmodel.trials.calibrate import trial_parameters_of
from popmodel.trials.emulate import Emulator

SEED = 7
FEW = 2048


def with_results(outcome, results):
    """Return an outcome that shows other results."""
    said = outcome.model_dump(exclude_none=True, exclude=set(outcome.results))
    shown = {arm: result.model_dump(exclude_none=True) for arm, result in results.items()}
    return type(outcome).model_validate({**said, **shown})


@pytest.fixture(scope="session")
def evidence():
    return load_evidence()


@pytest.fixture(scope="session")
def parameters(evidence):
    return trial_parameters_of(evidence, Structure())


@pytest.fixture(scope="session")
def emulator():
    return Emulator(SEED, FEW)
