"""A Sobol sweep holds two plain samples of what is believed: EVPPI without a further run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import popmodel
from popmodel.uncertainty import Run, run_sweep
from popmodel.uncertainty.base_draws import base_draws, base_points, learning_from_design
from popmodel.uncertainty.contrasts import Asked, contrasts
from popmodel.uncertainty.cube import LUCK
from popmodel.uncertainty.factors import Factor
from popmodel.uncertainty.global_sensitivity import sample_cube
from popmodel.uncertainty.sensitivity import Request, lay_out

SD = {"price": 300.0, "gain.a": 400.0, "gain.b": 200.0, "idle": 0.0}
MEAN = {"one": 50.0, "two": -100.0}
"""Expected net benefit of the new strategy under each structure."""
FACTORS = (Factor("price", ("price",)), Factor("gain", ("gain.a", "gain.b")),
           Factor("idle", ("idle",)))  # fmt: skip
GROUPS = {"price": "price", "gain.a": "gain", "gain.b": "gain", "idle": "idle", LUCK: LUCK}
WTP = 1000.0
ASKED = Asked(("old", "new"), "old", "cost_health_care", (WTP,))
N = 256


@dataclass(frozen=True)
class Linear:
    """Net benefit is a sum of independent normal numbers, some in costs and some in QALYs."""

    luck: float = 0.0
    identity: str = "linear"
    columns: tuple[str, ...] = (
        "strategy", "dimension", "group", "patients", "cost_health_care", "qaly", "remission_weeks",
    )  # fmt: skip

    def __call__(self, run: Run) -> pd.DataFrame:
        level = 1e4 * np.random.default_rng(run.luck).normal()  # patients are richer or poorer
        noise = self.luck * np.random.default_rng(run.luck + 1).normal()
        gain = MEAN[run.structure] + run.values["gain.a"] + run.values["gain.b"] + noise
        rows = {
            "strategy": ["old", "new"], "dimension": "block", "group": "0", "patients": 100,
            "cost_health_care": [level, level + run.values["price"]],
            "qaly": [1.0, 1.0 + gain / WTP], "remission_weeks": 0.0,
        }  # fmt: skip
        return pd.DataFrame(rows)


def learnt(folder: Path, luck: float = 0.0, second_order: bool = False) -> pd.DataFrame:
    inputs = list(GROUPS)
    cube = sample_cube(
        "sobol", inputs, list(GROUPS.values()), n=N, seed=3, second_order=second_order
    )
    values = {name: SD[name] * stats.norm.ppf(cube.column(name)) for name in inputs if name != LUCK}
    luck_of = (cube.column(LUCK) * 2**31).astype(np.int64)
    parts = [
        pd.DataFrame({"structure": structure, "luck": luck_of, **values}) for structure in MEAN
    ]
    design = pd.concat(parts, ignore_index=True)
    design.insert(0, "run", np.arange(len(design)))
    sweep = run_sweep(design, Linear(luck), folder / "s")
    outcomes = contrasts(sweep.results(), ASKED)
    return learning_from_design(cube, design, outcomes, FACTORS, ASKED)


def closed_form(mean: float, sd: float) -> float:
    """E max(0, X) - max(0, E X) of a normal X: the unit normal loss (Raiffa & Schlaifer 1961)."""
    z = abs(mean) / sd
    return float(sd * (stats.norm.pdf(z) - z * stats.norm.sf(z)))


TRUTH = {"price": 300.0, "gain": float(np.hypot(400.0, 200.0))}


@pytest.mark.parametrize(("luck", "second_order"), [(0.0, False), (100.0, True)])
def test_what_is_worth_learning_in_a_linear_world_is_found_from_the_sobol_runs(
    tmp_path, luck, second_order
):
    """512 draws; three standard errors and the bias of the fit in noise."""
    table = learnt(tmp_path, luck, second_order)
    assert list(table.columns[:3]) == ["structure", "wtp", "parameter"]
    assert set(table["parameter"]) == {"price", "gain", "idle"}
    for row in table.to_dict("records"):
        if row["parameter"] == "idle":
            assert row["evppi"] == pytest.approx(0.0, abs=1e-9)
            continue
        truth = closed_form(MEAN[row["structure"]], TRUTH[row["parameter"]])
        assert abs(row["evppi"] - truth) < 3 * row["evppi_se"] + row["evppi_noise"]
        assert abs(row["evppi_check"] - truth) < 4 * row["evppi_se"] + row["evppi_noise"]
        assert row["evppi_se"] < 0.2 * truth
        assert row["numbers"] == {"price": 1, "gain": 2}[row["parameter"]]


def test_base_points_are_the_independent_ones():
    """No number of A is one of B, and every point between takes each number from either."""
    cube = sample_cube("sobol", ["x", "y", "z"], ["x", "g", "g"], n=16, seed=1)
    places = base_points(cube)
    a, b = cube.points[places[:16]], cube.points[places[16:]]
    assert not np.isin(a, b).any()
    between = np.delete(cube.points, places, axis=0)
    assert len(between) == 16 * 2
    for place, point in enumerate(between):
        pair = np.stack([a[place // 2], b[place // 2]])
        assert ((point == pair[0]) | (point == pair[1])).all()
        assert not (point == pair[0]).all()


def test_draws_pair_the_numbers_of_a_run_with_its_results():
    cube = sample_cube("sobol", ["x", "y"], n=8, seed=1)
    design = pd.DataFrame({"run": range(cube.runs), "structure": "one", "luck": 0})
    design["x"] = cube.points[:, 0]
    long = [
        pd.DataFrame({"run": design["run"], "structure": "one", "strategy": "new",
                      "outcome": outcome, "value": scale * design["x"]})
        for outcome, scale in (("inc_cost", 10.0), ("inc_qaly", 2.0), ("inc_nmb_1000", 7.0))
    ]  # fmt: skip
    psa, parameters = base_draws(cube, design, pd.concat(long), ASKED)
    assert sorted(parameters["sample"]) == list(range(16))
    new = psa[psa["strategy"] == "new"].merge(parameters, on=["structure", "sample"])
    np.testing.assert_allclose(new["cost"], 10.0 * new["x"])
    np.testing.assert_allclose(new["qaly"], 2.0 * new["x"])
    old = psa[psa["strategy"] == "old"]
    assert len(old) == 16 and not old[["cost", "qaly"]].to_numpy().any()


@pytest.fixture(scope="module")
def scenario():
    return popmodel.load_scenario(
        "scenarios/saint_when_severe.yaml", patients=100, years=1, structure="evidence"
    )


COURSE = "treatments.saint.cost.course"


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (Request("sobol", (COURSE,), samples=32), ""),
        (Request("sobol", (COURSE,), {COURSE: (1.0, 2.0)}, samples=32), "--range moves"),
        (Request("sobol", (COURSE,), samples=16), "32 draws are too few, 40 are needed"),
        (Request("morris", (COURSE,), samples=32), ""),
    ],
)
def test_runs_that_are_no_draws_of_what_is_believed_are_not_taken_for_draws(
    scenario, request_, why
):
    told = lay_out(scenario, request_).not_believed
    assert told.startswith(why) and bool(told) == bool(why)


def test_numbers_fitted_together_but_moved_apart_are_not_what_is_believed(scenario):
    from popmodel.uncertainty.reading import scenario_beliefs

    fitted = scenario_beliefs(scenario)[0].fitted[:2]
    apart = lay_out(scenario, Request("sobol", fitted, samples=32))
    assert "were fitted together" in apart.not_believed
    joined = lay_out(scenario, Request("sobol", ("+".join(fitted),), samples=32))
    assert not joined.not_believed
