"""The decision layer from the terminal."""

from __future__ import annotations

import json

import numpy as np
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


@pytest.fixture
def many(tmp_path):
    """Forty draws of two strategies, with two parameters; the first decides."""
    luck = np.random.default_rng(1)
    values = luck.normal(size=(40, 2))
    rows = [
        (draw, name, 1000 * values[draw, 0] if name == "new" else 0.0, 0.0)
        for draw in range(40)
        for name in ("old", "new")
    ]
    psa, params = tmp_path / "psa.csv", tmp_path / "params.csv"
    pd.DataFrame(rows, columns=["sample", "strategy", "cost", "qaly"]).to_csv(psa, index=False)
    named = pd.DataFrame(values, columns=["price", "idle"]).rename_axis("sample")
    named.to_csv(params)
    return psa, params


def test_parameters_give_the_value_of_learning_them_one_by_one_and_together(many, tmp_path):
    psa, params = many
    out = tmp_path / "out"
    options = ["--params", str(params), "--group", "both=price, idle", "--wtp", "0:1:1"]
    assert main(["economics", str(psa), "--out", str(out), *options]) == 0
    table = pd.read_csv(out / "evppi.csv")
    assert list(table.columns[:3]) == ["wtp", "parameter", "evppi"]
    assert table["parameter"].tolist() == ["price"] * 2 + ["idle"] * 2 + ["both"] * 2
    value = table.groupby("parameter")["evppi"].first()
    evpi = pd.read_csv(out / "evpi.csv")["evpi"].iloc[0]
    assert value["price"] == pytest.approx(evpi, rel=1e-6)
    assert value["idle"] < 0.2 * evpi
    assert value["both"] == pytest.approx(evpi, rel=0.02)


@pytest.mark.parametrize("group", ["both", "=price", "both=", "both=price,,idle", "x=unheard"])
def test_a_group_that_is_none_is_refused(group, many, tmp_path, capsys):
    psa, params = many
    options = ["--params", str(params), "--group", group, "--out", str(tmp_path / "out")]
    assert main(["economics", str(psa), *options]) == 2
    assert "group" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_parameters_of_other_draws_are_refused(many, tmp_path, capsys):
    psa, params = many
    pd.read_csv(params).iloc[:39].to_csv(params, index=False)
    assert main(["economics", str(psa), "--params", str(params)]) == 2
    assert "params.csv: sample 39: has no row" in capsys.readouterr().err


def test_a_population_multiplies_what_knowing_is_worth(many, tmp_path, capsys):
    psa, params = many
    options = ["--per-year", "1000", "--decision-years", "5", "--discount", "0", "--wtp", "0"]
    assert main(["economics", str(psa), "--params", str(params), *options, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    for row in said["evpi"]:
        assert row["evpi_population"] == pytest.approx(5000 * row["evpi"])
    for row in said["evppi"]:
        assert row["evppi_population"] == pytest.approx(5000 * row["evppi"])
    assert main(["economics", str(psa), "--per-year", "1000"]) == 2
    assert "both are needed" in capsys.readouterr().err


def test_a_strategy_may_be_called_none(psa, capsys):
    psa.write_text(PSA.replace("usual", "None").replace("new", "NA"), encoding="utf-8")
    assert main(["economics", str(psa), "--wtp", "1", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {row["strategy"] for row in said["ceac"]} == {"None", "NA"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PSA.replace("usual", " "), "strategy: is empty"),
        (PSA.replace("1000", ""), "cost: an empty cell is not a finite number"),
        (PSA.replace("1000", "NA"), "cost: NA is not a finite number"),
        (PSA.replace("qaly", "cost"), "two columns are called cost"),
        (PSA.replace("\n", ",9\n").replace("qaly,9", "qaly"), "cannot be read"),
        (PSA.replace("2800,1.00", "2800,1.00,3"), "cannot be read"),
        (PSA.replace("2800,1.00", "2800"), "qaly: an empty cell is not a finite number"),
        (PSA.replace(",", ";"), "this column is missing"),
        (PSA.replace("1000", "1,000"), "cannot be read"),
        ("sample,strategy,cost,qaly\n", "has no rows"),
    ],
)
def test_what_could_only_be_guessed_is_refused(text, words, psa, capsys):
    psa.write_text(text, encoding="utf-8")
    assert main(["economics", str(psa)]) == 2
    assert words in capsys.readouterr().err


def test_a_byte_order_mark_and_windows_lines_are_read(psa, capsys):
    psa.write_bytes(b"\xef\xbb\xbf" + PSA.replace("\n", "\r\n").encode())
    assert main(["economics", str(psa), "--wtp", "1", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["ceaf"]) == 1


def test_a_file_that_is_no_table_is_refused(tmp_path, capsys):
    for name, content in (("no.parquet", b"PAR"), ("no.csv", b"\xff\xfe\x00"), ("x.csv", b'"a')):
        path = tmp_path / name
        path.write_bytes(content)
        assert main(["economics", str(path)]) == 2
        assert name in capsys.readouterr().err
    assert main(["economics", str(tmp_path)]) == 2
    assert main(["economics", str(tmp_path / "missing.csv")]) == 2


# ------------------------------------------------------------------ effects beside QALYs


@pytest.fixture
def with_weeks(psa):
    table = pd.read_csv(psa)
    weeks = table["strategy"].map({"usual": 30.0, "new": 40.0}) + table["sample"]
    table.assign(remission_weeks=weeks, daly=5.0 - table["qaly"]).to_csv(psa, index=False)
    return psa


def test_weeks_in_remission_are_an_effect_like_any_other(with_weeks, tmp_path, capsys):
    out = tmp_path / "out"
    command = ["economics", str(with_weeks), "--effect", "remission_weeks", "--wtp", "0:400:100"]
    assert main([*command, "--out", str(out)]) == 0
    frontier = pd.read_csv(out / "incremental.csv").set_index("strategy")
    assert frontier.loc["new", "inc_remission_weeks"] == pytest.approx(10.0)
    assert frontier.loc["new", "icer"] == pytest.approx(1800 / 10)
    ceac = pd.read_csv(out / "ceac.csv").set_index(["wtp", "strategy"])["probability"]
    assert ceac[100, "new"] == 0.0
    assert ceac[400, "new"] == 1.0
    assert "more remission_weeks" in capsys.readouterr().out


def test_dalys_averted_give_the_frontier_of_qalys_where_they_mirror_them(with_weeks, tmp_path):
    icers = {}
    for effect in ("qaly", "daly_averted"):
        out = tmp_path / effect
        assert main(["economics", str(with_weeks), "--effect", effect, "--out", str(out)]) == 0
        icers[effect] = pd.read_csv(out / "incremental.csv").set_index("strategy")["icer"]
    assert icers["daly_averted"]["new"] == pytest.approx(icers["qaly"]["new"], rel=1e-9)


def test_a_burden_is_refused_as_an_effect(with_weeks, capsys):
    assert main(["economics", str(with_weeks), "--effect", "daly"]) == 2
    assert "--effect daly_averted" in capsys.readouterr().err
