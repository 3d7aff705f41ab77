"""Other numbers for this run: overrides by dotted path, checked as the cards are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from popmodel.errors import InputError, Problem, Problems, nearest
from popmodel.evidence.check import reference_faults
from popmodel.evidence.distributions import Dirichlet
from popmodel.evidence.groups import group_faults
from popmodel.evidence.quantity import Quantity
from popmodel.evidence.tree import NO_PATH, PathError, Touched, changed, nearest_path
from popmodel.yaml_source import Fault, Located, Where, dotted

if TYPE_CHECKING:
    from popmodel.evidence.evidence import Evidence

Found = tuple[str, Fault]  # the path of an override, and a fault of it


def overridden(
    evidence: Evidence, overrides: Mapping[str, Any], located: Located | None, prefix: Where
) -> Evidence:
    """Return evidence with some values replaced; see `Evidence.with_overrides`."""
    touched: list[Touched] = []
    try:
        tree = changed(evidence.tree(), nested(overrides), touched)
    except PathError as error:
        found = _faults_one_by_one(evidence, overrides)
        raise InputError(path_problems(evidence, found, located, prefix)) from error
    new = evidence.changed(tree, touched)
    found = [*_reference_faults(new, touched), *_group_faults(new, touched)]
    Problems(path_problems(new, found, located, prefix)).raise_if_any()
    return new


def nested(overrides: Mapping[Any, Any]) -> dict[str, Any]:
    """Return changes by dotted path as mappings in mappings.

    Raises:
        InputError: If one path lies inside another.
    """
    tree: dict[str, Any] = {}
    for path, value in overrides.items():
        node = tree
        *parents, last = str(path).split(".")
        for segment in parents:
            node = node.setdefault(segment, {})
            if not isinstance(node, dict):
                raise InputError([Problem("", 0, 0, str(path), "is set twice")])
        if last in node:
            raise InputError([Problem("", 0, 0, str(path), "is set twice")])
        node[last] = nested(value) if isinstance(value, Mapping) else value
    return tree


def path_problems(
    evidence: Evidence,
    found: Iterable[Found],
    located: Located | None = None,
    prefix: Where = (),
) -> list[Problem]:
    """Return faults of paths as problems, an unknown path with the nearest known one.

    Args:
        evidence: Whose paths they are.
        found: Path asked for, and a fault of it.
        located: The file the paths are written in, if any.
        prefix: Where in that file.
    """
    problems = []
    for path, fault in found:
        at = located.problem((*prefix, path), "") if located else Problem("", 0, 0, "", "")
        hint = _path_hint(evidence, path) if fault.message == NO_PATH else ""
        hint = hint or fault.hint
        where = dotted(fault.field) or path
        problems.append(replace(at, where=where, message=fault.message, hint=hint))
    return problems


def _path_hint(evidence: Evidence, path: str) -> str:
    """Return a hint with the whole path of a card or number that is most like the one asked for."""
    segments = tuple(path.split("."))
    cards = [f"{group}.{name}" for group, one in evidence.tree().items() for name in one]
    by_name = [card for card in cards if card.split(".")[1] == segments[0]]
    likely = (
        nearest_path(evidence.tree(), (*by_name[0].split("."), *segments[1:])) if by_name else ""
    )
    likely = likely or nearest_path(evidence.tree(), segments)
    likely = likely or nearest(path, evidence.quantities()) or ""
    return f"did you mean {likely}?" if likely else ""


def _faults_one_by_one(evidence: Evidence, overrides: Mapping[str, Any]) -> list[Found]:
    """Return the faults of all overrides, card by card.

    Parts of a whole, such as the shares of a category, are wrong alone and right together, so the
    overrides of a card are tried together, without those already found wrong, until none is left.
    """
    found: list[Found] = []
    for card in dict.fromkeys(map(_card_of, overrides)):
        left = {path: value for path, value in overrides.items() if _card_of(path) == card}
        alone = {path: _faults_of(evidence, {path: left[path]}) for path in left}
        wrong = {path for path in left if any(one.message == NO_PATH for one in alone[path])}
        found += [(path, fault) for path in left if path in wrong for fault in alone[path]]
        more = True
        while more:
            left = {path: value for path, value in left.items() if path not in wrong}
            faults = [
                (_nearest_override(left, fault), fault)
                for fault in _faults_of(evidence, left)
                if not any(_about_the_same(dotted(fault.field), path) for path, _ in found)
            ]
            found += faults
            wrong = {path for path, _ in faults}
            more = bool(wrong)
    return found


def _nearest_override(overrides: Iterable[str], fault: Fault) -> str:
    """Return the override that a fault is about: the one whose path shares most with its field."""
    field = dotted(fault.field).split(".")

    def shared(path: str) -> int:
        same = [a == b for a, b in zip(path.split("."), field, strict=False)]
        return [*same, False].index(False)

    return max(overrides, key=shared)


def _about_the_same(one: str, other: str) -> bool:
    """Whether a path is another, or lies in it or around it."""
    shorter, longer = sorted((one + ".", other + "."), key=len)
    return longer.startswith(shorter)


def _faults_of(evidence: Evidence, overrides: Mapping[str, Any]) -> tuple[Fault, ...]:
    try:
        changed(evidence.tree(), nested(overrides), [])
    except PathError as error:
        return error.faults
    return ()


def _card_of(path: str) -> str:
    return ".".join(path.split(".")[:2])


def _reference_faults(evidence: Evidence, touched: Iterable[Touched]) -> list[Found]:
    """Return a fault for every plain setting that names a card which does not exist."""
    plain = [segments for segments, _, new in touched if not isinstance(new, Quantity)]
    known = evidence.known() if plain else {}
    return [
        (".".join(segments), replace(fault, field=segments))
        for segments in plain
        for fault in reference_faults(evidence.cards(segments[0])[segments[1]], known)
    ]


def _group_faults(evidence: Evidence, touched: Iterable[Touched]) -> list[Found]:
    """Return a fault for every group of shares that no longer adds up to one."""
    groups: dict[str, str] = {}
    for segments, _, new in touched:
        if isinstance(new, Quantity) and new.group:
            path = ".".join(segments)
            groups[evidence.group_of(path, new.group)] = path
    members = evidence.groups() if groups else {}
    return [
        (path, Fault(f"group {key}: {told}"))
        for key, path in groups.items()
        for told in _sum_faults(evidence, members[key])
    ]


def _sum_faults(evidence: Evidence, paths: Iterable[str]) -> list[str]:
    now = [evidence.quantities()[path] for path in paths]
    stated = [evidence.overridden.get(path) or evidence.quantities()[path] for path in paths]
    whole = any(isinstance(one.distribution, Dirichlet) for one in stated)
    return list(group_faults(now, whole))
