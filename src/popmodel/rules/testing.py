"""Tests that guide treatment: what is true, what the test says of it, and what rules may ask.

What is true belongs to the patient and does not change. A result is drawn from the patient's own
luck by test and repetition, so it is the same under every strategy.
"""

from __future__ import annotations

from typing import Any

from popmodel.jit import rule
from popmodel.parameters import MAX_TESTS
from popmodel.randomness import normal, uniform
from popmodel.rules.codes import INFORMS_BIOTYPE, INFORMS_TARGET
from popmodel.rules.response import SALT_TRAIT_FACTOR
from popmodel.rules.targeting import usual_aim_hits


@rule
def times_tested(p: Any, test: Any) -> Any:
    """Return how often a test was done, at most 3: later repetitions share their luck."""
    return (p.tested >> (2 * test)) & 3


@rule
def is_true(p: Any, q: Any, test: Any) -> Any:
    """Tell whether what the test looks for is so: the aim hits, or the class of mechanisms suits.

    A class suits where it suits better than half of all people: its trait lies above 0.
    """
    if q.test_informs[test] == INFORMS_TARGET:
        return usual_aim_hits(p, q.test_share[test])
    trait = 0.0
    for m in range(q.mechanisms):
        trait += q.test_weight[test, m] * normal(p.key, SALT_TRAIT_FACTOR, m)
    return trait > 0.0


@rule
def biotype_read(p: Any, q: Any, u: Any, accuracy: Any) -> Any:
    """Return the biotype a test reads: the true one, or another in proportion to its share.

    `u` is uniform luck; under the accuracy the reading is right, and what is left picks the error.
    """
    others = 1.0 - q.biotype_share[p.biotype]
    found = int(p.biotype)
    if u < accuracy or others <= 0.0:
        return found
    left = (u - accuracy) / (1.0 - accuracy) * others
    for b in range(q.biotypes):
        if b != p.biotype and left >= 0.0 and q.biotype_share[b] > 0.0:
            found = b
            left -= q.biotype_share[b]
    return found


@rule
def take_test(p: Any, q: Any, test: Any) -> None:
    """Draw the result of a test; rules are asked again when its delay is over."""
    done = times_tested(p, test)
    u = uniform(p.key, q.salt_test[test], done)
    if q.test_informs[test] == INFORMS_BIOTYPE:
        p.seen_biotype = 1 + biotype_read(p, q, u, q.test_accuracy[test])
    else:
        if is_true(p, q, test):
            is_positive = u < q.test_sensitivity[test]
        else:
            is_positive = u >= q.test_specificity[test]
        bit = 1 << int(test)
        p.results = (p.results & ~bit) | (bit if is_positive else 0)
    if done < 3:
        p.tested += 1 << (2 * int(test))


@rule
def known_biotype_fits(p: Any, s: Any, n: Any) -> Any:
    """Tell whether rule n means the patient's biotype: as measured, or the true one if known."""
    if not s.biotype_as_seen[n]:
        return (s.biotypes[n] >> p.biotype) & 1 != 0
    return p.seen_biotype > 0 and (s.biotypes[n] >> (p.seen_biotype - 1)) & 1 != 0


@rule
def results_fit(p: Any, s: Any, n: Any) -> Any:
    """Tell whether the results so far are those that rule n asks for."""
    positive, negative = s.results_positive[n], s.results_negative[n]
    for test in range(MAX_TESTS):
        bit = 1 << test
        if times_tested(p, test) == 0:
            wrong = (positive | negative) & bit
        elif p.results & bit:
            wrong = (negative | s.results_unknown[n]) & bit
        else:
            wrong = (positive | s.results_unknown[n]) & bit
        if wrong:
            return False
    return True
