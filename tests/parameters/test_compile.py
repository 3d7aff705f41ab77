"""From cards to the numbers the rules read: rates per day, money of one year, positions by name."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.new_card import new_card

from popmodel.errors import InputError
from popmodel.evidence.calibration import fitted_values
from popmodel.evidence.load import load_evidence
from popmodel.parameters import (
    MAX_TREATMENTS,
    PARAMETERS,
    Structure,
    compile_parameters,
    trait_factors,
)
from popmodel.units import DAYS_PER_MONTH, DAYS_PER_WEEK, DAYS_PER_YEAR

WHERE = {"setting": "united_states", "population": "us_adults_mdd", "horizon_days": 1826.25}


def compiled(evidence, structure=Structure(), **more):  # noqa: B008
    return compile_parameters(evidence, structure, **{**WHERE, **more})


@pytest.fixture(scope="module")
def plain(shipped):
    """The cards without their calibration: what a card says is what the record holds."""
    return replace(shipped, calibrated={})


@pytest.fixture(scope="module")
def record(plain):
    return compiled(plain).record[0]


def test_rates_on_cards_become_rates_per_day(plain, record, parameters):
    n = parameters.treatments.index("escitalopram")
    card = plain.treatments["escitalopram"]
    dropout = card.engagement.dropout_per_week.value / DAYS_PER_WEEK
    assert record["dropout_rate"][n] == pytest.approx(dropout, rel=1e-12)
    relapse = card.durability.relapse_per_month.months_2_6.value / DAYS_PER_MONTH
    assert record["treatment_relapse"][n][1] == pytest.approx(relapse, rel=1e-12)
    attempts = plain.disease["crisis"].attempts_per_1000_years.severe.value / 1000 / DAYS_PER_YEAR
    assert record["attempt_rate"][3] == pytest.approx(attempts, rel=1e-12)
    assert record["relapse_period_end"].tolist()[:4] == pytest.approx(
        [m * DAYS_PER_MONTH for m in (2, 6, 12, 24)]
    )


def test_money_is_brought_to_the_price_year_of_the_setting(plain, record, parameters):
    index = plain.economics["prices"].index
    year = plain.settings["united_states"].price_year
    for name in ("saint", "escitalopram", "ect"):
        cost = plain.treatments[name].cost.visit
        n = parameters.treatments.index(name)
        expected = cost.value * index[year] / index[cost.price_year or year]
        assert record["cost_visit"][n] == pytest.approx(expected, rel=1e-12)


def test_money_of_a_year_without_an_index_is_refused_with_its_place(shipped):
    changed = shipped.with_overrides({"treatments.saint.cost.visit": {"price_year": 1960}})
    with pytest.raises(InputError, match=r"price year 1960.*no price index for 1960") as caught:
        compiled(changed)
    assert "saint.yaml" in str(caught.value)


def test_sessions_cost_as_much_over_their_days_as_they_do_one_by_one(plain, record, parameters):
    for name, card in plain.treatments.items():
        n = parameters.treatments.index(name)
        plan = card.schedule
        if plan.sessions and plan.session_days:
            whole = record["cost_session"][n] * plan.session_days
            each = record["cost_booster"][n]
            assert whole == pytest.approx(each * plan.sessions, rel=1e-12)


def test_every_course_is_judged_at_a_visit(record, parameters):
    for n in range(len(parameters.treatments)):
        visits = record["visit_day"][n][: record["visits"][n]]
        assert visits[-1] == record["assess_days"][n]
        assert (np.diff(visits) > 0).all()


def test_loadings_of_a_treatment_make_a_trait_of_variance_one(plain, record, parameters):
    for n, name in enumerate(parameters.treatments):
        length = np.linalg.norm(record["trait_weight"][n])
        expected = 1.0 if any(plain.treatments[name].mechanisms.values()) else 0.0
        assert length == pytest.approx(expected, abs=1e-12)


def test_traits_hang_together_as_the_card_says(plain):
    factors = trait_factors(plain.values(), Structure(), plain)
    found = factors @ factors.T
    order = plain.disease["mechanisms"].order
    for i, a in enumerate(order):
        assert found[i, i] == pytest.approx(1.0, abs=1e-9)
        for j in range(i + 1, len(order)):
            stated = plain.values().get(f"disease.mechanisms.correlation.{a}__{order[j]}", 0.0)
            assert found[i, j] == pytest.approx(stated, abs=0.02)


def test_impossible_correlations_are_brought_to_the_nearest_possible(plain):
    paths = [p for p in plain.values() if p.startswith("disease.mechanisms.correlation.")]
    values = {**plain.values(), **dict.fromkeys(paths, -0.9)}
    factors = trait_factors(values, Structure(), plain)
    assert np.linalg.norm(factors, axis=1) == pytest.approx(np.ones(len(factors)), abs=1e-9)


def test_luck_is_shared_out_completely(plain):
    for correlation in ("default", "optimistic", "pessimistic"):
        q = compiled(plain, Structure(correlation=correlation)).record[0]
        total = sum(q[f"luck_{part}"] ** 2 for part in ("general", "class", "fresh"))
        assert total == pytest.approx(2 * q["luck_half_variance"], rel=1e-9)
        assert q["depth_persistent"] ** 2 + q["depth_moving"] ** 2 == pytest.approx(
            plain.disease["response"].depth_sd.value ** 2, rel=1e-9
        )


def test_without_contact_credit_all_who_are_in_care_have_the_contact_of_usual_care(shipped):
    parameters = compiled(shipped, Structure(contact_credit="none"))
    levels = dict(zip(parameters.contacts, parameters.record[0]["contact_level"], strict=False))
    assert levels.pop("none") == 0
    assert len(set(levels.values())) == 1


def test_readings_of_the_severity_effect_are_those_of_the_card(plain, parameters):
    n = parameters.treatments.index("exercise")
    card = plain.treatments["exercise"].severity_effect
    found = {
        effect: compiled(plain, Structure(effect)).record[0]["loss_share"][n]
        for effect in ("evidence", "premise", "mixture")
    }
    assert found["evidence"] == card.evidence.loss_share.value
    assert found["premise"] == card.premise.loss_share.value
    w = card.premise_weight.value
    mean = w * card.premise.loss_share.value + (1 - w) * card.evidence.loss_share.value
    assert found["mixture"] == pytest.approx(mean, rel=1e-12)
    drawn = compiled(plain, Structure("mixture"), draw={"structure.premise.exercise": 1.0})
    assert drawn.record[0]["loss_share"][n] == card.premise.loss_share.value


def test_a_draw_replaces_what_it_names_and_nothing_else(plain):
    a = compiled(plain).record[0]
    b = compiled(plain, draw={"treatments.saint.potency": 1.234}).record[0]
    changed = [name for name in PARAMETERS.names if not np.array_equal(a[name], b[name])]
    assert changed == ["potency"]


def test_a_scenario_overrides_a_calibration_and_a_draw_overrides_both(shipped, parameters):
    n = parameters.treatments.index("saint")
    assert any("treatments.saint.potency" in card.values for card in shipped.calibrated.values())
    changed = shipped.with_overrides({"treatments.saint.potency": 0.77})
    assert compiled(changed).record[0]["potency"][n] == 0.77
    drawn = compiled(changed, draw={"treatments.saint.potency": 0.11})
    assert drawn.record[0]["potency"][n] == 0.11


def test_calibrated_values_are_used_where_there_is_a_calibration(shipped):
    parameters = compiled(shipped)
    assert parameters.calibrated
    for path, value in fitted_values(shipped, shipped.calibrated["evidence_default"]).items():
        group, card, *field = path.split(".")
        if group == "treatments" and field == ["potency"]:
            n = parameters.treatments.index(card)
            assert parameters.record[0]["potency"][n] == value
        if group == "contacts":
            n = parameters.contacts.index(card)
            assert parameters.record[0]["contact_level"][n] == value


def test_a_calibration_that_is_not_there_is_said(shipped):
    structure = Structure(correlation="optimistic")
    assert structure.calibration == "evidence_optimistic"
    if structure.calibration not in shipped.calibrated:
        assert not compiled(shipped, structure).calibrated


def test_untested_patients_need_a_calibration_to_be_held_back(plain):
    with pytest.raises(InputError, match="extrapolation"):
        compiled(plain, Structure(extrapolation="none"))


def test_more_cards_than_the_record_holds_are_refused_in_words(tmp_path, shipped):
    folder = tmp_path / "many"
    for k in range(MAX_TREATMENTS):
        new_card(folder, f"copy_{k:02d}")
    with pytest.raises(InputError, match=f"at most {MAX_TREATMENTS}"):
        compiled(load_evidence(extra=[folder]))


def test_a_new_card_never_makes_the_rules_compile_again(tmp_path):
    more = load_evidence(extra=[new_card(tmp_path / "cards")])
    assert compiled(more).record.dtype == PARAMETERS


def test_no_number_is_missing_in_any_structure(shipped):
    for effect in ("premise", "evidence", "mixture"):
        for correlation in ("default", "optimistic", "pessimistic"):
            for credit in ("full", "none"):
                q = compiled(shipped, Structure(effect, correlation, credit)).record[0]
                for name in PARAMETERS.names:
                    field = q[name]
                    if np.issubdtype(np.asarray(field).dtype, np.floating):
                        assert not np.isnan(field).any(), name


def test_the_table_of_the_soft_floor_covers_what_patients_reach(record):
    reach = record["depth_mean"] + 6 * math.hypot(
        record["depth_persistent"], record["depth_moving"]
    )
    assert record["floor_start"] < -2
    assert reach > 0
    assert (np.diff(record["floor_value"]) <= 0).all()


def test_attempts_that_never_happen_and_care_nobody_asks_for_are_possible(shipped):
    changed = shipped.with_overrides(
        {
            "disease.crisis.attempts_per_1000_years.remission": 0,
            "disease.crisis.suicides_per_100000_years.remission": 0,
            "disease.care_seeking.asks_per_year.mild": 0,
        }
    )
    q = compiled(changed).record[0]
    assert 0 < q["attempt_rate"][0] < 1e-200
    assert (q["attempt_fatality"][0] == 0).all()
    assert 0 < q["ask_rate"][1] < 1e-200
