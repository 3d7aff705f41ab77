"""`popmodel economics`: the decision layer on any table of costs and effects by draw."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from popmodel.cli.printing import money, number, print_json, print_line, print_table
from popmodel.cli.settings import JsonOption

if TYPE_CHECKING:
    import pandas as pd

    from popmodel.economics import Population

MOST_AMOUNTS = 100_000


def economics(
    psa: Annotated[
        Path,
        typer.Argument(
            metavar="PSA.csv", help="CSV or Parquet with columns sample, strategy, cost, qaly."
        ),
    ],
    params: Annotated[
        Path | None,
        typer.Option("--params", help="Parameters by sample, for the value of learning them."),
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(
            "--group",
            metavar="NAME=PARAMETER,…",
            help="Parameters to learn together; may be given several times.",
        ),
    ] = None,
    wtp: Annotated[
        str, typer.Option("--wtp", help="Amounts per effect: one, or from:to:step, both included.")
    ] = "0:200000:1000",
    effect: Annotated[
        str,
        typer.Option(
            "--effect",
            help="Column of the effect, more is better; daly_averted is made of a column daly.",
        ),
    ] = "qaly",
    per_year: Annotated[
        float | None,
        typer.Option("--per-year", help="Patients a year whom the decision concerns."),
    ] = None,
    years: Annotated[
        float | None, typer.Option("--decision-years", help="Years for which it stands.")
    ] = None,
    discount: Annotated[
        float, typer.Option("--discount", help="Yearly rate at which these count less.")
    ] = 0.03,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the tables.")] = None,
    json: JsonOption = False,
) -> None:
    """Evaluate PSA.csv: frontier, acceptability, value of information."""
    from popmodel import economics as decide
    from popmodel.economics.reading import read_table, with_effect

    table = with_effect(read_table(psa), effect)
    amounts = amounts_of(wtp)
    people = population_of(per_year, years, discount)
    means = _means(table, effect)
    answers = {
        "incremental": decide.incremental_table(means, effect),
        "ceac": decide.acceptability(table, amounts, effect),
        "ceaf": decide.acceptability_frontier(table, amounts, effect),
        "evpi": decide.evpi(table, amounts, effect, people),
        "expected_loss": decide.expected_loss(table, amounts, effect),
    }
    if params is not None:
        answers["evppi"] = decide.evppi(
            table, read_table(params), amounts, effect, groups_of(group), people
        )
    if out is not None:
        _write(answers, out)
    if json:
        print_json({name: one.to_dict("records") for name, one in answers.items()})
        return
    _print(answers["incremental"], effect)
    if out is not None:
        print_line(f"Tables: {out}")


def amounts_of(text: str) -> list[float]:
    """Return the amounts that `--wtp` means: one, or `from:to:step` with both ends.

    Raises:
        InputError: It is neither.
    """
    from popmodel.errors import InputError, Problem

    def wrong(told: str) -> InputError:
        hint = "one amount, or from:to:step such as 0:200000:1000"
        return InputError([Problem("--wtp", 0, 0, "", told, hint)])

    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        raise wrong(f"'{text}' is no number") from None
    if len(parts) == 1:
        return parts
    if len(parts) != 3 or not all(part == part and abs(part) < 1e15 for part in parts):
        raise wrong(f"'{text}' is no range")
    first, last, step = parts
    if step <= 0 or last < first or (last - first) / step > MOST_AMOUNTS:
        raise wrong(f"'{text}' holds no amounts, or too many")
    steps = int((last - first) / step + 1e-9)
    amounts = [first + step * position for position in range(steps + 1)]
    return amounts if last - amounts[-1] <= 1e-9 * max(1.0, last) else [*amounts, last]


def population_of(
    per_year: float | None, years: float | None, discount: float
) -> Population | None:
    """Return for whom the decision is taken, or None for one person.

    Raises:
        InputError: One of the first two is missing, or a number is negative.
    """
    from popmodel.economics import Population
    from popmodel.errors import InputError

    if per_year is None and years is None:
        return None
    if per_year is None or years is None:
        raise InputError("--per-year and --decision-years: both are needed, or neither")
    return Population(per_year, years, discount)


def groups_of(given: Sequence[str] | None) -> dict[str, list[str]]:
    """Return the parameters that each `--group` names.

    Raises:
        InputError: One of them is no `name=parameter,…`, or a name occurs twice.
    """
    from popmodel.errors import InputError, Problem

    groups: dict[str, list[str]] = {}
    for text in given or ():
        name, equals, members = text.partition("=")
        names = [member.strip() for member in members.split(",")]
        if not equals or not name.strip() or not all(names) or name.strip() in groups:
            hint = "such as --group costs=cost_visit,cost_drug, each name once"
            raise InputError([Problem("--group", 0, 0, "", f"'{text}' is no group", hint)])
        groups[name.strip()] = names
    return groups


def _means(table: pd.DataFrame, effect: str) -> pd.DataFrame:
    """Return mean cost and effect by strategy, in the order of the table."""
    import pandas as pd

    from popmodel.economics.checks import each_structure
    from popmodel.economics.samples import samples_of

    def one(part: pd.DataFrame) -> pd.DataFrame:
        samples = samples_of(part, effect)
        means = {"cost": samples.cost.mean(axis=1), effect: samples.effect.mean(axis=1)}
        return pd.DataFrame({"strategy": list(samples.strategies), **means})

    return each_structure(table, one)


def _write(answers: dict[str, pd.DataFrame], out: Path) -> None:
    from popmodel.report.tables import write_atomically
    from popmodel.safe_csv import safe_csv

    out.mkdir(parents=True, exist_ok=True)
    for name, table in answers.items():
        write_atomically(out / f"{name}.csv", safe_csv(table).encode())


def _print(incremental: pd.DataFrame, effect: str) -> None:
    columns = ("strategy", "cost", effect, "more cost", f"more {effect}", "ICER", "status")
    rows = []
    for row in incremental.to_dict("records"):
        structure = f"{row['structure']}: " if "structure" in row else ""
        rows.append(
            (
                f"{structure}{row['strategy']}",
                money(row["cost"]),
                number(row[effect]),
                money(row["inc_cost"]),
                number(row[f"inc_{effect}"]),
                money(row["icer"]),
                str(row["status"]),
            )
        )
    print_table("", columns, rows)
