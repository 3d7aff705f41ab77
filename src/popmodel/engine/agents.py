"""The Mesa scheduler: the same rules, one agent a patient, for reading, watching and teaching.

`DepressionCare` is an ordinary Mesa model: `step()` is a week, `agents` are patients and services,
a `DataCollector` keeps occupancy by week. Patients wake in the order of their events through
exactly the compiled functions of `popmodel.rules`, so histories equal the compiled scheduler's to
the bit.
Mesa's own random generator is never used: all luck is keyed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import mesa
import numpy as np
from numpy.typing import NDArray

from popmodel.engine.calendar import Calendar
from popmodel.engine.plans import Plans, SitePlan, joined_waits, systems
from popmodel.engine.services import (
    beat_of,
    freed_on,
    note_join,
    note_wish,
    open_to_all,
    slots_on,
)
from popmodel.jit import entry_point
from popmodel.parameters import MAX_SERVICES
from popmodel.rules.codes import BED_HELD, BED_WANTED
from popmodel.rules.places import find_full, give_bed, take_place
from popmodel.rules.queue import rank_for_bed
from popmodel.rules.records import ACCOUNT, WAIT, History, new_tally
from popmodel.rules.response import severity_now
from popmodel.rules.wake import enter, leave, settle, wake_up
from popmodel.units import DAYS_PER_WEEK
from popmodel.vocabulary import STATES


@entry_point
def enter_one(p: Any, o: Any, q: Any, s: Any, tally: Any) -> None:
    """Let one patient enter."""
    o.recording = 1
    enter(p, o, q, s, tally)


@entry_point
def wake_one(p: Any, o: Any, q: Any, s: Any, tally: Any) -> None:
    """Let one patient's next event happen."""
    wake_up(p, o, q, s, tally)


@entry_point
def leave_one(p: Any, o: Any, q: Any, tally: Any) -> None:
    """Close one patient's accounts at the horizon."""
    leave(p, o, q, tally)
    tally.events += o.events


