"""Places over time."""

from __future__ import annotations

from popmodel.scenario import load_scenario
from popmodel.scenario.schema import Service
from popmodel.scenario.services import ORDERS, UNLIMITED, compile_services


def services(scenario):
    return {one.id: one for one in compile_services(scenario, scenario.evidence())}


def test_a_service_nobody_mentions_has_the_places_of_its_card(write):
    scenario = load_scenario(write())
    cards = scenario.evidence().services
    compiled = services(scenario)
    assert list(compiled) == sorted(cards)
    for name, card in cards.items():
        expected = UNLIMITED if card.places is None else card.places
        assert compiled[name].places.tolist() == [expected]
        assert compiled[name].since_days.tolist() == [0.0]
        assert compiled[name].tick_days == 1.0


def test_the_scenario_decides_on_places_order_and_tick(write):
    said = "{places: 4, order: most_severe, tick_days: 7}"
    compiled = services(load_scenario(write(), {"services.saint_suite": said}))["saint_suite"]
    assert compiled.places.tolist() == [4]
    assert ORDERS[compiled.order] == "most_severe"
    assert compiled.tick_days == 7.0


def test_places_open_over_time(write):
    steps = "[{since: 2026-01-11, places: 8}, {since: 2027-01-01, places: 0}]"
    said = f"{{places: 4, opening: {steps}}}"
    compiled = services(load_scenario(write(), {"services.saint_suite": said}))["saint_suite"]
    assert compiled.since_days.tolist() == [0.0, 10.0, 365.0]
    assert compiled.places.tolist() == [4, 8, 0]


def test_a_step_before_the_start_is_what_there_is_at_the_start(write):
    steps = "[{since: 2020-01-01, places: 2}, {since: 2025-01-01, places: 3}]"
    said = f"{{opening: {steps}}}"
    compiled = services(load_scenario(write(), {"services.saint_suite": said}))["saint_suite"]
    assert compiled.since_days.tolist() == [0.0]
    assert compiled.places.tolist() == [3]


def test_orders_are_the_words_of_the_schema():
    assert Service.model_fields["order"].annotation.__args__ == ORDERS
