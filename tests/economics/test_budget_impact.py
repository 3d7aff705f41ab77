"""Budget impact: by hand, and what must hold."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from popmodel.economics import budget_impact
from popmodel.errors import InputError

COSTS = pd.DataFrame(
    [
        ("old", "insurer", 1, 100.0), ("old", "insurer", 2, 50.0), ("old", "insurer", 3, 50.0),
        ("old", "patient", 1, 10.0), ("old", "patient", 2, 10.0), ("old", "patient", 3, 10.0),
        ("new", "insurer", 1, 300.0), ("new", "insurer", 2, 20.0), ("new", "insurer", 3, 0.0),
        ("new", "patient", 1, 5.0), ("new", "patient", 2, 0.0), ("new", "patient", 3, -1.0),
    ],
    columns=["strategy", "payer", "year", "cost"],
)  # fmt: skip
ENTRANTS = pd.DataFrame({"year": [2027, 2026, 2028], "patients": [20, 10, 0]})
UPTAKE = pd.DataFrame(
    [(2026, "new", 0.5), (2026, "old", 0.5), (2027, "new", 1.0), (2028, "new", 1.0)],
    columns=["year", "strategy", "share"],
)


def cell(table: pd.DataFrame, year: int, payer: str, column: str) -> float:
    return table[(table["year"] == year) & (table["payer"] == payer)][column].item()


def test_three_years_and_two_payers_by_hand():
    out = budget_impact(COSTS, ENTRANTS, UPTAKE, "old")
    assert list(out.columns) == ["year", "payer", "current", "new", "impact"]
    assert out["year"].tolist() == [2026] * 3 + [2027] * 3 + [2028] * 3
    assert out["payer"].tolist() == ["insurer", "patient", "all"] * 3
    # now: 10 enter, then 20: 10·100; 20·100 + 10·50; 20·50 + 10·50
    assert [cell(out, y, "insurer", "current") for y in (2026, 2027, 2028)] == [1000, 2500, 1500]
    # then: 5 old + 5 new; 20 new + (5·50 + 5·20); 20·20 + (5·50 + 5·0)
    assert [cell(out, y, "insurer", "new") for y in (2026, 2027, 2028)] == [2000, 6350, 650]
    assert [cell(out, y, "patient", "new") for y in (2026, 2027, 2028)] == [75, 150, 45]
    assert cell(out, 2027, "all", "impact") == 6350 + 150 - 2500 - (20 * 10 + 10 * 10)


def test_without_uptake_there_is_no_impact():
    nobody = UPTAKE.assign(strategy="old", share=1.0).drop_duplicates("year")
    out = budget_impact(COSTS, ENTRANTS, nobody, "old")
    assert (out["impact"] == 0.0).all()


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.integers(1, 1000))
@settings(max_examples=25, deadline=None)
def test_payers_add_up_and_budgets_grow_with_patients_and_shares(shares, times):
    uptake = pd.concat(
        [
            pd.DataFrame({"year": [2026, 2027, 2028], "strategy": "new", "share": shares}),
            pd.DataFrame(
                {"year": [2026, 2027, 2028], "strategy": "old", "share": [1 - s for s in shares]}
            ),
        ]
    )
    out = budget_impact(COSTS, ENTRANTS, uptake, "old")
    sums = out[out["payer"] != "all"].groupby("year")["impact"].sum()
    assert out[out["payer"] == "all"]["impact"].tolist() == pytest.approx(sums.tolist(), abs=1e-6)
    more = budget_impact(
        COSTS, ENTRANTS.assign(patients=ENTRANTS["patients"] * times), uptake, "old"
    )
    assert more["impact"].tolist() == pytest.approx((out["impact"] * times).tolist(), abs=1e-3)


def test_the_world_of_today_may_be_a_mixture_too():
    out = budget_impact(COSTS, ENTRANTS, UPTAKE, UPTAKE)
    assert (out["impact"] == 0.0).all()


def test_categories_are_charged_to_who_pays_for_them():
    costs = pd.DataFrame(
        [(s, c, 1, v) for s in ("old", "new") for c, v in
         (("drugs", 3.0), ("visits", 4.0), ("productivity", 5.0), ("patient_time", 6.0))],
        columns=["strategy", "category", "year", "cost"],
    )  # fmt: skip
    entrants = pd.DataFrame({"year": [2026], "patients": [2]})
    everyone = pd.DataFrame({"year": [2026], "strategy": "new", "share": [1.0]})
    out = budget_impact(costs, entrants, everyone, "old").set_index("payer")["new"]
    assert out.to_dict() == {
        "health_system": 14.0, "employer_and_household": 10.0, "patient": 12.0, "all": 36.0
    }  # fmt: skip


def test_structures_are_evaluated_apart():
    both = pd.concat([COSTS.assign(structure="x"), COSTS.assign(structure="y")])
    out = budget_impact(both, ENTRANTS, UPTAKE, "old")
    assert out["structure"].tolist() == ["x"] * 9 + ["y"] * 9


@pytest.mark.parametrize(
    ("costs", "entrants", "uptake", "current", "words"),
    [
        (COSTS[COSTS["year"] < 3], ENTRANTS, UPTAKE, "old", "old has none for insurer in year 3"),
        (COSTS.iloc[1:], ENTRANTS, UPTAKE, "old", "old has none for insurer in year 1 after entry"),
        (COSTS, ENTRANTS.iloc[1:], UPTAKE, "old", "years are left out between 2026 and 2028"),
        (COSTS, ENTRANTS.assign(patients=-1), UPTAKE, "old", "number of patients is negative"),
        (COSTS, ENTRANTS.assign(year=[1.5, 2, 3]), UPTAKE, "old", "whole numbers"),
        (COSTS, ENTRANTS, UPTAKE.iloc[1:], "old", "shares of 2026 add up to 0.5, not to 1"),
        (COSTS, ENTRANTS, UPTAKE.assign(share=[1.5, -0.5, 1, 1]), "old", "a share is negative"),
        (COSTS, ENTRANTS, UPTAKE, "older", "uptake: older has no costs"),
        (COSTS, ENTRANTS, pd.concat([UPTAKE, UPTAKE]), "old", "a second row for year 2026"),
        (COSTS.assign(cost=float("nan")), ENTRANTS, UPTAKE, "old", "not a finite number"),
        (
            COSTS.drop(columns="payer").assign(category="gifts"), ENTRANTS, UPTAKE, "old",
            "nobody is known to pay for gifts",
        ),
    ],
)  # fmt: skip
def test_a_budget_that_lacks_something_is_refused(costs, entrants, uptake, current, words):
    with pytest.raises(InputError, match=words):
        budget_impact(costs, entrants, uptake, current)
