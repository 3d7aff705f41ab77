"""Telling scenarios from cards, and checking either."""

from __future__ import annotations

import warnings
from pathlib import Path

from popmodel.errors import InputError, InputWarning, Problem
from popmodel.evidence.load import load_evidence
from popmodel.yaml_source import read_yaml

SCENARIO_KEYS = frozenset({"extends", "strategies", "comparator", "horizon", "structure"})
"""Keys that no card has; one of them makes a file a scenario."""


def is_scenario(file: Path) -> bool:
    """Return whether a YAML file is a scenario rather than a card.

    A file that cannot be read counts as a scenario, so that reading it as one says why.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InputWarning)  # told when it is read in earnest
            data = read_yaml(file).data
    except InputError:
        return True
    return not SCENARIO_KEYS.isdisjoint(data)


def scenarios_in(folder: Path) -> list[Path]:
    """Return the scenario files directly in a folder, sorted by name."""
    return [file for file in sorted(folder.glob("*.y*ml")) if is_scenario(file)]


def card_problems(place: Path) -> tuple[Problem, ...]:
    """Return all that is wrong with a card file, or with a folder of cards.

    Args:
        place: Cards beside those that are shipped; they may replace or name them.
    """
    try:
        if place.is_dir():
            load_evidence(extra=[place])
            return ()
        return load_evidence().card_problems(place)
    except InputError as error:
        return error.problems


def count_cards(folder: Path) -> int:
    """Return how many card files a folder holds, in its groups too."""
    return sum(file.name != "sources.yaml" for file in folder.rglob("*.yaml"))
