"""What a result says about its numbers agrees with what the commands say about the cards."""

from __future__ import annotations

import json

import pytest
from tests.worlds import SCENARIOS

from popmodel.cli import main
from popmodel.pipeline import parameters_of
from popmodel.pipeline.manifest import manifest_of
from popmodel.scenario import load_scenario


@pytest.fixture
def counted():
    def counts(overrides=None, structure="all"):
        scenario = load_scenario(SCENARIOS / "five_pathways.yaml", overrides, structure=structure)
        evidence = scenario.evidence()
        parameters = parameters_of(scenario, evidence, scenario.structures()[0])
        return manifest_of(scenario, evidence, parameters, "compiled")["evidence"]

    return counts


def test_the_manifest_says_how_far_each_treatment_may_be_taken():
    scenario = load_scenario(SCENARIOS / "five_pathways.yaml")
    evidence = scenario.evidence()
    parameters = parameters_of(scenario, evidence, scenario.structures()[0])
    told = manifest_of(scenario, evidence, parameters, "compiled")["treatments"]
    assert {name: one["use"] for name, one in told.items()} == {
        name: card.use for name, card in evidence.treatments.items()
    }
    assert {one["use"] for one in told.values()} == {"on", "scenario", "exploratory"}


def test_the_manifest_counts_numbers_as_the_evidence_command_does(counted, capsys):
    assert main(["evidence", "--json"]) == 0
    words = [one["rests_on"] for one in json.loads(capsys.readouterr().out)]
    manifest = counted()
    assert manifest == {
        "seen": words.count("seen in source"),
        "unseen": words.count("recalled"),
        "assumption": words.count("assumption"),
        "calibrated": words.count("calibrated"),
        "overridden": 0,
    }
    assert manifest["calibrated"] > 0


def test_an_overridden_number_is_no_longer_counted_as_fitted(counted):
    before = counted()
    after = counted({"treatments.saint.potency": 1.5})
    assert after["calibrated"] == before["calibrated"] - 1
    assert after["overridden"] == 1
    assert sum(after.values()) == sum(before.values())
