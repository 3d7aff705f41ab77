"""Draw charts from the tables a run has saved; nothing is simulated again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from popmodel.errors import InputError, Problems, did_you_mean
from popmodel.report import style
from popmodel.report.charts import (
    CHARTS,
    PLACES_CHARTS,
    SEARCH_CHARTS,
    SENSITIVITY_CHARTS,
    VALIDATION_CHARTS,
    Chart,
)
from popmodel.report.tables import Result, load_result, write_atomically
from popmodel.safe_csv import safe_csv

EVERY = {
    **CHARTS,
    **SENSITIVITY_CHARTS,
    **VALIDATION_CHARTS,
    **SEARCH_CHARTS,
    **PLACES_CHARTS,
}
FOLDER = "charts"
CAPTIONS = "captions.json"
"""What is said about every chart drawn, for the report and for other pages."""


def draw_all(result_dir: Path, names: Sequence[str] | None = None) -> list[Path]:
    """Draw the charts of a result folder as SVG and PNG, each with the table it shows beside it.

    Args:
        result_dir: the folder a run has written.
        names: which charts; None draws every chart whose tables were saved.

    Returns:
        The files written, in the order of charts: `.svg`, `.png`, `.csv` of each.

    Raises:
        InputError: no such folder or chart, or a chart was asked for whose table is missing or
            has nothing to show.
        RunError: saved tables contradict each other.
    """
    result = load_result(Path(result_dir))
    charts = _wanted(result, names)
    captions = read_captions(result.directory)
    written: list[Path] = []
    with style.theme(style.letters_of(result.about)):
        for chart in charts:
            table = chart.table(result)
            if table.empty:  # nothing to compare, such as a single strategy
                if names is not None:
                    raise InputError(f"{chart.name}: there is nothing to show in this result")
                continue
            captions[chart.name] = chart.words(table, result.about_for(chart.needs))
            written += draw_one(chart, table, result)
    text = json.dumps(captions, indent=1, ensure_ascii=False) + "\n"
    write_atomically(result.directory / FOLDER / CAPTIONS, text.encode())
    return written


def draw_one(chart: Chart, table: pd.DataFrame, result: Result) -> list[Path]:
    """Write one chart in all its forms; call it within `style.theme`."""
    about, folder = result.about_for(chart.needs), result.directory / FOLDER
    figure = chart.figure(table, about)
    style.settle(figure)
    said = chart.words(table, about)
    told = f"{said['finding']} {said['caption']}"
    content = {
        "svg": style.svg_bytes(figure, chart.question, told),
        "png": style.png_bytes(figure, chart.question, told),
        "csv": safe_csv(table).encode(),
    }
    return [write_atomically(folder / f"{chart.name}.{k}", data) for k, data in content.items()]


def _wanted(result: Result, names: Sequence[str] | None) -> list[Chart]:
    if names is None:
        return [c for c in EVERY.values() if c.can_show(result)]
    problems = Problems()
    for name in names:
        if name not in EVERY:
            problems.add(where=name, message="is not a chart", hint=did_you_mean(name, EVERY))
            continue
        lacking = [need for need in EVERY[name].needs if not result.has(need)]
        for need in lacking:
            message = f"the table it needs, {need}, is not in the folder"
            problems.add(file=str(result.directory), where=name, message=message)
        if not lacking and not EVERY[name].fits(result):
            message = "the tables in the folder are of another analysis"
            problems.add(file=str(result.directory), where=name, message=message)
    problems.raise_if_any()
    return [EVERY[name] for name in dict.fromkeys(names)]


def read_captions(directory: Path) -> dict[str, dict[str, str]]:
    """Return the captions of charts drawn before; a damaged file counts as none."""
    try:
        known = json.loads((directory / FOLDER / CAPTIONS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
