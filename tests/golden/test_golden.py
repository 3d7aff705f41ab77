"""Numbers that should move only when somebody means them to.

A small run of the main comparison is kept with ten digits. When a card, a calibration or a rule
changes, this test tells which number moved, from what to what. If that was meant:

    make golden        (pytest tests/golden --regenerate-golden)

and look at `git diff tests/golden` before committing.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.worlds import SCENARIOS, live

from popmodel import outcomes
from popmodel.pipeline.stages import horizon_days
from popmodel.population import synthesise
from popmodel.scenario import load_scenario

HERE = Path(__file__).parent
DIGITS = 10
SIZE = 400
# Other processors and C libraries may round the last digits of exp, log and erfc differently, and
# a rounding may tip one patient over a threshold: elsewhere nearly all numbers must agree.
TOLERANCE = 1e-7


def rounded(value):
    if isinstance(value, float | np.floating):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else value
    return value


def small_run(name, structure="evidence"):
    scenario = load_scenario(SCENARIOS / f"{name}.yaml", patients=SIZE, structure=structure)
    lives = live(scenario)
    tables = {
        strategy: outcomes.patient_table(lives.population, history, lives.parameters)
        for strategy, history in lives.histories.items()
    }
    return outcomes.strategy_table(tables, horizon_days(scenario)), lives


def as_text(table):
    return table.map(rounded).to_csv(index=False)


def compare(request, name, table):
    """Compare a table with its golden file, or write the file if that was asked for."""
    path = HERE / f"{name}.csv"
    if request.config.getoption("--regenerate-golden"):
        path.write_text(as_text(table), encoding="utf-8")
        return
    assert path.exists(), f"{path.name} is missing: make golden"
    kept = pd.read_csv(path)
    table = table.map(rounded).reset_index(drop=True)
    assert list(kept.columns) == list(table.columns), "columns changed"
    assert len(kept) == len(table), "rows changed"
    moved = []
    for column in kept.columns:
        for row, (before, now) in enumerate(zip(kept[column], table[column], strict=True)):
            if isinstance(before, str) or isinstance(now, str):
                same = before == now
            else:
                same = (pd.isna(before) and pd.isna(now)) or math.isclose(
                    before, now, rel_tol=TOLERANCE, abs_tol=1e-12
                )
            if not same:
                moved.append(f"{kept.iloc[row, 0]}, {column}: {before} became {now}")
    told = "\n".join(moved[:40])
    assert not moved, (
        f"{len(moved)} of {kept.size} numbers of {path.name} moved; if that was meant: "
        f"make golden\n{told}"
    )


def test_the_main_comparison_gives_the_kept_numbers(request):
    table, _ = small_run("five_pathways")
    compare(request, "five_pathways_strategies", table)


def test_who_enters_is_as_kept(request, parameters):
    people = synthesise(parameters, 25, 20261121)
    fields = ("age", "sex", "biotype", "conditions", "failures_before", "worst", "trait", "swing")
    table = pd.DataFrame({"patient": people["id"], **{f: people[f] for f in fields}})
    compare(request, "first_patients", table)


@pytest.mark.slow
@pytest.mark.parametrize("structure", ["premise", "mixture"])
@pytest.mark.parametrize("name", ["five_pathways", "stepped_care", "saint_when_severe"])
def test_the_other_questions_and_readings_give_the_kept_numbers(request, name, structure):
    table, _ = small_run(name, structure)
    compare(request, f"{name}_{structure}_strategies", table)


def test_a_golden_file_tells_which_number_moved(request, tmp_path, monkeypatch):
    if request.config.getoption("--regenerate-golden"):
        pytest.skip("files are being written")
    monkeypatch.setattr("tests.golden.test_golden.HERE", tmp_path)
    kept = pd.DataFrame({"strategy": ["a", "b"], "qaly": [1.5, 2.5], "cost": [10.0, 20.0]})
    (tmp_path / "toy.csv").write_text(as_text(kept), encoding="utf-8")
    compare(request, "toy", kept)
    with pytest.raises(AssertionError, match=r"1 of 6 .*\n.*b, qaly: 2.5 became 2.6"):
        compare(request, "toy", kept.assign(qaly=[1.5, 2.6]))
