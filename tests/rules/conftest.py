"""A patient of one's own: rules are called one by one, as the schedulers call them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from popmodel.randomness import exponential, patient_key
from popmodel.rules.records import ACCOUNT, PATIENT, new_tally


@pytest.fixture
def new_patient(parameters):
    """Make a depressed patient of 40 with every clock at rest."""

    def make(number: int = 0, **fields):
        p = np.zeros(1, dtype=PATIENT)
        p["want"] = p["place"] = -1
        p["renege"] = p["freed"] = np.inf
        row = p[0]
        row["key"] = patient_key(1, number)
        row["id"] = number
        row["age"] = 40.0
        row["worst"] = 30.0
        for name in ("treatment", "worked", "keeper", "previous"):
            row[name] = -1
        for name in ("due", "crisis_end", "crisis", "ask", "relapse", "death", "excess"):
            row[name] = math.inf
        row["kept_until"] = -math.inf
        row["well_since"] = math.inf
        row["band"] = 2
        row["reference"] = 30.0
        row["contact_target"] = parameters.contacts.index("none")
        for name, value in fields.items():
            row[name] = value
        return p[0]

    return make


def budget_of(p, salt: int, occurrence: int = 0) -> float:
    """Return the budget of a hazard: a unit exponential that is the patient's own."""
    return exponential(np.uint64(p["key"]), np.uint64(salt), occurrence)


@pytest.fixture
def patient(new_patient):
    return new_patient()


@pytest.fixture
def account():
    o = np.zeros(1, dtype=ACCOUNT)[0]
    o["utility_lag"] = 1.0
    o["state_flow_worth"] = o["care_flow_worth"] = 1.0
    o["utility_worth"] = 1.0
    o["first_remission"] = o["first_response"] = o["died"] = math.inf
    return o


@pytest.fixture
def tally():
    return new_tally()[0]
