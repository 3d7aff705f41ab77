"""Somebody who knows no code adds vagus nerve stimulation: one card and one line of a scenario."""

from __future__ import annotations

import shutil

import pytest
from tests.new_card import NEW, new_card
from tests.worlds import SCENARIOS

from popmodel import pipeline
from popmodel.evidence import load_evidence
from popmodel.scenario import check_scenario, load_scenario

QUESTION = f"""\
title: Vagus nerve stimulation after two failures
extends: base_us_adults.yaml
cards: [my_cards]
structure: {{severity_effect: evidence}}
strategies:
  with_nerve_stimulation:
    offer:
      - {{treat: {NEW}, when: {{line: {{at_least: 3}}, not_tried: [{NEW}]}}}}
    then: usual_care
"""


@pytest.fixture
def question(tmp_path):
    """A folder with the shipped common ground, the stranger's card and the stranger's question."""
    shutil.copy(SCENARIOS / "base_us_adults.yaml", tmp_path)
    new_card(tmp_path / "my_cards")
    path = tmp_path / "question.yaml"
    path.write_text(QUESTION, encoding="utf-8")
    return path


def test_nothing_in_the_project_knows_the_treatment():
    assert NEW not in load_evidence().treatments


def test_one_card_and_one_line_are_right_at_once(question):
    checked = check_scenario(question)
    assert checked.problems == ()
    assert checked.refused == ()
    assert checked.warnings == ()


def test_two_hundred_patients_live_with_the_new_treatment(question, monkeypatch):
    monkeypatch.setattr("popmodel.pipeline.stages.FEWEST_RECRUITS", 200)
    result = pipeline.run(load_scenario(question, patients=200))
    strategies = result.strategies.set_index("strategy")
    assert (strategies["patients"] == 200).all()
    flow = result.tables["flow"]
    mine = flow[flow["treatment"] == NEW]
    assert set(mine["strategy"]) == {"with_nerve_stimulation"}
    assert mine["count"].sum() > 20
    lines = mine[mine["outcome"] == "started"].set_index("line")["count"]
    assert lines[3] > 20, "after two failures; lines before are relapses it is repeated for"
    assert len(result.tables["thresholds"].query("treatment == @NEW")) > 0
