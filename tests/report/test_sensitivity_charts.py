"""Charts of sweeps: legible, sourced, computed nowhere but in their tables."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.report import synthetic
from tests.report.overlap import clashes
from tests.report.synthetic_sweeps import KINDS, write_sweep

from popmodel.errors import InputError
from popmodel.report import style
from popmodel.report.charts import SENSITIVITY_CHARTS
from popmodel.report.redraw import draw_all
from popmodel.report.tables import load_result

SHOWN = {
    "one-way": {"tornado", "spider"},
    "two-way": {"two_way_map"},
    "sobol": {"sobol_bars", "sobol_structures", "interactions", "convergence"},
    "morris": {"morris_plane"},
    "pawn": {"pawn_bars"},
}
ALL = [(kind, name) for kind, names in SHOWN.items() for name in sorted(names)]
EVERY = pytest.mark.parametrize(("kind", "name"), ALL)


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("sweeps")
    strategies = list(synthetic.STRATEGIES)[:4]
    found = {}
    for kind in KINDS:
        several = kind in ("one-way", "two-way", "sobol")
        structures = ["evidence", "mixture"] if several else ["mixture"]
        found[kind] = write_sweep(home / kind, kind, structures, strategies)
        draw_all(found[kind])
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_sweep_gets_the_charts_of_its_method_and_no_others(kind: str, sweeps: dict[str, Path]):
    drawn = {path.stem for path in (sweeps[kind] / "charts").glob("*.svg")}
    assert drawn == SHOWN[kind]


def test_every_chart_of_sensitivity_is_drawn_for_some_method():
    assert set.union(*SHOWN.values()) == set(SENSITIVITY_CHARTS)


@EVERY
def test_a_chart_of_sensitivity_is_a_picture_twice_and_its_table(
    kind: str, name: str, sweeps: dict[str, Path]
):
    folder = sweeps[kind] / "charts"
    for ending in ("svg", "png", "csv"):
        assert (folder / f"{name}.{ending}").stat().st_size > 500
    result = load_result(sweeps[kind])
    table = SENSITIVITY_CHARTS[name].table(result)
    saved = pd.read_csv(folder / f"{name}.csv")
    assert list(saved.columns) == list(table.columns)
    for column in table.select_dtypes("number"):
        np.testing.assert_array_equal(saved[column], table[column])


@EVERY
def test_no_words_of_a_sensitivity_chart_clash(kind: str, name: str, sweeps: dict[str, Path]):
    result, chart = load_result(sweeps[kind]), SENSITIVITY_CHARTS[name]
    table = chart.table(result)
    before = table.copy(deep=True)
    with style.theme():
        assert clashes(chart.figure(table, result.about)) == []
    pd.testing.assert_frame_equal(table, before)


@EVERY
def test_what_is_said_of_a_sensitivity_chart_has_numbers_and_an_origin(
    kind: str, name: str, sweeps: dict[str, Path]
):
    text = (sweeps[kind] / "charts" / "captions.json").read_text(encoding="utf-8")
    said = json.loads(text)[name]
    assert re.search(r"\d", said["finding"]) and said["finding"].endswith(".")
    assert ". " not in said["finding"] and 40 < len(said["finding"]) < 300
    for part in ("Health-care perspective", "2025 USD", "discounted 3", "5-year horizon"):
        assert part in said["caption"]
    if kind in ("sobol", "morris", "pawn"):
        assert "seed 3" in said["caption"] and "N = " in said["caption"]


@pytest.mark.parametrize("kind", ["one-way", "two-way", "morris"])
def test_charts_of_a_sweep_with_one_strategy_and_one_structure_are_legible(
    kind: str, tmp_path: Path
):
    folder = write_sweep(tmp_path / kind, kind, ["evidence"], ["usual_care", "cbt_first"])
    result = load_result(folder)
    with style.theme():
        for name in SHOWN[kind]:
            chart = SENSITIVITY_CHARTS[name]
            assert clashes(chart.figure(chart.table(result), result.about)) == [], name


def test_a_chart_of_another_method_is_refused_by_name(sweeps: dict[str, Path]):
    with pytest.raises(InputError, match="of another analysis"):
        draw_all(sweeps["morris"], ["sobol_bars"])


def test_the_tornado_is_sorted_by_span_and_shows_both_ends(sweeps: dict[str, Path]):
    shown = SENSITIVITY_CHARTS["tornado"].table(load_result(sweeps["one-way"]))
    for _, own in shown.groupby("strategy"):
        assert own.sort_values("rank")["span"].is_monotonic_decreasing
    assert (shown["structure"] == "mixture").all()


def test_the_noise_floor_of_bars_is_the_index_of_luck(sweeps: dict[str, Path]):
    result = load_result(sweeps["sobol"])
    shown = SENSITIVITY_CHARTS["sobol_bars"].table(result)
    sweep = result.table("sweep").query("factor == 'luck' and index == 'ST'")
    sweep = sweep[sweep["structure"] == "mixture"].set_index("strategy")["value"]
    assert "luck" not in set(shown["factor"])
    for strategy, own in shown.groupby("strategy"):
        assert (own["floor"] == sweep[strategy]).all()


@pytest.mark.parametrize("kind", ["one-way", "morris"])
def test_long_names_of_strategies_stay_legible(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    strategies = {
        name: (f"{row[0]} when severe, or after two failures", *row[1:])
        for name, row in synthetic.STRATEGIES.items()
    }
    monkeypatch.setattr(synthetic, "STRATEGIES", strategies)
    result = load_result(write_sweep(tmp_path / kind, kind, ["evidence"], list(strategies)[:4]))
    with style.theme():
        for name in SHOWN[kind]:
            chart = SENSITIVITY_CHARTS[name]
            assert clashes(chart.figure(chart.table(result), result.about)) == [], name


def test_structures_stand_side_by_side_with_the_same_factors(
    sweeps: dict[str, Path], tmp_path: Path
):
    """One chart shows which unknowns decide, for every strategy under every structure."""
    result = load_result(sweeps["sobol"])
    shown = SENSITIVITY_CHARTS["sobol_structures"].table(result)
    assert set(shown["structure"]) == {"evidence", "mixture"}
    for _, own in shown.groupby("strategy"):
        factors = own.groupby("structure")["factor"].agg(lambda x: list(dict.fromkeys(x)))
        assert factors["evidence"] == factors["mixture"] and "luck" not in factors["mixture"]
        assert (own["gain_low"] <= own["gain"]).all() and (own["gain"] <= own["gain_high"]).all()
    single = write_sweep(tmp_path / "one", "sobol", ["evidence"], ["usual_care", "cbt_first"])
    with pytest.raises(InputError, match="of another analysis"):
        draw_all(single, ["sobol_structures"])


def test_the_spider_shows_the_strategy_that_a_number_moves_most(sweeps: dict[str, Path]):
    result = load_result(sweeps["one-way"])
    tornado, spider = (SENSITIVITY_CHARTS[n].table(result) for n in ("tornado", "spider"))
    widest = tornado.loc[tornado["span"].idxmax(), "strategy"]
    assert set(spider["strategy"]) == {widest}
