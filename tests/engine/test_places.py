"""Places and queues: nothing is lost, nobody jumps, and only those behind are touched."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.random_systems import DAYS, SERVICES, World, world_of
from tests.engine.systems import plans_of
from tests.verification.queues import drive
from tests.verification.queues.design import Setting
from tests.worlds import differing

from popmodel.engine import compiled
from popmodel.engine.arm import trial_strategy
from popmodel.engine.plans import Plans, SitePlan
from popmodel.engine.services import beat_of
from popmodel.population import synthesise
from popmodel.rules import codes as c
from popmodel.scenario.services import CompiledService
from popmodel.vocabulary import WAIT_ENDS

FEW = settings(
    max_examples=20, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def history_of(world: World, threads: int = 1):
    return compiled.simulate(
        world.population, world.parameters, [world.strategy], threads=threads, plans=world.plans
    )[0]


def by_system(waits):
    """Waits by replicate, site and service."""
    found = defaultdict(list)
    for row in waits:
        found[int(row["replicate"]), int(row["site"]), int(row["service"])].append(row)
    return found


def first_tick(day: float, tick: float) -> int:
    """The first tick at or after a day, counted one by one."""
    k = max(int(day / tick) - 2, 0)
    while k * tick < day:
        k += 1
    return k


def last_tick(row, start: int, tick: float) -> float:
    """The tick on which a place is free again; one that is freed at once counts from the next."""
    if math.isnan(row["until"]):
        return math.inf
    return max(first_tick(float(row["until"]), tick), start + 1)


@FEW
@given(st.integers(0, 1_000_000))
def test_no_more_places_are_taken_than_are_open(parameters, seed):
    """Each time a place is given: all that are taken then, and those not ring-fenced."""
    world = world_of(parameters, seed)
    for (_, site, n), rows in by_system(history_of(world).waits).items():
        plan, service = world.plans.sites[0][site], world.services[site][n]
        tick = float(plan.places[0]["beat"])
        held = [row for row in rows if row["ended"] == c.WAIT_SERVED]
        starts = [round(float(row["left"]) / tick) for row in held]
        ends = [last_tick(row, a, tick) for row, a in zip(held, starts, strict=True)]
        units = [
            1 if row["treatment"] < 0 else int(plan.parameters[0]["place_units"][row["treatment"]])
            for row in held
        ]
        for k in set(starts):
            step = np.searchsorted(service.since_days, k * tick, side="right") - 1
            slots = int(service.places[step]) * service.at_once
            open_to_all = slots - math.floor(service.fence_share * slots)
            used = [0, 0]
            for row, a, b, u in zip(held, starts, ends, units, strict=True):
                if a <= k < b:
                    used[int(row["lane"])] += u
            assert sum(used) <= slots
            if any(a == k and row["lane"] == 0 for row, a in zip(held, starts, strict=True)):
                assert used[0] <= open_to_all


@FEW
@given(st.integers(0, 1_000_000))
def test_who_joins_is_served_left_well_died_or_waits_to_the_patient(parameters, seed):
    world = world_of(parameters, seed)
    history = history_of(world)
    persons, accounts = history.persons, history.accounts
    waits = history.waits[history.waits["treatment"] >= 0]
    assert (np.bincount(waits["patient"], minlength=len(persons)) == persons["joins"]).all()
    assert np.isfinite(waits["left"]).all()
    assert (waits["left"] >= waits["joined"]).all()
    assert ((waits["ended"] >= 0) & (waits["ended"] < len(WAIT_ENDS))).all()
    assert (persons["want"] == -1).all()
    who = waits["patient"]
    died = waits["ended"] == c.WAIT_DIED
    assert (accounts["died"][who[died]] == waits["left"][died]).all()
    still = waits["ended"] == c.WAIT_STILL
    assert (waits["left"][still] == DAYS).all()
    assert np.isinf(accounts["died"][who[still]]).all()
    served = waits["ended"] == c.WAIT_SERVED
    assert (np.isnan(waits["until"]) | served).all()
    assert (waits["until"][served & np.isfinite(waits["until"])] >= waits["left"][
        served & np.isfinite(waits["until"])
    ]).all()  # fmt: skip
    counted = served | still
    days = np.bincount(
        who[counted], (waits["left"] - waits["joined"])[counted], minlength=len(persons)
    )
    assert np.allclose(accounts["wait_days"], days, rtol=1e-12, atol=1e-9)
    assert (accounts["waits"] == np.bincount(who[counted], minlength=len(persons))).all()


@FEW
@given(st.integers(0, 1_000_000))
def test_nobody_waits_twice_at_once(parameters, seed):
    world = world_of(parameters, seed)
    waits = history_of(world).waits
    for kind in (waits["treatment"] >= 0, waits["treatment"] < 0):
        assert_one_after_the_other(waits[kind])


def assert_one_after_the_other(waits):
    order = np.lexsort((waits["left"], waits["joined"], waits["patient"]))
    one, following = waits[order][:-1], waits[order][1:]
    same = one["patient"] == following["patient"]
    assert (following["joined"][same] >= one["left"][same]).all()


@FEW
@given(st.integers(0, 1_000_000))
def test_every_course_of_a_limited_service_was_waited_for(parameters, seed):
    """Per treatment: courses begun = waits that ended with a place, boosters and bridges apart."""
    world = world_of(parameters, seed)
    history = history_of(world)
    begun = history.tally["line"][0].sum(axis=0)[:, c.LINE_STARTED]
    served = history.waits[(history.waits["ended"] == c.WAIT_SERVED)]
    served = served[served["booster"] == 0]
    strategy = world.strategy[0]
    bridge = int(strategy["bridge"]) if strategy["on_full"] == c.FULL_BRIDGE else -1
    for treatment in np.flatnonzero(world.parameters["service"][0] >= 0):
        if treatment != bridge:
            assert begun[treatment] == (served["treatment"] == treatment).sum()


@FEW
@given(st.integers(0, 1_000_000))
def test_threads_change_nothing(parameters, seed):
    world = world_of(parameters, seed)
    one, three = history_of(world), history_of(world, threads=3)
    assert_same(one, three)


def assert_same(a, b):
    assert differing(a.accounts, b.accounts) == {}
    assert differing(a.persons, b.persons) == {}
    assert differing(a.waits, b.waits) == {}
    for name in a.tally.dtype.names:
        assert np.array_equal(a.tally[name], b.tally[name]), name


def without(world: World, position: int) -> World:
    """The same world, one patient fewer."""
    keep = np.arange(len(world.population)) != position
    plans = Plans(world.plans.sites, world.plans.replicate[keep])
    return replace(world, population=world.population[keep], plans=plans)


@FEW
@given(st.integers(0, 1_000_000))
def test_one_patient_more_touches_only_those_still_in_a_queue_after(parameters, seed):
    """Whose last wait at that site was over before the newcomer first joined lives on unchanged."""
    world = world_of(parameters, seed)
    extra = seed % len(world.population)
    more, fewer = history_of(world), history_of(without(world, extra))
    keep = np.arange(len(world.population)) != extra
    mine = more.waits[more.waits["patient"] == world.population["id"][extra]]
    joined = mine["joined"].min() if len(mine) else math.inf
    last = np.full(len(world.population), -math.inf)
    np.maximum.at(last, fewer.waits["patient"], fewer.waits["left"])
    system = [world.plans.replicate, world.population["site"]]
    shared = np.logical_and.reduce([part == part[extra] for part in system])
    free = keep & (~shared | (last < joined))
    for name in ("accounts", "persons"):
        one, other = getattr(more, name), getattr(fewer, name)
        assert differing(one[free], other[free[keep]]) == {}


def test_a_newcomer_at_the_end_of_the_queue_delays_those_behind_and_nobody_before(parameters):
    """One service in the order of joining, no boosters: who joined earlier is not touched."""
    world = simple_world(parameters, places=3)
    more = history_of(world)
    served = more.waits[more.waits["ended"] == c.WAIT_SERVED]
    behind = [row for row in served if (more.waits["joined"] < row["joined"]).sum() > 20]
    extra = int(behind[0]["patient"])
    fewer = history_of(without(world, extra))
    keep = np.arange(len(world.population)) != extra
    joined = more.waits["joined"][more.waits["patient"] == extra].min()
    last = np.full(len(world.population), -math.inf)
    np.maximum.at(last, fewer.waits["patient"], fewer.waits["joined"])
    before = keep & (last < joined)
    assert before.sum() > 10
    changed = differing(more.accounts[keep], fewer.accounts)
    assert changed  # somebody behind does wait longer
    assert differing(more.accounts[before], fewer.accounts[before[keep]]) == {}


def simple_world(parameters, places: int) -> World:
    """One service of one treatment, everybody asks on day 0 or later; the earliest is served."""
    card = 0
    q = parameters.record.copy()
    q["horizon"], q["minimum_failures"], q["after"] = DAYS, 0, 0
    q["excluded_flags"], q["required_flags"], q["refuse_share"] = 0, 0, 0.0
    q["service"] = -1
    q["service"][0, card], q["place_units"][0, card], q["place_days"][0, card] = 0, 1, 30.0
    service = CompiledService(
        "one", "One", np.zeros(1), np.array([places]), (0.0, 0.0, 0.0, 0.0), 7.0, math.inf, None,
        0.0, math.inf, 1, 1,
    )  # fmt: skip
    persons = synthesise(parameters, 120, 4)
    replicate = np.zeros(120, dtype=np.int64)
    plans = plans_of(trial_strategy(card), [[service]], q, parameters.contacts, replicate)
    return World(persons, q, plans, [[service]])


@pytest.mark.parametrize("huge", [10_000, 1 << 40])
def test_beyond_need_the_number_of_places_does_not_matter(parameters, huge):
    enough = simple_world(parameters, places=120)
    more = history_of(simple_world(parameters, places=huge))
    assert_same(history_of(enough), more)
    wait = more.waits["left"] - more.waits["joined"]
    assert wait.max() < 7.0  # never longer than to the next tick


def test_services_nobody_needs_change_nothing(parameters):
    """A limited service that no course of the strategy uses equals no limit at all, to the bit."""
    world = simple_world(parameters, places=0)
    world.parameters["service"][0, 0] = SERVICES
    plan = world.plans.sites[0][0]
    strategy = plan.strategy.copy()
    plans = Plans(((SitePlan(strategy, plan.places, world.parameters),),), world.plans.replicate)
    shared = history_of(replace(world, plans=plans))
    alone = compiled.simulate(world.population, world.parameters, [strategy])[0]
    assert differing(shared.accounts, alone.accounts) == {}
    assert differing(shared.persons, alone.persons) == {}
    assert len(shared.waits) == 0


def test_places_on_the_day_of_asking_equal_no_limit(parameters):
    """Who asks on a tick and finds a place gets the course that day: the account is the same."""
    world = simple_world(parameters, places=1 << 30)
    world.parameters["horizon"] = 60.0
    world.population["entry"] = 0.0
    usual = int(world.parameters["contact_usual"][0])
    world.population["contact_target"] = usual
    world.population["care"], world.population["due"] = c.CARE_WAIT, 0.0
    world.plans.sites[0][0].strategy["waiting_contact"] = usual
    world.parameters["dropout_rate"] = 0.0
    shared = history_of(world)
    unlimited = world.strategy.copy()
    unlimited["limited"] = 0
    alone = compiled.simulate(world.population, world.parameters, [unlimited])[0]
    first = np.bincount(shared.waits["patient"], minlength=120) == 1
    assert first.sum() > 60
    assert differing(shared.accounts[first], alone.accounts[first], ("waits",)) == {}


@pytest.mark.parametrize(
    "one",
    [Setting("exponential", 3, 0.9), Setting("fixed", 2, 0.8), Setting("mixed", 1, 0.9)],
    ids=lambda one: one.name,
)
def test_every_place_is_given_as_a_list_of_places_would_give_it(one):
    """Patient by patient: who is first in line takes the place that is free first (ticks and all).

    The reference is Kiefer and Wolfowitz's recursion (1955) on the same arrivals and holds.
    """
    history = drive.run(one, 300.0, 3, 1, 1)
    w = drive.waits_by_replicate(history, one, 1)[0]
    free = [0.0] * one.places
    for joined, left, hold in zip(w.joined, w.left, w.hold, strict=True):
        start = max(math.ceil(joined / one.tick) * one.tick, heapq.heappop(free))
        assert left == start
        heapq.heappush(free, start + hold)
    assert len(w.joined) > 100
    assert (w.left - w.joined > one.tick).any()


@pytest.mark.parametrize("tick", [0.1, 0.7, 2.1, 1.0 / 3.0, 7.0])
def test_a_day_on_a_tick_belongs_to_that_tick(tick):
    """The quotient 6 * 0.1 / 0.1 is above 6; the two schedulers would not agree who has joined."""
    for k in range(3000):
        assert beat_of(k * tick, tick) == k
        assert beat_of(math.nextafter(k * tick, math.inf), tick) == k + 1


@FEW
@given(st.integers(0, 1_000_000))
def test_who_boards_is_admitted_goes_home_died_or_boards_still_to_the_patient(parameters, seed):
    """Admissions are beds given, and days on the ward are days in which a bed was held."""
    world = world_of(parameters, seed)
    history = history_of(world)
    waits = history.waits[history.waits["treatment"] < 0]
    if world.strategy["beds"][0] == 0:
        assert len(waits) == 0
        return
    ends = (c.WAIT_SERVED, c.WAIT_RENEGED, c.WAIT_WELL, c.WAIT_DIED, c.WAIT_STILL)
    assert np.isin(waits["ended"], ends).all()
    assert (waits["left"] >= waits["joined"]).all()
    served = waits[waits["ended"] == c.WAIT_SERVED]
    size = len(history.persons)
    beds = np.bincount(served["patient"], minlength=size)
    assert (beds == history.accounts["admissions"]).all()
    until = np.where(np.isnan(served["until"]), DAYS, served["until"])
    days = np.bincount(served["patient"], until - served["left"], minlength=size)
    assert np.allclose(days, history.accounts["bed_days"], rtol=1e-12, atol=1e-9)
    limit = np.array([float(plan.strategy["board_days"][0]) for plan in world.plans.sites[0]])
    longer = world.parameters["emergency_days"][0] * history.accounts["crises"][waits["patient"]]
    assert (waits["left"] - waits["joined"] <= limit[waits["site"]] + longer + 1e-9).all()
    assert (history.persons["bed"][np.isfinite(history.accounts["died"])] == c.BED_NONE).all()


def ward_world(parameters, beds: int, board_days: float, tick: float) -> World:
    """One ward, crises a hundred times as often, and nothing is offered."""
    q = parameters.record.copy()
    q["horizon"], q["admission_days"], q["admission_share"] = DAYS, 9.0, 1.0
    q["attempt_rate"] *= 100.0
    q["attempt_fatality"] /= 100.0
    ward = CompiledService(
        "ward", "Ward", np.zeros(1), np.array([beds]), (0.0, 0.0, 0.0, 0.0), tick, math.inf, None,
        0.0, math.inf, 1, 1, boards=True, board_days=board_days,
    )  # fmt: skip
    persons = synthesise(parameters, 60, 4)
    plans = plans_of(trial_strategy(), [[ward]], q, parameters.contacts, np.zeros(60, dtype=int))
    return World(persons, q, plans, [[ward]])


@pytest.mark.parametrize(
    ("beds", "board_days", "tick"), [(3, math.inf, 1.0), (12, 2.0, 0.125), (5, 20.0, 0.5)]
)
def test_every_bed_is_given_as_a_list_of_beds_would_give_it(parameters, beds, board_days, tick):
    """In the order of arrival, on the first tick with a free bed; who left before has none."""
    waits = history_of(ward_world(parameters, beds, board_days, tick)).waits
    free = [0.0] * beds
    waited = sent_home = 0
    for row in waits[np.lexsort((waits["patient"], waits["joined"]))]:
        ready = max(float(row["joined"]), free[0])
        start = math.ceil(ready / tick) * tick if ready < math.inf else math.inf
        if row["ended"] == c.WAIT_SERVED:
            assert row["left"] == start
            heapq.heapreplace(free, math.inf if math.isnan(row["until"]) else float(row["until"]))
            waited += start - row["joined"] > tick
        else:
            assert row["left"] <= start
            sent_home += row["ended"] == c.WAIT_RENEGED
    assert len(waits) > 150
    assert waited > 20
    assert (sent_home > 0) == (board_days < math.inf)


def test_with_a_bed_for_everybody_nobody_boards_longer_than_to_the_next_tick(parameters):
    waits = history_of(ward_world(parameters, 60, math.inf, 0.25)).waits
    assert (waits["left"] - waits["joined"]).max() < 0.25


def test_a_ward_that_nobody_waits_for_changes_nothing(parameters):
    """A number of beds alone is only counted: histories are those without it, to the bit."""
    world = ward_world(parameters, 1, math.inf, 1.0)
    plan = world.plans.sites[0][0]
    strategy = plan.strategy.copy()
    strategy["beds"], strategy["limited"] = 0, 0
    plans = Plans(((SitePlan(strategy, plan.places, world.parameters),),), world.plans.replicate)
    shared = history_of(replace(world, plans=plans))
    alone = compiled.simulate(world.population, world.parameters, [strategy])[0]
    assert_same(shared, alone)
    assert len(shared.waits) == 0
    assert shared.accounts["admissions"].sum() > 150
