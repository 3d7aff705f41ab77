"""Cards of tests: what they inform decides what they must say, and what they may improve."""

from __future__ import annotations

import pytest

from popmodel.errors import InputError
from popmodel.evidence import load_evidence
from popmodel.evidence.load import SHIPPED


@pytest.fixture
def refused(tmp_path):
    """Change words of a shipped card, load it beside the others, and return what is told."""

    def told(card, *changes):
        text = (SHIPPED / f"{card}.yaml").read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        place = tmp_path / f"{card}.yaml"
        place.parent.mkdir()
        place.write_text(text, encoding="utf-8")
        with pytest.raises(InputError) as caught:
            load_evidence(extra=[tmp_path])
        return str(caught.value)

    return told


def test_every_shipped_test_says_its_grade_price_and_accuracy(shipped):
    assert len(shipped.tests) >= 3
    for name, card in shipped.tests.items():
        assert card.description
        right = [shipped.values().get(f"tests.{name}.{w}") for w in ("accuracy", "sensitivity")]
        assert any(value is not None and value < 1 for value in right)
        assert card.price.price_year


def test_a_test_of_the_biotype_has_no_sensitivity(refused):
    told = refused("tests/biotype_scan", ("accuracy:", "sensitivity:"))
    assert "does not belong to a test that informs biotype" in told
    assert "needs it" in told


def test_a_test_of_an_aim_says_whose(refused):
    assert "needs it" in refused("tests/heart_rate_slowing", ("of: rtms\n", ""))


def test_a_test_of_an_aim_needs_an_aim(refused):
    assert "there is no aim to test" in refused("tests/heart_rate_slowing", ("of: rtms", "of: ect"))


def test_an_unknown_test_is_told_with_the_nearest(refused):
    told = refused("treatments/rtms", ("[heart_rate_slowing]", "[heart_rate_slowin]"))
    assert "heart_rate_slowing" in told


def test_only_a_test_of_the_aim_improves_it(refused):
    told = refused("treatments/rtms", ("[heart_rate_slowing]", "[biotype_scan]"))
    assert "does not tell whether the aim hits" in told


def test_a_test_in_another_currency_is_refused_where_it_is_priced(refused):
    assert "USD" in refused("tests/biotype_scan", ("unit: USD", "unit: dollars"))
