"""`popmodel validate --published`: printed, as JSON, written, and refused."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from tests.trials.test_published_models import NEEDED, one_published_model

from popmodel.cli import main


@pytest.fixture
def popmodel(capsys):
    """Run a command; return its exit code, output and messages."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(one) for one in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err + captured.out
        return code, captured.out, captured.err

    return run


@pytest.fixture
def one_model(tmp_path):
    return one_published_model(tmp_path / "models")


def test_figures_stand_beside_ours_and_a_miss_is_no_failure(popmodel, one_model):
    code, printed, _ = popmodel("validate", "--published", "--models", one_model)
    assert code == 0
    assert "QALYs gained for each year of remission" in printed
    assert "esketamine less oral_drug" in printed
    assert "outside" in printed
    assert "not expressible: probability" in printed


def test_json_and_the_written_table_hold_the_same_figures(popmodel, one_model, tmp_path):
    home = tmp_path / "dossier"
    code, printed, _ = popmodel(
        "validate", "--published", "--models", one_model, "--report", home, "--json"
    )
    assert code == 0
    said = json.loads(printed)["figures"]
    table = pd.read_csv(home / "published.csv")
    assert list(table["figure"]) == [row["figure"] for row in said]
    assert table["ours"].dropna().tolist() == pytest.approx(
        [row["ours"] for row in said if row["ours"] is not None], abs=1e-6
    )
    made = json.loads((home / "published.json").read_text(encoding="utf-8"))
    assert made["patients"] == {"ross_soeteman_2020": 400}
    assert set(NEEDED) <= set(made["files"])
    assert "treatments/esketamine" in made["cards"]
    assert (home / "published_changes.csv").exists()


def test_a_wrong_figure_is_told_and_nothing_written(popmodel, one_model, tmp_path):
    file = one_model / "figures/ross_soeteman_2020.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("factor: 2", "factor: 1", 1))
    home = tmp_path / "dossier"
    code, _, told = popmodel("validate", "--published", "--models", one_model, "--report", home)
    assert code == 2
    assert "ross_soeteman_2020.yaml:" in told
    assert "factor" in told
    assert not home.exists()


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--published", "--structure", "premise"), "--structure"),
        (("--published", "--correlation", "all"), "--correlation"),
        (("--published", "--models", "nowhere"), "nowhere"),
        (("--models", "scenarios/published"), "--published"),
    ],
)
def test_options_nobody_would_read_are_refused(popmodel, arguments, hint):
    code, _, told = popmodel("validate", *arguments)
    assert code == 2
    assert hint in told


def test_outside_a_checkout_the_folder_must_be_named(popmodel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, told = popmodel("validate", "--published")
    assert code == 2
    assert "--models DIR" in told
