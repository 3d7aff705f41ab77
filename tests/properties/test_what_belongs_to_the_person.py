"""Resistance belongs to the person: the order of what is offered decides when, not whether."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.worlds import ask, differing, live

CARDS = {"escitalopram": 0.4, "cbt": 0.9, "rtms": 1.6}


def world_without_side_effects(potency):
    """rho = 1, f = 0, no drop-out, gap, leaving or failure cost, constant contact, equal days."""
    overrides = {
        "disease.response.persistent_share": 1,
        "contacts.usual_care.level": 0,
        "disease.care_seeking.switch_gap_days": 0,
        "disease.care_seeking.disengage_after_dropout": 0,
        **{f"disease.care_seeking.disengage_after_failures.{n}": 0
           for n in ("one", "two", "three")},
        "population.us_adults_mdd.in_care_share": 1,
        **{f"disease.crisis.suicides_per_100000_years.{band}": 0
           for band in ("remission", "mild", "moderate", "severe")},
    }  # fmt: skip
    for card, kappa in potency.items():
        path = f"treatments.{card}."
        overrides |= {
            path + "potency": kappa,
            path + "severity_effect.evidence.loss_share": 0,
            path + "engagement.dropout_per_week": 0,
            path + "engagement.dose_slope": 0,
            path + "onset.theta_days": 7,
            path + "contact": "usual_care",
            path + "schedule": {"adequate": True, "assess_days": 42, "session_days": 42,
                                "sessions": 0, "visits": []},
            path + "adverse_events": [],
            path + "eligibility": {"minimum_failures": 0, "excludes": [], "requires": [],
                                   "after": []},
            path + "settings": ["home", "outpatient", "inpatient", "emergency"],
            path + "tested_after": 0,
        }  # fmt: skip
    return overrides


def in_every_order(tmp_path, cards, overrides, **question):
    strategies = {
        "_then_".join(order): {
            "offer": [{"treat": card} for card in order], "on_response": "next",
        }
        for order in itertools.permutations(cards)
    }  # fmt: skip
    return live(
        ask(
            tmp_path,
            strategies,
            overrides,
            years=1,
            structure={"contact_credit": "none"},
            **question,
        )
    )


def test_the_order_of_lines_does_not_change_who_remits_within_them(tmp_path):
    """Not only the share: the very same patients, though on other days."""
    lives = in_every_order(tmp_path, CARDS, world_without_side_effects(CARDS), size=2500)
    within = 42.0 * len(CARDS) + 1e-6
    alive = np.ones(len(lives.population), dtype=bool)
    for name in lives.histories:
        alive &= ~(lives.accounts(name)["died"] <= within)
    assert alive.mean() > 0.99
    remitted = [lives.accounts(n)["first_remission"][alive] <= within for n in lives.histories]
    share = remitted[0].mean()
    assert 0.2 < share < 0.9
    for other in remitted[1:]:
        assert np.array_equal(remitted[0], other)
    days = [lives.accounts(n)["first_remission"] for n in lives.histories]
    assert any(not np.array_equal(days[0], other) for other in days[1:])


def test_a_second_equal_course_without_fresh_luck_helps_nobody_whom_the_first_did_not(tmp_path):
    """With all luck shared, a copy of a failed treatment is no second lottery ticket."""
    overrides = world_without_side_effects({"cbt": 0.8, "rtms": 0.8})
    overrides |= {
        "disease.response.luck_sd": 0,
        **{f"biotypes.{b}.potency_shift.{m}": 0 for b, m in SHIFTS},
    }
    lives = in_every_order(tmp_path, ("cbt", "rtms"), overrides, size=1500)
    for name in lives.histories:
        first = lives.accounts(name)["first_remission"]
        assert not ((first > 42.0 + 1e-6) & (first <= 84.0 + 1e-6)).any()
        assert (first <= 42.0 + 1e-6).mean() > 0.15


def _shifts():
    from popmodel.evidence.load import load_evidence

    biotypes = load_evidence().biotypes
    return [(b, m) for b, card in biotypes.items() for m in (card.potency_shift or {})]


SHIFTS = _shifts()


def test_what_was_offered_before_a_null_course_does_not_matter_to_it(tmp_path):
    """First remission is the same whether nothing was tried or a dozen inert things were."""
    from tests.worlds import inert

    cards = ("aih_home", "aih_clinic", "breathing", "mindfulness", "exercise")
    overrides = {k: v for card in cards for k, v in inert(card, 20).items()}
    strategies = {
        "long_wait": {"offer": [{"wait_days": 100, "contact": "usual_care"}]},
        "five": {"offer": [{"treat": card} for card in cards]},
        "five_turned": {"offer": [{"treat": card} for card in reversed(cards)]},
    }
    lives = live(ask(tmp_path, strategies, overrides, size=1500, years=2))
    names = list(strategies)
    for other in names[1:]:
        first = ["first_remission"]
        assert differing(lives.accounts(names[0])[first], lives.accounts(other)[first]) == {}
    again = ("courses", "events")
    assert differing(lives.accounts("five"), lives.accounts("five_turned"), again) == {}


@pytest.mark.parametrize("structure", ["evidence", "premise"])
def test_more_potency_never_delays_a_first_remission_on_the_first_course(tmp_path, structure):
    days = []
    for kappa in (0.0, 0.5, 1.5):
        overrides = {
            "treatments.saint.potency": kappa,
            "treatments.saint.engagement.dropout_per_week": 0,
        }
        scenario = ask(
            tmp_path, {"saint": {"offer": [{"treat": "saint"}]}}, overrides, size=800, years=0.07,
            structure={"severity_effect": structure},
        )  # fmt: skip
        days.append(live(scenario).accounts("saint")["first_remission"])
    assert (days[1] <= days[0]).all()
    assert (days[2] <= days[1]).all()
    assert np.isfinite(days[2]).mean() > np.isfinite(days[0]).mean() + 0.1
