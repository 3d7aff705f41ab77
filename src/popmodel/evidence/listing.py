"""Tables of what is known: every number with its uncertainty and origin, as plain rows to print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from popmodel.errors import InputError, Problem, did_you_mean
from popmodel.evidence.calibration import Fitted, fits_of
from popmodel.evidence.load import Evidence
from popmodel.evidence.quantity import Quantity

Origin = Literal["seen", "recalled", "assumption", "calibrated", "overridden"]


@dataclass(frozen=True)
class Row:
    """One number in the table of what is known.

    Attributes:
        path: Dotted path.
        value: Value on the card, in `unit`; where a fit replaces it, the prior of the fit.
        unit: Unit.
        distribution: Kind and parameters in words; empty if the number is taken as it is.
        low: Lower end of the 95 % interval; the value if it is not in doubt.
        high: Upper end.
        origin: `seen` in its source, `recalled`, `assumption`, `calibrated`, or `overridden`.
        why: Citation and locator, the fit, or the rationale.
        place: `file:line` of the card.
        fits: What replaces the value in a run, by structure; empty for most.
    """

    path: str
    value: float
    unit: str
    distribution: str
    low: float
    high: float
    origin: Origin
    why: str
    place: str
    fits: tuple[Fitted, ...] = ()


@dataclass(frozen=True)
class Counts:
    """How many numbers rest on what."""

    numbers: int
    seen: int
    recalled: int
    assumption: int
    calibrated: int
    uncertain: int
    overridden: int

    def __str__(self) -> str:
        """Return the counts as a sentence for reports."""
        return (
            f"{self.numbers} numbers: {self.seen} read in their source, {self.recalled} recalled "
            f"and not yet read, {self.assumption} assumptions, {self.calibrated} calibrated, "
            f"{self.overridden} overridden"
        )


ORIGIN_WORDS: dict[Origin, str] = {
    "seen": "seen in source",
    "recalled": "recalled",
    "assumption": "assumption",
    "calibrated": "calibrated",
    "overridden": "overridden",
}
"""Origins as tables call them."""


def origin(evidence: Evidence, path: str, fitted: Collection[str] = ()) -> Origin:
    """Return what a number rests on. An assumption stays one although a source inspired it.

    Args:
        evidence: What is known, overrides included.
        path: Dotted path of the number.
        fitted: Paths that fits replace (`calibration.fitted_paths`); none: what the card says.

    Raises:
        InputError: If there is no such number.
    """
    quantity = evidence.quantity(path)
    if path in evidence.overridden:
        return "overridden"
    if path in fitted:
        return "calibrated"
    if quantity.is_assumption:
        return "assumption"
    if quantity.basis == "calibrated" or quantity.source is None:
        return "calibrated"
    return "seen" if quantity.seen else "recalled"


def rows(
    evidence: Evidence,
    identifier: str | None = None,
    *,
    assumptions: bool = False,
    unverified: bool = False,
    fitted: Collection[str] = (),
) -> list[Row]:
    """Return the numbers of a card, a path or everything, one row each.

    Args:
        evidence: What is known.
        identifier: Id of a card, or a path that begins with folder and id; all if not given.
        assumptions: Keep only assumptions (and, with `unverified`, what was recalled).
        unverified: Keep only what was recalled and not yet read in its source.
        fitted: Paths that fits replace; they rest on the fit, not on what their card says.

    Raises:
        InputError: If no card has this id.
    """
    wanted = {"assumption"} if assumptions else set()
    wanted |= {"recalled"} if unverified else set()
    return [
        row(evidence, path, fitted)
        for path in _paths(evidence, identifier)
        if not wanted or origin(evidence, path, fitted) in wanted
    ]


def _paths(evidence: Evidence, identifier: str | None) -> list[str]:
    """Return the paths of a card by its id, or below a path."""
    paths = list(evidence.quantities())
    if identifier is None:
        return paths
    inside = f"{identifier}."
    found = [
        path
        for path in paths
        if path == identifier or path.startswith(inside) or path.split(".")[1] == identifier
    ]
    if not found:
        hint = did_you_mean(identifier, {path.split(".")[1] for path in paths})
        raise InputError([Problem("", 0, 0, identifier, "no card or path is called so", hint)])
    return found


def row(evidence: Evidence, path: str, fitted: Collection[str] = ()) -> Row:
    """Return one number as a row.

    Raises:
        InputError: If there is no such number.
    """
    quantity = evidence.quantity(path)
    low, high = quantity.interval()
    file, line, _ = evidence.position(path)
    return Row(
        path,
        quantity.value,
        quantity.unit,
        distribution_text(quantity),
        low,
        high,
        origin(evidence, path, fitted),
        _why(evidence, quantity),
        f"{file}:{line}",
        fits_of(evidence, path) if path in fitted else (),
    )


def distribution_text(quantity: Quantity) -> str:
    """Return a distribution as one reads it, such as `gamma, mean 0.27, se 0.06`."""
    if quantity.distribution is None:
        return ""
    said = quantity.distribution.model_dump(exclude_none=True, exclude_defaults=True)
    said.pop("kind", None)
    inner = said.pop("otherwise", {})
    parts = [f"{name} {_exact(value)}" for name, value in said.items() if name != "file"]
    parts += [f"otherwise {inner.pop('kind')}"] if inner else []
    parts += [f"{name} {_exact(value)}" for name, value in inner.items()]
    return ", ".join([quantity.distribution.kind, *parts])


def _exact(value: Any) -> str:
    """Return a number without a needless point: 19703, not 19703.0."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _short(value: float) -> str:
    """Return a number with four digits, never as a power of ten where money would be."""
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"


