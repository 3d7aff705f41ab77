"""Checks between cards: every id names a card, the shares of a group add up to one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from popmodel.errors import Problem, did_you_mean
from popmodel.evidence.distributions import Dirichlet
from popmodel.evidence.groups import group_faults, group_key
from popmodel.evidence.quantity import Quantity
from popmodel.evidence.reading import CardFile
from popmodel.evidence.schema import (
    FORMS,
    Biomarker,
    Calibrated,
    Card,
    Mechanisms,
    Reference,
    Scales,
    Treatment,
)
from popmodel.evidence.schema.scales import OWN as OWN_SCALE
from popmodel.evidence.tree import children, quantities_in
from popmodel.yaml_source import Fault, Where

Known = Mapping[str, Iterable[str]]
Member = tuple[CardFile, Where, Quantity]


def known_names(
    files: Iterable[CardFile], sources: Iterable[str], life_tables: Iterable[str]
) -> dict[str, set[str]]:
    """Return the ids a reference may name, by what it refers to (`Reference.key`).

    Args:
        files: All cards; one that is wrong in itself has its id, and may be of any form.
        sources: Ids of sources.
        life_tables: Names of life tables.
    """
    known: dict[str, set[str]] = {
        "sources": set(sources), "life_tables": set(life_tables), "scales": {OWN_SCALE},
    }  # fmt: skip
    for file in files:
        for key in _keys_of(file):
            known.setdefault(key, set()).add(file.id)
        if isinstance(file.card, Mechanisms):
            known.setdefault("mechanisms", set()).update(file.card.order)
        if isinstance(file.card, Scales):
            known["scales"].update(file.card.links)
    return known


def _keys_of(file: CardFile) -> list[str]:
    """Return the keys of known names under which a card can be found."""
    forms = (type(file.card),) if file.card is not None else FORMS[file.group]
    kinds = {kind for form in forms for kind in form.__mro__ if issubclass(kind, Card)}
    keys = [file.group, *(kind.__name__ for kind in kinds)]
    is_booster = isinstance(file.card, Treatment) and file.card.kind == "booster"
    return [*keys, "boosters"] if is_booster or file.card is None else keys


def cross_problems(files: Iterable[CardFile], known: Known) -> Iterator[Problem]:
    """Yield what does not fit between cards.

    Args:
        files: All cards.
        known: What `known_names` returned.
    """
    files = list(files)
    for file in files:
        for fault in reference_faults(file.card, known):
            yield file.located.problem(fault.field, fault.message, fault.hint)
    yield from _group_problems(files)
    yield from _calibrated_problems(files)
    yield from _aim_problems(files)


# ------------------------------------------------------------------ references


@cache
def _marked_fields(form: type[BaseModel]) -> dict[str, str]:
    """Return the fields of a form that name cards, and what they refer to."""
    return {
        name: mark.key
        for name, field in form.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Reference)
    }


def reference_faults(node: Any, known: Known, where: Where = ()) -> Iterator[Fault]:
    """Yield a fault for every id on a card that names nothing.

    Args:
        node: The card or a part of it.
        known: What `known_names` returned.
        where: Place of the part on the card.
    """
    if isinstance(node, Quantity):
        yield from _names_nothing(node.source, known, "sources", (*where, "source"))
        yield from _names_nothing(node.fit, known, "calibrated", (*where, "fit"))
        return
    marked = _marked_fields(type(node)) if isinstance(node, BaseModel) else {}
    for _, key, value in children(node):
        if str(key) in marked:
            yield from _names_nothing(value, known, marked[str(key)], (*where, key))
        if isinstance(value, BaseModel | dict | tuple):
            yield from reference_faults(value, known, (*where, key))


def _names_nothing(named: Any, known: Known, to: str, where: Where) -> Iterator[Fault]:
    """Yield a fault for each name (one, several, or the keys of a mapping) that is not known."""
    if to == "mechanisms" and to not in known:
        return  # the card of their order is missing or wrong, and says so itself
    if isinstance(named, str):
        options = known.get(to, ())
        if named not in options:
            kind = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", to).lower().removesuffix("s")
            yield Fault(f"there is no {kind} {named}", where, did_you_mean(named, options))
    elif isinstance(named, tuple):
        for number, name in enumerate(named):
            yield from _names_nothing(name, known, to, (*where, number))
    elif isinstance(named, dict):
        for name in named:
            yield from _names_nothing(name, known, to, (*where, name))


# ------------------------------------------------------------------ groups


def _group_problems(files: list[CardFile]) -> Iterator[Problem]:
    """Yield what is wrong among numbers that are drawn together."""
    members: dict[str, list[Member]] = {}
    incomplete = {file.group for file in files if file.card is None}
    for file in files:
        if file.card is None or file.group in incomplete:
            continue  # a group may lack the members of a card that is wrong in itself
        for _, where, quantity in quantities_in(file.card):
            if quantity.group:
                key = group_key(file.group, file.id, file.card, quantity.group)
                members.setdefault(key, []).append((file, where, quantity))
            elif isinstance(quantity.distribution, Dirichlet):
                told = "dirichlet needs a group: the shares that add up to one with this"
                yield file.located.problem((*where, "distribution"), told)
    for group in members.values():
        file, where, quantity = group[0]
        for told in group_faults([member[2] for member in group]):
            yield file.located.problem((*where, "group"), f"group {quantity.group}: {told}")


# ------------------------------------------------------------------ calibration


def _calibrated_problems(files: list[CardFile]) -> Iterator[Problem]:
    """Yield a problem for every fitted path that no card has."""
    calibrated = [file for file in files if isinstance(file.card, Calibrated)]
    if not calibrated or any(file.card is None for file in files):
        return
    paths = {
        ".".join((file.group, file.id, *segments))
        for file in files
        for segments, _, _ in quantities_in(file.card)
    }
    for file in calibrated:
        values = file.card.values if isinstance(file.card, Calibrated) else {}
        for path in values:
            if path not in paths:
                hint = did_you_mean(path, paths)
                yield file.located.problem(("values", path), "there is no such quantity", hint)


# ------------------------------------------------------------------ aim


def _aim_problems(files: list[CardFile]) -> Iterator[Problem]:
    """Yield a problem for each test of an aim that no card has, or that looks at something else."""
    tests = {file.id: file.card for file in files if isinstance(file.card, Biomarker)}
    for file in files:
        card = file.card
        if isinstance(card, Treatment) and card.targeting is not None:
            for number, name in enumerate(card.targeting.improved_by):
                if name in tests and tests[name].informs != "on_target":
                    told = f"{name} does not tell whether the aim hits"
                    where: Where = ("targeting", "improved_by", number)
                    yield file.located.problem(
                        where, told, "a test that informs on_target is meant"
                    )
    aimed = {f.id: f.card.targeting for f in files if isinstance(f.card, Treatment)}
    for file in files:
        of = file.card.of if isinstance(file.card, Biomarker) else None
        if of in aimed and aimed[of] is None:
            told = f"{of} has no targeting: there is no aim to test"
            yield file.located.problem(("of",), told)
