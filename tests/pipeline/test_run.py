"""The story of a run, and what it leaves behind."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML
from tests.worlds import SCENARIOS, USUAL_CARE, ask

import popmodel
from popmodel import pipeline
from popmodel.errors import InputError
from popmodel.provenance import file_hash
from popmodel.report.charts import CHARTS
from popmodel.report.tables import load_result
from popmodel.results import TABLES, Folder
from popmodel.scenario import load_scenario

FILES = ("strategies", "incremental", "versus_comparator", "thresholds", "subgroups")


@pytest.fixture(autouse=True)
def few_recruits(monkeypatch):
    monkeypatch.setattr("popmodel.pipeline.stages.FEWEST_RECRUITS", 300)


@pytest.fixture
def small():
    return load_scenario(SCENARIOS / "five_pathways.yaml", patients=150, years=2, structure="all")


@pytest.fixture
def alone():
    return load_scenario(SCENARIOS / "home_aih.yaml", patients=120, years=1, structure="evidence")


def test_a_run_with_three_readings_leaves_all_files_where_the_interface_says(tmp_path, small):
    out = tmp_path / "answers"
    result = pipeline.run(small, out=out, threads=1)
    for name in FILES:
        table = pd.read_csv(out / f"{name}.csv")
        assert list(table["structure"].unique()) == ["evidence", "mixture", "premise"]
    for structure in ("evidence", "mixture", "premise"):
        weekly = pd.read_parquet(out / structure / "weekly.parquet")
        assert set(weekly["strategy"]) == set(small.strategies)
        for strategy in small.strategies:
            rows = pd.read_parquet(out / structure / "patients" / f"{strategy}.parquet")
            assert len(rows) == 150
    assert len(pd.read_csv(out / "strategies.csv")) == 3 * len(small.strategies)
    assert result.folder == out
    assert result.patients("usual_care", structure="premise").shape[0] == 150
    assert not list(tmp_path.glob(".*"))


def test_with_one_reading_everything_lies_in_one_place(tmp_path, alone):
    out = tmp_path / "answers"
    result = pipeline.run(alone, out=out, threads=1)
    assert (out / "weekly.parquet").exists()
    assert (out / "patients" / f"{alone.comparator}.parquet").exists()
    assert "structure" not in pd.read_csv(out / "strategies.csv").columns
    assert result.weekly().equals(pd.read_parquet(out / "weekly.parquet"))


def test_the_manifest_says_how_it_was_made_with_hashes_of_all_outputs(tmp_path, alone):
    out = tmp_path / "answers"
    pipeline.run(alone, out=out, threads=1)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["seed"] == alone.seed
    assert manifest["strategies"] == alone.labels()
    assert manifest["patients"] == 120
    for name, told in manifest["outputs"].items():
        assert file_hash(out / name) == told
    written = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert written == {*manifest["outputs"], "manifest.json"}


def test_the_resolved_scenario_asks_the_same_question_again(tmp_path, alone):
    out = tmp_path / "answers"
    first = pipeline.run(alone, out=out, threads=1)
    resolved = YAML(typ="safe").load(out / "resolved.yaml")
    assert resolved["population"]["size"] == 120
    again = pipeline.run(load_scenario(out / "resolved.yaml"), threads=1)
    assert again.strategies.equals(first.strategies)


def test_the_same_question_has_the_same_answer_byte_for_byte(tmp_path, alone):
    for name in ("a", "b"):
        pipeline.run(alone, out=tmp_path / name, threads=1 if name == "a" else 2)
    a, b = (tmp_path / name for name in ("a", "b"))
    for path in sorted(p.relative_to(a) for p in a.rglob("*") if p.is_file()):
        if path.name != "manifest.json":
            assert (a / path).read_bytes() == (b / path).read_bytes(), path


def test_a_run_that_fails_leaves_the_earlier_result_as_it_was(tmp_path, alone, monkeypatch):
    out = tmp_path / "answers"
    pipeline.run(alone, out=out, threads=1)
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}

    def fail(*_, **__):
        raise OSError("no space left")

    for victim in ("publish", "write_patients"):
        with monkeypatch.context() as patch, pytest.raises(OSError, match="no space"):
            patch.setattr(Folder, victim, fail)
            pipeline.run(alone, out=out, threads=1)
        assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
        assert list(tmp_path.iterdir()) == [out]


def test_a_result_can_be_asked_by_name(small):
    result = pipeline.run(small, threads=1)
    assert set(result.tables) == set(TABLES)
    assert result.strategies is result.tables["strategies"]
    assert len(result.patients("saint_first", structure="evidence")) == 150
    with pytest.raises(InputError, match="did you mean premise"):
        result.weekly("premisse")
    with pytest.raises(InputError, match="is needed"):
        result.weekly()
    with pytest.raises(InputError, match="saint_frist"):
        result.patients("saint_frist", structure="evidence")
    with pytest.raises(AttributeError):
        result.no_such_table  # noqa: B018


def test_progress_ends_where_it_should(small):
    told = []
    pipeline.run(small, threads=1, progress=lambda what, done, of: told.append((done, of)))
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_patients_in_the_community_are_offered_what_a_rule_offers_at_home(tmp_path):
    offers = {
        setting: {"offer": [{"treat": "escitalopram", "when": {"setting": [setting]}}]}
        for setting in ("home", "outpatient", "inpatient")
    }
    table = pipeline.run(ask(tmp_path, offers, size=200, years=1), threads=1).strategies
    at_home, in_clinic, in_crisis = (row for _, row in table.drop(columns="strategy").iterrows())
    assert at_home["courses"] > 0.1 > in_crisis["courses"]
    assert at_home.equals(in_clinic)


def test_the_public_run_changes_size_years_seed_and_reading(alone):
    result = popmodel.run(alone, patients=50, years=0.5, seed=9, structure="premise", threads=1)
    assert result.structures == ("premise",)
    assert (result.strategies["patients"] == 50).all()
    other = popmodel.run(alone, patients=50, years=0.5, seed=10, structure="premise", threads=1)
    assert not result.strategies["qaly"].equals(other.strategies["qaly"])


def test_undiscounted_and_discounted_agree_without_discounting(tmp_path):
    scenario = ask(tmp_path, {"usual": USUAL_CARE}, size=200, discount={"costs": 0, "health": 0})
    row = pipeline.run(scenario, threads=1).strategies.iloc[0]
    for name in ("qaly", "cost_health_care", "cost_societal"):
        assert row[name] == pytest.approx(row[f"{name}_undiscounted"], rel=1e-12)


def test_an_hour_of_follow_up_and_ninety_years_can_both_be_asked(tmp_path):
    for years, size in ((0.0002, 50), ("lifetime", 100)):
        scenario = ask(tmp_path, {"usual": USUAL_CARE}, size=size, years=years)
        row = pipeline.run(scenario, threads=1).strategies.iloc[0]
        assert math.isfinite(row["qaly"])
        if years == "lifetime":
            assert row["deaths"] == 1.0


def test_one_patient_is_enough(tmp_path):
    result = pipeline.run(ask(tmp_path, {"usual": USUAL_CARE}, size=1), threads=1)
    assert np.isfinite(result.strategies["qaly"]).all()
    assert result.strategies["qaly_se"].isna().all()


def test_a_societal_run_shows_what_its_money_is_spent_on(tmp_path):
    """The parts drawn are those of the table that the run wrote, and end at its totals."""
    scenario = ask(tmp_path, {"a": USUAL_CARE}, size=60, years=2, perspective="societal")
    result = pipeline.run(scenario, out=tmp_path / "answers", threads=1)
    shown = CHARTS["cost_by_category"].table(load_result(tmp_path / "answers"))
    assert shown["cost"].sum() == pytest.approx(result.strategies.loc[0, "cost_societal"])
    assert {"productivity", "patient_time"} <= set(shown["category"])
    inventory = pd.read_csv(tmp_path / "answers" / "impact_inventory.csv").set_index("impact")
    assert inventory.loc["patient time", ["health_care", "societal"]].tolist() == ["no", "yes"]
    assert "crisis" in inventory["note"].iloc[3]
