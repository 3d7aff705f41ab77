"""What charts show is what was saved."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.report.synthetic import PATIENTS, write_result

from popmodel.errors import InputError, RunError
from popmodel.report.charts import CHARTS
from popmodel.report.redraw import draw_all
from popmodel.report.tables import Result, load_result


@pytest.fixture(scope="module")
def five(drawn: Path) -> Result:
    return load_result(drawn)


def test_remission_is_remitted_and_recovered_over_all_who_entered(five: Result, drawn: Path):
    shown = CHARTS["remission_over_time"].table(five)
    weekly = pd.read_parquet(drawn / "premise" / "weekly.parquet")
    row = weekly[(weekly["strategy"] == "cbt_first") & (weekly["week"] == 52)].iloc[0]
    mine = shown.query("structure == 'premise' and strategy == 'cbt_first' and week == 52").iloc[0]
    share = (row["remitted"] + row["recovered"]) / PATIENTS
    assert mine["share"] == pytest.approx(share)
    error = 1.959964 * np.sqrt(share * (1 - share) / PATIENTS)
    assert (mine["high"] - mine["low"]) / 2 == pytest.approx(error)


def test_states_of_every_week_sum_to_everyone(five: Result):
    shown = CHARTS["states_over_time"].table(five)
    np.testing.assert_allclose(shown.groupby(["strategy", "week"])["share"].sum(), 1.0)


def test_parts_of_cost_end_at_the_total_of_the_strategy(five: Result):
    shown = CHARTS["cost_by_category"].table(five)
    ends = (shown["start"] + shown["cost"]).groupby([shown["structure"], shown["strategy"]]).max()
    saved = five.table("strategies").set_index(["structure", "strategy"])["cost_health_care"]
    np.testing.assert_allclose(ends, saved.reindex(ends.index))


def test_the_societal_perspective_shows_more_categories(tmp_path: Path):
    directory = write_result(tmp_path / "r", ["evidence"], changes={"perspective": "societal"})
    shown = CHARTS["cost_by_category"].table(load_result(directory))
    assert {"productivity", "patient_time"} <= set(shown["category"])


def test_outcomes_of_a_line_sum_to_the_courses_started(five: Result):
    shown = CHARTS["flow"].table(five)
    lines = shown.groupby(["strategy", "line"])
    np.testing.assert_array_equal(lines["courses"].sum(), lines["started"].first())
    saved = five.table("flow").query("structure == 'mixture' and outcome == 'started'")
    assert shown.drop_duplicates(["strategy", "line"])["started"].sum() == saved["count"].sum()


def test_the_frontier_drawn_is_the_frontier_saved(five: Result):
    shown = CHARTS["cost_vs_qaly"].table(five).set_index(["structure", "strategy"])
    saved = five.table("incremental").set_index(["structure", "strategy"])
    saved = saved.reindex(shown.index)
    assert (shown["status"] == saved["status"]).all()
    np.testing.assert_allclose(shown["icer"], saved["icer"])


def test_the_comparator_lies_at_the_origin(five: Result):
    shown = CHARTS["cost_vs_remission_weeks"].table(five)
    own = shown[shown["strategy"] == "usual_care"]
    assert (own[["d_cost", "d_effect"]] == 0).all(axis=None)


def test_thresholds_shown_are_the_thresholds_saved(five: Result):
    shown = CHARTS["thresholds"].table(five).drop_duplicates(["structure", "treatment"])
    saved = five.table("thresholds").query("biotype == 'all' and criterion == 'gain_in_response'")
    both = shown.merge(saved, on=["structure", "treatment"], suffixes=("", "_saved"))
    assert len(both) == len(shown)
    np.testing.assert_array_equal(both["gain_at"], both["severity_saved"])


def test_treatments_without_human_data_are_marked_as_assumed(five: Result):
    shown = CHARTS["thresholds"].table(five)
    assert set(shown.loc[shown["assumed"], "treatment"]) == {"aih"}
    assert five.about.assumed == {"aih_first"}
    assert five.about.marked("aih_first").endswith("†")


def test_costs_that_do_not_add_up_are_refused(result: Path):
    path = result / "cost_by_category.csv"
    costs = pd.read_csv(path)
    costs.loc[0, "cost"] += 5.0
    costs.to_csv(path, index=False)
    with pytest.raises(RunError, match="does not add up to cost_health_care for evidence"):
        draw_all(result, ["cost_by_category"])


def test_more_endings_than_starts_are_refused(result: Path):
    path = result / "flow.csv"
    flow = pd.read_csv(path)
    flow.loc[flow["outcome"] == "remission", "count"] += 100_000
    flow.to_csv(path, index=False)
    with pytest.raises(RunError, match="more courses end than were started: usual_care, line 1"):
        draw_all(result, ["flow"])


def test_an_unknown_chart_is_refused_with_the_nearest_name(result: Path):
    with pytest.raises(InputError, match="did you mean cost_vs_qaly"):
        draw_all(result, ["cost_vs_qualy"])
    assert not (result / "charts").exists()


def test_a_chart_without_its_table_is_refused_when_asked_for_and_skipped_otherwise(result: Path):
    (result / "severity_curves.csv").unlink()
    (result / "weekly.parquet").unlink()
    with pytest.raises(InputError, match="severity_curves, is not in the folder"):
        draw_all(result, ["thresholds"])
    names = {path.stem for path in draw_all(result)}
    assert "thresholds" not in names and "cost_vs_qaly" in names


def test_only_the_charts_asked_for_are_drawn_and_old_captions_stay(result: Path):
    draw_all(result, ["flow"])
    assert [path.name for path in draw_all(result, ["cost_vs_qaly"])] == [
        "cost_vs_qaly.svg", "cost_vs_qaly.png", "cost_vs_qaly.csv"
    ]  # fmt: skip
    said = json.loads((result / "charts" / "captions.json").read_text(encoding="utf-8"))
    assert set(said) == {"flow", "cost_vs_qaly"}


def test_a_folder_that_is_no_result_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"manifest\.json: cannot be read"):
        draw_all(tmp_path)
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="is damaged"):
        draw_all(tmp_path)
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="names no strategies"):
        draw_all(tmp_path)


def test_a_damaged_table_is_named(result: Path):
    (result / "weekly.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"weekly\.parquet: cannot be read"):
        draw_all(result, ["remission_over_time"])


def test_long_runs_keep_few_weeks_and_always_the_first_year_and_the_end(tmp_path: Path):
    directory = write_result(tmp_path / "r", ["evidence"], ["usual_care"])
    weekly = pd.read_parquet(directory / "weekly.parquet")
    longer = pd.concat([weekly, weekly.assign(week=weekly["week"] + 2600)], ignore_index=True)
    longer.to_parquet(directory / "weekly.parquet")
    weeks = CHARTS["remission_over_time"].table(load_result(directory))["week"]
    assert len(weeks) <= 140
    assert {0, 52, longer["week"].max()} <= set(weeks)
