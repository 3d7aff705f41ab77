"""Fitted numbers: which calibrated card belongs to a structure, and what it puts in the place of.

A fit to trials replaces numbers of other cards, anew in each structure. What a run overrides stays
overridden.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from popmodel.evidence.load import Evidence
from popmodel.evidence.schema import Calibrated
from popmodel.yaml_source import shown_path


@dataclass(frozen=True)
class Fitted:
    """What one fit found for a number.

    Attributes:
        structure: Id of the calibrated card, `<severity effect>_<correlation>`.
        fit: Id of the fit.
        value: Fitted value, in the unit of the number.
        se: Standard error of the fit.
        command: What reproduces the fit.
        place: `file:line:column` of the calibrated card's entry.
    """

    structure: str
    fit: str
    value: float
    se: float
    command: str
    place: str


def calibration_id(severity_effect: str, correlation: str) -> str:
    """Return the id of the calibrated card that fits a structure."""
    return f"{severity_effect}_{correlation}"


def fitted_values(evidence: Evidence, card: Calibrated) -> dict[str, float]:
    """Return the values a calibrated card puts in place of others; never of overridden ones."""
    return {path: one.value for path, one in card.values.items() if path not in evidence.overridden}


def fitted_paths(evidence: Evidence, structures: Iterable[str] | None = None) -> frozenset[str]:
    """Return the paths of all numbers that a fit replaces.

    Args:
        evidence: What is known, overrides included.
        structures: Ids of calibrated cards, those that do not exist included; all if None.
    """
    wanted = evidence.calibrated if structures is None else structures
    cards = (evidence.calibrated.get(name) for name in wanted)
    return frozenset(path for card in cards if card for path in fitted_values(evidence, card))


def fits_of(evidence: Evidence, path: str) -> tuple[Fitted, ...]:
    """Return what every fit found for a number, one element a structure; none if overridden.

    Args:
        evidence: What is known, overrides included.
        path: Dotted path of the number.
    """
    return tuple(
        _fitted(evidence, name, path)
        for name, card in evidence.calibrated.items()
        if path in fitted_values(evidence, card)
    )


def _fitted(evidence: Evidence, name: str, path: str) -> Fitted:
    card = evidence.calibrated[name]
    located = evidence.files["calibrated", name]
    line, column = located.position(("values", path))
    place = f"{shown_path(located.path)}:{line}:{column}"
    found = card.values[path]
    return Fitted(name, card.fit, found.value, found.se, card.command, place)


def lack_of_extrapolation(
    evidence: Evidence, structure: str, offered: Iterable[str] = ()
) -> tuple[str, str]:
    """Return why a structure cannot take out the extrapolation and what to do, or empty texts.

    Args:
        evidence: What is known.
        structure: Id of the calibrated card that would hold the factors.
        offered: Treatments that must have factors if their trials required failures.
    """
    card = evidence.calibrated.get(structure)
    effect, _, correlation = structure.partition("_")
    make = f"popmodel calibrate --structure {effect} --correlation {correlation}"
    if card is None or not card.extrapolation:
        told = f"none needs the calibrated card {structure} with its factors for untested patients"
        return f"{told}; there is none", f"make it with {make}"
    without = [
        name
        for name in sorted(set(offered))
        if (known := evidence.treatments[name]).tested_after > 0
        and known.potency.value > 0.0
        and name not in card.extrapolation
    ]
    if not without:
        return "", ""
    told = f"none needs factors for untested patients, and {structure} has none for "
    hint = f"add them with {make} --factors-only, or tested_after: 0 on a card of your own"
    return told + ", ".join(without), hint
