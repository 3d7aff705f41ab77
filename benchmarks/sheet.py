"""The sheet on which a session writes the figures it measured."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass
class Sheet:
    """Figures in the order in which they were measured."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def write(self, what: str, value: float, unit: str) -> None:
        """Write a figure down; nan, when benchmarks are disabled, is left out."""
        if math.isnan(value):
            return
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
        self.rows.append((what, f"{value:,.{digits}f}", unit))

    def table(self) -> str:
        """Return the figures as a table in Markdown."""
        lines = ["| what | median | unit |", "|---|---:|---|"]
        return "\n".join(lines + [f"| {w} | {v} | {u} |" for w, v, u in self.rows])
