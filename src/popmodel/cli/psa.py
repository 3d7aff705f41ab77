"""`popmodel psa`: draw every number in doubt, simulate every draw, and evaluate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from popmodel.cli.economics import population_of
from popmodel.cli.learning import tell_learning
from popmodel.cli.printing import money, number, print_json, print_line, print_table, remark, share
from popmodel.cli.settings import (
    JsonOption,
    PatientsOption,
    SeedOption,
    SetOption,
    StructureOption,
    YearsOption,
    read,
)
from popmodel.cli.sweep import LARGE, folder_of, keep
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

    from popmodel.economics import Population
    from popmodel.scenario import Scenario
    from popmodel.uncertainty import Options
    from popmodel.uncertainty.psa import Analysis

SAMPLES = 500
PATIENTS = 5_000
"""Patients of a draw if none are asked for; luck is told apart from doubt whatever their number."""

SamplesOption = Annotated[
    int, typer.Option("--samples", min=2, help="Draws of the numbers in doubt, a structure.")
]
DrawSeedOption = Annotated[
    int, typer.Option("--draw-seed", help="Of the draws; --seed is that of the patients.")
]
PerYearOption = Annotated[
    float | None,
    typer.Option("--per-year", help="Patients a year whom the decision concerns."),
]
DecisionYearsOption = Annotated[
    float | None, typer.Option("--decision-years", help="Years for which it stands.")
]
DiscountOption = Annotated[
    float, typer.Option("--discount", help="Yearly rate at which these count less.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Folder; outputs/<scenario>/psa if none.")
]


def psa(
    scenario: Annotated[Path, typer.Argument(help="Scenario file.", metavar="SCENARIO")],
    samples: SamplesOption = SAMPLES,
    draw_seed: DrawSeedOption = 1,
    patients: PatientsOption = None,
    years: YearsOption = None,
    seed: SeedOption = None,
    structure: StructureOption = None,
    set_: SetOption = None,
    per_year: PerYearOption = None,
    decision_years: DecisionYearsOption = None,
    discount: DiscountOption = 0.03,
    learning: Annotated[
        bool, typer.Option("--learning/--no-learning", help="Value of learning numbers (EVPPI).")
    ] = True,
    jobs: JobsOption = None,
    executor: ExecutorOption = Executor.local,
    scheduler: SchedulerOption = "",
    shard: ShardOption = None,
    fresh: FreshOption = False,
    retry_failed: RetryFailedOption = False,
    out: OutOption = None,
    charts: Annotated[bool, typer.Option("--charts/--no-charts", help="Draw charts.")] = True,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Draw every number in doubt behind SCENARIO and simulate every draw; run again to resume."""
    asked = asked_scenario(scenario, set_, patients, years, seed, structure)
    people = population_of(per_year, decision_years, discount)
    carried = choices(jobs, executor, scheduler, shard, fresh, retry_failed)
    drawn = simulate_draws(scenario, asked, samples, draw_seed, out, carried, dry_run, json)
    if drawn is None:
        return
    evaluate(drawn, people, learning)
    if charts:
        draw(drawn.folder)
    if json:
        small = {name: t.to_dict("records") for name, t in drawn.tables.items() if _is_small(name)}
        print_json({"folder": drawn.folder, **small})
        return
    tell(drawn, asked)
    print_line(f"Results: {drawn.folder}")


@dataclass(frozen=True, eq=False)
class Drawn:
    """A probabilistic analysis that was simulated: where it lies, what was run, its tables."""

    folder: Path
    analysis: Analysis
    tables: dict[str, pd.DataFrame]


def asked_scenario(
    file: Path,
    set_: list[str] | None,
    patients: int | None,
    years: float | None,
    seed: int | None,
    structure: str | None,
) -> Scenario:
    """Return the scenario, with fewer patients than a single run has unless they were asked for.

    Who joins later is reduced in proportion.

    Raises:
        InputError: Something is wrong with it.
    """
    asked = read([file], set_, patients=patients, years=years, seed=seed, structure=structure)[0]
    size = asked.population.size
    if patients is not None or size <= PATIENTS:
        return asked
    remark(f"{PATIENTS:,} patients a draw and strategy (the scenario has {size:,}); see --patients")
    fewer: dict[str, Any] = {"population.size": PATIENTS}
    joining = asked.population.incident_per_year
    if joining:
        fewer["population.incident_per_year"] = max(1, round(joining * PATIENTS / size))
    return asked.with_values(fewer)


