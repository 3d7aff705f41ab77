"""Overrides: another number, checked like the first, without reading a file or touching others."""

import builtins

import pytest

from popmodel.errors import InputError
from popmodel.evidence import load_evidence
from popmodel.yaml_source import read_yaml_text

COURSE = "treatments.drug.cost.course"


@pytest.fixture
def evidence(world):
    return load_evidence(world.folder)


def refusal(evidence, overrides):
    with pytest.raises(InputError) as caught:
        evidence.with_overrides(overrides)
    return str(caught.value)


def test_a_number_is_replaced_and_the_original_keeps_its_own(evidence):
    changed = evidence.with_overrides({COURSE: 15000})
    assert changed.treatments["drug"].cost.course.value == 15000
    assert changed.values()[COURSE] == 15000
    assert evidence.values()[COURSE] == 0
    assert changed.contacts is evidence.contacts or changed.contacts == evidence.contacts


def test_a_number_that_was_set_is_no_longer_in_doubt(evidence):
    changed = evidence.with_overrides({"contacts.clinic.level": 0.2})
    assert changed.quantity("contacts.clinic.level").interval() == (0.2, 0.2)


def test_what_was_replaced_can_be_told_even_after_a_second_time(evidence):
    twice = evidence.with_overrides({COURSE: 1}).with_overrides({COURSE: 2})
    assert twice.overridden[COURSE].value == 0
    assert twice.quantity(COURSE).value == 2


def test_a_number_may_bring_its_own_doubt_and_reason(evidence):
    changed = evidence.with_overrides(
        {
            "contacts.clinic.level": {
                "value": 0.9,
                "distribution": {"kind": "normal", "mean": 0.9, "se": 0.3},
                "basis": "assumption",
                "rationale": "we think so",
            }
        }
    )
    assert changed.quantity("contacts.clinic.level").sd == pytest.approx(0.3)


def test_plain_settings_are_replaced_and_checked_again(evidence):
    changed = evidence.with_overrides(
        {
            "treatments.drug.tested_after": 1,
            "treatments.drug.contact": "street",
            "treatments.drug.schedule.assess_days": 28,
            "treatments.drug.schedule.visits": [0, 28],
            "treatments.drug.schedule.adequate": False,
            "treatments.drug.mechanisms.right": 0.7,
            "services.suite.places": None,
        }
    )
    drug = changed.treatments["drug"]
    assert (drug.tested_after, drug.contact, drug.schedule.adequate) == (1, "street", False)
    assert drug.schedule.visits == (0, 28)
    assert drug.mechanisms == {"left": 1, "right": 0.7}
    assert changed.services["suite"].places is None
    assert drug.potency is evidence.treatments["drug"].potency


def test_a_sweep_may_hand_over_a_whole_number_as_a_float(evidence):
    changed = evidence.with_overrides({"treatments.drug.tested_after": 1.0})
    assert changed.treatments["drug"].tested_after == 1


def test_overrides_may_be_nested_as_the_card_is(evidence):
    changed = evidence.with_overrides(
        {"treatments.drug": {"cost": {"course": 5, "visit": 6}, "schedule": {"assess_days": 9}}}
    )
    drug = changed.treatments["drug"]
    assert (drug.cost.course.value, drug.cost.visit.value, drug.schedule.assess_days) == (5, 6, 9)


def test_an_item_of_a_list_is_replaced_by_name_or_place(evidence):
    by_name = evidence.with_overrides({"treatments.drug.adverse_events.Dry_mouth.cost": 7})
    by_place = evidence.with_overrides({"treatments.drug.adverse_events.0.cost": 7})
    for changed in (by_name, by_place):
        assert changed.treatments["drug"].adverse_events[0].cost.value == 7


def test_a_number_keeps_one_name_whichever_way_it_was_replaced(evidence):
    changed = evidence.with_overrides({"treatments.drug.adverse_events.0.cost": 7})
    assert set(changed.quantities()) == set(evidence.quantities())
    assert set(changed.overridden) == {"treatments.drug.adverse_events.Dry_mouth.cost"}


def test_a_path_may_go_on_to_the_value_of_a_number(evidence):
    changed = evidence.with_overrides({f"{COURSE}.value": 7})
    assert changed.quantity(COURSE).value == 7


def test_no_override_changes_nothing(evidence):
    assert evidence.with_overrides({}) is evidence


