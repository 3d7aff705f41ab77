"""`popmodel calibrate`: fit the model to its trials again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from popmodel.cli.printing import number, print_json, print_line, print_table, remark
from popmodel.cli.settings import JsonOption

if TYPE_CHECKING:
    from popmodel.evidence import Evidence

SEVERITY_EFFECTS = ("evidence", "premise", "mixture")
FACTOR_SEED = 20261122
CORRELATIONS = ("default", "optimistic", "pessimistic")


def calibrate(
    structure: Annotated[
        str, typer.Option("--structure", help="Severity effect: evidence, premise, mixture or all.")
    ] = "all",
    correlation: Annotated[
        str,
        typer.Option("--correlation", help="default, optimistic, pessimistic or all."),
    ] = "default",
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the cards; the shipped ones if none.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Luck; the same gives the same.")] = 20261122,
    recruits: Annotated[
        int, typer.Option("--recruits", help="Stock patients among whom each trial recruits.")
    ] = 8192,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show how it fits as it is; change nothing.")
    ] = False,
    factors_only: Annotated[
        bool,
        typer.Option("--factors-only", help="Fit nothing; make the factors for untested patients."),
    ] = False,
    draws: Annotated[
        int, typer.Option("--draws", min=0, help="Draws of the fitted numbers to write beside.")
    ] = 1000,
    json: JsonOption = False,
) -> None:
    """Fit depth, contacts and potencies to all trials marked fit, and write what was found.

    Beside every card in --out lies `<structure>_draws.csv`: what a probabilistic analysis with the
    same seed draws of the fitted numbers. The shipped cards have none; they are drawn when asked.
    """
    from popmodel.evidence import load_evidence
    from popmodel.evidence.load import SHIPPED

    known = load_evidence()
    if factors_only:
        _make_factors(known, structure, correlation, out or SHIPPED / "calibrated", recruits, json)
        return
    cards = [
        _fitted(known, effect, kind, seed, recruits, 0 if dry_run else None)
        for kind in chosen(correlation, CORRELATIONS, "--correlation")
        for effect in chosen(structure, SEVERITY_EFFECTS, "--structure")
    ]
    told = [_told(known, card) for card in cards]
    if json:
        print_json([{**card, "told": rows} for card, rows in zip(cards, told, strict=True)])
    else:
        for card, rows in zip(cards, told, strict=True):
            _print(card)
            _print_told(rows)
    if not dry_run:
        from popmodel.trials.fitted_card import write_card

        for card in cards:
            remark(f"wrote {write_card(card, out or SHIPPED / 'calibrated')}")
            if out is not None and draws > 0:
                remark(f"wrote {_write_draws(known, card, out, seed, draws)}")


def _write_draws(
    known: Evidence, card: dict[str, Any], folder: Path, seed: int, count: int
) -> Path:
    """Write draws of the fitted numbers of a card as CSV, and return the file."""
    from popmodel.evidence.schema import Calibrated
    from popmodel.report.tables import write_atomically
    from popmodel.safe_csv import safe_csv
    from popmodel.uncertainty.draws import fitted_draws

    table = fitted_draws(known, Calibrated.model_validate(card), seed, count)
    return write_atomically(folder / f"{card['id']}_draws.csv", safe_csv(table).encode())


def _make_factors(
    known: Evidence, structure: str, correlation: str, folder: Path, recruits: int, json: bool
) -> None:
    """Make the factors of calibrated cards anew and write the cards."""
    from popmodel.parameters import Structure
    from popmodel.trials.fitted_card import card_with_factors, write_card

    told = {}
    for kind in chosen(correlation, CORRELATIONS, "--correlation"):
        for effect in chosen(structure, SEVERITY_EFFECTS, "--structure"):
            one = Structure(effect, kind)
            remark(f"{one.calibration}:")
            card = card_with_factors(known, one, seed=FACTOR_SEED, recruits=recruits)
            told[one.calibration] = card["extrapolation"]
            remark(f"wrote {write_card(card, folder)}")
    if json:
        print_json(told)
        return
    rows = [
        (name, treatment, ", ".join(number(f) for f in found))
        for name, factors in told.items()
        for treatment, found in factors.items()
    ]
    print_table("", ("structure", "treatment", "factor by missing failures"), rows)


def chosen(word: str, options: tuple[str, ...], option: str) -> tuple[str, ...]:
    """Return the options a word stands for: itself, or all of them.

    Raises:
        InputError: It is none of them.
    """
    from popmodel.errors import InputError, Problem, did_you_mean

    if word == "all":
        return options
    if word not in options:
        told = f"'{word}' is not known"
        raise InputError([Problem(option, 0, 0, "", told, did_you_mean(word, (*options, "all")))])
    return (word,)


def _fitted(
    known: Evidence, effect: str, kind: str, seed: int, recruits: int, evaluations: int | None
) -> dict[str, Any]:
    import datetime

    from popmodel.parameters import Structure
    from popmodel.trials.calibrate import EVALUATIONS
    from popmodel.trials.fitted_card import calibrate_card

    structure = Structure(effect, kind)
    remark(f"{structure.calibration}:")
    return calibrate_card(
        known,
        structure,
        seed=seed,
        recruits=recruits,
        evaluations=EVALUATIONS if evaluations is None else evaluations,
        command=f"popmodel calibrate --structure {effect} --correlation {kind} --seed {seed} "
        f"--recruits {recruits}",
        date=datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        tell=remark,
    )


def _told(known: Evidence, card: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the trials told about each number: prior and posterior side by side."""
    from popmodel.evidence.schema import Calibrated
    from popmodel.parameters import Structure
    from popmodel.trials.identify import numbers_told

    structure = Structure(*card["id"].split("_"))
    return [vars(one) for one in numbers_told(known, structure, Calibrated.model_validate(card))]


def _print_told(told: list[dict[str, Any]]) -> None:
    rows = [
        (
            one["path"],
            number(one["prior_sd"]),
            number(one["posterior_sd"]),
            number(one["told"], 2),
            f"{one['partner']} {number(one['correlation'], 2)}",
        )
        for one in told
    ]
    headings = ("number", "prior sd", "posterior sd", "told by trials", "moves most closely with")
    print_table("What the trials told (sd on the log, logit or plain scale)", headings, rows)


def _print(card: dict[str, Any]) -> None:
    values = [
        (path, number(found["value"]), number(found["se"]))
        for path, found in card["values"].items()
    ]
    print_table(card["label"], ("number", "value", "standard error"), values)
    said = card["diagnostics"]
    rows = [
        (
            f"{row['trial']}: {row['term']}",
            number(row["observed"]),
            number(row["predicted"]),
            number(row["z"], 2),
        )
        for row in said["table"]
    ]
    print_table("", ("published", "observed", "predicted", "z"), rows)
    print_line(
        f"deviance {said['deviance']} of {said['terms']} numbers, "
        f"priors {said['penalty_of_priors']}, {said['fitted_numbers']} fitted"
    )
