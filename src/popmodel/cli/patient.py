"""`popmodel patient`: one patient's life under every strategy, in words and as a chart."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from popmodel.cli.printing import print_json, print_line, remark
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
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the chart; outputs/<scenario>-lives.")
    ] = None,
    chart: Annotated[
        bool, typer.Option("--chart/--no-chart", help="Draw the lives, one panel a strategy.")
    ] = True,
    json: JsonOption = False,
) -> None:
    """Tell the life of patient ID under every strategy, and draw it."""
    (asked,) = read(
        [scenario], set_, patients=patients, years=years, seed=seed, structure=structure
    )
    from popmodel import pipeline
    from popmodel.scenario.place import safe_name

    story = pipeline.patient_story(asked, number)
    if json:
        print_json(
            {
                name: {strategy: asdict(life) for strategy, life in lives.items()}
                for name, lives in story.items()
            }
        )
    labels = asked.labels()
    for name, lives in story.items():
        for strategy, life in lives.items():
            if not json:
                print_line(f"\n{labels[strategy]} ({name})")
                for day, told, score in life.moments:
                    print_line(f"{_when(day):>12}  {_score(score):>8}  {told}")
        if chart:
            from popmodel.report.life import save_lives

            folder = out or Path("outputs") / f"{safe_name(scenario.stem)}-lives"
            titled = {labels[strategy]: life for strategy, life in lives.items()}
            title = f"Patient {number}: {asked.title} ({name})"
            path = save_lives(titled, title, folder / f"patient_{number}_{name}")
            remark(f"Chart: {path}")


def _when(day: float) -> str:
    """Return a day as one speaks of it."""
    return f"day {day:.0f}" if day < 1000 else f"year {day / DAYS_PER_YEAR:.2f}"


def _score(score: float) -> str:
    return f"MADRS {score:2.0f}" if math.isfinite(score) else ""
