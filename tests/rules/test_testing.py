"""Tests that guide treatment: right as often as the card says, and worth nothing when useless."""

from __future__ import annotations

import math

import numpy as np
import pytest

from popmodel.jit import entry_point
from popmodel.parameters import MAX_TESTS, STRATEGY
from popmodel.randomness import patient_keys
from popmodel.rules import targeting, testing
from popmodel.rules.codes import INFORMS_BIOTYPE, INFORMS_SUITS, INFORMS_TARGET
from popmodel.rules.records import PATIENT

PEOPLE = 20_000
Z = 4.0
"""Standard errors: one false alarm in about 16,000 comparisons, with a fixed seed."""


@entry_point
def test_all(persons, q, test):
    for n in range(len(persons)):
        testing.take_test(persons[n], q, test)


test_all.__test__ = False


@entry_point
def read_truth(persons, q, test, treatment, true, hits):
    for n in range(len(persons)):
        true[n] = testing.is_true(persons[n], q, test)
        hits[n] = targeting.is_on_target(persons[n], q, treatment)


@pytest.fixture
def people(parameters):
    found = np.zeros(PEOPLE, dtype=PATIENT)
    found["key"] = patient_keys(20261121, 0, PEOPLE)
    found["biotype"] = np.arange(PEOPLE) % len(parameters.biotypes)
    return found


def truth(people, q, test=0, treatment=0):
    true, hits = np.zeros(len(people), dtype=bool), np.zeros(len(people), dtype=bool)
    read_truth(people, q, test, treatment, true, hits)
    return true, hits


def informs(q, what, **fields):
    q["test_informs"][0] = what
    for name, value in fields.items():
        q[name][0] = value
    return q


def results(people):
    return (people["results"] & 1).astype(bool)


def assert_share(flags, expected):
    error = math.sqrt(max(expected * (1 - expected), 1e-12) / len(flags))
    assert abs(np.mean(flags) - expected) <= Z * error


def test_a_perfect_scan_reads_everybodys_biotype(people, q):
    test_all(people, informs(q, INFORMS_BIOTYPE, test_accuracy=1.0), 0)
    assert np.array_equal(people["seen_biotype"], people["biotype"] + 1)


def test_a_scan_is_right_as_often_as_its_card_says_and_errs_by_the_shares(people, q):
    test_all(people, informs(q, INFORMS_BIOTYPE, test_accuracy=0.7), 0)
    seen = people["seen_biotype"] - 1
    assert_share(seen == people["biotype"], 0.7)
    shares = q["biotype_share"]
    for true in range(int(q["biotypes"])):
        own = people["biotype"] == true
        for read in range(int(q["biotypes"])):
            expected = 0.7 if read == true else 0.3 * shares[read] / (1 - shares[true])
            assert_share(seen[own] == read, expected)


@pytest.mark.parametrize("what", [INFORMS_TARGET, INFORMS_SUITS])
def test_a_result_is_right_by_sensitivity_and_specificity(people, q, what):
    informs(q, what, test_sensitivity=0.8, test_specificity=0.65, test_share=0.6)
    q["test_weight"][0, 0] = 1.0
    true, _ = truth(people, q)
    assert_share(true, 0.6 if what == INFORMS_TARGET else 0.5)
    test_all(people, q, 0)
    assert_share(results(people)[true], 0.8)
    assert_share(results(people)[~true], 0.35)


def test_a_test_again_has_its_own_luck_and_the_same_truth(people, q):
    informs(q, INFORMS_TARGET, test_sensitivity=0.8, test_specificity=0.8, test_share=0.5)
    test_all(people, q, 0)
    first, again = results(people), people.copy()
    test_all(again, q, 0)
    true, _ = truth(people, q)
    assert np.array_equal(true, truth(again, q)[0])
    assert_share(first == results(again), 0.8**2 + 0.2**2)
    twin = np.zeros_like(people)
    twin["key"] = people["key"]
    test_all(twin, q, 0)
    assert np.array_equal(results(twin), first)


