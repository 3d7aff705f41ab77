"""What must hold in every run, whatever was asked."""

from __future__ import annotations

import numpy as np
from tests.worlds import YEAR, Lives

from popmodel.engine.agents import enter_one, leave_one, wake_one
from popmodel.parameters import compile_strategy
from popmodel.rules.codes import COSTS, LINE_STARTED
from popmodel.rules.records import (
    ACCOUNT,
    MICRO,
    WEEK_BEDS,
    WEEK_COST,
    WEEK_FLOW,
    WEEK_RATE,
    new_tally,
)
from popmodel.scenario import compile_strategies
from popmodel.vocabulary import FLOWS, STATES, STAY_EVENTS


def check(lives: Lives) -> None:
    for name in lives.histories:
        people_are_conserved(lives, name)
        money_is_conserved(lives, name)
        courses_are_conserved(lives, name)
        lives_are_possible(lives, name)


def weeks_of(lives: Lives) -> int:
    return int(np.ceil(float(lives.parameters.record["horizon"][0]) / 7.0))


def people_are_conserved(lives: Lives, name: str) -> None:
    """Everybody who has entered is in exactly one state, every week."""
    week, a = lives.week(name), lives.accounts(name)
    last = weeks_of(lives)
    states = np.cumsum(week[:, : len(STATES)], axis=0)[: last + 1]
    assert (states >= 0).all()
    entered = np.array([(lives.population["entry"] <= 7.0 * k).sum() for k in range(last)])
    assert np.array_equal(states.sum(axis=1)[:last], entered)
    flow = {f: week[:, WEEK_FLOW + k].sum() for k, f in enumerate(FLOWS)}
    assert flow["entries"] == len(a)
    assert flow["deaths"] == np.isfinite(a["died"]).sum() == states[-1, STATES.index("dead")]
    assert flow["starts"] == a["courses"].sum()
    assert flow["crises"] == a["crises"].sum()
    assert flow["relapses"] + flow["recurrences"] == a["relapses"].sum()
    assert flow["recurrences"] == a["recurrences"].sum()
    stays_are_conserved(lives, name, flow)
    # Person-time lies between the counts at the two ends of every week.
    alive = states.sum(axis=1) - states[:, STATES.index("dead")]
    if (lives.population["entry"] == 0).all():
        horizon = float(lives.parameters.record["horizon"][0])
        days = np.minimum(a["died"], horizon).sum()
        assert alive[1:].sum() * 7 - 7 * len(a) <= days <= alive[:last].sum() * 7 + 1e-6


def stays_are_conserved(lives: Lives, name: str, flow: dict[str, int]) -> None:
    """Who comes to a place goes on, goes home, dies or is still there; beds add up by week."""
    a, tally = lives.accounts(name), lives.histories[name].tally
    stay = dict(zip(STAY_EVENTS, tally["stay"][0], strict=True))
    assert flow["crises"] == stay["fatal"] + stay["arrived"] + stay["again"]
    assert stay["fatal"] == a["suicide"].sum()
    left = stay["home_from_emergency"] + stay["died_in_emergency"] + stay["still_in_emergency"]
    assert stay["arrived"] == stay["admitted"] + left
    ended = stay["home_from_ward"] + stay["died_on_ward"] + stay["still_on_ward"]
    assert stay["admitted"] == ended == flow["admissions"] == a["admissions"].sum()
    beds = lives.week(name)[:, WEEK_BEDS].sum() / MICRO
    assert abs(beds - a["bed_days"].sum()) <= 1e-6 * (1 + 2 * stay["admitted"])
    assert ((a["bed_days"] > 0) <= (a["admissions"] > 0)).all()
    begun = tally["begun"][0]
    assert np.array_equal(begun.sum(axis=1), tally["line"][0][:, :, LINE_STARTED].sum(axis=0))


def money_is_conserved(lives: Lives, name: str) -> None:
    """Categories add up to totals, weeks add up to categories, in millionths."""
    a, week = lives.accounts(name), lives.week(name)
    assert np.isfinite(a["cost"]).all()
    assert (a["cost"] >= 0).all()
    assert (a["cost"] <= a["cost_undiscounted"] * (1 + 1e-12) + 1e-9).all()
    last = weeks_of(lives) + 1
    for category in range(COSTS):
        paid = week[:last, WEEK_COST + category].sum()
        flowed = np.cumsum(week[:last, WEEK_RATE + category]).sum()
        total = a["cost_undiscounted"][:, category].sum()
        rounding = 1e-6 * (a["events"].sum() + 300 * len(a))
        assert abs((paid + flowed) / MICRO - total) <= 1e-6 * total + rounding


def courses_are_conserved(lives: Lives, name: str) -> None:
    """Every course that began has ended in one way, or is under way at the horizon."""
    line = lives.histories[name].tally["line"][0]
    assert (line >= 0).all()
    started = line[:, :, LINE_STARTED].sum(axis=0)
    ended = np.delete(line, LINE_STARTED, axis=2).sum(axis=(0, 2))
    assert np.array_equal(started, ended)
    assert started.sum() == lives.accounts(name)["courses"].sum()


def lives_are_possible(lives: Lives, name: str) -> None:
    a, p = lives.accounts(name), lives.persons(name)
    horizon = float(lives.parameters.record["horizon"][0])
    entry = lives.population["entry"]
    lived = np.minimum(a["died"], horizon) - entry
    slack = 1e-9 * (1 + horizon)
    assert (lived >= -slack).all()
    assert (a["remission_days"] >= 0).all()
    assert (a["remission_days"] <= lived + slack).all()
    assert (a["remission_days_90"] <= np.minimum(lived, 90.0) + slack).all()
    assert (a["remission_days_90"] <= a["remission_days"] + slack).all()
    assert (a["qaly_undiscounted"] <= lived / YEAR + slack).all()
    assert np.isfinite(a["qaly"]).all()
    for first in ("first_remission", "first_response"):
        known = np.isfinite(a[first])
        assert (a[first][known] >= 0).all()
        assert (a[first][known] <= lived[known] + slack).all()
    assert not (a["remitted_end"] & np.isfinite(a["died"])).any()
    assert (np.isfinite(a["first_remission"]) | (a["remission_days"] == 0)).all()
    assert (a["recurrences"] <= a["relapses"]).all()
    assert ((a["suicide"] == 0) | np.isfinite(a["died"])).all()
    assert (a["suicide"] <= a["crises"]).all()
    depressed = p["state"] < STATES.index("remitted")
    assert (p["reference"][depressed] > 0).all()
    assert (p["worst"] <= 60 * (1 + 1e-9)).all()
    assert (p["line"] >= 1).all()
    assert (p["failures"] < p["line"]).all()


def time_goes_forward(lives: Lives, patients: int) -> None:
    """No patient ever wakes before the day it is, under any strategy."""
    q = lives.parameters.record[0]
    records = compile_strategies(lives.scenario, lives.scenario.evidence())
    for strategy in records:
        s = compile_strategy(strategy)[0]
        tally = new_tally()[0]
        for n in range(min(patients, len(lives.population))):
            p = lives.population[n : n + 1].copy()[0]
            o = np.zeros(1, dtype=ACCOUNT)[0]
            enter_one(p, o, q, s, tally)
            day = float(p["entry"])
            while p["wake"] < q["horizon"]:
                told = f"patient {n}, {strategy.id}: event {p['event']}"
                assert p["wake"] >= day, f"{told} falls due on day {p['wake']}, it is {day}"
                day = float(p["wake"])
                wake_one(p, o, q, s, tally)
            leave_one(p, o, q, tally)
