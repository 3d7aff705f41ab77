"""`popmodel voi`: what it is worth to know more, and whether a trial is worth its cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from popmodel.cli.economics import population_of
from popmodel.cli.learning import tell_learning
from popmodel.cli.printing import money, print_json, print_line, print_table, remark
from popmodel.cli.psa import (
    SAMPLES,
    DecisionYearsOption,
    DiscountOption,
    DrawSeedOption,
    OutOption,
    PerYearOption,
    SamplesOption,
    asked_scenario,
    by_structure,
    draw,
    evaluate,
    simulate_draws,
)
from popmodel.cli.settings import (
    JsonOption,
    PatientsOption,
    SeedOption,
    SetOption,
    StructureOption,
    YearsOption,
)
from popmodel.cli.sweeping import DryRunOption, FreshOption, JobsOption, choices

if TYPE_CHECKING:
    import pandas as pd

    from popmodel.scenario import Scenario

SIZES = "50,100,200,400,800"


def voi(
    scenario: Annotated[Path, typer.Argument(help="Scenario file.", metavar="SCENARIO")],
    study: Annotated[
        list[str] | None,
        typer.Option(
            "--study",
            metavar="POTENCY",
            help="Potency that a trial would measure; those nobody has tested in people if none.",
        ),
    ] = None,
    sizes: Annotated[
        str, typer.Option("--sizes", help="Patients of the trial, both arms, separated by commas.")
    ] = SIZES,
    sd: Annotated[
        float | None,
        typer.Option(
            "--sd", help="Spread of patients in the outcome, as depth; the card's if none."
        ),
    ] = None,
    learn: Annotated[
        list[str] | None,
        typer.Option(
            "--learn",
            metavar="PATH",
            help="A number, the beginning of several, or some joined by +, whose worth is told "
            "whether or not it is clear of noise.",
        ),
    ] = None,
    price_of: Annotated[
        str | None,
        typer.Option(
            "--price-of",
            metavar="PRICE",
            help="Tell up to which price the treatment would be adopted if the trial succeeds.",
        ),
    ] = None,
    fixed_cost: Annotated[float, typer.Option("--fixed-cost", help="Of the trial.")] = 0.0,
    cost_per_patient: Annotated[
        float, typer.Option("--cost-per-patient", help="Of the trial.")
    ] = 0.0,
    years_to_results: Annotated[
        float, typer.Option("--years-to-results", help="Until it changes care.")
    ] = 0.0,
    per_year: PerYearOption = None,
    decision_years: DecisionYearsOption = None,
    discount: DiscountOption = 0.03,
    samples: SamplesOption = SAMPLES,
    draw_seed: DrawSeedOption = 1,
    patients: PatientsOption = None,
    years: YearsOption = None,
    seed: SeedOption = None,
    structure: StructureOption = None,
    set_: SetOption = None,
    jobs: JobsOption = None,
    fresh: FreshOption = False,
    out: OutOption = None,
    charts: Annotated[bool, typer.Option("--charts/--no-charts", help="Draw charts.")] = True,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Tell what it is worth to know more: numbers, subjects, and a trial by its size.

    Uses the draws of `popmodel psa` where they are there, with the same options; else makes them.
    """
    import pandas as pd

    from popmodel.uncertainty.adoption import adoption_table
    from popmodel.uncertainty.decisions import Trial, spread_of_patients, trial_table, untested
    from popmodel.uncertainty.learning import value_of_named

    asked = asked_scenario(scenario, set_, patients, years, seed, structure)
    people = population_of(per_year, decision_years, discount)
    wanted = sizes_of(sizes)
    drawn = simulate_draws(
        scenario, asked, samples, draw_seed, out, choices(jobs, fresh=fresh), dry_run, json
    )
    if drawn is None:
        return
    spread = spread_of_patients(asked) if sd is None else sd
    trials = [
        Trial(path, spread, wanted, fixed_cost, cost_per_patient, years_to_results)
        for path in study or untested(asked)
    ]
    found = [trial_table(drawn.analysis, drawn.tables, trial, people) for trial in trials]
    if found:
        drawn.tables["trial"] = pd.concat(found, ignore_index=True)
    if learn:
        wtp = asked.willingness_to_pay
        drawn.tables["named"] = value_of_named(
            drawn.tables["psa"], drawn.tables["psa_parameters"], learn, asked.comparator, wtp
        )
    if price_of is not None:
        drawn.tables["adoption"] = pd.concat(
            [adoption_table(drawn.analysis, drawn.tables, one.path, price_of) for one in trials],
            ignore_index=True,
        )
    evaluate(drawn, people, learning=True)
    if charts:
        draw(drawn.folder)
    if json:
        names = ("evpi", "evppi", "named", "trial", "adoption")
        told = {name: drawn.tables[name] for name in names if name in drawn.tables}
        print_json({name: table.to_dict("records") for name, table in told.items()})
        return
    _tell(drawn.tables, asked)
    print_line(f"Results: {drawn.folder}")


