"""How charts look: one theme, one look a strategy, safe for colour-blind readers and for print."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from popmodel.report.tables import About
from popmodel.report.words import NARROW, clean, number, percent, structure_label

WIDTH = 8.0
"""Inches; a page of A4 shows it at 85 %."""
DPI = 200
LEFT = 0.012
TOLD_LETTERS, ORIGIN_LETTERS = 122, 172
"""Letters on a line of the finding and of the origin."""
FONT = "DejaVu Sans"
"""Comes with matplotlib: the same on every machine."""
OTHER_SCRIPTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "Microsoft YaHei",
    "PingFang SC", "PingFang HK", "Hiragino Sans GB", "Heiti TC", "SimHei", "Yu Gothic", "Meiryo",
    "Malgun Gothic", "Apple SD Gothic Neo", "Noto Sans Devanagari", "Noto Sans Thai",
    "Arial Unicode MS",
)  # fmt: skip
"""Fonts for scripts that ours lacks, the first installed ones are taken."""
AA_CONTRAST = 4.5
INK, SOFT, FAINT, PAPER = "#1a1a1a", "#595959", "#c9c9c9", "#ffffff"

# Okabe–Ito and seaborn's "colorblind", without the two that vanish on white paper
PALETTE = ("#333333", "#0173b2", "#de8f05", "#029e73", "#cc78bc", "#ca4a00", "#56b4e9", "#8a6d3b")
TREATMENT_PALETTE = (*PALETTE[1:], "#333333", "#8c1c4b", "#0b5c5c", "#9a9a9a")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.6)), (0, (1.3, 1.3)), (0, (6, 1.5, 1.3, 1.5)))
MARKERS = "osD^vPX*"

STATE_LOOKS: dict[str, tuple[str, str]] = {
    "recovered": ("#00543c", ""),
    "remitted": ("#2ea37c", ""),
    "responding": ("#8fd0bb", "\\\\\\\\"),
    "on_course": ("#5aaee0", ""),
    "waiting": ("#f2c14e", "////"),
    "untreated": ("#e4e4e4", ""),
    "in_crisis": ("#c8500a", ""),
    "dead": ("#1a1a1a", ""),
}
CATEGORY_LOOKS: dict[str, tuple[str, str]] = {
    "treatment": ("#0173b2", ""),
    "visits": ("#8cc6ec", "////"),
    "drugs": ("#f0b04c", ""),
    "adverse_events": ("#7a3b69", ""),
    "crisis": ("#ca4a00", ""),
    "background": ("#d9d9d9", ""),
    "productivity": ("#b8a88a", "----"),
    "patient_time": ("#7028d0", "\\\\\\\\"),
}
OUTCOME_LOOKS: dict[str, tuple[str, str]] = {
    "remission": ("#02795a", ""),
    "response": ("#8fd0bb", "\\\\\\\\"),
    "failed": ("#9a9a9a", ""),
    "stopped": ("#f2d08a", "////"),
    "dropped_out": ("#de8f05", ""),
    "died": ("#1a1a1a", ""),
    "unfinished": ("#f2f2f2", ""),
}
SPARE_LOOKS = tuple((colour, "xx") for colour in PALETTE[1:])


@dataclass(frozen=True)
class Look:
    """How one series is told from the others: colour, and a second code that survives in grey."""

    number: int
    colour: str
    dash: Any
    marker: str


def look(order: int) -> Look:
    """Return the look of the strategy at this place; the comparator is dark and solid."""
    turn = order // len(PALETTE)
    dash = DASHES[(order + turn) % len(DASHES)]
    return Look(order + 1, PALETTE[order % len(PALETTE)], dash, MARKERS[order % len(MARKERS)])


def part_look(looks: dict[str, tuple[str, str]], name: str) -> tuple[str, str]:
    """Return colour and hatch of a part of a stack, also of one this file does not know."""
    if name in looks:
        return looks[name]
    return SPARE_LOOKS[sum(name.encode()) % len(SPARE_LOOKS)]


def ink_on(colour: Any) -> str:
    """Return the text colour, dark or white, that contrasts more with what is behind it."""
    behind = _luminance(colour)
    return PAPER if 1.05 / (behind + 0.05) > (behind + 0.05) / (_luminance(INK) + 0.05) else INK


def as_text(colour: str) -> str:
    """Return a colour dark enough to be read as text on white (contrast at least 4.5)."""
    channels = np.array(to_rgb(colour))
    while 1.05 / (_luminance(tuple(channels)) + 0.05) < AA_CONTRAST:
        channels = channels * 0.95
    return to_hex(tuple(channels))


def _luminance(colour: Any) -> float:
    """Return the relative luminance of WCAG 2."""
    channels = np.array(to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def letters_of(about: About) -> str:
    """Return all letters of names that people gave: strategies, treatments, biotypes, title."""
    treatments = [str(card.get("label", "")) for card in about.treatments.values()]
    return "".join(sorted(set("".join([about.title, *about.labels.values(), *treatments,
                                       *about.biotypes.values()]))))  # fmt: skip


def letters_without_font(letters: str) -> str:
    """Return the letters that no font has with which charts would be drawn."""
    left = letters
    for family in font_families(letters):
        left = _lacking(family, left)
    return "".join(c for c in left if not c.isspace())


def font_families(letters: str) -> list[str]:
    """Return the fonts to draw with: ours, and an installed one for letters that it lacks.

    Others are named only where they are needed, so that the same labels give the same bytes on
    machines with different fonts.
    """
    left = _lacking(FONT, letters)
    families = [FONT]
    for family in OTHER_SCRIPTS:
        if left and family in _installed():
            rest = _lacking(family, left)
            families += [family] * (len(rest) < len(left))
            left = rest
    return families


@cache
def _installed() -> frozenset[str]:
    return frozenset(font.name for font in font_manager.fontManager.ttflist)


def _lacking(family: str, letters: str) -> str:
    """Return the letters that a font has not."""
    if not letters:
        return ""
    known = font_manager.get_font(font_manager.findfont(family)).get_charmap()
    return "".join(c for c in letters if ord(c) not in known and not c.isspace())


@contextmanager
def theme(letters: str = "") -> Iterator[None]:
    """Draw and save in here: seaborn's white grid, our sizes, the same bytes every time.

    Args:
        letters: of names in any script, for which a font is looked for.
    """
    families = font_families(letters)
    settings: Any = {
        **sns.axes_style("whitegrid"),
        "axes.edgecolor": "#8c8c8c",
        "axes.grid.axis": "both",
        "axes.labelcolor": INK,
        "axes.labelsize": 8.0,
        "axes.linewidth": 0.7,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlesize": 8.5,
        "axes.titleweight": "bold",
        "axes.titlepad": 5.0,
        "figure.dpi": DPI,
        # a letter is looked for along the families, not along the fonts of one of them
        "font.family": [*(families if len(families) > 1 else []), "sans-serif"],
        "font.sans-serif": [FONT, "Verdana", "Arial"],
        "font.size": 7.5,
        "grid.color": "#e6e6e6",
        "grid.linewidth": 0.6,
        "hatch.color": "#ffffff",
        "hatch.linewidth": 0.7,
        "legend.fontsize": 7.5,
        "legend.frameon": False,
        "lines.linewidth": 1.6,
        "path.simplify": True,
        "svg.fonttype": "none",
        "svg.hashsalt": "popmodel",
        "text.color": INK,
        "text.parse_math": False,
        "xtick.color": SOFT,
        "xtick.labelsize": 7.0,
        "ytick.color": SOFT,
        "ytick.labelsize": 7.0,
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        # a label in a script the font lacks: boxes in the PNG, right in the SVG
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        yield


def page(
    height: float,
    question: str,
    finding: str,
    about: About,
    key_rows: int = 0,
    right_inches: float = 0.0,
) -> Figure:
    """Return an empty figure with the question above, the finding under it, the origin below.

    Args:
        height: inches of everything.
        question: the title.
        finding: one sentence with numbers.
        about: what the result is.
        key_rows: lines of the key that `key` will put between panels and origin.
        right_inches: room kept free beside the panels, for labels of lines.
    """
    told = textwrap.fill(finding, TOLD_LETTERS)
    top = 0.34 + 0.165 * (told.count("\n") + 1)
    bottom = _foot(about) + (0.15 * key_rows + 0.06 if key_rows else 0.0)
    box = (0.006, bottom / height, 0.988 - right_inches / WIDTH, 1 - (top + bottom) / height)
    layout = ConstrainedLayoutEngine(rect=box, w_pad=0.05, h_pad=0.05, wspace=0.02, hspace=0.02)
    figure = Figure(figsize=(WIDTH, height), layout=layout, facecolor=PAPER)
    FigureCanvasAgg(figure)
    figure.text(LEFT, 1 - 0.07 / height, question, size=11, weight="bold", va="top")
    figure.text(LEFT, 1 - 0.30 / height, told, size=8.2, color=SOFT, va="top", linespacing=1.25)
    figure.text(LEFT, 0.05 / height, _origin(about), size=6.2, color=SOFT, va="bottom")
    return figure


def _origin(about: About) -> str:
    return textwrap.fill(origin_line(about), ORIGIN_LETTERS)


def _foot(about: About) -> float:
    """Return the inches that the origin takes at the foot of a figure."""
    return 0.12 + 0.11 * (_origin(about).count("\n") + 1)


def settle(figure: Figure) -> None:
    """Lay panels out once and for all; what is placed afterwards finds them where they stay.

    The solver of the layout agrees with itself to some digits only, so places are rounded: else
    the same figure would not give the same bytes.
    """
    if not isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine):
        return
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for ax in figure.axes:
        left, bottom, width, height = np.round(ax.get_position().bounds, 4).tolist()
        ax.set_position((left, bottom, width, height))


def key(
    figure: Figure,
    about: About,
    handles: Sequence[Any],
    labels: Sequence[str],
    columns: int,
    raised: int = 0,
) -> None:
    """Put a key under the panels, in the room `page` has kept for it, `raised` lines up."""
    figure.legend(
        list(handles),
        list(labels),
        loc="lower left",
        bbox_to_anchor=(LEFT, (_foot(about) + 0.15 * raised) / figure.get_figheight()),
        ncols=columns,
        columnspacing=1.6,
        handlelength=2.6,
        handletextpad=0.6,
        borderaxespad=0.0,
        borderpad=0.1,
        labelspacing=0.35,
    )


def strategy_key(figure: Figure, about: About, lines: bool = True, columns: int = 3) -> None:
    """Put the key of strategies under the panels: number, colour, dash."""
    looks = [look(order) for order in range(len(about.labels))]
    handles = [
        Line2D(
            [], [], color=x.colour, linestyle=x.dash if lines else "none",
            marker="none" if lines else "o", markersize=7,
        )
        for x in looks
    ]  # fmt: skip
    key(figure, about, handles, numbered(about, 126 // columns), columns)


def key_columns(about: About) -> int:
    """Return how many columns the key of strategies has: fewer for long labels."""
    return 3 if max(len(about.marked(s)) for s in about.labels) <= 38 else 2


def numbered(about: About, longest: int) -> list[str]:
    """Return the strategies as `1 Usual care`, none longer than `longest`."""
    return [clean(f"{about.order(s) + 1} {about.marked(s)}", longest) for s in about.labels]


def part_key(
    figure: Figure,
    about: About,
    looks: dict[str, tuple[str, str]],
    labels: dict[str, str],
    columns: int,
) -> None:
    """Put the key of the parts of a stack (name → label) under the panels."""
    handles = []
    for name in labels:
        colour, hatch = part_look(looks, name)
        handles.append(Patch(facecolor=colour, hatch=hatch, edgecolor=PAPER, linewidth=0.5))
    key(figure, about, handles, list(labels.values()), columns)


def key_rows(entries: int, columns: int) -> int:
    """Return how many lines a key takes."""
    return -(-entries // columns)


def panels(figure: Figure, rows: int, columns: int, **shared: Any) -> list[list[Axes]]:
    """Return a grid of panels."""
    grid = np.asarray(figure.subplots(rows, columns, squeeze=False, **shared))
    return [list(row) for row in grid]


def head(ax: Axes, structure: str, about: About) -> None:
    """Name the structure above its panel, where there are several."""
    if len(about.structures) > 1:
        ax.set_title(structure_label(structure))


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places near the wanted ones that are at least `gap` apart and within the limits.

    Labels keep the order of what they name. Where all do not fit, the gap shrinks evenly.
    """
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    gap = min(gap, (high - low) / max(1, len(wanted) - 1))
    places = [min(max(wanted[i], low), high) for i in order]
    for _ in range(200):
        moved = False
        for i in range(len(places) - 1):
            short = gap - (places[i + 1] - places[i])
            if short > 1e-9:
                places[i] -= short / 2
                places[i + 1] += short / 2
                moved = True
        places = [min(max(p, low), high) for p in places]
        if not moved:
            break
    places = _pushed(places, gap, low, high)
    result = [0.0] * len(wanted)
    for place, i in zip(places, order, strict=True):
        result[i] = place
    return result


