"""What it is worth to learn the numbers of a scenario: one by one, and subject by subject.

A scenario has hundreds of numbers in doubt. A number that goes with no strategy's net benefit is
worth nothing to learn, so the regressions of EVPPI are made for those that go with it most; a
subject with many numbers is learnt through those of them that matter most, which can only
understate its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from popmodel.economics import evppi
from popmodel.economics.checks import each_structure_with
from popmodel.errors import InputError, did_you_mean
from popmodel.uncertainty.factors import Factor
from popmodel.uncertainty.psa import SAMPLE

Floats = NDArray[np.float64]

MOST_SINGLES: Final = 20
MOST_SUBJECTS: Final = 12
MOST_TOGETHER: Final = 4
"""Numbers of a subject that are learnt together."""
DRAWS_A_NUMBER: Final = 10
FEWEST_DRAWS: Final = MOST_TOGETHER * DRAWS_A_NUMBER
"""Draws from which every factor can be learnt."""
SAME: Final = 1.0 - 1e-9
"""Rank correlation of two numbers that are drawn at one quantile."""


def value_of_learning(
    psa: pd.DataFrame,
    parameters: pd.DataFrame,
    factors: Sequence[Factor],
    comparator: str,
    wtp: Sequence[float],
) -> pd.DataFrame:
    """Return the EVPPI of the numbers and subjects that matter most, each structure apart.

    Args:
        psa: `sample, strategy, cost, qaly`, and `structure` if there are several.
        parameters: `sample, <path>…`, and `structure` likewise.
        factors: the numbers by subject.
        comparator: what net benefits are compared with.
        wtp: money per QALY; the middle one ranks.

    Returns:
        Columns of `economics.evppi`, `structure` first if there are several; `parameter` is a path
        or the name of a subject, and `numbers` how many were learnt.
    """

    def one(part: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
        return _of_one(part, given, factors, comparator, wtp)

    return each_structure_with(psa, parameters, one)


def _of_one(
    psa: pd.DataFrame,
    parameters: pd.DataFrame,
    factors: Sequence[Factor],
    comparator: str,
    wtp: Sequence[float],
) -> pd.DataFrame:
    middle = sorted(wtp)[len(wtp) // 2]
    strength = strength_of(psa, parameters, comparator, middle)
    ranked = sorted(strength, key=lambda path: (-strength[path], path))
    room = max(1, min(MOST_TOGETHER, len(parameters) // DRAWS_A_NUMBER))
    groups = {
        factor.name: tuple(p for p in ranked if p in factor.paths)[:room]
        for factor in factors
        if len(factor.paths) > 1 and factor.name not in strength
    }
    groups = {name: paths for name, paths in groups.items() if len(paths) > 1}
    strongest = sorted(groups, key=lambda name: (-strength[groups[name][0]], name))
    kept = {name: groups[name] for name in strongest[:MOST_SUBJECTS]}
    paths = list(dict.fromkeys([*ranked[:MOST_SINGLES], *(p for g in kept.values() for p in g)]))
    table = evppi(psa, parameters[[SAMPLE, *paths]], list(wtp), groups=kept)
    table = table[table["parameter"].isin([*ranked[:MOST_SINGLES], *kept])]
    numbers = table["parameter"].map(lambda name: len(kept.get(name, (name,))))
    return table.assign(numbers=numbers).reset_index(drop=True)


def value_of_factors(
    psa: pd.DataFrame,
    parameters: pd.DataFrame,
    factors: Sequence[Factor],
    comparator: str,
    wtp: Sequence[float],
) -> pd.DataFrame:
    """Return the EVPPI of every factor, each structure apart.

    A factor of several numbers is learnt through those that matter most; numbers drawn at one
    quantile are one.

    Args:
        psa: `sample, strategy, cost, qaly`, and `structure` if there are several.
        parameters: `sample, <path>…`, and `structure` likewise.
        factors: what could be learnt; one that is in no doubt is worth 0.
        comparator: what net benefits are compared with.
        wtp: money per QALY; the middle one ranks the numbers of a factor.

    Returns:
        Columns of `economics.evppi`, `structure` first if there are several; `parameter` is the
        name of a factor, and `numbers` how many of it were learnt.
    """

    def one(part: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
        return _of_factors(part, given, factors, comparator, wtp)

    return each_structure_with(psa, parameters, one)


def _of_factors(
    psa: pd.DataFrame,
    parameters: pd.DataFrame,
    factors: Sequence[Factor],
    comparator: str,
    wtp: Sequence[float],
) -> pd.DataFrame:
    strength = strength_of(psa, parameters, comparator, sorted(wtp)[len(wtp) // 2])
    room = max(1, min(MOST_TOGETHER, len(parameters) // DRAWS_A_NUMBER))
    columns: dict[str, pd.Series[float]] = {}
    members: dict[str, list[str]] = {}
    for factor in factors:
        ordered = sorted(factor.paths, key=lambda path: (-strength.get(path, 0.0), path))
        chosen = _different(parameters[ordered], room)
        single = len(chosen) == 1
        own = [factor.name if single else f"{factor.name} {k}" for k in range(len(chosen))]
        members[factor.name] = own
        columns |= {name: parameters[path] for name, path in zip(own, chosen, strict=True)}
    groups = {name: own for name, own in members.items() if len(own) > 1}
    given = pd.DataFrame({SAMPLE: parameters[SAMPLE], **columns})
    table = evppi(psa, given, list(wtp), groups=groups)
    table = table[table["parameter"].isin(members)]
    numbers = table["parameter"].map({name: len(own) for name, own in members.items()})
    return table.assign(numbers=numbers).reset_index(drop=True)


def _different(values: pd.DataFrame, most: int) -> list[str]:
    """Return the first columns of which none says what one before it says."""
    chosen: list[str] = []
    kept: list[Floats] = []
    for path in values.columns:
        column = _standard(stats.rankdata(values[path].to_numpy(dtype=float)))
        known = any(abs(float(column @ other)) / len(column) > SAME for other in kept)
        if len(chosen) < most and not known and (column.any() or not chosen):
            chosen.append(str(path))
            kept.append(column)
    return chosen


def strength_of(
    psa: pd.DataFrame, parameters: pd.DataFrame, comparator: str, wtp: float
) -> dict[str, float]:
    """Return how closely every number that varies goes with some strategy's net benefit.

    The largest absolute rank correlation with an incremental net benefit, by path.

    Args:
        psa: `sample, strategy, cost, qaly` of one structure.
        parameters: `sample, <path>…`.
        comparator: what net benefits are compared with.
        wtp: money per QALY.
    """
    benefit = psa.assign(nmb=wtp * psa["qaly"] - psa["cost"])
    wide = benefit.pivot(index=SAMPLE, columns="strategy", values="nmb")
    gain = wide.drop(columns=comparator).sub(wide[comparator], axis=0)
    values = parameters.set_index(SAMPLE).loc[wide.index]
    values = values.loc[:, values.nunique() > 1]
    ranks = [stats.rankdata(table.to_numpy(), axis=0) for table in (values, gain)]
    x, y = (_standard(one) for one in ranks)
    together = np.abs(x.T @ y / len(x)).max(axis=1)
    return dict(zip(map(str, values.columns), together.tolist(), strict=True))


def _standard(x: Floats) -> Floats:
    spread = x.std(axis=0)
    return np.asarray((x - x.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0))


def value_of_named(
    psa: pd.DataFrame,
    parameters: pd.DataFrame,
    names: Sequence[str],
    comparator: str,
    wtp: Sequence[float],
) -> pd.DataFrame:
    """Return the EVPPI of numbers or subjects that somebody named, each structure apart.

    Args:
        psa: `sample, strategy, cost, qaly`, and `structure` if there are several.
        parameters: `sample, <path>…`, and `structure` likewise.
        names: a number, the beginning of several, or some joined by +.
        comparator: what net benefits are compared with.
        wtp: money per QALY; the middle one ranks the numbers of a subject.

    Returns:
        As `value_of_learning`; a number that no draw moved is worth 0 and `numbers` is 0.

    Raises:
        InputError: a name is of no number that was drawn.
    """
    paths = {name: _named(name, parameters) for name in names}

    def one(part: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
        strength = strength_of(part, given, comparator, sorted(wtp)[len(wtp) // 2])
        room = max(1, min(MOST_TOGETHER, len(given) // DRAWS_A_NUMBER))
        found = []
        for name, own in paths.items():
            moving = sorted((p for p in own if p in strength), key=lambda p: -strength[p])[:room]
            found.append(_worth(part, given, name, moving, wtp))
        return pd.concat(found, ignore_index=True)

    return each_structure_with(psa, parameters, one)


def _named(name: str, parameters: pd.DataFrame) -> list[str]:
    """Return the numbers that a name means."""
    drawn = [str(column) for column in parameters.columns if "." in str(column)]
    found: list[str] = []
    for part in name.split("+"):
        own = [path for path in drawn if path == part or path.startswith(f"{part}.")]
        if not own:
            hint = did_you_mean(part, drawn)
            raise InputError(f"--learn {part}: is not among the numbers drawn {hint}".rstrip())
        found += own
    return list(dict.fromkeys(found))


def _worth(
    psa: pd.DataFrame, given: pd.DataFrame, name: str, paths: list[str], wtp: Sequence[float]
) -> pd.DataFrame:
    """Return the EVPPI of some numbers together under one name."""
    if not paths:
        zeros = dict.fromkeys(("evppi", "evppi_se", "evppi_check", "evppi_noise"), 0.0)
        return pd.DataFrame({"wtp": list(wtp), "parameter": name, **zeros, "numbers": 0})
    groups = {name: tuple(paths)} if len(paths) > 1 else None
    table = evppi(psa, given[[SAMPLE, *paths]], list(wtp), groups=groups)
    own = table[table["parameter"] == (name if groups else paths[0])]
    return own.assign(parameter=name, numbers=len(paths))
