"""One patient's life under every strategy, as a chart: the score over time and the courses."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from popmodel.report.style import DPI, FAINT, INK, SOFT, TREATMENT_PALETTE, WIDTH, theme
from popmodel.report.tables import write_atomically
from popmodel.safe_csv import safe_csv
from popmodel.units import DAYS_PER_YEAR

if TYPE_CHECKING:
    from popmodel.engine.story import Life

PANEL_INCHES = 1.35
REMISSION = 10.0
MARKS = {
    "remission": ("v", "#02795a"),
    "relapse": ("^", "#ca4a00"),
    "recurrence": ("^", "#ca4a00"),
    "attempt or crisis": ("X", "#7a3b69"),
    "dies": ("P", INK),
}


def save_lives(lives: Mapping[str, Life], title: str, path: Path) -> Path:
    """Draw lives, save them as PNG, SVG and CSV beside each other, and return the PNG's path.

    Args:
        lives: life by the label of its strategy.
        title: what stands above the panels.
        path: file name without suffix.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with theme():
        figure = draw_lives(lives, title)
        for suffix, about in ((".png", {"Software": None}), (".svg", {"Date": None})):
            picture = BytesIO()
            figure.savefig(picture, format=suffix[1:], dpi=DPI, metadata=about)
            write_atomically(path.with_suffix(suffix), picture.getvalue())
    write_atomically(path.with_suffix(".csv"), safe_csv(lives_table(lives)).encode())
    return path.with_suffix(".png")


def lives_table(lives: Mapping[str, Life]) -> pd.DataFrame:
    """Return the weekly scores that the chart shows."""
    rows = [
        {"strategy": name, "day": day, "madrs": score}
        for name, life in lives.items()
        for day, score in zip(life.days, life.scores, strict=True)
    ]
    return pd.DataFrame(rows)


def draw_lives(lives: Mapping[str, Life], title: str) -> Figure:
    """Return a figure with one panel a strategy."""
    figure = Figure(figsize=(WIDTH, 0.9 + PANEL_INCHES * len(lives)), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, x=0.012, ha="left", fontsize=11, fontweight="bold")
    panels = figure.subplots(len(lives), 1, sharex=True, squeeze=False)[:, 0]
    labels = sorted({label for life in lives.values() for _, _, label in life.courses})
    colours = {
        label: TREATMENT_PALETTE[n % len(TREATMENT_PALETTE)] for n, label in enumerate(labels)
    }
    for ax, (name, life) in zip(panels, lives.items(), strict=True):
        draw_life(life, ax, colours)
        ax.set_title(name, loc="left", fontsize=9)
    panels[-1].set_xlabel("Years since the model start")
    figure.supylabel("Score (MADRS); under the line: remission", fontsize=8.5, color=SOFT)
    _key(figure, colours)
    return figure


def draw_life(life: Life, ax: Axes, colours: Mapping[str, Any]) -> None:
    """Draw one life: score, courses as spans, and what happened as marks."""
    for first, last, label in life.courses:
        span = (first / DAYS_PER_YEAR, max(last - first, 4.0) / DAYS_PER_YEAR)
        ax.broken_barh([span], (0.0, 60.0), color=colours[label], alpha=0.28, linewidth=0)
    ax.axhline(REMISSION, color=FAINT, linewidth=1.0)
    years = [day / DAYS_PER_YEAR for day in life.days]
    ax.plot(years, life.scores, color=INK, linewidth=1.2, drawstyle="steps-post")
    for day, told, score in life.moments:
        for word, (marker, colour) in MARKS.items():
            if any(part.startswith(word) for part in told.split("; ")):
                at = score if score == score else 0.0
                ax.plot(day / DAYS_PER_YEAR, at, marker, color=colour, markersize=6, clip_on=False)
    ax.set_ylim(0.0, 60.0)
    ax.set_yticks([0, 20, 40, 60])
    ax.margins(x=0.01)


def _key(figure: Figure, colours: Mapping[str, Any]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [Patch(color=c, alpha=0.28, label=label) for label, c in colours.items()]
    for word in ("remission", "relapse", "attempt or crisis", "dies"):
        marker, colour = MARKS[word]
        handles.append(
            Line2D([], [], marker=marker, color=colour, linestyle="", markersize=6, label=word)
        )
    figure.legend(handles=handles, loc="outside lower left", ncols=3, fontsize=8, frameon=False)
