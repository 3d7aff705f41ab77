"""Tables of a probabilistic analysis: drawn, exported and reported with the run they are of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from tests.report.synthetic import write_result

from popmodel.errors import InputError
from popmodel.report import export
from popmodel.report.charts import CHARTS
from popmodel.report.export import export_xlsx
from popmodel.report.redraw import draw_all
from popmodel.report.tables import load_result

DRAWN = [name for name, chart in CHARTS.items() if chart.needs[0].startswith("psa/")]


def test_charts_of_draws_say_how_many_draws_and_patients(drawn: Path):
    result = load_result(drawn)
    for name in DRAWN:
        chart = CHARTS[name]
        said = chart.words(chart.table(result), result.about_for(chart.needs))
        assert "120 draws of the uncertain numbers" in said["origin"]
        assert "2,000 simulated patients a draw and strategy" in said["origin"]


def test_draws_under_one_structure_are_drawn_under_that_one(tmp_path: Path):
    directory = write_result(tmp_path / "r", ["evidence"], with_psa=True)
    psa = pd.read_csv(directory / "psa" / "psa.csv")
    assert "structure" not in psa.columns
    assert set(CHARTS["acceptability"].table(load_result(directory))["structure"]) == {"evidence"}


def test_acceptability_of_a_price_adds_up_and_one_strategy_is_chosen(drawn: Path):
    table = CHARTS["acceptability"].table(load_result(drawn))
    at = table.groupby(["structure", "wtp"])
    np.testing.assert_allclose(at["probability"].sum(), 1.0)
    assert (at["chosen"].sum() == 1).all()


def test_net_of_a_budget_is_the_sum_of_its_parts_and_of_the_table(drawn: Path):
    result = load_result(drawn)
    table = CHARTS["budget_impact"].table(result)
    keys = ["strategy", "year"]
    parts = table[table["part"] != "net"].groupby(keys)["change"].sum()
    net = table[table["part"] == "net"].set_index(keys)["change"]
    np.testing.assert_allclose(parts, net.reindex(parts.index))
    saved = result.table("budget").query("structure == 'mixture' and perspective == 'health_care'")
    whole = saved.groupby("strategy")["inc_cost_per_patient"].sum()
    np.testing.assert_allclose(net.groupby("strategy").sum(), whole[net.index.levels[0]], atol=1e-6)


def test_the_societal_budget_is_told_by_payer(tmp_path: Path):
    directory = write_result(tmp_path / "r", ["evidence"], changes={"perspective": "societal"})
    table = CHARTS["budget_impact"].table(load_result(directory))
    assert set(table["by"]) == {"payer"}
    assert {"health_system", "patient", "net"} <= set(table["part"])


def test_steps_of_cost_end_at_the_saved_total(drawn: Path):
    result = load_result(drawn)
    table = CHARTS["cost_waterfall"].table(result)
    ends = table[table["step"] == "strategy"].set_index("strategy")["end"]
    saved = result.table("strategies").query("structure == 'mixture'").set_index("strategy")
    np.testing.assert_allclose(ends, saved["cost_health_care"].reindex(ends.index))


def test_charts_can_be_drawn_in_the_folder_of_draws_itself(drawn: Path, tmp_path: Path):
    written = draw_all(drawn / "psa", ["policy_map"])
    assert [path.name for path in written] == ["policy_map.svg", "policy_map.png", "policy_map.csv"]


def test_a_workbook_holds_the_draws_beside_the_run(drawn: Path, tmp_path: Path):
    names = load_workbook(export_xlsx(drawn, tmp_path / "all.xlsx")).sheetnames
    assert {"strategies", "budget", "psa", "psa_ceac", "psa_policy_map"} <= set(names)


def test_a_sheet_that_cannot_hold_all_rows_says_so(
    drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(export, "MOST_ROWS", 1000)
    book = load_workbook(export_xlsx(drawn, tmp_path / "cut.xlsx"))
    assert book["psa (cut)"].max_row == 1001
    assert "strategies" in book.sheetnames


def test_what_has_nothing_to_show_is_refused_when_asked_for(tmp_path: Path):
    alone = write_result(tmp_path / "r", ["evidence"], ["usual_care"])
    with pytest.raises(InputError, match="cost_waterfall: there is nothing to show"):
        draw_all(alone, ["cost_waterfall"])