def _why(evidence: Evidence, quantity: Quantity) -> str:
    source = evidence.sources.get(quantity.source or "")
    told = [
        source.citation if source else quantity.source,
        quantity.locator,
        f"fit {quantity.fit}" if quantity.fit else None,
        quantity.rationale,
    ]
    return "; ".join(part for part in told if part)


def explanation(
    evidence: Evidence, path: str, structures: Collection[str] | None = None
) -> dict[str, Any]:
    """Return all that is known about one number, in the order one asks, as named texts.

    Where a fit replaces the number, what its card says is the prior, and `fits` lists what each
    fit found, as a mapping a structure.

    Args:
        evidence: What is known, overrides included.
        path: Dotted path of a number.
        structures: Ids of the calibrated cards to tell of; all if None.

    Raises:
        InputError: If there is no such number; names the nearest path.
    """
    quantity = evidence.quantity(path)
    source = evidence.sources.get(quantity.source or "")
    file, line, column = evidence.position(path)
    low, high = quantity.interval()
    fits = [
        one for one in fits_of(evidence, path) if structures is None or one.structure in structures
    ]
    value = f"{quantity.value:g} {quantity.unit}"
    card_says = _ORIGINS[origin(evidence, path)]
    told: dict[str, Any] = {
        "path": path,
        "fits": [vars(one) for one in fits] or None,
        "prior" if fits else "value": value,
        "price_year": quantity.price_year,
        "replaces": _replaced(evidence, path),
        "distribution": distribution_text(quantity) or "none: taken as it is",
        "interval_95": f"{_short(low)} to {_short(high)}" if quantity.is_uncertain else None,
        "drawn_with": _companions(evidence, path),
        "rests_on": f"a fit to trials; its prior on {card_says}" if fits else card_says,
        "source": f"{quantity.source}: {source.citation}" if source else None,
        "doi": source.doi if source else None,
        "url": source.url if source else None,
        "where": quantity.locator,
        "fit": quantity.fit,
        "rationale": quantity.rationale,
        "note": quantity.note,
        "card": f"{file}:{line}:{column}",
    }
    return {name: value for name, value in told.items() if value is not None}


_ORIGINS: dict[Origin, str] = {
    "seen": "its source, where it was read",
    "recalled": "its source, recalled and not yet read there",
    "assumption": "an assumption",
    "calibrated": "a calibration",
    "overridden": "an override",
}


def _replaced(evidence: Evidence, path: str) -> str | None:
    """Return what the card says where something overrides it."""
    old = evidence.overridden.get(path)
    return f"{old.value:g} {old.unit} on the card" if isinstance(old, Quantity) else None


def _companions(evidence: Evidence, path: str) -> str | None:
    """Return the other numbers of the group that a number is drawn with."""
    together = next((paths for paths in evidence.groups().values() if path in paths), ())
    return ", ".join(other for other in together if other != path) or None


def counts(evidence: Evidence, fitted: Collection[str] = ()) -> Counts:
    """Return how many numbers rest on what, for reports and the manifest.

    Args:
        evidence: What is known, overrides included.
        fitted: Paths that fits replace; none: what the cards say.
    """
    quantities = evidence.quantities()
    origins = Counter(origin(evidence, path, fitted) for path in quantities)
    return Counts(
        len(quantities),
        origins["seen"],
        origins["recalled"],
        origins["assumption"],
        origins["calibrated"],
        sum(quantity.is_uncertain for quantity in quantities.values()),
        origins["overridden"],
    )


@dataclass(frozen=True)
class Folder:
    """How the numbers of a folder divide.

    Attributes:
        name: The folder; `all` for the sum.
        cards: How many cards hold numbers.
        numbers: How many numbers, then how many of each origin.
    """

    name: str
    cards: int
    numbers: tuple[int, ...]


def overview(listed: Sequence[Row]) -> tuple[tuple[Origin, ...], list[Folder]]:
    """Return the origins that occur among some rows, and how many numbers rest on each.

    Args:
        listed: Rows of all numbers that are counted.

    Returns:
        Origins in the order of `ORIGIN_WORDS`, those of cards always; one element a folder, then
        their sum.
    """
    found = {row.origin for row in listed}
    used = tuple(name for name in ORIGIN_WORDS if name != "overridden" or name in found)
    inside: dict[str, list[Row]] = {}
    for one in listed:
        inside.setdefault(one.path.split(".")[0], []).append(one)
    return used, [_folder(name, rows, used) for name, rows in [*inside.items(), ("all", listed)]]


def _folder(name: str, inside: Sequence[Row], used: Sequence[Origin]) -> Folder:
    cards = {tuple(row.path.split(".")[:2]) for row in inside}
    origins = Counter(row.origin for row in inside)
    return Folder(name, len(cards), (len(inside), *(origins[one] for one in used)))


COLUMNS = tuple(one.name for one in fields(Row))
"""Headings of the rows."""
