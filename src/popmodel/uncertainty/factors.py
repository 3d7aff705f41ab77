"""Factors of a sweep: which numbers in doubt are moved together, and how uniforms become values.

A factor has a name and some paths. Each path has a subject, the name of the uniform it is drawn
with: its own, or one shared with numbers that are drawn together (`draws.parameter_draws`). What
trials fitted is correlated, so it is one factor, `calibration`, unless paths of it are asked for:
then these are drawn from their own posterior, and the others keep their fitted values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from popmodel.errors import InputError, Problem, Problems, did_you_mean
from popmodel.evidence.calibration import fitted_values
from popmodel.evidence.distributions import Dirichlet, Joint, Ordered
from popmodel.evidence.load import Evidence
from popmodel.parameters import Structure
from popmodel.parameters.posterior import SUBJECT as FITTED
from popmodel.parameters.treatments import FAMILIES_DRAWN
from popmodel.uncertainty.draws import (
    fitted_numbers,
    numbers_in_doubt,
    parameter_draws,
    readings,
)

Floats = NDArray[np.float64]
Ranges = Mapping[str, tuple[float, float]]

CALIBRATION: Final = "calibration"
READING: Final = "structure.premise"
TAIL: Final = 0.025
"""Share of what is believed beyond each end of a stated range, in analyses by quantile."""
RANGE: Final = "range."
"""What the uniform of a number with a stated range is called: `range.<path>`."""


@dataclass(frozen=True)
class Factor:
    """Numbers that a sweep moves together.

    Attributes:
        name: as in tables and charts.
        paths: the numbers.
        ranges: lowest and highest value of those that have no distribution, uniform between.
    """

    name: str
    paths: tuple[str, ...]
    ranges: Ranges = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Beliefs:
    """What is believed about every number under one structure.

    Attributes:
        evidence: cards with the scenario's overrides applied.
        structure: structural choices.
        settings: today's value of further paths that a sweep moves, such as `discount.health`.
    """

    evidence: Evidence
    structure: Structure
    settings: Mapping[str, float] = field(default_factory=dict)

    @property
    def fitted(self) -> tuple[str, ...]:
        """Paths drawn from the posterior of a calibration."""
        return fitted_numbers(self.evidence, self.structure)

    def base(self) -> dict[str, float]:
        """Return the value of every number in a run without draws, by path."""
        card = self.evidence.calibrated.get(self.structure.calibration)
        values = dict(self.evidence.values())
        if card is not None:
            values |= fitted_values(self.evidence, card)
        weights = {path: weight for path, (_, weight) in readings(self.evidence).items()}
        return values | weights | dict(self.settings)

    def uncertain(self) -> tuple[str, ...]:
        """Return every path that draws move."""
        return numbers_in_doubt(self.evidence, self.structure)

    def subject(self, path: str) -> str:
        """Return the name of the uniform that a number in doubt is drawn with."""
        if path.startswith(FAMILIES_DRAWN):
            return FAMILIES_DRAWN + readings(self.evidence)[path][0]
        if path in self.fitted:
            return FITTED + path
        quantity = self.evidence.quantities()[path]
        kind = quantity.distribution
        if isinstance(kind, Joint):
            return f"posterior.{Path(kind.file).stem}"
        if isinstance(kind, Dirichlet | Ordered) or not quantity.group:
            return path
        return self.evidence.group_of(path, quantity.group)

    def together(self, path: str) -> tuple[str, ...]:
        """Return the numbers that cannot move without each other: shares, one common quantile."""
        if path.startswith(FAMILIES_DRAWN):
            mixed = readings(self.evidence)
            return tuple(p for p, (family, _) in mixed.items() if family == mixed[path][0])
        quantity = self.evidence.quantities().get(path)
        if quantity is None or path in self.fitted:
            return (path,)
        if isinstance(quantity.distribution, Joint):
            return tuple(p for p in self.uncertain() if self.subject(p) == self.subject(path))
        if not quantity.group or isinstance(quantity.distribution, Ordered):
            return (path,)
        members = self.evidence.groups()[self.evidence.group_of(path, quantity.group)]
        return tuple(p for p in members if self.evidence.quantities()[p].is_uncertain)

    def values(
        self, factors: Iterable[Factor], uniform: Callable[[str], ArrayLike]
    ) -> dict[str, Floats]:
        """Return the values of every path of the factors; what a structure has not stays at base.

        Factors are drawn independently of each other, fitted numbers of one factor together.

        Args:
            factors: no path in two of them; groups whole, see `together`.
            uniform: uniform numbers in (0, 1) by subject, all of one shape.
        """
        base, known, found = self.base(), set(self.uncertain()), dict[str, Any]()
        for factor in factors:
            own = [p for p in factor.paths if p in known and p not in factor.ranges]
            found |= parameter_draws(self.evidence, self.structure, uniform, own)
            for path, (low, high) in factor.ranges.items():
                u = np.asarray(uniform(RANGE + path), dtype=float)
                found[path] = low + (high - low) * u
            found |= {p: np.asarray(base[p]) for p in factor.paths if p not in found}
        shape = np.broadcast_shapes(*(np.shape(x) for x in found.values()))
        return {path: np.broadcast_to(x, shape).astype(float) for path, x in found.items()}

    def at(self, factor: Factor, quantile: float) -> dict[str, float]:
        """Return the values of a factor with all of it at one quantile of what is believed.

        A single share of a whole is set to its own quantile, and the others are scaled to fit. A
        stated range is taken for the central 95 %: its ends are reached at 0.025 and 0.975.
        """
        quantities = self.evidence.quantities()
        if len(factor.paths) == 1 and factor.paths[0] in quantities:
            (path,) = factor.paths
            if isinstance(quantities[path].distribution, Dirichlet):
                value = float(quantities[path].quantile(quantile))
                return self.evidence.rebalanced(path, value)
        stated = min(1.0, max(0.0, (quantile - TAIL) / (1.0 - 2.0 * TAIL)))
        drawn = self.values([factor], lambda s: stated if s.startswith(RANGE) else quantile)
        return {path: float(x) for path, x in drawn.items()}


def subjects_of(factors: Sequence[Factor], beliefs: Sequence[Beliefs]) -> dict[str, str]:
    """Return the factor of every uniform that the factors need under any structure.

    Args:
        factors: of a sweep.
        beliefs: one a structure.
    """
    found: dict[str, str] = {}
    for factor in factors:
        for belief in beliefs:
            known = set(belief.uncertain())
            for path in factor.paths:
                if path in factor.ranges:
                    found[RANGE + path] = factor.name
                elif path in known:
                    found[belief.subject(path)] = factor.name
    return found


# ---------------------------------------------------------------- what the user asks for


def chosen_factors(
    over: Sequence[str],
    beliefs: Sequence[Beliefs],
    ranges: Ranges | None = None,
    live: Iterable[str] | None = None,
    is_path: Callable[[str], bool] = lambda path: False,
    whole: bool = True,
) -> tuple[Factor, ...]:
    """Return the factors that `--over` names.

    Args:
        over: each a path, the beginning of paths (`economics.events`), the name of a default
            factor, or several of these joined by `+`.
        beliefs: one a structure.
        ranges: from `--range`, for numbers without a distribution or instead of it.
        live: the paths that matter to the scenario; what a beginning stands for is taken of these.
        is_path: whether a path can be set although no card has it as a number, such as
            `discount.health`.
        whole: whether shares of a whole move together (or each alone, for one-way).

    Raises:
        InputError: a path is unknown or named twice, a number has no distribution, a range is
            empty or not used.
    """
    given = dict(ranges or {})
    problems = Problems()
    _check_ranges(given, problems)
    allowed = _union(beliefs)
    inside = [path for path in allowed if live is None or path in set(live)]
    names = {f.name: f.paths for f in _gathered(inside, beliefs)}
    found = []
    for text in over:
        paths: list[str] = []
        for part in text.split("+"):
            paths += _paths_of(
                part.strip(), inside, allowed, names, given, is_path, beliefs, problems
            )
        full = _whole(paths, beliefs, given, whole)
        found.append(Factor(text, full, {p: given[p] for p in full if p in given}))
    _refuse_overlap(found, problems)
    for path in given:
        if not any(path in factor.paths for factor in found):
            problems.add(file="--range", where=path, message="is not among the --over paths")
    problems.raise_if_any()
    return tuple(found)


def _paths_of(
    part: str,
    inside: Sequence[str],
    allowed: Sequence[str],
    names: Mapping[str, tuple[str, ...]],
    ranges: Ranges,
    is_path: Callable[[str], bool],
    beliefs: Sequence[Beliefs],
    problems: Problems,
) -> list[str]:
    if part in ranges or part in allowed:
        return [part]
    if part in names:
        return list(names[part])
    below = [path for path in inside if path.startswith(part + ".")]
    below += [path for path in ranges if path.startswith(part + ".") and path not in below]
    if below:
        return below
    hint = f"give --range {part}=low:high"
    quantities = beliefs[0].evidence.quantities()
    if part in quantities or is_path(part):
        problems.add(file="--over", where=part, message="has no distribution", hint=hint)
    elif any(path.startswith(part + ".") for path in [*quantities, *allowed]):
        told = "holds no number in doubt that this scenario reads"
        problems.add(file="--over", where=part, message=told)
    else:
        hint = did_you_mean(part, [*allowed, *names, *quantities])
        problems.add(file="--over", where=part, message="there is no such path", hint=hint)
    return []


def _whole(
    paths: Sequence[str], beliefs: Sequence[Beliefs], ranges: Ranges, whole: bool
) -> tuple[str, ...]:
    """Return paths with all that must move with them."""
    found: dict[str, None] = {}
    for path in paths:
        quantity = beliefs[0].evidence.quantities().get(path)
        share = quantity is not None and isinstance(quantity.distribution, Dirichlet)
        alone = path in ranges or (share and not whole)
        for one in (path,) if alone else beliefs[0].together(path):
            found[one] = None
    return tuple(found)


def _check_ranges(ranges: Ranges, problems: Problems) -> None:
    for path, (low, high) in ranges.items():
        if not (np.isfinite([low, high]).all() and low < high):
            told = f"from {low:g} to {high:g} is no range"
            problems.add(file="--range", where=path, message=told, hint=f"{path}=low:high")


def _refuse_overlap(factors: Sequence[Factor], problems: Problems) -> None:
    seen: dict[str, str] = {}
    for factor in factors:
        for path in factor.paths:
            if path in seen and seen[path] != factor.name:
                told = f"is moved by {seen[path]} and by {factor.name}"
                problems.extend([Problem("--over", 0, 0, path, told, "join them with +")])
            seen[path] = factor.name
    names = [factor.name for factor in factors]
    for name in {n for n in names if names.count(n) > 1}:
        problems.add(file="--over", where=name, message="is given twice")


def default_factors(beliefs: Sequence[Beliefs], live: Iterable[str]) -> tuple[Factor, ...]:
    """Return every number in doubt that matters to a scenario, gathered by subject.

    One factor for each card (`disease.relapse`), for each section of a treatment
    (`treatments.<id>.durability`), one for all that trials fitted (`calibration`), and one for the
    reading of the severity effect under the mixture.

    Args:
        beliefs: one a structure.
        live: the paths that matter, see `reading.live_paths`.
    """
    known = _union(beliefs)
    wanted = set(live)
    return _gathered([path for path in known if path in wanted], beliefs)


def single_factors(beliefs: Sequence[Beliefs], live: Iterable[str]) -> tuple[Factor, ...]:
    """Return a factor for every number in doubt that matters, for one-way analyses.

    Numbers drawn at one common quantile are one factor; shares of a whole are moved one by one.
    """
    known, wanted = _union(beliefs), set(live)
    found: dict[tuple[str, ...], str] = {}
    for path in known:
        if path in wanted:
            paths = _whole([path], beliefs, {}, whole=False)
            found.setdefault(paths, _common_name(paths))
    return tuple(Factor(name, paths) for paths, name in found.items())


def _common_name(paths: Sequence[str]) -> str:
    """Return a path, or for several `a.b.*.c`, the parts in which they agree."""
    parts = [path.split(".") for path in paths]
    if len(paths) == 1 or len({len(p) for p in parts}) > 1:
        return "+".join(paths)
    return ".".join(p[0] if len(set(p)) == 1 else "*" for p in zip(*parts, strict=True))


def _union(beliefs: Sequence[Beliefs]) -> list[str]:
    return list(dict.fromkeys(path for belief in beliefs for path in belief.uncertain()))


def _gathered(paths: Sequence[str], beliefs: Sequence[Beliefs]) -> tuple[Factor, ...]:
    fitted = {path for belief in beliefs for path in belief.fitted}
    found: dict[str, list[str]] = {}
    for path in paths:
        name = CALIBRATION if path in fitted else _subject_name(path, beliefs[0])
        found.setdefault(name, []).append(path)
    return tuple(Factor(name, _whole(own, beliefs, {}, True)) for name, own in found.items())


def _subject_name(path: str, belief: Beliefs) -> str:
    """Return the factor that a number belongs to when nobody says otherwise."""
    if path.startswith(FAMILIES_DRAWN):
        return READING
    parts = path.split(".")
    if len({".".join(one.split(".")[:2]) for one in belief.together(path)}) > 1:
        return f"{parts[0]}.{parts[-1]}"  # shares over several cards
    return ".".join(parts[: 3 if parts[0] == "treatments" else 2])


def structure_beliefs(
    evidence: Evidence, choices: Iterable[Any], settings: Mapping[str, float] | None = None
) -> tuple[Beliefs, ...]:
    """Return what is believed under each structure of a scenario.

    Args:
        evidence: cards with the scenario's overrides applied.
        choices: of `Scenario.structures()`.
        settings: today's value of further paths.
    """
    return tuple(
        Beliefs(
            evidence,
            Structure(c.severity_effect, c.correlation, c.contact_credit, c.extrapolation),
            dict(settings or {}),
        )
        for c in choices
    )


def refuse_empty(factors: Sequence[Factor]) -> None:
    """Refuse a sweep over nothing.

    Raises:
        InputError: there is no factor.
    """
    if not factors:
        raise InputError("no number in doubt matters to this scenario; name some with --over")
