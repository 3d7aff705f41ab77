"""DALYs, work lost to death, payers, other effects: each adds up to what it is made of."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.worlds import USUAL_CARE, ask, live, shipped_lives

from popmodel import outcomes
from popmodel.economics.incremental import incremental_table
from popmodel.parameters import years_ahead
from popmodel.vocabulary import COST_CATEGORIES, PAYERS, SEXES

DAYS = 5 * 365.25
RATE = math.log(1.03)


@pytest.fixture(scope="module")
def lives():
    return shipped_lives("five_pathways", 400)


@pytest.fixture(scope="module")
def patients(lives):
    return {
        name: outcomes.patient_table(lives.population, history, lives.parameters)
        for name, history in lives.histories.items()
    }


@pytest.fixture(scope="module")
def strategies(patients):
    return outcomes.strategy_table(patients, DAYS)


def test_dalys_are_years_with_disability_and_years_of_life_lost(lives, patients):
    for table in patients.values():
        assert np.allclose(table["daly"], table["yld"] + table["yll"], rtol=1e-12)
        dead = table[table["deaths"]]
        assert len(dead) > 5
        assert (dead["yll"] > 0).all()
        assert (table.loc[~table["deaths"], "yll"] == 0).all()
        sex = dead["sex"].map(SEXES.index).to_numpy().astype(int)
        died = dead["entry_day"] / 365.25 + dead["life_years"]
        ahead = years_ahead(
            lives.parameters.record, sex, (dead["age"] + dead["life_years"]).to_numpy()
        )
        worth = (1 - np.exp(-RATE * ahead)) / RATE * np.exp(-RATE * died)
        assert np.allclose(dead["yll"], worth, rtol=1e-9)


def test_disability_lies_between_the_lightest_and_the_worst_weight_of_the_time_ill(tmp_path):
    """Harms left out; discounting over five years takes at most 14 %."""
    harmless = {"economics.disability_weights.per_qaly_of_harm": 0}
    found = live(ask(tmp_path, {"a": USUAL_CARE}, harmless, size=300))
    weight = found.parameters.record["disability_weight"][0]
    table = outcomes.patient_table(found.population, found.histories["a"], found.parameters)
    ill = table["life_years"] - table["remission_weeks"] * 7 / 365.25
    assert (table["yld"] <= weight.max() * ill + 1e-9).all()
    assert (table["yld"] >= weight[1] * ill * math.exp(-RATE * 5) - 1e-9).all()


def test_with_weights_of_zero_only_deaths_are_left(tmp_path):
    zero = {
        **{f"economics.disability_weights.{b}": 0 for b in ("mild", "moderate", "severe")},
        "economics.disability_weights.per_qaly_of_harm": 0,
    }
    found = live(ask(tmp_path, {"none": {"offer": [], "after_last": "none"}}, zero, size=200))
    table = outcomes.patient_table(found.population, found.histories["none"], found.parameters)
    assert (table["yld"] == 0).all()
    assert (table["daly"] == table["yll"]).all()


def test_without_disability_weights_dalys_are_not_known(lives):
    history = next(iter(lives.histories.values()))
    blind = replace(lives.parameters, weighs_disability=False)
    table = outcomes.patient_table(lives.population, history, blind)
    assert table[["daly", "daly_undiscounted", "yld", "yll"]].isna().all(axis=None)
    row = outcomes.strategy_row("a", table, DAYS)
    assert math.isnan(row["daly"])
    assert row["qaly"] > 0


def test_work_lost_to_death_is_shown_apart_and_in_no_total(patients):
    for table in patients.values():
        whole = table[[f"cost_{c}" for c in COST_CATEGORIES]].sum(axis=1)
        assert np.allclose(table["cost_societal"], whole, rtol=1e-12)
        lost = table["cost_productivity_death"]
        assert (lost[table["deaths"]] > 0).all()
        assert (lost[~table["deaths"]] == 0).all()
        assert (lost <= table["cost_productivity_death_undiscounted"]).all()


def test_friction_and_no_method_lose_less_work_to_death_than_human_capital(tmp_path):
    found = {}
    question = {"none": {"offer": [], "after_last": "none"}}
    for method in ("human_capital", "friction", "none"):
        chosen = {"economics.productivity.death.method": method}
        one = live(ask(tmp_path, question, chosen, size=300))
        table = outcomes.patient_table(one.population, one.histories["none"], one.parameters)
        found[method] = table["cost_productivity_death"].mean()
    assert found["human_capital"] > 10 * found["friction"] > 0
    assert found["none"] == 0


# ------------------------------------------------------------------ payers


def test_shares_of_payers_add_up_to_what_one_payer_paid(patients, strategies):
    shares = {
        "treatment": {"insurer": 0.8, "patient": 0.2},
        "drugs": {"insurer": 0.55, "patient": 0.15, "state": 0.3},
    }
    paid = {c: shares.get(c, {"insurer": 1.0}) for c in COST_CATEGORIES}
    split, whole = outcomes.cost_table(patients, paid), outcomes.cost_table(patients)
    keys = ["strategy", "category"]
    for column in ("cost", "cost_undiscounted"):
        a = split.groupby(keys)[column].sum()
        b = whole.groupby(keys)[column].sum()
        assert np.allclose(a, b, rtol=1e-12)
    total = split.groupby("strategy")["cost"].sum()
    expected = strategies.set_index("strategy")["cost_societal"]
    assert np.allclose(total, expected.reindex(total.index), rtol=1e-12)
    drugs = split[split["category"] == "drugs"].set_index(["strategy", "payer"])["cost"]
    for name in patients:
        assert drugs[name, "state"] == pytest.approx(2 * drugs[name, "patient"], rel=1e-12)


def test_the_setting_card_says_who_pays(shipped, parameters):
    assert set(parameters.payers) == set(COST_CATEGORIES)
    for category, shares in parameters.payers.items():
        assert sum(shares.values()) == pytest.approx(1.0)
        said = shipped.settings["united_states"].payers
        assert set(shares) == set(said.get(category, {PAYERS[category]: 1.0}))


# ------------------------------------------------------------------ effects beside QALYs


def test_the_frontier_shows_other_effects_against_the_same_strategy(strategies):
    means = strategies[["strategy", "cost_societal", "qaly"]]
    means = means.rename(columns={"cost_societal": "cost"})
    plain = incremental_table(means)
    table = outcomes.with_other_effects(plain, strategies)
    pd.testing.assert_frame_equal(table[plain.columns], plain)
    on = table[table["status"].isin(["reference", "frontier"])].reset_index(drop=True)
    by = strategies.set_index("strategy")
    for effect in ("remission_weeks", "remission_days_90d", "daly"):
        assert table[effect].tolist() == by.loc[table["strategy"], effect].tolist()
        steps = np.diff(by.loc[on["strategy"], effect])
        assert on[f"inc_{effect}"].to_numpy()[1:] == pytest.approx(steps)
    off = table[~table["strategy"].isin(on["strategy"])]
    assert off[["inc_daly", "inc_remission_weeks", "cost_per_remission_week"]].isna().all(axis=None)


def test_structures_have_frontiers_of_their_own(strategies):
    """A second structure with the same numbers: the same table twice, nothing across."""
    means = strategies[["strategy", "cost_societal", "qaly"]]
    one = incremental_table(means.rename(columns={"cost_societal": "cost"}))
    both = pd.concat([one.assign(structure=s) for s in ("a", "b")], ignore_index=True)
    wide = pd.concat([strategies.assign(structure=s) for s in ("a", "b")], ignore_index=True)
    found = outcomes.with_other_effects(both, wide).drop(columns="structure")
    alone = outcomes.with_other_effects(one, strategies)
    pd.testing.assert_frame_equal(found.iloc[: len(alone)], alone)
    pd.testing.assert_frame_equal(found.iloc[len(alone) :].reset_index(drop=True), alone)


def test_a_daly_averted_has_the_price_of_its_cost_over_its_fall(patients):
    names = list(patients)
    versus = outcomes.versus_comparator(patients, names[-1], "health_care", [1e5])
    for _, row in versus.iterrows():
        a, b = patients[row["strategy"]], patients[names[-1]]
        fall = (b["daly"] - a["daly"]).mean()
        cost = (a["cost_health_care"] - b["cost_health_care"]).mean()
        assert row["inc_daly"] == pytest.approx(-fall, rel=1e-9)
        assert row["cost_per_daly_averted"] == pytest.approx(cost / fall, rel=1e-9)
        days = (a["remission_days_90d"] - b["remission_days_90d"]).mean()
        assert row["inc_remission_days_90d"] == pytest.approx(days, rel=1e-9, abs=1e-12)
