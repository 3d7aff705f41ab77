"""What is known, as tables: every number says what it rests on."""

import pytest

from popmodel.errors import InputError
from popmodel.evidence import load_evidence
from popmodel.evidence.listing import counts, distribution_text, explanation, rows


@pytest.fixture
def evidence(world):
    return load_evidence(world.folder)


def test_every_number_is_counted_once_by_what_it_rests_on(evidence):
    found = counts(evidence)
    assert (found.seen, found.recalled, found.calibrated, found.overridden) == (1, 1, 0, 0)
    assert found.numbers == found.seen + found.recalled + found.assumption
    assert "1 read in their source, 1 recalled" in str(found)


def test_an_overridden_number_rests_on_the_override(evidence):
    changed = evidence.with_overrides({"contacts.clinic.level": 0.3})
    assert (counts(changed).seen, counts(changed).overridden) == (0, 1)
    told = explanation(changed, "contacts.clinic.level")
    assert told["value"] == "0.3 log depth"
    assert told["replaces"] == "0.6 log depth on the card"
    assert told["rests_on"] == "an override"


def test_the_table_of_a_card_holds_its_numbers(evidence):
    (row,) = rows(evidence, "clinic")
    assert (row.path, row.value, row.origin) == ("contacts.clinic.level", 0.6, "seen")
    assert row.why == "A. Author. A book. 2020; p. 3"
    assert row.place.endswith("contacts/clinic.yaml:3")
    assert row.low == pytest.approx(0.404, abs=1e-3)


def test_the_table_can_be_cut_to_assumptions_or_to_what_was_not_read(evidence):
    assert {row.origin for row in rows(evidence, assumptions=True)} == {"assumption"}
    assert [row.path for row in rows(evidence, unverified=True)] == ["contacts.street.level"]


def test_a_part_of_a_card_can_be_listed(evidence):
    assert len(rows(evidence, "treatments.drug.cost")) == 4
    assert len(rows(evidence)) == counts(evidence).numbers


def test_an_unknown_card_names_the_nearest(evidence):
    with pytest.raises(InputError, match=r"did you mean clinic\?"):
        rows(evidence, "clinik")


def test_an_explanation_tells_source_place_and_doubt(evidence):
    told = explanation(evidence, "contacts.clinic.level")
    assert told["distribution"] == "normal, mean 0.6, se 0.1"
    assert told["interval_95"] == "0.404 to 0.796"
    assert told["source"] == "book-2020: A. Author. A book. 2020"
    assert told["doi"] == "10.1000/1"
    assert told["where"] == "p. 3"
    assert told["rests_on"] == "its source, where it was read"
    assert told["card"].endswith("contacts/clinic.yaml:3:1")


def test_an_explanation_names_what_is_drawn_together(evidence):
    assert explanation(evidence, "biotypes.calm.share")["drawn_with"] == ("biotypes.tense.share")


def test_a_mixture_is_told_with_what_it_mixes(evidence):
    number = evidence.quantity("contacts.clinic.level").model_validate(
        {
            "value": 0.1,
            "unit": "log depth",
            "basis": "assumption",
            "rationale": "x",
            "distribution": {
                "kind": "mixture",
                "point_mass": 0.8,
                "otherwise": {"kind": "gamma", "mean": 0.5, "se": 0.2},
            },
        }
    )
    assert distribution_text(number) == (
        "mixture, point_mass 0.8, otherwise gamma, mean 0.5, se 0.2"
    )