def _pushed(places: list[float], gap: float, low: float, high: float) -> list[float]:
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + gap)
    for i in range(len(places) - 1, -1, -1):
        ceiling = high if i == len(places) - 1 else places[i + 1] - gap
        places[i] = min(places[i], ceiling)
    return [max(p, low) for p in places]


def origin_line(about: About) -> str:
    """Return what a chart must say about itself when it stands alone."""
    money = [
        f"{perspective_words(about)} perspective",
        f"{about.price_year} {about.currency}".strip(),
        discount_words(about),
        horizon_words(about),
    ]
    parts = [
        *(() if about.recruits else money),
        f"{number(about.recruits)} stock patients for each trial" if about.recruits else "",
        f"{number(about.samples)} draws of the uncertain numbers" if about.samples else "",
        _patients_words(about),
        f"seed {about.seed}" if about.seed else "",
        f"popmodel {about.version}".strip(),
        f"scenario {about.scenario}" if about.scenario else "",
    ]
    if about.assumed:
        parts.append(f"†{NARROW}offers a treatment without human efficacy data: an assumption")
    return " · ".join(part for part in parts if part)


def _patients_words(about: About) -> str:
    of = "a draw and strategy" if about.samples else "a strategy"
    return f"{number(about.patients)} simulated patients {of}" if about.patients else ""


