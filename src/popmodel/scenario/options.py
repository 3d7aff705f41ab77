"""Settings given as options: `--set path=value`, `--patients N` and their kin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from popmodel.errors import InputError, Problem, Problems, did_you_mean, nearest
from popmodel.evidence.schema import FORMS
from popmodel.evidence.schema.people import Service as ServiceCard
from popmodel.scenario.merge import Layer, Merged, Tell
from popmodel.scenario.schema import Scenario, Service
from popmodel.yaml_source import Where, dotted, read_yaml_value

NAMED = {
    "--patients": "population.size",
    "--years": "horizon.years",
    "--seed": "seed",
    "--replicates": "replicates",
    "--structure": "structure.severity_effect",
}


def where_of(path: str) -> Where:
    """Return where in a scenario a dotted path belongs.

    A path of the scenario stays as it is; the path of a number on a card goes under `overrides`.

    Args:
        path: Such as `population.size` or `treatments.saint.cost.course`.
    """
    parts = path.split(".")
    if parts[0] == "overrides" and len(parts) > 1:
        return ("overrides", ".".join(parts[1:]))
    # Two words begin paths of both; a path into a card has at least three parts.
    if parts[0] == "population" and len(parts) == 2:
        return tuple(parts)
    if parts[0] == "services" and (len(parts) < 3 or _is_said_of_services(parts[2])):
        return tuple(parts)
    return ("overrides", path) if parts[0] in FORMS else tuple(parts)


def _is_said_of_services(key: str) -> bool:
    """Whether a key of a service is one of scenarios, or rather like one than like one of cards."""
    said, card = tuple(Service.model_fields), tuple(ServiceCard.model_fields)
    return key in said or (key not in card and nearest(key, [*said, *card]) in said)


def apply_set(merged: Merged, pairs: Mapping[str, str | float | bool], problems: Problems) -> None:
    """Put every `--set` into the tree.

    Args:
        merged: The tree of the files.
        pairs: Values by path; texts are read as YAML.
        problems: Receives what cannot be read or placed.
    """
    for path, text in pairs.items():
        try:
            value = read_yaml_value(text, "--set") if isinstance(text, str) else text
        except InputError as error:
            problems.extend(Problem("--set", 0, 0, path, p.message, p.hint) for p in error.problems)
            continue
        _place(merged, "--set", path, value, problems)


def apply_named(merged: Merged, options: Mapping[str, object], problems: Problems) -> None:
    """Put the options that have a name of their own into the tree; None is left out.

    Args:
        merged: The tree of the files.
        options: Values by option, `--patients` and its kin.
        problems: Receives what cannot be placed.
    """
    for name, value in options.items():
        if value is not None:
            _place(merged, name, NAMED[name], value, problems)


def _place(merged: Merged, name: str, path: str, value: Any, problems: Problems) -> None:
    known = {*Scenario.model_fields, *FORMS}
    parts = path.split(".")
    if not all(parts):
        told, hint = "is not a path", "write --set population.size=1000"
        problems.add(file=name, where=path, message=told, hint=hint)
    elif parts[0] not in known:
        told = f"no setting begins with '{parts[0]}'"
        problems.add(file=name, where=path, message=told, hint=did_you_mean(parts[0], known))
    else:
        try:
            merged.put(where_of(path), value, Layer({}, _tell(name)))
        except ValueError as error:
            problems.add(file=name, where=path, message=str(error))


def _tell(name: str) -> Tell:
    def tell(where: Where, message: str, hint: str) -> Problem:
        shown = where[1:] if where[:1] == ("overrides",) and len(where) > 1 else where
        return Problem(name, 0, 0, dotted(shown), message, hint)

    return tell
