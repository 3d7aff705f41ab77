"""Several layers of settings become one tree that remembers who wrote what.

Mappings merge deeply, lists and plain values replace, and `null` takes away what a lower layer
said. Every message about the merged tree points at the line its author has to change.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from popmodel.errors import Problem, Problems
from popmodel.yaml_source import Located, Where, dotted

Tell = Callable[[Where, str, str], Problem]


@dataclass(frozen=True)
class Layer:
    """One source of settings: a file, or an option.

    Attributes:
        data: What it says, as plain nested data.
        tell: Makes a problem that stands at one of its keys.
    """

    data: dict[str, Any]
    tell: Tell


@dataclass(frozen=True)
class Merged(Located):
    """The merged tree; problems stand where the layer that wrote the key has it."""

    origins: dict[Where, Layer] = field(default_factory=dict, repr=False)

    def problem(self, where: Where, message: str, hint: str = "") -> Problem:
        """Return a problem in the layer that wrote this key, or the nearest key around it."""
        for end in range(len(where), 0, -1):
            if where[:end] in self.origins:
                return self.origins[where[:end]].tell(where, message, hint)
        return super().problem(where, message, hint)

    def add(self, layer: Layer) -> None:
        """Merge a layer over what there is."""
        overrides = layer.data.get("overrides")
        for path in overrides if isinstance(overrides, dict) else ():
            self._forget_relatives(str(path))
        self._write(self.data, layer.data, (), layer)

    def put(self, where: Where, value: Any, layer: Layer) -> None:
        """Put one value at a place, making mappings on the way.

        Raises:
            ValueError: If the way leads through something that holds no keys or positions.
        """
        if where[0] == "overrides" and len(where) > 1:
            self._forget_relatives(str(where[1]))
        node: Any = self.data
        for depth, part in enumerate(where[:-1]):
            here = where[: depth + 1]
            key = _key(node, part, here)
            if isinstance(node, dict):
                self.origins.setdefault(here, layer)
                node = node.setdefault(key, {})
            else:
                node = node[key]
            if not isinstance(node, dict | list):
                raise ValueError(f"{dotted(here)} holds nothing that could be set one by one")
        key = _key(node, where[-1], where)
        at = (*where[:-1], key)
        if isinstance(value, dict) and isinstance(node, dict):
            self._write(node, {key: value}, where[:-1], layer)
        else:
            node[key] = value
            self._note(value, at, layer)

    def _forget_relatives(self, path: str) -> None:
        """Drop overrides of lower layers that lie inside a path, or around it."""
        overrides = self.data.get("overrides")
        for old in list(overrides) if isinstance(overrides, dict) else ():
            if str(old).startswith(f"{path}.") or path.startswith(f"{old}."):
                del overrides[old]

    def _write(
        self, target: dict[Any, Any], source: Mapping[Any, Any], start: Where, layer: Layer
    ) -> None:
        for key, value in source.items():
            where = (*start, key)
            if value is None and key in target:
                del target[key]
            elif isinstance(value, dict):
                self.origins[where] = layer
                if not isinstance(target.get(key), dict):
                    target[key] = {}
                self._write(target[key], value, where, layer)
            else:
                target[key] = value
                self._note(value, where, layer)

    def _note(self, value: Any, where: Where, layer: Layer) -> None:
        """Note that a layer wrote a value and everything in it."""
        self.origins[where] = layer
        inner: Iterator[tuple[Any, Any]] = iter(())
        if isinstance(value, list):
            inner = iter(enumerate(value))
        elif isinstance(value, dict):
            inner = iter(value.items())
        for key, one in inner:
            self._note(one, (*where, key), layer)


def _key(node: Any, part: str | int, where: Where) -> str | int:
    """Return a part of a path as the key or the position it stands for.

    Raises:
        ValueError: If it should be a position in a list, and is none.
    """
    if not isinstance(node, list):
        return part
    if str(part).isdigit() and int(part) < len(node):
        return int(part)
    raise ValueError(f"{dotted(where)}: the list has positions 0 to {len(node) - 1}")


def merge_files(files: list[Located], problems: Problems) -> Merged:
    """Merge a chain of files, the first lowest.

    Args:
        files: At least one; the last gives the name.
        problems: Receives overrides written twice.
    """
    main = files[-1]
    merged = Merged(main.path, {}, main.positions, {})
    for located in files:
        merged.add(_layer_of(located, problems))
    return merged


def _layer_of(located: Located, problems: Problems) -> Layer:
    """Return a file as a layer, its overrides flattened to dotted paths."""
    data = copy.deepcopy(located.data)
    written: dict[str, Where] = {}
    if isinstance(data.get("overrides"), dict):
        flat: dict[str, Any] = {}
        for inner, value in leaves(data["overrides"]):
            path, where = dotted(inner), ("overrides", *inner)
            if path in flat:
                problems.extend([located.problem(where, f"{path} is written twice")])
            flat[path], written[path] = value, where
        data["overrides"] = flat

    def tell(where: Where, message: str, hint: str) -> Problem:
        is_override = where[:1] == ("overrides",) and len(where) > 1
        at = _longest(written, str(where[1]), where) if is_override else where
        line, column = located.position(at)
        file = located.problem((), "").file
        return Problem(file, line, column, dotted(where), message, hint)

    return Layer(data, tell)


def _longest(written: Mapping[str, Where], path: str, otherwise: Where) -> Where:
    """Return where an override was written, whole or by one of its fields."""
    inner = (where for known, where in written.items() if known.startswith(f"{path}."))
    return written.get(path) or next(inner, otherwise)


def leaves(data: Mapping[Any, Any], start: Where = ()) -> Iterator[tuple[Where, Any]]:
    """Yield every value of nested mappings with its path; lists and empty mappings are values."""
    for key, value in data.items():
        where = (*start, key)
        if isinstance(value, dict) and value:
            yield from leaves(value, where)
        else:
            yield where, value
