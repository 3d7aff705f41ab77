"""One patient's life where patients wait for each other: the whole system, with one watched.

Who gets a place depends on everybody else in the queue, so the Mesa model of the patient's own
replicate and site is run, and what happens to the one patient is told.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from popmodel.engine.agents import DepressionCare, Patient
from popmodel.engine.plans import SitePlan
from popmodel.engine.story import Courses, Life, at_entry, state_of, told_of
from popmodel.rules import codes as c
from popmodel.vocabulary import WAIT_ENDS


class Watched(DepressionCare):
    """A system in which the life of one patient is written down."""

    def __init__(
        self, population: NDArray[Any], number: int, plan: SitePlan, labels: Sequence[str]
    ) -> None:
        """Make the model; `number` is the patient's position in the population."""
        self.watched, self.labels = number, labels
        self.moments: list[tuple[float, str, float]] = []
        self.courses = Courses(labels)
        self.days: list[float] = []
        self.scores: list[float] = []
        super().__init__(population, plan.parameters, plan.strategy, plan.places)
        self.entry = float(self.persons["entry"][number])
        score = float(self.accounts["entry_severity"][number])
        self.moments.insert(0, (self.entry, at_entry(population[number]), score))
        self.days.append(self.entry)
        self.scores.append(score)

    def wake(self, patient: Patient) -> None:
        """Let the next event of a patient happen, and note it if this is the one."""
        if patient.number != self.watched:
            super().wake(patient)
            return
        before, day, event = patient.record.copy(), patient.next_event, int(patient.record["event"])
        score = patient.severity
        super().wake(patient)
        self._note(before, patient.record, day, score, told_of(event, before, patient.record,
                                                               self.labels))  # fmt: skip

    def give(self, patient: Patient, day: float, beat: int) -> bool:
        """Give a place, and note it if this is the one."""
        told = ("a place is free", "a place is free and no longer needed")
        return self._noted(super().give, patient, day, beat, told)

    def admit(self, patient: Patient, day: float, beat: int) -> bool:
        """Give a bed, and note it if this is the one."""
        told = ("admitted to a ward", "a bed is free and no longer needed")
        return self._noted(super().admit, patient, day, beat, told)

    def _noted(
        self, offer: Callable[[Patient, float, int], bool], patient: Patient, day: float,
        beat: int, told: tuple[str, str],
    ) -> bool:  # fmt: skip
        """Offer a place or a bed; note whether it was taken if this is the one."""
        before, score = patient.record.copy(), patient.severity
        taken = offer(patient, day, beat)
        if patient.number == self.watched:
            self._note(before, patient.record, day, score, told[0] if taken else told[1])
        return taken

    def decide(self, beat: int, day: float) -> None:
        """Let services decide; note what a full service led to for the one."""
        one = self.patients[self.watched]
        before, told = one.record.copy(), len(self.moments)
        super().decide(beat, day)
        if len(self.moments) == told and _moved_on(before, one.record):
            self._note(before, one.record, day, one.severity, "the service is full")

    def step(self) -> None:
        """Advance one week, and read the score of the one."""
        super().step()
        if self.day > self.entry:
            one = self.patients[self.watched]
            dead = one.record["state"] == c.DEAD
            self.days.append(self.day)
            self.scores.append(math.nan if dead else one.severity)

    def _note(self, before: Any, after: Any, day: float, score: float, told: str) -> None:
        self.courses.note(before, after, day)
        parts = [told, _of_queue(before, after, self.labels)]
        if after["care"] == c.CARE_COURSE and before["started"] != after["started"]:
            parts.append(f"starts {self.labels[after['treatment']]}")
        found = dict.fromkeys(part for whole in parts for part in whole.split("; ") if part)
        if found:
            self.moments.append((day, "; ".join(found), score))

    def life(self) -> Life:
        """Run to the horizon and return the life."""
        self.run()
        one = self.patients[self.watched]
        if one.record["state"] != c.DEAD:
            told = f"the model ends: {state_of(one.record)}"
            self.moments.append((self.horizon, told, self.scores[-1]))
        return Life(
            tuple(self.moments), tuple(self.days), tuple(self.scores),
            self.courses.until(self.horizon),
        )  # fmt: skip


def tell_life_in_queue(
    population: NDArray[Any], number: int, plan: SitePlan, labels: Sequence[str]
) -> Life:
    """Return one patient's life among all who share places with it.

    Scores of a week are those the model knows on that day; between two events they follow the
    course that was read last.

    Args:
        population: all patients of one replicate and site, at entry; not changed.
        number: position of the patient among them.
        plan: strategy, places and parameters there.
        labels: of treatments, in the order of the record's positions.
    """
    return Watched(population, number, plan, labels).life()


def _moved_on(before: Any, after: Any) -> bool:
    return bool(before["want"] != after["want"] or before["care"] != after["care"])


def _of_queue(before: Any, after: Any, labels: Sequence[str]) -> str:
    """Return what an event did to the patient's place in a queue."""
    joined = after["want"] >= 0 and (before["want"] < 0 or before["joins"] != after["joins"])
    if joined:
        return f"waits for a place: {labels[after['want']]}"
    ended = int(after["ended"])
    if before["want"] >= 0 and after["want"] < 0 and ended != c.WAIT_SERVED:
        return f"waits no longer: {WAIT_ENDS[ended].replace('_', ' ')}"
    return ""


def position_of(population: NDArray[Any], patient: int) -> int:
    """Return the position of a patient by number, -1 if there is none."""
    found = np.flatnonzero(population["id"] == patient)
    return int(found[0]) if len(found) else -1
