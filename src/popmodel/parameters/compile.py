"""Scenario x evidence x one draw -> the numbers the rules read: one frozen record.

Rates are per day, money in the setting's currency and price year, probabilities as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from popmodel.errors import InputError, Problem, Problems
from popmodel.evidence.calibration import fitted_values, lack_of_extrapolation
from popmodel.evidence.load import Evidence
from popmodel.parameters.cards import Names, Prices
from popmodel.parameters.disease import fill_care, fill_crises, fill_mortality, fill_relapse
from popmodel.parameters.health import fill_health
from popmodel.parameters.included import charge_once
from popmodel.parameters.money import fill_economics, payer_shares
from popmodel.parameters.people import fill_population
from popmodel.parameters.places import fill_places
from popmodel.parameters.record import (
    MAX_BIOTYPES,
    MAX_CONTACTS,
    MAX_MECHANISMS,
    MAX_TESTS,
    MAX_TREATMENTS,
    MAX_VISITS,
    PARAMETERS,
    Record,
)
from popmodel.parameters.response import fill_response
from popmodel.parameters.scales import linked_scales
from popmodel.parameters.structure import Parameters, Structure
from popmodel.parameters.testing import fill_tests
from popmodel.parameters.treatments import fill_treatments, trait_factors
from popmodel.units import discount_rate_per_day


def compile_parameters(
    evidence: Evidence,
    structure: Structure,
    *,
    setting: str,
    population: str,
    horizon_days: float,
    discount: tuple[float, float] | None = None,
    draw: Mapping[str, float] | None = None,
    serves: Mapping[str, str] | None = None,
) -> Parameters:
    """Return the parameters of one structure under one draw.

    Args:
        evidence: cards with the scenario's overrides applied.
        structure: structural choices.
        setting: id of the setting card.
        population: id of the population card.
        horizon_days: days simulated.
        discount: yearly rates for costs and health; the setting's when None.
        draw: values by dotted path that replace the cards' base values.
        serves: service by treatment, where not that of the card.

    Raises:
        InputError: the cards do not fit the fixed sizes or contradict each other.
    """
    values = dict(evidence.values())
    card = evidence.calibrated.get(structure.calibration)
    if structure.extrapolation == "none":
        told, hint = lack_of_extrapolation(evidence, structure.calibration)
        if told:
            raise InputError([Problem("", 0, 0, "structure.extrapolation", told, hint)])
    if card is not None:
        values.update(fitted_values(evidence, card))
    if draw is not None:
        values.update(draw)
    q = np.zeros(1, dtype=PARAMETERS)[0]
    names = Names(evidence)
    _check_sizes(evidence, names)
    q["horizon"] = horizon_days
    country = evidence.settings[setting]
    price = Prices(evidence, country, country.prices)
    wages = Prices(evidence, country, country.wage_prices or country.prices)
    rates = discount or (
        values[f"settings.{setting}.discount.costs"],
        values[f"settings.{setting}.discount.health"],
    )
    q["discount_costs"], q["discount_health"] = (discount_rate_per_day(r) for r in rates)
    fill_response(q, values, structure, names)
    fill_treatments(q, values, structure, names, evidence, country, (price, wages), card)
    factors = trait_factors(values, structure, evidence)
    fill_tests(q, values, names, evidence, country, (price, wages), factors)
    fill_relapse(q, values)
    fill_mortality(q, values, evidence)
    fill_crises(q, values, country, price)
    fill_care(q, values)
    fill_economics(q, values, evidence, country, (price, wages))
    fill_health(q, values, evidence, country)
    charge_once(q, values, evidence, country)
    fill_places(q, values, names, evidence, serves or {})
    fill_population(q, values, evidence, population, names)
    record = np.array([q], dtype=PARAMETERS)
    _require_finite(record)
    return Parameters(
        record, structure, names.treatments, names.contacts, names.biotypes, card is not None,
        payer_shares(values, evidence, country), country.disability_weights is not None,
        linked_scales(evidence),
    )  # fmt: skip


def _check_sizes(evidence: Evidence, names: Names) -> None:
    limits = (
        ("treatment cards", len(names.treatments), MAX_TREATMENTS),
        ("contact cards", len(names.contacts), MAX_CONTACTS),
        ("biotype cards", len(names.biotypes), MAX_BIOTYPES),
        ("mechanisms", len(names.mechanisms), MAX_MECHANISMS),
        ("test cards", len(names.tests), MAX_TESTS),
    )
    problems = Problems()
    for what, found, allowed in limits:
        if found > allowed:
            problems.add(
                file="evidence/cards",
                line=1,
                column=1,
                where=what,
                message=f"{found} {what}, at most {allowed} are possible",
            )
    for name, card in evidence.treatments.items():
        if len(card.schedule.visits) >= MAX_VISITS:
            file, line, column = evidence.position(f"treatments.{name}.schedule.visits")
            problems.add(
                file=file,
                line=line,
                column=column,
                where=f"treatments.{name}.schedule.visits",
                message=f"{len(card.schedule.visits)} visits, fewer than {MAX_VISITS} are possible",
            )
    problems.raise_if_any()


def _require_finite(record: Record) -> None:
    for name in PARAMETERS.names or ():
        field = record[name]
        if field.dtype.kind == "f" and np.isnan(field).any():
            raise InputError(f"parameter {name} is not a number")
