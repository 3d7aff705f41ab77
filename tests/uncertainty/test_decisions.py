"""What it is worth to know more about a scenario, and what a trial is worth."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import popmodel
from popmodel.economics import Population, evpi
from popmodel.errors import InputError
from popmodel.uncertainty.decisions import (
    Trial,
    amounts_of,
    spread_of_patients,
    trial_table,
    untested,
)
from popmodel.uncertainty.factors import Factor
from popmodel.uncertainty.learning import MOST_TOGETHER, strength_of, value_of_learning

SAMPLES = 1500
SD = 400.0
PATH = "treatments.new.potency"


@pytest.fixture(scope="module")
def draws():
    """Two strategies: one number decides the net benefit of the new one, others do nothing."""
    dice = np.random.default_rng(2)
    decisive, idle = dice.normal(0, 1, SAMPLES), dice.normal(0, 1, (SAMPLES, 6))
    sample = np.arange(SAMPLES)
    old = pd.DataFrame({"sample": sample, "strategy": "old", "cost": 1000.0, "qaly": 1.0})
    new = old.assign(strategy="new", cost=1000.0 - SD * decisive)
    named = {f"economics.idle_{k}": idle[:, k] for k in range(6)}
    parameters = pd.DataFrame({"sample": sample, PATH: decisive, **named})
    return pd.concat([old, new], ignore_index=True), parameters


def test_only_the_number_that_decides_is_worth_learning(draws):
    psa, parameters = draws
    factors = (
        Factor("treatments.new", (PATH, "economics.idle_0")),
        Factor("economics", tuple(f"economics.idle_{k}" for k in range(1, 6))),
    )
    table = value_of_learning(psa, parameters, factors, "old", [100.0])
    found = table.set_index("parameter")
    truth = SD * stats.norm.pdf(0)  # E max(0, X) - max(0, 0) of a centred normal
    assert found.loc[PATH, "evppi"] == pytest.approx(truth, rel=0.1)
    assert found.loc["treatments.new", "evppi"] == pytest.approx(truth, rel=0.1)
    assert found.loc["economics", "evppi"] < 0.15 * truth
    assert found.loc["economics", "numbers"] == MOST_TOGETHER
    assert (found["evppi"] <= evpi(psa, [100.0])["evpi"].iloc[0] + 1e-9).all()


def test_strength_is_the_rank_correlation_with_net_benefit(draws):
    psa, parameters = draws
    found = strength_of(psa, parameters.assign(constant=1.0), "old", 100.0)
    assert found[PATH] == pytest.approx(1.0)
    assert "constant" not in found
    gain = parameters[PATH].to_numpy()
    rho = abs(stats.spearmanr(parameters["economics.idle_3"], gain).statistic)
    assert found["economics.idle_3"] == pytest.approx(rho, rel=1e-9)


def analysis_of(wtp):
    scenario = SimpleNamespace(willingness_to_pay=wtp, comparator="old")
    return SimpleNamespace(job=SimpleNamespace(scenario=scenario))


def test_a_larger_trial_is_worth_more_up_to_perfect_knowledge(draws):
    """Two equal arms of normal outcomes: closed form of a normal prior with known variance."""
    psa, parameters = draws
    trial = Trial(PATH, sd=2.0, sizes=(4, 16, 64, 4096))
    tables = {"psa": psa, "psa_parameters": parameters}
    table = trial_table(analysis_of([100.0]), tables, trial)
    explained = 1.0 / (1.0 + 4.0 * trial.sd**2 / np.array(trial.sizes))
    truth = SD * np.sqrt(explained) * stats.norm.pdf(0)
    np.testing.assert_allclose(table["evsi"], truth, rtol=0.15)
    assert table["evsi"].is_monotonic_increasing
    assert (table["parameter"] == PATH).all()
    assert "enbs" not in table


def test_what_a_trial_costs_is_taken_off_what_it_is_worth_to_all(draws):
    psa, parameters = draws
    trial = Trial(PATH, 2.0, (100,), fixed_cost=1e6, cost_per_patient=5e3, years_to_results=2.0)
    people = Population(1000.0, 10.0, 0.03)
    table = trial_table(
        analysis_of([100.0]), {"psa": psa, "psa_parameters": parameters}, trial, people
    )
    row = table.iloc[0]
    assert row["study_cost"] == 1e6 + 100 * 5e3
    assert row["enbs"] == pytest.approx(row["evsi"] * people.after(2.0).persons - 1.5e6)


def test_a_trial_of_a_number_that_is_not_in_doubt_is_refused(draws):
    psa, parameters = draws
    tables = {"psa": psa, "psa_parameters": parameters}
    with pytest.raises(InputError, match=r"treatments\.new\.potency"):
        trial_table(analysis_of([1.0]), tables, Trial("treatments.new.potenci", 1.0))
    with pytest.raises(InputError, match="two arms"):
        trial_table(analysis_of([1.0]), tables, Trial(PATH, 1.0, sizes=(1,)))


def test_treatments_nobody_has_tested_in_people_are_found_where_they_are_offered():
    five = popmodel.load_scenario("scenarios/five_pathways.yaml")
    assert [p.split(".")[1] for p in untested(five)] == ["aih_clinic"]
    assert untested(popmodel.load_scenario("scenarios/ketamine_early.yaml")) == ()
    assert spread_of_patients(five) > 1.0
    amounts = amounts_of(five)
    assert set(five.willingness_to_pay) <= set(amounts)
    assert amounts[0] == 0.0 and (np.diff(amounts) > 0).all()
