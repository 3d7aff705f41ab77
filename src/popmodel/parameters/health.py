"""Health: utility by score or by state, its norms, and disability weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from popmodel.evidence.load import Evidence
from popmodel.evidence.schema import UtilityByState
from popmodel.parameters.cards import cards_of
from popmodel.parameters.money import band_at
from popmodel.vocabulary import SEVERITY_BANDS


def fill_health(q: Any, v: Mapping[str, float], evidence: Evidence, country: Any) -> None:
    """Fill in utilities, their norms and disability weights; the age bands are known already."""
    card = cards_of(evidence.economics)[country.utilities]
    path = f"economics.{country.utilities}."
    if isinstance(card, UtilityByState):
        q["utility_points"] = 0
        q["utility_state"][:] = _falling(v, path, ("loss_response", "loss_depressed"))
    else:
        q["utility_state"][:] = v[path + "remission"]
        _fill_curve(q, v, path, card.anchor_severity)
    norms = cards_of(evidence.economics)[country.utility_norms]
    bands = int(q["age_bands"])
    for k, end in enumerate(q["age_band_high"][:bands]):
        band = band_at(norms.bands, end - 1.0)
        for sex, word in enumerate(("female", "male")):
            q["utility_norm"][sex, k] = v[f"economics.{country.utility_norms}.bands.{band}.{word}"]
    if country.disability_weights is not None:
        path = f"economics.{country.disability_weights}."
        q["disability_weight"][:] = [v[path + band] for band in SEVERITY_BANDS]
        q["disability_of_harm"] = v[path + "per_qaly_of_harm"]


def _fill_curve(q: Any, v: Mapping[str, float], path: str, anchors: Any) -> None:
    """Fill in a curve over severity: values at anchors, and the slopes between them."""
    losses = ("loss_mild", "loss_moderate", "loss_severe")
    q["utility_points"] = len(anchors)
    q["utility_severity"][: len(anchors)] = anchors
    q["utility_value"][: len(anchors)] = _falling(v, path, losses)
    for k, loss in enumerate(losses):
        q["utility_width"][k] = anchors[k + 1] - anchors[k]
        q["utility_slope"][k] = -v[path + loss] / (anchors[k + 1] - anchors[k])


def _falling(v: Mapping[str, float], path: str, losses: tuple[str, ...]) -> list[float]:
    """Return the utility of remission and what is left after each loss."""
    values = [v[path + "remission"]]
    for loss in losses:
        values.append(values[-1] - v[path + loss])
    return values
