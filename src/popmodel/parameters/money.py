"""Money and utility: care costs by state, productivity, the utility curve and its norms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from popmodel.evidence.load import Evidence
from popmodel.parameters.cards import Prices, cards_of
from popmodel.units import DAYS_PER_YEAR


def fill_economics(
    q: Any, v: Mapping[str, float], evidence: Evidence, country: Any, price: Prices
) -> None:
    """Fill in care costs by state, productivity by age and sex, and the utility curve."""
    costs = f"economics.{country.care_costs}."
    for k, state in enumerate(("remission", "response", "depressed")):
        q["background_cost"][k] = price(v, f"{costs}per_year.{state}") / DAYS_PER_YEAR
    q["resistant_cost"] = price(v, costs + "resistant_addon_per_year") / DAYS_PER_YEAR
    q["resistant_failures"] = cards_of(evidence.economics)[country.care_costs].resistant_failures
    utilities = f"economics.{country.utilities}."
    anchors = cards_of(evidence.economics)[country.utilities].anchor_severity
    value = v[utilities + "remission"]
    q["utility_points"] = len(anchors)
    q["utility_severity"][: len(anchors)] = anchors
    q["utility_value"][0] = value
    for k, loss in enumerate(("loss_mild", "loss_moderate", "loss_severe"), start=1):
        value -= v[utilities + loss]
        q["utility_value"][k] = value
        q["utility_width"][k - 1] = anchors[k] - anchors[k - 1]
        q["utility_slope"][k - 1] = -v[utilities + loss] / (anchors[k] - anchors[k - 1])
    norms = cards_of(evidence.economics)[country.utility_norms]
    work = cards_of(evidence.economics)[country.productivity]
    edges = sorted({float(b.high) for b in norms.bands} | {float(b.high) for b in work.wages})
    q["age_bands"] = len(edges)
    q["age_band_high"][: len(edges)] = [edge + 1.0 for edge in edges]
    for k, edge in enumerate(edges):
        norm = _band_at(norms.bands, edge)
        wages = _band_at(work.wages, edge)
        for sex, word in enumerate(("female", "male")):
            where = f"economics.{country.utility_norms}.bands.{norm}.{word}"
            q["utility_norm"][sex, k] = v[where]
            where = f"economics.{country.productivity}.wages.{wages}.{word}"
            wage = price(v, where) / DAYS_PER_YEAR
            well = v[f"economics.{country.productivity}.loss_share.remission"]
            for kind, name in enumerate(("remission", "response", "depressed")):
                share = v[f"economics.{country.productivity}.loss_share.{name}"] - well
                q["productivity_cost"][kind, sex, k] = share * wage


def _band_at(bands: Any, age: float) -> str:
    """Return the name of the band an age lies in; the last one for older ages."""
    for band in bands:
        if age <= band.high:
            return str(band.name)
    return str(bands[-1].name)
