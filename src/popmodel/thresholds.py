"""At which severity does a treatment stop being worth offering? A virtual parallel trial.

Stock patients with the failures a treatment's trials required are treated, and the same patients
get its contact with T = 0. Both are read when the course is judged. Over measured severity, the
threshold is where the gain in P(response) falls under ten points, and where P(remission) falls
under 20 %. A third run without loss of potency (f = 0) shows how much of the fall of remission is
distance: the longer way to the cut-off, which every treatment has.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from popmodel.engine.arm import Reading, baseline_scores, run_arm
from popmodel.evidence.load import Evidence
from popmodel.parameters import Parameters
from popmodel.population import synthesise
from popmodel.rules.records import PATIENT

GRID: Final = np.arange(12.0, 50.5, 0.5)
SHOWN: Final = 2.0
"""Every how many points of severity the saved curve has a row."""
BANDWIDTH: Final = 2.5
"""MADRS points: standard deviation of the smoothing kernel over measured severity."""
BIN: Final = 0.25
FEWEST: Final = 30
"""Patients near a grid point below which nothing is said about it."""
GAIN_WANTED: Final = 0.10
REMISSION_WANTED: Final = 0.20
RESPONSE_FALL: Final = 0.5
FIRST_RECRUIT: Final = 50_000_000
"""New recruits have numbers of their own, far from those of the policy population."""
Z95: Final = 1.959963984540054

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Arms:
    """Outcomes of the same patients treated, not treated, and treated without loss of potency."""

    severity: Floats
    biotype: NDArray[np.int8]
    response: Floats
    remission: Floats
    response_control: Floats
    remission_control: Floats
    remission_distance: Floats


def severity_curves(
    evidence: Evidence,
    parameters: Parameters,
    seed: int,
    *,
    recruits: int,
    known: NDArray[Any] | None = None,
    offered: Collection[str] = (),
    threads: int | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the curves over severity and the thresholds of every treatment.

    Args:
        evidence: cards; those of kind `treatment` are tried if they are in ordinary use.
        parameters: compiled parameters of one structure.
        seed: patient luck.
        recruits: patients per treatment.
        known: stock patients at entry, who are recruited first.
        offered: treatments that are tried too, whatever their `use`.
        threads: how many; all processors when None.
    """
    stocks: dict[int, NDArray[Any]] = {}
    curves, thresholds = [], []
    for position, name in enumerate(parameters.treatments):
        card = evidence.treatments[name]
        if card.kind != "treatment" or not (card.use == "on" or name in offered):
            continue
        if card.tested_after not in stocks:
            stocks[card.tested_after] = _recruited(
                parameters, seed, card.tested_after, recruits, known, threads
            )
        arms = _run_arms(stocks[card.tested_after], parameters, position, threads)
        for biotype in ("all", *parameters.biotypes):
            curve = _curve(arms, parameters, biotype)
            curve.insert(0, "treatment", name)
            curve.insert(1, "label", card.label)
            curve.insert(2, "family", card.family)
            thresholds += _thresholds(curve, name, biotype)
            curves.append(curve[np.isclose(curve["severity"] % SHOWN, 0.0)])
    return pd.concat(curves, ignore_index=True), pd.DataFrame(thresholds)


def _recruited(
    parameters: Parameters,
    seed: int,
    failures: int,
    wanted: int,
    known: NDArray[Any] | None,
    threads: int | None,
) -> NDArray[Any]:
    """Return stock patients with a number of failures: known ones first, new ones to fill up."""
    found = np.zeros(0, dtype=PATIENT)
    if known is not None:
        found = known[known["failures_before"] == failures][:wanted]
    missing = wanted - len(found)
    new = synthesise(
        parameters, missing, seed, failures=failures, first=FIRST_RECRUIT, threads=threads
    )
    return np.concatenate([found, new])


def _run_arms(
    stock: NDArray[Any], parameters: Parameters, position: int, threads: int | None
) -> _Arms:
    q = parameters.record
    days = float(q[0]["assess_days"][position])
    before = baseline_scores(stock, q)

    def outcome(**changes: float) -> tuple[Floats, Floats]:
        reading = run_arm(stock, q, position, days, threads=threads, **changes)
        return _response(reading, before), _remission(reading, q)

    response, remission = outcome()
    response_control, remission_control = outcome(potency=0.0)
    distance = remission
    if q[0]["loss_share"][position] != 0.0:
        distance = outcome(loss_share=0.0)[1]
    return _Arms(
        before, stock["biotype"], response, remission, response_control, remission_control, distance
    )


def _response(reading: Reading, before: Floats) -> Floats:
    return np.asarray(reading.severity <= RESPONSE_FALL * before, dtype=float)


def _remission(reading: Reading, q: NDArray[Any]) -> Floats:
    return np.asarray(reading.severity <= float(q[0]["remission_severity"]), dtype=float)


