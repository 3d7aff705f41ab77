"""Numbers that are drawn together stay together in every draw."""

import hashlib

import numpy as np
import pytest

from popmodel.evidence import load_evidence


def uniform(key, size=4000):
    """Return uniform numbers that depend on the key alone."""
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).random(size)


@pytest.fixture
def evidence(world):
    return load_evidence(world.folder)


def test_only_what_is_in_doubt_is_drawn(evidence):
    drawn = evidence.draws(uniform)
    assert set(drawn) == {
        path for path, quantity in evidence.quantities().items() if quantity.is_uncertain
    }
    assert "treatments.drug.potency" not in drawn


def test_shares_add_up_to_one_in_every_draw_and_keep_their_means(evidence):
    drawn = evidence.draws(uniform)
    calm, tense = drawn["biotypes.calm.share"], drawn["biotypes.tense.share"]
    np.testing.assert_allclose(calm + tense, 1.0, rtol=1e-12)
    assert calm.mean() == pytest.approx(0.7, abs=0.005)
    assert calm.std() == pytest.approx(evidence.quantity("biotypes.calm.share").sd, rel=0.05)


def test_a_group_spans_the_folder_only_where_the_form_says_so(evidence):
    assert set(evidence.groups()["biotypes.biotype_shares"]) == {
        "biotypes.calm.share",
        "biotypes.tense.share",
    }


def test_members_of_a_group_are_drawn_at_the_same_quantile(evidence):
    drawn = evidence.draws(uniform)
    relapse, dropout = (
        drawn[f"biotypes.calm.{what}_hazard_ratio"] for what in ("relapse", "dropout")
    )
    assert np.corrcoef(np.log(relapse), np.log(dropout))[0, 1] == pytest.approx(1.0)


def test_numbers_without_a_group_are_drawn_apart(evidence):
    drawn = evidence.draws(uniform)
    clinic, street = drawn["contacts.clinic.level"], drawn["contacts.street.level"]
    assert abs(np.corrcoef(clinic, street)[0, 1]) < 0.1


def test_a_share_that_was_set_keeps_its_value_and_the_rest_is_shared(evidence):
    changed = evidence.with_overrides(
        {"biotypes.calm.share": {"value": 0.7, "distribution": {"kind": "fixed"}}}
    )
    drawn = changed.draws(uniform)
    assert "biotypes.calm.share" not in drawn
    np.testing.assert_allclose(drawn["biotypes.tense.share"], 0.3)


def test_columns_of_one_posterior_come_from_the_same_row(world):
    world.write("contacts/posterior.csv", "a,b\n1,10\n2,20\n3,30\n")
    for contact, column in (("clinic", "a"), ("street", "b")):
        mean = {"a": 2, "b": 20}[column]
        world.change(f"contacts/{contact}.yaml", "value: 0.6", f"value: {mean}")
        world.change(
            f"contacts/{contact}.yaml",
            "{kind: normal, mean: 0.6, se: 0.1}",
            f"{{kind: joint, file: posterior.csv, column: {column}}}",
        )
    drawn = load_evidence(world.folder).draws(uniform)
    np.testing.assert_allclose(drawn["contacts.street.level"], 10 * drawn["contacts.clinic.level"])
    assert set(drawn["contacts.clinic.level"]) == {1, 2, 3}


def test_a_draw_can_be_put_back_as_overrides(evidence):
    drawn = {path: float(values[0]) for path, values in evidence.draws(uniform).items()}
    changed = evidence.with_overrides(drawn)
    assert {path: changed.values()[path] for path in drawn} == drawn


def test_a_new_card_changes_nobodys_draw(world, evidence):
    before = evidence.draws(uniform)
    text = (world.folder / "contacts/clinic.yaml").read_text().replace("id: clinic", "id: an_extra")
    world.write("contacts/an_extra.yaml", text)
    after = load_evidence(world.folder).draws(uniform)
    for path, values in before.items():
        np.testing.assert_array_equal(after[path], values)


def test_one_unknown_on_two_cards_is_one_unknown():
    """Whether a treatment works in people at all does not depend on where it is given."""
    evidence = load_evidence()
    name = "treatments.intermittent_hypoxia_works"
    paths = evidence.groups()[name]
    assert len(paths) > 1
    draws = evidence.draws(lambda key: uniform(key, 500))
    for path in paths[1:]:
        np.testing.assert_array_equal(draws[path], draws[paths[0]])
    assert 0.0 < (draws[paths[0]] == 0.0).mean() < 1.0
