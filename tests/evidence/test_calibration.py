"""Fitted numbers stand beside their priors, and the counts say which numbers a run uses."""

from __future__ import annotations

import pytest

from popmodel.evidence import load_evidence
from popmodel.evidence.calibration import calibration_id, fits_of, fitted_paths
from popmodel.evidence.listing import counts, explanation, origin, overview, rows

PATH = "contacts.clinic.level"
CARD = """\
id: {id}
fit: {id}
command: popmodel calibrate --structure {effect} --seed 7
date: '2026-01-01'
values:
  contacts.clinic.level: {{value: {value}, se: 0.05}}
"""


@pytest.fixture
def evidence(world):
    for effect, value in (("evidence", 0.8), ("premise", 0.9)):
        name = calibration_id(effect, "default")
        text = CARD.format(id=name, effect=effect, value=value)
        world.write(f"calibrated/{name}.yaml", text)
    return load_evidence(world.folder)


def test_a_fitted_number_is_explained_with_every_fit_and_its_prior(evidence):
    told = explanation(evidence, PATH)
    assert "value" not in told
    assert told["prior"] == "0.6 log depth"
    assert [(one["structure"], one["value"], one["se"]) for one in told["fits"]] == [
        ("evidence_default", 0.8, 0.05),
        ("premise_default", 0.9, 0.05),
    ]
    first = told["fits"][0]
    assert first["fit"] == "evidence_default"
    assert first["command"] == "popmodel calibrate --structure evidence --seed 7"
    assert first["place"].endswith("calibrated/evidence_default.yaml:6:3")
    assert told["rests_on"].startswith("a fit to trials; its prior on its source")


def test_a_scenario_is_told_only_of_its_own_structures(evidence):
    (one,) = explanation(evidence, PATH, ["premise_default", "mixture_default"])["fits"]
    assert one["structure"] == "premise_default"
    assert explanation(evidence, PATH, ["mixture_default"])["value"] == "0.6 log depth"


def test_what_is_overridden_is_not_fitted(evidence):
    changed = evidence.with_overrides({PATH: 0.3})
    assert fits_of(changed, PATH) == ()
    assert fitted_paths(changed) == frozenset()
    assert explanation(changed, PATH)["value"] == "0.3 log depth"
    assert origin(changed, PATH, fitted_paths(changed)) == "overridden"


def test_a_fitted_number_counts_as_calibrated_and_no_longer_as_what_its_card_says(evidence):
    cards, used = counts(evidence), counts(evidence, fitted_paths(evidence))
    assert (cards.seen, cards.calibrated) == (1, 0)
    assert (used.seen, used.calibrated) == (0, 1)
    assert used.numbers == cards.numbers


def test_only_the_structures_asked_for_are_counted(evidence):
    assert fitted_paths(evidence, ["evidence_optimistic"]) == frozenset()
    assert fitted_paths(evidence, ["premise_default"]) == {PATH}


def test_the_overview_adds_up_in_every_folder_and_in_all(evidence):
    used, folders = overview(rows(evidence, fitted=fitted_paths(evidence)))
    assert used == ("seen", "recalled", "assumption", "calibrated")
    *parts, total = folders
    assert total.name == "all"
    for folder in folders:
        assert folder.numbers[0] == sum(folder.numbers[1:])
    assert total.cards == sum(part.cards for part in parts)
    assert list(total.numbers) == [sum(n) for n in zip(*(p.numbers for p in parts), strict=True)]
