"""The records: every field declared once with a meaning, small, and of sizes that never change."""

from __future__ import annotations

import numpy as np

from popmodel.parameters import PARAMETERS, STRATEGY
from popmodel.rules import codes
from popmodel.rules.records import ACCOUNT, MAX_TREATMENTS, PATIENT, TALLY, WEEK_COLUMNS, meanings
from popmodel.vocabulary import COST_CATEGORIES, FLOWS, STATES


def test_a_patient_fits_in_five_cache_lines():
    assert PATIENT.itemsize <= 320


def test_a_patient_and_the_account_of_a_strategy_fit_in_a_kilobyte():
    assert PATIENT.itemsize + ACCOUNT.itemsize <= 1000


def test_every_field_says_what_it_means():
    for record, dtype in (("patient", PATIENT), ("account", ACCOUNT), ("tally", TALLY)):
        told = meanings()[record]
        assert set(told) == set(dtype.names)
        assert all(len(text) > 3 for text in told.values())


def test_no_field_hides_a_property_of_the_array_it_lies_in():
    """Without compilation records are read by attribute: a field called `flags` would be lost."""
    for dtype in (PATIENT, ACCOUNT, TALLY, PARAMETERS, STRATEGY):
        assert not set(dtype.names) & set(dir(np.recarray)) - {"T"}
        assert not set(dtype.names) & set(dir(np.record))


def test_weekly_columns_hold_states_flows_money_rates_and_beds():
    assert len(STATES) + len(FLOWS) + 2 * len(COST_CATEGORIES) + 1 == WEEK_COLUMNS


def test_every_event_has_a_name_and_a_place_in_the_order_of_ties():
    events = {name: value for name, value in vars(codes).items() if name.startswith("EVENT_")}
    names = events.pop("EVENT_NAMES")
    assert sorted(events.values()) == list(range(len(names)))
    order = ("DEATH", "CRISIS", "KNOT", "JUDGE", "RELAPSE", "VISIT", "DECIDE")
    places = [events[f"EVENT_{name}"] for name in order]
    assert places == sorted(places)


def test_masks_have_a_bit_for_every_treatment_and_rule():
    assert MAX_TREATMENTS <= 63
    assert PATIENT["tried"].itemsize * 8 > MAX_TREATMENTS
    assert STRATEGY["treat"].shape[0] <= PATIENT["used"].itemsize * 8 - 1
