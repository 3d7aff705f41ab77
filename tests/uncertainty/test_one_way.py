"""One number at a time, two at a time, and differences from the comparator."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from popmodel.errors import InputError
from popmodel.uncertainty.contrasts import Asked, contrasts, outcome_values
from popmodel.uncertainty.cube import LUCK
from popmodel.uncertainty.global_sensitivity import ConstantOutput, sample_cube
from popmodel.uncertainty.indices import noise_floor, patients_needed, sweep_indices
from popmodel.uncertainty.one_way import (
    BASE,
    best_on_grid,
    grid_table,
    one_way_levels,
    spider_table,
    tornado_table,
    two_way_levels,
)

OUTCOME = "inc_nmb_50000"


class Numbers:
    """Stands in for what is believed: independent normals with mean and spread by path."""

    def __init__(self, **spread):
        self.spread = {path.replace("__", "."): pair for path, pair in spread.items()}

    def base(self):
        return {path: mean for path, (mean, _) in self.spread.items()}

    def uncertain(self):
        return tuple(self.spread)

    def at(self, factor, quantile):
        z = {0.025: -2.0, 0.5: 0.0, 0.975: 2.0}[quantile]
        return {p: self.spread[p][0] + z * self.spread[p][1] for p in factor.paths}


class F:
    def __init__(self, name, *paths):
        self.name, self.paths, self.ranges = name, paths or (name,), {}


def results(levels, value):
    design = levels.design
    paths = [c for c in design.columns if c not in ("run", "structure", "luck")]
    y = [value({p: row[p] for p in paths}) for row in design.to_dict("records")]
    return pd.DataFrame(
        {"run": design["run"], "structure": design["structure"], "strategy": "a",
         "outcome": OUTCOME, "value": y}
    )  # fmt: skip


BELIEFS = {"evidence": Numbers(x=(1.0, 0.5), y=(10.0, 1.0), z=(5.0, 2.0))}


def test_the_tornado_of_a_straight_line_is_its_slopes_times_the_ranges():
    levels = one_way_levels([F("x"), F("y"), F("z")], BELIEFS)
    table = tornado_table(levels.runs, results(levels, lambda v: 3 * v["x"] - v["y"] + 0 * v["z"]))
    assert table["factor"].tolist() == ["y", "x", "z"] or table["factor"].tolist() == [
        "x", "y", "z"]  # fmt: skip
    rows = table.set_index("factor")
    assert rows.loc["x", ["outcome_low", "outcome_base", "outcome_high"]].tolist() == [
        -10.0, -7.0, -4.0]  # fmt: skip
    assert rows.loc["y", ["outcome_low", "outcome_high"]].tolist() == [-5.0, -9.0]
    assert rows.loc["x", "span"] == 6.0 and rows.loc["y", "span"] == 4.0
    assert rows.loc["z", "span"] == 0.0
    assert table["span"].is_monotonic_decreasing
    assert rows.loc["y", ["low_value", "base_value", "high_value"]].tolist() == [8.0, 10.0, 12.0]


def test_numbers_joined_by_plus_move_together():
    levels = one_way_levels([F("x+z", "x", "z")], BELIEFS)
    table = tornado_table(levels.runs, results(levels, lambda v: v["x"] * v["z"]))
    assert table.loc[0, ["outcome_low", "outcome_base", "outcome_high"]].tolist() == [
        0.0,
        5.0,
        18.0,
    ]


def test_every_structure_starts_at_its_own_base():
    beliefs = {"one": Numbers(x=(1.0, 0.5)), "two": Numbers(x=(3.0, 0.5))}
    levels = one_way_levels([F("x")], beliefs)
    table = tornado_table(levels.runs, results(levels, lambda v: v["x"]))
    assert table["outcome_base"].tolist() == [1.0, 3.0]
    assert table["structure"].tolist() == ["one", "two"]


def test_a_missing_run_is_refused():
    levels = one_way_levels([F("x")], BELIEFS)
    found = results(levels, lambda v: v["x"])
    with pytest.raises(InputError, match="has no result"):
        tornado_table(levels.runs, found[found["run"] != 1])


def test_a_spider_has_at_most_seven_lines_and_changes_against_the_base():
    spread = {f"p{k}": (10.0, 1.0) for k in range(9)}
    levels = one_way_levels([F(p) for p in spread], {"e": Numbers(**spread)}, (0.025, 0.5, 0.975))
    table = spider_table(
        levels.runs, results(levels, lambda v: sum(k * v[f"p{k}"] for k in range(9)))
    )
    assert set(table["factor"]) == {f"p{k}" for k in range(2, 9)}
    assert sorted(set(table["change"].round(9))) == [-0.2, 0.0, 0.2]
    assert BASE not in set(table["factor"])


def test_a_grid_says_who_is_best_in_every_cell():
    levels = two_way_levels(F("x"), F("y"), BELIEFS, (0.025, 0.5, 0.975))
    assert len(levels.design) == 9
    a = results(levels, lambda v: v["x"] - 1.5)
    b = results(levels, lambda v: v["y"] - 11.0).assign(strategy="b")
    grid = grid_table(levels.runs, pd.concat([a, b], ignore_index=True))
    best = best_on_grid(grid, "base_care", OUTCOME).set_index(["value", "other_value"])
    assert best.loc[(0.0, 8.0), "strategy"] == "base_care"
    assert best.loc[(2.0, 8.0), "strategy"] == "a"
    assert best.loc[(2.0, 12.0), "strategy"] == "b"
    assert best.loc[(2.0, 12.0), "lead"] == pytest.approx(0.5)


def test_a_grid_needs_two_different_numbers():
    with pytest.raises(InputError, match="moved by both"):
        two_way_levels(F("x"), F("x+y", "x", "y"), BELIEFS, (0.5,))


# ---------------------------------------------------------------- differences


ASKED = Asked(("usual", "new", "old"), "usual", "cost_societal", (20000.0, 50000.0, 100000.0))


def rows_of(run, blocks=4, seed=0):
    rng = np.random.default_rng(seed + run)
    parts = []
    for place, strategy in enumerate(ASKED.strategies):
        for block in range(blocks):
            parts.append(
                {"run": run, "structure": "evidence", "strategy": strategy, "dimension": "block",
                 "group": str(block), "patients": 10 + 5 * block,
                 "cost_societal": 1000.0 * place + rng.normal(), "cost_health_care": -1.0,
                 "qaly": 0.1 * place + rng.normal(), "remission_weeks": 2.0 * place}
            )  # fmt: skip
    return pd.DataFrame(parts)


def test_differences_are_paired_weighted_means_over_blocks():
    rows = pd.concat([rows_of(0), rows_of(1)], ignore_index=True)
    table = contrasts(rows, ASKED)
    blocks = rows[(rows["run"] == 1)].pivot(index="group", columns="strategy")
    weight = blocks[("patients", "new")]
    gain = 50000 * (blocks[("qaly", "new")] - blocks[("qaly", "usual")]) - (
        blocks[("cost_societal", "new")] - blocks[("cost_societal", "usual")]
    )
    mean = np.average(gain, weights=weight)
    error = np.sqrt(np.average((gain - mean) ** 2, weights=weight) / 3)
    row = table.query("run == 1 and strategy == 'new' and outcome == 'inc_nmb_50000'").iloc[0]
    assert row["value"] == pytest.approx(mean)
    assert row["se"] == pytest.approx(error)
    weeks = outcome_values(table, "old", "inc_remission_weeks")
    assert weeks.tolist() == pytest.approx([4.0, 4.0])
    assert set(table["outcome"]) == {
        "inc_nmb_20000", "inc_nmb_50000", "inc_nmb_100000", "inc_cost", "inc_qaly",
        "inc_remission_weeks",
    }  # fmt: skip
    assert "usual" not in set(table["strategy"]) and ASKED.headline == "inc_nmb_50000"


def test_the_order_of_rows_and_of_subgroups_changes_nothing():
    rows = pd.concat([rows_of(0), rows_of(1)], ignore_index=True)
    more = rows.assign(dimension="biotype|severity_band", qaly=99.0)
    mixed = pd.concat([more, rows]).sample(frac=1.0, random_state=1)
    pd.testing.assert_frame_equal(
        contrasts(mixed, ASKED).sort_values(["run", "strategy", "outcome"], ignore_index=True),
        contrasts(rows, ASKED).sort_values(["run", "strategy", "outcome"], ignore_index=True),
    )


def test_a_strategy_without_results_is_named():
    rows = rows_of(0)
    with pytest.raises(InputError, match="no results of strategy old"):
        contrasts(rows[rows["strategy"] != "old"], ASKED)
    with pytest.raises(InputError, match="no strategy is called newe did you mean new"):
        outcome_values(contrasts(rows, ASKED), "newe", "inc_cost")


# ---------------------------------------------------------------- the noise floor


def outcomes_of(y, strategy="a"):
    return pd.DataFrame(
        {"run": range(len(y)), "structure": "evidence", "strategy": strategy, "outcome": OUTCOME,
         "value": y}
    )  # fmt: skip


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
def test_the_noise_floor_is_the_share_of_variance_from_luck(share):
    cube = sample_cube("sobol", ("x", LUCK), n=1024, seed=6)
    y = np.sqrt(1 - share) * cube.column("x") + np.sqrt(share) * cube.column(LUCK)
    table, summary = sweep_indices(cube, outcomes_of(y), cube.id)
    floor = noise_floor(table)
    assert floor["floor"].tolist() == [pytest.approx(share, abs=0.02)]
    assert summary["status"].tolist() == ["varies"]


def test_so_many_patients_bring_the_noise_floor_where_it_is_wanted():
    needed = patients_needed(0.4, 1000)
    inputs, luck = 0.6, 0.4 * 1000 / needed
    assert luck / (luck + inputs) == pytest.approx(0.05, rel=1e-3)
    assert patients_needed(0.04, 1000) == 1000
    with pytest.raises(InputError):
        patients_needed(1.2, 1000)


def test_an_outcome_that_never_varies_is_told_and_the_others_are_analysed():
    cube = sample_cube("sobol", ("x", "y"), n=64)
    both = pd.concat([outcomes_of(cube.column("x")), outcomes_of(np.ones(cube.runs), "same")])
    table, summary = sweep_indices(cube, both, cube.id)
    assert set(table["strategy"]) == {"a"}
    assert summary.set_index("strategy")["status"].to_dict() == {"a": "varies", "same": "constant"}
    with pytest.raises(ConstantOutput, match="no outcome varied"):
        sweep_indices(cube, outcomes_of(np.ones(cube.runs)), cube.id)


def test_a_missing_result_is_told_with_its_strategy_and_outcome():
    cube = sample_cube("sobol", ("x", "y"), n=64)
    y = cube.column("x").copy()
    y[3] = np.nan
    with pytest.raises(InputError, match=f"evidence, a, {OUTCOME}: .*run 3 is nan"):
        sweep_indices(cube, outcomes_of(y), cube.id)
