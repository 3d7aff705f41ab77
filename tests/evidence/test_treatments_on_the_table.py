"""Treatments that the two sources put on the table: they run, and say how far they may be taken."""

from __future__ import annotations

import pytest
from tests.worlds import SCENARIOS, USUAL_CARE, ask, live

from popmodel.evidence import load_evidence
from popmodel.scenario import check_scenario, load_scenario

EVIDENCE = load_evidence()
OFFERED = sorted(name for name, card in EVIDENCE.treatments.items() if card.kind == "treatment")
EXPLORATORY = sorted(
    name for name, card in EVIDENCE.treatments.items() if card.use == "exploratory"
)
COMBINED = {
    "ssri_psychotherapy": ("escitalopram", "cbt"),
    "ssri_exercise": ("escitalopram", "exercise"),
    "aih_ssri": ("escitalopram", "aih_clinic"),
    "psilocybin_psychotherapy": ("psilocybin", "cbt"),
}
FITS = sorted(name for name in EVIDENCE.calibrated if name.endswith("_default"))
"""The fits that the combinations were written out from."""


# ------------------------------------------------------------------ how far a card may be taken


@pytest.mark.parametrize("file", sorted(SCENARIOS.glob("*.yaml")), ids=lambda file: file.stem)
def test_no_shipped_question_offers_an_exploratory_treatment(file):
    scenario = load_scenario(file)
    offered = {offer.treat for one in scenario.strategies.values() for offer in one.offer}
    assert offered & set(EXPLORATORY) == set()


def test_a_check_warns_where_an_exploratory_treatment_is_offered(tmp_path):
    ask(tmp_path, {"usual": USUAL_CARE})
    assert EXPLORATORY
    with pytest.warns(UserWarning, match="exploratory") as noticed:
        ask(tmp_path, {"usual": USUAL_CARE, "guess": {"offer": [{"treat": EXPLORATORY[0]}]}})
    assert len(noticed) == 1
    (path,) = tmp_path.glob("*.yaml")
    (told,) = check_scenario(path).warnings
    assert "strategies.guess.offer" in told
    assert EXPLORATORY[0] in told


def test_what_was_never_tried_in_depressed_people_is_never_in_ordinary_use():
    untried = {name for name, card in EVIDENCE.treatments.items() if not card.human_efficacy}
    assert untried
    assert all(EVIDENCE.treatments[name].use != "on" for name in untried)
    weakest = {name for name, card in EVIDENCE.treatments.items() if card.kind == "treatment"
               and card.grade == "D"}  # fmt: skip
    assert all(EVIDENCE.treatments[name].use != "on" for name in weakest)


# ------------------------------------------------------------------ combinations


def potency(name: str, fit: str) -> float:
    path = f"treatments.{name}.potency"
    fitted = EVIDENCE.calibrated[fit].values.get(path)
    return fitted.value if fitted else EVIDENCE.quantity(path).value


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("name", COMBINED)
def test_a_combination_lies_between_its_stronger_part_and_their_sum(name, fit):
    """Its potency is written out, its parts are refitted: a new fit may leave it behind."""
    a, b = (potency(part, fit) for part in COMBINED[name])
    combined = EVIDENCE.quantity(f"treatments.{name}.potency").value
    slack = 0.05 * max(a, b)
    assert max(a, b) - slack <= combined <= a + b + slack


@pytest.mark.parametrize("fit", FITS)
def test_ketamine_anaesthesia_makes_ect_faster_and_not_stronger(fit):
    fitted = EVIDENCE.calibrated[fit].values["treatments.ect.potency"]
    path = "treatments.ect_ketamine."
    assert abs(EVIDENCE.quantity(path + "potency").value - fitted.value) < 0.5 * fitted.se
    onset = "onset.theta_days"
    assert (
        EVIDENCE.quantity(path + onset).value < EVIDENCE.quantity(f"treatments.ect.{onset}").value
    )


# ------------------------------------------------------------------ modifiers


