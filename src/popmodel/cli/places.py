"""`popmodel places`: what one more place is worth, what waiting costs, and who waits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from popmodel.cli.printing import money, number, print_json, print_line, print_table, share
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

    from popmodel.planning.answer import Asked, Planned
    from popmodel.scenario import Scenario

FOLDER = "places"
CHANGES = {
    "one_fewer": "one fewer",
    "one_more": "one more",
    "one_more_from_year": "one more from year",
}
LOST = {
    "qaly": "QALYs lost",
    "remission_weeks": "weeks in remission lost",
    "suicides": "suicides added",
    "deaths": "deaths added",
    "crises": "crises added",
    "cost_without_places": "cost added, places left out",
}


def places(
    scenario: Annotated[Path, typer.Argument(help="Scenario file.", metavar="SCENARIO")],
    questions: Annotated[
        list[str] | None,
        typer.Option(
            "--question",
            metavar="NAME",
            help="value (of one more place), waiting (what it costs), demand (by year), "
            "who (waits, under each order of the queue); may be given several times; all if none.",
        ),
    ] = None,
    strategy: Annotated[
        list[str] | None,
        typer.Option("--strategy", help="Strategy with limited places; all of them if none."),
    ] = None,
    weights: Annotated[
        str,
        typer.Option(
            "--weights",
            metavar="S:L:W",
            help="Of a point of severity, a line, and a week waited, in the weighted order.",
        ),
    ] = "1:1:1",
    patients: PatientsOption = None,
    years: YearsOption = None,
    seed: SeedOption = None,
    replicates: ReplicatesOption = None,
    structure: StructureOption = None,
    set_: SetOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder; outputs/<scenario>/places if none.")
    ] = None,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="Threads.")] = None,
    charts: Annotated[bool, typer.Option("--charts/--no-charts", help="Draw charts.")] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be run, and run nothing.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Say what one more place is worth, what waiting costs, what is needed, and who waits."""
    from popmodel.planning.answer import QUESTIONS, asked_of, plan, runs_of, save

    (wanted,) = read(
        [scenario], set_, patients=patients, years=years, seed=seed, replicates=replicates,
        structure=structure,
    )  # fmt: skip
    chosen = [one.name for one in wanted.structures()] if structure else ()
    asked = asked_of(
        wanted, known(questions, QUESTIONS), strategy or (), chosen, weights_of(weights)
    )
    folder = folder_of(scenario, out)
    if dry_run:
        _tell_plan(asked, runs_of(asked), folder, json)
        return
    from popmodel.cli.progress import shown_progress
    from popmodel.report.redraw import draw_all

    with shown_progress(wanted.title) as progress:
        planned = plan(asked, threads, counted(progress, runs_of(asked)))
    save(planned, folder)
    drawn = draw_all(folder) if charts else []
    if json:
        print_json({name: table.to_dict("records") for name, table in planned.tables.items()})
        return
    tell_planned(wanted, planned)
    print_line(f"Tables: {folder}")
    if drawn:
        print_line(f"Charts: {folder / 'charts'}")


def folder_of(scenario: Path, out: Path | None, name: str = FOLDER) -> Path:
    """Return the folder for what is found out about places.

    Raises:
        InputError: it is no folder, or holds something else.
    """
    from popmodel.scenario.place import OUTPUTS, output_folder, safe_name

    return output_folder(scenario, out or OUTPUTS / safe_name(scenario.stem) / name)


def counted(progress: Any, total: int) -> Any:
    """Return a function that tells one more run is done."""
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        progress("runs", done, max(total, done))

    return tell


