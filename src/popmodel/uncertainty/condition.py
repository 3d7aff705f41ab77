"""Conditions on results: `nmb(a) >= nmb(b) at 100000`, read by a small grammar, never by eval.

    condition  = sum ( ">=" | "<=" | ">" | "<" ) sum [ "at" number ]
    sum        = term { ( "+" | "-" ) term }
    term       = number | [ number "*" ] name "(" strategy ")"

A name is an outcome (`qaly`, `remission_12m`, `cost`, …), its increment over the comparator
(`inc_qaly`, …), `nmb` and `inc_nmb` (net monetary benefit, and over the comparator), `lead` (net
benefit above the best other strategy), or `icer`, which stands alone before a number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from popmodel.errors import InputError, Problem, did_you_mean
from popmodel.uncertainty.contrasts import BLOCK, WEIGHT, Asked

Floats = NDArray[np.float64]

VALUED: Final = ("nmb", "inc_nmb", "lead", "icer")
"""Names that need an amount per QALY (or are one)."""
INCREMENT: Final = "inc_"
OPERATORS: Final = (">=", "<=", ">", "<")
_TOKEN: Final = re.compile(
    r"\s*(?:(\d+(?:_\d+)*(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z_][\w-]*)|(>=|<=|[-+*()<>]))",
    re.ASCII,
)
LONGEST: Final = 500


@dataclass(frozen=True)
class Term:
    """A factor times an outcome of a strategy, or a plain number (no name)."""

    factor: float
    name: str = ""
    strategy: str = ""


@dataclass(frozen=True)
class Condition:
    """A condition in the form: the terms add up to at least 0 (or to more than 0).

    Attributes:
        text: as it was written.
        terms: left side less right side of `>=`, right less left of `<=`.
        wtp: amount per QALY at which net benefit is taken.
        strict: whether 0 itself does not count.
    """

    text: str
    terms: tuple[Term, ...]
    wtp: float
    strict: bool = False

    def holds(self, margin: float) -> bool:
        """Say whether a margin fulfils the condition; rounding does not decide."""
        return margin > 0.0 if self.strict else margin >= 0.0


def read_condition(text: str, asked: Asked, outcomes: Sequence[str]) -> Condition:
    """Return a condition as values.

    Args:
        text: such as `icer(saint_first) <= 100000`.
        asked: strategies, comparator, column of cost, amounts per QALY.
        outcomes: columns of results.

    Raises:
        InputError: it is no condition; says where, and names the nearest word.
    """
    reader = _Reader(text, asked, tuple(outcomes))
    left = reader.sum()
    operator = reader.take_operator()
    right = reader.sum()
    wtp = reader.take_amount()
    reader.take_end()
    if any(term.name == "icer" for term in [*left, *right]):
        left, right, wtp = _ratio(left, right, reader)
    below = operator.startswith("<")
    high, low = (right, left) if below else (left, right)
    if any(term.name == "_within" for term in [*left, *right]):
        high, low = (left, right) if below else (right, left)  # a lower ICER is more net benefit
    terms = (*high, *(Term(-term.factor, term.name, term.strategy) for term in low))
    amount = asked.main_wtp if wtp is None else wtp
    return Condition(text, terms, amount, strict="=" not in operator)


def _ratio(
    left: list[Term], right: list[Term], reader: _Reader
) -> tuple[list[Term], list[Term], float]:
    """Return `icer(s) <= x` as net benefit at x: a ratio has no sign and a pole, this has not."""
    ratios, plain = (left, right) if left[0].name == "icer" else (right, left)
    alone = len(ratios) == 1 and ratios[0].factor == 1.0
    if not alone or len(plain) != 1 or plain[0].name or plain[0].factor < 0.0:
        raise reader.fault("icer(strategy) stands alone before a number", "icer(a) <= 100000")
    within = [Term(1.0, "_within", ratios[0].strategy)]
    amount = plain[0].factor
    return (within, [], amount) if ratios is left else ([], within, amount)


class _Reader:
    """Reads a condition from left to right."""

    def __init__(self, text: str, asked: Asked, outcomes: tuple[str, ...]) -> None:
        self.text, self.asked, self.outcomes = text, asked, outcomes
        self.at = 0
        self.tokens: list[tuple[str, str, int]] = []
        if len(text) > LONGEST:
            raise self.fault(f"is longer than {LONGEST} letters")
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                raise self.fault(f"cannot be read at '{text[place:].strip()[:20]}'")
            kind = ("number", "word", "sign")[int(found.lastindex or 1) - 1]
            self.tokens.append((kind, found.group(int(found.lastindex or 1)), found.start()))
            place = found.end()

    def fault(self, message: str, hint: str = "") -> InputError:
        """Return an error about this condition."""
        shown = self.text if len(self.text) <= 80 else self.text[:79] + "…"
        return InputError([Problem("--until", 0, 0, shown, message, hint)])

    def peek(self) -> str:
        """Return the next token, empty at the end."""
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def kind(self) -> str:
        """Return what the next token is."""
        return self.tokens[self.at][0] if self.at < len(self.tokens) else "end"

    def take(self) -> str:
        """Return the next token and go on."""
        self.at += 1
        return self.tokens[self.at - 1][1]

    def sum(self) -> list[Term]:
        """Read terms joined by plus and minus."""
        sign = -1.0 if self.peek() == "-" else 1.0
        if self.peek() in ("-", "+"):
            self.take()
        terms = [self.term(sign)]
        while self.peek() in ("+", "-"):
            terms.append(self.term(-1.0 if self.take() == "-" else 1.0))
        return terms

    def term(self, sign: float) -> Term:
        """Read a number, an outcome of a strategy, or one times the other."""
        factor = sign
        if self.kind() == "number":
            factor = sign * self.number()
            if self.peek() != "*":
                return Term(factor)
            self.take()
        if self.kind() != "word":
            found = f"'{self.peek()}'" if self.peek() else "nothing more"
            hint = "such as nmb(a) >= nmb(b) at 100000"
            raise self.fault(f"an outcome or a number is needed, found {found}", hint)
        name = self.outcome(self.take())
        return Term(factor, name, self.strategy(name))

    def outcome(self, word: str) -> str:
        """Return the column or function a word names."""
        plain = {*self.outcomes, "cost"}
        known = {*plain, *VALUED, *(INCREMENT + name for name in plain)}
        if word not in known:
            raise self.fault(f"there is no outcome '{word}'", did_you_mean(word, known))
        return word

    def strategy(self, name: str) -> str:
        """Read `(strategy)`."""
        hint = f"write {name}({self.asked.strategies[0]})"
        if self.peek() != "(":
            raise self.fault(f"{name} needs a strategy", hint)
        self.take()
        if self.kind() != "word":
            raise self.fault(f"{name} needs a strategy", hint)
        word = self.take()
        if word not in self.asked.strategies:
            near = did_you_mean(word, self.asked.strategies)
            raise self.fault(f"there is no strategy '{word}'", near)
        if self.peek() != ")":
            raise self.fault(f"a ) is missing after {word}")
        self.take()
        return word

    def take_operator(self) -> str:
        """Read the comparison."""
        if self.peek() not in OPERATORS:
            found = f"'{self.peek()}'" if self.peek() else "nothing"
            raise self.fault(f"a comparison is needed, found {found}", "one of >= <= > <")
        return self.take()

    def take_amount(self) -> float | None:
        """Read `at 100000`, if it is there."""
        if self.peek() != "at":
            return None
        self.take()
        if self.kind() != "number":
            raise self.fault("an amount per QALY is needed after at", "at 100000")
        return self.number()

    def number(self) -> float:
        """Read a number."""
        value = float(self.take())
        if not math.isfinite(value):
            raise self.fault("a number is too large")
        return value

    def take_end(self) -> None:
        """Refuse what is left over."""
        if self.kind() != "end":
            raise self.fault(f"'{self.peek()}' was not expected here")


# ---------------------------------------------------------------- how far from being met


@dataclass(frozen=True)
class Margin:
    """By how much a condition is met (above 0) or missed, with its Monte Carlo error."""

    value: float
    se: float


def margin_of(condition: Condition, rows: pd.DataFrame, asked: Asked) -> Margin:
    """Return by how much some results meet a condition.

    Args:
        condition: of `read_condition`.
        rows: of one run: `strategy, dimension, group, patients, <outcome>…`.
        asked: comparator and column of cost.

    Raises:
        InputError: a strategy or outcome is missing, or a number is not finite.
    """
    blocks = rows[rows["dimension"] == BLOCK]
    by_strategy = {
        str(name): part.set_index("group").sort_index() for name, part in blocks.groupby("strategy")
    }
    lacking = [name for name in asked.strategies if name not in by_strategy]
    if lacking:
        raise InputError(f"no results of strategy {lacking[0]}")
    weight = by_strategy[asked.strategies[0]][WEIGHT].to_numpy(dtype=float)
    share = weight / weight.sum()
    total = np.zeros(len(share))
    for term in condition.terms:
        total = total + term.factor * _of_blocks(term, by_strategy, share, condition.wtp, asked)
    if not np.isfinite(total).all():
        raise InputError(f"{condition.text}: the results hold what is no number")
    value = float(share @ total)
    spread = float(share @ (total - value) ** 2)
    return Margin(value, float(np.sqrt(spread / (len(total) - 1))) if len(total) > 1 else np.nan)


def _of_blocks(
    term: Term, found: Mapping[str, pd.DataFrame], share: Floats, wtp: float, asked: Asked
) -> Floats:
    """Return a term by block of patients."""

    def column(name: str, strategy: str) -> Floats:
        rows = found[strategy]
        real = asked.cost if name == "cost" else name
        if real not in rows:
            raise InputError(f"the results have no column {real}")
        values: Floats = rows[real].to_numpy(dtype=float)
        return values

    def benefit(strategy: str) -> Floats:
        return wtp * column("qaly", strategy) - column("cost", strategy)

    if not term.name:
        return np.ones(len(share))
    if term.name == "nmb":
        return benefit(term.strategy)
    if term.name in ("inc_nmb", "_within"):
        return benefit(term.strategy) - benefit(asked.comparator)
    if term.name == "lead":
        others = [name for name in asked.strategies if name != term.strategy]
        if not others:
            raise InputError("lead needs a second strategy")
        best = max(others, key=lambda name: float(share @ benefit(name)))
        return benefit(term.strategy) - benefit(best)
    if term.name.startswith(INCREMENT):
        name = term.name.removeprefix(INCREMENT)
        return column(name, term.strategy) - column(name, asked.comparator)
    return column(term.name, term.strategy)
