"""Whether a treatment that must hit a spot hits it in this patient: a hidden, lasting state.

The usual aim is on target in a share of people. Where it is not, the specific effect is a part of
what it is on target. Published effects average over both, so both factors are divided by their
mean, and the average effect stays as it was fitted. A test that improves the aim moves the spot
until the test is positive: then the aim is right as often as a positive result is.
"""

from __future__ import annotations

from typing import Any

from popmodel.jit import rule
from popmodel.parameters import MAX_TESTS
from popmodel.randomness import subject_salt, uniform

SALT_AIM = subject_salt("usual aim", "")


@rule
def usual_aim_hits(p: Any, share: Any) -> Any:
    """Tell whether the usual aim hits in this patient; the same luck for every treatment."""
    return uniform(p.key, SALT_AIM, 0) < share


@rule
def is_on_target(p: Any, q: Any, treatment: Any) -> Any:
    """Tell whether a course would be on target, with the tests the patient has had."""
    for test in range(MAX_TESTS):
        improves = (q.target_tests[treatment] >> test) & 1
        if improves and (p.tested >> (2 * test)) & 3:
            if (p.results >> test) & 1:
                break  # positive: the usual spot is kept
            return uniform(p.key, q.salt_new_spot[test], 0) < q.target_found[treatment, test]
    return usual_aim_hits(p, q.target_share[treatment])


@rule
def aim(p: Any, q: Any, treatment: Any) -> Any:
    """Return the factor on the specific effect; its mean over people with the usual aim is 1."""
    if is_on_target(p, q, treatment):
        return q.target_on[treatment]
    return q.target_off[treatment]
