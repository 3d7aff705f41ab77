"""`popmodel sweep`: which numbers in doubt matter, and how the answer hangs on each."""

from __future__ import annotations

import json as json_text
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from popmodel.cli.learning import tell_learning
from popmodel.cli.printing import number, print_json, print_line, print_table, remark
from popmodel.cli.settings import (
    JsonOption,
    PatientsOption,
    SeedOption,
    SetOption,
    StructureOption,
    YearsOption,
    read,
)
from popmodel.cli.solve import range_of
from popmodel.cli.sweeping import (
    DryRunOption,
    Executor,
    ExecutorOption,
    FreshOption,
    JobsOption,
    RetryFailedOption,
    SchedulerOption,
    ShardOption,
    carry_out,
    choices,
    is_ready,
    tell_plan,
)

if TYPE_CHECKING:
    import pandas as pd

    from popmodel.scenario import Scenario
    from popmodel.uncertainty.sensitivity import Layout

SHOWN = 12
"""Factors printed for each strategy; the tables hold all."""
LARGE = ("outcomes", "psa_blocks", "psa_subgroups")
"""Tables written as Parquet."""


class Method(StrEnum):
    """How numbers are varied."""

    sobol = "sobol"
    morris = "morris"
    pawn = "pawn"
    dgsm = "dgsm"
    rbd_fast = "rbd_fast"
    delta = "delta"
    one_way = "one-way"
    two_way = "two-way"


