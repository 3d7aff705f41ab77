"""Other places, step by step: the arithmetic of changes, values, searches and start-up phases."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from popmodel.planning.enough_places import _first
from popmodel.planning.paired import paired
from popmodel.planning.place_value import stops_paying
from popmodel.scenario.place_change import PlaceChange, place_years, with_more
from popmodel.scenario.services import UNLIMITED, CompiledService
from popmodel.waiting import start_up

SUITE = CompiledService(
    id="suite", label="Suite", since_days=np.array([0.0, 100.0]), places=np.array([1, 3]),
    weights=(0.0, 0.0, 0.0, 0.0), tick_days=1.0, review_days=math.inf, contact=None,
    fence_share=0.0, fence_severity=math.inf, fence_line=1, at_once=1,
)  # fmt: skip


def places_on(service, day):
    return int(service.places[np.searchsorted(service.since_days, day, side="right") - 1])


@given(st.floats(0.0, 300.0), st.integers(-5, 5), st.floats(0.0, 400.0))
def test_one_more_from_a_day_on_adds_from_that_day_and_never_below_none(start, more, day):
    changed = with_more(SUITE, more, start)
    expected = places_on(SUITE, day) + (more if day >= start else 0)
    assert places_on(changed, day) == max(expected, 0)
    assert (np.diff(changed.since_days) > 0).all()


def test_a_service_without_a_number_of_places_has_no_more_of_them():
    free = replace(SUITE, places=np.array([UNLIMITED, 3]))
    assert with_more(free, 2, 0.0).places.tolist() == [UNLIMITED, 5]
    endless = replace(SUITE, places=np.array([UNLIMITED, UNLIMITED]))
    assert PlaceChange(number=7)(endless, "") is endless


def test_a_change_at_one_site_leaves_the_others_alone():
    change = PlaceChange("suite", "north", more=1)
    assert change(SUITE, "south") is SUITE
    assert change(SUITE, "north").places.tolist() == [2, 4]
    assert PlaceChange("other", more=1)(SUITE, "north") is SUITE


def test_place_years_are_places_times_years():
    assert place_years(SUITE, 200.0, 100.0) == pytest.approx(1 * 1.0 + 3 * 1.0)
    assert place_years(SUITE, 50.0, 100.0) == pytest.approx(0.5)


@given(st.integers(0, 500), st.integers(0, 50), st.integers(51, 600))
def test_the_search_finds_the_smallest_number_that_holds(threshold, low, high):
    found = _first(lambda n: n >= threshold, low, high)
    assert found == (None if threshold > high else max(threshold, low))


def test_the_search_asks_few_questions():
    asked = []
    _first(lambda n: asked.append(n) or n >= 400, 1, 65_536)
    assert len(asked) <= 2 * math.ceil(math.log2(400)) + 2


def test_intervals_of_a_difference_hold_the_truth_as_often_as_they_say():
    luck = np.random.default_rng(7)
    hits = 0
    for _ in range(2000):
        told = paired("x", luck.normal(3.0, 2.0, size=8))
        hits += told["x_low"] <= 3.0 <= told["x_high"]
    assert abs(hits - 1900) < 4.0 * math.sqrt(2000 * 0.95 * 0.05)  # false alarm below 1e-4


@pytest.mark.parametrize(
    ("worth", "year"),
    [([5, 3, 1], None), ([5, 3, -1], 3), ([-1, -2, -3], 1), ([5, -1, 2], None), ([5, -1, -2], 2)],
)
def test_the_year_in_which_one_more_stops_paying_follows_the_last_that_pays(worth, year):
    table = pd.DataFrame(
        {
            "change": ["one_more", *["one_more_from_year"] * (len(worth) - 1)],
            "from_year": range(1, len(worth) + 1), "nmb_per_place_year": worth,
        }
    )  # fmt: skip
    assert stops_paying(table) == year


def test_a_queue_that_fills_and_settles_has_its_filling_left_out():
    weeks = np.arange(260)
    luck = np.random.default_rng(3).normal(0.0, 0.5, 260)
    queue = 20.0 * (1.0 - np.exp(-weeks / 10.0)) + luck
    left_out, settled = start_up(queue, np.full(260, 4.0))
    assert settled and 15 <= left_out <= 80


def test_a_queue_that_only_grows_never_settles_and_a_flat_one_is_settled_at_once():
    places = np.full(260, 4.0)
    assert start_up(np.arange(260.0), places) == (260, False)
    flat = np.random.default_rng(5).normal(10.0, 1.0, 260)
    left_out, settled = start_up(flat, places)
    assert settled and left_out <= 100


def test_the_start_up_ends_at_the_first_change_of_places():
    places = np.where(np.arange(260) < 52, 1.0, 2.0)
    assert start_up(np.arange(260.0), places) == (52, False)
