"""The price that a success would bear, and the worth of numbers that somebody named."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from popmodel.errors import InputError
from popmodel.uncertainty.adoption import adoption_table
from popmodel.uncertainty.factors import Factor
from popmodel.uncertainty.learning import value_of_learning, value_of_named

POTENCY, PRICE = "treatments.new.potency", "treatments.new.cost.course"
SAMPLES, WTP, COURSES = 800, 1000.0, 0.5


@pytest.fixture(scope="module")
def draws():
    """A device used half a time a patient; it works in a quarter of the draws, worth 0.3 QALY."""
    dice = np.random.default_rng(5)
    works = np.arange(SAMPLES) % 4 == 0
    price = dice.normal(100, 10, SAMPLES)
    gain = np.where(works, dice.normal(0.3, 0.05, SAMPLES), 0.0)
    sample = np.arange(SAMPLES)
    old = pd.DataFrame({"sample": sample, "strategy": "old", "cost": 50.0, "qaly": 1.0})
    worse = old.assign(strategy="worse", cost=90.0)
    new = old.assign(strategy="new", cost=50.0 + COURSES * price, qaly=1.0 + gain)
    parameters = pd.DataFrame(
        {"sample": sample, POTENCY: np.where(works, gain, 0.0), PRICE: price, "economics.idle": 1.0}
    )
    return pd.concat([old, worse, new], ignore_index=True), parameters


def analysis(price_year=2022, slopes=None):
    """An analysis whose model charges the price to those who use the device."""
    slopes = slopes or {"old": 0.0, "worse": 0.0, "new": COURSES}

    class Model:
        scenario = SimpleNamespace(
            perspective="health_care",
            willingness_to_pay=(WTP,),
            structures=lambda: (SimpleNamespace(name="evidence"),),
            evidence=lambda: SimpleNamespace(
                quantity=lambda path: SimpleNamespace(value=100.0, price_year=price_year, unit="x")
            ),
        )

        def __call__(self, run):
            (price,) = run.values.values()
            rows = [
                {
                    "strategy": name, "dimension": "block", "group": str(k), "patients": 10 + k,
                    "cost_health_care": 50.0 + k + slope * price,
                }
                for name, slope in slopes.items()
                for k in range(3)
            ]  # fmt: skip
            return pd.DataFrame(rows)

    return SimpleNamespace(job=Model())


def tables(draws):
    return {"psa": draws[0], "psa_parameters": draws[1]}


def test_the_price_is_what_the_gain_of_a_success_pays_for(draws):
    (row,) = adoption_table(analysis(), tables(draws), POTENCY, PRICE).to_dict("records")
    assert row["strategy"] == "new"
    assert row["successes"] == SAMPLES // 4
    assert row["courses"] == pytest.approx(COURSES)
    assert row["price"] == pytest.approx(WTP * 0.3 / COURSES, abs=4 * row["price_se"])
    assert row["price_se"] < 15
    gain = WTP * 0.3 - COURSES * 100
    assert row["gain_now"] == pytest.approx(gain, abs=4 * row["gain_now_se"])


def test_a_price_without_doubt_is_that_of_the_card(draws):
    psa, parameters = draws
    known = {"psa": psa, "psa_parameters": parameters.drop(columns=PRICE)}
    (row,) = adoption_table(analysis(), known, POTENCY, PRICE).to_dict("records")
    assert row["price_now"] == 100


@pytest.mark.parametrize(
    ("slopes", "told"),
    [
        ({"old": 0.0, "worse": 0.0, "new": 0.0}, "or none"),
        ({"old": 1.0, "worse": 1.0, "new": 1.0}, "all strategies pay"),
    ],
)
def test_a_price_that_decides_between_no_strategies_is_refused(draws, slopes, told):
    with pytest.raises(InputError, match=told):
        adoption_table(analysis(slopes=slopes), tables(draws), POTENCY, PRICE)


def test_what_is_no_price_or_not_drawn_is_refused(draws):
    with pytest.raises(InputError, match="no price"):
        adoption_table(analysis(price_year=None), tables(draws), POTENCY, PRICE)
    with pytest.raises(InputError, match="not among the numbers drawn"):
        adoption_table(analysis(), tables(draws), "treatments.nwe.potency", PRICE)


def test_too_few_successes_are_told(draws):
    psa, parameters = draws
    never = {"psa": psa, "psa_parameters": parameters.assign(**{POTENCY: 0.0})}
    with pytest.raises(InputError, match="more --samples"):
        adoption_table(analysis(), never, POTENCY, PRICE)


# ------------------------------------------------------------------ numbers by name


@pytest.fixture(scope="module")
def decided():
    dice = np.random.default_rng(2)
    decisive, idle = dice.normal(0, 1, 1500), dice.normal(0, 1, 1500)
    old = pd.DataFrame({"sample": range(1500), "strategy": "old", "cost": 1000.0, "qaly": 1.0})
    new = old.assign(strategy="new", cost=1000.0 - 400 * decisive)
    named = {"a.b.decisive": decisive, "a.b.still": 1.0, "c.idle": idle}
    return pd.concat([old, new], ignore_index=True), pd.DataFrame({"sample": range(1500), **named})


def test_a_named_number_is_worth_what_it_is_worth_among_all(decided):
    psa, parameters = decided
    table = value_of_named(psa, parameters, ["a.b", "c.idle", "a.b.still"], "old", [100.0])
    found = table.set_index("parameter")
    factors = (Factor("a.b", ("a.b.decisive", "a.b.still")), Factor("c.idle", ("c.idle",)))
    all_of_them = value_of_learning(psa, parameters, factors, "old", [100.0])
    same = all_of_them.set_index("parameter").loc["a.b.decisive", "evppi"]
    assert found.loc["a.b", "evppi"] == pytest.approx(same)
    assert found.loc["a.b", "evppi"] == pytest.approx(400 * stats.norm.pdf(0), rel=0.1)
    assert found.loc["c.idle", "evppi"] < 0.1 * same
    assert found.loc["a.b.still", ["evppi", "numbers"]].tolist() == [0, 0]


def test_a_name_of_nothing_is_refused_with_the_nearest(decided):
    with pytest.raises(InputError, match=r"c\.idle"):
        value_of_named(*decided, ["c.idel"], "old", [100.0])
