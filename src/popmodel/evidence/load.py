"""Load what we know: all cards and sources, checked together, as one frozen `Evidence`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import ArrayLike

from popmodel.errors import InputError, Problem, Problems, did_you_mean
from popmodel.evidence.cards import (
    SOURCES_FILE,
    CardFile,
    LifeTable,
    read_card,
    read_folder,
    read_life_tables,
    read_sources,
)
from popmodel.evidence.check import (
    cross_problems,
    known_names,
    reference_faults,
)
from popmodel.evidence.distributions import Dirichlet
from popmodel.evidence.groups import draws, group_faults, group_key, rebalanced
from popmodel.evidence.laws import Array
from popmodel.evidence.quantity import Quantity
from popmodel.evidence.schema import (
    FORMS,
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
from popmodel.evidence.tree import PathError, Touched, changed, find, quantities_in
from popmodel.yaml_source import Located, Where, shown_path

SHIPPED = Path(__file__).parent / "cards"

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
            return find(self._tree(), tuple(path.split(".")))[1]
        except PathError as error:
            raise InputError(self._unknown(path, error)) from error

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
                found.setdefault(self._group_of(path, quantity.group), []).append(path)
        return {key: tuple(paths) for key, paths in found.items()}

    def _group_of(self, path: str, name: str) -> str:
        group, identifier = path.split(".")[:2]
        return group_key(group, identifier, self.cards(group)[identifier], name)

    def draws(self, uniform: Callable[[str], ArrayLike]) -> dict[str, Array]:
        """Return draws of every number in doubt, by path; see `groups.draws`.

        Args:
            uniform: Uniform numbers in [0, 1] for a path or group; all of one shape.
        """
        return draws(self._quantities, self.groups(), uniform)

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
        known = self._known()
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
        if not overrides:
            return self
        touched: list[Touched] = []
        try:
            tree = changed(self._tree(), nested(overrides), touched)
        except PathError as error:
            raise InputError(self._override_problems(overrides, located, prefix)) from error
        new = replace(
            self,
            **tree,
            overridden={
                **self.overridden,
                **{
                    path: self.overridden.get(path, old)
                    for path, old in ((".".join(segments), old) for segments, old, _ in touched)
                },
            },
        )
        self._hand_over_index(new, touched)
        new._check_overrides(touched, located, prefix)
        return new

    def _hand_over_index(self, new: Evidence, touched: Iterable[Touched]) -> None:
        """Give the new evidence our list of numbers, changed where it changed: once per draw."""
        fresh = {".".join(path): value for path, _, value in touched}
        if all(isinstance(value, Quantity) for value in fresh.values()):
            new.__dict__["_quantities"] = {**self._quantities, **fresh}

    def _override_problems(
        self, overrides: Mapping[str, Any], located: Located | None, prefix: Where
    ) -> list[Problem]:
        """Return the problems of all overrides, tried one by one."""
        problems = []
        for path, value in overrides.items():
            try:
                changed(self._tree(), nested({path: value}), [])
            except PathError as error:
                problems += self._unknown(path, error, located, prefix)
        return problems

    def _unknown(
        self, path: str, error: PathError, located: Located | None = None, prefix: Where = ()
    ) -> list[Problem]:
        """Return the faults of one path as problems, with the nearest path for an unknown one."""
        problems = []
        for fault in error.faults:
            where = ".".join(str(part) for part in fault.field)
            at = located.problem((*prefix, path), "") if located else Problem("", 0, 0, "", "")
            hint = fault.hint or (
                did_you_mean(path, self._quantities) if "no such path" in fault.message else ""
            )
            problems.append(replace(at, where=where, message=fault.message, hint=hint))
        return problems

    def _check_overrides(
        self, touched: Iterable[Touched], located: Located | None, prefix: Where
    ) -> None:
        """Raise if an override names a card that does not exist or breaks a group's sum."""
        problems = Problems()
        known: dict[str, set[str]] | None = None
        groups: dict[str, str] = {}
        for segments, _, value in touched:
            path = ".".join(segments)
            at = located.problem((*prefix, path), "") if located else Problem("", 0, 0, "", "")
            if not isinstance(value, Quantity):
                known = known or self._known()
                card = self.cards(segments[0])[segments[1]]
                for fault in reference_faults(card, known):
                    told, hint = fault.message, fault.hint
                    problems.extend([replace(at, where=path, message=told, hint=hint)])
            elif value.group:
                groups[self._group_of(path, value.group)] = path
        members = self.groups() if groups else {}
        for key, path in groups.items():
            at = located.problem((*prefix, path), "") if located else Problem("", 0, 0, "", "")
            stated = [
                self.overridden.get(member) or self._quantities[member] for member in members[key]
            ]
            whole = any(isinstance(one.distribution, Dirichlet) for one in stated)
            now = [self._quantities[member] for member in members[key]]
            for told in group_faults(now, whole):
                problems.extend([replace(at, where=path, message=f"group {key}: {told}")])
        problems.raise_if_any()

    def _tree(self) -> dict[str, Any]:
        return {group: getattr(self, group) for group in FORMS}

    def _known(self) -> dict[str, set[str]]:
        files = [
            CardFile(group, identifier, located, self.cards(group)[identifier])
            for (group, identifier), located in self.files.items()
        ]
        return known_names(files, self.sources, self.life_tables)


