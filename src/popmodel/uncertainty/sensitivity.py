"""A sensitivity analysis of a scenario: what to run, and what its results say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from popmodel.errors import InputError, did_you_mean
from popmodel.scenario.refusals import require_simulable
from popmodel.scenario.schema import Scenario
from popmodel.uncertainty import one_way
from popmodel.uncertainty.base_draws import learning_from_design, why_not_believed
from popmodel.uncertainty.contrasts import Asked, asked_of, contrasts
from popmodel.uncertainty.cube import LUCK, METHODS, Cube
from popmodel.uncertainty.discovery import regions_table
from popmodel.uncertainty.factors import (
    Beliefs,
    Factor,
    Ranges,
    chosen_factors,
    default_factors,
    single_factors,
)
from popmodel.uncertainty.global_sensitivity import ConstantOutput, convergence
from popmodel.uncertainty.indices import noise_floor, patients_needed, sweep_indices
from popmodel.uncertainty.plans import about_cube, cube_of, plan_of
from popmodel.uncertainty.reading import is_number, live_paths, scenario_beliefs

SOBOL: Final = "sobol"
ONE_WAY: Final = "one-way"
TWO_WAY: Final = "two-way"
ONE_SAMPLE: Final = ("pawn", "rbd_fast", "delta")
"""Methods whose points are one plain sample, in which regions can be looked for."""
ALL_METHODS: Final = (*METHODS, ONE_WAY, TWO_WAY)
SAMPLES: Final = {"sobol": 128, "morris": 20, "pawn": 1000, "dgsm": 64, "rbd_fast": 1000,
                  "delta": 1000}  # fmt: skip
"""Samples if none are asked for; see `global_sensitivity.sample_cube` for what they are."""
Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Request:
    """What a user asks of a sweep.

    Attributes:
        method: one of `ALL_METHODS`.
        over: paths, beginnings of paths, default factors, or several joined by `+`.
        ranges: lowest and highest value of numbers without a distribution.
        samples: as the method counts them; its default if None.
        seed: of points and intervals.
        second_order: Sobol: pairs too.
        luck: whether patient luck is an input.
        steps: quantiles of a one-way sweep that shows a spider, or of each side of a grid.
    """

    method: str
    over: tuple[str, ...] = ()
    ranges: Ranges = field(default_factory=dict)
    samples: int | None = None
    seed: int = 1
    second_order: bool = False
    luck: bool = True
    steps: int | None = None


@dataclass(frozen=True, eq=False)
class Layout:
    """The runs of a sensitivity analysis, and what they are.

    Attributes:
        request: what was asked.
        factors: what is moved.
        design: `run, structure, luck, <path>…`.
        about: how the design was made, as JSON can hold it; kept with the sweep.
        cube: points of a global method, else None.
        runs: what each run of a one-way or two-way design is, else None.
        not_believed: Sobol: why its base samples tell nothing of what is worth learning; empty if
            they do.
    """

    request: Request
    factors: tuple[Factor, ...]
    design: pd.DataFrame
    about: Mapping[str, Any]
    cube: Cube | None = None
    runs: pd.DataFrame | None = None
    not_believed: str = ""


def lay_out(scenario: Scenario, request: Request) -> Layout:
    """Return the runs that a request needs.

    Args:
        scenario: what is asked.
        request: how it is varied.

    Raises:
        InputError: an unknown method or path, a number without a distribution or range, or a
            request that the method refuses.
    """
    require_simulable(scenario)
    if request.method not in ALL_METHODS:
        raise InputError(f"--method {request.method}: {did_you_mean(request.method, ALL_METHODS)}")
    beliefs = dict(
        zip(
            [choice.name for choice in scenario.structures()],
            scenario_beliefs(scenario, request.ranges),
            strict=True,
        )
    )
    factors = factors_of(scenario, request, list(beliefs.values()))
    told = {"method": request.method, "seed": request.seed, "paths": _paths(factors)}
    told["ranges"] = {path: list(ends) for path, ends in request.ranges.items()}
    if request.method in (ONE_WAY, TWO_WAY):
        return _single_moves(request, factors, beliefs, told)
    cube = cube_of(
        factors, list(beliefs.values()), request.method,
        n=request.samples or SAMPLES[request.method], seed=request.seed,
        second_order=request.second_order, luck=request.luck,
    )  # fmt: skip
    plan, about = plan_of(cube, factors, beliefs), {**told, **about_cube(cube)}
    why = why_not_believed(cube, factors, list(beliefs.values())) if cube.method == SOBOL else ""
    return Layout(request, factors, plan.design, about, cube=cube, not_believed=why)


def factors_of(
    scenario: Scenario, request: Request, beliefs: Sequence[Beliefs]
) -> tuple[Factor, ...]:
    """Return the factors that a request means.

    Raises:
        InputError: see `factors.chosen_factors`; a two-way sweep needs exactly two.
    """
    over = request.over or tuple(request.ranges)
    live = live_paths(scenario) if _needs_live(over, request, beliefs) else ()
    if over:
        if request.method == ONE_WAY:
            over = _one_by_one(over, beliefs, live)
        factors = chosen_factors(
            over, beliefs, request.ranges, live,
            lambda path: is_number(scenario, path), whole=request.method in METHODS,
        )  # fmt: skip
    elif request.method in METHODS:
        factors = default_factors(beliefs, live)
    else:
        factors = single_factors(beliefs, live)
    if request.method == TWO_WAY and len(factors) != 2:
        raise InputError(f"two-way needs exactly two --over paths (found {len(factors)})")
    return factors


def _needs_live(over: Sequence[str], request: Request, beliefs: Sequence[Beliefs]) -> bool:
    """Say whether something stands for several numbers, so that those that matter are needed."""
    known = {path for belief in beliefs for path in belief.uncertain()} | set(request.ranges)
    return not over or any(part.strip() not in known for text in over for part in text.split("+"))


def _one_by_one(
    over: Sequence[str], beliefs: Sequence[Beliefs], live: Sequence[str]
) -> tuple[str, ...]:
    """Replace the beginning of several paths by each of them; what is joined by + stays so."""
    if not live:
        return tuple(over)
    singles = single_factors(beliefs, live)
    gathered = {factor.name: factor.paths for factor in default_factors(beliefs, live)}
    found: list[str] = []
    for text in over:
        named = gathered.get(text, ())
        below = [
            "+".join(one.paths)
            for one in singles
            if one.paths[0].startswith(f"{text}.") or one.paths[0] in named
        ]
        found += below if below and text not in live else [text]
    return tuple(dict.fromkeys(found))


def _single_moves(
    request: Request,
    factors: tuple[Factor, ...],
    beliefs: Mapping[str, Beliefs],
    told: dict[str, Any],
) -> Layout:
    if request.method == TWO_WAY:
        steps = _quantiles(request.steps or len(one_way.STEPS))
        found = one_way.two_way_levels(factors[0], factors[1], beliefs, steps)
    else:
        steps = _quantiles(request.steps or len(one_way.ENDS))
        found = one_way.one_way_levels(factors, beliefs, steps)
    about = {**told, "quantiles": list(steps)}
    return Layout(request, factors, found.design, about, runs=found.runs)


def _quantiles(steps: int) -> tuple[float, ...]:
    """Return quantiles between the ends of one-way analyses.

    Raises:
        InputError: fewer than two, or more than can be looked at.
    """
    if steps == len(one_way.STEPS):
        return one_way.STEPS
    if not 2 <= steps <= 99:
        raise InputError(f"--steps: from 2 to 99 (found {steps})")
    low, high = one_way.ENDS
    return tuple(low + (high - low) * k / (steps - 1) for k in range(steps))


def _paths(factors: Sequence[Factor]) -> dict[str, list[str]]:
    return {factor.name: list(factor.paths) for factor in factors}


# ---------------------------------------------------------------- what the results say


def answer_tables(layout: Layout, rows: pd.DataFrame, scenario: Scenario) -> Tables:
    """Return every table that a finished sweep leaves, by name of its file.

    Args:
        layout: of `lay_out`, the same that was run.
        rows: results of all its runs.
        scenario: what is asked.

    Returns:
        Always `outcomes`. Global methods: `sweep` (indices), `summary`, `convergence` (headline
        outcome), with luck `noise_floor`, from one plain sample `regions`, of Sobol `evppi` unless
        `Layout.not_believed` says why not. One-way: `tornado`, and `spider` where there are more
        than two steps. Two-way: `grid`, `best_on_grid`.

    Raises:
        InputError: results are missing, infinite or of another design.
    """
    asked = asked_of(scenario)
    outcomes = contrasts(rows, asked)
    found: Tables = {"outcomes": outcomes}
    if layout.cube is not None:
        return found | _global_tables(layout.cube, outcomes, asked, layout, scenario)
    runs = layout.runs if layout.runs is not None else pd.DataFrame()
    if layout.request.method == TWO_WAY:
        grid = one_way.grid_table(runs, outcomes)
        best = one_way.best_on_grid(grid, asked.comparator, asked.headline)
        return found | {"grid": grid, "best_on_grid": best}
    found["tornado"] = one_way.tornado_table(runs, outcomes)
    if len(layout.about["quantiles"]) > 2:
        found["spider"] = one_way.spider_table(runs, outcomes)
    return found


def _global_tables(
    cube: Cube, outcomes: pd.DataFrame, asked: Asked, layout: Layout, scenario: Scenario
) -> Tables:
    sweep, summary = sweep_indices(cube, outcomes, layout.about["cube"])
    found = {"sweep": sweep, "summary": summary}
    settling = _settling(cube, outcomes, asked)
    if len(settling):
        found["convergence"] = settling
    if cube.method in ONE_SAMPLE:
        names = (asked.comparator, *(s for s in asked.strategies if s != asked.comparator))
        found["regions"] = regions_table(layout.design, outcomes, names, asked.headline)
    if cube.method == SOBOL and not layout.not_believed:
        found["evppi"] = learning_from_design(cube, layout.design, outcomes, layout.factors, asked)
    if LUCK in cube.factors:
        floor = noise_floor(sweep)
        if cube.method == SOBOL:
            patients = scenario.population.size * scenario.replicates
            floor["patients_needed"] = [
                patients_needed(f, patients) if f < 1.0 else pd.NA for f in floor["floor"]
            ]
        found["noise_floor"] = floor
    return found


def _settling(cube: Cube, outcomes: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """Return how the indices of the headline settle with the size of the sample."""
    own = outcomes[outcomes["outcome"] == asked.headline]
    parts = []
    for (structure, strategy), part in own.groupby(["structure", "strategy"], sort=False):
        y = part.sort_values("run")["value"].to_numpy()
        try:
            table = convergence(cube, y, cube.id)
        except ConstantOutput:
            continue
        if table.empty:
            continue
        table.insert(0, "outcome", asked.headline)
        table.insert(0, "strategy", str(strategy))
        table.insert(0, "structure", str(structure))
        parts.append(table)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
