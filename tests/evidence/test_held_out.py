"""The weight that trials held back give each structure."""

from __future__ import annotations

import pytest

from popmodel.evidence import load_evidence
from popmodel.evidence.held_out import held_out_scores, held_out_weights, scores_text


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
