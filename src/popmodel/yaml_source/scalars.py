"""What an unquoted word means in the core schema of YAML 1.2."""

from __future__ import annotations

import math
import re

LARGEST_INTEGER = 10**15

_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_LEADING_ZERO = re.compile(r"([-+]?)0+([0-9]([0-9_]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
GROUPED = re.compile(r"[-+]?[0-9]{1,3}(_[0-9]{3})+(\.[0-9]+)?")
_PERCENT = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?\s*%")
_THOUSANDS = re.compile(r"[-+]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def plain_scalar(text: str) -> str | int | float | bool | None:
    """Return what an unquoted word means in the core schema of YAML 1.2.

    Args:
        text: The word.

    Raises:
        ValueError: If it is a number that is not finite, a whole number of 10^15 or more, or one
            with a leading zero: ten in YAML 1.2, eight in YAML 1.1, and perhaps a name.
    """
    if text in _WORDS:
        return _WORDS[text]
    if zeros := _LEADING_ZERO.fullmatch(text):
        plain = f"{zeros[1]}{zeros[2]}"[:24]
        raise ValueError(f"{text[:24]} begins with a zero: write {plain}, or quotes around a text")
    if _INTEGER.fullmatch(text):
        digits = text.lstrip("+-")
        size = int(digits) if len(digits) < 17 else LARGEST_INTEGER
        return _small_enough(-size if text.startswith("-") else size, text)
    if _OCTAL_OR_HEX.fullmatch(text):
        return _small_enough(int(text[:40], 0), text)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is not a finite number")
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(f"{text[:40]} is too large for a number")
        return number
    return text


def number_hint(text: str) -> str:
    """Return how to write a number that was written as a text, or nothing if it is none.

    Args:
        text: What stands where a number is wanted, such as `1,5`, `35 %` or a quoted `7`.
    """
    word = text.strip()
    plain = word.replace(",", "")
    if _FLOAT.fullmatch(word):
        return f"without quotes: {word}"
    if _PERCENT.fullmatch(word):
        return f"did you mean {float(word.rstrip(' %')) / 100:.12g}?"
    if _THOUSANDS.fullmatch(word):
        decimal = word.replace(",", ".")
        is_either = word.count(",") == 1 and "." not in word
        return f"write {plain}" + (f", or {decimal} with a decimal point" if is_either else "")
    if _DECIMAL_COMMA.fullmatch(word):
        return f"with a decimal point: {word.replace(',', '.')}"
    return ""


def _small_enough(number: int, text: str) -> int:
    if abs(number) >= LARGEST_INTEGER:
        raise ValueError(f"the whole number {text[:24]}{'…' * (len(text) > 24)} is too large")
    return number
