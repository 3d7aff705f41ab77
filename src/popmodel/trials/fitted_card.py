"""Write a calibration down as a card: values, how they vary together, and how well they fit."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from popmodel.errors import InputError, Problem
from popmodel.evidence.calibration import lack_of_extrapolation
from popmodel.evidence.load import Evidence
from popmodel.parameters import Structure
from popmodel.trials.calibrate import Fit, Tell, calibrate, trial_parameters_of
from popmodel.trials.extrapolation import extrapolation_factors

DIGITS: Final = 4
LINE: Final = 4096
"""Characters a line may have: rows of the covariance stay on one line."""


def calibrate_card(
    evidence: Evidence,
    structure: Structure,
    *,
    seed: int,
    recruits: int,
    evaluations: int,
    command: str,
    date: str,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """Return the calibrated card of a structure; the search starts at the card there is.

    Args:
        evidence: cards.
        structure: structural choices the fit holds for.
        seed: patient luck.
        recruits: stock patients among whom each trial recruits.
        evaluations: parameter sets tried at most.
        command: what makes the card again.
        date: day it is made.
        tell: called with a line about every parameter set tried.
    """
    fit = calibrate(
        evidence, structure, seed=seed, recruits=recruits, evaluations=evaluations,
        start=known_values(evidence, structure), tell=tell,
    )  # fmt: skip
    parameters = trial_parameters_of(evidence, structure, fit.values)
    factors = extrapolation_factors(evidence, parameters, seed, recruits)
    return fitted_card(fit, factors, command, date)


def card_with_factors(
    evidence: Evidence, structure: Structure, *, seed: int, recruits: int
) -> dict[str, Any]:
    """Return the calibrated card of a structure with its factors for untested patients made anew.

    Nothing is fitted: cards of treatments that came after the fit get their factors this way.

    Raises:
        InputError: the structure has no calibrated card.
    """
    name = structure.calibration
    if name not in evidence.calibrated:
        told, hint = lack_of_extrapolation(evidence, name)
        raise InputError([Problem("--factors-only", 0, 0, "", told, hint)])
    parameters = trial_parameters_of(evidence, structure)
    factors = extrapolation_factors(evidence, parameters, seed, recruits)
    said = dict(evidence.files["calibrated", name].data)
    said["extrapolation"] = {key: [float(f) for f in row] for key, row in factors.items()}
    return said


def known_values(evidence: Evidence, structure: Structure) -> dict[str, float]:
    """Return the values of a structure's calibrated card, or of the nearest one there is.

    The correlation structure matters more than the severity reading.
    """
    effect, kind = structure.severity_effect, structure.correlation

    def distance(name: str) -> tuple[bool, bool, str]:
        return (not name.endswith(f"_{kind}"), not name.startswith(f"{effect}_"), name)

    if not evidence.calibrated:
        return {}
    card = evidence.calibrated[min(evidence.calibrated, key=distance)]
    return {path: found.value for path, found in card.values.items()}


def fitted_card(
    fit: Fit, extrapolation: Mapping[str, Sequence[float]], command: str, date: str
) -> dict[str, Any]:
    """Return a card of the form `Calibrated` as plain data.

    Args:
        fit: what the calibration found.
        extrapolation: factors by treatment and missing failures.
        command: what makes this card again.
        date: day it was made.
    """
    name = fit.structure.calibration
    paths = [one.path for one in fit.free]
    errors = fit.covariance.diagonal() ** 0.5
    return {
        "id": name,
        "label": f"Fit to trials: severity effect {fit.structure.severity_effect}, "
        f"correlation {fit.structure.correlation}",
        "fit": name,
        "command": command,
        "date": date,
        "values": {
            path: {"value": rounded(fit.values[path]), "se": rounded(float(error))}
            for path, error in zip(paths, errors, strict=True)
        },
        "paths": paths,
        "covariance": [[rounded(float(cell)) for cell in row] for row in fit.covariance],
        "extrapolation": {key: [float(f) for f in row] for key, row in extrapolation.items()},
        "diagnostics": {
            "deviance": round(float(fit.deviance), 2),
            "penalty_of_priors": round(float(fit.penalty), 2),
            "terms": len(fit.terms),
            "fitted_numbers": len(paths),
            "table": [
                {
                    "trial": term.trial,
                    "term": term.name,
                    "observed": round(float(term.observed), 3),
                    "predicted": round(float(term.predicted), 3),
                    "people": round(term.size),
                    "z": round(float(z), 2),
                }
                for term, z in zip(fit.terms, fit.z, strict=True)
            ],
        },
    }


def rounded(value: float) -> float:
    """Return a number with a few significant digits."""
    return float(f"{value:.{DIGITS}g}")


def card_text(card: Mapping[str, Any]) -> str:
    """Return a card as YAML: one value, one row of a matrix or table a line."""
    yaml = YAML()
    yaml.width = LINE
    stream = io.StringIO()
    yaml.dump(_block(card), stream)
    return stream.getvalue()


def _block(value: Any) -> Any:
    """Return a mapping or list in block form whose innermost parts are in flow form."""
    if isinstance(value, Mapping):
        found = CommentedMap((key, _block(one)) for key, one in value.items())
        if value and not any(isinstance(one, Mapping | list) for one in value.values()):
            found.fa.set_flow_style() if len(value) > 1 and "id" not in value else None
        return found
    if isinstance(value, list):
        row = CommentedSeq(_block(one) for one in value)
        if value and all(isinstance(one, float) for one in value):
            row.fa.set_flow_style()
        return row
    return value


def write_card(card: Mapping[str, Any], folder: Path) -> Path:
    """Write a card into a folder of calibrated cards and return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{card['id']}.yaml"
    path.write_text(card_text(card), encoding="utf-8")
    return path
