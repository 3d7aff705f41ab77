"""`popmodel patient`: one patient's life under every strategy, in words."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

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

DAYS_PER_YEAR = 365.25


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
    from popmodel import pipeline

    story = pipeline.patient_story(asked, number)
    if json:
        print_json(story)
        return
    labels = asked.labels()
    for name, strategies in story.items():
        for strategy, moments in strategies.items():
            print_line(f"\n{labels.get(strategy, strategy)} ({name})")
            for day, told, score in moments:
                print_line(f"{_when(day):>12}  {_score(score):>8}  {told}")


def _when(day: float) -> str:
    """Return a day as one speaks of it."""
    return f"day {day:.0f}" if day < 1000 else f"year {day / DAYS_PER_YEAR:.2f}"


def _score(score: float) -> str:
    return f"MADRS {score:2.0f}" if math.isfinite(score) else ""
