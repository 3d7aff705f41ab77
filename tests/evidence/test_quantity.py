"""A number on a card: refused unless one can tell what it is and where it comes from."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from popmodel.evidence.quantity import Quantity
from popmodel.yaml_source import read_yaml_text, validation_problems

SOURCED = "source: geoly-2025\nseen: true\n"
ASSUMED = "basis: assumption\nrationale: nobody measured it\n"


def read(text):
    return Quantity.model_validate(read_yaml_text(text, "q.yaml").data)


def refusal(text):
    located = read_yaml_text(text, "q.yaml")
    with pytest.raises(ValidationError) as caught:
        Quantity.model_validate(located.data)
    return [str(problem) for problem in validation_problems(caught.value, located)]


def test_a_number_with_unit_spread_and_source_is_read():
    hazard = read(
        "value: 0.27\nunit: 1/month\ndistribution: {kind: gamma, mean: 0.27, se: 0.06}\n" + SOURCED
    )
    assert hazard.mean == pytest.approx(0.27)
    assert hazard.sd == pytest.approx(0.06)
    assert hazard.interval()[0] < 0.27 < hazard.interval()[1]
    assert not hazard.is_assumption
    assert hazard.is_uncertain


def test_a_number_without_distribution_is_taken_as_it_is():
    number = read("value: 3\nunit: days\n" + ASSUMED)
    assert list(number.quantile([0.01, 0.99])) == [3.0, 3.0]
    assert number.interval() == (3.0, 3.0)
    assert number.is_assumption
    assert not number.is_uncertain


REFUSED = {
    "no unit": ("value: 1\n" + ASSUMED, "unit: is missing"),
    "an empty unit": ("value: 1\nunit: ''\n" + ASSUMED, "unit: "),
    "no value": ("unit: days\n" + ASSUMED, "value: is missing"),
    "no origin": ("value: 1\nunit: days\n", "does not say where it comes from"),
    "a source nobody looked at": (
        "value: 1\nunit: days\nsource: x\n",
        "does not say whether it was seen in its source",
    ),
    "an assumption without reason": (
        "value: 1\nunit: days\nbasis: assumption\n",
        "q.yaml:3:1: basis: is an assumption without a rationale",
    ),
    "a calibration without fit": (
        "value: 1\nunit: days\nbasis: calibrated\n",
        "basis: is calibrated without naming its fit",
    ),
    "a probability below 0": (
        "value: -0.1\nunit: probability\n" + ASSUMED,
        "q.yaml:1:1: value: probability must be at least 0 and at most 1 (found -0.1)",
    ),
    "a probability above 1": ("value: 1.4\nunit: probability\n" + ASSUMED, "(found 1.4)"),
    "percent for a share": (
        "value: 35\nunit: share\n" + ASSUMED,
        "(found 35) (did you mean 35 %, which is 0.35?)",
    ),
    "percent in words": ("value: 35%\nunit: share\n" + ASSUMED, "must be a number (found '35%')"),
    "a decimal comma": ("value: 1,5\nunit: days\n" + ASSUMED, "must be a number (found '1,5')"),
    "a negative rate": ("value: -1\nunit: 1/month\n" + ASSUMED, "must be at least 0"),
    "a negative cost": (
        "value: -1\nunit: USD\nprice_year: 2022\n" + ASSUMED,
        "USD must be at least 0 (found -1)",
    ),
    "a correlation above 1": ("value: 1.2\nunit: correlation\n" + ASSUMED, "at most 1"),
    "a utility above 1": ("value: 80\nunit: utility\n" + ASSUMED, "at most 1"),
    "a loss of potency in percent": ("value: 35\nunit: share of potency\n" + ASSUMED, "at most 1"),
    "a score beyond the scale": ("value: 61\nunit: MADRS\n" + ASSUMED, "at most 60"),
    "a weight above 1": ("value: 1.1\nunit: weight\n" + ASSUMED, "at most 1"),
    "a depth beyond all reason": ("value: 1e300\nunit: log depth\n" + ASSUMED, "at most 20"),
    "money of no year": ("value: 1\nunit: USD/hour\n" + ASSUMED, "money needs a price year"),
    "money of no possible year": ("value: 1\nunit: EUR\nprice_year: 22\n" + ASSUMED, "price_year"),
    "a word for seen": ("value: 1\nunit: days\nsource: x\nseen: yes\n", "must be true or false"),
    "an unknown key": (
        "value: 1\nunit: days\nlocater: p. 3\n" + ASSUMED,
        "locater: unknown key (did you mean locator?)",
    ),
    "a misspelt distribution": (
        "value: 1\nunit: days\ndistribution: {kind: gama, mean: 1, se: 1}\n" + ASSUMED,
        "(did you mean gamma?)",
    ),
    "impossible parameters": (
        "value: 0.5\nunit: share\ndistribution: {kind: beta, mean: 0.5, se: 0.6}\n" + ASSUMED,
        "distribution: no beta law has mean 0.5 and se 0.6",
    ),
    "a probability that may be negative": (
        "value: 0.5\nunit: share\ndistribution: {kind: normal, mean: 0.5, se: 0.1}\n" + ASSUMED,
        "reaches from -inf to inf, outside the range of share",
    ),
    "a rate that may be negative": (
        "value: 5\nunit: 1/year\ndistribution: {kind: normal, mean: 5, se: 1}\n" + ASSUMED,
        "outside the range of 1/year (gamma, lognormal, or truncated_normal with low: 0)",
    ),
    "a spread beyond all numbers": (
        "value: 1\nunit: days\ndistribution: {kind: lognormal, median: 1, se_log: 1e5}\n" + ASSUMED,
        "distribution: has no finite mean and spread",
    ),
    "a range beyond all numbers": (
        "value: 1\nunit: z\ndistribution: {kind: uniform, low: -1e308, high: 1e308}\n" + ASSUMED,
        "distribution: has no finite mean and spread",
    ),
    "a cut where nothing is left": (
        "value: 1\nunit: z\ndistribution: "
        "{kind: truncated_normal, location: 1e6, scale: 1e-6, low: 0, high: 1}\n" + ASSUMED,
        "distribution: has no finite mean and spread",
    ),
    "a value that is not the mean": (
        "value: 0.3\nunit: share\ndistribution: {kind: beta, mean: 0.27, se: 0.06}\n" + ASSUMED,
        "distribution: has mean 0.27, but value is 0.3",
    ),
    "a spread wider than the unit": (
        "value: 0.6\nunit: log depth\ndistribution: {kind: normal, mean: 0.6, se: 41}\n" + ASSUMED,
        "distribution: has spread 41, wider than log depth can be",
    ),
    "a spread of a thousand times the value": (
        "value: 7\nunit: days\ndistribution: {kind: gamma, mean: 7, se: 7000}\n" + ASSUMED,
        "distribution: has spread 7000, wider than days can be",
    ),
    "a spread that hides any value": (
        "value: 150\nunit: days\ndistribution: {kind: gamma, mean: 1e-5, se: 1e10}\n" + ASSUMED,
        "distribution: has mean 1e-05, but value is 150",
    ),
    "a ratio that is not the median": (
        "value: 1.2\nunit: ratio\nscale: ratio\n"
        "distribution: {kind: lognormal, median: 1.4, se_log: 0.1}\n" + ASSUMED,
        "distribution: has median 1.4, but value is 1.2",
    ),
    "a median for an additive number": (
        "value: 1\nunit: days\ndistribution: {kind: lognormal, median: 1, se_log: 0.9}\n" + ASSUMED,
        "has mean 1.4993, but value is 1",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_number_is_refused_with_the_reason(text, message):
    assert any(message in line for line in refusal(text)), refusal(text)


def test_all_that_is_wrong_with_a_number_is_told_at_once():
    found = refusal("value: 35\nunit: probability per week\nsource: x\nbasis: assumption\n")
    assert len(found) == 3


@given(st.floats(0.05, 20.0), st.floats(0.05, 1.0))
def test_the_value_of_a_ratio_is_the_median_of_its_draws(median, se_log):
    ratio = Quantity(
        value=median,
        unit="ratio",
        scale="ratio",
        basis="assumption",
        rationale="x",
        distribution={"kind": "lognormal", "median": median, "se_log": se_log},
    )
    assert float(ratio.quantile(0.5)) == pytest.approx(ratio.value)
    assert ratio.mean > ratio.value


@given(st.floats(0.01, 0.99), st.floats(0.05, 0.8))
def test_every_draw_of_a_probability_is_a_probability(mean, part):
    chance = Quantity(
        value=mean,
        unit="probability",
        basis="assumption",
        rationale="x",
        distribution={"kind": "beta", "mean": mean, "se": part * math.sqrt(mean * (1 - mean))},
    )
    drawn = chance.quantile(np.array([0.0, 1e-12, 0.5, 1 - 1e-12, 1.0]))
    assert np.all((drawn >= 0) & (drawn <= 1))


def test_a_mixture_states_its_mean_even_as_a_ratio():
    read(
        "value: 0.1\nunit: log depth\nscale: ratio\ndistribution: {kind: mixture, point_mass: 0.8, "
        "otherwise: {kind: gamma, mean: 0.5, se: 0.2}}\n" + ASSUMED
    )


def test_a_loss_of_potency_may_be_drawn_as_a_gain():
    read(
        "value: 0\nunit: share of potency\ndistribution: {kind: normal, mean: 0, se: 0.3}\n"
        + ASSUMED
    )


def test_a_unit_of_ones_own_has_no_limits():
    assert read("value: -1e6\nunit: furlongs\n" + ASSUMED).value == -1e6


def test_rounding_the_value_is_no_mistake():
    read("value: 0.333\nunit: share\ndistribution: {kind: beta, alpha: 10, beta: 20}\n" + ASSUMED)


def test_a_number_that_is_set_is_no_longer_in_doubt():
    number = read(
        "value: 0.3\nunit: share\ndistribution: {kind: beta, mean: 0.3, se: 0.05}\n" + ASSUMED
    )
    assert number.with_value(0.5).interval() == (0.5, 0.5)
    assert number.value == 0.3
    for impossible in (1.4, -0.1, math.nan, math.inf):
        with pytest.raises(ValueError, match="must be"):
            number.with_value(impossible)


def test_a_number_cannot_be_changed_in_place():
    number = read("value: 3\nunit: days\n" + ASSUMED)
    with pytest.raises(ValidationError):
        number.value = 4
