"""Tests inside whole lives: keyed, free of side effects, and seen by both schedulers."""

from __future__ import annotations

import numpy as np
import pytest
from tests.worlds import SCENARIOS, USUAL_CARE, ask, differing, live

from popmodel.scenario import load_scenario

RESULTS = ("tested", "results", "seen_biotype")
FREE = {
    "tests.heart_rate_slowing.price": 0,
    "tests.heart_rate_slowing.patient_hours": 0,
    "tests.heart_rate_slowing.delay_days": 9,
}


def after_escitalopram(step, *more):
    """Usual care with one more step after the first drug."""
    first, *rest = USUAL_CARE["offer"]
    return {**USUAL_CARE, "offer": [first, step, *more, *rest]}


def times(lives, strategy, test):
    """How often each patient had a test."""
    position = sorted(lives.scenario.evidence().tests).index(test)
    return lives.persons(strategy)["tested"] >> 2 * position & 3


def test_a_free_test_that_nobody_reads_is_a_wait(tmp_path):
    asked = {"line": {"at_least": 2}}
    lives = live(
        ask(
            tmp_path,
            {
                "wait": after_escitalopram(
                    {"wait_days": 9, "contact": "usual_care", "when": asked}
                ),
                "test": after_escitalopram({"test": "heart_rate_slowing", "when": asked}),
            },
            FREE,
        )
    )
    assert differing(lives.accounts("wait"), lives.accounts("test")) == {}
    assert set(differing(lives.persons("wait"), lives.persons("test"), RESULTS)) == set()
    assert lives.persons("test")["tested"].any()


def test_price_and_hours_of_a_test_are_charged_once_and_nothing_else_changes(tmp_path):
    step = {"test": "heart_rate_slowing", "when": {"line": {"at_least": 2}}}
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    question = {"years": 1, "discount": {"costs": 0, "health": 0}}
    priced = {**FREE, "tests.heart_rate_slowing.price": {"value": 500, "price_year": 2024}}
    free, dear = (
        live(ask(tmp_path / name, {"test": after_escitalopram(step)}, over, **question))
        for name, over in (("a", FREE), ("b", priced))
    )
    done = times(free, "test", "heart_rate_slowing")
    assert done.max() >= 1
    more = dear.accounts("test")["cost"] - free.accounts("test")["cost"]
    rate = more.sum() / done.sum()
    assert rate == pytest.approx(500)
    assert np.allclose(more.sum(axis=1), rate * done)
    changed = differing(dear.accounts("test"), free.accounts("test"))
    assert set(changed) <= {"cost", "cost_undiscounted"}


def test_a_patient_has_the_same_result_under_every_strategy(tmp_path):
    tests = ("heart_rate_slowing", "biotype_scan", "circuit_timing")
    early = [
        {"test": t, "when": {"line": {"at_least": 1}, "result": {t: "unknown"}}} for t in tests
    ]
    late = [{"test": t, "when": {"line": {"at_least": 2}, "result": {t: "unknown"}}} for t in tests]
    lives = live(
        ask(
            tmp_path,
            {
                "early": {**USUAL_CARE, "offer": [*early, *USUAL_CARE["offer"]]},
                "late": after_escitalopram(*late[::-1]),
            },
            {"treatments.rtms.targeting.on_target_share": 0.5},
        )
    )
    a, b = lives.persons("early"), lives.persons("late")
    for bit in range(3):
        both = ((a["tested"] >> 2 * bit) & (b["tested"] >> 2 * bit) & 1).astype(bool)
        assert both.sum() > 50
        assert np.array_equal((a["results"] >> bit & 1)[both], (b["results"] >> bit & 1)[both])
        assert np.array_equal(a["seen_biotype"][both], b["seen_biotype"][both]) or bit != 0
    # one test is done once where rules ask for its result only while it is unknown
    assert set(np.unique(a["tested"] & 3)) <= {0, 1}


def test_an_aim_that_always_hits_is_no_aim_at_all(tmp_path):
    """What the shipped cards say of aim changes nobody's life, whatever is left off target."""
    for name in "ab":
        (tmp_path / name).mkdir()
    path = "treatments.rtms.targeting.effect_off_target"
    a, b = (
        live(ask(tmp_path / name, {"usual": USUAL_CARE}, {path: left}))
        for name, left in (("a", 0.5), ("b", 0.0))
    )
    assert differing(a.accounts("usual"), b.accounts("usual")) == {}


def test_whom_a_perfect_test_finds_off_target_gains_from_it(tmp_path):
    scenario = load_scenario(
        SCENARIOS / "test_then_treat.yaml",
        {
            "treatments.rtms.targeting.on_target_share": 0.3,
            "treatments.rtms.targeting.effect_off_target": 0.0,
            "tests.heart_rate_slowing.sensitivity": 1.0,
            "tests.heart_rate_slowing.specificity": 1.0,
        },
        patients=3000, years=2, structure="evidence",
    )  # fmt: skip
    lives = live(scenario)
    days = [lives.accounts(name)["remission_days"] for name in ("usual_care", "aim_checked")]
    tested = times(lives, "aim_checked", "heart_rate_slowing") > 0
    gain = (days[1] - days[0])[tested]
    assert tested.sum() > 300
    assert gain.mean() > 4 * gain.std() / np.sqrt(len(gain))


def test_mesa_tests_the_same_patients_and_reads_the_same():
    scenario = load_scenario(
        SCENARIOS / "test_then_treat.yaml", patients=150, years=2, structure="evidence"
    )
    a, b = live(scenario), live(scenario, engine="mesa")
    for strategy in ("aim_checked", "biotype_scanned", "timing_read"):
        assert differing(a.persons(strategy), b.persons(strategy)) == {}
        assert differing(a.accounts(strategy), b.accounts(strategy)) == {}
        assert a.persons(strategy)["tested"].any()


@pytest.mark.parametrize("right", [0.4, 1.0])
def test_treatment_follows_what_the_scan_shows_and_not_what_is_true(tmp_path, right):
    rules = [
        {"test": "biotype_scan", "when": {"result": {"biotype_scan": "unknown"}}},
        {"treat": "rtms", "when": {"biotype": "anxious", "not_tried": ["rtms"]}},
    ]
    scenario = ask(
        tmp_path, {"scan": {"offer": rules}}, {"tests.biotype_scan.accuracy": right}, years=1
    )
    lives = live(scenario)
    people = lives.persons("scan")
    anxious = lives.parameters.biotypes.index("anxious")
    treated = (people["tried"] >> lives.parameters.treatments.index("rtms") & 1).astype(bool)
    fresh = people["failures_before"] == 0
    assert (people["seen_biotype"][treated & fresh] == anxious + 1).all()
    misread = treated & fresh & (people["biotype"] != anxious)
    assert misread.any() == (right < 1.0)