def simulate_draws(
    file: Path,
    asked: Scenario,
    samples: int,
    draw_seed: int,
    out: Path | None,
    carried: Options,
    dry_run: bool = False,
    as_json: bool = False,
) -> Drawn | None:
    """Simulate every draw, or what is left to do; None after a plan, or a shard that is not last.

    Raises:
        InputError: The scenario cannot be drawn, or the folder holds another analysis.
        PartlyDone: Runs failed or are missing.
    """
    from popmodel.uncertainty.psa import lay_out_psa, psa_tables

    folder = folder_of(file, "psa", out)
    analysis = lay_out_psa(asked, samples, draw_seed)
    if dry_run:
        tell_plan(asked.title, analysis.design, analysis.job, folder, carried, as_json)
        return None
    done = carry_out(asked.title, analysis.design, analysis.job, folder, carried, analysis.about)
    if not is_ready(done, carried):
        return None
    return Drawn(folder, analysis, psa_tables(analysis, done.results()))


def evaluate(drawn: Drawn, people: Population | None, learning: bool) -> None:
    """Add the tables of the decision layer, and write all of them."""
    from popmodel.uncertainty.decisions import decision_tables, learning_table

    tables = drawn.tables
    tables |= decision_tables(drawn.analysis, tables, courses_beside(drawn.folder), people)
    if learning:
        tables["evppi"] = learning_table(drawn.analysis, tables, people)
    asked = drawn.analysis.job.scenario
    facts = {"patients_per_draw": asked.population.size * asked.replicates}
    keep(drawn.folder, tables, asked, **facts)


def courses_beside(folder: Path) -> pd.DataFrame | None:
    """Return the courses of a run of the scenario, whose tables lie one folder up, if there are."""
    import pandas as pd

    path = folder.parent / "courses.csv"
    return pd.read_csv(path) if path.is_file() else None


def draw(folder: Path) -> None:
    """Draw the charts of an analysis; renew the report of the run it lies in, if there is one."""
    from popmodel.report.html import write_report
    from popmodel.report.redraw import draw_all

    if (folder.parent / "strategies.csv").is_file():
        write_report(folder.parent)
    else:
        draw_all(folder)


def _is_small(name: str) -> bool:
    return name not in (*LARGE, "psa_parameters")


# ------------------------------------------------------------------ on the terminal


def tell(drawn: Drawn, asked: Scenario) -> None:
    """Print what is expected, how sure it is, and what it would be worth to know more."""
    from popmodel.cli.answers import tell_weights
    from popmodel.pipeline.manifest import weights_of
    from popmodel.uncertainty.contrasts import asked_of

    middle = asked_of(asked).main_wtp
    for where, tables in by_structure(drawn.tables):
        _tell_choice(where, tables, asked, middle)
        if "evppi" in tables:
            tell_learning(where, tables["evppi"], middle)
    tell_weights(weights_of(asked), len(asked.structures()))


def by_structure(
    tables: Mapping[str, pd.DataFrame],
) -> list[tuple[str, dict[str, pd.DataFrame]]]:
    """Return the small tables of each structure apart, with its name."""
    small = {name: t for name, t in tables.items() if name not in LARGE}
    if "structure" not in small["psa"].columns:
        return [("", small)]
    names = list(dict.fromkeys(small["psa"]["structure"]))
    return [
        (name, {k: t[t["structure"] == name] for k, t in small.items() if "structure" in t})
        for name in names
    ]


def _tell_choice(
    where: str, tables: Mapping[str, pd.DataFrame], asked: Scenario, middle: float
) -> None:
    draws = tables["psa"].groupby("strategy", sort=False)[["cost", "qaly"]].mean()
    best = tables["ceac"][tables["ceac"]["wtp"] == middle].set_index("strategy")["probability"]
    loss = tables["expected_loss"]
    lost = loss[loss["wtp"] == middle].set_index("strategy")["expected_loss"]
    split = tables["variance"].set_index("strategy").to_dict("index")
    rows = []
    for name, row in draws.to_dict("index").items():
        known = split.get(str(name))
        gain = "comparator" if known is None else money(known["inc_nmb"], known["inc_nmb_se"])
        luck = "" if known is None else share(known["share_luck"])
        rows.append(
            (
                asked.labels().get(str(name), str(name)), money(row["cost"]), number(row["qaly"]),
                gain, share(best[str(name)]), money(lost[str(name)]), luck,
            )
        )  # fmt: skip
    title = f"{asked.title}{f' ({where})' if where else ''}, {middle:,.0f} a QALY"
    columns = (
        "strategy", "cost", "QALY", "net benefit gained", "best in", "expected loss",
        "spread that is luck",
    )  # fmt: skip
    print_table(title, columns, rows)
