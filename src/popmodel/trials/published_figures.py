"""Figures of published models, as files say them: what was published, and how near is near enough.

A file `figures/<name>.yaml` belongs to the scenario `<name>.yaml` beside that folder, which asks
the published model's question. Each figure carries the tolerance that was agreed before our result
was seen, or says why our structure cannot express it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError, model_validator

from popmodel.errors import InputError, Problem, Problems, did_you_mean
from popmodel.evidence.quantity import Text
from popmodel.evidence.schema import Part
from popmodel.evidence.schema.parts import Several
from popmodel.scenario import Scenario, check_scenario
from popmodel.scenario.schema import Day
from popmodel.trials.published_measures import MEASURES
from popmodel.yaml_source import (
    Fault,
    Located,
    Where,
    faults,
    read_yaml,
    shown_path,
    validation_problems,
)

FOLDER: Final = "figures"
TOLERANCES: Final = ("within", "factor", "above", "below")

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)]


class Figure(Part):
    """One published measure, by strategy, and how near ours must come.

    Attributes:
        says: what it is, in words, with its unit.
        published: the figure by strategy; with `against` a difference from that strategy.
        measure: what of ours is compared; a name in `published_measures.MEASURES`.
        per: what it is divided by: a ratio of means, or of mean differences.
        against: the strategy the others are compared with.
        within: ours may differ by so much.
        factor: ours may be so many times larger or smaller, with the same sign.
        above: ours must be larger than this.
        below: ours must be smaller than this.
        why: why ours may differ.
        expressible: `no` where our structure has no such thing.
        reason: why it has not.
        source: of this figure, where it is another than that of the file.
        locator: where in the source, likewise.
        seen: whether it was read there, likewise.
        note: how it was derived.
    """

    says: Text
    published: Annotated[dict[Text, Number], Field(min_length=1)]
    measure: Text | None = None
    per: Text | None = None
    against: Text | None = None
    within: Positive | None = None
    factor: Annotated[Positive, Field(gt=1)] | None = None
    above: Number | None = None
    below: Number | None = None
    why: Text | None = None
    expressible: Literal["yes", "no"] = "yes"
    reason: Text | None = None
    source: Text | None = None
    locator: Text | None = None
    seen: bool | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _can_be_judged(self) -> Figure:
        found = [*(self._faults() if self.expressible == "yes" else self._faults_if_not())]
        if found:
            raise faults(found)
        return self

    def _faults(self) -> list[Fault]:
        found = [
            Fault("is missing", (name,)) for name in ("measure", "why") if not getattr(self, name)
        ]
        given = [name for name in TOLERANCES if getattr(self, name) is not None]
        if len(given) != 1:
            told = f"needs one tolerance (found {', '.join(given) or 'none'})"
            return [*found, Fault(told, hint=f"one of {', '.join(TOLERANCES)}")]
        if self.reason is not None:
            found.append(Fault("goes with expressible: no", ("reason",)))
        return found + [
            Fault(f"{value:g} misses its own tolerance", ("published", name))
            for name, value in self.published.items()
            if (self.factor is not None and value == 0.0) or not self.allows(value, value)
        ]

    def _faults_if_not(self) -> list[Fault]:
        wrong = [n for n in ("measure", "per", "against", "why", *TOLERANCES) if self._says(n)]
        found = [Fault("is not used with expressible: no", (name,)) for name in wrong]
        return found if self.reason else [*found, Fault("is missing", ("reason",))]

    def _says(self, name: str) -> bool:
        return getattr(self, name) is not None

    def limits(self, published: float) -> tuple[float, float]:
        """Return the range in which ours agrees with a published figure."""
        if self.within is not None:
            return published - self.within, published + self.within
        if self.factor is not None:
            ends = sorted((published / self.factor, published * self.factor))
            return ends[0], ends[1]
        low = -math.inf if self.above is None else self.above
        return low, math.inf if self.below is None else self.below

    def allows(self, published: float, ours: float) -> bool:
        """Return whether ours lies in the range; a direction must be met, not touched."""
        low, high = self.limits(published)
        if self.above is not None or self.below is not None:
            return low < ours < high
        return low <= ours <= high


class Change(Part):
    """Another number or form of our scenario, tried to see whether it explains a difference."""

    says: Text
    set: Annotated[dict[Text, float | bool | Text], Field(min_length=1)]


class Figures(Part):
    """A file of figures: the model they come from, their source, and the day of the tolerances.

    `changes` are tried on the figures that lie outside.
    """

    model: Text
    source: Text
    locator: Text | None = None
    seen: bool
    tolerances_set: Day
    figures: Annotated[Several[Figure], Field(min_length=1)]
    changes: Several[Change] = ()

    @model_validator(mode="after")
    def _no_name_twice(self) -> Figures:
        says = [one.says for one in self.figures]
        found = [
            Fault(f"'{text}' stands twice", ("figures", n, "says"), "rows are told apart by it")
            for n, text in enumerate(says)
            if text in says[:n]
        ]
        if found:
            raise faults(found)
        return self


@dataclass(frozen=True)
class PublishedModel:
    """A published model: our scenario that asks its question, and what it answered.

    Attributes:
        name: of the scenario's file, without ending.
        scenario: ours.
        figures: what was published.
        changed: our scenario under each change, by what the change says.
        files: every file it was read from, cards included; the shipped ones are not.
    """

    name: str
    scenario: Scenario
    figures: Figures
    changed: Mapping[str, Scenario]
    files: tuple[Path, ...]


def load_published(folder: Path) -> list[PublishedModel]:
    """Read every published model of a folder, sorted by name.

    Args:
        folder: scenarios, and below it the folder `figures` with a file of the same name for each.

    Raises:
        InputError: with every problem of every file, each with file, line and column.
    """
    problems = Problems()
    names = _names(folder, problems)
    found = [_model(folder, name, problems) for name in names]
    problems.raise_if_any()
    return [one for one in found if one is not None]


def _names(folder: Path, problems: Problems) -> list[str]:
    """Return the names that have a scenario and figures, noting those that miss either."""
    place = folder / FOLDER
    asked = {file.stem: file for file in folder.glob("*.yaml")}
    answered = {file.stem: file for file in place.glob("*.yaml")}
    for name in sorted(asked.keys() - answered.keys()):
        missing = shown_path(place / f"{name}.yaml")
        problems.add(file=shown_path(asked[name]), message=f"has no figures: no file {missing}")
    for name in sorted(answered.keys() - asked.keys()):
        told, hint = f"has no scenario {name}.yaml", did_you_mean(name, asked)
        problems.add(file=shown_path(answered[name]), message=told, hint=hint)
    if not asked and not answered:
        problems.add(file=shown_path(folder), message="holds no scenarios of published models")
    return sorted(asked.keys() & answered.keys())


def _model(folder: Path, name: str, problems: Problems) -> PublishedModel | None:
    checked = check_scenario(folder / f"{name}.yaml")
    problems.extend([*checked.problems, *checked.refused])
    place = folder / FOLDER / f"{name}.yaml"
    figures = read_figures(place, problems)
    if checked.scenario is None or figures is None or checked.refused:
        return None
    located, said = figures
    problems.extend(_misfits(located, said, checked.scenario))
    changed = _changed(folder / f"{name}.yaml", located, said, problems)
    own = [path for card in checked.scenario.cards for path in _files(folder / card)]
    return PublishedModel(
        name, checked.scenario, said, changed, (*checked.source_files, place, *own)
    )


def _changed(
    file: Path, located: Located, said: Figures, problems: Problems
) -> dict[str, Scenario]:
    """Return the scenario under each change, noting what cannot be set."""
    found = {}
    for n, change in enumerate(said.changes):
        checked = check_scenario(file, change.set)
        problems.extend(
            located.problem(("changes", n, "set"), f"{one.where}: {one.message}", one.hint)
            for one in checked.problems
        )
        if checked.scenario is not None:
            found[change.says] = checked.scenario
    return found


def _files(place: Path) -> list[Path]:
    return sorted(place.rglob("*.yaml")) if place.is_dir() else [place]


def read_figures(path: Path, problems: Problems) -> tuple[Located, Figures] | None:
    """Read a file of figures, or note what is wrong with it and return None."""
    try:
        located = read_yaml(path)
    except InputError as error:
        problems.extend(error.problems)
        return None
    try:
        return located, Figures.model_validate(located.data)
    except ValidationError as error:
        problems.extend(validation_problems(error, located, (), Figures))
        return None


def _misfits(located: Located, said: Figures, scenario: Scenario) -> list[Problem]:
    """Return a problem for every name that is no measure, strategy or source."""
    names: Mapping[str, object] = scenario.strategies
    sources = scenario.evidence().sources
    found = [_unknown(located, ("source",), "source", said.source, sources)]
    for n, figure in enumerate(said.figures):
        here: Where = ("figures", n)
        for key in ("measure", "per"):
            found.append(_unknown(located, (*here, key), "measure", getattr(figure, key), MEASURES))
        found.append(_unknown(located, (*here, "against"), "strategy", figure.against, names))
        found.append(_unknown(located, (*here, "source"), "source", figure.source, sources))
        for name in figure.published:
            found.append(_unknown(located, (*here, "published", name), "strategy", name, names))
    if len(scenario.structures()) > 1:
        told = "its scenario asks for several structures, and a figure is compared under one"
        found.append(located.problem((), told))
    return [one for one in found if one is not None]


def _unknown(
    located: Located, where: Where, kind: str, name: str | None, known: Mapping[str, object]
) -> Problem | None:
    if name is None or name in known:
        return None
    return located.problem(where, f"no {kind} is called '{name}'", did_you_mean(name, known))
