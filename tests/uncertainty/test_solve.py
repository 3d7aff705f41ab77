"""Where a condition begins to hold: the search, the words it is asked in, and its error."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from popmodel.errors import InputError
from popmodel.uncertainty.condition import Margin, margin_of, read_condition
from popmodel.uncertainty.contrasts import Asked
from popmodel.uncertainty.solve import (
    ALWAYS,
    FOUND,
    MOST_EVALUATIONS,
    NEVER,
    NOT_CHECKED,
    UNSURE,
    solve,
)
from popmodel.uncertainty.switch import STAYS, switches

ASKED = Asked(("usual", "new", "old"), "usual", "cost_health_care", (50000.0, 100000.0, 150000.0))
OUTCOMES = ("qaly", "remission_12m", "cost_health_care", "cost_societal")


def exact(function):
    return lambda x: Margin(function(x), 0.0)


# ---------------------------------------------------------------- the search


@pytest.mark.parametrize(("slope", "root"), [(-3.0, 7.25), (0.002, 1234.5), (-1e6, 0.125)])
def test_a_linear_margin_is_hit_by_the_third_look_and_checked_by_the_fourth(slope, root):
    answer = solve(exact(lambda x: slope * (x - root)), "p", "c", 0.0, 4 * root)
    assert answer.value == pytest.approx(root, rel=1e-9)
    assert answer.status == FOUND and len(answer.tried) == 4
    assert answer.side == ("from" if slope > 0 else "up_to")
    assert answer.margin == pytest.approx(0.0, abs=1e-6 * abs(slope))


CURVES = {
    "exponential": (lambda x: math.exp(x) - 5.0, math.log(5.0)),
    "cubic": (lambda x: x**3 - 2.0, 2.0 ** (1 / 3)),
    "saturating": (lambda x: 1.0 - math.exp(-5.0 * x) - 0.98, -math.log(0.02) / 5.0),
    "falling": (lambda x: 1.0 / (1.0 + x) - 0.4, 1.5),
    "flat then steep": (lambda x: x**9 - 1.0, 1.0),
    "step": (lambda x: 1.0 if x >= 0.7131 else -0.2, 0.7131),
    "stairs": (lambda x: math.floor(20.0 * x) / 20.0 - 1.5, 1.5),
}


@pytest.mark.parametrize("name", CURVES)
def test_a_margin_that_is_no_line_is_closed_in_on(name):
    function, root = CURVES[name]
    answer = solve(exact(function), "p", "c", 0.0, 3.0)
    assert answer.value == pytest.approx(root, abs=1e-4 * 3.0)
    assert answer.status == FOUND
    largest = max(abs(one.margin) for one in answer.tried)
    assert function(answer.value) >= -1e-9 * largest, "on the side where the condition holds"
    assert len(answer.tried) <= 26


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    root=st.floats(0.05, 0.95),
    power=st.floats(0.2, 5.0),
    sign=st.sampled_from([1.0, -1.0]),
    scale=st.floats(1e-6, 1e9),
)
def test_any_monotone_margin_is_solved(root, power, sign, scale):
    def margin(x):
        return sign * scale * (x**power - root**power)

    answer = solve(exact(margin), "p", "c", 0.0, 1.0)
    assert answer.status == FOUND
    assert abs(answer.value - root) <= 1.1e-4
    assert len(answer.tried) <= MOST_EVALUATIONS + 1


def test_a_condition_that_holds_everywhere_or_nowhere_is_told_so():
    high = solve(exact(lambda x: 1.0 + x), "p", "c", 0.0, 1.0)
    low = solve(exact(lambda x: -1.0 - x), "p", "c", 0.0, 1.0)
    assert (high.status, low.status) == (ALWAYS, NEVER)
    assert math.isnan(high.value) and len(high.tried) == 2


def test_a_model_that_answers_differently_when_asked_again_is_not_believed():
    seen = []

    def margin(x):
        seen.append(x)
        return Margin(-5.0 if seen.count(x) > 1 else x - 0.5, 0.0)

    assert solve(margin, "p", "c", 0.0, 1.0).status == NOT_CHECKED


def test_the_interval_is_the_error_of_the_margin_over_its_slope():
    answer = solve(lambda x: Margin(-2.0 * (x - 10.0), 0.5), "p", "c", 0.0, 30.0)
    half = 2.3646 * 0.5 / 2.0  # t of 7 degrees of freedom
    assert answer.low == pytest.approx(10.0 - half, rel=1e-4)
    assert answer.high == pytest.approx(10.0 + half, rel=1e-4)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    """200 worlds of 8 noisy blocks: 95 % intervals miss at most 20; false alarm under 1 in 500."""
    rng = np.random.default_rng(7)
    missed = 0
    for _ in range(200):
        blocks = rng.normal(scale=3.0, size=8)
        error, mean = blocks.std(ddof=1) / math.sqrt(8), blocks.mean()

        def margin(x, shift=mean, error=error):
            return Margin(4.0 * (x - 50.0) + shift, error)

        answer = solve(margin, "p", "c", 0.0, 100.0)
        missed += not answer.low <= 50.0 <= answer.high
    assert missed <= 20


def test_noise_larger_than_the_range_is_told():
    answer = solve(lambda x: Margin(x - 0.5, 50.0), "p", "c", 0.0, 1.0)
    assert answer.status == UNSURE
    assert (answer.low, answer.high) == (0.0, 1.0)


@pytest.mark.parametrize("ends", [(1.0, 1.0), (2.0, 1.0), (0.0, math.inf)])
def test_an_empty_range_is_refused(ends):
    with pytest.raises(InputError, match="is no range"):
        solve(exact(lambda x: x), "p", "c", *ends)


def test_a_margin_that_is_no_number_is_refused():
    with pytest.raises(InputError, match="no number"):
        solve(exact(lambda x: math.nan), "p", "c", 0.0, 1.0)


# ---------------------------------------------------------------- conditions


def rows(**strategies):
    """Rows of two equal blocks; costs and QALYs by strategy as (cost, qaly)."""
    parts = []
    for name in ASKED.strategies:
        cost, qaly = strategies.get(name, (1000.0, 2.0))
        for block, off in enumerate((-0.1, 0.1)):
            parts.append(
                {"strategy": name, "dimension": "block", "group": str(block), "patients": 50,
                 "cost_health_care": cost, "cost_societal": 0.0, "qaly": qaly + off,
                 "remission_12m": 0.25 + off}
            )  # fmt: skip
    return pd.DataFrame(parts)


@pytest.mark.parametrize(
    ("text", "margin"),
    [
        ("nmb(new) >= nmb(usual) at 100000", 100000 * 0.1 - 4000),
        ("nmb(new) >= nmb(usual)", 100000 * 0.1 - 4000),
        ("nmb(usual) <= nmb(new) at 20000", 20000 * 0.1 - 4000),
        ("inc_nmb(new) > 500 at 50000", 50000 * 0.1 - 4000 - 500),
        ("icer(new) <= 100000", 100000 * 0.1 - 4000),
        ("30000 >= icer(new)", 30000 * 0.1 - 4000),
        ("icer(new) >= 30000", 4000 - 30000 * 0.1),
        ("remission_12m(new) >= 0.4", 0.25 - 0.4),
        ("inc_qaly(new) >= 0", 0.1),
        ("qaly(new) - qaly(usual) >= 0.05 + 0.01", 0.04),
        ("cost(new) - 2 * cost(usual) <= 0", -(5000 - 2000)),
        ("-cost_societal(new)+1>=0", 1.0),
        ("lead(new) >= 0", 4000),
        ("cost(new) <= 6_000", 1000),
    ],
)
def test_a_condition_is_met_by_as_much_as_it_says(text, margin):
    condition = read_condition(text, ASKED, OUTCOMES)
    found = margin_of(condition, rows(new=(5000.0, 2.1), old=(9000.0, 2.1)), ASKED)
    assert found.value == pytest.approx(margin, abs=1e-6)


def test_the_error_of_a_difference_is_that_of_paired_blocks():
    differ = read_condition("nmb(new) >= nmb(usual)", ASKED, OUTCOMES)
    alone = read_condition("qaly(new) >= 2", ASKED, OUTCOMES)
    assert margin_of(differ, rows(), ASKED).se == pytest.approx(0.0, abs=1e-6)
    assert margin_of(alone, rows(), ASKED).se == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("cost", "qaly", "met"),
    [(5000.0, 2.2, True), (50000.0, 2.2, False), (500.0, 2.2, True), (5000.0, 1.9, False),
     (-40000.0, 1.9, True), (900.0, 1.9, False)],
)  # fmt: skip
def test_a_ratio_is_read_as_a_decision_in_every_quadrant(cost, qaly, met):
    condition = read_condition("icer(new) <= 100000", ASKED, OUTCOMES)
    margin = margin_of(condition, rows(new=(cost, qaly)), ASKED)
    assert condition.holds(margin.value) is met


def test_more_is_not_at_least():
    assert read_condition("qaly(new) >= 1", ASKED, OUTCOMES).holds(0.0)
    assert not read_condition("qaly(new) > 1", ASKED, OUTCOMES).holds(0.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nmb(nwe) >= 0", "no strategy 'nwe'.*did you mean new"),
        ("remision_12m(new) >= 0.4", "no outcome 'remision_12m'.*did you mean remission_12m"),
        ("qaly(new)", "a comparison is needed, found nothing"),
        ("qaly(new) >=", "an outcome or a number is needed, found nothing more"),
        ("qaly new >= 1", "qaly needs a strategy"),
        ("qaly(new >= 1", "a \\) is missing after new"),
        ("qaly() >= 1", "qaly needs a strategy"),
        ("qaly(new) >= 1 at", "an amount per QALY is needed"),
        ("qaly(new) >= 1 2", "'2' was not expected"),
        ("qaly(new) >= 1 >= 0", "'>=' was not expected"),
        ("icer(new) + 1 <= 2", "stands alone"),
        ("icer(new) <= icer(old)", "stands alone"),
        ("__import__('os')", "cannot be read|no outcome"),
        ("", "an outcome or a number is needed"),
        ("q" * 600, "longer than"),
        ("qaly(new) = 1", "cannot be read at '= 1'"),
        ("qaly(new) >= 1e999", "too large"),
    ],
)
def test_a_condition_that_cannot_be_read_says_why(text, message):
    with pytest.raises(InputError, match=message):
        read_condition(text, ASKED, OUTCOMES)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(alphabet="nmb(ewusal) >=<+-*.0123456789 ati_cqyr\n'\"é", max_size=40))
def test_any_text_is_a_condition_or_told_to_be_none(text):
    try:
        condition = read_condition(text, ASKED, OUTCOMES)
    except InputError as error:
        assert str(error)
    else:
        assert math.isfinite(margin_of(condition, rows(), ASKED).value)


# ---------------------------------------------------------------- changes of the best


def world(price):
    """Net benefit at 100,000: usual 199,000; new falls with the price; old is best in between."""
    return rows(usual=(1000.0, 2.0), new=(price, 2.05), old=(2500.0, 2.02))


def test_every_change_of_the_best_strategy_is_found():
    table = switches(world, "price", 0.0, 12000.0, ASKED, 100000.0)
    assert table["before"].tolist() == ["new"]
    assert table["after"].tolist() == ["old"]
    assert table["value"].tolist() == [pytest.approx(5500.0)]


def test_a_third_strategy_between_two_is_found():
    def three(x):
        return rows(usual=(1000.0, 2.0), new=(1000.0 + 10 * x, 2.0 + 0.002 * x), old=(9000.0, 2.12))

    table = switches(three, "x", -50.0, 100.0, ASKED, 100000.0, steps=2)
    assert table[["before", "after"]].to_numpy().tolist() == [["usual", "old"], ["old", "new"]] or (
        table["before"].iloc[0] == "old"
    )
    for value in table["value"]:
        assert -50.0 < value < 100.0


def test_no_change_is_said_with_the_winner():
    table = switches(world, "price", 0.0, 1000.0, ASKED, 100000.0)
    assert table[["before", "status"]].to_numpy().tolist() == [["new", STAYS]]
