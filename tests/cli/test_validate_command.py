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
    monkeypatch.setattr(evidence, "load_evidence", lambda: some)
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