@entry_point
def give_place(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> Any:
    """Give one patient a place; False if it is not needed after all."""
    taken = take_place(p, o, q, s, tally, t)
    settle(p, o, q, tally)
    return taken


@entry_point
def meet_full(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> None:
    """Let one patient find the service full."""
    find_full(p, o, q, s, tally, t)
    settle(p, o, q, tally)


@entry_point
def sure_to_be_free(p: Any) -> Any:
    """Return the day a patient's place is free again, once that is sure, else inf."""
    return freed_on(p, p.wake)


@entry_point
def write_join(p: Any, q: Any, row: Any) -> None:
    """Write the row of a wait that begins."""
    note_join(p, q, row)


@entry_point
def admit_one(p: Any, o: Any, q: Any, s: Any, tally: Any, t: Any) -> Any:
    """Give one patient a bed; False if it is not needed after all."""
    taken = give_bed(p, o, q, s, tally, t)
    settle(p, o, q, tally)
    return taken


@entry_point
def write_wish(p: Any, o: Any, q: Any, s: Any, row: Any) -> Any:
    """Write the row of a wait for a bed that begins; return the rank in its queue."""
    note_wish(p, o, s, row)
    return rank_for_bed(p, o, q, s)


@entry_point
def slots_of(v: Any, service: Any, day: Any) -> Any:
    """Return the slots of a service on a day, and how many of them are open to all."""
    slots = slots_on(v, service, day)
    return slots, open_to_all(v, service, slots)


@entry_point
def score_of(p: Any, q: Any, t: Any) -> Any:
    """Return a patient's true score at day t, as last read."""
    return severity_now(p, q, t)


class Patient(mesa.Agent):
    """One patient: a view of its record, with the words for what its codes mean."""

    def __init__(self, model: DepressionCare, number: int) -> None:
        """Attach an agent to record `number` of the model."""
        super().__init__(model)
        self.number = number
        self.record = model.persons[number]
        self.account = model.accounts[number]
        self.wait: NDArray[Any] | None = None
        self.hold: NDArray[Any] | None = None
        self.visible_from = 0
        self.wish: NDArray[Any] | None = None
        self.bed: NDArray[Any] | None = None
        self.bed_rank = 0.0
        self.bed_visible_from = 0

    @property
    def state(self) -> str:
        """Clinical state, crisis first, as it will be when the next event falls due.

        Readings up to that event are taken ahead of the clock. Occupancy at the clock is what the
        model's `DataCollector` keeps, equal to `weekly.parquet`.
        """
        if self.record["crisis_end"] < math.inf:
            return "in_crisis"
        return STATES[self.record["state"]]

    @property
    def severity(self) -> float:
        """True score (MADRS) today, with the natural course as read up to the next event."""
        model: DepressionCare = self.model
        return float(score_of(self.record, model.parameters, model.day))

    @property
    def next_event(self) -> float:
        """Day of the next event."""
        return float(self.record["wake"])

    def enter(self) -> None:
        """Begin life in the model."""
        model: DepressionCare = self.model
        enter_one(self.record, self.account, model.parameters, model.strategy, model.tally[0])

    def wake(self) -> None:
        """Let the next event happen."""
        model: DepressionCare = self.model
        wake_one(self.record, self.account, model.parameters, model.strategy, model.tally[0])

    def leave(self) -> None:
        """Close the accounts at the horizon."""
        model: DepressionCare = self.model
        leave_one(self.record, self.account, model.parameters, model.tally[0])


class Service(mesa.Agent):
    """One limited service: who waits for it, and how many of its slots are taken."""

    def __init__(self, model: DepressionCare, number: int) -> None:
        """Open the service at position `number` of the sorted service cards."""
        super().__init__(model)
        self.number = number
        self.queue: list[Patient] = []
        self.used = [0, 0]
        self.freed: dict[int, list[int]] = {}

    def is_due(self, beat: int) -> bool:
        """Whether the service decides on a beat."""
        model: DepressionCare = self.model
        return beat % int(model.places["every"][self.number]) == 0

    def free(self, patient: Patient, day: float, first: int) -> None:
        """Note from which beat on a place is free again."""
        hold: Any = patient.hold
        lane, units = int(hold["lane"][0]), self.units(int(hold["treatment"][0]))
        self.free_slots(lane, units, day, first)

    def free_slots(self, lane: int, units: int, day: float, first: int) -> None:
        """Note from which beat on slots are free again."""
        model: DepressionCare = self.model
        beat = max(first, int(beat_of(day, float(model.places["beat"]))))
        self.freed.setdefault(beat, [0, 0])[lane] += units

    def units(self, treatment: int) -> int:
        """Return the slots that a course takes."""
        model: DepressionCare = self.model
        return int(model.parameters["place_units"][treatment])

    def decide(self, beat: int, day: float) -> None:
        """Take back what was freed, and give places in order while there are any."""
        model: DepressionCare = self.model
        for lane, units in enumerate(self.freed.pop(beat, [0, 0])):
            self.used[lane] -= units
        if not self.is_due(beat):
            return
        slots, ceiling = slots_of(model.places, self.number, day)
        ring_fenced_only = False
        for patient in sorted(self.queue, key=_order):
            lane, units = int(patient.record["lane"]), self.units(int(patient.record["want"]))
            ring_fenced_only |= lane == 0 and self.used[0] + units > ceiling
            if patient.visible_from > beat or (lane == 0 and ring_fenced_only):
                continue
            if sum(self.used) + units > slots:
                break
            self.queue.remove(patient)
            if model.give(patient, day, beat):
                self.used[lane] += units


class Ward(Service):
    """Beds that admissions wait for in the emergency department."""

    def decide(self, beat: int, day: float) -> None:
        """Take back the beds that were left, and admit in order while there are any."""
        model: DepressionCare = self.model
        self.used[0] -= self.freed.pop(beat, [0, 0])[0]
        if not self.is_due(beat):
            return
        beds, _ = slots_of(model.places, self.number, day)
        for patient in sorted(self.queue, key=_bed_order):
            if self.used[0] >= beds:
                break
            if patient.bed_visible_from <= beat:
                self.queue.remove(patient)
                self.used[0] += model.admit(patient, day, beat)


class DepressionCare(mesa.Model):
    """A population under one strategy; one step is one week."""

    def __init__(
        self,
        population: NDArray[Any],
        parameters: NDArray[Any],
        strategy: NDArray[Any],
        places: NDArray[Any] | None = None,
    ) -> None:
        """Make the model.

        Args:
            population: patient records at entry; copied.
            parameters: one parameter record.
            strategy: one strategy record.
            places: places of limited services, one record.
        """
        super().__init__()
        self.persons = population.copy()
        self.accounts = np.zeros(len(population), dtype=ACCOUNT)
        self.parameters = parameters[0]
        self.strategy = strategy[0]
        self.places: Any = places[0] if places is not None else None
        self.tally = new_tally()
        self.waits: list[NDArray[Any]] = []
        self.day = 0.0
        self.beat = 0
        self.horizon = float(self.parameters["horizon"])
        self.services = {
            n: (Ward if n == int(self.strategy["beds"]) - 1 else Service)(self, n)
            for n in range(MAX_SERVICES)
            if places is not None and (int(self.strategy["limited"]) >> n) & 1
        }
        self.fresh: list[tuple[Patient, int]] = []
        self.patients = [Patient(self, n) for n in range(len(population))]
        self.calendar = Calendar()
        for patient in self.patients:
            patient.enter()
            self.follow(patient, 0)
        reporters = {state: _counter(state) for state in STATES}
        self.datacollector = mesa.DataCollector(model_reporters=reporters)
        self.datacollector.collect(self)

    def step(self) -> None:
        """Advance one week (less at the horizon)."""
        end = min(self.day + DAYS_PER_WEEK, self.horizon)
        if self.places is not None:
            length = float(self.places["beat"])
            while self.beat * length < end:
                self.live_until(self.beat * length, or_on=True)
                self.decide(self.beat, self.beat * length)
                self.beat += 1
        self.live_until(end)
        self.day = end
        self.running = end < self.horizon
        self.datacollector.collect(self)

    def live_until(self, end: float, *, or_on: bool = False) -> None:
        """Let all events before a day (or on it) happen."""
        entry = self.calendar.next_before(end, or_on=or_on)
        while entry is not None:
            patient = self.patients[entry[1]]
            if patient.next_event == entry[0]:
                self.day = patient.next_event
                self.wake(patient)
            entry = self.calendar.next_before(end, or_on=or_on)

    def wake(self, patient: Patient) -> None:
        """Let a patient's next event happen, and take in what came of it for queues."""
        t, waited = patient.next_event, patient.wait is not None
        service = self.services.get(_service_wanted(self, patient)) if waited else None
        patient.wake()
        if service is not None and patient.record["want"] < 0:
            service.queue.remove(patient)
            self.end_wait(patient, t)
        self.note_bed(patient, t, self.beat)
        self.follow(patient, self.beat)

    def note_bed(self, patient: Patient, day: float, first: int) -> None:
        """Take in what an event did about a bed: no longer waited for, left, or waited for."""
        ward = self.services.get(int(self.strategy["beds"]) - 1)
        if not isinstance(ward, Ward):
            return
        bed = int(patient.record["bed"])
        if patient.wish is not None and bed != BED_WANTED:
            ward.queue.remove(patient)
            self.end_wish(patient, day)
        if patient.bed is not None and bed != BED_HELD:
            patient.bed["until"] = day
            patient.bed = None
            ward.free_slots(0, 1, day, first)
        if patient.wish is None and bed == BED_WANTED:
            patient.wish = np.zeros(1, dtype=WAIT)
            patient.bed_rank = float(
                write_wish(patient.record, patient.account, self.parameters, self.strategy,
                           patient.wish[0])
            )  # fmt: skip
            self.waits.append(patient.wish)
            patient.bed_visible_from = first
            ward.queue.append(patient)

    def end_wish(self, patient: Patient, day: float) -> None:
        """Complete the row of a wait for a bed."""
        if patient.wish is None:
            raise ValueError(f"patient {patient.number} waits for no bed")
        patient.wish["left"], patient.wish["ended"] = day, patient.record["bed_ended"]
        patient.wish = None

    def admit(self, patient: Patient, day: float, beat: int) -> bool:
        """Give a bed; return whether it was taken."""
        wanted, wish = _service_wanted(self, patient), patient.wish
        taken = bool(
            admit_one(
                patient.record, patient.account, self.parameters, self.strategy, self.tally[0], day
            )
        )
        self.end_wish(patient, day)
        if taken:
            patient.bed = wish
        if patient.wait is not None and patient.record["want"] < 0:
            self.services[wanted].queue.remove(patient)
            self.end_wait(patient, day)
        self.follow(patient, beat + 1)
        return taken

    def follow(self, patient: Patient, first: int) -> None:
        """Note the patient's next event, a place that is free again, and a queue joined."""
        if patient.record["place"] >= 0:
            day = float(sure_to_be_free(patient.record))
            if day < math.inf:
                self.free(patient, day, first)
        if patient.record["want"] >= 0 and patient.wait is None:
            self.join(patient, first)
        self.calendar.add(patient.next_event, patient.number)

    def free(self, patient: Patient, day: float, first: int) -> None:
        """Take back a patient's place from a day on."""
        if patient.hold is None:
            raise ValueError(f"patient {patient.number} holds a place that nobody gave")
        patient.hold["until"] = day
        self.services[int(patient.record["place"])].free(patient, day, first)
        patient.record["place"], patient.record["freed"] = -1, math.inf
        patient.hold = None

    def join(self, patient: Patient, first: int) -> None:
        """Put a patient into the queue of the service wanted; decisions see it from `first` on."""
        patient.wait = np.zeros(1, dtype=WAIT)
        write_join(patient.record, self.parameters, patient.wait[0])
        self.waits.append(patient.wait)
        patient.visible_from = first
        self.services[_service_wanted(self, patient)].queue.append(patient)
        if self.strategy["on_full"] > 0:
            self.fresh.append((patient, int(patient.record["joins"])))

    def end_wait(self, patient: Patient, day: float) -> None:
        """Complete the row of a wait."""
        if patient.wait is None:
            raise ValueError(f"patient {patient.number} waits for nothing")
        patient.wait["left"], patient.wait["ended"] = day, patient.record["ended"]
        patient.wait = None

    def give(self, patient: Patient, day: float, beat: int) -> bool:
        """Give a place; return whether it was taken."""
        lane = int(patient.record["lane"])
        taken = bool(
            give_place(
                patient.record, patient.account, self.parameters, self.strategy, self.tally[0], day
            )
        )
        if patient.wait is not None:
            patient.wait["lane"] = lane
        if taken:
            patient.hold = patient.wait
        self.end_wait(patient, day)
        self.follow(patient, beat + 1)
        return taken

    def decide(self, beat: int, day: float) -> None:
        """Let all services decide, then those who found one full for the first time."""
        for service in self.services.values():
            service.decide(beat, day)
        fresh, self.fresh = self.fresh, []
        for patient, joins in fresh:
            service_of = self.services.get(_service_wanted(self, patient))
            if patient.wait is None or patient.record["joins"] != joins or service_of is None:
                continue
            if not service_of.is_due(beat) or patient.visible_from > beat:
                self.fresh.append((patient, joins))
                continue
            meet_full(
                patient.record, patient.account, self.parameters, self.strategy, self.tally[0], day
            )
            if patient.record["want"] < 0 or patient.record["joins"] != joins:
                service_of.queue.remove(patient)
                self.end_wait(patient, day)
            self.follow(patient, beat + 1)

    def run(self) -> History:
        """Run to the horizon and return what happened."""
        while self.day < self.horizon:
            self.step()
        for patient in self.patients:
            patient.leave()
            if patient.wait is not None:
                self.end_wait(patient, self.horizon)
            if patient.wish is not None:
                self.end_wish(patient, self.horizon)
        return History(self.persons, self.accounts, self.tally, joined_waits(self.waits))


def _order(patient: Patient) -> tuple[float, float, int]:
    record = patient.record
    return float(record["rank"]), float(record["joined"]), int(record["id"])


def _bed_order(patient: Patient) -> tuple[float, float, int]:
    return patient.bed_rank, float(patient.account["boarded"]), int(patient.record["id"])


def _service_wanted(model: DepressionCare, patient: Patient) -> int:
    want = int(patient.record["want"])
    return int(model.parameters["service"][want]) if want >= 0 else -1


def _counter(state: str) -> Callable[[DepressionCare], int]:
    """Return a reporter that counts patients in a state, from the tally of moves by week.

    Not from the records: between two events of a patient readings are taken ahead of the clock.
    """
    column = STATES.index(state)

    def count(model: DepressionCare) -> int:
        week = math.ceil(model.day / DAYS_PER_WEEK)
        return int(model.tally["week"][0, : week + 1, column].sum())

    return count


def simulate(
    population: NDArray[Any],
    parameters: NDArray[Any],
    strategies: Sequence[NDArray[Any]],
    *,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
    keep_persons: bool = True,
    plans: Plans | None = None,
) -> list[History]:
    """Run every strategy with Mesa; arguments and results as in `compiled.simulate`.

    One thread is used whatever `threads` says, and end states are always kept.
    """
    del threads, keep_persons
    histories = []
    if plans is not None:
        return _simulate_systems(population, plans, progress)
    for strategy in strategies:
        histories.append(DepressionCare(population, parameters, strategy).run())
        if progress is not None:
            progress(len(population))
    return histories


def _simulate_systems(
    population: NDArray[Any], plans: Plans, progress: Callable[[int], None] | None
) -> list[History]:
    histories = []
    for sites in plans.sites:
        persons, accounts = population.copy(), np.zeros(len(population), dtype=ACCOUNT)
        tally, waits = new_tally(), []
        for replicate, site, who in systems(population, plans.replicate):
            found = _model_of(population[who], sites[site]).run()
            persons[who], accounts[who] = found.persons, found.accounts
            for name in tally.dtype.names or ():
                tally[name] += found.tally[name]
            found.waits["replicate"] = replicate
            waits.append(found.waits)
            if progress is not None:
                progress(len(who))
        histories.append(History(persons, accounts, tally, joined_waits(waits)))
    return histories


def _model_of(population: NDArray[Any], plan: SitePlan) -> DepressionCare:
    return DepressionCare(population, plan.parameters, plan.strategy, plan.places)
