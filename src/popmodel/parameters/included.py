"""Nothing is charged twice: what a cost by state includes, and what its events cost.

A source of costs by state may hold crises, visits or drugs already. Such a category is charged
either with the state or as events, and the card says which (docs/decisions/0012).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from popmodel.errors import Problem, Problems
from popmodel.evidence.load import Evidence
from popmodel.parameters.cards import cards_of

STATES: Final = ("remission", "response", "depressed")
CHARGES: Final[Mapping[str, tuple[str, ...]]] = {
    "treatment": ("cost_course", "cost_session", "cost_booster"),
    "visits": ("cost_visit", "upkeep_visits"),
    "drugs": ("cost_drug", "upkeep_cost"),
    "adverse_events": ("harm_cost",),
    "crisis": (
        "cost_attempt",
        "cost_emergency",
        "cost_boarding_day",
        "cost_admission_day",
        "cost_suicide",
    ),
    "background": ("background_cost", "resistant_cost"),
    "productivity": ("productivity_cost",),
    "patient_time": ("time_session", "time_visit", "time_booster"),
    "places": (),
}
"""The fields of the record by which a category is charged."""
OWN: Final = {"care_costs": "background", "productivity": "productivity"}
"""The category of each cost by state, by the field of the setting card that names it."""


def charge_once(q: Any, v: Mapping[str, float], evidence: Evidence, country: Any) -> None:
    """Charge every category once: with the state, or as events taken out of the cost by state.

    Costs by state and by event are filled in already. A share taken out is one of the cost of the
    state itself; the addition for resistant illness is left as it is.

    Raises:
        InputError: a category would be charged twice, or more than all is taken out of a state.
    """
    problems = Problems()
    taken_by: dict[str, str] = {}
    for field, own in OWN.items():
        card = cards_of(evidence.economics)[getattr(country, field)]
        path = f"economics.{card.id}."
        for category in dict.fromkeys(card.includes):
            if category == own:
                continue
            if category in taken_by:
                told = f"{category} is included in {taken_by[category]} too and would count twice"
                problems.extend([_problem(evidence, path + "includes", told)])
            taken_by[category] = card.id
            way = card.charged.get(category)
            if way is None:
                problems.extend(_charged_twice(q, evidence, path, category))
            elif way.by == "state":
                for name in CHARGES[category]:
                    q[name] = 0.0
        problems.extend(_take_out(q, v, evidence, path, own, card.charged))
    problems.raise_if_any()


def _charged_twice(q: Any, evidence: Evidence, path: str, category: str) -> Iterator[Problem]:
    if any((q[name] != 0.0).any() for name in CHARGES[category]):
        yield _problem(
            evidence,
            path + "includes",
            f"{category} is included in the cost by state and would be charged a second time",
            f"charged: {{{category}: {{by: state}}}} leaves it there; by: event, with a share, "
            "takes it out",
        )


def _take_out(
    q: Any, v: Mapping[str, float], evidence: Evidence, path: str, own: str, charged: Any
) -> Iterator[Problem]:
    """Take out of the cost of every state what is charged as events instead."""
    events = [name for name, way in charged.items() if way.by == "event"]
    for k, state in enumerate(STATES):
        out = sum(v[f"{path}charged.{name}.share.{state}"] for name in events)
        if not 0.0 <= out <= 1.0:
            told = f"{out:g} of the cost in {state} is charged as events: between 0 and 1 is needed"
            yield _problem(evidence, path + "charged", told)
        q[CHARGES[own][0]][k] *= 1.0 - out


def _problem(evidence: Evidence, path: str, message: str, hint: str = "") -> Problem:
    file, line, column = evidence.position(path)
    return Problem(file, line, column, path, message, hint)
