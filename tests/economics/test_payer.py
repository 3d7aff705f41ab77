"""One payer's money beside everybody's health."""

from __future__ import annotations

import pandas as pd
import pytest

from popmodel.economics import incremental_table, paid_by
from popmodel.errors import InputError

COSTS = pd.DataFrame(
    [
        ("old", "drugs", "insurer", 80.0), ("old", "drugs", "patient", 20.0),
        ("old", "patient_time", "patient", 5.0),
        ("new", "drugs", "insurer", 160.0), ("new", "drugs", "patient", 40.0),
        ("new", "patient_time", "patient", 1.0), ("none", "drugs", "insurer", 1.0),
    ],
    columns=["strategy", "category", "payer", "cost"],
)  # fmt: skip
STRATEGIES = pd.DataFrame({"strategy": ["new", "old", "none"], "qaly": [2.0, 1.5, 1.0]})


def test_what_all_payers_spend_is_the_whole():
    parts = [paid_by(COSTS, STRATEGIES, payer) for payer in ("insurer", "patient")]
    whole = COSTS.groupby("strategy")["cost"].sum()
    found = sum(part.set_index("strategy")["cost"] for part in parts)
    assert found.to_dict() == whole.to_dict()
    assert parts[0]["strategy"].tolist() == ["new", "old", "none"]
    assert parts[1]["cost"].tolist() == [41.0, 25.0, 0.0]


def test_payers_have_frontiers_of_their_own():
    insurer = incremental_table(paid_by(COSTS, STRATEGIES, "insurer")).set_index("strategy")
    patient = incremental_table(paid_by(COSTS, STRATEGIES, "patient")).set_index("strategy")
    assert insurer.loc["old", "status"] == "frontier"
    assert insurer.loc["new", "icer"] == pytest.approx(80 / 0.5)
    assert patient.loc["new", "icer"] == pytest.approx(41.0)
    assert patient.loc["old", "status"] == "extended_dominated"


def test_structures_stay_apart():
    both = [t.assign(structure=s) for s in ("a", "b") for t in (COSTS,)]
    wide = pd.concat([STRATEGIES.assign(structure=s) for s in ("a", "b")], ignore_index=True)
    found = paid_by(pd.concat(both, ignore_index=True), wide, "patient")
    assert found.groupby("structure")["cost"].sum().tolist() == [66.0, 66.0]


def test_a_payer_who_pays_for_nothing_is_refused_with_the_nearest():
    with pytest.raises(InputError, match=r"patients pays for nothing.*patient"):
        paid_by(COSTS, STRATEGIES, "patients")
    with pytest.raises(InputError, match="payer"):
        paid_by(COSTS.drop(columns="payer"), STRATEGIES, "patient")
