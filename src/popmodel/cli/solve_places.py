"""The part of `popmodel solve` that looks for a whole number of places."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from popmodel.cli.places import counted, folder_of
from popmodel.cli.printing import number, print_json, print_line, print_table, share

if TYPE_CHECKING:
    from popmodel.planning.enough_places import Enough, PlacesQuestion
    from popmodel.scenario import Scenario

FOLDER = "places-solve"
WORDS = {
    "holds_everywhere": "It holds with the fewest places tried; look lower with --between.",
    "holds_nowhere": "It does not hold with the most places tried; look higher with --between.",
}


def solve_places(
    scenario: Scenario,
    question: PlacesQuestion,
    file: Path,
    structures: Sequence[str] | None,
    out: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Find the smallest number of places, print and save every number tried, and draw them."""
    from popmodel.planning.answer import Planned, save
    from popmodel.planning.enough_places import enough_places
    from popmodel.planning.systems import main_structure, world_of

    folder = folder_of(file, out, FOLDER)
    names = tuple(structures or (main_structure(scenario),))
    if dry_run:
        _tell_plan(scenario, question, names, folder, as_json)
        return
    from popmodel.cli.progress import shown_progress
    from popmodel.pipeline.manifest import manifest_of
    from popmodel.planning.enough_places import table_of
    from popmodel.report.redraw import draw_all

    answers = {}
    with shown_progress(scenario.title) as progress:
        tell = counted(progress, 0)
        for name in names:
            world = world_of(scenario, name)
            answers[name] = enough_places(world, question, tell)
    manifest = manifest_of(scenario, world.evidence, world.parameters, "compiled")
    manifest["structures"] = list(names)
    save(Planned({"places_tried": table_of(answers)}, manifest), folder)
    draw_all(folder)
    if as_json:
        print_json([_record(name, one) for name, one in answers.items()])
        return
    for name, one in answers.items():
        _tell(name, one, len(names) > 1)
    print_line(f"Table and chart: {folder}")


def _tell_plan(
    scenario: Scenario, question: PlacesQuestion, names: Sequence[str], folder: Path, as_json: bool
) -> None:
    plan: dict[str, Any] = {
        "title": scenario.title,
        "places of": question.service,
        "strategy": question.strategy,
        "site": question.site or "all",
        "from": question.low,
        "to": question.high,
        "until": question.condition,
        "structures": ", ".join(names),
        "replicates": scenario.replicates,
        "runs": "about two for each doubling of the answer",
        "results": str(folder),
    }
    if as_json:
        print_json(plan)
        return
    print_table("", ("would search", ""), [(k, str(v)) for k, v in plan.items()])


def _record(structure: str, answer: Enough) -> dict[str, Any]:
    return {
        "structure": structure,
        "path": answer.question.path,
        "condition": answer.question.condition,
        "strategy": answer.question.strategy,
        "value": answer.places,
        "low": answer.low,
        "high": answer.high,
        "status": answer.status,
        "tried": answer.tried.to_dict("records"),
    }


def _tell(structure: str, answer: Enough, named: bool) -> None:
    rows = [
        (
            str(row["places"]), _days(row["value"], row["value_se"]),
            "yes" if row["holds"] else "no", share(row["share_holding"]),
        )
        for row in answer.tried.to_dict("records")
    ]  # fmt: skip
    asked = answer.question
    columns = ("places", asked.measure, "holds", "replicates in which it holds")
    title = f"{asked.condition}, by places of {asked.service} ({asked.strategy})"
    print_table(title + (f", {structure}" if named else ""), columns, rows, 1)
    if answer.places is not None:
        above = f"to {answer.high}" if answer.high is not None else "or more"
        print_line(
            f"Smallest number of places: {answer.places} (95 % Monte Carlo: {answer.low} {above})"
        )
    if answer.status in WORDS:
        print_line(WORDS[answer.status])


def _days(value: float, error: float) -> str:
    return "longer than the horizon" if math.isinf(value) else number(value, 1, error)
