"""The ledger of claims: none is missing, and what it points at exists."""

from __future__ import annotations

import re
import shlex
import sys
from functools import cache
from pathlib import Path

import pytest

from popmodel.evidence import load_evidence
from popmodel.scenario import check_scenario

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import claims_page  # noqa: E402

LEDGER = claims_page.ledger()
CLAIMS = LEDGER["claims"]
IDS = [claim["id"] for claim in CLAIMS]
EXPECTED = [
    f"{letter}{number}"
    for letter, count in (("T", 28), ("M", 13), ("O", 10), ("Q", 9))
    for number in range(1, count + 1)
]
KEYS = {"id", "title", "seed", "claim", "model", "evidence", "says", "policy"}
OPTIONAL = {"at", "absent", "measured"}


def test_no_claim_of_the_two_sources_is_missing_and_none_stands_twice():
    assert IDS == EXPECTED


@pytest.mark.parametrize("claim", CLAIMS, ids=IDS)
def test_a_claim_says_all_and_nothing_unknown(claim):
    assert set(claim) >= KEYS
    assert set(claim) <= KEYS | OPTIONAL
    assert claim["seed"] in ("lecture", "article", "both")
    assert claim["evidence"] in claims_page.VERDICTS
    assert all(len(claim[key]) > 2 for key in KEYS - {"id"})


@pytest.mark.parametrize("claim", CLAIMS, ids=IDS)
def test_a_claim_is_in_the_model_or_says_why_not(claim):
    assert "at" in claim or "absent" in claim
    assert [path for path in claim.get("at", ()) if not exists(path)] == []


@cache
def numbers() -> frozenset[str]:
    return frozenset(load_evidence().quantities())


def exists(path: str) -> bool:
    """Whether a path is a file of the project, a number on a card, or another field of a card."""
    if "/" in path:
        return (ROOT / path).exists()
    if path in numbers():
        return True
    group, card, field = path.split(".")
    return bool(getattr(load_evidence().cards(group)[card], field))


def test_a_claim_points_at_things_that_would_be_missed():
    assert not exists("src/popmodel/evidence/cards/treatments/homeopathy.yaml")
    with pytest.raises((KeyError, ValueError, AttributeError)):
        exists("treatments.saint.halo")


@pytest.mark.parametrize("name", LEDGER["runs"])
def test_the_command_behind_a_figure_can_be_asked(name):
    words = shlex.split(LEDGER["runs"][name])
    assert words[:2] == ["popmodel", "run"]
    settings = dict(words[n + 1].split("=", 1) for n, word in enumerate(words) if word == "--set")
    checked = check_scenario(ROOT / words[2], settings)
    assert checked.problems == ()
    asked = {
        one["strategy"]
        for claim in CLAIMS
        for one in claim.get("measured", ())
        if one["run"] == name
    }
    assert asked, "a run that no claim refers to"
    assert asked <= set(checked.scenario.strategies) - {checked.scenario.comparator}


def test_every_figure_was_measured():
    found = claims_page.figures()
    for claim in CLAIMS:
        for one in claim.get("measured", ()):
            assert one["run"] in LEDGER["runs"]
            assert set(claims_page.COLUMNS) == set(found[one["run"], one["strategy"]])


def test_figures_stand_only_beside_their_command():
    """A percentage or an amount in the words about policy would be a figure without a command."""
    found = {
        claim["id"]: re.findall(r"\d+ ?%|\$|USD|(?<![A-Z])\d\d+", claim["policy"])
        for claim in CLAIMS
    }
    assert {name: said for name, said in found.items() if said} == {}