def perspective_words(about: About) -> str:
    """Return the perspective in words."""
    return {"health_care": "Health-care", "societal": "Societal"}.get(
        about.perspective, clean(about.perspective)
    )


def discount_words(about: About) -> str:
    """Return how costs and health are discounted."""
    rates = about.discount
    if not rates:
        return ""
    if len(set(rates.values())) == 1 and len(rates) > 1:
        rate = next(iter(rates.values()))
        names = " and ".join(rates)
        return f"{names} discounted {percent(rate, 1).replace('.0', '')} a year"
    told = [f"{name} {percent(rate, 1).replace('.0', '')}" for name, rate in rates.items()]
    return f"discounted a year: {', '.join(told)}"


def horizon_words(about: About) -> str:
    """Return `5-year horizon` or `lifetime horizon`."""
    horizon = about.horizon_years
    if not horizon:
        return ""
    return f"{horizon}-year horizon" if horizon[0].isdigit() else f"{horizon} horizon"


def cost_axis_label(about: About) -> str:
    """Return the label of an axis of discounted cost."""
    year = f"{about.price_year} " if about.price_year else ""
    return f"Cost per patient ({year}{about.currency}, thousands)"


def svg_bytes(figure: Figure, title: str, description: str) -> bytes:
    """Return a figure as SVG; the same figure gives the same bytes."""
    buffer = BytesIO()
    metadata = {"Date": None, "Title": title, "Description": description, "Creator": "popmodel"}
    figure.savefig(buffer, format="svg", metadata=metadata)
    return buffer.getvalue()