def sweep(
    scenario: Annotated[Path, typer.Argument(help="Scenario file.", metavar="SCENARIO")],
    method: Annotated[Method, typer.Option("--method", help="How numbers are varied.")] = (
        Method.one_way
    ),
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="PATH",
            help="A number, the beginning of several, or some joined by +; again for each factor. "
            "Every number in doubt that the scenario reads if none.",
        ),
    ] = None,
    ranges: Annotated[
        list[str] | None,
        typer.Option("--range", metavar="PATH=LOW:HIGH", help="For a number without distribution."),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option("--samples", min=1, help="Base samples, trajectories or points."),
    ] = None,
    second_order: Annotated[
        bool, typer.Option("--second-order", help="Sobol: pairs too, at twice the runs.")
    ] = False,
    luck: Annotated[
        bool, typer.Option("--luck/--no-luck", help="Patient luck as an input: the noise floor.")
    ] = True,
    steps: Annotated[
        int | None,
        typer.Option("--steps", help="Values along each number; one-way with 3 or more: a spider."),
    ] = None,
    design_seed: Annotated[
        int, typer.Option("--design-seed", help="Of the points; --seed is that of the patients.")
    ] = 1,
    patients: PatientsOption = None,
    years: YearsOption = None,
    seed: SeedOption = None,
    structure: StructureOption = None,
    set_: SetOption = None,
    jobs: JobsOption = None,
    executor: ExecutorOption = Executor.local,
    scheduler: SchedulerOption = "",
    shard: ShardOption = None,
    fresh: FreshOption = False,
    retry_failed: RetryFailedOption = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder; outputs/<scenario>/sweep-<method> if none."),
    ] = None,
    charts: Annotated[bool, typer.Option("--charts/--no-charts", help="Draw charts.")] = True,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Vary the numbers behind SCENARIO and tell which of them matter; run it again to resume."""
    from popmodel.uncertainty.model import ModelJob
    from popmodel.uncertainty.sensitivity import Request, answer_tables, lay_out

    asked = read([scenario], set_, patients=patients, years=years, seed=seed, structure=structure)[
        0
    ]
    request = Request(
        method.value, tuple(over or ()), ranges_of(ranges), samples, design_seed, second_order,
        luck, steps,
    )  # fmt: skip
    layout = lay_out(asked, request)
    carried = choices(jobs, executor, scheduler, shard, fresh, retry_failed)
    folder, job = folder_of(scenario, f"sweep-{method.value}", out), ModelJob(asked)
    if dry_run:
        _tell_layout(layout, json)
        tell_plan(asked.title, layout.design, job, folder, carried, json)
        return
    done = carry_out(asked.title, layout.design, job, folder, carried, layout.about)
    if not is_ready(done, carried):
        return
    tables = answer_tables(layout, done.results(), asked)
    keep(folder, tables, asked, **_learning_told(layout, tables))
    if charts:
        _draw(folder)
    if json:
        print_json({"folder": folder, **{k: t.to_dict("records") for k, t in _small(tables)}})
        return
    _print(layout, tables, asked)
    print_line(f"Results: {folder}")


def ranges_of(given: Sequence[str] | None) -> dict[str, tuple[float, float]]:
    """Return what `--range` options say, by path.

    Raises:
        InputError: one is no `path=low:high`.
    """
    from popmodel.errors import InputError, Problem

    found: dict[str, tuple[float, float]] = {}
    for text in given or ():
        path, equals, ends = text.partition("=")
        if not equals or not path.strip():
            hint = "write --range discount.health=0:0.05"
            raise InputError([Problem("--range", 0, 0, "", f"'{text}' is no range", hint)])
        found[path.strip()] = range_of(ends, f"--range {path.strip()}") or (0.0, 0.0)
    return found


def folder_of(scenario: Path, name: str, out: Path | None) -> Path:
    """Return where an analysis of a scenario lies: beside the tables of its runs, by name.

    Raises:
        InputError: the name cannot be a folder, or the folder holds something else.
    """
    from popmodel.scenario.place import OUTPUTS, output_folder, safe_name

    return output_folder(scenario, out or OUTPUTS / safe_name(scenario.stem) / name)


def keep(
    folder: Path, tables: Mapping[str, pd.DataFrame], scenario: Scenario, **facts_of_it: Any
) -> None:
    """Write the tables of an analysis, and into the manifest what charts say of the scenario.

    Args:
        folder: of the sweep.
        tables: by name of their file.
        scenario: what was asked.
        facts_of_it: further facts for the manifest.
    """
    from popmodel.pipeline.manifest import manifest_of
    from popmodel.pipeline.stages import parameters_of
    from popmodel.report.tables import write_atomically
    from popmodel.safe_csv import safe_csv

    for name, table in tables.items():
        if name in LARGE:
            write_atomically(folder / f"{name}.parquet", table.to_parquet(index=False))
        else:
            write_atomically(folder / f"{name}.csv", safe_csv(table).encode())
    evidence = scenario.evidence()
    parameters = parameters_of(scenario, evidence, scenario.structures()[0])
    path = folder / "manifest.json"
    facts = json_text.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    facts = {**manifest_of(scenario, evidence, parameters, "compiled"), **facts, **facts_of_it}
    text = json_text.dumps(facts, indent=2, ensure_ascii=False, default=str) + "\n"
    write_atomically(path, text.encode())


def _draw(folder: Path) -> None:
    from popmodel.report.redraw import draw_all

    draw_all(folder)


def _small(tables: Mapping[str, pd.DataFrame]) -> list[tuple[str, pd.DataFrame]]:
    return [(name, table) for name, table in tables.items() if name not in LARGE]


# ------------------------------------------------------------------ on the terminal


def _tell_layout(layout: Layout, as_json: bool) -> None:
    rows: list[tuple[str, ...]] = [
        (factor.name, str(len(factor.paths))) for factor in layout.factors
    ]
    if as_json:
        print_json({"factors": dict(layout.about["paths"]), "runs": len(layout.design)})
        return
    print_table(f"{len(rows)} factors", ("factor", "numbers"), rows)


def _print(layout: Layout, tables: Mapping[str, pd.DataFrame], scenario: Scenario) -> None:
    """Print the factors that move the headline most, strategy by strategy."""
    from popmodel.uncertainty.contrasts import asked_of

    asked = asked_of(scenario)
    shown: dict[str, Any] = {"tornado": _tornado_rows, "sweep": _index_rows, "best_on_grid": _best}
    for name, rows_of in shown.items():
        if name not in tables:
            continue
        table = tables[name]
        own = table[table["outcome"] == asked.headline] if "outcome" in table else table
        keys = ["structure", "strategy"] if name != "best_on_grid" else ["structure"]
        for where, part in own.groupby(keys, sort=False):
            columns, rows = rows_of(part)
            labels = [scenario.labels().get(str(word), str(word)) for word in where]
            print_table(f"{asked.headline}: {', '.join(labels)}", columns, rows)
    if "noise_floor" in tables:
        _print_floor(tables["noise_floor"], asked.headline)
    _print_learning(layout, tables, asked.main_wtp)


def _learning_told(layout: Layout, tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return what the manifest says of `evppi.csv`: from how many draws, or why there is none."""
    if "evppi" in tables:
        return {"evppi": {"draws": 2 * int(layout.about["n"]), "taken_from": "the Sobol design"}}
    return {"evppi": {"none_because": layout.not_believed}} if layout.not_believed else {}


