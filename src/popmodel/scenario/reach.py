"""What a patient can have lived when a rule is asked: rules that wait for more fit nobody.

The bounds are those of one episode: what the population card lets happen before entry, and what
the other rules of the strategy (and of those before and after it by `then`) can add.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from popmodel.evidence.load import Evidence
from popmodel.scenario.routing import chain
from popmodel.scenario.schema import Offer, Scenario


@dataclass(frozen=True)
class Past:
    """What patients bring with them.

    Attributes:
        failures: Most failed courses before entry.
        tried: Treatments they may have had by then.
        flags: Flags that somebody has.
        biotypes: Biotypes that somebody is of.
    """

    failures: int
    tried: frozenset[str]
    flags: frozenset[str]
    biotypes: frozenset[str]


def past_of(scenario: Scenario) -> Past:
    """Return what the patients of a scenario bring with them."""
    evidence = scenario.evidence()
    card = evidence.population[scenario.population.card]
    said = card.history.failures
    shares = (said.none, said.one, said.two, said.three)
    most = max((n for n, share in enumerate(shares) if share.value > 0), default=0)
    failures = 0 if scenario.population.intake == "incident" else most
    # The n-th failure before entry is the n-th course of the card, the last one again and again.
    return Past(
        failures,
        frozenset(card.history.courses[:failures]),
        frozenset(name for name, share in card.flags.items() if share.value > 0),
        frozenset(name for name, one in evidence.biotypes.items() if one.share.value > 0),
    )


def unreachable(scenario: Scenario, name: str, number: int) -> str:
    """Return that no patient fits a rule in any strategy it belongs to, and why, or nothing.

    Args:
        scenario: A checked scenario.
        name: The strategy in which the rule is written.
        number: Position of the rule there.
    """
    offer, past = scenario.strategies[name].offer[number], past_of(scenario)
    own = ""
    for leader in [name, *(other for other in scenario.strategies if other != name)]:
        strategies = chain(scenario, leader)
        if not any(strategy is scenario.strategies[name] for strategy in strategies):
            continue
        offers = [one for strategy in strategies for one in strategy.offer]
        others = [one for one in offers if one is not offer]
        reason = next(_reasons(offer, others, past, scenario.evidence()), "")
        if not reason:
            return ""
        own = own or reason
    return own


def _reasons(
    offer: Offer, others: Sequence[Offer], past: Past, evidence: Evidence
) -> Iterator[str]:
    """Yield why a rule fits nobody, given the other rules that may come before it."""
    yield from (f"can never apply: {told}" for told in _missing(offer, others, past, evidence))
    card = evidence.treatments.get(offer.treat or "")
    failures = card.eligibility.minimum_failures if card else 0
    for told in _too_late(offer, others, past, failures):
        yield f"fits nobody before several relapses: {told}"


def _missing(
    offer: Offer, others: Sequence[Offer], past: Past, evidence: Evidence
) -> Iterator[str]:
    """Yield what a rule asks for and nobody has."""
    when, card = offer.when, evidence.treatments.get(offer.treat or "")
    if when.severity and when.severity.below == 0:
        yield "no measured score is below 0"
    had = past.tried | {one.treat for one in others if one.treat}
    for missing in (name for name in when.tried if name not in had):
        yield f"'{missing}' is tried by nobody: no other rule offers it, nor the history at entry"
    if card and card.eligibility.after and not had & set(card.eligibility.after):
        first = " or ".join(f"'{one}'" for one in card.eligibility.after)
        yield f"'{card.id}' is given only after {first}, which nobody has had by then"
    needed = {*when.flags, *(card.eligibility.requires if card else ())}
    for flag in sorted(needed - past.flags):
        yield f"nobody in the population has '{flag}'"
    if when.biotype and not past.biotypes & set(when.biotype):
        yield f"nobody is of the biotype {', '.join(when.biotype)}"


def _too_late(
    offer: Offer, others: Sequence[Offer], past: Past, minimum_failures: int
) -> Iterator[str]:
    """Yield why a rule waits for more courses or steps than there can be without a relapse."""
    if any(one.repeat for one in others):
        return
    courses = sum(one.treat is not None for one in others)
    line = max(offer.when.line.bounds()[0] if offer.when.line else 1, minimum_failures + 1)
    step = offer.when.step.bounds()[0] if offer.when.step else 1
    if line > 1 + past.failures + courses:
        yield (
            f"line {line} needs {line - 1} courses before it, and there are at most "
            f"{past.failures} before entry and {courses} by the other rules"
        )
    if step > 1 + len(others):
        yield f"step {step} needs {step - 1} rules before it, and there are {len(others)} others"
