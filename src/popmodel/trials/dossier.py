"""The validation dossier as tables: what was published, what was foretold, and how well.

`predictions` has a row for every published number under every structure, `scores` one for every
structure and use, `structures` one for every structure. `numbers_told`, `correlations`, `left_out`
and `separation` are about the first structure, where it is calibrated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import pandas as pd

from popmodel.evidence.load import Evidence
from popmodel.parameters import Structure
from popmodel.trials.calibrate import Tell, trial_parameters_of
from popmodel.trials.doubt import doubt_about_trials
from popmodel.trials.identify import card_of, correlations, left_out, numbers_told, separation
from popmodel.trials.interval import share_interval
from popmodel.trials.scores import log_score, naive_of, naive_score, naive_sd, scores_of
from popmodel.trials.structures import standings
from popmodel.trials.validate import Row, validate

DIGITS: Final = 6
"""Decimals that are kept: the same on every machine, and enough to draw and compare."""
USES: Final = ("fit", "test")


def rows_by_structure(
    evidence: Evidence,
    structures: Sequence[Structure],
    *,
    seed: int,
    recruits: int,
    tell: Tell | None = None,
) -> dict[Structure, list[Row]]:
    """Return the rows of `validate` under each structure, doubt about fitted numbers counted.

    Args:
        evidence: cards.
        structures: what is compared; one without a fit runs on the numbers of the cards.
        seed: patient luck.
        recruits: stock patients among whom each trial recruits.
        tell: called with the name of each structure before it is run.
    """
    found = {}
    for one in structures:
        if tell is not None:
            tell(f"{one.calibration}:")
        doubt = doubt_about_trials(evidence, one, seed=seed)
        parameters = trial_parameters_of(evidence, one)
        found[one] = validate(evidence, parameters, seed=seed, recruits=recruits, doubt=doubt)
    return found


def dossier(
    evidence: Evidence,
    found: Mapping[Structure, Sequence[Row]],
    *,
    seed: int,
    recruits: int,
    identify: bool = True,
) -> dict[str, pd.DataFrame]:
    """Return the tables of the dossier by name.

    Args:
        evidence: cards.
        found: what `rows_by_structure` found; the first structure is the main one.
        seed: patient luck.
        recruits: stock patients among whom each trial recruits.
        identify: tell what the trials say about each number, too; not for a choice of trials.
    """
    main = next(iter(found))
    tables = {
        "predictions": predictions_table(found),
        "scores": _table([
            {"structure": one.calibration, "use": use, **asdict(scores_of(rows, use))}
            for one, rows in found.items()
            for use in USES
        ]),
        "structures": _table(map(asdict, standings(found, list(evidence.calibrated)))),
    }  # fmt: skip
    if identify and main.calibration in evidence.calibrated:
        tables |= identification_tables(evidence, main, seed=seed, recruits=recruits)
    return tables


def predictions_table(found: Mapping[Structure, Sequence[Row]]) -> pd.DataFrame:
    """Return every published number beside the model's and the naive one's."""
    return _table([
        _line(one.calibration, row, rows) for one, rows in found.items() for row in rows
    ])  # fmt: skip


def _line(structure: str, row: Row, rows: Sequence[Row]) -> dict[str, Any]:
    line = {
        "structure": structure, "trial": row.trial, "use": row.use, "term": row.name,
        "measure": row.measure, "line": row.line, "people": row.people, "observed": row.observed,
        "predicted": row.predicted, "low": row.low, "high": row.high, "sd": row.sd, "z": row.z,
        "outside": row.outside, "log_score": None, "naive": None, "naive_low": None,
        "naive_high": None, "naive_log_score": None, "note": row.note,
    }  # fmt: skip
    if row.z != row.z:
        return line
    line["log_score"] = log_score(row)
    if row.people > 0.0:
        rival = naive_of(row, rows)
        low, high = share_interval(rival.mean, row.people, naive_sd(row, rival))
        line |= {"naive": rival.mean, "naive_low": low, "naive_high": high,
                 "naive_log_score": naive_score(row, rival)}  # fmt: skip
    return line


def identification_tables(
    evidence: Evidence, structure: Structure, *, seed: int, recruits: int
) -> dict[str, pd.DataFrame]:
    """Return what the trials told about each number of a calibrated structure."""
    card = card_of(evidence, structure)
    beside = pd.DataFrame(correlations(card), columns=list(card.paths))
    beside.insert(0, "path", list(card.paths))
    apart = (
        separation(evidence, structure, seed=seed, recruits=recruits)
        if structure.correlation == Structure().correlation
        else []
    )
    return {
        "numbers_told": _table(map(asdict, numbers_told(evidence, structure))),
        "correlations": beside.round(3),
        "left_out": _table(
            map(asdict, left_out(evidence, structure, seed=seed, recruits=recruits))
        ),
        "separation": _table(map(asdict, apart)),
    }


def _table(lines: Any) -> pd.DataFrame:
    return pd.DataFrame(list(lines)).round(DIGITS)