def known(given: list[str] | None, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the questions asked for; all if none.

    Raises:
        InputError: one of them is none.
    """
    from popmodel.errors import InputError, Problem, did_you_mean

    for name in given or ():
        if name not in names:
            hint = did_you_mean(name, names) or f"one of {', '.join(names)}"
            raise InputError([Problem("--question", 0, 0, name, "is no question", hint)])
    return tuple(given or names)


def weights_of(text: str) -> tuple[float, float, float]:
    """Return the weights that `1:1:1` means.

    Raises:
        InputError: they are not three numbers of at least 0, one of them above 0.
    """
    from popmodel.errors import InputError, Problem

    try:
        found = tuple(float(part) for part in text.split(":"))
    except ValueError:
        found = ()
    if len(found) != 3 or not all(0.0 <= x <= 1e6 for x in found) or not any(found):
        told = f"'{text}' are no weights"
        raise InputError([Problem("--weights", 0, 0, "", told, "three from 0 on, as 1:2:0.5")])
    return found[0], found[1], found[2]


def _tell_plan(asked: Asked, runs: int, folder: Path, as_json: bool) -> None:
    scenario = asked.scenario
    told = {
        "title": scenario.title,
        "questions": ", ".join(asked.questions),
        "strategies": ", ".join(asked.strategies),
        "structures": ", ".join(asked.structures),
        "patients at the start": scenario.population.size,
        "replicates": scenario.replicates,
        "runs of a strategy": runs,
        "results": str(folder),
    }
    if as_json:
        print_json(told)
        return
    print_table("", ("would run", ""), [(k, str(v)) for k, v in told.items()])


# ------------------------------------------------------------------ what was found


def tell_planned(scenario: Scenario, planned: Planned) -> None:
    """Print the tables that fit on a screen."""
    tell = {"place_value": _tell_value, "waiting_cost": _tell_waiting, "demand": _tell_demand,
            "who_waits": _tell_who}  # fmt: skip
    for name, table in planned.tables.items():
        tell[name](table, scenario.labels())


def _tell_value(table: pd.DataFrame, labels: dict[str, str]) -> None:
    amounts = sorted(set(table["wtp"]))
    own = table[table["wtp"] == amounts[len(amounts) // 2]]
    rows = [
        (
            labels[row["strategy"]], _where(row),
            f"{CHANGES[row['change']]}" + (f" {row['from_year']}" * (row["from_year"] > 1)),
            money(row["nmb_per_place_year"], row["nmb_per_place_year_se"]),
            number(row["qaly_per_place_year"], 3, row["qaly_per_place_year_se"]),
            money(row["worth_before_price"]), row["verdict"].replace("_", " "),
        )
        for row in own.to_dict("records")
    ]  # fmt: skip
    columns = ("strategy", "service", "places", "net benefit a place-year", "QALYs",
               "worth before its price", "")  # fmt: skip
    print_table(f"What a place is worth at {money(own['wtp'].iloc[0])} per QALY", columns, rows, 3)


def _tell_waiting(table: pd.DataFrame, labels: dict[str, str]) -> None:
    rows = [
        (
            labels[row["strategy"]], LOST[row["measure"]], number(row["lost"], 2, row["lost_se"]),
            number(row["lost_per_1000"], 2, row["lost_per_1000_se"]),
        )
        for row in table.to_dict("records")
    ]  # fmt: skip
    columns = ("strategy", "waiting", "all patients", "per 1,000 patients")
    print_table("What waiting costs, against a place on the day", columns, rows, 2)


def _tell_demand(table: pd.DataFrame, labels: dict[str, str]) -> None:
    rows = [
        (
            labels[row["strategy"]], _where(row), str(row["year"]), number(row["places"], 1),
            number(row["places_needed"], 1), number(row["joined"], 0), number(row["started"], 0),
            number(row["waiting_at_end"], 0), number(row["wait_days_median"], 0),
            share(1.0 - row["in_use"] / row["places"]) if row["places"] > 0 else "",
        )
        for row in table.to_dict("records")
    ]  # fmt: skip
    columns = ("strategy", "service", "year", "places", "needed", "referred", "begun", "waiting",
               "median days", "idle")  # fmt: skip
    print_table("Demand and places", columns, rows, 2)


def _tell_who(table: pd.DataFrame, labels: dict[str, str]) -> None:
    own = table[table["dimension"].isin(("all", "severity_band"))]
    rows = [
        (
            labels[row["strategy"]], row["service"], row["discipline"].replace("_", " "),
            row["group"], number(row["joined"], 0), number(row["served"], 0),
            number(row["wait_days_median"], 0, row["wait_days_median_se"]),
            number(row["wait_days_p90"], 0, row["wait_days_p90_se"]),
        )
        for row in own.to_dict("records")
    ]  # fmt: skip
    columns = ("strategy", "service", "order", "severity", "referred", "begun", "median days",
               "90 % wait less than")  # fmt: skip
    print_table(
        "Who waits, by severity; by line, biotype and site in who_waits.csv", columns, rows, 4
    )


def _where(row: dict[Any, Any]) -> str:
    return str(row["service"]) + (f", {row['site']}" if row["site"] != "all" else "")
