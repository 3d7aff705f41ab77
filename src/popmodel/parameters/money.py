"""Money: care costs by state, work lost and wages by age and sex, and who pays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from popmodel.errors import InputError, Problem
from popmodel.evidence.load import Evidence
from popmodel.evidence.schema.parts import sum_faults
from popmodel.parameters.cards import Prices, cards_of
from popmodel.units import DAYS_PER_YEAR
from popmodel.vocabulary import COST_CATEGORIES, PAYERS


def fill_economics(
    q: Any,
    v: Mapping[str, float],
    evidence: Evidence,
    country: Any,
    prices: tuple[Prices, Prices],
) -> None:
    """Fill in care costs by state, productivity and wages by age and sex.

    Args:
        q: the record.
        v: values by path.
        evidence: the cards.
        country: the setting card.
        prices: how care and how wages are brought to the setting's price year.
    """
    price, wages = prices
    costs = f"economics.{country.care_costs}."
    for k, state in enumerate(("remission", "response", "depressed")):
        q["background_cost"][k] = price(v, f"{costs}per_year.{state}") / DAYS_PER_YEAR
    q["resistant_cost"] = price(v, costs + "resistant_addon_per_year") / DAYS_PER_YEAR
    q["resistant_failures"] = cards_of(evidence.economics)[country.care_costs].resistant_failures
    norms = cards_of(evidence.economics)[country.utility_norms]
    work = cards_of(evidence.economics)[country.productivity]
    edges = sorted({float(b.high) for b in norms.bands} | {float(b.high) for b in work.wages})
    q["age_bands"] = len(edges)
    q["age_band_high"][: len(edges)] = [edge + 1.0 for edge in edges]
    lost = f"economics.{country.productivity}.loss_share."
    well = v[lost + "remission"]
    for k, edge in enumerate(edges):
        band = band_at(work.wages, edge)
        for sex, word in enumerate(("female", "male")):
            where = f"economics.{country.productivity}.wages.{band}.{word}"
            q["wage"][sex, k] = wages(v, where) / DAYS_PER_YEAR
            for kind, name in enumerate(("remission", "response", "depressed")):
                share = v[lost + name] - well
                q["productivity_cost"][kind, sex, k] = share * q["wage"][sex, k]
    q["work_lost_to_death_days"] = _days_lost_to_death(v, country, work)


def _days_lost_to_death(v: Mapping[str, float], country: Any, work: Any) -> float:
    """Return for how many days the work of the dead is missing: all, some, none."""
    if work.death is None or work.death.method == "none":
        return 0.0
    if work.death.method == "human_capital":
        return math.inf
    return v[f"economics.{country.productivity}.death.friction_days"]


def band_at(bands: Any, age: float) -> str:
    """Return the name of the band an age lies in; the last one for older ages."""
    for band in bands:
        if age <= band.high:
            return str(band.name)
    return str(bands[-1].name)


def payer_shares(
    v: Mapping[str, float], evidence: Evidence, country: Any
) -> dict[str, dict[str, float]]:
    """Return who pays which share of every category; a draw's shares are made to add up to one.

    Raises:
        InputError: the shares as stated do not add up to one.
    """
    found: dict[str, dict[str, float]] = {}
    for category in COST_CATEGORIES:
        path = f"settings.{country.id}.payers.{category}"
        stated = country.payers.get(category)
        if stated is None:
            found[category] = {PAYERS[category]: 1.0}
            continue
        for fault in sum_faults(stated.values(), (path,)):
            raise InputError([Problem(*evidence.position(path), path, fault.message, fault.hint)])
        shares = {payer: v[f"{path}.{payer}"] for payer in stated}
        total = sum(shares.values())
        found[category] = {payer: share / total for payer, share in shares.items()}
    return found