@pytest.mark.parametrize("flag", ["heavy_caffeine", "chronic_opioid_use"])
def test_where_the_sign_is_unknown_the_prior_is_the_same_on_both_sides(flag):
    sizes = [
        EVIDENCE.quantity(f"treatments.{name}.blocked_by.{flag}.size")
        for name, card in EVIDENCE.treatments.items()
        if any(block.flag == flag for block in card.blocked_by)
    ]
    assert len(sizes) > 1
    for size in sizes:
        low, high = size.interval()
        assert size.value == 0
        assert low == pytest.approx(-high)
        assert high > 0.1


# ------------------------------------------------------------------ lives


def firsts(names):
    return {name: {"offer": [{"treat": name}], "then": "usual"} for name in names}


def test_every_treatment_can_be_lived_with(tmp_path):
    new = [name for name in OFFERED if EVIDENCE.treatments[name].use == "scenario"]
    lives = live(ask(tmp_path, {"usual": USUAL_CARE, **firsts(new)}, size=150, years=2))
    for name in new:
        accounts = lives.accounts(name)
        assert (accounts["cost"] > 0).any(), name
        assert (accounts["qaly"] > 0).all(), name


@pytest.mark.filterwarnings("ignore:.*exploratory")
def test_exploratory_treatments_can_be_lived_with_too(tmp_path):
    lives = live(ask(tmp_path, {"usual": USUAL_CARE, **firsts(EXPLORATORY)}, size=150, years=2))
    assert all(lives.accounts(name)["cost"].sum() > 0 for name in EXPLORATORY)


@pytest.mark.filterwarnings("ignore:.*exploratory")
def test_a_fatal_rhythm_after_ibogaine_counts_as_death(tmp_path):
    event = "treatments.ibogaine.adverse_events.arrhythmia"
    certain = {f"{event}.probability": 1, f"{event}.fatal": 1}
    strategies = {"usual": USUAL_CARE, **firsts(["ibogaine"])}
    usual = live(ask(tmp_path, strategies, size=300, years=1))
    deadly = live(ask(tmp_path, strategies, certain, size=300, years=1))
    dead = [(one.accounts("ibogaine")["died"] < 365.25).sum() for one in (usual, deadly)]
    assert dead[1] > 10 * max(dead[0], 1)


def test_a_night_awake_works_at_once_and_is_gone_within_days_unless_held(tmp_path):
    strategies = {
        "none": {"offer": [], "after_last": "care_as_usual"},
        "night": {"offer": [{"treat": "sleep_deprivation"}]},
    }
    held = {
        "treatments.sleep_deprivation.durability.maintenance.months": 6,
        "treatments.sleep_deprivation.durability.maintenance.hazard_ratio": 0.01,
    }
    alone = live(ask(tmp_path, strategies, size=1000, years=0.5))
    kept = live(ask(tmp_path, strategies, held, size=1000, years=0.5))
    gained = [well(one, "night") - well(one, "none") for one in (alone, kept)]
    assert gained[0] < 0.25 * gained[1]
    assert gained[1] > 0


def test_mindfulness_after_a_fast_treatment_keeps_more_people_well(tmp_path):
    saint = {"offer": [{"treat": "saint"}], "on_relapse": "next", "after_last": "care_as_usual"}
    kept = {**saint, "maintain": {"saint": {"treat": "mindfulness_booster", "every_weeks": 4}}}
    lives = live(ask(tmp_path, {"alone": saint, "kept": kept}, size=1000, years=2))
    assert well(lives, "kept") > 1.02 * well(lives, "alone")
    assert lives.accounts("kept")["cost"].sum() > lives.accounts("alone")["cost"].sum()


def well(lives, name):
    """Days in remission, summed."""
    return lives.accounts(name)["remission_days"].sum()


def test_a_family_is_in_doubt_about_the_premise_as_a_whole_or_not_at_all():
    """One draw decides the reading of a family, so a card without doubt belongs to another."""
    doubts = {}
    for card in EVIDENCE.treatments.values():
        weight = card.severity_effect.premise_weight.value
        doubts.setdefault(card.family, set()).add(weight > 0)
    assert {family for family, said in doubts.items() if len(said) > 1} == set()
