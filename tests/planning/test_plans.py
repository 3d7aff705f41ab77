"""Planning questions on a small region: runs with other places on the same patients and luck."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.worlds import SCENARIOS

from popmodel.errors import InputError
from popmodel.planning.answer import asked_of, plan, runs_of, save
from popmodel.planning.demand import demand
from popmodel.planning.enough_places import enough_places, places_question
from popmodel.planning.place_value import place_value
from popmodel.planning.systems import run_with, world_of
from popmodel.planning.waiting_cost import NO_WAIT, waiting_cost
from popmodel.planning.who_waits import who_waits
from popmodel.scenario import load_scenario
from popmodel.scenario.place_change import AS_SAID, PlaceChange
from popmodel.scenario.schema import Scenario

SMALL = {
    "population.size": "250", "population.incident_per_year": "60", "replicates": "8",
    "horizon.years": "2", "structure.severity_effect": "evidence",
    "strategies.roll_out.services.saint_suite.places": (
        "[{from: 2026-01, n: 1}, {from: 2027-01, n: 2}]"
    ),
}  # fmt: skip
PLACES = "strategies.roll_out.services.saint_suite.places"


def region(**changes: str) -> Scenario:
    with pytest.warns(UserWarning, match="replicates"):
        return load_scenario(SCENARIOS / "saint_rollout.yaml", {**SMALL, **changes})


@pytest.fixture(scope="module")
def scenario():
    return region()


@pytest.fixture(scope="module")
def world(scenario):
    return world_of(scenario, "evidence", threads=1)


@pytest.fixture(scope="module")
def base(world):
    return run_with(world, "roll_out")


def median_wait(found):
    served = found.waits[found.waits["ended"] == 0]
    return float(np.median(served["left"] - served["joined"]))


def test_no_change_of_places_changes_nothing(world, base):
    again = run_with(world, "roll_out", PlaceChange("saint_suite", "", more=0))
    pd.testing.assert_frame_equal(again.totals, base.totals)
    for name in base.waits.dtype.names:
        np.testing.assert_array_equal(again.waits[name], base.waits[name])


def test_replicates_hold_all_patients_once(world, base, scenario):
    assert len(base.totals) == scenario.replicates
    assert base.totals["patients"].sum() == len(world.population)


def test_more_places_mean_shorter_waits_and_plenty_of_them_none(world, base):
    more = run_with(world, "roll_out", PlaceChange(more=3))
    plenty = run_with(world, "roll_out", NO_WAIT)
    assert median_wait(plenty) <= 1.0
    assert median_wait(more) < median_wait(base)
    waits = plenty.waits["left"] - plenty.waits["joined"]
    assert waits[plenty.waits["ended"] == 0].max() <= 1.0
    assert (plenty.totals["cost_places"] == 0.0).all()


def test_places_until_a_wait_agrees_with_trying_every_number(world, scenario):
    question = places_question(scenario, "services.saint_suite.places",
                               "wait_days_median(roll_out) < 28")  # fmt: skip
    answer = enough_places(world, question)
    held = {}
    for places in range(1, answer.places + 2):
        found = run_with(world, "roll_out", PlaceChange("saint_suite", number=places))
        held[places] = median_wait(found) < 28
    assert answer.places == min(n for n, holds in held.items() if holds)
    assert answer.low <= answer.places <= answer.high
    row = answer.tried.set_index("places").loc[answer.places]
    assert row["holds"] and 0.0 < row["share_holding"] <= 1.0


def test_a_wait_nobody_can_reach_holds_nowhere(world, scenario):
    question = places_question(scenario, PLACES, "wait_days_median < 0", (1, 3))
    assert enough_places(world, question).status == "holds_nowhere"


@pytest.mark.parametrize(
    ("path", "until", "told"),
    [
        ("services.saint_suit.places", "wait_days_median(roll_out) < 28", "saint_suite"),
        ("services.saint_suite.places", "wait_days_median < 28", "say which"),
        ("services.saint_suite.places", "wait_days_median(usual_care) < 28", "no number of places"),
        (PLACES, "wait_days_medain < 28", "wait_days_median"),
        (PLACES, "wait_days_median < soon", "such as"),
        ("sites.north.services.saint_suite.places", "wait_days_median < 28", "no site"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_the_nearest_that_does(
    scenario, path, until, told
):
    with pytest.raises(InputError, match=told):
        places_question(scenario, path, until)


def test_the_value_of_a_place_is_the_difference_of_two_runs_by_place_year(world, base, scenario):
    table = place_value(world, "roll_out", base)
    more = run_with(world, "roll_out", PlaceChange("saint_suite", "", more=1))
    gained = more.totals - base.totals
    row = table[(table["change"] == "one_more") & (table["wtp"] == 100_000)].iloc[0]
    benefit = 100_000 * gained["qaly"] - gained["cost"]
    assert row["nmb_per_place_year"] * row["place_years"] == pytest.approx(benefit.mean())
    paid = gained["cost_places"].mean() / row["place_years"]
    assert paid == pytest.approx(row["price_of_place_year"], rel=1e-6)
    assert row["worth_before_price"] == pytest.approx(
        row["nmb_per_place_year"] + row["price_of_place_year"]
    )
    assert set(table["from_year"]) == {1, 2}


def test_an_idle_place_is_worth_what_it_costs_and_nothing_more(scenario):
    plenty = region(**{PLACES: "200"})
    world = world_of(plenty, "evidence", threads=1)
    table = place_value(world, "roll_out", run_with(world, "roll_out"))
    more = table[table["change"] == "one_more"]
    assert more["nmb_per_place_year"].to_numpy() == pytest.approx(-60_000.0, rel=1e-6)
    assert (more["verdict"] == "does_not_pay").all()


def test_waiting_costs_nothing_where_nobody_waits(scenario):
    world = world_of(region(**{PLACES: "500"}), "evidence", threads=1)
    base, no_wait = run_with(world, "roll_out"), run_with(world, "roll_out", NO_WAIT)
    lost = waiting_cost(world, "roll_out", base, no_wait).set_index("measure")["lost"]
    assert lost["qaly"] == 0.0 and lost["suicides"] == 0.0 and lost["crises"] == 0.0


def test_demand_by_year_adds_up_to_all_referrals(world, base):
    table = demand(world, "roll_out", base, run_with(world, "roll_out", NO_WAIT))
    referred = (base.waits["booster"] == 0).sum() / world.scenario.replicates
    assert table["joined"].sum() == pytest.approx(referred)
    assert table["places"].tolist() == pytest.approx([1.0, 2.0], abs=0.03)


def test_the_most_severe_wait_less_when_they_are_served_first(world):
    table = who_waits(world, "roll_out")
    severe = table[(table["dimension"] == "severity_band") & (table["group"] == "severe")]
    days = severe.set_index("discipline")["wait_days_mean"]
    assert days["most_severe"] < days["longest_wait"]
    assert set(days.index) == {"longest_wait", "most_severe", "latest_line", "weighted"}


def test_few_replicates_and_no_places_are_refused_together(scenario):
    with pytest.raises(InputError, match="8 are the fewest"):
        asked_of(region(replicates="3"))
    with pytest.raises(InputError, match="no service has a number of places"):
        asked_of(load_scenario(SCENARIOS / "five_pathways.yaml"))


def test_all_questions_are_answered_in_as_many_runs_as_were_announced(scenario, tmp_path):
    asked = asked_of(scenario, strategies=("roll_out",))
    done = []
    planned = plan(asked, 1, lambda: done.append(1))
    assert len(done) == runs_of(asked)
    files = save(planned, tmp_path / "places")
    assert {f.name for f in files} == {f"{name}.csv" for name in planned.tables}
    assert len(pd.read_csv(tmp_path / "places" / "place_value.csv")) == len(
        planned.tables["place_value"]
    )
    assert world_free_of(planned)


def world_free_of(planned):
    """Every table names structure, strategy and has rows."""
    return all(len(t) and {"structure", "strategy"} <= set(t) for t in planned.tables.values())


def test_as_said_is_no_change(world):
    assert PlaceChange() == AS_SAID and world.wtp == 100_000
