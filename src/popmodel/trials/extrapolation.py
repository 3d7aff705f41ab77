"""What no trial supports: a treatment that does better in people with fewer failed drugs.

The model lets it (they are less deeply ill). Under `extrapolation: none` the effect of a treatment
is multiplied, for patients with fewer failures than its trials required, by the factor found here:
the one at which they respond no more often than the patients tested.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from popmodel.engine.arm import baseline_scores
from popmodel.evidence.load import Evidence
from popmodel.evidence.schema import Arm
from popmodel.parameters import Parameters
from popmodel.trials.arms import run_arm
from popmodel.trials.recruits import draw_stock

HALF: Final = 0.5
HALVINGS: Final = 9
"""Steps of the bisection: factors are found to 1 / 2^9."""


def extrapolation_factors(
    evidence: Evidence, parameters: Parameters, seed: int, recruits: int
) -> dict[str, tuple[float, ...]]:
    """Return factors on the effect by treatment, for one, two, … missing failures.

    Args:
        evidence: cards.
        parameters: fitted parameters of one structure, with `extrapolation: model`.
        seed: patient luck.
        recruits: stock patients with each number of failures.
    """
    row = parameters.record[0]
    tested = {
        n: int(row["tested_after"][n])
        for n in range(len(parameters.treatments))
        if row["tested_after"][n] > 0 and row["potency"][n] > 0.0
    }
    stocks = {
        failures: draw_stock(parameters, ("prevalent", failures), seed, recruits)
        for failures in range(max(tested.values(), default=-1) + 1)
    }
    return {
        parameters.treatments[n]: tuple(
            _factor(parameters, n, stocks[most], stocks[most - missing])
            for missing in range(1, most + 1)
        )
        for n, most in tested.items()
    }


def _factor(
    parameters: Parameters, position: int, tested: NDArray[Any], others: NDArray[Any]
) -> float:
    wanted = _response(parameters, position, tested, 1.0)
    low, high = 0.0, 1.0
    if _response(parameters, position, others, high) <= wanted:
        return 1.0
    if _response(parameters, position, others, low) >= wanted:
        return 0.0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if _response(parameters, position, others, middle) > wanted:
            high = middle
        else:
            low = middle
    return round(0.5 * (low + high), 3)


def _response(parameters: Parameters, position: int, persons: NDArray[Any], factor: float) -> float:
    """Return the share that responds by the day of assessment, potency multiplied by a factor."""
    record = parameters.record.copy()
    record[0]["potency"][position] *= factor
    days = float(record[0]["assess_days"][position])
    arm = Arm(treat=parameters.treatments[position])
    reading = run_arm(persons, replace(parameters, record=record), arm, days)
    half = HALF * baseline_scores(persons, record)
    return float(np.mean(ndtr((half - reading.end) / float(record[0]["measurement_sd"]))))
