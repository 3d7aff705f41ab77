"""Tables of a run for those who decide: budgets, steps of cost, courses, fairness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from popmodel.economics.fairness import fairness
from popmodel.economics.gained_per_million import gained_per_million
from popmodel.economics.price_curve import courses_of
from popmodel.economics.waterfall import cost_steps
from popmodel.economics.yearly_budget import yearly_budget
from popmodel.parameters import Parameters
from popmodel.scenario.schema import Scenario

EFFECTS = ("remission_weeks", "remission_12m")


def decision_tables(
    scenario: Scenario,
    parameters: Parameters,
    tables: Mapping[str, pd.DataFrame],
    weekly: pd.DataFrame,
    patients: Mapping[str, pd.DataFrame],
) -> dict[str, pd.DataFrame]:
    """Return the tables that are made from other tables of one structure.

    Args:
        scenario: what is asked.
        parameters: its numbers.
        tables: `cost_by_category`, `flow` and `subgroups` are needed.
        weekly: of all strategies.
        patients: by strategy, one row a patient.
    """
    comparator, costs = scenario.comparator, tables["cost_by_category"]
    size = len(patients[comparator])
    days = float(parameters.record["horizon"][0])
    wtp = sorted(scenario.willingness_to_pay)[len(scenario.willingness_to_pay) // 2]
    cost = f"cost_{scenario.perspective}"
    return {
        "budget": yearly_budget(weekly, costs, comparator, size, days),
        "waterfall": cost_steps(costs, comparator, scenario.perspective),
        "courses": courses_of(tables["flow"], costs, size, course_prices(parameters)),
        "equity": fairness(tables["subgroups"], comparator, wtp),
        "remission_per_million": gained_per_million(patients, comparator, cost, EFFECTS),
    }


def course_prices(parameters: Parameters) -> dict[str, float]:
    """Return what a whole course of each treatment costs, all its sessions included."""
    q: Any = parameters.record
    whole = q["cost_course"] + q["cost_session"] * q["session_days"]
    return dict(zip(parameters.treatments, whole.reshape(-1).tolist(), strict=False))
