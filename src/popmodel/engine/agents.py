"""The Mesa scheduler: the same rules, one agent a patient, for reading, watching and teaching.

`DepressionCare` is an ordinary Mesa model: `step()` is a week, `agents` are patients, a
`DataCollector` keeps occupancy by week. Patients wake in the order of their events through exactly
the compiled functions of `popmodel.rules`, so histories equal the compiled scheduler's to the bit.
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
from popmodel.jit import entry_point
from popmodel.rules.records import ACCOUNT, History, new_tally
from popmodel.rules.response import severity_now
from popmodel.rules.wake import enter, leave, wake_up
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
def score_of(p: Any, q: Any, t: Any) -> Any:
    """Return a patient's true score at day t, as last read."""
    return severity_now(p, q, t)


class Patient(mesa.Agent):
    """One patient: a view of its record, with the words for what its codes mean."""

    def __init__(self, model: DepressionCare, number: int) -> None:
        """Attach an agent to record `number` of the model."""
        super().__init__(model)
        self.record = model.persons[number]
        self.account = model.accounts[number]

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


class DepressionCare(mesa.Model):
    """A population under one strategy; one step is one week."""

    def __init__(
        self, population: NDArray[Any], parameters: NDArray[Any], strategy: NDArray[Any]
    ) -> None:
        """Make the model.

        Args:
            population: patient records at entry; copied.
            parameters: one parameter record.
            strategy: one strategy record.
        """
        super().__init__()
        self.persons = population.copy()
        self.accounts = np.zeros(len(population), dtype=ACCOUNT)
        self.parameters = parameters[0]
        self.strategy = strategy[0]
        self.tally = new_tally()
        self.day = 0.0
        self.horizon = float(self.parameters["horizon"])
        self.patients = [Patient(self, n) for n in range(len(population))]
        self.calendar = Calendar()
        for number, patient in enumerate(self.patients):
            patient.enter()
            self.calendar.add(patient.next_event, number)
        reporters = {state: _counter(state) for state in STATES}
        self.datacollector = mesa.DataCollector(model_reporters=reporters)
        self.datacollector.collect(self)

    def step(self) -> None:
        """Advance one week (less at the horizon)."""
        end = min(self.day + DAYS_PER_WEEK, self.horizon)
        number = self.calendar.next_before(end)
        while number is not None:
            patient = self.patients[number]
            self.day = patient.next_event
            patient.wake()
            self.calendar.add(patient.next_event, number)
            number = self.calendar.next_before(end)
        self.day = end
        self.running = end < self.horizon
        self.datacollector.collect(self)

    def run(self) -> History:
        """Run to the horizon and return what happened."""
        while self.day < self.horizon:
            self.step()
        for patient in self.patients:
            patient.leave()
        return History(self.persons, self.accounts, self.tally)


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
) -> list[History]:
    """Run every strategy with Mesa; arguments and results as in `compiled.simulate`.

    One thread is used whatever `threads` says, and end states are always kept.
    """
    del threads, keep_persons
    histories = []
    for strategy in strategies:
        histories.append(DepressionCare(population, parameters, strategy).run())
        if progress is not None:
            progress(len(population))
    return histories
