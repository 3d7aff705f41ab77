"""The open questions: each is a scenario that loads, with numbers that exist."""

from __future__ import annotations

import re
import shutil
import sys
import warnings

import pytest
from tests.worlds import ROOT, SCENARIOS

from popmodel.evidence import load_evidence
from popmodel.scenario import load_scenario

sys.path.insert(0, str(ROOT / "docs"))
from open_questions import command, file_of, is_inline, ledger

LEDGER = ledger()
QUESTIONS = {one["id"]: one for one in LEDGER["questions"]}


def test_all_nine_questions_of_the_sources_are_priced():
    assert {re.match(r"Q\d", name).group() for name in QUESTIONS} == {f"Q{n}" for n in range(1, 10)}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("questions") / "scenarios"
    shutil.copytree(SCENARIOS, folder)
    return folder


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_a_decision_between_strategies_over_numbers_in_doubt(name, place):
    one = QUESTIONS[name]
    path = place / file_of(one)
    if is_inline(one):
        assert not (SCENARIOS / file_of(one)).exists()
        path.write_text(one["scenario"], encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scenario = load_scenario(path, one.get("set"))
    assert len(scenario.strategies) >= 3
    quantities = scenario.evidence().quantities()
    for part in (p for learn in one["learn"] for p in learn.split("+")):
        assert any(path == part or path.startswith(f"{part}.") for path in quantities), part
    for path in [*one.get("study", ()), *([one["price"]] if "price" in one else [])]:
        assert quantities[path].distribution is not None
    asked = command(one, LEDGER)
    assert asked.startswith(f"popmodel voi scenarios/{file_of(one)} --samples")
    for path in one.get("study", ()):
        assert f"--study {path}" in asked


def test_inert_hypoxia_is_hypoxia_without_effect_and_nothing_else():
    """The negative control of the trial question must not drift from the card it copies."""
    shipped = load_evidence()
    copied = load_evidence(extra=[SCENARIOS / "cards" / "aih_home_inert.yaml"])
    real, inert = shipped.treatments["aih_home"], copied.treatments["aih_home_inert"]
    names = set(type(real).model_fields)
    differ = {name for name in names if getattr(real, name) != getattr(inert, name)}
    assert differ == {"id", "label", "description", "potency", "human_efficacy"}
    assert inert.potency.value == 0
