"""What may be tried: strategies as short lists of rules, and their places in a grid of choices.

A strategy is `most_rules` slots. A slot holds a treatment or nothing, and the limits of severity
and line (and the biotype, where it is known) at which it is offered; every choice is a whole number
counted from 0, so that any optimiser of whole numbers can propose. Choices that contradict each
other are mended, not refused: many proposals then mean the same strategy, which is tried once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

import numpy as np

from popmodel.scenario.reach import unreachable
from popmodel.scenario.routing import chain
from popmodel.scenario.schema import CountRange, Offer, Scenario, SeverityRange, Strategy, When
from popmodel.search.question import Question

TRIED: Final = "searched"
"""Name of a proposal while it is looked at alone."""
Choices = dict[str, int]
"""Slot and field, such as `treat_1`, to the number chosen."""


@dataclass(frozen=True)
class Rule:
    """A treatment and whom it is offered to; None: no limit."""

    treat: str
    severity_from: float | None = None
    severity_below: float | None = None
    line_from: int = 1
    line_to: int | None = None
    biotype: str | None = None

    def offer(self) -> Offer:
        """Return the rule as a scenario writes it."""
        line = CountRange(at_least=self.line_from if self.line_from > 1 else None,
                          at_most=self.line_to)  # fmt: skip
        severity = SeverityRange(at_least=self.severity_from, below=self.severity_below)
        when = When(
            line=line if line != CountRange() else None,
            severity=severity if severity != SeverityRange() else None,
            biotype=(self.biotype,) if self.biotype else (),
            not_tried=(self.treat,),
        )
        return Offer(treat=self.treat, when=when)

    def words(self) -> str:
        """Return the rule in few words: `cbt 16–28, line 2+`."""
        return f"{self.treat.replace('_', ' ')}{_severity_words(self)}{_line_words(self)}" + (
            f", {self.biotype.replace('_', ' ')}" if self.biotype else ""
        )


Candidate = tuple[Rule, ...]


def words_of(candidate: Candidate) -> str:
    """Return a strategy in few words."""
    return "; ".join(rule.words() for rule in candidate) or "no rule of its own"


def _severity_words(rule: Rule) -> str:
    low, high = rule.severity_from, rule.severity_below
    if low is not None and high is not None:
        return f" ≥{low:g} <{high:g}"
    return f" ≥{low:g}" if low is not None else f" <{high:g}" if high is not None else ""


def _line_words(rule: Rule) -> str:
    if rule.line_to is None:
        return f", line {rule.line_from}+" if rule.line_from > 1 else ""
    if rule.line_to == rule.line_from:
        return f", line {rule.line_from}"
    return f", lines {rule.line_from}-{rule.line_to}"


@dataclass(frozen=True)
class Space:
    """Everything a search may propose.

    Attributes:
        question: what is asked.
        treatments: that may be offered, sorted.
        first_lines: by treatment, the first line at which its card allows it.
        thresholds: of severity, rising.
        biotypes: that rules may ask for; empty where they are not known.
    """

    question: Question
    treatments: tuple[str, ...]
    first_lines: Mapping[str, int]
    thresholds: tuple[float, ...]
    biotypes: tuple[str, ...]

    @property
    def sizes(self) -> dict[str, int]:
        """Number of choices by name; what has one choice is left out."""
        lines, cuts = self.question.search.last_line, len(self.thresholds)
        fields = {
            "treat": 1 + len(self.treatments), "from": 1 + cuts, "below": 1 + cuts,
            "first": lines, "last": 1 + lines, "biotype": 1 + len(self.biotypes),
        }  # fmt: skip
        slots = range(1, self.question.search.most_rules + 1)
        return {f"{name}_{k}": n for k in slots for name, n in fields.items() if n > 1}

    @property
    def unordered(self) -> frozenset[str]:
        """Choices whose neighbours have nothing in common."""
        return frozenset(name for name in self.sizes if name.startswith(("treat_", "biotype_")))

    def candidate(self, choices: Choices) -> Candidate:
        """Return the strategy that some choices mean, mended where they contradict each other."""
        rules: dict[str, Rule] = {}
        for slot in range(1, self.question.search.most_rules + 1):
            rule = self._rule({name: choices.get(f"{name}_{slot}", 0) for name in _FIELDS})
            if rule is not None:
                rules.setdefault(rule.treat, rule)
        return self.reachable(tuple(rules.values()))

    def _rule(self, chosen: Mapping[str, int]) -> Rule | None:
        """Return the rule of a slot; a limit that leaves nobody falls away."""
        if chosen["treat"] == 0:
            return None
        treat = self.treatments[chosen["treat"] - 1]
        low = self.thresholds[chosen["from"] - 1] if chosen["from"] else None
        high = self.thresholds[-chosen["below"]] if chosen["below"] else None
        if low is not None and high is not None and high <= low:
            high = None
        first = max(1 + chosen["first"], self.first_lines[treat])
        last = self.question.search.last_line + 1 - chosen["last"] if chosen["last"] else None
        biotype = self.biotypes[chosen["biotype"] - 1] if chosen["biotype"] else None
        return Rule(treat, low, high, first, last if last and last >= first else None, biotype)

    def reachable(self, candidate: Candidate) -> Candidate:
        """Return a strategy without the rules that no patient can fit."""
        scenario = self.scenario_of({TRIED: candidate})
        kept = (
            rule for k, rule in enumerate(candidate) if not unreachable(scenario, TRIED, k)
        )  # fmt: skip
        found = tuple(kept)
        return found if found == candidate else self.reachable(found)

    def strategy(self, candidate: Candidate) -> Strategy:
        """Return a strategy as a scenario writes it."""
        return Strategy(
            label=words_of(candidate)[:200],
            offer=tuple(rule.offer() for rule in candidate),
            stop_if=self.question.search.stop_if,
            then=self.question.then,
        )

    def scenario_of(self, candidates: Mapping[str, Candidate], *, whole: bool = False) -> Scenario:
        """Return the scenario with further strategies.

        Args:
            candidates: by name.
            whole: whether to keep every strategy of the scenario, and not only the comparator and
                those that the new ones continue with.
        """
        asked = self.question.scenario
        kept = dict(asked.strategies) if whole else self._needed()
        found = {name: self.strategy(one) for name, one in candidates.items()}
        return asked.model_copy(update={"strategies": {**kept, **found}})

    def _needed(self) -> dict[str, Strategy]:
        """Return the comparator, the strategy that follows, and those that follow them."""
        asked, found = self.question.scenario, dict[str, Strategy]()
        for name in (asked.comparator, self.question.then):
            step: str | None = name
            while step is not None:
                found[step] = asked.strategies[step]
                step = found[step].then
        return found

    # -------------------------------------------------------------- where a search starts

    def starts(self) -> list[Choices]:
        """Return choices to begin with: nothing, each treatment alone, and what is known."""
        alone = [Rule(name, line_from=self.first_lines[name]) for name in self.treatments]
        known = [rules for name in self.question.scenario.strategies if (rules := self._own(name))]
        return [self.choices(one) for one in [(), *((rule,) for rule in alone), *known]]

    def _own(self, name: str) -> Candidate:
        """Return as much of a strategy of the scenario as the grid holds, up to `then`."""
        asked = self.question.scenario
        base = asked.strategies[self.question.then]
        parts = takewhile(lambda strategy: strategy is not base, chain(asked, name))
        offers = [offer for strategy in parts for offer in strategy.offer]
        rules = [_rule_of(offer) for offer in offers if offer.treat in self.treatments]
        return tuple(rules[: self.question.search.most_rules])

    def choices(self, candidate: Candidate) -> Choices:
        """Return the choices nearest to a strategy."""
        found = dict.fromkeys(self.sizes, 0)
        for slot, rule in enumerate(candidate, start=1):
            chosen = dict(zip(_FIELDS, self._numbers(rule), strict=True))
            found |= {f"{k}_{slot}": n for k, n in chosen.items() if f"{k}_{slot}" in found}
        return found

    def _numbers(self, rule: Rule) -> Iterator[int]:
        cuts, lines = len(self.thresholds), self.question.search.last_line
        yield 1 + self.treatments.index(rule.treat)
        yield 0 if rule.severity_from is None else 1 + self._nearest(rule.severity_from)
        yield 0 if rule.severity_below is None else cuts - self._nearest(rule.severity_below)
        yield min(rule.line_from, lines) - 1
        yield 0 if rule.line_to is None or rule.line_to > lines else lines + 1 - rule.line_to
        yield 1 + self.biotypes.index(rule.biotype) if rule.biotype in self.biotypes else 0

    def _nearest(self, score: float) -> int:
        return int(np.argmin(np.abs(np.array(self.thresholds) - score)))


_FIELDS: Final = ("treat", "from", "below", "first", "last", "biotype")


def _rule_of(offer: Offer) -> Rule:
    """Return what a search knows of an offer; conditions it does not search fall away."""
    severity, line = offer.when.severity or SeverityRange(), offer.when.line or CountRange()
    first, last = line.bounds()
    return Rule(
        offer.treat or "", severity.at_least, severity.below, first,
        None if line.at_most is None and line.equals is None else last,
        offer.when.biotype[0] if len(offer.when.biotype) == 1 else None,
    )  # fmt: skip


def space_of(question: Question) -> Space:
    """Return everything the search of a question may propose."""
    scenario, said = question.scenario, question.search
    cards = scenario.evidence().treatments
    offered = {
        offer.treat for one in scenario.strategies.values() for offer in one.offer if offer.treat
    }
    treatments = tuple(sorted(set(said.treatments) or offered))
    grid = np.arange(said.severity.at_least, said.severity.at_most + 1e-9, said.severity.step)
    known = sorted(scenario.evidence().biotypes) if scenario.structure.biotypes_known else ()
    return Space(
        question=question,
        treatments=treatments,
        first_lines={name: cards[name].eligibility.minimum_failures + 1 for name in treatments},
        thresholds=tuple(float(cut) for cut in grid),
        biotypes=tuple(known),
    )
