"""`popmodel check`: every problem of scenarios and cards at once, nothing run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from popmodel.cli.printing import print_json, print_line, remark
from popmodel.cli.settings import JsonOption, SetOption, pairs

if TYPE_CHECKING:
    from popmodel.errors import Problem
    from popmodel.scenario import Scenario


def check(
    files: Annotated[
        list[Path], typer.Argument(help="Scenario files, card files, folders of cards.")
    ],
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Tell all that is wrong with scenarios and cards, with file, line and column."""
    from popmodel.errors import InputError

    problems: list[Problem] = []
    warnings: list[str] = []
    checked: list[str] = []
    settings = pairs(set_)
    for file in _unfolded(files):
        found, remarks, what = _check_one(file, settings)
        problems += found
        warnings += remarks
        checked.append(f"{file}: {what}")
    if json:
        print_json(
            {
                "problems": [vars(problem) for problem in problems],
                "warnings": warnings,
                "checked": [] if problems else checked,
            }
        )
    for warning in dict.fromkeys(warnings):
        remark(f"warning: {warning}")
    if problems:
        raise InputError(problems)
    if not json:
        for line in checked:
            print_line(line)


def _unfolded(files: list[Path]) -> list[Path]:
    """Return the files, a folder of scenarios replaced by its scenarios."""
    from popmodel.scenario.kinds import scenarios_in

    return [one for file in files for one in (file.is_dir() and scenarios_in(file)) or [file]]


def _check_one(file: Path, settings: dict[str, str]) -> tuple[list[Problem], list[str], str]:
    """Return problems, warnings and what was checked in one file or folder of cards."""
    from popmodel.scenario import check_scenario
    from popmodel.scenario.kinds import card_problems, count_cards, is_scenario

    if file.is_dir():
        return list(card_problems(file)), [], f"{count_cards(file)} cards, all right"
    if not is_scenario(file):
        return list(card_problems(file)), [], "a card, all right"
    checked = check_scenario(file, settings)
    what = ""
    problems = list(checked.problems)
    if checked.scenario is not None:
        scenario = checked.scenario
        problems += _misfits(scenario)
        counts = f"{len(scenario.strategies)} strategies, {scenario.population.size} patients"
        structures = ", ".join(choice.name for choice in scenario.structures())
        what = f"a scenario, all right ({counts}, {structures})"
    return [*problems, *checked.refused], list(checked.warnings), what


def _misfits(scenario: Scenario) -> list[Problem]:
    """Return what shows only when cards and scenario become numbers: prices, charges, sizes."""
    from popmodel.errors import InputError
    from popmodel.pipeline import parameters_of

    problems: list[Problem] = []
    for choice in scenario.structures():
        try:
            parameters_of(scenario, scenario.evidence(), choice)
        except InputError as error:
            problems += error.problems
    return list(dict.fromkeys(problems))
