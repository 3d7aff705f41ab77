"""Ordered `when` rules become a decision table of plain arrays.

A rule fits when all its conditions hold; the first rule that fits wins. Conditions on sets are
bit masks over sorted names: `tried_all` needs every bit, `not_tried` and `flags_none` need none,
`setting_mask`, `biotype_mask` and `last_outcome_mask` need the patient's own bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from popmodel.errors import InputError
from popmodel.evidence.load import Evidence
from popmodel.scenario.schema import (
    LARGEST_LINE,
    Bridge,
    CountRange,
    Offer,
    Scenario,
    Strategy,
    When,
)
from popmodel.vocabulary import (
    AFTER_LAST,
    COMMUNITY,
    COURSE_OUTCOMES,
    FLAGS,
    ON_RELAPSE,
    ON_RESPONSE,
    SETTINGS,
    TEST_RESULTS,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ON_FULL = ("wait", "next", "bridge")
MOST_RULES = 31
MOST_TREATMENTS = 48
DEFAULTS = {
    "on_response": "continue",
    "on_relapse": "repeat",
    "after_last": "care_as_usual",
}

T = TypeVar("T")


@dataclass(frozen=True)
class Rules:
    """The rules of one strategy and of those it continues with, one array element a rule.

    Attributes:
        treat: Position in the sorted treatments; -1 for a wait.
        test: 1 + position in the sorted tests; 0 for what is no test.
        wait_days: Days of a wait; 0 for a treatment or test.
        wait_contact: Position in the sorted contacts; -1 for a treatment or test.
        line_min: Smallest line, inclusive.
        line_max: Largest line, inclusive.
        step_min: Smallest step, inclusive.
        step_max: Largest step, inclusive.
        severity_min: Measured score, inclusive.
        severity_max: Measured score, exclusive.
        biotype_mask: Bits of the sorted biotypes.
        setting_mask: Bits of vocabulary.SETTINGS; home and outpatient always together.
        flags_all: Bits of vocabulary.FLAGS that must be set.
        flags_none: Bits of vocabulary.FLAGS that must not be set.
        tried_all: Bits of the sorted treatments that were all tried.
        not_tried: Bits of the sorted treatments none of which was tried.
        last_outcome_mask: Bits of vocabulary.COURSE_OUTCOMES.
        repeat: May apply more than once per episode.
        uses_biotype: The biotype is asked for.
        biotype_as_seen: The biotype that is asked for is the one a test has shown.
        positive_mask: Bits of the sorted tests that must have been positive.
        negative_mask: Bits of those that must have been negative.
        unknown_mask: Bits of those that must not have been done.
        asks_results: Any of the three masks holds a test.
    """

    treat: Ints
    test: Ints
    wait_days: Floats
    wait_contact: Ints
    line_min: Ints
    line_max: Ints
    step_min: Ints
    step_max: Ints
    severity_min: Floats
    severity_max: Floats
    biotype_mask: Ints
    setting_mask: Ints
    flags_all: Ints
    flags_none: Ints
    tried_all: Ints
    not_tried: Ints
    last_outcome_mask: Ints
    repeat: Flags
    uses_biotype: Flags
    biotype_as_seen: Flags
    positive_mask: Ints
    negative_mask: Ints
    unknown_mask: Ints
    asks_results: Flags


@dataclass(frozen=True)
class CompiledStrategy(Rules):
    """A strategy as the engine reads it: its rules, and what holds between them.

    Attributes:
        id: Name in the scenario.
        label: Name in tables and charts.
        stop_improvement_below: Share of fall in score under which a course stops; nan: never.
        stop_after_days: Days into the course; nan: never.
        on_response: Position in vocabulary.ON_RESPONSE.
        on_relapse: Position in vocabulary.ON_RELAPSE.
        after_last: Position in vocabulary.AFTER_LAST.
        on_full: 0 wait for a place, 1 next rule, 2 bridge the wait.
        bridge: Position of the treatment that bridges a wait, -1 none.
        booster: By treatment, position of the booster card, -1 none.
        every_days: By treatment, days between boosters, inf for none.
        own_rules: How many of the rules are the strategy's own; the others come from `then`.
    """

    id: str
    label: str
    stop_improvement_below: float
    stop_after_days: float
    on_response: int
    on_relapse: int
    after_last: int
    on_full: int
    bridge: int
    booster: Ints
    every_days: Floats
    own_rules: int


@dataclass(frozen=True)
class _Orders:
    """The sorted names whose positions the arrays hold."""

    treatments: tuple[str, ...]
    contacts: tuple[str, ...]
    biotypes: tuple[str, ...]
    tests: tuple[str, ...]
    places: Mapping[str, int]
    biotypes_known: bool


def compile_strategies(scenario: Scenario, evidence: Evidence) -> list[CompiledStrategy]:
    """Return every strategy of a scenario as arrays, in the order of the file.

    Args:
        scenario: A checked scenario.
        evidence: The cards it names, overrides applied.

    Raises:
        InputError: There are more rules or treatments than the arrays' masks can hold.
    """
    return [_compile(scenario, name, evidence) for name in scenario.strategies]


def compile_rules(scenario: Scenario, name: str, evidence: Evidence) -> Rules:
    """Return the rules of one strategy and of those it continues with.

    Args:
        scenario: A checked scenario.
        name: The strategy.
        evidence: The cards it names.

    Raises:
        InputError: As `compile_strategies`.
    """
    orders = _orders(evidence, scenario.structure.biotypes_known)
    offers = [offer for strategy in chain(scenario, name) for offer in strategy.offer]
    if len(offers) > MOST_RULES or len(orders.treatments) > MOST_TREATMENTS:
        told = f"strategy '{name}': {len(offers)} rules over {len(orders.treatments)} treatments; "
        raise InputError(f"{told}at most {MOST_RULES} and {MOST_TREATMENTS} can be told apart")
    rows = [_row(offer, orders) for offer in offers]
    kinds = {"Ints": np.int64, "Floats": np.float64, "Flags": np.bool_}
    columns: dict[str, Any] = {
        one.name: np.array([row[one.name] for row in rows], dtype=kinds[str(one.type)])
        for one in fields(Rules)
    }
    return Rules(**columns)


def chain(scenario: Scenario, name: str) -> list[Strategy]:
    """Return a strategy and those that follow it by `then`, in order.

    Raises:
        InputError: `then` goes round.
    """
    found: dict[str, Strategy] = {}
    step: str | None = name
    while step is not None:
        if step in found:
            raise InputError(f"strategy '{name}': then goes round at '{step}'")
        found[step] = scenario.strategies[step]
        step = found[step].then
    return list(found.values())


def _compile(scenario: Scenario, name: str, evidence: Evidence) -> CompiledStrategy:
    strategies = chain(scenario, name)
    rules = compile_rules(scenario, name, evidence)
    stop = _first(strategy.stop_if for strategy in strategies)
    treatments = sorted(evidence.treatments)
    booster, every_days = _boosters(strategies, treatments)
    full = _first(strategy.on_full for strategy in strategies) or "wait"
    return CompiledStrategy(
        **{one.name: getattr(rules, one.name) for one in fields(Rules)},
        id=name,
        label=scenario.label(name),
        stop_improvement_below=stop.improvement_below if stop else np.nan,
        stop_after_days=stop.after_days if stop else np.nan,
        on_response=_policy(strategies, "on_response", ON_RESPONSE),
        on_relapse=_policy(strategies, "on_relapse", ON_RELAPSE),
        after_last=_policy(strategies, "after_last", AFTER_LAST),
        on_full=ON_FULL.index("bridge" if isinstance(full, Bridge) else full),
        bridge=treatments.index(full.bridge) if isinstance(full, Bridge) else -1,
        booster=booster,
        every_days=every_days,
        own_rules=len(strategies[0].offer),
    )


def _first(options: Iterable[T | None]) -> T | None:
    return next((one for one in options if one is not None), None)


def _policy(strategies: Sequence[Strategy], field: str, order: Sequence[str]) -> int:
    """Return the strategy's own choice, else that of the next, else the default."""
    said: Iterable[str | None] = (getattr(strategy, field) for strategy in strategies)
    return order.index(_first(said) or DEFAULTS[field])