def png_bytes(figure: Figure, title: str, description: str) -> bytes:
    """Return a figure as PNG in 256 colours; the same figure gives the same bytes."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    picture = Image.fromarray(pixels).convert("RGB")
    notes = PngInfo()
    for name, text in {"Title": title, "Description": description, "Software": "popmodel"}.items():
        notes.add_itxt(name, text)
    buffer = BytesIO()
    small = picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(buffer, "png", optimize=True, dpi=(DPI, DPI), pnginfo=notes)
    return buffer.getvalue()


def number_ends(ax: Axes, x: float, ends: Sequence[float], looks: Sequence[Look]) -> None:
    """Write the number of each series at its right end, none over another."""
    low, high = ax.get_ylim()
    places = spread(ends, 0.062 * (high - low), low, high)
    for place, look in zip(places, looks, strict=True):
        colour = as_text(look.colour)
        ax.annotate(
            str(look.number), (x, place), (3, 0), textcoords="offset points", color=colour,
            weight="bold", size=7.5, va="center_baseline", annotation_clip=False,
        )  # fmt: skip


def panel_title(strategy: str, about: About, width: int = 34) -> str:
    """Return number and label of a strategy, on several lines if longer than `width` letters."""
    return textwrap.fill(f"{about.order(strategy) + 1}  {about.marked(strategy)}", width)


def hide_unused(axes: Sequence[Axes], used: int, columns: int) -> None:
    """Take away the empty panels of a grid; the panels above them get their tick labels."""
    for place in range(used, len(axes)):
        axes[place].set_visible(False)
        if place >= columns:
            axes[place - columns].tick_params(labelbottom=True)
