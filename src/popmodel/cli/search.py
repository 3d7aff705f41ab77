"""`popmodel search`: which rules make a strategy worth more, tried at last on new patients."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from popmodel.cli.printing import money, number, print_json, print_line, print_table, remark
from popmodel.cli.settings import (
    JsonOption,
    SeedOption,
    SetOption,
    StructureOption,
    YearsOption,
    read,
)

if TYPE_CHECKING:
    from popmodel.search import Confirmed, Found, Space

FOLDER = "search"
BUDGET_WORDS = {"within": "", "unsure": " (at the budget)", "over": " (over)"}


def search(
    scenario: Annotated[Path, typer.Argument(help="Scenario file.", metavar="SCENARIO")],
    evaluations: Annotated[
        int | None, typer.Option("--evaluations", help="Strategies proposed.")
    ] = None,
    patients: Annotated[
        int | None, typer.Option("--patients", help="Patients on whom every proposal is tried.")
    ] = None,
    fresh_patients: Annotated[
        int | None,
        typer.Option("--fresh-patients", help="New patients on whom the frontier is tried again."),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option("--budget", help="Most that the program may cost more, per patient and year."),
    ] = None,
    years: YearsOption = None,
    seed: SeedOption = None,
    structure: StructureOption = None,
    set_: SetOption = None,
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="Threads; all cores if not given.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder; outputs/<scenario>/search if none.")
    ] = None,
    charts: Annotated[bool, typer.Option("--charts/--no-charts", help="Draw the chart.")] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be searched, and run nothing.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Search strategies that are worth more than those of SCENARIO, as its block search allows.

    Every proposal is tried on the same patients; the frontier is tried again on new ones, and
    written as scenarios to read and run. Ctrl-C keeps what was tried.
    """
    given = {
        "search.evaluations": evaluations,
        "search.patients": patients,
        "search.fresh_patients": fresh_patients,
        "search.budget_per_year": budget,
    }
    settings = [f"{path}={value}" for path, value in given.items() if value is not None]
    asked = read(
        [scenario], [*(set_ or []), *settings], years=years, seed=seed, structure=structure
    )[0]
    from popmodel.cli.sweep import folder_of
    from popmodel.search import question_of, space_of

    space, folder = space_of(question_of(asked)), folder_of(scenario, FOLDER, out)
    if dry_run:
        _plan(space, folder, threads, json)
        return
    found, confirmed = _carry_out(space, folder, threads)
    if charts:
        from popmodel.report.redraw import draw_all

        draw_all(folder)
    if json:
        print_json(_record(confirmed, folder))
        return
    _print(found, confirmed, folder)


def _carry_out(space: Space, folder: Path, threads: int | None) -> tuple[Found, Confirmed]:
    """Search, choose, confirm and write; an interruption leaves what was tried."""
    from popmodel.cli.progress import shown_progress
    from popmodel.search import (
        Found,
        bench_of,
        confirm,
        explore,
        publish,
        publish_partly,
        shortlist,
        simplify,
    )

    question, found = space.question, Found(space)
    try:
        with shown_progress(question.scenario.title) as progress:
            bench = bench_of(question, question.patients, question.scenario.seed, threads)
            explore(bench, found, progress)
            others, best = shortlist(found, threads, progress)
            simplify(others, best, progress)
            _require_some(best, found, folder)
            confirmed = confirm(best, threads, progress)
    except KeyboardInterrupt:
        if found.rows:
            publish_partly(found, folder)
            remark(f"What was tried until then: {folder}")
        raise
    publish(confirmed, found, folder)
    return found, confirmed


def _require_some(best: Found, found: Found, folder: Path) -> None:
    """Say that nothing tried is within the budget, and leave what was tried.

    Raises:
        NotMet: it is so.
    """
    from popmodel.errors import NotMet
    from popmodel.search import publish_partly

    if best.kept():
        return
    publish_partly(found, folder)
    least = min(row["inc_program_per_year"] for row in found.rows.values())
    raise NotMet(
        f"none of {len(found.rows):,} strategies is within the budget; the cheapest program costs "
        f"{least:,.0f} more per patient and year. What was tried: {folder}"
    )


def _plan(space: Space, folder: Path, threads: int | None, as_json: bool) -> None:
    from popmodel.search import plan_of

    plan = {**plan_of(space, threads), "results": str(folder)}
    if as_json:
        print_json(plan)
        return
    title = space.question.scenario.title
    rows = [(key, "none" if value is None else str(value)) for key, value in plan.items()]
    print_table(title, ("would search", ""), rows)


def _record(confirmed: Confirmed, folder: Path) -> dict[str, Any]:
    return {
        "title": confirmed.question.scenario.title,
        "results": folder,
        "recommended": confirmed.recommended,
        "frontier": confirmed.frontier.to_dict("records"),
        "against": confirmed.against.to_dict("records"),
    }


def _print(found: Found, confirmed: Confirmed, folder: Path) -> None:
    question, scenario = confirmed.question, confirmed.question.scenario
    country = scenario.evidence().settings[scenario.setting]
    labels = scenario.labels()
    headings = [
        "strategy",
        f"cost ({country.currency})",
        "QALY",
        *(["days waited"] if question.is_limited else []),
        "program a year, more",
        f"net benefit at {money(question.wtp)}",
        "beats",
        "rules, then those of " + labels[question.then],
    ]
    rows = []
    for row in confirmed.frontier.to_dict("records"):
        own = [
            f"{'* ' if row['strategy'] == confirmed.recommended else ''}"
            f"{labels.get(row['strategy'], row['strategy'])}",
            money(row["cost"], row["cost_se"]),
            number(row["qaly"], 3, row["qaly_se"]),
        ]
        if question.is_limited:
            own.append(number(row["wait_days"], 1, row["wait_days_se"]))
        own += [
            money(row["inc_program_per_year"], row["inc_program_per_year_se"])
            + BUDGET_WORDS[row["budget"]],
            money(row["nmb"], row["nmb_se"]),
            str(row["beats"]),
            str(row["rules"]),
        ]
        rows.append(tuple(own))
    print_table(f"{scenario.title} ({question.choice.name})", tuple(headings), rows)
    remark(
        f"{found.proposals:,} proposals, {len(found.rows):,} different strategies tried on "
        f"{question.patients:,} patients, the best again on {question.shortlist_patients:,} "
        f"others. Above: on {question.fresh_patients:,} fresh patients, per patient, against "
        f"{labels[scenario.comparator]}; ± one Monte Carlo standard error.\n"
        "*: recommended before the fresh patients were looked at. beats: strategies of the "
        "scenario with a lower net benefit by more than two standard errors."
    )
    print_line(f"Results: {folder}")
    print_line(f"Run one: popmodel run {folder / 'strategies' / confirmed.recommended}.yaml")
