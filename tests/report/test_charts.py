from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image
from tests.report import synthetic
from tests.report.overlap import clashes
from tests.report.synthetic import write_result

from popmodel.report import style
from popmodel.report.charts import CHARTS, Chart
from popmodel.report.html import write_report
from popmodel.report.redraw import draw_all
from popmodel.report.tables import About, Result, load_result

EVERY = pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)


@dataclass(frozen=True)
class Shown:
    """A chart of the full result: its table before and after drawing, its figure."""

    before: pd.DataFrame
    table: pd.DataFrame
    figure: Figure


@pytest.fixture(scope="module")
def shown(drawn: Path) -> dict[str, Shown]:
    result = load_result(drawn)
    found = {}
    with style.theme():
        for name, chart in CHARTS.items():
            table = chart.table(result)
            before = table.copy(deep=True)
            about = result.about_for(chart.needs)
            found[name] = Shown(before, table, chart.figure(table, about))
    return found


@EVERY
def test_a_chart_is_a_picture_twice_and_the_table_it_shows(chart: Chart, drawn: Path):
    for kind in ("svg", "png", "csv"):
        assert (drawn / "charts" / f"{chart.name}.{kind}").stat().st_size > 500


@EVERY
def test_a_picture_is_sharp_and_light(chart: Chart, drawn: Path):
    path = drawn / "charts" / f"{chart.name}.png"
    with Image.open(path) as picture:
        assert 199 <= round(picture.info["dpi"][0]) <= 300
        assert picture.width == 1600
    assert path.stat().st_size < 300_000


@EVERY
def test_no_words_lie_on_others_or_run_off_the_page(chart: Chart, shown: dict[str, Shown]):
    with style.theme():
        assert clashes(shown[chart.name].figure) == []


@EVERY
def test_drawing_changes_nothing_in_the_table(chart: Chart, shown: dict[str, Shown]):
    pd.testing.assert_frame_equal(shown[chart.name].table, shown[chart.name].before)


@EVERY
def test_the_table_beside_a_chart_is_the_table_it_shows(
    chart: Chart, shown: dict[str, Shown], drawn: Path
):
    table = shown[chart.name].table
    saved = pd.read_csv(drawn / "charts" / f"{chart.name}.csv")
    assert list(saved.columns) == list(table.columns)
    for column in table.select_dtypes("number"):
        np.testing.assert_array_equal(saved[column], table[column])


@EVERY
def test_a_finding_is_one_sentence_with_numbers(chart: Chart, shown: dict[str, Shown], drawn: Path):
    about = load_result(drawn).about_for(chart.needs)
    finding = chart.finding(shown[chart.name].table, about)
    assert re.search(r"\d", finding)
    assert finding.endswith(".") and ". " not in finding
    assert 40 < len(finding) < 300


@EVERY
def test_a_caption_says_where_the_chart_comes_from(chart: Chart, drawn: Path):
    said = json.loads((drawn / "charts" / "captions.json").read_text(encoding="utf-8"))
    caption = said[chart.name]["caption"]
    for part in ("Health-care perspective", "2025 USD", "discounted 3", "seed 20261121",
                 "popmodel 0.1.0", "5-year horizon", "Mixture: "):  # fmt: skip
        assert part in caption


@pytest.mark.parametrize(
    "name",
    ["remission_over_time", "cost_vs_qaly", "remission_by_biotype_and_severity", "thresholds"],
)
def test_bands_and_bars_are_named_as_monte_carlo_error(name: str, drawn: Path):
    said = json.loads((drawn / "charts" / "captions.json").read_text(encoding="utf-8"))[name]
    assert "95 % Monte Carlo" in said["caption"]


@EVERY
def test_an_svg_is_well_formed_and_has_no_script_and_no_date(chart: Chart, drawn: Path):
    text = (drawn / "charts" / f"{chart.name}.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)  # noqa: S314 — written by the test itself
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not tags & {"script", "foreignObject", "image", "a", "date"}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]


