"""Progress of a run, told in patients."""

from __future__ import annotations

from collections.abc import Callable

from popmodel.scenario.schema import Scenario

Progress = Callable[[str, int, int], None]
"""Called with what is done, how many parts of it are done, and how many there are."""


class Teller:
    """Turns finished blocks of patients into progress over the whole run."""

    def __init__(self, progress: Progress | None, scenario: Scenario) -> None:
        """Start at nothing done."""
        self.progress = progress
        self.done = 0
        size = scenario.population.size * scenario.replicates
        self.total = size * len(scenario.strategies) * len(scenario.structures())

    def __call__(self, patients: int) -> None:
        """Tell that a block of patients is finished."""
        self.done += patients
        if self.progress is not None:
            self.progress("patients simulated", min(self.done, self.total), self.total)
