"""`popmodel search` from what is typed to what is left in the folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.report.overlap import clashes

import popmodel
from popmodel.cli import main
from popmodel.report import style
from popmodel.report.charts import SEARCH_CHARTS
from popmodel.report.tables import load_result
from popmodel.scenario import check_scenario

SCENARIO = "scenarios/policy_search.yaml"
SMALL = ["--evaluations", "40", "--patients", "150", "--fresh-patients", "300", "--years", "2"]
FEW = ["--set", "search.keep=3", "--set", "search.shortlist_patients=160", "--threads", "1"]
CHART = SEARCH_CHARTS["search_frontier"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("outputs") / "policy_search" / "search"
    assert main(["search", SCENARIO, "--out", str(place), *SMALL, *FEW]) == 0
    return place


def searched(folder: Path) -> list[Path]:
    return sorted((folder / "strategies").glob("searched_*.yaml"))


def test_a_search_leaves_tables_scenarios_a_chart_and_how_it_was_made(folder: Path):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    said = manifest["search"]
    assert (said["proposals"], said["patients"], said["fresh_patients"]) == (40, 150, 300)
    assert said["confirmed"] is True and said["recommended"] in manifest["strategies"]
    for name in ("frontier.csv", "against.csv", "candidates.csv", "shortlist.csv"):
        assert name in manifest["outputs"]
    frontier = pd.read_csv(folder / "frontier.csv")
    assert set(frontier["origin"]) == {"scenario", "search"}
    assert 1 <= len(searched(folder)) == (frontier["origin"] == "search").sum() <= 3
    against = pd.read_csv(folder / "against.csv")
    assert set(against["against"]) == {"usual_care", "stepped", "matched", "exercise_first"}


def test_every_strategy_found_is_a_scenario_without_a_mistake_or_a_suspicion(folder: Path):
    for file in searched(folder):
        checked = check_scenario(file)
        assert checked.problems == checked.refused == checked.warnings == ()
        assert file.stem in checked.scenario.strategies


def test_a_strategy_found_runs_and_is_worth_what_the_search_said(folder: Path):
    """With the fresh patients' seed the run of its file gives the figures of the frontier."""
    from popmodel.search.confirm import FRESH
    from popmodel.uncertainty.model import seed_of

    file = searched(folder)[-1]
    scenario = popmodel.load_scenario(file)
    assert scenario.horizon.years == 2  # an option of the search, written into the file
    fresh = scenario.changed(patients=300, seed=seed_of(scenario.seed, FRESH))
    row = popmodel.run(fresh, threads=1).strategies.set_index("strategy").loc[file.stem]
    told = pd.read_csv(folder / "frontier.csv").set_index("strategy").loc[file.stem]
    assert row["cost_health_care"] == pytest.approx(told["cost"], rel=1e-9)
    assert row["qaly"] == pytest.approx(told["qaly"], rel=1e-9)


def test_the_chart_is_legible_and_shows_its_table(folder: Path):
    result = load_result(folder)
    table = CHART.table(result)
    saved = pd.read_csv(folder / "charts" / "search_frontier.csv")
    assert list(saved.columns) == list(table.columns)
    with style.theme():
        drawn = CHART.figure(table, result.about)
        style.settle(drawn)
        assert clashes(drawn) == []
    assert "net benefit" in CHART.finding(table, result.about)
    assert "fresh patients" in CHART.reading(table, result.about)


def test_waits_get_panels_of_their_own_where_anybody_waits(folder: Path):
    result = load_result(folder)
    table = CHART.table(result)
    with style.theme():
        alone = CHART.figure(table, result.about)
        waiting = CHART.figure(
            table.assign(wait_days=20 + 90 * np.sin(table.index) ** 2), result.about
        )
        style.settle(waiting)
        assert clashes(waiting) == []
    assert (len(alone.axes), len(waiting.axes)) == (1, 3)


def test_the_answer_can_be_had_as_json(capsys, tmp_path: Path):
    options = ["--evaluations", "12", "--patients", "60", "--fresh-patients", "60", "--years", "1"]
    given = ["--out", str(tmp_path / "x"), *options, *FEW, "--no-charts", "--json"]
    assert main(["search", SCENARIO, *given]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"recommended", "frontier", "against", "results", "title"} == set(told)


def test_a_dry_run_tells_evaluations_and_time_and_writes_nothing(capsys, tmp_path: Path):
    place = tmp_path / "search"
    given = ["search", SCENARIO, "--evaluations", "77", "--out", str(place), "--dry-run"]
    assert main(given) == 0
    told = capsys.readouterr().out
    assert "77" in told and "about" in told and not place.exists()


def test_several_forms_of_the_model_are_refused_and_nothing_is_written(capsys, tmp_path: Path):
    place = tmp_path / "search"
    assert main(["search", SCENARIO, "--structure", "all", "--out", str(place)]) == 2
    assert "one form of the model" in capsys.readouterr().err and not place.exists()


def test_an_interruption_keeps_what_was_tried(capsys, tmp_path: Path, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("popmodel.search.simplify", interrupt)
    place = tmp_path / "search"
    options = ["--evaluations", "12", "--patients", "60", "--years", "1"]
    assert main(["search", SCENARIO, "--out", str(place), *options, *FEW]) == 130
    assert str(place) in capsys.readouterr().err
    assert len(pd.read_csv(place / "candidates.csv")) >= 5
    assert not (place / "frontier.csv").exists()
    assert json.loads((place / "manifest.json").read_text())["search"]["confirmed"] is False
    for file in searched(place):
        checked = check_scenario(file)
        assert checked.problems == () and "interrupted" in file.read_text(encoding="utf-8")


def test_a_run_keeps_the_search_beside_it(folder: Path):
    options = ["--patients", "60", "--years", "1", "--no-charts", "--out", str(folder.parent)]
    assert main(["run", SCENARIO, *options]) == 0
    assert (folder / "frontier.csv").is_file() and (folder.parent / "strategies.csv").is_file()


def test_a_budget_that_nothing_keeps_is_told_with_what_would(capsys, tmp_path: Path):
    place = tmp_path / "search"
    options = ["--evaluations", "12", "--patients", "60", "--years", "1", "--budget", "0"]
    few = [*FEW, "--set", "search.treatments=[saint]", "--set", "search.most_rules=1"]
    dear = ["--set", "treatments.saint.cost.course=90000", "--set", "search.then=matched"]
    assert main(["search", SCENARIO, "--out", str(place), *options, *few, *dear]) == 4
    assert "the cheapest program costs" in capsys.readouterr().err
    assert len(pd.read_csv(place / "candidates.csv")) > 1