class LocalLinear:
    """Local linear regression over x with a Gaussian kernel, for many y on the same x.

    Patients are gathered in narrow bins of x first, so a smooth costs bins, not patients.
    """

    def __init__(self, x: Floats, grid: Floats, bandwidth: float) -> None:
        """Prepare the weights of every bin at every grid point.

        Args:
            x: one value a patient.
            grid: points at which the smooth is wanted.
            bandwidth: standard deviation of the kernel, in units of x.
        """
        low = float(np.floor(x.min())) if len(x) else 0.0
        self._bin = np.floor((x - low) / BIN).astype(np.intp)
        self._bins = int(self._bin.max()) + 1 if len(x) else 1
        self._count = np.bincount(self._bin, minlength=self._bins).astype(float)
        d = low + (np.arange(self._bins) + 0.5) * BIN - grid[:, None]
        kernel = np.where(np.abs(d) < 3.0 * bandwidth, np.exp(-0.5 * (d / bandwidth) ** 2), 0.0)
        near = (kernel > 0.0) @ self._count
        w = kernel * self._count
        s0, s1, s2 = w.sum(axis=1), (w * d).sum(axis=1), (w * d * d).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = kernel * (s2[:, None] - d * s1[:, None]) / (s0 * s2 - s1 * s1)[:, None]
        self._weight = np.where((near >= FEWEST)[:, None], weight, math.nan)

    def __call__(self, y: Floats) -> tuple[Floats, Floats]:
        """Return the smooth of y at the grid points and its standard error; nan where too few."""
        total = np.bincount(self._bin, weights=y, minlength=self._bins)
        square = np.bincount(self._bin, weights=y * y, minlength=self._bins)
        mean: Floats = np.asarray(self._weight @ total, dtype=float)
        m = mean[:, None]
        spread = np.maximum(square - 2.0 * m * total + m * m * self._count, 0.0)
        return mean, np.sqrt(((self._weight**2) * spread).sum(axis=1))


def _curve(arms: _Arms, parameters: Parameters, biotype: str) -> pd.DataFrame:
    chosen = np.ones(len(arms.severity), dtype=bool)
    if biotype != "all":
        chosen = arms.biotype == parameters.biotypes.index(biotype)
    smoother = LocalLinear(arms.severity[chosen], GRID, BANDWIDTH)

    def smooth(y: Floats) -> tuple[Floats, Floats]:
        return smoother(y[chosen])

    response, response_se = smooth(arms.response)
    remission, remission_se = smooth(arms.remission)
    gain, gain_se = smooth(arms.response - arms.response_control)
    return pd.DataFrame(
        {
            "biotype": biotype,
            "severity": GRID,
            "p_response": response,
            "p_response_se": response_se,
            "p_remission": remission,
            "p_remission_se": remission_se,
            "p_response_control": smooth(arms.response_control)[0],
            "p_remission_control": smooth(arms.remission_control)[0],
            "gain_response": gain,
            "gain_response_se": gain_se,
            "gain_remission": smooth(arms.remission - arms.remission_control)[0],
            "distance_remission": smooth(arms.remission_distance)[0],
        }
    )


def _thresholds(curve: pd.DataFrame, treatment: str, biotype: str) -> list[dict[str, Any]]:
    rows = []
    for criterion, column, wanted in (
        ("gain_in_response", "gain_response", GAIN_WANTED),
        ("remission", "p_remission", REMISSION_WANTED),
    ):
        known = curve[curve[column].notna()]
        x = known["severity"].to_numpy()
        y, error = known[column].to_numpy(), known[column + "_se"].to_numpy()
        severity, status = crossing(x, y, wanted)
        rows.append(
            {
                "treatment": treatment,
                "biotype": biotype,
                "criterion": criterion,
                "severity": severity,
                "low": crossing(x, y - Z95 * error, wanted)[0] if status == "crosses" else math.nan,
                "high": crossing(x, y + Z95 * error, wanted)[0]
                if status == "crosses"
                else math.nan,
                "status": status,
            }
        )
    return rows


def crossing(x: Floats, y: Floats, wanted: float) -> tuple[float, str]:
    """Return the last severity at which y falls under `wanted`, and how it lies.

    Status `crosses`, `always_above`, `always_under`; the severity is nan unless it crosses.
    """
    under = y < wanted
    if not under.any():
        return math.nan, "always_above"
    if not (~under).any():
        return math.nan, "always_under"
    falls = np.flatnonzero(~under[:-1] & under[1:])
    if len(falls) == 0:
        return math.nan, "always_above" if not under[-1] else "always_under"
    k = int(falls[-1])
    share = (y[k] - wanted) / (y[k] - y[k + 1])
    return float(x[k] + share * (x[k + 1] - x[k])), "crosses"
