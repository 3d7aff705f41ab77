"""`popmodel compare`: several scenarios side by side, one table and one set of charts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from popmodel.cli.answers import print_answer, record
from popmodel.cli.printing import print_json, print_line
from popmodel.cli.run import folders_of, tell_plans
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

COMPARISON = "comparison"


def compare(
    scenarios: Annotated[list[Path], typer.Argument(help="Scenario files.", metavar="SCENARIO…")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for all results; outputs if none.")
    ] = None,
    patients: PatientsOption = None,
    years: YearsOption = None,
    seed: SeedOption = None,
    replicates: ReplicatesOption = None,
    structure: StructureOption = None,
    set_: SetOption = None,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="Threads.")] = None,
    charts: Annotated[
        bool, typer.Option("--charts/--no-charts", help="Draw charts and write the report.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be run, and run nothing.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Run several scenarios and set all their strategies side by side."""
    from popmodel.scenario.place import OUTPUTS, output_folder

    asked = read(
        scenarios,
        set_,
        patients=patients,
        years=years,
        seed=seed,
        replicates=replicates,
        structure=structure,
    )
    home = out or OUTPUTS
    names = [file.stem for file in scenarios]
    folders = folders_of(scenarios, home, below=True)
    together = output_folder(Path(COMPARISON), home / "-".join([COMPARISON, *names])[:100])
    if dry_run:
        tell_plans(asked, folders, json)
        return
    from popmodel import pipeline
    from popmodel.cli.progress import shown_progress
    from popmodel.report.html import write_report
    from popmodel.report.side_by_side import side_by_side

    results = {}
    for name, scenario, folder in zip(names, asked, folders, strict=True):
        with shown_progress(scenario.title) as progress:
            results[name] = pipeline.run(scenario, out=folder, threads=threads, progress=progress)
    whole = side_by_side(results, together)
    if charts:
        write_report(together)
    if json:
        print_json(record(whole, together))
        return
    print_answer(whole)
    print_line(f"Results: {together}")
    if charts:
        print_line(f"Report:  {together / 'report.html'}")
