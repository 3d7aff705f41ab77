"""Taking out the extrapolation: who is offered early what was tested late."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from popmodel.evidence.calibration import lack_of_extrapolation
from popmodel.scenario import load_scenario
from popmodel.scenario.refusals import refusals

SCENARIOS = Path(__file__).parents[2] / "scenarios"
NONE = {"structure.extrapolation": "none"}


@pytest.mark.parametrize("name", ["five_pathways", "psychiatry_eras"])
def test_shipped_questions_can_be_asked_without_extrapolation(name):
    scenario = load_scenario(SCENARIOS / f"{name}.yaml", overrides=NONE)
    assert scenario.structure.extrapolation == "none"
    assert [p for p in refusals(scenario, lambda *said: said) if "extrapolation" in str(p)] == []


def test_a_treatment_tested_late_without_a_factor_is_named_and_refused():
    known = load_scenario(SCENARIOS / "five_pathways.yaml").evidence()
    late = next(name for name, card in known.treatments.items() if card.tested_after > 0)
    card = known.calibrated["evidence_default"]
    less = card.model_copy(
        update={"extrapolation": {k: f for k, f in card.extrapolation.items() if k != late}}
    )
    without = replace(known, calibrated={**known.calibrated, "evidence_default": less})
    told, hint = lack_of_extrapolation(without, "evidence_default", [late])
    assert late in told and "--factors-only" in hint
    assert lack_of_extrapolation(without, "evidence_default", []) == ("", "")
