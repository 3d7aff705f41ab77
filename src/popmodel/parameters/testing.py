"""Tests that guide treatment, and the aim of treatments that must hit a spot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from popmodel.evidence.load import Evidence
from popmodel.evidence.schema import Biomarker
from popmodel.parameters.cards import Names, Prices
from popmodel.randomness import subject_salt
from popmodel.vocabulary import TEST_SUBJECTS


def fill_tests(
    q: Any,
    v: Mapping[str, float],
    names: Names,
    evidence: Evidence,
    country: Any,
    prices: tuple[Prices, Prices],
    factors: NDArray[np.float64],
) -> None:
    """Fill in every test card at its position, then the aim of every treatment.

    `factors` is L with v = L f, see `trait_factors`.
    """
    price, wages = prices
    wage = wages(v, f"economics.{country.time}.wage_per_hour")
    for k, name in enumerate(names.tests):
        card, path = evidence.tests[name], f"tests.{name}."
        q["test_informs"][k] = TEST_SUBJECTS.index(card.informs)
        for field in ("sensitivity", "specificity", "accuracy"):
            q[f"test_{field}"][k] = v.get(path + field, 0.0)
        q["test_share"][k] = v.get(f"treatments.{card.of}.targeting.on_target_share", 1.0)
        if card.mechanism is not None:
            q["test_weight"][k, : len(names.mechanisms)] = factors[
                names.mechanisms.index(card.mechanism)
            ]
        q["test_days"][k] = card.delay_days
        q["test_contact"][k] = names.contacts.index(card.contact)
        q["test_price"][k] = price(v, path + "price")
        q["test_time"][k] = v[path + "patient_hours"] * wage
        q["salt_test"][k] = subject_salt("result of a test", name)
        q["salt_new_spot"][k] = subject_salt("spot that a test found", name)
    _aim(q, v, names, evidence)


def _aim(q: Any, v: Mapping[str, float], names: Names, evidence: Evidence) -> None:
    """Fill in how often each treatment hits, and what follows; the mean factor is 1."""
    for field in ("target_share", "target_on", "target_off"):
        q[field][:] = 1.0
    for n, name in enumerate(names.treatments):
        aim = evidence.treatments[name].targeting
        if aim is None:
            continue
        path = f"treatments.{name}.targeting."
        share, left = v[path + "on_target_share"], v[path + "effect_off_target"]
        if share >= 1.0:
            continue  # always on target: aim plays no part
        mean = share + (1.0 - share) * left
        q["target_share"][n] = share
        q["target_on"][n] = 1.0 / mean if mean > 0.0 else 0.0
        q["target_off"][n] = left / mean if mean > 0.0 else 0.0
        for test in aim.improved_by:
            k = names.tests.index(test)
            q["target_tests"][n] |= 1 << k
            q["target_found"][n, k] = right_when_positive(evidence.tests[test], test, v, share)


def right_when_positive(card: Biomarker, name: str, v: Mapping[str, float], share: float) -> float:
    """Return how often the aim hits where the test is positive, by Bayes' theorem.

    Args:
        card: The test; one that does not look at the aim changes nothing.
        name: Its id.
        v: Values by path.
        share: Share of spots that hit before the test.
    """
    if card.informs != "on_target":
        return share
    hits = share * v[f"tests.{name}.sensitivity"]
    false = (1.0 - share) * (1.0 - v[f"tests.{name}.specificity"])
    return hits / (hits + false) if hits + false > 0.0 else share
