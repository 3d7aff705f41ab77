"""Survival and time to remission in whole populations, against life tables and quadrature."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.worlds import YEAR, ask, inert, live

from popmodel.rules.records import WEEK_FLOW
from popmodel.units import DAYS_PER_YEAR
from popmodel.vocabulary import FLOWS

BANDS = ("remission", "mild", "moderate", "severe")
NO_SUICIDE = {f"disease.crisis.suicides_per_100000_years.{band}": 0 for band in BANDS}


def expected_deaths(lives, ratio, years):
    """Probability of death of every patient within the horizon by the life table alone."""
    q = lives.parameters.record[0]
    people = lives.population
    spent = np.empty(len(people))
    for sex in (0, 1):
        total = q["cumulative_mortality"][sex]
        ages = np.arange(len(total))
        mine = people["sex"] == sex
        start = np.interp(people["age"][mine], ages, total)
        end = np.interp(np.minimum(people["age"][mine] + years, 110), ages, total)
        spent[mine] = end - start
    return -np.expm1(-ratio * spent)


@pytest.mark.parametrize("ratio", [1.0, 1.4, 3.0])
def test_deaths_are_those_of_the_life_table_times_the_hazard_ratio(tmp_path, ratio):
    """8,000 people for 10 years; |z| < 4.5."""
    lives = live(
        ask(
            tmp_path, {"nothing": {"offer": []}},
            {**NO_SUICIDE, "disease.mortality.natural_hazard_ratio": ratio},
            size=8000, years=10,
        )
    )  # fmt: skip
    died = np.isfinite(lives.accounts("nothing")["died"])
    p = expected_deaths(lives, ratio, 10.0)
    z = (died.sum() - p.sum()) / math.sqrt((p * (1 - p)).sum())
    assert abs(z) < 4.5
    if ratio < 1.1:
        assert died.mean() < 0.25


def test_a_lifetime_ends_for_everybody_and_lasts_as_long_as_the_life_table_says(tmp_path):
    """Mean years of life against the integral of survival, 4,000 people, |z| < 4.5."""
    lives = live(
        ask(
            tmp_path, {"nothing": {"offer": []}},
            {**NO_SUICIDE, "disease.mortality.natural_hazard_ratio": 1},
            size=4000, years="lifetime",
        )
    )  # fmt: skip
    years = lives.accounts("nothing")["died"] / DAYS_PER_YEAR
    assert np.isfinite(years).all()
    q, people = lives.parameters.record[0], lives.population
    grid = np.linspace(0, 92, 4601)
    expected = np.empty(len(people))
    for n, person in enumerate(people[:800]):
        total = q["cumulative_mortality"][person["sex"]]
        ages = np.arange(len(total))
        hazard = np.interp(person["age"] + grid, ages, total, right=np.inf)
        alive = np.where(person["age"] + grid < 110, np.exp(-(hazard - hazard[0])), 0.0)
        expected[n] = np.trapezoid(alive, grid)
    gap = years[:800] - expected[:800]
    assert abs(gap.mean()) < 4.5 * gap.std() / math.sqrt(800)


def test_reversible_excess_mortality_spares_the_well(tmp_path):
    """With all of the excess reversible, remission saves lives; with none of it, it does not."""
    strategies = {"nothing": {"offer": []}, "saint": {"offer": [{"treat": "saint"}]}}
    saved = {}
    for share in (0.0, 1.0):
        lives = live(
            ask(
                tmp_path, strategies,
                {**NO_SUICIDE, "disease.mortality.natural_hazard_ratio": 4,
                 "disease.mortality.reversible_share": share, "treatments.saint.potency": 4},
                size=3000, years=15,
            )
        )  # fmt: skip
        died = [np.isfinite(lives.accounts(n)["died"]).sum() for n in strategies]
        saved[share] = died[0] - died[1]
    assert abs(saved[0.0]) <= 1  # a fatal adverse event at most
    assert saved[1.0] > 20


def test_asking_for_care_is_exponential(tmp_path):
    """New episodes that never remit by themselves: the only course begins at a constant rate."""
    rate = 3.0
    overrides = {
        **{f"disease.care_seeking.asks_per_year.{b}": rate for b in BANDS[1:]},
        **{f"disease.crisis.attempts_per_1000_years.{b}": 0 for b in BANDS},
        **NO_SUICIDE,
        "disease.response.persistent_share": 1,
        "contacts.usual_care.level": 0,
        **inert("saint", 28),
    }
    lives = live(
        ask(
            tmp_path, {"once": {"offer": [{"treat": "saint"}]}}, overrides, size=4000, years=3,
            population={"intake": "incident"},
        )
    )  # fmt: skip
    assert lives.accounts("once")["courses"].max() == 1
    starts = lives.week("once")[:, WEEK_FLOW + FLOWS.index("starts")]
    weeks = np.array([5, 14, 27, 53, 105])
    reached = np.cumsum(starts)[weeks - 1] / len(lives.population)
    expected = -np.expm1(-rate * 7 * weeks / YEAR)
    assert np.allclose(reached, expected, atol=5 * math.sqrt(0.25 / len(lives.population)))


@pytest.mark.slow
def test_untreated_remission_is_as_published():
    """Within 6 points each: 23/32/53 % at 3/6/12 months in the stock, 50/63/76 % in new episodes.

    The cards in use decide: this is a check of the calibration as much as of the rules.
    """
    from tests.worlds import SCENARIOS

    from popmodel.scenario import load_scenario

    found = {}
    for intake in ("prevalent", "incident"):
        scenario = load_scenario(
            SCENARIOS / "do_nothing_new.yaml",
            {
                "population.intake": intake,
                "population.us_adults_mdd.in_care_share": 0,
                **{f"disease.care_seeking.asks_per_year.{b}": 0 for b in BANDS[1:]},
                **{f"population.us_adults_mdd.history.failures.{n}": v
                   for n, v in (("none", 1), ("one", 0), ("two", 0), ("three", 0))},
            },
            patients=20_000, years=2, structure="evidence",
        )  # fmt: skip
        lives = live(scenario)
        first = lives.accounts(next(iter(lives.histories)))["first_remission"]
        found[intake] = [100 * (first <= days).mean() for days in (91, 183, 365)]
    assert found["prevalent"] == pytest.approx([23, 32, 53], abs=6)
    assert found["incident"] == pytest.approx([50, 63, 76], abs=6)
