"""The forest of published numbers: legible, and computed nowhere but in its table."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.report.overlap import clashes

from popmodel.errors import InputError
from popmodel.report import style
from popmodel.report.charts import VALIDATION_CHARTS
from popmodel.report.redraw import draw_all
from popmodel.report.tables import load_result

CHART = VALIDATION_CHARTS["validation_forest"]


def lines() -> list[dict]:
    """Numbers of both uses, shares and contrasts, inside and outside, one of them not emulated."""
    found = []
    for n in range(24):
        share, use = n % 4 < 2, "test" if n % 2 else "fit"
        observed = 0.02 + 0.04 * n if share else -3.0 + n
        predicted, sd = (0.4, 0.15) if share else (0.0, 1.0)
        low, high = predicted - 1.96 * sd, predicted + 1.96 * sd
        found.append({
            "structure": "evidence_default", "trial": f"a-trial-of-{n}", "use": use,
            "term": "active remission 28 d", "people": 40 if share else 0, "observed": observed,
            "predicted": predicted, "low": low, "high": high, "sd": sd,
            "z": (observed - predicted) / sd, "outside": not low <= observed <= high,
            "note": "recalled" if n == 3 else "",
        })  # fmt: skip
    other = {**found[0], "structure": "premise_default", "observed": 0.99}
    lost = {**found[1], "predicted": math.nan, "z": math.nan, "outside": False, "note": "not yet"}
    return [*found, lost, other]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("dossier")
    pd.DataFrame(lines()).to_csv(home / "predictions.csv", index=False)
    manifest = {
        "title": "Trials", "strategies": {"model": "The model"}, "recruits": 512, "seed": 7,
        "structures": ["evidence_default", "premise_default"],
    }  # fmt: skip
    (home / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    draw_all(home)
    return home


def test_the_folder_of_a_dossier_gets_the_forest_and_nothing_else(folder: Path):
    assert {path.stem for path in (folder / "charts").glob("*.svg")} == {CHART.name}
    for ending in ("svg", "png", "csv"):
        assert (folder / "charts" / f"{CHART.name}.{ending}").stat().st_size > 500


def test_every_emulated_number_of_the_first_structure_is_drawn_once(folder: Path):
    shown = CHART.table(load_result(folder))
    assert len(shown) == 24
    assert shown["label"].is_unique
    for _, own in shown.groupby("panel"):
        assert list(own["rank"]) == list(range(len(own)))


def test_shares_are_percent_and_contrasts_standard_deviations(folder: Path):
    shown = CHART.table(load_result(folder)).set_index("label")
    saved = pd.DataFrame(lines()[:24])
    for row in saved.itertuples():
        drawn = shown.loc[f"{row.trial}: {row.term}"]
        if row.people:
            assert drawn["observed"] == pytest.approx(100.0 * row.observed)
        else:
            assert drawn["observed"] == pytest.approx(np.clip(row.z, -8.0, 8.0))
            assert drawn["beyond"] == (abs(row.z) > 8.0)


def test_no_words_of_the_forest_clash_and_its_table_stays_as_it_is(folder: Path):
    result = load_result(folder)
    table = CHART.table(result)
    before = table.copy(deep=True)
    with style.theme():
        assert clashes(CHART.figure(table, result.about)) == []
    pd.testing.assert_frame_equal(table, before)


def test_the_forest_says_how_many_are_outside_and_no_money(folder: Path):
    said = json.loads((folder / "charts/captions.json").read_text(encoding="utf-8"))[CHART.name]
    shown = CHART.table(load_result(folder))
    held = shown["panel"].str.startswith("held back")
    assert said["finding"].startswith(f"{shown['outside'][held].sum()} of {held.sum()} ")
    assert "USD" not in said["caption"] and "perspective" not in said["caption"]
    assert "512 stock patients for each trial" in said["origin"]


def test_a_run_has_no_forest(folder: Path, tmp_path: Path):
    (tmp_path / "manifest.json").write_bytes((folder / "manifest.json").read_bytes())
    with pytest.raises(InputError, match="predictions"):
        draw_all(tmp_path, [CHART.name])