def test_overrides_read_no_file(evidence, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a file was opened")

    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr("pathlib.Path.open", refuse)
    evidence.with_overrides({COURSE: 1, "treatments.drug.tested_after": 1})


WRONG = {
    "an unknown field": (
        {"treatments.drug.cost.corse": 1},
        "did you mean treatments.drug.cost.course?",
    ),
    "an unknown card": (
        {"treatments.drog.cost.course": 1},
        "did you mean treatments.drug.cost.course?",
    ),
    "an unknown folder": (
        {"treatment.drug.cost.course": 1},
        "did you mean treatments.drug.cost.course?",
    ),
    "a new card": ({"calibrated.mine": {"value": 1}}, "there is no such path"),
    "a negative cost": ({COURSE: -1}, "USD must be at least 0 (found -1)"),
    "a chance above 1": ({"treatments.drug.adverse_events.0.probability": 1.4}, "(found 1.4)"),
    "a word for a number": ({COURSE: "cheap"}, "must be a number in USD (found 'cheap')"),
    "true for a number": ({COURSE: True}, "must be a number"),
    "not a number": ({COURSE: float("nan")}, "must be a finite number"),
    "infinity": ({COURSE: float("inf")}, "must be a finite number"),
    "a number for a word": ({"treatments.drug.contact": 3}, "must be a text (found 3)"),
    "half a failure": ({"treatments.drug.tested_after": 1.5}, "must be a whole number"),
    "an unknown contact": ({"treatments.drug.contact": "clinik"}, "did you mean clinic?"),
    "an unknown mechanism": ({"treatments.drug.mechanisms.lift": 1}, "no mechanism lift"),
    "visits out of order": (
        {"treatments.drug.schedule.visits": [9, 1]},
        "days of visits must rise",
    ),
    "another unit": (
        {COURSE: {"value": 3, "unit": "GBP"}},
        "is in USD (found 'GBP') (convert the value)",
    ),
    "an unknown part of a number": ({COURSE: {"valeu": 3}}, "valeu: unknown key"),
    "doubt that does not fit": (
        {COURSE: {"value": 3, "distribution": {"kind": "gamma", "mean": 9, "se": 1}}},
        "has mean 9, but value is 3",
    ),
    "a share that leaves the sum": (
        {"biotypes.calm.share": 0.9},
        "group biotypes.biotype_shares: shares add up to 1.2 and not to 1",
    ),
    "all shares, and not to one": (
        {"biotypes.calm.share": 0.9, "biotypes.tense.share": 0.2},
        "shares add up to 1.1",
    ),
    "a number for a card": ({"treatments.drug": 35}, "must name what to change in it (found 35)"),
    "nothing for a folder": ({"contacts": None}, "must name what to change in it (found None)"),
    "another id": ({"treatments.drug.id": "pill"}, "a card keeps its id"),
    "a key that is a number": ({"treatments.drug.mechanisms": {2014: 1}}, "no mechanism 2014"),
    "a path inside another": (
        {"treatments.drug.cost": 1, "treatments.drug.cost.course": 2},
        "is set twice",
    ),
}


@pytest.mark.parametrize(("overrides", "message"), WRONG.values(), ids=WRONG.keys())
def test_an_override_is_refused_with_the_reason(evidence, overrides, message):
    assert message in refusal(evidence, overrides)


def test_all_wrong_overrides_are_told_at_once(evidence):
    told = refusal(evidence, {COURSE: -1, "treatments.drug.tested_after": "x", "a.b": 1})
    assert len(told.splitlines()) == 3


def test_a_wrong_override_is_told_where_it_stands_in_the_scenario(evidence):
    located = read_yaml_text(f"title: x\noverrides:\n  {COURSE}: -1\n", "scenario.yaml")
    with pytest.raises(
        InputError, match=r"^scenario\.yaml:3:3: treatments\.drug\.cost\.course: USD"
    ):
        evidence.with_overrides(located.data["overrides"], located, ("overrides",))


def test_shares_may_be_set_together(evidence):
    changed = evidence.with_overrides({"biotypes.calm.share": 0.9, "biotypes.tense.share": 0.1})
    assert changed.biotypes["tense"].share.value == 0.1


def test_one_share_may_be_set_when_the_others_make_room(evidence):
    overrides = evidence.rebalanced("biotypes.calm.share", 0.4)
    assert overrides == {"biotypes.calm.share": 0.4, "biotypes.tense.share": pytest.approx(0.6)}
    evidence.with_overrides(overrides)


def test_a_number_that_is_no_share_makes_nothing_move(evidence):
    assert evidence.rebalanced(COURSE, 3.0) == {COURSE: 3.0}
