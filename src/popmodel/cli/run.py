"""`popmodel run`: simulate every strategy of a scenario, evaluate, write results and report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from popmodel.cli.answers import print_answer, record
from popmodel.cli.printing import print_json, print_line, print_table
from popmodel.cli.settings import (
    JsonOption,
    PatientsOption,
    ReplicatesOption,
    SeedOption,
    SetOption,
    StructureOption,
    YearsOption,
    read,
)

if TYPE_CHECKING:
    from popmodel.scenario import Scenario


class Engine(StrEnum):
    """The two schedulers of the one rulebook."""

    compiled = "compiled"
    mesa = "mesa"


def run(
    scenarios: Annotated[list[Path], typer.Argument(help="Scenario files.", metavar="SCENARIO…")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for results; outputs/<scenario> if none.")
    ] = None,
    patients: PatientsOption = None,
    years: YearsOption = None,
    seed: SeedOption = None,
    replicates: ReplicatesOption = None,
    engine: Annotated[Engine, typer.Option("--engine", help="Scheduler.")] = Engine.compiled,
    structure: StructureOption = None,
    set_: SetOption = None,
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="Threads; all cores if not given.")
    ] = None,
    charts: Annotated[
        bool, typer.Option("--charts/--no-charts", help="Draw charts and write the report.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be run, and run nothing.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Simulate every strategy of SCENARIO, evaluate, and write results, charts and a report."""
    asked = read(
        scenarios,
        set_,
        patients=patients,
        years=years,
        seed=seed,
        replicates=replicates,
        structure=structure,
    )
    folders = folders_of(scenarios, out)
    if dry_run:
        tell_plans(asked, folders, json)
        return
    from popmodel import pipeline
    from popmodel.cli.progress import shown_progress
    from popmodel.report.html import write_report

    answers = []
    for scenario, folder in zip(asked, folders, strict=True):
        with shown_progress(scenario.title) as progress:
            result = pipeline.run(
                scenario,
                engine=engine.value,
                out=folder,
                threads=threads,
                progress=progress,
            )
            if scenario.value_places:
                value_places(scenario, folder, threads, progress)
        if charts:
            write_report(folder)
        answers.append(record(result, folder))
        if not json:
            print_answer(result)
            print_line(f"Results: {folder}")
            if charts:
                print_line(f"Report:  {folder / 'report.html'}")
    if json:
        print_json(answers)


def value_places(
    scenario: Scenario, folder: Path, threads: int | None, progress: Callable[[str, int, int], None]
) -> None:
    """Save what `popmodel places` finds below the results of a run, but for who waits when."""
    from popmodel.cli.places import FOLDER, counted
    from popmodel.planning.answer import asked_of, plan, runs_of, save

    asked = asked_of(scenario, ("value", "waiting", "demand"))
    save(plan(asked, threads, counted(progress, runs_of(asked))), folder / FOLDER)


def folders_of(
    scenarios: Sequence[Path], out: Path | None, below: bool | None = None
) -> list[Path]:
    """Return the folder of results of each scenario.

    Args:
        scenarios: Scenario files.
        out: What `--out` says; None: `outputs/<scenario>`.
        below: Whether results go to `<out>/<scenario>`; by default when there are several.

    Raises:
        InputError: A name cannot be a folder, a folder holds something else, or two are the same.
    """
    from popmodel.errors import InputError
    from popmodel.scenario.place import output_folder, safe_name

    is_below = len(scenarios) > 1 if below is None else below
    folders = [
        output_folder(file, out / safe_name(file.stem) if is_below and out else out)
        for file in scenarios
    ]
    if len(set(folders)) < len(folders):
        raise InputError("two scenarios would write the same folder; run them apart, with --out")
    return folders


# ------------------------------------------------------------------ what would be run


def tell_plans(scenarios: Sequence[Scenario], folders: Sequence[Path], as_json: bool) -> None:
    """Print what would be run, and how much it is."""
    plans = [_plan(one, folder) for one, folder in zip(scenarios, folders, strict=True)]
    if as_json:
        print_json(plans)
        return
    for plan in plans:
        print_table(plan["title"], ("would run", ""), [(k, str(v)) for k, v in plan.items()])


def _plan(scenario: Scenario, folder: Path) -> dict[str, Any]:
    structures = [choice.name for choice in scenario.structures()]
    return {
        "title": scenario.title,
        "patients": scenario.population.size,
        "years": scenario.horizon.years,
        "strategies": ", ".join(scenario.strategies),
        "structures": ", ".join(structures),
        "replicates": scenario.replicates,
        "patient lives": scenario.population.size
        * len(structures)
        * len(scenario.strategies)
        * scenario.replicates,
        **_estimate(scenario),
        "results": str(folder),
    }


def _estimate(scenario: Scenario) -> dict[str, Any]:
    """Return the pipeline's estimate of time and memory, where it makes one."""
    from popmodel import pipeline

    estimate = getattr(pipeline, "estimate", None)
    return dict(estimate(scenario)) if estimate is not None else {}
