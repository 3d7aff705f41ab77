"""The weight that trials held back give each structure."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from popmodel.evidence import load_evidence
from popmodel.evidence.held_out import (
    held_out_scores,
    held_out_weights,
    left_out_scale,
    scale_text,
    scores_text,
)
from popmodel.trials.identify import scatter_of_left_out

ROOT = Path(__file__).parents[2]


def test_every_calibrated_structure_was_held_against_trials():
    assert set(held_out_scores()) == set(load_evidence().calibrated)


def test_weights_add_up_to_one_and_follow_the_scores():
    scores = held_out_scores()
    weights = held_out_weights({name: name for name in scores})
    assert sum(weights.values()) == pytest.approx(1.0)
    assert sorted(weights, key=weights.get) == sorted(scores, key=scores.get)


def test_a_structure_nobody_validated_has_no_weight():
    assert held_out_weights({"mine": "mine_default"}) == {}


def test_scores_are_read_as_they_were_written(tmp_path):
    file = tmp_path / "held_out.csv"
    file.write_text(scores_text([("a_default", -10.5), ("b_default", -12.25)]), encoding="utf-8")
    assert held_out_scores(file) == {"a_default": -10.5, "b_default": -12.25}
    assert held_out_scores(tmp_path / "none.csv") == {}


def test_intervals_of_held_back_numbers_are_as_wide_as_left_out_studies_scatter(tmp_path):
    table = pd.read_csv(ROOT / "docs/validation/left_out.csv")
    assert left_out_scale() == pytest.approx(scatter_of_left_out(table["z_foretold"]), abs=6e-5)
    assert scatter_of_left_out([0.1, -0.1, 0.1]) == 1.0
    file = tmp_path / "left_out.csv"
    file.write_text(scale_text("a_default", 3, 1.25), encoding="utf-8")
    assert left_out_scale(file) == 1.25
    assert left_out_scale(tmp_path / "none.csv") == 1.0