def test_the_same_result_gives_the_same_bytes_in_another_process(tmp_path: Path):
    names = ["remission_over_time", "cost_vs_qaly", "states_over_time", "flow"]
    here = write_result(tmp_path / "here", structures=["evidence"])
    there = write_result(tmp_path / "there", structures=["evidence"])
    written = draw_all(here, names)
    code = (
        "import sys; from pathlib import Path; from popmodel.report.redraw import draw_all;"
        "draw_all(Path(sys.argv[1]), sys.argv[2:])"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-c", code, str(there), *names], check=True, env=environment)
    for path in written:
        assert path.read_bytes() == (there / path.relative_to(here)).read_bytes(), path.name


def drawable(result: Result) -> Iterator[tuple[Chart, pd.DataFrame, About]]:
    """Yield the charts that have something to show, with their tables."""
    for chart in CHARTS.values():
        if all(result.has(need) for need in chart.needs):
            table = chart.table(result)
            if not table.empty:
                yield chart, table, result.about_for(chart.needs)


def hostile(strategies: dict[str, tuple]) -> dict[str, tuple]:
    labels = ["$\\alpha$ <script>alert(1)</script>", "=cmd|' /C calc'!A0", "a\nb\u202e\x07c" * 12]
    return {s: (x, *row[1:]) for x, (s, row) in zip(labels, strategies.items(), strict=False)}


def many(strategies: dict[str, tuple]) -> dict[str, tuple]:
    return {
        s if turn == 0 else f"{s}_{turn}": (f"{row[0]} with a second and a third step", *row[1:])
        for turn in range(2)
        for s, row in strategies.items()
    }


@pytest.mark.parametrize("change", [hostile, many], ids=["hostile labels", "twelve strategies"])
def test_charts_stay_legible_whatever_strategies_are_called(
    change: Callable[[dict[str, tuple]], dict[str, tuple]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(synthetic, "STRATEGIES", change(synthetic.STRATEGIES))
    result = load_result(
        write_result(tmp_path / "r", strategies=list(synthetic.STRATEGIES), with_psa=True)
    )
    with style.theme():
        for chart, table, about in drawable(result):
            assert clashes(chart.figure(table, about)) == [], chart.name


@pytest.mark.parametrize("strategies", [["usual_care"], ["usual_care", "cbt_first"]])
def test_charts_of_few_strategies_are_legible(strategies: list[str], tmp_path: Path):
    result = load_result(write_result(tmp_path / "r", ["evidence"], strategies, with_psa=True))
    with style.theme():
        for chart, table, about in drawable(result):
            assert clashes(chart.figure(table, about)) == [], chart.name
            assert chart.finding(table, about)


def chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    row = synthetic.STRATEGIES["usual_care"]
    monkeypatch.setitem(synthetic.STRATEGIES, "usual_care", ("常规治疗", *row[1:]))
    return write_result(tmp_path / "r", ["evidence"], ["usual_care"])


def test_a_chinese_label_stays_text_in_svg_and_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    directory = chinese(tmp_path, monkeypatch)
    svg = draw_all(directory, ["remission_over_time"])[0]
    assert "常规治疗" in svg.read_text(encoding="utf-8")
    page = write_report(directory, charts=False).read_text(encoding="utf-8")
    assert page.count("常规治疗") > 2


def test_the_page_says_which_letters_no_installed_font_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(style, "_installed", frozenset)
    assert style.font_families("常规治疗") == [style.FONT]
    assert style.letters_without_font("常规 abc") == "常规"
    page = write_report(chinese(tmp_path, monkeypatch), charts=False).read_text(encoding="utf-8")
    assert "Letters without a font" in page


def test_an_installed_font_is_taken_for_letters_that_ours_lacks():
    others = [name for name in style.OTHER_SCRIPTS if name in style._installed()]
    if not others:
        pytest.skip("no font for other scripts is installed")
    assert style.letters_without_font("常规治疗") == ""
    with style.theme("常规治疗"), warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = Figure()
        figure.text(0.1, 0.5, "常规治疗")
        figure.draw_without_rendering()


def test_a_font_is_looked_for_along_families(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(style, "font_families", lambda _: [style.FONT, "DejaVu Serif"])
    with style.theme("常规治疗"):
        assert mpl.rcParams["font.family"] == [style.FONT, "DejaVu Serif", "sans-serif"]


def test_labels_that_need_no_other_font_name_none():
    """So that the same labels give the same bytes whatever is installed."""
    assert style.font_families("Usual care α ≥ 5 €") == [style.FONT]


def test_a_label_in_a_script_the_font_lacks_is_drawn_without_complaint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    row = synthetic.STRATEGIES["usual_care"]
    monkeypatch.setitem(synthetic.STRATEGIES, "usual_care", ("通常の治療 🙂", *row[1:]))
    directory = write_result(tmp_path / "r", ["evidence"], ["usual_care"])
    svg = draw_all(directory, ["remission_over_time"])[0]
    assert "通常の治療" in svg.read_text(encoding="utf-8")
