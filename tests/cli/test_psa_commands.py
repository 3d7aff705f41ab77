"""`popmodel psa` and `popmodel voi` from what is typed to what is left in the folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from popmodel.cli import main
from popmodel.economics.reading import read_table

SCENARIO = "scenarios/five_pathways.yaml"
SMALL = ["--patients", "160", "--years", "1", "--structure", "evidence", "--samples", "32"]
ALONE = ["--jobs", "1", "--no-charts"]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("five") / "psa"
    assert main(["psa", SCENARIO, "--out", str(folder), *SMALL, *ALONE]) == 0
    return folder


def test_an_analysis_leaves_draws_and_what_they_say(drawn):
    names = {path.name for path in drawn.iterdir()}
    assert {
        "psa.csv", "psa_parameters.csv", "psa_blocks.parquet", "psa_subgroups.parquet",
        "incremental.csv", "ceac.csv", "ceaf.csv", "evpi.csv", "expected_loss.csv", "evppi.csv",
        "variance.csv", "plane.csv", "policy_map.csv", "value_based_price.csv",
        "evpi_without_noise.csv", "remission_per_million.csv", "manifest.json", "runs.csv",
    } <= names  # fmt: skip
    psa = pd.read_csv(drawn / "psa.csv")
    assert psa.groupby("strategy")["sample"].nunique().eq(32).all()
    assert json.loads((drawn / "manifest.json").read_text())["patients_per_draw"] == 160
    corrected = pd.read_csv(drawn / "evpi_without_noise.csv")
    assert (corrected["evpi_corrected"] <= corrected["evpi"] + 1e-6).all()


def test_the_draws_are_a_table_that_any_tool_can_read(drawn, tmp_path):
    assert (
        main(["economics", str(drawn / "psa.csv"), "--wtp", "100000", "--out", str(tmp_path)]) == 0
    )
    ours = pd.read_csv(drawn / "ceac.csv").query("wtp == 100000").set_index("strategy")
    theirs = pd.read_csv(tmp_path / "ceac.csv").set_index("strategy")
    assert ours["probability"].to_dict() == theirs["probability"].to_dict()
    assert len(read_table(drawn / "psa_blocks.parquet")) == 8 * 32 * 6


def test_draws_that_are_there_are_not_simulated_again(drawn, capsys, monkeypatch):
    before = (drawn / "results.parquet").read_bytes()
    monkeypatch.setattr("popmodel.uncertainty.model.ModelJob.__call__", _never)
    given = ["--per-year", "1000", "--decision-years", "5", "--fixed-cost", "1e6",
             "--cost-per-patient", "20000", "--sizes", "100,200"]  # fmt: skip
    options = [*SMALL, "--jobs", "1", "--no-charts", *given]
    assert main(["voi", SCENARIO, "--out", str(drawn), *options]) == 0
    told = capsys.readouterr().out
    assert "A trial of treatments.aih_clinic.potency" in told
    assert "net (ENBS)" in told
    trial = pd.read_csv(drawn / "trial.csv")
    assert trial["study_cost"].drop_duplicates().tolist() == [3e6, 5e6]
    assert (drawn / "results.parquet").read_bytes() == before


def _never(self, run):
    raise AssertionError("a run was done again")


def test_a_run_keeps_the_analysis_that_lies_beside_its_tables(drawn, tmp_path):
    folder = tmp_path / "five"
    shutil.copytree(drawn, folder / "psa")
    for _ in range(2):
        options = ["--patients", "100", "--years", "1", "--structure", "evidence", "--no-charts"]
        assert main(["run", SCENARIO, "--out", str(folder), *options]) == 0
        assert (folder / "strategies.csv").is_file()
        assert (folder / "psa" / "psa.csv").read_bytes() == (drawn / "psa.csv").read_bytes()


def test_a_scenario_of_many_patients_is_drawn_with_fewer_and_says_so(capsys, tmp_path):
    given = ["--samples", "2", "--years", "0.1", "--structure", "evidence", "--dry-run"]
    assert main(["psa", SCENARIO, "--out", str(tmp_path / "x"), "--jobs", "1", *given]) == 0
    assert "5,000 patients a draw" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("command", "options", "told"),
    [
        ("psa", ["--samples", "1"], "samples"),
        ("psa", ["--per-year", "100"], "decision-years"),
        ("voi", ["--sizes", "10,few"], "whole numbers"),
        ("voi", ["--set", "treatments.saint.potenci=1"], "potency"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_run(
    command, options, told, capsys, tmp_path
):
    folder = tmp_path / "out"
    given = ["--out", str(folder), "--patients", "40", "--years", "1", *ALONE, *options]
    assert main([command, SCENARIO, *given]) == 2
    assert told in capsys.readouterr().err
    assert not folder.exists()