def nested(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes by dotted path as mappings in mappings.

    Raises:
        InputError: If one path lies inside another.
    """
    tree: dict[str, Any] = {}
    for path, value in overrides.items():
        node = tree
        *parents, last = path.split(".")
        for segment in parents:
            node = node.setdefault(segment, {})
            if not isinstance(node, dict):
                raise InputError([Problem("", 0, 0, path, "is set twice")])
        if last in node:
            raise InputError([Problem("", 0, 0, path, "is set twice")])
        node[last] = nested(value) if isinstance(value, Mapping) else value
    return tree


# ------------------------------------------------------------------ loading


def load_evidence(directory: Path | None = None, extra: Sequence[Path] = ()) -> Evidence:
    """Load all cards and sources.

    Args:
        directory: A folder laid out as the shipped one; the shipped one by default.
        extra: Further folders or card files; a card with a known id replaces that card.

    Raises:
        InputError: With every problem of every card, each with file, line and column.
    """
    if directory is None and not extra:
        return _shipped()
    return _load(Path(directory) if directory is not None else SHIPPED, tuple(map(Path, extra)))


@lru_cache(maxsize=1)
def _shipped() -> Evidence:
    return _load(SHIPPED, ())


def _load(directory: Path, extra: tuple[Path, ...]) -> Evidence:
    problems = Problems()
    files: dict[tuple[str, str], CardFile] = {}
    sources: dict[str, Source] = {}
    life_tables: dict[str, LifeTable] = {}
    for place in (directory, *extra):
        if place.is_file():
            found: Iterable[CardFile] = read_card(place, problems)
        else:
            found = read_folder(place, problems)
            sources |= read_sources(place / SOURCES_FILE, problems)
            life_tables |= read_life_tables(place, problems)
        files |= {(file.group, file.id): file for file in found}
    known = known_names(files.values(), sources, life_tables)
    problems.extend(cross_problems(files.values(), known))
    problems.raise_if_any()
    return _evidence(files, sources, life_tables)


def _evidence(
    files: Mapping[tuple[str, str], CardFile],
    sources: Mapping[str, Source],
    life_tables: Mapping[str, LifeTable],
) -> Evidence:
    cards: dict[str, dict[str, Any]] = {group: {} for group in FORMS}
    for (group, identifier), file in sorted(files.items(), key=lambda item: item[0]):
        cards[group][identifier] = file.card
    return Evidence(
        **cards,
        sources=dict(sorted(sources.items())),
        life_tables=life_tables,
        files={key: file.located for key, file in files.items()},
    )


assert set(FORMS) <= {one.name for one in fields(Evidence)}  # noqa: S101 — one field a folder
