"""The decision layer from the terminal."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from popmodel.cli import main
from popmodel.cli.economics import amounts_of
from popmodel.errors import InputError

PSA = """\
sample,strategy,cost,qaly
1,usual,1000,1.00
1,new,3000,1.10
2,usual,1200,1.02
2,new,2800,1.00
"""


@pytest.fixture
def psa(tmp_path):
    path = tmp_path / "psa.csv"
    path.write_text(PSA, encoding="utf-8")
    return path


def test_economics_writes_a_table_for_every_question(psa, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["economics", str(psa), "--out", str(out), "--wtp", "0:50000:25000"]) == 0
    assert {file.name for file in out.iterdir()} == {
        "incremental.csv",
        "ceac.csv",
        "ceaf.csv",
        "evpi.csv",
        "expected_loss.csv",
    }
    ceac = pd.read_csv(out / "ceac.csv")
    assert sorted(ceac["wtp"].unique()) == [0, 25000, 50000]
    incremental = pd.read_csv(out / "incremental.csv")
    assert incremental["cost"].tolist() == [1100, 2900]
    assert incremental["icer"].iloc[1] == pytest.approx(1800 / 0.04)
    assert "45,000" in capsys.readouterr().out


def test_economics_reads_parquet_and_prints_json(psa, tmp_path, capsys):
    path = tmp_path / "psa.parquet"
    pd.read_csv(psa).to_parquet(path)
    assert main(["economics", str(path), "--wtp", "50000", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [(row["wtp"], row["evpi"]) for row in said["evpi"]] == [(50000.0, pytest.approx(1300))]


def test_structures_are_evaluated_apart(psa, tmp_path, capsys):
    table = pd.read_csv(psa)
    both = pd.concat([table.assign(structure=name) for name in ("premise", "evidence")])
    both.to_csv(psa, index=False)
    assert main(["economics", str(psa), "--wtp", "1000", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [row["structure"] for row in said["evpi"]] == ["premise", "evidence"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PSA.replace(",qaly", ",qualy"), "qaly"),
        (PSA.replace("2,new,2800,1.00\n", ""), "sample"),
        (PSA.replace("2800", "cheap"), "cost"),
        ("", "cannot be read"),
    ],
)
def test_a_wrong_table_is_told_and_nothing_is_written(text, words, psa, tmp_path, capsys):
    psa.write_text(text, encoding="utf-8")
    assert main(["economics", str(psa), "--out", str(tmp_path / "out")]) == 2
    messages = capsys.readouterr().err
    assert "psa.csv" in messages
    assert words in messages
    assert not (tmp_path / "out").exists()


def test_a_name_that_a_spreadsheet_would_run_is_written_as_text(psa, tmp_path):
    psa.write_text(PSA.replace("new", "=cmd()"), encoding="utf-8")
    out = tmp_path / "out"
    assert main(["economics", str(psa), "--out", str(out), "--wtp", "1"]) == 0
    assert "\n'=cmd()" in (out / "incremental.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("50000", [50000]),
        ("0:3:1", [0, 1, 2, 3]),
        ("0:1:0.1", pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1])),
        ("0:5:2", [0, 2, 4, 5]),
        ("7:7:1", [7]),
    ],
)
def test_a_range_of_amounts_holds_both_ends(text, amounts):
    assert amounts_of(text) == amounts


@pytest.mark.parametrize("text", ["", "a", "1:2", "0:1:0", "0:1:-1", "2:1:1", "0:1e9:1", "0:nan:1"])
def test_a_range_that_is_none_is_refused(text):
    with pytest.raises(InputError, match="--wtp"):
        amounts_of(text)
