"""A category is charged once: with the state, or as events that are taken out of its cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.worlds import USUAL_CARE, ask, live

from popmodel.errors import InputError
from popmodel.evidence.schema.economics import Charged
from popmodel.parameters import Structure, compile_parameters
from popmodel.parameters.included import CHARGES
from popmodel.rules import accrual
from popmodel.rules.codes import CARE_COURSE, COST_BACKGROUND, COST_DRUGS, REMITTED, RESPONDING
from popmodel.rules.records import ACCOUNT, PATIENT, new_tally
from popmodel.vocabulary import COST_CATEGORIES

WHERE = {"setting": "united_states", "population": "us_adults_mdd", "horizon_days": 1826.25}
STATES = ("remission", "response", "depressed")
INCLUDES = "economics.care_costs.includes"


def compiled(evidence):
    return compile_parameters(evidence, Structure(), **WHERE).record[0]


def share(*values: float) -> dict[str, dict[str, object]]:
    return {
        state: {"value": x, "unit": "share", "basis": "assumption", "rationale": "for a test"}
        for state, x in zip(STATES, values, strict=True)
    }


def charging(evidence, category, **way):
    """Return cards whose cost by state includes a category and charges it in this way."""
    card = evidence.economics["care_costs"]
    other = card.model_copy(
        update={
            "includes": (*card.includes, category),
            "charged": {**card.charged, category: Charged.model_validate(way)},
        }
    )
    return replace(evidence, economics={**evidence.economics, "care_costs": other})


def test_every_category_has_its_charges_and_no_charge_has_two(shipped):
    assert set(CHARGES) == set(COST_CATEGORIES)
    names = [name for fields in CHARGES.values() for name in fields]
    assert len(set(names)) == len(names)
    money = {n for n in compiled(shipped).dtype.names if n.startswith(("cost_", "time_"))}
    assert money <= set(names)


@pytest.mark.parametrize(
    "category", [c for c in COST_CATEGORIES if c not in ("background", "places")]
)
def test_charging_an_included_category_again_is_refused_with_its_place(shipped, category):
    card = shipped.economics["care_costs"]
    other = card.model_copy(update={"includes": ("background", category), "charged": {}})
    evidence = replace(shipped, economics={**shipped.economics, "care_costs": other})
    with pytest.raises(InputError, match=f"{category} is included.*charged a second time") as told:
        compiled(evidence)
    problem = told.value.problems[0]
    assert problem.file.endswith("care_costs.yaml")
    assert problem.line > 1
    assert f"{{{category}: {{by: state}}}}" in problem.hint


def test_an_included_category_that_costs_nothing_by_event_is_no_second_charge(shipped):
    """No amount of any event is left: nothing to refuse, and nothing to state."""
    free = {
        f"economics.events.{name}": 0
        for name in (
            "crisis_attempt", "emergency_visit", "boarding_day", "admission_day", "suicide_death",
        )
    }  # fmt: skip
    changed = shipped.with_overrides(free)
    card = changed.economics["care_costs"].model_copy(update={"charged": {}})
    evidence = replace(changed, economics={**changed.economics, "care_costs": card})
    assert compiled(evidence)["cost_attempt"] == 0.0


@pytest.mark.parametrize("category", ["treatment", "visits", "drugs", "adverse_events", "crisis"])
def test_what_stays_in_the_cost_by_state_costs_nothing_by_event(shipped, category):
    before = compiled(shipped)
    q = compiled(charging(shipped, category, by="state"))
    for name in CHARGES[category]:
        assert not np.any(q[name])
    assert (q["background_cost"] == before["background_cost"]).all()


def test_time_within_work_lost_may_not_be_charged_again(shipped):
    """Patient time is not also productivity."""
    path = "economics.productivity.includes"
    changed = shipped.with_overrides({path: ["productivity", "patient_time"]})
    with pytest.raises(InputError, match="patient_time is included") as told:
        compiled(changed)
    assert "productivity.yaml" in str(told.value)


def test_a_category_cannot_lie_in_two_costs_by_state(shipped):
    changed = shipped.with_overrides({INCLUDES: ["background", "crisis", "patient_time"]})
    changed = changed.with_overrides(
        {"economics.productivity.includes": ["productivity", "patient_time"]}
    )
    with pytest.raises(InputError, match="patient_time is included in care_costs too"):
        compiled(changed)


def test_more_than_all_cannot_be_taken_out_of_a_state(shipped):
    evidence = charging(shipped, "drugs", by="event", share=share(0.5, 0.5, 0.6))
    evidence = charging(evidence, "visits", by="event", share=share(0.4, 0.4, 0.6))
    with pytest.raises(InputError, match=r"1\.2 of the cost in depressed"):
        compiled(evidence)


def test_events_need_a_share_and_a_state_needs_none(shipped):
    path = "economics.care_costs.charged.crisis"
    with pytest.raises(InputError, match="needs the share"):
        shipped.with_overrides({path: {"by": "event"}})
    with pytest.raises(InputError, match="nothing is taken out"):
        shipped.with_overrides({path: {"share": share(0.1, 0.1, 0.1)}})
    with pytest.raises(InputError, match="not among what the source includes"):
        shipped.with_overrides({INCLUDES: ["background"]})


def test_moving_drugs_from_the_state_to_the_day_they_are_taken_changes_no_total(
    shipped, parameters
):
    """Exact: with the share drug / state cost, the flow of a day on course is what it was."""
    n = parameters.treatments.index("escitalopram")
    before = compiled(charging(shipped, "drugs", by="state"))
    drug = compiled(shipped)["cost_drug"][n]
    after = compiled(
        charging(shipped, "drugs", by="event", share=share(*(drug / before["background_cost"])))
    )
    for state in (REMITTED, RESPONDING, 0):
        flows = []
        for q in (before, after):
            o = np.zeros(1, dtype=ACCOUNT)[0]
            p = np.zeros(1, dtype=PATIENT)[0]
            p["state"], p["care"], p["treatment"] = state, CARE_COURSE, n
            accrual.set_flows(p, o, q, new_tally()[0], 0.0)
            flows.append(o["flow"].copy())
        assert flows[0][COST_DRUGS] == 0.0
        assert flows[1][COST_DRUGS] == pytest.approx(drug, rel=1e-12)
        assert flows[1][COST_BACKGROUND] < flows[0][COST_BACKGROUND]
        assert flows[1].sum() == pytest.approx(flows[0].sum(), rel=1e-12)


def test_moving_crises_from_states_to_events_changes_no_expected_total(tmp_path):
    """One hazard h everywhere, cost c a crisis: h c a year is what is taken out of each state.

    Paired differences of 3,000 patients; the false alarm rate of |z| > 4 is 6e-5.
    """
    rate, cost = 0.2, 4000.0
    bands = ("remission", "mild", "moderate", "severe")
    crisis = "disease.crisis."
    same = {
        **{f"{crisis}attempts_per_1000_years.{band}": 1000 * rate for band in bands},
        **{f"{crisis}suicides_per_100000_years.{band}": 0 for band in bands},
        "economics.events.crisis_attempt": {"value": cost, "price_year": 2024},
        "economics.events.emergency_visit": 0,
        "economics.events.admission_day": 0,
    }
    question = {"usual_care": USUAL_CARE}
    whole = live(ask(tmp_path, question, same, size=3000))
    yearly = whole.parameters.record["background_cost"][0] * 365.25
    moved = {
        **same,
        "economics.care_costs.charged.crisis": {
            "by": "event", "share": share(*(rate * cost / yearly)),
        },
    }  # fmt: skip
    parts = live(ask(tmp_path, question, moved, size=3000))
    for column in ("cost", "cost_undiscounted"):
        before = whole.accounts("usual_care")[column]
        after = parts.accounts("usual_care")[column]
        assert before[:, 4].sum() == 0.0
        assert after[:, 4].mean() > 3000.0
        change = (after - before).sum(axis=1)
        assert abs(change.mean()) < 4 * change.std() / np.sqrt(len(change))
        assert abs(change.mean()) < 0.02 * after[:, 4].mean()
