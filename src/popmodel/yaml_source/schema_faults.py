"""What a schema finds wrong, in the words of a file's author and at its place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from popmodel.errors import Problem, did_you_mean, nearest
from popmodel.yaml_source.located import Located, Where
from popmodel.yaml_source.scalars import number_hint


@dataclass(frozen=True)
class Fault:
    """One fault a validator found: a sentence, the field it stands at, and what to do."""

    message: str
    field: tuple[str | int, ...] = ()
    hint: str = ""


def faults(found: Iterable[Fault]) -> PydanticCustomError:
    """Return an error for a pydantic validator to raise that carries several located faults.

    Args:
        found: The faults; their fields are relative to the model that is validated.
    """
    listed = tuple(found)
    told = "; ".join(fault.message for fault in listed)
    return PydanticCustomError("faults", "{told}", {"told": told, "faults": listed})


def validation_problems(
    error: ValidationError,
    located: Located,
    prefix: Where = (),
    model: type[BaseModel] | None = None,
) -> list[Problem]:
    """Return one located problem for each fault pydantic found, with the value it met.

    Args:
        error: What validating `located.data` (or the part of it at `prefix`) raised.
        located: Where the data come from.
        prefix: Path of the validated part inside the file.
        model: The model, for the nearest known key; found by its name if not given.
    """
    model = model or _model_named(error.title)
    problems = []
    for detail in error.errors(include_url=False):
        where = (*prefix, *_written_path(_at(located.data, prefix), detail["loc"]))
        problems += [
            located.problem((*where, *fault.field), fault.message, fault.hint)
            for fault in _faults_of(detail, where, model)
        ]
    return problems


def _faults_of(detail: ErrorDetails, where: Where, model: type[BaseModel] | None) -> list[Fault]:
    """Return the faults of one pydantic error, in the words of a card's author."""
    kind, found, context = detail["type"], _shown(detail["input"]), detail.get("ctx", {})
    if kind == "faults":
        return list(context["faults"])
    if kind == "missing":
        return [Fault("is missing")]
    if kind == "extra_forbidden":
        return [Fault("unknown key", hint=did_you_mean(str(where[-1]), _keys(model, detail)))]
    if kind in ("literal_error", "enum", "union_tag_invalid"):
        options = re.findall(
            r"'([^']*)'", str(context.get("expected", context.get("expected_tags")))
        )
        word = str(context.get("tag", detail["input"]))
        told = f"must be {' or '.join(options)} (found {_shown(word)})"
        return [Fault(told, hint=_nearest_hint(word, options))]
    if kind == "union_tag_not_found":
        return [Fault(f"needs the key {context.get('discriminator', '')}")]
    told = _PLAIN_WORDS.get(kind, detail["msg"].removeprefix("Value error, "))
    told = told[:1].lower() + told[1:].replace("Input should be", "must be")
    told = told.replace("input should be", "must be")
    hint = "write true or false" if kind.startswith("bool") else ""
    if kind.startswith(("float", "int")) and isinstance(detail["input"], str):
        hint = number_hint(detail["input"])
    return [Fault(f"{told} (found {found})" if found else told, hint=hint)]


def _nearest_hint(word: str, options: list[str]) -> str:
    best = nearest(word, options)
    return f"did you mean {best}?" if best else ""


_PLAIN_WORDS = {
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be a text",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must hold keys and values",
    "model_type": "must hold keys and values",
    "model_attributes_type": "must hold keys and values",
    "finite_number": "must be a finite number",
}


def _shown(found: Any) -> str:
    """Return a value as it was written, or nothing if it is too large to show."""
    if isinstance(found, bool):
        return str(found).lower()
    if found is None:
        return "nothing"
    if isinstance(found, str):
        return repr(found if len(found) <= 40 else found[:40] + "…")
    return str(found) if isinstance(found, int | float) else ""


def _at(data: Any, where: Where) -> Any:
    for part in where:
        data = data[part]
    return data


def _written_path(data: Any, location: tuple[str | int, ...]) -> Where:
    """Return pydantic's location without the parts that are names of types and not of keys."""
    where: list[str | int] = []
    for number, part in enumerate(location):
        if _holds(data, part):
            data = data[part]
        elif number < len(location) - 1 or not isinstance(data, dict) or part == "[key]":
            continue
        where.append(part)
    return tuple(where)


def _holds(data: Any, part: str | int) -> bool:
    if isinstance(data, list):
        return isinstance(part, int) and 0 <= part < len(data)
    return isinstance(data, dict) and part in data


def _model_named(title: str) -> type[BaseModel] | None:
    waiting = [BaseModel]
    while waiting:
        model = waiting.pop()
        if model.__name__ == title:
            return model
        waiting += model.__subclasses__()
    return None


def _keys(model: type[BaseModel] | None, detail: ErrorDetails) -> set[str]:
    """Return the keys that would have been known where an unknown one was found."""
    types: set[Any] = {model} if model else set()
    for part in detail["loc"][:-1]:
        types = {inner for outer in types for inner in _inside(outer, part)} or types
    return {name for outer in types for one in _alternatives(outer) for name in _fields(one)}


def _fields(model: Any) -> dict[str, Any]:
    """Return the fields of a model by the name they are written with."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return {}
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _alternatives(annotation: Any) -> list[Any]:
    """Return the plain classes and containers an annotation allows."""
    if isinstance(annotation, type) and not get_args(annotation):
        return [annotation]
    alias = getattr(annotation, "__value__", None)
    parts = [alias] if alias is not None else list(get_args(annotation))
    return [annotation, *(inner for part in parts for inner in _alternatives(part))]


def _inside(annotation: Any, part: str | int) -> list[Any]:
    """Return what an annotation holds at a key or an index; nothing if it has no such place."""
    found = []
    for one in _alternatives(annotation):
        if part in _fields(one):
            found.append(_fields(one)[str(part)])
    if not found and get_args(annotation):
        found = [one for one in _alternatives(annotation)[1:] if _fields(one)]
    return found
