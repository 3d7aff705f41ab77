"""Which words of a figure lie on each other or run off the page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

TOUCH_X, TOUCH_Y = 1.5, 2.5
"""Pixels: boxes of text include the room of letters that are not there."""


def clashes(figure: Figure) -> list[str]:
    """Return a description of every clash."""
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    boxes = [
        (text.get_text(), Text.get_window_extent(text, renderer))
        for text in _texts(figure)
        if text.get_visible() and text.get_text().strip()
    ]
    width, height = figure.bbox.width, figure.bbox.height
    outside = [
        f"{words!r} runs off the page"
        for words, box in boxes
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]
    return outside + [
        f"{one!r} lies on {two!r}"
        for (one, a), (two, b) in combinations(boxes, 2)
        if _shared(a, b, "x") > TOUCH_X and _shared(a, b, "y") > TOUCH_Y
    ]


def _shared(one: Any, two: Any, axis: str) -> float:
    low, high = f"{axis}0", f"{axis}1"
    return min(getattr(one, high), getattr(two, high)) - max(getattr(one, low), getattr(two, low))


def _texts(figure: Figure) -> Iterator[Text]:
    yield from figure.texts
    for legend in figure.legends:
        yield from legend.get_texts()
    for ax in figure.axes:
        if ax.get_visible():
            yield from _texts_of(ax)


def _texts_of(ax: Axes) -> Iterator[Text]:
    yield from ax.texts
    for place in ("left", "center", "right"):
        title = {"left": ax._left_title, "center": ax.title, "right": ax._right_title}[place]
        if not title.get_text().startswith(" \n"):  # room kept for the name of a row
            yield title
    yield from (ax.xaxis.label, ax.yaxis.label)
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        slack = 1e-6 * (high - low)
        for tick in axis.get_major_ticks():
            if low - slack <= tick.get_loc() <= high + slack and tick.label1.get_visible():
                yield tick.label1
