"""`popmodel validate`: structures side by side, and the dossier."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from tests.trials.test_published_models import one_published_model

from popmodel import evidence
from popmodel.cli import main
from popmodel.cli import validate as command
from popmodel.evidence import load_evidence
from popmodel.trials import dossier

FEW = ("--recruits", "256", "--seed", "7")


@pytest.fixture
def popmodel(capsys):
    """Run a command; return its exit code, output and messages."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(one) for one in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err + captured.out
        return code, captured.out, captured.err

    return run


@pytest.fixture(autouse=True)
def few_trials_and_little_doubt(monkeypatch):
    """Doubt is measured elsewhere; here its place is kept."""
    known = load_evidence()
    some = replace(known, trials=dict(list(known.trials.items())[::6]))
    real = evidence.load_evidence
    monkeypatch.setattr(
        evidence, "load_evidence", lambda *a, **k: real(*a, **k) if a or k else some
    )
    monkeypatch.setattr(dossier, "doubt_about_trials", lambda *a, **k: {})
    monkeypatch.setattr(
        dossier, "identification_tables", lambda *a, **k: {"left_out": pd.DataFrame({"z": [1.0]})}
    )


def test_structures_are_compared_when_several_are_asked_for(popmodel):
    code, printed, _ = popmodel(
        "validate", "--structure", "all", "--correlation", "default", *FEW, "--json"
    )
    assert code in (0, 4)
    said = json.loads(printed)
    assert [one["severity_effect"] for one in said["structures"]] == [
        "evidence", "premise", "mixture",
    ]  # fmt: skip
    assert sum(one["weight"] for one in said["structures"]) == pytest.approx(1.0)
    assert {one["structure"] for one in said["numbers"]} == {
        one["structure"] for one in said["structures"]
    }


def test_a_dossier_is_tables_a_manifest_and_a_chart(popmodel, tmp_path):
    models = one_published_model(tmp_path / "models")
    code, _, _ = popmodel("validate", "--report", tmp_path / "d", "--models", models, *FEW)
    assert code in (0, 4)
    home = tmp_path / "d"
    names = {path.stem for path in home.glob("*.csv")}
    trials = {"predictions", "scores", "structures", "left_out"}
    assert names == trials | {"published", "published_changes"}
    made = json.loads((home / "manifest.json").read_text(encoding="utf-8"))
    assert made["recruits"] == 256
    assert made["structures"] == ["evidence_default"]
    assert any(name.startswith("trials/") for name in made["cards"])
    assert (home / "charts/validation_forest.svg").stat().st_size > 1000


def test_without_published_models_the_dossier_is_that_of_the_trials(
    popmodel, tmp_path, monkeypatch
):
    monkeypatch.setattr(command.published_models, "MODELS", tmp_path / "none")
    code, _, told = popmodel("validate", "--report", tmp_path / "d", *FEW)
    assert code in (0, 4)
    assert "no table of published models" in told
    assert not (tmp_path / "d/published.csv").exists()


def test_a_folder_without_report_is_refused_and_nothing_written(popmodel, tmp_path):
    code, _, told = popmodel("validate", tmp_path / "d", *FEW)
    assert code == 2
    assert "--report" in told
    assert not (tmp_path / "d").exists()


def test_outside_a_checkout_the_folder_must_be_named(popmodel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, told = popmodel("validate", "--report", *FEW)
    assert code == 2
    assert "--report DIR" in told
    assert list(tmp_path.iterdir()) == []


def test_a_structure_that_is_none_is_refused_with_the_nearest(popmodel):
    code, _, told = popmodel("validate", "--structure", "evidense", *FEW)
    assert code == 2
    assert "evidence" in told


def test_the_shipped_folder_is_that_of_the_page():
    assert command.SHIPPED.as_posix() == "docs/validation"


MINE = """\
id: mine
title: A trial nobody has seen
source: {citation: "Made up for a test"}
use: test
design: parallel
include: {severity: {at_least: 18, scale: hamd17}}
baseline: {severity: {mean: 22, sd: 4, scale: hamd17}}
arms:
  tablet: {treat: escitalopram, patients: 40}
  placebo: {treat: control_pill_placebo, patients: 40}
outcomes:
  - measure: remission
    definition: {scale: hamd17, at_most: 7}
    at_days: 56
    tablet: {count: 12}
    placebo: {count: 9}
"""


@pytest.fixture
def folder(tmp_path):
    """A folder of one's own with a trial card and nothing else."""
    (tmp_path / "trials").mkdir()
    (tmp_path / "trials/mine.yaml").write_text(MINE, encoding="utf-8")
    return tmp_path / "trials"


def test_a_strangers_trial_runs_without_code_and_leaves_a_dossier(popmodel, folder, tmp_path):
    code, printed, told = popmodel(
        "validate", "--trials", folder / "mine.yaml", "--out", tmp_path / "d", *FEW, "--json"
    )
    assert code in (0, 4), told
    said = json.loads(printed)
    assert {row["trial"] for row in said["numbers"]} == {"mine"}
    assert all(0.0 < row["predicted"] < 1.0 for row in said["numbers"])
    assert [one["numbers"] for one in said["agreement"]] == [0, 2]
    assert set(pd.read_csv(tmp_path / "d/predictions.csv")["trial"]) == {"mine"}
    assert not (tmp_path / "d/left_out.csv").exists()


def test_a_wrong_trial_card_is_located_and_nothing_run(popmodel, folder):
    card = folder / "mine.yaml"
    card.write_text(MINE.replace("scale: hamd17, at", "scale: hamd, at"), encoding="utf-8")
    code, printed, told = popmodel("validate", "--trials", folder, *FEW)
    assert code == 2 and printed == ""
    assert "mine.yaml:13:18" in told and "did you mean hamd17?" in told


def test_an_unknown_trial_is_refused(popmodel):
    code, _, told = popmodel("validate", "--only", "no-such-trial", *FEW)
    assert code == 2 and "no trial no-such-trial" in told


def test_a_dry_run_lists_trials_and_emulates_none(popmodel, monkeypatch):
    monkeypatch.setattr(dossier, "rows_by_structure", lambda *a, **k: pytest.fail("ran"))
    code, printed, _ = popmodel("validate", "--only", "antler-2021", "--dry-run", "--json")
    assert code == 0
    (trial,) = json.loads(printed)["trials"]
    assert (trial["trial"], trial["numbers"]) == ("antler-2021", 2)


def test_the_summary_says_how_near_the_fitted_numbers_lie(popmodel):
    code, printed, _ = popmodel("validate", *FEW)
    assert code in (0, 4)
    assert "within two standard deviations (90 % must)" in printed
    assert "may be outside)" in printed