def _boosters(strategies: Sequence[Strategy], treatments: Sequence[str]) -> tuple[Ints, Floats]:
    booster = np.full(len(treatments), -1, dtype=np.int64)
    every_days = np.full(len(treatments), np.inf)
    for strategy in reversed(strategies):
        for treatment, care in strategy.maintain.items():
            position = treatments.index(treatment)
            booster[position] = treatments.index(care.treat)
            every_days[position] = care.every_days
    return booster, every_days


def _orders(evidence: Evidence, biotypes_known: bool) -> _Orders:
    return _Orders(
        treatments=tuple(sorted(evidence.treatments)),
        contacts=tuple(sorted(evidence.contacts)),
        biotypes=tuple(sorted(evidence.biotypes)),
        tests=tuple(sorted(evidence.tests)),
        places={name: community_mask(card.settings) for name, card in evidence.tests.items()},
        biotypes_known=biotypes_known,
    )


def _row(offer: Offer, orders: _Orders) -> dict[str, Any]:
    """Return one rule as the elements of the arrays."""
    when = offer.when
    line, step, severity = _bounds(when.line), _bounds(when.step), when.severity
    low = severity.at_least if severity and severity.at_least is not None else -np.inf
    high = severity.below if severity and severity.below is not None else np.inf
    return {
        "treat": orders.treatments.index(offer.treat) if offer.treat else -1,
        "test": 1 + orders.tests.index(offer.test) if offer.test else 0,
        "wait_days": offer.wait_days or 0.0,
        "wait_contact": orders.contacts.index(offer.contact) if offer.contact else -1,
        "line_min": line[0],
        "line_max": line[1],
        "step_min": step[0],
        "step_max": step[1],
        "severity_min": low,
        "severity_max": high,
        **_masks(when, orders),
        "setting_mask": _places(offer, orders),
        **_results(when, orders),
        "repeat": offer.repeat,
        "uses_biotype": bool(when.biotype),
        "biotype_as_seen": bool(when.biotype) and not orders.biotypes_known,
    }


