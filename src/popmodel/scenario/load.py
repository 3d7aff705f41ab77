"""From files and options to a scenario: merging, defaults, and every problem at once."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from popmodel.errors import InputError, InputWarning, Problem, Problems
from popmodel.evidence.load import Evidence, load_evidence
from popmodel.scenario.checks import mistakes, suspicions
from popmodel.scenario.extends import inside, read_chain
from popmodel.scenario.merge import Merged, merge_files
from popmodel.scenario.options import apply_named, apply_set
from popmodel.scenario.place_checks import wrong_places
from popmodel.scenario.refusals import refusals
from popmodel.scenario.schema import Names, Scenario, attach
from popmodel.yaml_source import validation_problems

Settings = Mapping[str, str | float | bool]


@dataclass(frozen=True)
class Checked:
    """What reading a scenario found.

    Attributes:
        scenario: The scenario, or None if something is wrong.
        problems: All that is wrong.
        refused: What is right in itself and cannot be simulated yet; a run would refuse it.
        warnings: What is allowed and looks like a mistake.
        source_files: The files read: the one asked for, then what it extends.
    """

    scenario: Scenario | None
    problems: tuple[Problem, ...]
    refused: tuple[Problem, ...]
    warnings: tuple[str, ...]
    source_files: tuple[Path, ...]


def load_scenario(
    path: str | Path,
    overrides: Settings | None = None,
    *,
    patients: int | None = None,
    years: float | None = None,
    seed: int | None = None,
    replicates: int | None = None,
    structure: str | None = None,
) -> Scenario:
    """Read a scenario, check all of it against the cards, and fill in defaults.

    Args:
        path: YAML file.
        overrides: Values by path, as after `--set`: of the scenario (`population.size`) or of a
            card (`treatments.saint.cost.course`); texts are read as YAML.
        patients: Replaces `population.size`.
        years: Replaces `horizon.years`.
        seed: Replaces `seed`.
        replicates: Replaces `replicates`.
        structure: Replaces `structure.severity_effect`.

    Raises:
        InputError: With every problem of every file, each with file, line and column.
    """
    options: dict[str, object] = {
        "--patients": patients,
        "--years": years,
        "--seed": seed,
        "--replicates": replicates,
        "--structure": structure,
    }
    checked = check_scenario(path, overrides, options)
    if checked.scenario is None:
        raise InputError(checked.problems)
    for warning in checked.warnings:
        warnings.warn(warning, InputWarning, stacklevel=2)
    return checked.scenario


def check_scenario(
    path: str | Path,
    overrides: Settings | None = None,
    options: Mapping[str, object] | None = None,
) -> Checked:
    """Read a scenario and tell what is wrong instead of raising.

    Args:
        path: YAML file.
        overrides: As for `load_scenario`.
        options: Values by named option, such as `--patients`.
    """
    problems = Problems()
    with warnings.catch_warnings(record=True) as noticed:
        warnings.simplefilter("always", InputWarning)
        files = read_chain(Path(path), problems)
        told: list[str] = []
        refused: list[Problem] = []
        scenario = None
        if files and not problems:
            merged = merge_files(files, problems)
            apply_set(merged, overrides or {}, problems)
            apply_named(merged, options or {}, problems)
            scenario = _validated(merged, files[-1].path.parent, problems)
            if scenario is not None:
                told = [str(one) for one in suspicions(scenario, merged)]
                refused = refusals(scenario, merged.problem)
    told = [*_input_warnings(noticed), *told]
    sources = tuple(located.path for located in reversed(files))
    if scenario is not None:
        attach(scenario, source_files=sources, warnings=tuple(told))
    found = InputError(problems).problems if problems else ()
    return Checked(scenario, found, tuple(refused), tuple(told), sources)


def _input_warnings(noticed: Iterable[warnings.WarningMessage]) -> list[str]:
    """Return what the YAML reader warned of; pass on what others did."""
    found = []
    for one in noticed:
        if issubclass(one.category, InputWarning):
            found.append(str(one.message))
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return found


def _validated(merged: Merged, folder: Path, problems: Problems) -> Scenario | None:
    """Return the scenario in the merged tree, or None after noting all that is wrong with it."""
    evidence = _with_overrides(_evidence(merged, folder, problems), merged, problems)
    _fill_in(merged, evidence)
    names = Names() if evidence is None else _names(merged.data, evidence)
    scenario = None
    try:
        scenario = Scenario.model_validate(merged.data, context=names)
    except ValidationError as error:
        problems.extend(validation_problems(error, merged, model=Scenario))
    problems.extend(mistakes(merged, {} if evidence is None else evidence.tests))
    if scenario is None or evidence is None or problems:
        return None
    scenario = attach(scenario, evidence=evidence)
    problems.extend(wrong_places(scenario, merged))
    return None if problems else scenario


def _evidence(merged: Merged, folder: Path, problems: Problems) -> Evidence | None:
    """Return the shipped cards and those the scenario names."""
    extra, named = [], merged.data.get("cards", [])
    for number, name in enumerate(named if isinstance(named, list) else []):
        try:
            extra.append(inside(folder, folder, name))
        except ValueError as error:
            problems.extend([merged.problem(("cards", number), str(error))])
            return None
        if not extra[-1].exists():
            problems.extend([merged.problem(("cards", number), f"there is no {name}")])
            return None
    try:
        return load_evidence(extra=extra)
    except InputError as error:
        problems.extend(error.problems)
        return None


def _with_overrides(
    evidence: Evidence | None, merged: Merged, problems: Problems
) -> Evidence | None:
    """Apply the overrides; if some are wrong, say for each what and where."""
    overrides = merged.data.get("overrides")
    if evidence is None or not isinstance(overrides, dict):
        return evidence
    try:
        return evidence.with_overrides(overrides, located=merged, prefix=("overrides",))
    except InputError as error:
        problems.extend(
            one if one.file else merged.problem(("overrides", one.where), one.message, one.hint)
            for one in error.problems
        )
        return evidence


def _fill_in(merged: Merged, evidence: Evidence | None) -> None:
    """Take discount rates and amounts per QALY from the setting card where none are given.

    Where there is no card, zeros keep its absence from being told a second time.
    """
    name = merged.data.get("setting")
    card = evidence.settings.get(name) if evidence and isinstance(name, str) else None
    discount = merged.data.setdefault("discount", {})
    if isinstance(discount, dict):
        discount.setdefault("costs", card.discount.costs.value if card else 0.0)
        discount.setdefault("health", card.discount.health.value if card else 0.0)
    amounts = list(card.willingness_to_pay) if card else [0.0]
    merged.data.setdefault("willingness_to_pay", amounts)


def _names(data: Mapping[str, Any], evidence: Evidence) -> Names:
    """Return every name that a scenario may use, by kind."""
    boosters = {key for key, card in evidence.treatments.items() if card.kind == "booster"}
    strategies = data.get("strategies")
    return Names(
        {
            "treatment": frozenset(evidence.treatments),
            "treatment to offer": frozenset(evidence.treatments.keys() - boosters),
            "booster": frozenset(boosters),
            "test": frozenset(evidence.tests),
            "contact": frozenset(evidence.contacts),
            "biotype": frozenset(evidence.biotypes),
            "population card": frozenset(evidence.population),
            "setting card": frozenset(evidence.settings),
            "service": frozenset(evidence.services),
            "strategy": frozenset(map(str, strategies if isinstance(strategies, dict) else ())),
        }
    )
