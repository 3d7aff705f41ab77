"""`popmodel patient`: one patient's life under every strategy, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from popmodel.cli.printing import print_json, print_line
from popmodel.cli.settings import (
    JsonOption,
    PatientsOption,
    SeedOption,
    SetOption,
    StructureOption,
    YearsOption,
    read,
)

if TYPE_CHECKING:
    from popmodel.scenario import Scenario

Story = Mapping[str, Mapping[str, Sequence[tuple[float, str]]]]
"""By structure and strategy: what happened on which day."""


def patient(
    number: Annotated[int, typer.Argument(metavar="ID", min=0, help="Number of the patient.")],
    scenario: Annotated[Path, typer.Option("--scenario", help="Scenario file.")],
    patients: PatientsOption = None,
    years: YearsOption = None,
    seed: SeedOption = None,
    structure: StructureOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Tell the life of patient ID under every strategy."""
    (asked,) = read(
        [scenario], set_, patients=patients, years=years, seed=seed, structure=structure
    )
    story = _storyteller()(asked, number)
    if json:
        print_json(story)
        return
    labels = asked.labels()
    for name, strategies in story.items():
        for strategy, happenings in strategies.items():
            print_line(f"\n{labels.get(strategy, strategy)} ({name})")
            for day, text in happenings:
                print_line(f"{_when(day):>12}  {text}")


def _when(day: float) -> str:
    """Return a day as one speaks of it."""
    if day < 0:
        return f"{-day / 365.25:.1f} y before"
    return f"day {day:.0f}" if day < 1000 else f"year {day / 365.25:.1f}"


def _storyteller() -> Callable[[Scenario, int], Story]:
    """Return the function that tells a life.

    Raises:
        RunError: This version has none.
    """
    from popmodel import pipeline
    from popmodel.errors import RunError

    found: Callable[[Scenario, int], Story] | None = getattr(pipeline, "patient_story", None)
    if found is None:
        raise RunError("this version cannot yet tell the life of one patient")
    return found
