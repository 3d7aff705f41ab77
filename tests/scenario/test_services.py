"""Places over time."""

from __future__ import annotations

from popmodel.scenario import load_scenario
from popmodel.scenario.schema import QueueOrder
from popmodel.scenario.services import ORDERS, UNLIMITED, compile_services


def services(scenario):
    return {one.id: one for one in compile_services(scenario, scenario.evidence())}


def suite(path, said):
    scenario = load_scenario(path, {"services.saint_suite": said}, replicates=20)
    return services(scenario)["saint_suite"]


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
    compiled = suite(write(), said)
    assert compiled.places.tolist() == [4]
    assert compiled.weights == ORDERS["most_severe"]
    assert compiled.tick_days == 7.0
    weighted = suite(write(), "{places: 4, order: {severity: 1, week: 0.5}}")
    assert weighted.weights == (0.0, 1.0, 0.0, 0.5)


def test_places_open_over_time(write):
    steps = "[{since: 2026-01-11, places: 8}, {since: 2027-01-01, places: 0}]"
    said = f"{{places: 4, opening: {steps}}}"
    compiled = suite(write(), said)
    assert compiled.since_days.tolist() == [0.0, 10.0, 365.0]
    assert compiled.places.tolist() == [4, 8, 0]


def test_a_step_before_the_start_is_what_there_is_at_the_start(write):
    steps = "[{since: 2020-01-01, places: 2}, {since: 2025-01-01, places: 3}]"
    said = f"{{opening: {steps}}}"
    compiled = suite(write(), said)
    assert compiled.since_days.tolist() == [0.0]
    assert compiled.places.tolist() == [3]


def test_a_roll_out_may_be_written_in_short(write):
    said = "{places: [{from: 2026-01, n: 4}, {from: 2027-01, n: 12}]}"
    compiled = suite(write(), said)
    assert compiled.since_days.tolist() == [0.0, 365.0]
    assert compiled.places.tolist() == [4, 12]


def test_a_site_and_a_strategy_say_what_differs(write):
    scenario = load_scenario(
        write(),
        {
            "services.saint_suite": "{places: 4, order: most_severe}",
            "sites": "{north: {share: 0.5}, south: {share: 0.5}}",
            "sites.south.services": "{saint_suite: {places: 1}}",
            "strategies.saint_first.services": "{saint_suite: {tick_days: 7}}",
        },
        replicates=20,
    )
    evidence = scenario.evidence()
    found = {
        (strategy, site): next(
            one
            for one in compile_services(scenario, evidence, strategy, site)
            if one.id == "saint_suite"
        )
        for strategy in ("", "saint_first")
        for site in scenario.sites
    }
    places = {key: one.places.tolist() for key, one in found.items()}
    assert places["", "north"] == [4] and places["saint_first", "south"] == [1]
    assert {one.weights for one in found.values()} == {ORDERS["most_severe"]}
    assert found["saint_first", "north"].tick_days == 7.0 > found["", "north"].tick_days


def test_orders_are_the_words_of_the_schema():
    assert QueueOrder.__args__ == tuple(ORDERS)
