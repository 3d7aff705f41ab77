"""The impact inventory says what is counted, and says it of what was charged."""

from __future__ import annotations

import pandas as pd
import pytest

from popmodel.economics import impact_inventory
from popmodel.errors import InputError

HEALTH = ("treatment", "visits", "drugs", "adverse_events", "crisis", "background")


def costs(**changed):
    amounts = {**dict.fromkeys(HEALTH, 10.0), "productivity": 5.0, "patient_time": 2.0, **changed}
    rows = [("a", name, "insurer", amount) for name, amount in amounts.items()]
    return pd.DataFrame(rows, columns=["strategy", "category", "payer", "cost"])


def inventory(table, *more):
    return impact_inventory(table, *more).set_index("impact")


def test_each_perspective_counts_what_the_second_panel_asks_for_and_says_what_it_leaves_out():
    table = inventory(costs(), ["background"], "human_capital")
    assert list(table.columns) == ["sector", "health_care", "societal", "note"]
    assert (table.loc[["patient time", "work lost to illness"], "health_care"] == "no").all()
    assert (table.loc[["patient time", "work lost to illness"], "societal"] == "yes").all()
    assert table.loc["work lost to death", "societal"] == "shown apart"
    assert "human capital" in table.loc["work lost to death", "note"]
    missing = ["time of unpaid carers", "transport", "education", "housing", "environment"]
    assert (table.loc[missing, "societal"] == "no").all()
    assert table.index.is_unique
    assert set(table["sector"]) == {"formal health care", "informal health care", "other sectors"}


def test_what_nobody_is_charged_for_is_not_called_counted():
    table = inventory(costs(patient_time=0.0, background=0.0))
    assert table.loc["patient time", "societal"] == "no"
    assert table.loc["future costs of other illness", "health_care"] == "no"
    assert table.loc["work lost to death", "societal"] == "no"


def test_what_costs_by_state_hold_is_counted_although_no_event_is_charged():
    table = inventory(costs(crisis=0.0, patient_time=0.0), {"background", "crisis", "patient_time"})
    note = table.loc["medical costs paid by insurer", "note"]
    assert note.endswith("inside the costs by state: crisis")
    assert table.loc["patient time", "note"] == "inside the costs by state"


def test_a_patient_who_pays_shows_as_a_payer():
    table = costs()
    assert inventory(table).loc["medical costs paid by patients", "societal"] == "no"
    table.loc[table["category"] == "drugs", "payer"] = "patient"
    assert inventory(table).loc["medical costs paid by patients", "societal"] == "yes"


def test_structures_have_inventories_of_their_own():
    both = pd.concat([costs().assign(structure="a"), costs(drugs=0.0).assign(structure="b")])
    found = impact_inventory(both.reset_index(drop=True))
    assert list(found["structure"].unique()) == ["a", "b"]
    one = found[found["structure"] == "b"].set_index("impact")
    assert "drugs" not in one.loc["medical costs paid by insurer", "note"]


def test_a_table_without_payers_is_refused():
    with pytest.raises(InputError, match="payer"):
        impact_inventory(costs().drop(columns="payer"))