def sizes_of(text: str) -> tuple[int, ...]:
    """Return the sizes that `--sizes` lists.

    Raises:
        InputError: One is no whole number of at least 2.
    """
    from popmodel.errors import InputError, Problem

    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        found = (0,)
    if min(found) < 2:
        hint = f"whole numbers of at least 2, such as {SIZES}"
        raise InputError([Problem("--sizes", 0, 0, "", f"'{text}' lists no sizes", hint)])
    return found


def _tell(tables: dict[str, pd.DataFrame], asked: Scenario) -> None:
    from popmodel.uncertainty.contrasts import asked_of

    middle = asked_of(asked).main_wtp
    for where, own in by_structure(tables):
        tell_learning(where, own["evppi"], middle)
        if "named" in own:
            _tell_named(where, own["named"][own["named"]["wtp"] == middle])
        if "trial" not in own:
            remark("no treatment that is offered is untested in people; name one with --study")
            continue
        table = own["trial"][own["trial"]["wtp"] == middle]
        for path, part in table.groupby("parameter", sort=False):
            _tell_trial(f"{path}{f' ({where})' if where else ''}", part)
        if "adoption" in own:
            priced = own["adoption"]
            _tell_adoption(where, priced[priced["wtp"] == middle], asked)


def _tell_named(where: str, table: pd.DataFrame) -> None:
    """Print what was asked for by name, noise beside it."""
    rows = [
        (str(row["parameter"]), money(row["evppi"], row["evppi_se"]), money(row["evppi_noise"]))
        for row in table.to_dict("records")
    ]
    title = f"As asked{f' ({where})' if where else ''}, a patient"
    print_table(title, ("number or subject", "EVPPI", "noise"), rows)


def _tell_adoption(where: str, table: pd.DataFrame, asked: Scenario) -> None:
    """Print for whom a success would be used, and up to which price."""
    for path, part in table.groupby("parameter", sort=False):
        count, price = int(part["successes"].iloc[0]), str(part["price_of"].iloc[0])
        rows = [
            (
                asked.labels().get(str(row["strategy"]), str(row["strategy"])),
                money(row["gain_now"], row["gain_now_se"]), money(row["price_now"]),
                money(row["price"], row["price_se"]),
            )
            for row in part.sort_values("gain_now", ascending=False).to_dict("records")
        ]  # fmt: skip
        print_table(
            f"If it works: {path} above 0 in {count} draws{f' ({where})' if where else ''}",
            ("strategy", "net benefit gained now", price, "adopted up to"),
            rows,
        )


def _tell_trial(title: str, table: pd.DataFrame) -> None:
    rows = []
    for row in table.to_dict("records"):
        cells = [
            f"{int(row['patients']):,}",
            money(row["evsi"], row["evsi_se"]),
            money(row["evppi"]),
        ]
        if "enbs" in row:
            cells += [money(row["evsi_population"]), money(row["study_cost"]), money(row["enbs"])]
        rows.append(tuple(cells))
    columns = ["patients of a trial", "worth a patient (EVSI)", "at most (EVPPI)"]
    if "enbs" in table.columns:
        columns += ["worth to all", "costs", "net (ENBS)"]
    print_table(f"A trial of {title}", tuple(columns), rows)
    if bool((table["evsi"] < 2.0 * table["evsi_se"]).any()):
        remark("where the error is as large as half the value, more --samples are needed")
