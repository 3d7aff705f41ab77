"""Everything the cards say, as one frozen value that knows every number by its path."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import ArrayLike

from popmodel.errors import InputError, Problem, Problems, did_you_mean
from popmodel.evidence.check import cross_problems, known_names
from popmodel.evidence.groups import draws, group_key, rebalanced
from popmodel.evidence.laws import Array
from popmodel.evidence.overrides import overridden, path_problems
from popmodel.evidence.quantity import Quantity
from popmodel.evidence.reading import CardFile, LifeTable, read_card
from popmodel.evidence.schema import (
    FORMS,
    Biomarker,
    Biotype,
    Calibrated,
    Contact,
    Country,
    DiseaseCard,
    EconomicsCard,
    Part,
    Population,
    Service,
    Source,
    Treatment,
    Trial,
)
from popmodel.evidence.tree import PathError, Touched, find, quantities_in
from popmodel.yaml_source import Located, Where, shown_path

F = TypeVar("F", bound=Part)


@dataclass(frozen=True)
class Evidence:
    """Everything the cards say, and where they say it.

    Each folder of cards is a mapping from id to typed card, sorted by id. `overridden` holds what
    `with_overrides` replaced, by path.
    """

    treatments: Mapping[str, Treatment]
    contacts: Mapping[str, Contact]
    biotypes: Mapping[str, Biotype]
    disease: Mapping[str, DiseaseCard]
    population: Mapping[str, Population]
    economics: Mapping[str, EconomicsCard]
    settings: Mapping[str, Country]
    services: Mapping[str, Service]
    tests: Mapping[str, Biomarker]
    trials: Mapping[str, Trial]
    calibrated: Mapping[str, Calibrated]
    sources: Mapping[str, Source]
    life_tables: Mapping[str, LifeTable] = field(repr=False)
    files: Mapping[tuple[str, str], Located] = field(repr=False)
    overridden: Mapping[str, Any] = field(default_factory=dict)

    # ---- reading

    def quantities(self) -> Mapping[str, Quantity]:
        """Return every number by its dotted path `<folder>.<id>.<field>…`."""
        return self._quantities

    @cached_property
    def _quantities(self) -> dict[str, Quantity]:
        return {
            ".".join((group, identifier, *segments)): quantity
            for group in FORMS
            for identifier, card in self.cards(group).items()
            for segments, _, quantity in quantities_in(card)
        }

    def values(self) -> dict[str, float]:
        """Return the stated value of every number by its dotted path."""
        return {path: quantity.value for path, quantity in self._quantities.items()}

    def quantity(self, path: str) -> Quantity:
        """Return one number.

        Args:
            path: Its dotted path.

        Raises:
            InputError: If there is none; names the nearest path.
        """
        if path in self._quantities:
            return self._quantities[path]
        found = self.value_at(path)
        if isinstance(found, Quantity):
            return found
        raise InputError([Problem("", 0, 0, path, "is not a number with a unit and a source")])

    def value_at(self, path: str) -> Any:
        """Return whatever stands at a path: a number, a plain setting, a part of a card, a card.

        Raises:
            InputError: If nothing does; names the nearest path.
        """
        try:
            return find(self.tree(), tuple(path.split(".")))[1]
        except PathError as error:
            found = [(path, fault) for fault in error.faults]
            raise InputError(path_problems(self, found)) from error

    def cards(self, group: str) -> Mapping[str, Part]:
        """Return the cards of a folder by id.

        Raises:
            InputError: If there is no such folder.
        """
        if group not in FORMS:
            told = "there is no such folder of cards"
            raise InputError([Problem("", 0, 0, group, told, did_you_mean(group, FORMS))])
        found: Mapping[str, Part] = getattr(self, group)
        return found

    def the(self, form: type[F]) -> F:
        """Return the only card of a form, such as `Response`, with its type.

        Raises:
            InputError: If there is none, or more than one.
        """
        cards = [card for group in FORMS for card in self.cards(group).values()]
        found = [card for card in cards if isinstance(card, form)]
        if len(found) != 1:
            told = f"needs exactly one card of the form {form.__name__}, found {len(found)}"
            raise InputError([Problem("", 0, 0, "", told)])
        return found[0]

    def life_table(self, name: str) -> tuple[Array, Array, Array]:
        """Return ages (years from 0) and yearly probabilities of death of men and of women.

        Raises:
            InputError: If there is no such table.
        """
        if name not in self.life_tables:
            hint = did_you_mean(name, self.life_tables)
            raise InputError([Problem("", 0, 0, name, "there is no such life table", hint)])
        table = self.life_tables[name]
        return table.ages, table.male, table.female

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Return the paths of numbers that are drawn together, by the full name of their group."""
        found: dict[str, list[str]] = {}
        for path, quantity in self._quantities.items():
            if quantity.group:
                found.setdefault(self.group_of(path, quantity.group), []).append(path)
        return {key: tuple(paths) for key, paths in found.items()}

    def group_of(self, path: str, name: str) -> str:
        """Return the full name of the group that the number at a path calls `name`."""
        group, identifier = path.split(".")[:2]
        return group_key(group, identifier, self.cards(group)[identifier], name)

    def draws(
        self, uniform: Callable[[str], ArrayLike], only: Collection[str] | None = None
    ) -> dict[str, Array]:
        """Return draws of every number in doubt, by path; see `groups.draws`.

        Args:
            uniform: Uniform numbers in [0, 1] for a path or group; all of one shape.
            only: Paths that are wanted; all if None.
        """
        return draws(self._quantities, self.groups(), uniform, only)

    def rebalanced(self, path: str, value: float) -> dict[str, float]:
        """Return the overrides that set one number, its group's other shares scaled to fit.

        Args:
            path: The number.
            value: What to set it to.

        Raises:
            InputError: If there is no such number.
        """
        return rebalanced(path, value, self.quantity(path), self._quantities, self.groups())

    # ---- places

    def file_of(self, group: str, identifier: str) -> Path:
        """Return the file of a card."""
        return self._located(group, identifier).path

    def position(self, path: str) -> tuple[str, int, int]:
        """Return file, line and column of a path, or of its nearest parent that is written.

        Args:
            path: A dotted path that begins with folder and id.
        """
        group, identifier, *segments = path.split(".")
        located = self._located(group, identifier)
        try:
            where = find(self.cards(group)[identifier], tuple(segments))[0]
        except PathError:
            where = ()
        return (shown_path(located.path), *located.position(where))

    def _located(self, group: str, identifier: str) -> Located:
        if (group, identifier) not in self.files:
            known = [".".join(key) for key in self.files]
            hint = did_you_mean(f"{group}.{identifier}", known)
            raise InputError([Problem("", 0, 0, f"{group}.{identifier}", "no such card", hint)])
        return self.files[group, identifier]

    def card_problems(self, path: Path) -> tuple[Problem, ...]:
        """Return all that is wrong with a card file, given everything else that is known.

        Args:
            path: A card outside this evidence, or one that would replace a card of it.
        """
        problems = Problems()
        known = self.known()
        for file in read_card(Path(path), problems):
            known.setdefault(file.group, set()).add(file.id)
            problems.extend(cross_problems([file], known))
        return tuple(sorted(problems))

    # ---- changing

    def with_overrides(
        self, overrides: Mapping[str, Any], located: Located | None = None, prefix: Where = ()
    ) -> Evidence:
        """Return this evidence with some values replaced; no file is read.

        Args:
            overrides: By dotted path: a number (then no longer in doubt) or a mapping of fields
                for a quantity; a value for a plain setting; a mapping for a part of a card.
            located: The file the overrides stand in, for messages.
            prefix: Where in that file they stand.

        Raises:
            InputError: For every path that does not exist and every value that is not allowed.
        """
        return overridden(self, overrides, located, prefix) if overrides else self

    def changed(self, tree: Mapping[str, Any], touched: Iterable[Touched]) -> Evidence:
        """Return this evidence with other cards; the index of numbers is carried over.

        Args:
            tree: The cards of every folder by id.
            touched: What differs: path, old and new value.
        """
        paths = {".".join(segments): (old, new) for segments, old, new in touched}
        replaced = {path: self.overridden.get(path, old) for path, (old, _) in paths.items()}
        evidence = replace(self, **tree, overridden={**self.overridden, **replaced})
        if all(isinstance(new, Quantity) for _, new in paths.values()):  # once per draw: be quick
            fresh = {path: new for path, (_, new) in paths.items()}
            evidence.__dict__["_quantities"] = {**self._quantities, **fresh}
        return evidence

    def tree(self) -> dict[str, Any]:
        """Return the cards of every folder by id, as one tree for dotted paths."""
        return {group: getattr(self, group) for group in FORMS}

    def known(self) -> dict[str, set[str]]:
        """Return the names that a field of a card may refer to; see `check.known_names`."""
        files = [
            CardFile(group, identifier, located, self.cards(group)[identifier])
            for (group, identifier), located in self.files.items()
        ]
        return known_names(files, self.sources, self.life_tables)
