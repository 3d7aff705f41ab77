"""Cards and overrides that make no sense are refused in words, never with a traceback."""

import copy
import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from popmodel.errors import InputError
from popmodel.evidence import load_evidence
from popmodel.evidence.tree import children

NONSENSE = st.sampled_from(
    [
        *(None, True, "", "x", "NO", "a.b", -1, 0, 1.0, 1.4, 35, 1e300, -1e300, 10**14),
        *([], [1], [[]], {}, {"a": 1}, {"value": 1}, {"unit": "USD"}, {"source": "nowhere"}),
        {"value": "x", "unit": "days"},
        {"value": 1, "unit": "USD", "basis": "assumption", "rationale": "x"},
        {"distribution": {"kind": "gamma", "mean": 1e-5, "se": 1e10}},
        {"kind": "lognormal", "median": 1, "se_log": 1e5},
        {"kind": "lognormal", "mean": 1e-300, "se": 1e300},
        {"kind": "beta", "alpha": 1e-300, "beta": 1e300},
        {"kind": "truncated_normal", "location": 1e10, "scale": 1e-10, "low": 0, "high": 1},
        {"kind": "truncated_normal", "mean": 0.5, "se": 5, "low": 0, "high": 1},
        {"kind": "uniform", "low": -1e308, "high": 1e308},
        {"kind": "joint", "file": "../../etc/passwd", "column": "x"},
        {"kind": "mixture", "point_mass": 0.5, "otherwise": {"kind": "joint"}},
    ]
)
NOT_FINITE = st.sampled_from([math.nan, math.inf, -math.inf])
CHANGES = st.lists(st.tuples(st.integers(0, 10**6), NONSENSE), min_size=1, max_size=3)
LENIENT = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def evidence(world):
    return load_evidence(world.folder)


def places(data):
    """Return every place in a card: the container and the key in it."""
    if isinstance(data, dict):
        keys = list(data)
    else:
        keys = list(range(len(data))) if isinstance(data, list) else []
    here = [(data, key) for key in keys]
    return here + [place for key in keys for place in places(data[key])]


def paths_below(node, path=()):
    """Return every dotted path, to parts of numbers as well."""
    found = []
    for name, _, value in children(node):
        found += [".".join((*path, name)), *paths_below(value, (*path, name))]
    return found


@LENIENT
@given(st.integers(0, 10**6), CHANGES)
def test_a_card_of_nonsense_is_refused_in_words(evidence, tmp_path, which, changes):
    keys = sorted(evidence.files)
    group, identifier = keys[which % len(keys)]
    data = copy.deepcopy(evidence.files[group, identifier].data)
    for at, nonsense in changes:
        if all_places := places(data):
            container, key = all_places[at % len(all_places)]
            container[key] = copy.deepcopy(nonsense)
    path = tmp_path / group / f"{identifier}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(data), encoding="utf-8")
    for problem in evidence.card_problems(path):
        assert problem.message
        assert problem.line >= 1


@LENIENT
@given(st.lists(st.tuples(st.integers(0, 10**6), NONSENSE | NOT_FINITE), min_size=1, max_size=3))
def test_overrides_of_nonsense_are_refused_in_words(evidence, changes):
    paths = paths_below(evidence.tree())
    overrides = {paths[at % len(paths)]: nonsense for at, nonsense in changes}
    try:
        changed = evidence.with_overrides(overrides)
    except InputError as error:
        assert all(problem.message for problem in error.problems)
    else:
        assert all(math.isfinite(value) for value in changed.values().values())
        drawn = changed.draws(lambda _: np.array([0.01, 0.5, 0.99]))
        assert all(np.isfinite(values).all() for values in drawn.values())
