"""Numbers and names as words: the same on every chart, in every table, in every sentence."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

MAX_LABEL = 60
NARROW = "\u00a0"
"""No line is broken between a number and its per cent sign."""
CURRENCY_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}
STRUCTURE_LABELS = {
    "evidence": "Evidence",
    "mixture": "Mixture",
    "premise": "Premise",
}
STRUCTURE_MEANINGS = {
    "evidence": "effects change with severity only as far as trials show",
    "mixture": "premise and evidence weighted by how plausible they are",
    "premise": "behavioural treatments lose effect as severity rises (a hypothesis)",
}
STRUCTURE_ORDER = tuple(STRUCTURE_LABELS)
NO_HUMAN_DATA = "assumption: no human efficacy data"


def clean(text: object, longest: int = MAX_LABEL) -> str:
    """Return text fit to print: no control characters, single spaces, not longer than `longest`."""
    plain = "".join(
        " " if character.isspace() else character
        for character in str(text)
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    words = " ".join(plain.split())
    return words if len(words) <= longest else words[: longest - 1].rstrip() + "…"


def title_of(name: str) -> str:
    """Return an id as words: `adverse_events` → `Adverse events`."""
    words = clean(name).replace("_", " ")
    return words[:1].upper() + words[1:]


def structure_label(structure: str) -> str:
    """Return the name of a structure as printed above its panel."""
    return STRUCTURE_LABELS.get(structure, title_of(structure))


def short_labels(labels: Sequence[str], longest: int) -> list[str]:
    """Return labels without what stands in brackets, cut to `longest` where they stay apart.

    Where cutting would make two the same, both stay whole.
    """
    bare = [label.split(" (")[0] for label in labels]
    bare = [b if bare.count(b) == 1 else label for b, label in zip(bare, labels, strict=True)]
    heads = [b[: longest - 1] for b in bare]
    alone = [heads.count(head) == 1 for head in heads]
    return [clean(b, longest) if a else clean(b) for b, a in zip(bare, alone, strict=True)]


def number(value: float, digits: int = 0) -> str:
    """Return a number with thousands separated, a real minus sign, and `–` where there is none."""
    if not math.isfinite(value):
        return "–"
    rounded = round(value, digits) + 0.0  # no minus zero
    return f"{rounded:,.{digits}f}".replace("-", "−")


def percent(share: float, digits: int = 0) -> str:
    """Return a share in per cent."""
    return f"{number(100.0 * share, digits)}{NARROW}%" if math.isfinite(share) else "–"


def money(value: float, currency: str, digits: int = 0) -> str:
    """Return an amount with its currency sign, or its code where there is no sign."""
    if not math.isfinite(value):
        return "–"
    text = number(abs(value), digits)
    minus = "−" if round(value, digits) < 0 else ""
    return f"{minus}{currency_mark(currency)}{text}"


def short_money(value: float, currency: str) -> str:
    """Return an amount in at most three significant digits: `$31.2k`, `$640`, `$1.24M`."""
    if not math.isfinite(value):
        return "–"
    minus, size = ("−" if round(value) < 0 else ""), abs(value)
    mark = currency_mark(currency)
    if size >= 999_500:
        return f"{minus}{mark}{_three_digits(size / 1e6)}M"
    if size >= 999.5:
        return f"{minus}{mark}{_three_digits(size / 1e3)}k"
    return f"{minus}{mark}{number(size)}"


def _three_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 99.5 else f"{value:.1f}" if value >= 9.95 else f"{value:.2f}"


def currency_mark(currency: str) -> str:
    """Return `$` for USD, and for a currency without a sign its code and a space."""
    return CURRENCY_SIGNS.get(currency, f"{clean(currency, 8)} ")


def listed(words: Sequence[str], joined: str = "and") -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {joined} {words[-1]}"
