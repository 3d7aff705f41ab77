"""The formulas that the queues are held against, at cases known by other ways."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.verification.queues.design import SETTINGS, Setting, cut_law, expected, rate_for
from tests.verification.queues.theory import (
    erlang_c,
    exponential_holds,
    fixed_holds,
    general_holds,
    impatient,
    two_classes,
)


def test_one_place_waits_as_pollaczek_and_khinchine_say():
    for load in (0.3, 0.9):
        one = exponential_holds(1, load, 1.0)
        assert one.wait == pytest.approx(general_holds(load, 1.0, 2.0).wait)
        assert one.share == pytest.approx(load)
        assert fixed_holds(1, load, 1.0).wait == pytest.approx(general_holds(load, 1.0, 1.0).wait)


def test_erlang_c_agrees_with_the_sum_over_states():
    for places, offered in ((2, 1.2), (5, 4.5), (50, 45.0)):
        terms = [offered**n / math.factorial(n) for n in range(places)]
        last = offered**places / math.factorial(places) * places / (places - offered)
        assert erlang_c(places, offered) == pytest.approx(last / (sum(terms) + last))


def test_fixed_holds_are_near_a_published_approximation():
    """M/D/c by the approximation of Cosmetatos (1975), good to 2 per cent:

    W_D = W_M / 2 (1 + (1 - load) (c - 1) (sqrt(4 + 5 c) - 2) / (16 load c)).
    """
    for places, load in ((2, 0.7), (5, 0.8), (10, 0.9), (50, 0.98)):
        plain = exponential_holds(places, load * places, 1.0).wait
        bend = (1 - load) * (places - 1) * (math.sqrt(4 + 5 * places) - 2) / (16 * load * places)
        assert fixed_holds(places, load * places, 1.0).wait == pytest.approx(
            plain / 2 * (1 + bend), rel=0.02
        )


def test_the_hardly_impatient_wait_as_if_patient():
    patient = exponential_holds(5, 4.0, 1.0)
    assert impatient(5, 4.0, 1.0, 1e-6).wait == pytest.approx(patient.wait, rel=1e-4)


def test_who_gives_up_and_who_is_served_make_up_all():
    """Arrivals x (1 - share giving up) = mean number of places in use / hold, counted by state."""
    places, arrivals, give_up = 3, 4.0, 0.5
    found = impatient(places, arrivals, 1.0, give_up)
    weight = [1.0]
    for n in range(1, 400):
        weight.append(weight[-1] * arrivals / (min(n, places) + max(n - places, 0) * give_up))
    share = np.array(weight) / sum(weight)
    busy = float(share @ np.minimum(np.arange(400), places))
    assert arrivals * (1.0 - found.share) == pytest.approx(busy)


def test_classes_change_who_waits_and_not_how_much_is_waited():
    plain, two = exponential_holds(5, 4.5, 1.0), two_classes(5, 4.5, 1.0, 0.3)
    assert two.wait == pytest.approx(plain.wait)
    assert two.first < plain.wait < (two.wait - 0.3 * two.first) / 0.7


def test_there_are_sixty_settings_over_the_whole_range():
    assert len(set(SETTINGS)) == 60
    assert {one.places for one in SETTINGS} >= {1, 50}
    assert min(one.load for one in SETTINGS) == 0.3
    assert max(one.load for one in SETTINGS) == 0.98
    assert all(one.tick <= 0.01 / one.places for one in SETTINGS)


def test_corrections_for_the_tick_are_small():
    for one in SETTINGS:
        said = expected(one)
        assert said.queue == pytest.approx(one.arrivals * said.wait)
        assert 0.0 < said.share < 1.0


def test_holds_rounded_up_to_ticks_keep_their_mean():
    luck = np.random.default_rng(3)
    b = 1 / 128
    drawn = luck.exponential(1.0, 400_000)
    plain = np.ceil(drawn / rate_for(1.0, b) / b) * b
    assert plain.mean() == pytest.approx(1.0, abs=5 * plain.std() / 632)
    assert (plain**2).mean() == pytest.approx(Setting("exponential", 1, 0.5).hold_squared, rel=0.02)
    rate, longest, squared = cut_law(b)
    cut = np.minimum(np.ceil(drawn / rate / b) * b, longest)
    assert cut.mean() == pytest.approx(1.0, abs=5 * cut.std() / 632)
    assert (cut**2).mean() == pytest.approx(squared, rel=0.01)
