"""The error tree, and Problems: all that is wrong with an input, at once.

Every error a user can cause or meet derives from `PopmodelError` and knows the exit code of the
command that met it, so the command line needs one `except` and no table.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


class PopmodelError(Exception):
    """Anything popmodel reports by itself; the command line prints it without a traceback."""

    exit_code = 1


class RunError(PopmodelError):
    """A run failed although its input was right."""

    exit_code = 1


class PartlyDone(PopmodelError):
    """Some runs are finished and kept, others are not; the same command resumes."""

    exit_code = 3


class NotMet(PopmodelError):
    """The work is done, and the check it stands for is not met."""

    exit_code = 4


class InputWarning(UserWarning):
    """An input that is accepted, and that its author should look at."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong with an input, and where it stands.

    Attributes:
        file: Name of the file, or of the argument when there is no file.
        line: Line, 1-based; 0 when there is none.
        column: Column, 1-based; 0 when there is none.
        where: Dotted path inside the input, such as `cost.course`; may be empty.
        message: What is wrong, with the value found.
        hint: What to write instead; may be empty.
    """

    file: str
    line: int
    column: int
    where: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return `file:line:column: where: message (hint)`, leaving out what is not known."""
        place = self.file
        if self.line > 0:
            place = f"{place}:{self.line}:{self.column}"
        told = ": ".join(part for part in (place, self.where, self.message) if part)
        return f"{told} ({self.hint})" if self.hint else told


class InputError(PopmodelError):
    """The input is wrong; nothing was run and nothing was written.

    Args:
        problems: Everything that is wrong, or one sentence about an input that has no file.
    """

    exit_code = 2

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        if isinstance(problems, str):
            problems = (Problem("", 0, 0, "", problems),)
        self.problems: tuple[Problem, ...] = tuple(dict.fromkeys(sorted(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Problem, ...]]]:
        """Let the problems survive the way from a worker process to its parent."""
        return type(self), (self.problems,)


class Problems:
    """Collects problems, so that an author sees all of them at once and not one a run."""

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self._problems: list[Problem] = list(problems)

    def add(
        self,
        *,
        file: str = "",
        line: int = 0,
        column: int = 0,
        where: str = "",
        message: str,
        hint: str = "",
    ) -> None:
        """Add one problem; see `Problem` for the arguments."""
        self._problems.append(Problem(file, line, column, where, message, hint))

    def extend(self, problems: Iterable[Problem]) -> None:
        """Add all of these problems."""
        self._problems.extend(problems)

    def __bool__(self) -> bool:
        return bool(self._problems)

    def __len__(self) -> int:
        return len(self._problems)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._problems)

    def raise_if_any(self) -> None:
        """Raise them all.

        Raises:
            InputError: If there is at least one problem.
        """
        if self._problems:
            raise InputError(self._problems)


def nearest(word: str, options: Iterable[str]) -> str | None:
    """Return the option that looks most like `word`, or None if none is alike.

    Args:
        word: What was written.
        options: What could have been meant.
    """
    choices = [str(option) for option in options]
    by_lower = {choice.lower(): choice for choice in reversed(choices)}
    close = difflib.get_close_matches(str(word)[:200].lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """Return a hint naming the nearest option, or a short list of all, or nothing.

    Args:
        word: What was written.
        options: What could have been meant.
    """
    choices = sorted({str(option) for option in options})
    best = nearest(word, choices)
    if best is not None:
        return f"did you mean {best}?"
    return f"known: {', '.join(choices)}" if 0 < len(choices) <= 12 else ""
