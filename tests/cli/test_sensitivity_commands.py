"""`popmodel sweep` and `popmodel solve` from what is typed to what is left in the folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import popmodel
from popmodel.cli import main
from popmodel.cli.sweep import _print_floor
from popmodel.report.tables import load_result
from popmodel.uncertainty.model import ModelJob
from popmodel.uncertainty.run import Run

SCENARIO = "scenarios/saint_when_severe.yaml"
SMALL = ["--patients", "200", "--years", "1", "--structure", "evidence"]
COURSE = "treatments.saint.cost.course"
POTENCY = "treatments.saint.potency"
CONDITION = "nmb(saint_when_severe) >= nmb(usual_care) at 100000"


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def swept(folder: Path, *options: str) -> int:
    given = ["--out", str(folder), "--jobs", "1", "--no-charts", *SMALL, *options]
    return main(["sweep", SCENARIO, *given])


@pytest.fixture(scope="module")
def sobol(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweep") / "sobol"
    options = ["--method", "sobol", "--samples", "8", "--over", COURSE, "--over", POTENCY]
    assert swept(folder, *options) == 0
    return folder


def test_a_sweep_leaves_indices_of_every_outcome_with_intervals(sobol: Path):
    table = pd.read_csv(sobol / "sweep.csv")
    assert list(table.columns) == [
        "structure", "strategy", "outcome", "factor", "index", "other", "value", "low", "high",
        "method", "n", "seed",
    ]  # fmt: skip
    assert set(table["factor"]) == {COURSE, POTENCY, "luck"}
    assert {"inc_nmb_100000", "inc_cost", "inc_qaly", "inc_remission_weeks"} <= set(
        table["outcome"]
    )
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()
    own = table.query("outcome == 'inc_qaly' and factor == @COURSE and index == 'ST'")
    np.testing.assert_allclose(own["value"], 0.0, atol=1e-12)  # a price buys no health
    floor = pd.read_csv(sobol / "noise_floor.csv")
    assert (floor["patients_needed"].dropna() >= 200).all()


@pytest.mark.parametrize(
    ("needed", "told"), [(4748, "about 4,748 patients"), (pd.NA, "more --samples")]
)
def test_the_noise_floor_says_what_would_lower_it(capsys, needed, told):
    row = {"outcome": "inc_qaly", "index": "ST", "floor": 0.4, "patients_needed": needed}
    _print_floor(pd.DataFrame([row]), "inc_qaly")
    said = "".join(capsys.readouterr())
    assert told in " ".join(said.split()) and "NA" not in said


def test_the_folder_of_a_sweep_knows_its_scenario(sobol: Path):
    about = load_result(sobol).about
    assert about.comparator == "usual_care" and about.structures == ("evidence",)
    manifest = json.loads((sobol / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["sweep"]["about"]["method"] == "sobol"


def test_a_finished_sweep_is_analysed_again_without_a_run_and_another_is_refused(
    sobol: Path, capsys: pytest.CaptureFixture[str]
):
    before = {p.name: p.read_bytes() for p in sobol.glob("*.csv")}
    chunks = {p.name: p.stat().st_mtime_ns for p in (sobol / "chunks").iterdir()}
    options = ["--method", "sobol", "--samples", "8", "--over", COURSE, "--over", POTENCY]
    assert swept(sobol, *options) == 0
    assert chunks == {p.name: p.stat().st_mtime_ns for p in (sobol / "chunks").iterdir()}
    assert before == {p.name: p.read_bytes() for p in sobol.glob("*.csv")}
    assert swept(sobol, *options, "--design-seed", "5") == 2
    assert "another" in capsys.readouterr().err


def test_one_way_is_the_model_at_the_ends_of_one_number(tmp_path: Path):
    assert swept(tmp_path / "one", "--over", COURSE) == 0
    table = pd.read_csv(tmp_path / "one" / "tornado.csv")
    row = table.query("outcome == 'inc_cost' and strategy == 'saint_when_severe'").iloc[0]
    scenario = popmodel.load_scenario(SCENARIO, patients=200, years=1, structure="evidence")
    low, high = scenario.evidence().quantity(COURSE).interval()
    assert (row["low_value"], row["high_value"]) == pytest.approx((low, high))
    job = ModelJob(scenario)
    for end, value in (("low", low), ("high", high)):
        rows = job(Run(0, "evidence", 0, {COURSE: value}))
        mean = {
            name: np.average(own["cost_health_care"], weights=own["patients"])
            for name, own in rows.groupby("strategy")
        }
        expected = mean["saint_when_severe"] - mean["usual_care"]
        assert row[f"outcome_{end}"] == pytest.approx(expected)


def test_two_shards_are_joined_by_merge_and_analysed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    options = ["--over", COURSE, "--steps", "3"]
    home = tmp_path / "shards"
    assert swept(home, *options, "--shard", "1/2") == 0
    assert not (home / "tornado.csv").exists()
    assert swept(home, *options, "--shard", "2/2") == 0
    assert main(["merge", str(home)]) == 0
    assert swept(home, *options) == 0
    assert (home / "spider.csv").exists() and (home / "tornado.csv").exists()


def test_a_dry_run_tells_factors_and_runs_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    home = tmp_path / "dry"
    assert swept(home, "--over", COURSE, "--dry-run") == 0
    assert COURSE in printed(capsys)
    assert not home.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--over", "treatments.saint.cost.curse", "--method", "morris"],
            "did you mean treatments.saint.cost.course",
        ),
        (["--range", "discount.health"], "is no range"),
        (["--method", "two-way", "--over", COURSE], "exactly two"),
        (["--method", "sobol", "--samples", "100", "--over", COURSE], "power of 2"),
        (["--over", "discount.health"], "--range discount.health=low:high"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_before_anything_runs(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert swept(tmp_path / "no", *options) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "no").exists()


def test_the_glossary_explains_every_column_of_a_sweep(sobol: Path):
    text = Path("docs/glossary.md").read_text(encoding="utf-8")
    rows = text.partition("## Tables of `popmodel sweep`")[2].splitlines()
    for path in [*sobol.glob("*.csv"), *sobol.glob("outcomes.parquet")]:
        if path.stem in ("design", "runs", "timings"):
            continue
        (told,) = [row for row in rows if row.startswith(f"| `{path.name}`")]
        if path.stem == "convergence":
            continue
        table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
        assert [c for c in table.columns if f"`{c}`" not in told] == []


# ---------------------------------------------------------------- solve


def test_the_price_found_makes_two_strategies_equally_good(capsys: pytest.CaptureFixture[str]):
    given = ["--for", COURSE, "--until", CONDITION, "--between", "0:60000", "--json", *SMALL]
    assert main(["solve", SCENARIO, *given]) == 0
    (answer,) = json.loads(printed(capsys))
    if answer["status"] == "holds_nowhere":
        pytest.fail("the range holds no answer; choose another condition for this test")
    assert answer["runs"] <= 4 and answer["status"] in ("found", "within_noise")
    scenario = popmodel.load_scenario(SCENARIO, patients=200, years=1, structure="evidence")
    rows = ModelJob(scenario)(Run(0, "evidence", 0, {COURSE: answer["value"]}))
    benefit = {
        name: np.average(100000 * own["qaly"] - own["cost_health_care"], weights=own["patients"])
        for name, own in rows.groupby("strategy")
    }
    assert benefit["saint_when_severe"] == pytest.approx(benefit["usual_care"], abs=0.01)
    assert answer["side"] == "up_to" and answer["low"] <= answer["value"] <= answer["high"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--for", "treatments.saint.cost.curse", "--until", CONDITION],
            "did you mean treatments.saint.cost.course",
        ),
        (["--for", COURSE, "--until", "nmb(sant) >= 0"], "no strategy 'sant'"),
        (["--for", "discount.health", "--until", CONDITION], "a range is needed"),
        (["--for", COURSE, "--until", CONDITION, "--between", "9:1"], "'9:1' is no range"),
        (["--for", COURSE, "--until", CONDITION, "--between", "-5:10"], "leaves what"),
        (["--for", "title", "--until", CONDITION], "is no number"),
    ],
)
def test_a_question_that_cannot_be_is_refused(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["solve", SCENARIO, *options, *SMALL]) == 2
    assert message in capsys.readouterr().err


def test_a_dry_solve_runs_nothing(capsys: pytest.CaptureFixture[str]):
    given = ["--for", COURSE, "--until", CONDITION, "--dry-run", *SMALL]
    assert main(["solve", SCENARIO, *given]) == 0
    told = printed(capsys)
    assert COURSE in told and "at most" in told


def test_where_the_best_strategy_changes_the_two_are_equally_good(
    capsys: pytest.CaptureFixture[str],
):
    given = ["--for", COURSE, "--until", "best changes at 100000", "--between", "0:60000"]
    assert main(["solve", SCENARIO, *given, "--json", *SMALL]) == 0
    found = json.loads(printed(capsys))
    assert {row["structure"] for row in found} == {"evidence"}
    assert any(row["status"] != "no_change" for row in found)
    scenario = popmodel.load_scenario(SCENARIO, patients=200, years=1, structure="evidence")
    for row in (one for one in found if one["status"] != "no_change"):
        rows = ModelJob(scenario)(Run(0, "evidence", 0, {COURSE: row["value"]}))
        benefit = rows.assign(nmb=100000 * rows["qaly"] - rows["cost_health_care"])
        mean = (benefit["nmb"] * benefit["patients"]).groupby(benefit["strategy"]).sum()
        assert mean[row["before"]] == pytest.approx(mean[row["after"]], abs=5.0)
        assert mean.max() == pytest.approx(mean[row["after"]], abs=5.0)


def test_a_sobol_sweep_says_what_is_worth_learning_or_why_it_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Over a price that is believed, with enough samples; and over a stated range of it."""
    options = ["--method", "sobol", "--over", COURSE]
    assert swept(tmp_path / "learnt", *options, "--samples", "32") == 0
    told = capsys.readouterr()
    assert "from the 64 independent draws" in told.err and "counts as known" in told.err
    table = pd.read_csv(tmp_path / "learnt" / "evppi.csv")
    assert set(table["parameter"]) == {COURSE}
    assert set(table["wtp"]) == {50000, 100000, 150000}
    assert (table["evppi_se"] >= 0).all() and (table["evppi"] >= 0).all()
    facts = json.loads((tmp_path / "learnt" / "manifest.json").read_text(encoding="utf-8"))
    assert facts["evppi"]["draws"] == 64
    options += ["--samples", "8", "--range", f"{COURSE}=8000:20000"]
    assert swept(tmp_path / "ranged", *options) == 0
    assert f"No evppi.csv: --range moves {COURSE}" in capsys.readouterr().err
    assert not (tmp_path / "ranged" / "evppi.csv").exists()
    facts = json.loads((tmp_path / "ranged" / "manifest.json").read_text(encoding="utf-8"))
    assert "--range" in facts["evppi"]["none_because"]