def _places(offer: Offer, orders: _Orders) -> int:
    """Return the bits of the settings a rule means; a test is done only where its card says."""
    asked = community_mask(offer.when.setting or SETTINGS)
    return asked & orders.places[offer.test] if offer.test else asked


def _results(when: When, orders: _Orders) -> dict[str, int | bool]:
    """Return the bits of the tests by the result that is asked for."""
    asked: dict[str, int | bool] = {
        f"{word}_mask": mask((n for n, found in when.result.items() if found == word), orders.tests)
        for word in TEST_RESULTS
    }
    return {**asked, "asks_results": bool(when.result)}


def _masks(when: When, orders: _Orders) -> dict[str, int]:
    return {
        "biotype_mask": _any_of(when.biotype, orders.biotypes),
        "last_outcome_mask": _any_of(when.last_outcome, COURSE_OUTCOMES),
        "flags_all": mask(when.flags, FLAGS),
        "flags_none": mask(when.not_flags, FLAGS),
        "tried_all": mask(when.tried, orders.treatments),
        "not_tried": mask(when.not_tried, orders.treatments),
    }


def _bounds(count: CountRange | None) -> tuple[int, int]:
    return count.bounds() if count else (1, LARGEST_LINE)


def mask(words: Iterable[str], order: Sequence[str]) -> int:
    """Return the bits of some words, by their positions in an order."""
    return sum(1 << order.index(word) for word in set(words))


def community_mask(settings: Iterable[str]) -> int:
    """Return the bits of settings; who lives at home can go to a clinic, so one means both.

    Args:
        settings: Words of `vocabulary.SETTINGS`, from a rule or from a treatment's card.
    """
    found = mask(settings, SETTINGS)
    community = mask(COMMUNITY, SETTINGS)
    return found | community if found & community else found


def _any_of(words: Sequence[str], order: Sequence[str]) -> int:
    """Return the bits of some words, or all bits where nothing is asked."""
    return mask(words or order, order)
