"""Dotted paths into cards: walk to every number, and give back a card with some values changed.

A path names fields and keys; an item of a list goes by its `name`, `id` or `flag`, or else by its
place. Cards are frozen: a change gives a new card that shares everything that did not change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from popmodel.errors import did_you_mean, nearest
from popmodel.evidence.quantity import Quantity
from popmodel.yaml_source import Fault, Located, Where, dotted, number_hint, validation_problems

M = TypeVar("M", bound=BaseModel)
Segments = tuple[str, ...]
Changes = dict[str, Any]
Touched = tuple[Segments, Any, Any]


NO_PATH = "there is no such path"


class PathError(ValueError):
    """Changes that cannot be made; the field of each fault is the whole path."""

    def __init__(self, found: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{dotted(fault.field)}: {fault.message}" for fault in found))
        self.faults = tuple(found)


def children(node: Any) -> Iterator[tuple[str, str | int, Any]]:
    """Yield the name in paths, the key on the card and the value of everything in a node."""
    if isinstance(node, BaseModel):
        for name in type(node).model_fields:
            yield name, name, getattr(node, name)
        for name, value in (node.__pydantic_extra__ or {}).items():
            yield name, name, value
    elif isinstance(node, dict):
        for key, value in node.items():
            yield str(key), key, value
    elif isinstance(node, tuple):
        names = [_name_of(item) for item in node]
        for number, item in enumerate(node):
            name = names[number]
            yield name if name and names.count(name) == 1 else str(number), number, item


def _name_of(item: Any) -> str:
    """Return how a path names an item of a list, or nothing if only its place tells it apart."""
    for field in ("name", "id", "flag"):
        if isinstance(name := getattr(item, field, None), str):
            return re.sub(r"[^A-Za-z0-9_-]+", "_", name)
    return ""


def quantities_in(
    node: Any, segments: Segments = (), where: Where = ()
) -> Iterator[tuple[Segments, Where, Quantity]]:
    """Yield every number below a node with its path and its place on the card."""
    for name, key, value in children(node):
        if isinstance(value, Quantity):
            yield (*segments, name), (*where, key), value
        elif isinstance(value, BaseModel | dict | tuple):
            yield from quantities_in(value, (*segments, name), (*where, key))


def find(node: Any, segments: Segments) -> tuple[Where, Any]:
    """Return the place on the card and the value at a path.

    Raises:
        PathError: If there is no such path.
    """
    where: Where = ()
    for number, segment in enumerate(segments):
        _, key, node = _child(node, segment, segments[: number + 1])
        where = (*where, key)
    return where, node


def _child(node: Any, segment: str, segments: Segments) -> tuple[str, str | int, Any]:
    """Return name, key and value of one child; the short ways first, walked once per draw."""
    if isinstance(node, BaseModel) and segment in type(node).model_fields:
        return segment, segment, getattr(node, segment)
    if isinstance(node, dict) and segment in node:
        return segment, segment, node[segment]
    known = {name: (name, key, value) for name, key, value in children(node)}
    if segment in known:
        return known[segment]
    if isinstance(node, tuple) and segment.isdecimal() and int(segment) < len(node):
        return list(children(node))[int(segment)]
    raise PathError([Fault(NO_PATH, segments, did_you_mean(segment, known))])


def nearest_path(node: Any, segments: Segments) -> str:
    """Return the whole path that looks most like some segments, or nothing if none is alike.

    Args:
        node: What the path leads into.
        segments: Segments of the path asked for; each wrong one is replaced by its nearest.
    """
    found: list[str] = []
    for segment in segments:
        names = [name for name, _, _ in children(node)]
        name = segment if segment in names else nearest(segment, names)
        if name is None:
            return ""
        found.append(name)
        node = _child(node, name, tuple(found))[2]
    return ".".join(found)


def changed(node: Any, changes: Changes, touched: list[Touched], segments: Segments = ()) -> Any:
    """Return a card, or a part of one, with values changed; only what changes is checked again.

    Args:
        node: The card or part.
        changes: New values by name, nested as the node is; a number for a quantity, a mapping of
            its fields, or a value for a plain field.
        touched: Takes the path of every value that changed, with the old and the new one.
        segments: Path of the node.

    Raises:
        PathError: If a path does not exist or a value is not allowed there.
    """
    return _changed(node, changes, touched, segments)[0]


def _changed(
    node: Any, changes: Changes, touched: list[Touched], segments: Segments
) -> tuple[Any, bool]:
    """Return the changed node, and whether its owner must check it because it cannot itself."""
    settled: dict[str | int, Any] = {}
    plain: dict[str | int, Any] = {}
    for name, change in changes.items():
        here = (*segments, name)
        if _takes_new(node, segments, change) and name not in {str(key) for key in node}:
            plain[name] = change
            touched.append((here, None, change))
            continue
        known_as, key, value = _child(node, name, here)
        here = (*segments, known_as)
        _refuse_whole_cards(here, change)
        if isinstance(value, Quantity):
            settled[key] = _changed_quantity(value, change, here)
            touched.append((here, value, settled[key]))
        elif isinstance(change, Mapping) and isinstance(value, BaseModel | dict | tuple):
            new, unchecked = _changed(value, dict(change), touched, here)
            (plain if unchecked else settled)[key] = new
        else:
            plain[key] = _as_whole_number(change) if isinstance(value, int) else change
            touched.append((here, value, change))
    return _rebuilt(node, settled, plain, segments), bool(plain) and not _is_model(node)


def _is_model(node: Any) -> bool:
    return isinstance(node, BaseModel)


def _as_whole_number(change: Any) -> Any:
    """Return 2 for 2.0: a sweep hands over floats where a card counts."""
    return int(change) if isinstance(change, float) and change.is_integer() else change


def _refuse_whole_cards(segments: Segments, change: Any) -> None:
    """Raise if a change would put a plain value in the place of a card, or rename it."""
    if len(segments) < 3 and not isinstance(change, Mapping):
        told = f"must name what to change in it (found {change!r})"
        raise PathError([Fault(told, segments, "such as cost.course, or a mapping")])
    if len(segments) == 3 and segments[2] == "id":
        raise PathError([Fault("a card keeps its id", segments)])


def _takes_new(node: Any, segments: Segments, change: Any) -> bool:
    """Tell whether a node is a card's mapping to which this may be added under a new key.

    To a mapping of plain values anything may; to one of numbers or parts only a whole one, which
    its owner then checks.
    """
    if len(segments) <= 2 or not isinstance(node, dict):
        return False
    holds_parts = any(isinstance(one, BaseModel) for one in node.values())
    return isinstance(change, Mapping) if holds_parts else True


def _changed_quantity(quantity: Quantity, change: Any, segments: Segments) -> Quantity:
    """Return a number set to a value, or with some of its fields replaced."""
    if isinstance(change, Mapping):
        if change.get("unit", quantity.unit) != quantity.unit:
            told = f"is in {quantity.unit} (found {change['unit']!r})"
            raise PathError([Fault(told, (*segments, "unit"), "convert the value")])
        kept = {name: getattr(quantity, name) for name in quantity.model_fields_set}
        if "value" in change and "distribution" not in change:
            kept.pop("distribution", None)
        return _validated(Quantity, kept | dict(change), segments)
    if isinstance(change, bool) or not isinstance(change, int | float):
        raise PathError(
            [
                Fault(
                    f"must be a number in {quantity.unit} (found {change!r})",
                    segments,
                    _hint(change),
                )
            ]
        )
    try:
        return quantity.with_value(float(change))
    except ValueError as error:
        raise PathError([Fault(str(error), segments)]) from error


def _hint(change: Any) -> str:
    return number_hint(change) if isinstance(change, str) else ""


def _rebuilt(
    node: Any, settled: dict[str | int, Any], plain: dict[str | int, Any], segments: Segments
) -> Any:
    """Return the node with new parts; its own fields are checked, its other parts are not."""
    if isinstance(node, dict):
        return {**node, **settled, **plain}
    if isinstance(node, tuple):
        return tuple((settled | plain).get(number, item) for number, item in enumerate(node))
    if not plain:
        return node.model_copy(update={str(key): value for key, value in settled.items()})
    fields = {name: getattr(node, name) for name in type(node).model_fields}
    fields |= node.__pydantic_extra__ or {}
    return _validated(type(node), fields | settled | plain, segments)


def _validated(model: type[M], fields: Mapping[Any, Any], segments: Segments) -> M:
    try:
        return model.model_validate(dict(fields))
    except ValidationError as error:
        found = validation_problems(error, Located(Path(), dict(fields)), (), model)
        raise PathError(
            [
                Fault(problem.message, (*segments, *filter(None, [problem.where])), problem.hint)
                for problem in found
            ]
        ) from error
