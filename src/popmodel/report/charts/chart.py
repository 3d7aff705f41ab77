"""What a chart is: a question, the saved tables it needs, its own table, a picture, a finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from popmodel.report.style import origin_line
from popmodel.report.tables import About, Result
from popmodel.report.words import STRUCTURE_MEANINGS, listed, structure_label


def _always(result: Result) -> bool:
    return True


@dataclass(frozen=True)
class Chart:
    """One chart; everything that is computed is computed in `table`.

    Attributes:
        name: file name without suffix.
        question: the title.
        needs: saved tables, without suffix.
        table: the table that is shown, from a result.
        figure: the picture of that table.
        finding: one sentence with numbers from the table; also the alternative text.
        reading: how to read the picture, and what bands and bars are.
        fits: whether the saved tables, which are all there, are of the kind it shows.
    """

    name: str
    question: str
    needs: tuple[str, ...]
    table: Callable[[Result], pd.DataFrame]
    figure: Callable[[pd.DataFrame, About], Figure]
    finding: Callable[[pd.DataFrame, About], str]
    reading: Callable[[pd.DataFrame, About], str]
    fits: Callable[[Result], bool] = _always

    def can_show(self, result: Result) -> bool:
        """Say whether everything the chart needs was saved."""
        return all(result.has(need) for need in self.needs) and self.fits(result)

    def words(self, table: pd.DataFrame, about: About) -> dict[str, str]:
        """Return all that is said about the chart: `question, finding, reading, origin, caption`.

        `caption` is what must travel with the picture: how to read it, what its structures
        assume, and where it comes from.
        """
        shown = [s for s in about.structures if s in set(table["structure"])]
        reading, origin = self.reading(table, about), f"{origin_line(about)}."
        caption = " ".join(part for part in (reading, structures_sentence(shown), origin) if part)
        return {
            "question": self.question,
            "finding": self.finding(table, about),
            "reading": reading,
            "origin": f"{named_structures(shown)}{origin}",
            "caption": caption,
        }


def structures_sentence(shown: list[str]) -> str:
    """Return what the structures on a chart assume."""
    told = [
        f"{structure_label(s)}: {STRUCTURE_MEANINGS[s]}" for s in shown if s in STRUCTURE_MEANINGS
    ]
    return f"{'; '.join(told)}." if told else ""


def named_structures(shown: list[str]) -> str:
    """Return the names of the structures on a chart, as the first item of its origin."""
    noun = "Structures" if len(shown) > 1 else "Structure"
    return f"{noun}: {listed([structure_label(s).lower() for s in shown])} · " if shown else ""


def under(structure: str, about: About) -> str:
    """Return ` (mixture)` where a result has several structures, else nothing."""
    return f" ({structure_label(structure).lower()})" if len(about.structures) > 1 else ""
