"""Beds as a constraint, from a scenario to its tables: boarding, its cost, what a bed brings."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from tests.worlds import SCENARIOS

from popmodel.errors import InputWarning
from popmodel.outcomes import patient_table, wait_quantiles
from popmodel.parameters import compile_strategy
from popmodel.pipeline import patient_story
from popmodel.pipeline.places import place_tables, replicate_of
from popmodel.pipeline.stages import histories_of, parameters_of, population_of
from popmodel.rules import codes as c
from popmodel.rules.codes import COST_CRISIS
from popmodel.scenario import compile_strategies, load_scenario

SMALL = {
    "population.size": "400", "population.incident_per_year": "100", "replicates": "20",
    "horizon.years": "1", "structure.severity_effect": "evidence",
}  # fmt: skip
BED = "services.inpatient_bed"


def lived(**changes):
    """Scenario, parameters and histories by strategy, after some changes."""
    scenario = load_scenario(SCENARIOS / "beds_and_boarding.yaml", SMALL | changes)
    evidence = scenario.evidence()
    parameters = parameters_of(scenario, evidence, scenario.structures()[0])
    population = population_of(scenario, parameters, 1)
    records = [compile_strategy(s) for s in compile_strategies(scenario, evidence)]
    found = histories_of(scenario, evidence, parameters, population, records, threads=1)
    return scenario, parameters, dict(zip(scenario.strategies, found, strict=True))


@pytest.fixture(scope="module")
def one_bed():
    return lived(**{f"{BED}.places": "1", f"{BED}.board_days": "2"})


@pytest.fixture(scope="module")
def counted():
    """The same region where the bed is only counted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)  # ticks and days of boarding are not read
        return lived(**{f"{BED}.places": "1", f"{BED}.when_full": "admit"})


def boarders(history):
    return history.waits[history.waits["treatment"] < 0]


def test_boarding_days_are_charged_and_nothing_else_of_usual_care_is(one_bed, counted):
    """Under usual care few beds change what crises cost and where people are, and little else."""
    _, parameters, few = one_bed
    _, _, many = counted
    a, b = few["usual_care"], many["usual_care"]
    assert len(boarders(b)) == 0
    waits = boarders(a)
    days = np.bincount(waits["patient"], waits["left"] - waits["joined"], minlength=len(a.accounts))
    q = parameters.record[0]
    sent_home = np.bincount(waits["patient"][waits["ended"] == c.WAIT_RENEGED], minlength=len(days))
    here = np.flatnonzero((days > 0.0) & (a.accounts["crises"] == 1) & (b.accounts["crises"] == 1))
    ended = np.isfinite(a.persons["crisis_end"]) | np.isfinite(b.persons["crisis_end"])
    here = here[~ended[here]]
    assert len(here) > 30
    more = (a.accounts["cost_undiscounted"] - b.accounts["cost_undiscounted"])[here, COST_CRISIS]
    ward = q["admission_days"] * q["cost_admission_day"]
    expected = days[here] * q["cost_boarding_day"]
    expected += sent_home[here] * (q["cost_emergency"] - ward)
    assert np.allclose(more, expected, atol=1e-6)


def test_there_are_never_more_patients_on_the_ward_than_beds(one_bed):
    scenario, parameters, found = one_bed
    waits = {name: history.waits for name, history in found.items()}
    tables = place_tables(scenario, scenario.evidence(), parameters, waits, 365.0)
    weekly = tables["services"]
    own = weekly[weekly["service"] == "inpatient_bed"]
    assert set(own["strategy"]) == set(scenario.strategies)
    assert (own["places"] == 1).all() and (own["in_use"] <= 1.0).all()
    summed = tables["waits"]
    told = summed[(summed["service"] == "inpatient_bed") & (summed["dimension"] == "all")]
    joined = {name: len(boarders(history)) / 20 for name, history in found.items()}
    assert dict(zip(told["strategy"], told["joined"], strict=True)) == joined
    assert (told["gave_up"] > 0).all()


def test_more_beds_mean_fewer_days_of_boarding(one_bed):
    _, _, three = lived(**{f"{BED}.places": "3", f"{BED}.board_days": "2"})
    few, more = (boarders(one["usual_care"]) for one in (one_bed[2], three))
    assert (more["left"] - more["joined"]).sum() < 0.5 * (few["left"] - few["joined"]).sum()
    assert (more["ended"] == c.WAIT_SERVED).sum() > (few["ended"] == c.WAIT_SERVED).sum()


def test_the_life_of_somebody_who_boards_is_told(one_bed):
    scenario, _, found = one_bed
    waits = boarders(found["usual_care"])
    served = waits[(waits["ended"] == c.WAIT_SERVED) & (waits["left"] - waits["joined"] > 1.0)]
    home = waits[waits["ended"] == c.WAIT_RENEGED]
    for row, words in ((served[0], "admitted to a ward"), (home[0], "without an admission")):
        life = patient_story(scenario, int(row["patient"]))["evidence"]["usual_care"]
        for day, said in ((row["joined"], "waits for a bed"), (row["left"], words)):
            assert any(said in text for at, text, _ in life.moments if at == day)


def test_waits_of_courses_in_strategies_csv_know_nothing_of_beds(one_bed):
    """They are those of waits.csv for the suite; nobody waits for a course under usual care."""
    scenario, parameters, found = one_bed
    suite = "saint_in_clinic"
    population = population_of(scenario, parameters, 1)
    patients = patient_table(population, found[suite], parameters)
    replicate = replicate_of(scenario, population)
    told = wait_quantiles(patients, found[suite].waits, replicate)
    tables = place_tables(
        scenario, scenario.evidence(), parameters, {suite: found[suite].waits}, 365.0
    )
    waits = tables["waits"]
    own = waits[(waits["service"] == "saint_suite") & (waits["dimension"] == "all")].iloc[0]
    assert told["wait_days_median"][0] == own["wait_days_median"] > 1.0
    none = wait_quantiles(patients, found["usual_care"].waits, replicate)
    assert none["wait_days_median"] == (0.0, 0.0)
