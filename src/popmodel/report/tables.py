"""The saved tables of a result folder, and tables that are safe to write."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from popmodel.errors import InputError, Problem
from popmodel.report.words import STRUCTURE_ORDER, clean

STRUCTURE = "structure"
DAGGER = "\u00a0†"
MANIFEST = "manifest.json"
PSA = "psa/"
"""Begins the name of a table that the probabilistic analysis has saved."""
PLACES = "places/"
"""Begins the name of a table of `popmodel places`, in its folder below a run or in its own."""
YEAR_WEEK = 52
MOST_WEEKS = 130
"""A line through so many weeks looks like one through all of them."""


@dataclass(frozen=True)
class About:
    """What every chart and caption says about its result; read from `manifest.json`.

    Attributes:
        labels: strategy id → label, the comparator first, then the order of the scenario.
        structures: ids in the order of panels.
        treatments: treatment id → its label, family, grade, `human_efficacy`, basis.
        biotypes: biotype id → label.
        is_calibrated: potencies were fitted to trials, not only entered.
        assumed: strategies in which a treatment without human efficacy data was started.
        samples: draws of the uncertain numbers; 0 for a run at the base values. `patients` are
            then those of a draw, 0 where that was not noted.
        recruits: of each virtual trial, where the result compares trials; 0 for a run.
    """

    title: str
    scenario: str
    perspective: str
    currency: str
    price_year: str
    discount: Mapping[str, float]
    horizon_years: str
    patients: int
    structures: tuple[str, ...]
    comparator: str
    labels: Mapping[str, str]
    treatments: Mapping[str, Mapping[str, Any]]
    wtp: tuple[float, ...]
    seed: str
    version: str
    biotypes: Mapping[str, str]
    is_calibrated: bool
    assumed: frozenset[str] = frozenset()
    samples: int = 0
    recruits: int = 0

    @property
    def main_structure(self) -> str:
        """The structure of charts that show one: the mixture of beliefs, or the only one."""
        return "mixture" if "mixture" in self.structures else self.structures[0]

    @property
    def main_wtp(self) -> float | None:
        """The middle one of the willingness-to-pay values, for sentences that need one."""
        return sorted(self.wtp)[len(self.wtp) // 2] if self.wtp else None

    def order(self, strategy: str) -> int:
        """Return the place of a strategy, 0 for the comparator; its look depends on this alone."""
        return list(self.labels).index(strategy)

    def marked(self, strategy: str) -> str:
        """Return the label of a strategy, with a dagger if it rests on an assumed treatment."""
        return f"{self.labels[strategy]}{DAGGER * (strategy in self.assumed)}"

    def is_assumed(self, treatment: str) -> bool:
        """Say whether a treatment has no human efficacy data."""
        return not self.treatments.get(treatment, {}).get("human_efficacy", True)

    def treatment_label(self, treatment: str) -> str:
        """Return the printed name of a treatment."""
        return clean(self.treatments.get(treatment, {}).get("label", treatment))


@dataclass(frozen=True)
class Result:
    """A result folder, read when asked."""

    directory: Path
    manifest: Mapping[str, Any]

    @cached_property
    def about(self) -> About:
        """The manifest as typed values, and which strategies rest on assumed treatments."""
        about = _about(self.manifest)
        return replace(about, assumed=self._assumed(about)) if self.has("flow") else about

    def _assumed(self, about: About) -> frozenset[str]:
        flow = pd.read_csv(self.directory / "flow.csv", dtype={"strategy": str, "treatment": str})
        started = flow[(flow["outcome"] == "started") & (flow["count"] > 0)]
        return frozenset(started.loc[started["treatment"].map(about.is_assumed), "strategy"])

    @cached_property
    def about_psa(self) -> About:
        """What the result is, for what was drawn: its draws, their patients and structures."""
        psa = pd.read_csv(self._path("psa/psa"), dtype={STRUCTURE: str, "strategy": str})
        noted = _noted(self._psa_home() / MANIFEST)
        given = noted.get("structures") or [self.about.main_structure]
        found = set(psa[STRUCTURE]) if STRUCTURE in psa.columns else set(map(str, given[:1]))
        known = [s for s in self.about.structures if s in found]
        patients = noted.get("patients_per_draw", noted.get("patients"))
        return replace(
            self.about,
            structures=tuple(known or sorted(found)),
            samples=int(psa["sample"].nunique()),
            patients=_count(patients) if self._psa_home() != self.directory or patients else 0,
        )

    def about_for(self, needs: Sequence[str]) -> About:
        """Return what is to be said about a picture of these tables."""
        drawn = any(self._is_drawn(name) for name in needs)
        return self.about_psa if drawn else self.about

    def _is_drawn(self, name: str) -> bool:
        return name.startswith(PSA) or (self._psa_home() == self.directory and self.has("psa/psa"))

    def _psa_home(self) -> Path:
        """Return where the draws are: below the run, or here if this is that folder."""
        here = (self.directory / "psa.csv").is_file()
        return self.directory if here else self.directory / PSA.rstrip("/")

    def _path(self, name: str) -> Path:
        if name.startswith(PSA):
            return self._psa_home() / f"{name.removeprefix(PSA)}.csv"
        if name.startswith(PLACES) and not (self.directory / PLACES.rstrip("/")).is_dir():
            return self.directory / f"{name.removeprefix(PLACES)}.csv"
        return self.directory / f"{name}.csv"

    def has(self, name: str) -> bool:
        """Say whether a table was saved; `psa/<name>` is one of the probabilistic analysis."""
        if name == "weekly":
            structures = _structures(self.manifest)
            return all(self._weekly_path(s, structures).is_file() for s in structures)
        return self._path(name).is_file()

    def changed(self, names: Sequence[str]) -> float:
        """Return when the newest of these tables was written, seconds; `weekly` left out."""
        return max((self._path(n).stat().st_mtime for n in names if n != "weekly"), default=0.0)

    def table(self, name: str) -> pd.DataFrame:
        """Return a saved CSV table; `structure` is always there and in the order of panels.

        Raises:
            InputError: there is no such table, or it cannot be read.
        """
        path, about = self._path(name), self.about_for([name])
        try:
            table = pd.read_csv(path, dtype={STRUCTURE: str, "strategy": str, "treatment": str})
        except (OSError, UnicodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise InputError([Problem(str(path), 0, 0, "", f"cannot be read: {error}")]) from error
        table.attrs["file"] = str(path)
        if STRUCTURE not in table.columns:
            table.insert(0, STRUCTURE, about.structures[0])
        return in_order(table, about)

    def weekly(self) -> pd.DataFrame:
        """Return the weekly series of all structures, with `structure` as first column.

        Raises:
            InputError: a file is missing or cannot be read.
        """
        parts = []
        for structure in self.about.structures:
            path = self._weekly_path(structure, self.about.structures)
            try:
                part = pd.read_parquet(path)
            except (OSError, ValueError) as error:
                problem = Problem(str(path), 0, 0, "", f"cannot be read: {error}")
                raise InputError([problem]) from error
            if STRUCTURE not in part.columns:
                part.insert(0, STRUCTURE, structure)
            parts.append(part)
        return in_order(pd.concat(parts, ignore_index=True), self.about)

    def _weekly_path(self, structure: str, structures: tuple[str, ...]) -> Path:
        home = self.directory / structure if len(structures) > 1 else self.directory
        return home / "weekly.parquet"


def load_result(directory: Path) -> Result:
    """Open a result folder.

    Raises:
        InputError: the folder or its `manifest.json` is missing or damaged.
    """
    path = Path(directory) / MANIFEST
    above = path.parent.resolve().parent / MANIFEST
    if (path.parent / "psa.csv").is_file() and not _noted(path).get("strategies"):
        path = above  # draws may be saved without the facts of the run they belong to
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        hint = "give the folder a run has written, such as outputs/five_pathways"
        message = f"cannot be read: {error.strerror or error}"
        raise InputError([Problem(str(path), 0, 0, "", message, hint)]) from error
    except ValueError as error:
        raise InputError([Problem(str(path), 0, 0, "", f"is damaged: {error}")]) from error
    if not isinstance(manifest, dict) or not manifest.get("strategies"):
        raise InputError([Problem(str(path), 0, 0, "strategies", "names no strategies")])
    return Result(Path(directory), manifest)


def _noted(path: Path) -> Mapping[str, Any]:
    """Return a manifest that may be missing; a damaged one counts as none."""
    try:
        noted = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def in_order(table: pd.DataFrame, about: About) -> pd.DataFrame:
    """Return a table in the order of panels and strategies; other rows keep their order."""
    rank = {name: place for place, name in enumerate(about.structures)}
    keep = table[table[STRUCTURE].isin(rank)].assign(_structure=lambda t: t[STRUCTURE].map(rank))
    keys = ["_structure"]
    if "strategy" in keep.columns:
        keep = keep[keep["strategy"].isin(about.labels)]
        keep = keep.assign(_order=keep["strategy"].map(about.order))
        keys.append("_order")
    ordered = keep.sort_values(keys, kind="stable", ignore_index=True)
    return ordered.drop(columns=keys)


def thinned(weekly: pd.DataFrame) -> pd.DataFrame:
    """Keep evenly spaced weeks, and always the 52nd and the last, so that long runs stay small."""
    last = int(weekly["week"].max())
    step = -(-(last + 1) // MOST_WEEKS)
    week = weekly["week"]
    return weekly[(week % step == 0) | (week == YEAR_WEEK) | (week == last)].reset_index(drop=True)


def with_labels(table: pd.DataFrame, about: About) -> pd.DataFrame:
    """Add `label` and `order` of the strategy, by which charts name and colour it."""
    return table.assign(
        label=table["strategy"].map(about.labels), order=table["strategy"].map(about.order)
    )


def each_row(table: pd.DataFrame) -> Iterator[Any]:
    """Yield rows as named tuples; column types are known to the reader of a chart, not to mypy."""
    return iter(table.itertuples(index=False))


def each_part(table: pd.DataFrame, column: str) -> Iterator[tuple[Any, pd.DataFrame]]:
    """Yield the parts of a table by the values of a column, in order of first appearance."""
    return iter(table.groupby(column, sort=False))


def write_atomically(path: Path, content: bytes) -> Path:
    """Write a file so that a reader sees the old one or the whole new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return path


