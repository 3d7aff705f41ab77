"""If the question changes in a known way, the answer changes in a known way."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from tests.worlds import SCENARIOS, USUAL_CARE, ask, differing, live

from popmodel import pipeline
from popmodel.evidence.load import load_evidence
from popmodel.scenario import load_scenario

CARDS = load_evidence()
SAINT = {"usual": USUAL_CARE, "saint_first": {"offer": [{"treat": "saint"}], "then": "usual"}}


def paths(start, end=""):
    return [p for p in CARDS.quantities() if p.startswith(start) and p.endswith(end)]


def total(lives, name, field):
    return lives.accounts(name)[field].sum()


def test_if_every_state_were_perfect_a_qaly_would_be_a_year_of_life(tmp_path):
    overrides = {
        **dict.fromkeys(paths("economics.utility_norms."), 1),
        "economics.utilities_midpoint.remission": 1,
        **{f"economics.utilities_midpoint.loss_{b}": 0 for b in ("mild", "moderate", "severe")},
        **dict.fromkeys(paths("treatments.", ".qaly_loss"), 0),
    }
    lives = live(ask(tmp_path, SAINT, overrides, size=400))
    for name in SAINT:
        a = lives.accounts(name)
        lived = np.minimum(a["died"], 5 * 365.25) / 365.25
        assert np.allclose(a["qaly_undiscounted"], lived, rtol=1e-12)
        rate = np.log(1.03)
        assert np.allclose(a["qaly"], -np.expm1(-rate * lived) / rate, rtol=1e-9)


def test_if_all_prices_double_all_costs_double_and_nothing_else_changes(tmp_path):
    money = [p for p, q in CARDS.quantities().items() if q.unit.startswith("USD")]
    money = [p for p in money if p.split(".")[0] in ("treatments", "economics")]
    doubled = {p: 2 * CARDS.quantity(p).value for p in money}
    once, twice = (
        live(ask(tmp_path, SAINT, size=300)),
        live(ask(tmp_path, SAINT, doubled, size=300)),
    )
    for name in SAINT:
        a, b = once.accounts(name), twice.accounts(name)
        assert np.allclose(2 * a["cost"], b["cost"], rtol=1e-12)
        money_fields = ("cost", "cost_undiscounted", "flow")
        assert differing(a, b, money_fields) == {}
        assert differing(once.persons(name), twice.persons(name)) == {}


def test_the_order_of_strategies_in_the_file_does_not_matter(tmp_path):
    a = live(ask(tmp_path, SAINT, size=200))
    b = live(ask(tmp_path, dict(reversed(SAINT.items())), size=200))
    for name in SAINT:
        assert differing(a.accounts(name), b.accounts(name)) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"perspective": "societal"},
        {"willingness_to_pay": [1, 2]},
        {"note": "the same question"},
        {"services": {"saint_suite": {"order": "most_severe", "tick_days": 3}}},
        {"discount": {"costs": 0.03, "health": 0.03}},
    ],
)
def test_what_is_not_about_patients_changes_no_patient(tmp_path, change):
    a, b = live(ask(tmp_path, SAINT, size=200)), live(ask(tmp_path, SAINT, size=200, **change))
    for name in SAINT:
        assert differing(a.persons(name), b.persons(name)) == {}
        assert differing(a.accounts(name), b.accounts(name)) == {}


def test_discounting_changes_what_things_are_worth_and_not_what_happens(tmp_path):
    plain = live(ask(tmp_path, SAINT, size=200, discount={"costs": 0, "health": 0}))
    steep = live(ask(tmp_path, SAINT, size=200, discount={"costs": 0.1, "health": 0.1}))
    worth = (
        "cost", "qaly", "yld", "state_flow_worth", "care_flow_worth", "utility_worth",
    )  # fmt: skip
    for name in SAINT:
        assert differing(plain.persons(name), steep.persons(name)) == {}
        assert set(differing(plain.accounts(name), steep.accounts(name))) <= set(worth)


def test_more_attempts_mean_more_crises_and_no_other_lives(tmp_path):
    """Non-fatal attempts of people in care change what is counted, not how they fare."""
    few = {p: 0.5 * CARDS.quantity(p).value for p in paths("disease.crisis.attempts")}
    many = {p: 2.0 * CARDS.quantity(p).value for p in paths("disease.crisis.attempts")}
    a, b = live(ask(tmp_path, SAINT, few, size=2000)), live(ask(tmp_path, SAINT, many, size=2000))
    for name in SAINT:
        ratio = total(b, name, "crises") / total(a, name, "crises")
        assert 3.0 < ratio < 5.0


def test_better_maintenance_means_fewer_relapses(tmp_path):
    relapses = []
    for ratio in (1.0, 0.5, 0.1):
        overrides = dict.fromkeys(paths("treatments.", "maintenance.hazard_ratio"), ratio)
        relapses.append(
            total(live(ask(tmp_path, SAINT, overrides, size=2000)), "usual", "relapses")
        )
    assert relapses[0] > relapses[1] > relapses[2]


def test_a_rule_that_cannot_apply_is_as_good_as_none(tmp_path):
    never = {"treat": "ect", "when": {"severity": {"at_least": 60}}}
    with_rule = {
        "usual": USUAL_CARE,
        "more": {**USUAL_CARE, "offer": [*USUAL_CARE["offer"], never]},
    }
    lives = live(ask(tmp_path, with_rule, size=500))
    treated = lives.accounts("more")["courses"] != lives.accounts("usual")["courses"]
    assert treated.mean() < 0.02  # measured at the very top of the scale


def test_what_worked_is_repeated_after_a_relapse_augmentation_too(tmp_path):
    """Escitalopram without effect, then an augmentation that always works and does not last."""
    strategies = {
        "usual": {
            "offer": [{"treat": "escitalopram"}, {"treat": "augmentation"}, {"treat": "rtms"}],
            "on_relapse": "repeat",
        }
    }
    overrides = {
        "treatments.escitalopram.potency": 0,
        "treatments.augmentation.potency": 12,
        "treatments.escitalopram.engagement.dropout_per_week": 0,
        "treatments.augmentation.engagement.dropout_per_week": 0,
        "treatments.augmentation.eligibility.minimum_failures": 0,
        **{f"treatments.augmentation.durability.relapse_per_month.{m}": 0.5
           for m in ("months_0_2", "months_2_6", "months_6_12", "after_12")},
        "treatments.augmentation.durability.maintenance.months": 0,
        "population.us_adults_mdd.history.failures.none": 1,
        **{f"population.us_adults_mdd.history.failures.{n}": 0 for n in ("one", "two", "three")},
    }  # fmt: skip
    lives = live(ask(tmp_path, strategies, overrides, size=600, years=4))
    n = {name: k for k, name in enumerate(lives.parameters.treatments)}
    started = lives.histories["usual"].tally["line"][0, :, :, 0].sum(axis=0)
    assert started[n["augmentation"]] > 200
    assert started[n["augmentation"]] > started[n["rtms"]]


def test_a_run_needs_less_than_a_kilobyte_a_patient_and_strategy():
    """Everything at once: patients, accounts, tables of six strategies, at its peak."""
    size = 15_000
    scenario = load_scenario(SCENARIOS / "five_pathways.yaml", patients=size, structure="evidence")
    tracemalloc.start()
    try:
        pipeline.run(scenario, threads=1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak / size / len(scenario.strategies) < 1000