def _print_learning(layout: Layout, tables: Mapping[str, pd.DataFrame], wtp: float) -> None:
    """Print what is worth learning by the base samples of a Sobol design, or why they do not tell.

    Which numbers were not moved is said too: they count as known.
    """
    if layout.not_believed:
        remark(f"No evppi.csv: {layout.not_believed}.")
    if "evppi" not in tables:
        return
    draws = 2 * int(layout.about["n"])
    rest = "; all that --over leaves out counts as known" if layout.request.over else ""
    remark(f"Worth learning, from the {draws:,} independent draws of this design{rest}:")
    several = tables["evppi"]["structure"].nunique() > 1
    for name, own in tables["evppi"].groupby("structure", sort=False):
        tell_learning(str(name) if several else "", own, wtp)


def _tornado_rows(part: pd.DataFrame) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    columns = ("factor", "from", "to", "result from", "base", "result to")
    rows = [
        (
            str(row["factor"]),
            f"{row['low_value']:.4g}",
            f"{row['high_value']:.4g}",
            *(number(row[f"outcome_{end}"], 0) for end in ("low", "base", "high")),
        )
        for row in part.head(SHOWN).to_dict("records")
    ]
    return columns, rows


def _index_rows(part: pd.DataFrame) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    names = [name for name in dict.fromkeys(part["index"]) if name != "S2"]
    leading = "ST" if "ST" in names else "mu_star" if "mu_star" in names else names[0]
    wide = {
        (row["factor"], row["index"]): row for row in part[part["index"] != "S2"].to_dict("records")
    }
    order = part[part["index"] == leading].sort_values("value", ascending=False)["factor"]
    rows = []
    for factor in order.head(SHOWN):
        cells = [str(factor)]
        for name in names:
            found = wide.get((factor, name))
            cells.append("" if found is None else _interval(found))
        rows.append(tuple(cells))
    return ("factor", *names), rows


def _interval(row: Any) -> str:
    half = (float(row["high"]) - float(row["low"])) / 2
    return number(float(row["value"]), 3, half)


def _best(part: pd.DataFrame) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    counts = part["strategy"].value_counts()
    rows: list[tuple[str, ...]] = [
        (str(name), f"{count} of {len(part)}") for name, count in counts.items()
    ]
    return ("best strategy", "cells"), rows


def _print_floor(floor: pd.DataFrame, headline: str) -> None:
    own = floor[floor["outcome"] == headline]
    if own.empty:
        return
    worst = own.iloc[int(own["floor"].argmax())]
    told = f"Noise floor ({worst['index']} of patient luck): up to {worst['floor']:.3g}"
    if "patients_needed" in own and worst["floor"] > 0.05:
        needed = worst["patients_needed"]
        told += (
            "; how many patients bring it under 0.05, more --samples would tell"
            if worst.isna()["patients_needed"]
            else f"; about {needed:,} patients bring it under 0.05"
        )
    remark(f"{told}. What is not above it is noise.")
