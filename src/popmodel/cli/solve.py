"""`popmodel solve`: at which value of a number does a condition begin to hold?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
    import pandas as pd

    from popmodel.scenario import Scenario
    from popmodel.uncertainty.solve import Solution
    from popmodel.uncertainty.solve_for import Question

WORDS = {
    "found": "",
    "within_noise": "Monte Carlo error is too large to place it; take more --patients.",
    "holds_everywhere": "It holds at both ends of the range; give another range with --between.",
    "holds_nowhere": "It holds at neither end of the range; give another range with --between.",
    "not_confirmed": "The run at this value does not confirm it: the results jump there.",
}


def solve(
    scenario: Annotated[Path, typer.Argument(help="Scenario file.", metavar="SCENARIO")],
    path: Annotated[str, typer.Option("--for", metavar="PATH", help="Number to find a value of.")],
    until: Annotated[
        str,
        typer.Option(
            "--until",
            metavar="CONDITION",
            help="Such as 'icer(a) <= 100000', 'nmb(a) >= nmb(b) at 50000', "
            "'remission_12m(a) >= 0.4', 'lead(a) >= 0' (a is the best of all), 'best changes', or, "
            "for a number of places, 'wait_days_median(a) < 28'.",
        ),
    ],
    between: Annotated[
        str | None,
        typer.Option("--between", metavar="LOW:HIGH", help="Where to look; its 99.8 % if none."),
    ] = None,
    patients: PatientsOption = None,
    years: YearsOption = None,
    seed: SeedOption = None,
    replicates: ReplicatesOption = None,
    structure: StructureOption = None,
    set_: SetOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder for solve.csv with every evaluation; for places, of table and chart.",
        ),
    ] = None,
    after_weeks: Annotated[
        float,
        typer.Option("--after-weeks", min=0.0, help="Places: leave out who joined before."),
    ] = 0.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be searched, and run nothing.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Find the value of PATH at which CONDITION begins, or ceases, to hold."""
    from popmodel.cli.solve_places import solve_places
    from popmodel.planning.enough_places import asks_for_places, places_question
    from popmodel.uncertainty.solve_for import find_switches, is_switch, question_of, search

    (asked,) = read(
        [scenario], set_, patients=patients, years=years, seed=seed, replicates=replicates,
        structure=structure,
    )  # fmt: skip
    if asks_for_places(path):
        chosen = [one.name for one in asked.structures()] if structure else None
        wanted = places_question(asked, path, until, range_of(between), after_weeks)
        solve_places(asked, wanted, scenario, chosen, out, dry_run, json)
        return
    if is_switch(until) and not dry_run:
        _tell_switches(find_switches(asked, path, until, range_of(between)), asked, json)
        return
    until = f"lead({asked.comparator}) >= 0" if is_switch(until) else until
    question = question_of(asked, path, until, range_of(between))
    if dry_run:
        _plan(asked, question, json)
        return
    from popmodel.cli.progress import shown_progress

    with shown_progress(asked.title) as progress:
        answers = {
            name: search(asked, question, name, lambda done, most: progress("runs", done, most))
            for name in question.structures
        }
    if out is not None:
        _write(answers, out)
    if json:
        print_json([_record(name, answer) for name, answer in answers.items()])
        return
    _print(asked, question, answers)
    if out is not None:
        print_line(f"Evaluations: {out / 'solve.csv'}")


def range_of(text: str | None, option: str = "--between") -> tuple[float, float] | None:
    """Return the two ends that `low:high` means.

    Raises:
        InputError: it is no range.
    """
    from popmodel.errors import InputError, Problem

    if text is None:
        return None
    low, colon, high = text.partition(":")
    try:
        ends = float(low), float(high)
    except ValueError:
        ends = (1.0, 0.0)
    if not colon or not ends[0] < ends[1] or any(abs(end) > 1e15 for end in ends):
        raise InputError(
            [Problem(option, 0, 0, "", f"'{text}' is no range", "low:high, as 0:20000")]
        )
    return ends


def _plan(scenario: Scenario, question: Question, as_json: bool) -> None:
    plan: dict[str, Any] = {
        "title": scenario.title,
        "number": question.path,
        "from": question.low,
        "to": question.high,
        "until": question.condition.text,
        "amount per QALY": question.condition.wtp,
        "structures": ", ".join(question.structures),
        "patients": scenario.population.size * scenario.replicates,
        "runs": f"4 where the condition is linear in the number, at most {question.most_runs}",
    }
    if as_json:
        print_json(plan)
        return
    print_table("", ("would search", ""), [(k, str(v)) for k, v in plan.items()])


def _record(structure: str, answer: Solution) -> dict[str, Any]:
    return {
        "structure": structure,
        "path": answer.path,
        "condition": answer.condition,
        "value": answer.value,
        "low": answer.low,
        "high": answer.high,
        "side": answer.side,
        "status": answer.status,
        "margin": answer.margin,
        "margin_se": answer.margin_se,
        "runs": len(answer.tried),
    }


def _print(scenario: Scenario, question: Question, answers: dict[str, Solution]) -> None:
    rows = [
        (
            name,
            f"{one.side.replace('_', ' ')} {one.value:,.6g}" if one.side else "none",
            f"{one.low:,.6g} to {one.high:,.6g}" if one.side else "",
            f"{one.margin:,.4g} ± {one.margin_se:,.2g}" if one.side else "",
            str(len(one.tried)),
            one.status.replace("_", " "),
        )
        for name, one in answers.items()
    ]
    columns = ("structure", "holds", "95 % Monte Carlo", "margin there", "runs", "status")
    print_table(f"{question.condition.text}, by {question.path}", columns, rows, numbers=1)
    for status in dict.fromkeys(one.status for one in answers.values()):
        if WORDS[status]:
            print_line(WORDS[status])


def _tell_switches(found: pd.DataFrame, scenario: Scenario, as_json: bool) -> None:
    if as_json:
        print_json(found.to_dict("records"))
        return
    labels = scenario.labels()
    rows = [
        (
            str(row["structure"]),
            labels[str(row["before"])],
            labels[str(row["after"])] if row["status"] != "no_change" else "stays the best",
            f"{row['value']:,.6g}" if row["status"] != "no_change" else "",
            f"{row['low']:,.6g} to {row['high']:,.6g}" if row["status"] != "no_change" else "",
        )
        for row in found.to_dict("records")
    ]
    columns = ("structure", "best below", "best above", "changes at", "95 % Monte Carlo")
    print_table(f"The best strategy, by {found['path'].iloc[0]}", columns, rows, numbers=3)


def _write(answers: dict[str, Solution], out: Path) -> None:
    import pandas as pd

    from popmodel.report.tables import write_atomically
    from popmodel.safe_csv import safe_csv

    parts = [one.table().assign(structure=name) for name, one in answers.items()]
    table = pd.concat(parts, ignore_index=True)
    write_atomically(out / "solve.csv", safe_csv(table).encode())
