"""Money of every year and currency, who pays, and which utilities hold: chosen by data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.worlds import USUAL_CARE, ask, live

from popmodel.errors import InputError
from popmodel.evidence.quantity import Quantity
from popmodel.parameters import Structure, compile_parameters

WHERE = {"setting": "united_states", "population": "us_adults_mdd", "horizon_days": 1826.25}
HERE = "settings.united_states."


def compiled(evidence, **more):
    return compile_parameters(evidence, Structure(), **WHERE, **more)


# ------------------------------------------------------------------ prices


def test_an_index_that_doubles_doubles_what_is_older_and_leaves_what_is_not(shipped):
    """Amount in money of the setting's year = amount x index then / index before."""
    card = shipped.economics["prices"]
    year = shipped.settings["united_states"].price_year
    level = {y: 100.0 * 2.0 ** (y - year) for y in card.index}
    prices = card.model_copy(update={"index": level})
    evidence = replace(shipped, economics={**shipped.economics, "prices": prices})
    evidence = evidence.with_overrides(
        {
            "economics.care_costs.per_year.remission": {"value": 1000, "price_year": year - 3},
            "economics.care_costs.per_year.response": {"value": 1000, "price_year": year},
            "economics.care_costs.per_year.depressed": {"value": 1000, "price_year": year + 1},
        }
    )
    yearly = compiled(evidence).record["background_cost"][0] * 365.25
    assert yearly == pytest.approx([8000.0, 1000.0, 500.0], rel=1e-12)


def test_bringing_money_forward_and_back_changes_nothing(shipped):
    index = shipped.economics["prices"].index
    there = 700.0 * index[2024] / index[2010]
    path = "treatments.saint.cost.course"
    before = compiled(shipped.with_overrides({path: {"value": 700.0, "price_year": 2010}}))
    after = compiled(shipped.with_overrides({path: {"value": there, "price_year": 2024}}))
    assert before.record["cost_course"] == pytest.approx(after.record["cost_course"], rel=1e-12)


def test_money_without_a_price_year_is_refused(shipped):
    with pytest.raises(InputError, match="price year"):
        shipped.with_overrides({"treatments.saint.cost.visit": {"price_year": None}})
    said = {"unit": "USD", "basis": "assumption", "rationale": "for a test"}
    with pytest.raises(ValueError, match="price year"):
        Quantity.model_validate({"value": 5.0, **said})


def test_money_of_another_currency_is_refused_with_its_place(shipped):
    pounds = shipped.with_overrides({f"{HERE}currency": "GBP"})
    with pytest.raises(InputError, match=r"is in USD.*the setting's money is GBP") as told:
        compiled(pounds)
    assert ".yaml:" in str(told.value)


def test_wages_may_have_an_index_of_their_own(shipped):
    flat = shipped.economics["prices"].model_copy(
        update={"id": "wage_index", "index": {2022: 100.0, 2024: 110.0}}
    )
    files = {**shipped.files, ("economics", "wage_index"): shipped.files["economics", "prices"]}
    evidence = replace(
        shipped, economics={**shipped.economics, "wage_index": flat}, files=files
    ).with_overrides({f"{HERE}wage_prices": "wage_index"})
    before, after = compiled(shipped).record[0], compiled(evidence).record[0]
    index = shipped.economics["prices"].index
    ratio = 1.1 / (index[2024] / index[2022])
    for name in ("wage", "productivity_cost", "time_session"):
        assert after[name] == pytest.approx(before[name] * ratio, rel=1e-12)
    assert (after["background_cost"] == before["background_cost"]).all()


# ------------------------------------------------------------------ payers


PATIENT = {"value": 0.2, "unit": "share", "basis": "assumption", "rationale": "for a test"}


def test_a_question_may_split_a_category_between_payers(shipped):
    path = f"{HERE}payers.drugs."
    evidence = shipped.with_overrides({path + "health_system": 0.8, path + "patient": PATIENT})
    assert compiled(evidence).payers["drugs"] == pytest.approx(
        {"health_system": 0.8, "patient": 0.2}
    )


def test_shares_of_payers_must_add_up_to_one(shipped):
    path = f"{HERE}payers.drugs."
    with pytest.raises(InputError, match=r"add up to 1\.2 and not to 1"):
        shipped.with_overrides({path + "patient": PATIENT})
    with pytest.raises(InputError, match=r"united_states.yaml.*add up to 0\.7 and not to 1"):
        compiled(shipped.with_overrides({path + "health_system": 0.7}))


def test_a_draw_of_shares_is_made_to_add_up_to_one(shipped):
    card = shipped.settings["united_states"]
    half = Quantity(value=0.5, unit="share", basis="assumption", rationale="a test")
    payers = {**card.payers, "drugs": {"insurer": half, "patient": half}}
    other = card.model_copy(update={"payers": payers})
    evidence = replace(shipped, settings={"united_states": other})
    path = f"{HERE}payers.drugs."
    found = compiled(evidence, draw={path + "insurer": 0.9, path + "patient": 0.3})
    assert found.payers["drugs"] == pytest.approx({"insurer": 0.75, "patient": 0.25})


# ------------------------------------------------------------------ utilities and weights


@pytest.mark.parametrize("name", ["utilities_kolovos", "utilities_sapin_sobocki"])
def test_a_question_chooses_its_utilities_by_name(tmp_path, shipped, name):
    question = ask(tmp_path, {"usual_care": USUAL_CARE}, {f"{HERE}utilities": name})
    q = compiled(question.evidence()).record[0]
    card = shipped.economics[name]
    assert q["utility_value"][0] == card.remission.value
    assert q["utility_value"][3] == pytest.approx(
        card.remission.value
        - card.loss_mild.value
        - card.loss_moderate.value
        - card.loss_severe.value
    )


def test_another_curve_moves_qalys_and_nothing_else(tmp_path):
    curves = ("utilities_midpoint", "utilities_kolovos", "utilities_by_state")
    found = {
        name: live(ask(tmp_path, {"a": USUAL_CARE}, {f"{HERE}utilities": name}, size=150))
        for name in curves
    }
    base = found["utilities_midpoint"].accounts("a")
    for name in curves[1:]:
        other = found[name].accounts("a")
        assert (other["qaly"] != base["qaly"]).all()
        for field in ("cost", "remission_days", "died", "first_response"):
            assert (other[field] == base[field]).all()
        assert np.allclose(other["yld"], base["yld"], rtol=1e-12)


def test_utility_by_state_falls_by_its_losses(shipped):
    evidence = shipped.with_overrides({f"{HERE}utilities": "utilities_by_state"})
    q = compiled(evidence).record[0]
    assert q["utility_points"] == 0
    assert q["utility_state"].tolist() == pytest.approx([0.85, 0.72, 0.58])


def test_a_name_that_is_no_set_of_utilities_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(InputError, match=r"there is no utility set.*utilities_kolovos"):
        ask(tmp_path, {"a": USUAL_CARE}, {f"{HERE}utilities": "utilities_kolovo"})
    with pytest.raises(InputError, match="there is no utility set prices"):
        ask(tmp_path, {"a": USUAL_CARE}, {f"{HERE}utilities": "prices"})


def test_disability_weights_are_those_of_the_global_burden_of_disease_study(shipped):
    """GBD 2019: mild .145, moderate .396, severe .658."""
    q = compiled(shipped).record[0]
    assert q["disability_weight"].tolist() == [0.0, 0.145, 0.396, 0.658]
    without = compiled(shipped.with_overrides({f"{HERE}disability_weights": None}))
    assert not without.weighs_disability
