"""`popmodel run`: simulate every strategy of a scenario, evaluate, write results and report."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from popmodel.cli.printing import (
    money,
    number,
    print_json,
    print_line,
    print_table,
    remark,
    share,
)
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
    import pandas as pd

    from popmodel.results import Result
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
    folders = _folders(scenarios, out)
    if dry_run:
        _tell_plans(asked, folders, json)
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
        if charts:
            write_report(folder)
        answers.append(_answer(scenario, folder, result))
        if not json:
            _print_result(scenario, result)
            print_line(f"Results: {folder}")
            if charts:
                print_line(f"Report:  {folder / 'report.html'}")
    if json:
        print_json(answers)


def _folders(scenarios: Sequence[Path], out: Path | None) -> list[Path]:
    """Return one folder a scenario; below `--out` when there are several.

    Raises:
        InputError: A name cannot be a folder, a folder holds something else, or two are the same.
    """
    from popmodel.errors import InputError
    from popmodel.scenario.place import output_folder, safe_name

    several = len(scenarios) > 1 and out is not None
    folders = [
        output_folder(file, out / safe_name(file.stem) if several and out else out)
        for file in scenarios
    ]
    if len(set(folders)) < len(folders):
        raise InputError("two scenarios would write the same folder; run them apart, with --out")
    return folders


# ------------------------------------------------------------------ what would be run


def _tell_plans(scenarios: Sequence[Scenario], folders: Sequence[Path], as_json: bool) -> None:
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


# ------------------------------------------------------------------ what came out


def _answer(scenario: Scenario, folder: Path, result: Result) -> dict[str, Any]:
    return {
        "title": scenario.title,
        "results": str(folder),
        "strategies": result.strategies.to_dict("records"),
        "versus_comparator": result.versus_comparator.to_dict("records"),
    }


def _print_result(scenario: Scenario, result: Result) -> None:
    """Print one table a structure."""
    currency = result.manifest["currency"]
    headings = (
        "strategy",
        "remitted at 12 months",
        "weeks in remission",
        f"cost ({currency})",
        "QALY",
        f"{currency} per remission week",
    )
    for choice in scenario.structures():
        strategies = _of_structure(result.strategies, choice.name)
        versus = _of_structure(result.versus_comparator, choice.name).set_index("strategy")
        rows = [_row(scenario, row, versus) for row in strategies.to_dict("records")]
        print_table(f"{scenario.title} ({choice.name})", headings, rows)
    remark(
        f"Per patient, {scenario.perspective.replace('_', ' ')} costs, costs and QALYs discounted; "
        "± one Monte Carlo standard error.\nPer remission week: against "
        f"{scenario.label(scenario.comparator)}."
    )


def _row(scenario: Scenario, row: dict[Any, Any], versus: pd.DataFrame) -> tuple[str, ...]:
    name = str(row["strategy"])
    against = versus.to_dict("index").get(name)
    return (
        scenario.label(name),
        share(row["remission_12m"], row["remission_12m_se"]),
        number(row["remission_weeks"], 1),
        money(row[f"cost_{scenario.perspective}"]),
        number(row["qaly"]),
        _per_week(against) if against else "comparator",
    )


def _per_week(versus: dict[Any, Any]) -> str:
    """Return the price of a week in remission, or in words why there is none."""
    if versus["inc_remission_weeks"] <= 0:
        return "no gain" if versus["inc_cost"] >= 0 else "saves, no gain"
    return money(versus["cost_per_remission_week"]) if versus["inc_cost"] > 0 else "saves"


def _of_structure(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table[table["structure"] == name] if "structure" in table.columns else table