def test_counting_stops_at_three_and_never_reaches_another_test(people, q):
    informs(q, INFORMS_BIOTYPE, test_accuracy=1.0)
    for test in (0, MAX_TESTS - 1):
        q["test_informs"][test] = INFORMS_TARGET
        for times in range(1, 6):
            test_all(people[:3], q, test)
            assert testing.times_tested(people[0], test) == min(times, 3)
    assert all(testing.times_tested(people[0], test) == 0 for test in range(1, MAX_TESTS - 1))


def aimed(q, share=0.6, left=0.25, sensitivity=0.8, specificity=0.7):
    """Give treatment 0 an aim that test 0 looks at, as parameters do."""
    mean = share + (1 - share) * left
    hits, false = share * sensitivity, (1 - share) * (1 - specificity)
    informs(q, INFORMS_TARGET, test_sensitivity=sensitivity, test_specificity=specificity)
    q["test_share"][0] = q["target_share"][0] = share
    q["target_on"][0], q["target_off"][0] = 1 / mean, left / mean
    q["target_tests"][0], q["target_found"][0, 0] = 1, hits / (hits + false)
    return q


def factors(people, q):
    _, hits = truth(people, q)
    return np.where(hits, q["target_on"][0], q["target_off"][0])


def test_the_usual_aim_leaves_the_average_effect_as_it_was(people, q):
    found = factors(people, aimed(q))
    assert abs(found.mean() - 1) <= Z * found.std() / math.sqrt(PEOPLE)
    assert found.std() > 0.4


def test_after_a_test_the_aim_is_right_as_often_as_a_positive_result(people, q):
    aimed(q)
    test_all(people, q, 0)
    _, hits = truth(people, q)
    assert_share(hits, 0.8)  # .6 x .8 / (.6 x .8 + .4 x .3)


def test_a_perfect_test_puts_everybody_on_target(people, q):
    aimed(q, sensitivity=1.0, specificity=1.0)
    test_all(people, q, 0)
    assert truth(people, q)[1].all()


def test_a_useless_test_gains_nothing(people, q):
    aimed(q, sensitivity=0.4, specificity=0.6)
    test_all(people, q, 0)
    assert_share(truth(people, q)[1], 0.6)


def test_a_test_that_improves_another_treatment_changes_nothing_here(people, q):
    aimed(q)
    before = truth(people, q)[1]
    q["target_tests"][0] = 2
    test_all(people, q, 0)
    assert np.array_equal(truth(people, q)[1], before)


# ------------------------------------------------------------------ what rules may ask


@pytest.fixture
def s():
    return np.zeros(1, dtype=STRATEGY)[0]


@pytest.mark.parametrize(
    ("asked", "tested", "result", "fits"),
    [
        ("positive", 0, 0, False), ("positive", 1, 1, True), ("positive", 1, 0, False),
        ("negative", 0, 0, False), ("negative", 1, 1, False), ("negative", 1, 0, True),
        ("unknown", 0, 0, True), ("unknown", 1, 0, False), ("unknown", 1, 1, False),
    ],
)  # fmt: skip
def test_a_result_is_asked_as_it_stands(s, new_patient, asked, tested, result, fits):
    s[f"results_{asked}"][0] = 2
    p = new_patient(tested=tested << 2, results=result << 1)
    assert bool(testing.results_fit(p, s, 0)) == fits


def test_an_unknown_biotype_fits_no_rule_that_asks_for_one(s, new_patient):
    s["biotypes"][0], s["biotype_as_seen"][0] = 0b0100, 1
    assert not testing.known_biotype_fits(new_patient(biotype=2), s, 0)
    assert testing.known_biotype_fits(new_patient(biotype=1, seen_biotype=3), s, 0)
    assert not testing.known_biotype_fits(new_patient(biotype=2, seen_biotype=2), s, 0)
    s["biotype_as_seen"][0] = 0
    assert testing.known_biotype_fits(new_patient(biotype=2), s, 0)