def _about(manifest: Mapping[str, Any]) -> About:
    given = manifest.get("strategies", {})
    comparator = str(manifest.get("comparator") or next(iter(given)))
    first = [comparator] if comparator in given else []
    return About(
        title=clean(manifest.get("title") or manifest.get("scenario") or "Results", 160),
        scenario=clean(manifest.get("scenario", "")),
        perspective=str(manifest.get("perspective", "health_care")),
        currency=clean(manifest.get("currency", "USD"), 8),
        price_year=clean(manifest.get("price_year", "")),
        discount={str(k): float(v) for k, v in dict(manifest.get("discount") or {}).items()},
        horizon_years=_horizon(manifest),
        patients=_count(manifest.get("patients")),
        structures=_structures(manifest),
        comparator=comparator,
        labels={s: clean(given[s] or s) for s in dict.fromkeys([*first, *given])},
        treatments=dict(manifest.get("treatments") or {}),
        wtp=tuple(float(w) for w in manifest.get("willingness_to_pay") or ()),
        seed=clean(manifest.get("seed", "")),
        version=clean(versions_of(manifest).get("popmodel", ""), 20),
        biotypes={str(k): clean(v, 40) for k, v in dict(manifest.get("biotypes") or {}).items()},
        is_calibrated=manifest.get("calibrated") is not False,
        recruits=_count(manifest.get("recruits")),
    )


def _horizon(manifest: Mapping[str, Any]) -> str:
    if manifest.get("lifetime") is True:
        return "lifetime"
    return clean(manifest.get("horizon_years", "")).removesuffix(".0")


def versions_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the versions of popmodel and of what it rests on; empty when not noted."""
    made = manifest.get("made")
    noted = made.get("versions") if isinstance(made, dict) else manifest.get("versions")
    return {clean(k): clean(v) for k, v in noted.items()} if isinstance(noted, dict) else {}


def _count(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _structures(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    given = [str(s) for s in manifest.get("structures") or ["model"]]
    known = [s for s in STRUCTURE_ORDER if s in given]
    return (*known, *(s for s in given if s not in known))
