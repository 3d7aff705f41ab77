"""Panels of charts that show one thing a panel, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from popmodel.report import style
from popmodel.report.tables import About

MOST_COLUMNS = 3


def shape(count: int) -> tuple[int, int]:
    """Return rows and columns of so many panels; two by two rather than three and one."""
    columns = 2 if count == 4 else max(1, min(MOST_COLUMNS, count))
    return style.key_rows(count, columns), columns


def panels_of(figure: Figure, count: int, **shared: Any) -> tuple[list[Axes], list[list[Axes]]]:
    """Return so many panels, flat and in rows; what is left over of the grid is hidden."""
    rows, columns = shape(count)
    grid = style.panels(figure, rows, columns, **shared)
    axes = [ax for row in grid for ax in row]
    style.hide_unused(axes, count, columns)
    return axes[:count], grid


def bottom(lines: list[list[Axes]]) -> list[Axes]:
    """Return the panels of the last row, under which the axis is named."""
    return [ax for ax in lines[-1] if ax.get_visible()]


def main_line(about: About) -> dict[str, tuple[Any, float]]:
    """Return dash and width by structure: the main one solid and bold, the others thin."""
    others = [s for s in about.structures if s != about.main_structure]
    looks: dict[str, tuple[Any, float]] = {about.main_structure: ("-", 1.6)}
    for structure, dash in zip(others, ((0, (4, 1.5)), (0, (1.2, 1.2)), "-."), strict=False):
        looks[structure] = (dash, 0.9)
    return looks


def others(table_strategies: Sequence[str], about: About) -> list[str]:
    """Return the strategies of a table without the comparator, in the order of the scenario."""
    there = set(table_strategies)
    return [s for s in about.labels if s in there and s != about.comparator]
