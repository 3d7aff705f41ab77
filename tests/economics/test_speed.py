"""The sizes that analysts have; processor time, so that a busy machine changes nothing."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from tests.economics.tables import psa_of

from popmodel.economics import (
    acceptability,
    acceptability_frontier,
    evpi,
    evppi,
    expected_loss,
)

DRAWS, STRATEGIES, PARAMETERS = 10_000, 8, 30
WTP = np.linspace(0, 200_000, 201)


def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    luck = np.random.default_rng(1)
    values = luck.lognormal(0, 0.5, (DRAWS, PARAMETERS))
    shape = (DRAWS, STRATEGIES)
    cost = luck.normal(0, 500, shape) + values @ luck.normal(0, 300, (PARAMETERS, STRATEGIES))
    effect = luck.normal(0, 0.02, shape) + values @ luck.normal(0, 0.01, (PARAMETERS, STRATEGIES))
    params = pd.DataFrame(values, columns=[f"p{i}" for i in range(PARAMETERS)])
    params.insert(0, "sample", range(DRAWS))
    return psa_of(cost, effect), params


def test_eight_strategies_ten_thousand_draws_two_hundred_thresholds_take_under_two_seconds():
    psa, _ = tables()
    start = time.process_time()
    for function in (acceptability, acceptability_frontier, evpi, expected_loss):
        function(psa, WTP)
    assert time.process_time() - start < 2.0


@pytest.mark.slow
def test_thirty_parameters_at_two_hundred_thresholds_take_under_thirty_seconds():
    psa, params = tables()
    start = time.process_time()
    evppi(psa, params, WTP)
    assert time.process_time() - start < 30.0


def test_thirty_parameters_at_one_threshold_take_a_moment():
    psa, params = tables()
    start = time.process_time()
    evppi(psa, params, 50_000.0)
    assert time.process_time() - start < 10.0
