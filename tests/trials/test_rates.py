"""Attempts, suicides and deaths of cohorts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.trials.conftest import SEED

from popmodel.trials.emulate import Emulator
from popmodel.trials.rates import PER
from popmodel.units import DAYS_PER_YEAR

FEW = 1024


def values(trial, parameters) -> list[float]:
    rows = Emulator(SEED, FEW).predict(trial, parameters)
    assert not any(row.problem for row in rows)
    return [row.value for row in rows]


def changed_record(parameters, **fields):
    record = parameters.record.copy()
    for name, value in fields.items():
        record[0][name] = value
    return replace(parameters, record=record)


def test_within_a_band_the_rate_is_that_of_the_band(evidence, parameters):
    """Remission and the mild band are what the card's two lower states are made of."""
    rates = parameters.record[0]["attempt_rate"] * DAYS_PER_YEAR * PER
    remission, partial, episode = values(evidence.trials["holma-2010"], parameters)
    assert remission == pytest.approx(rates[0])
    assert partial == pytest.approx(rates[1])
    assert rates[2] < episode < rates[3]


def test_men_die_by_suicide_more_often_than_women(evidence, parameters):
    (men,) = values(evidence.trials["simon-1998-men"], parameters)
    (women,) = values(evidence.trials["simon-1998-women"], parameters)
    (both,) = values(evidence.trials["simon-1998"], parameters)
    assert women < both < men


def test_without_excess_and_suicide_people_die_as_the_life_table_says(evidence, parameters):
    plain = changed_record(parameters, excess_mortality=0.0, attempt_fatality=0.0)
    assert values(evidence.trials["baxter-2011"], plain) == [pytest.approx(1.0)]


def test_suicide_comes_on_top_of_natural_excess(evidence, parameters):
    trial = evidence.trials["baxter-2011"]
    natural = changed_record(parameters, attempt_fatality=0.0)
    excess = 1.0 + float(parameters.record[0]["excess_mortality"])
    assert values(trial, natural) == [pytest.approx(excess)]
    assert values(trial, parameters)[0] > excess
