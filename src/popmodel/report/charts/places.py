"""What charts about limited places share: their folder of tables, panels, looks and words."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from popmodel.report import style
from popmodel.report.tables import STRUCTURE, About, Result, with_labels
from popmodel.report.words import clean, title_of

WAITING, DEMAND, PLACES = "#0173b2", "#ca4a00", "#333333"
START_UP = "#efe7d2"
MOST_PANELS = 12


def headline(result: Result, name: str) -> pd.DataFrame:
    """Return the rows of a saved table under the structure that is shown, with labels."""
    table = result.table(name)
    shown = list(dict.fromkeys(table[STRUCTURE]))
    main = result.about.main_structure
    table = table[table[STRUCTURE] == (main if main in shown else shown[0])]
    return with_labels(table.reset_index(drop=True), result.about)


def of_service(row: pd.Series, table: pd.DataFrame) -> str:
    """Return the name of a row's service in brackets, where a table has several."""
    return f" ({title_of(str(row['service']))})" if table["service"].nunique() > 1 else ""


def with_panels(table: pd.DataFrame, about: About) -> pd.DataFrame:
    """Add `panel`: the strategy, with service and site where there are several of them."""
    services, sites = table["service"].nunique() > 1, table["site"].nunique() > 1
    names = []
    for row in table[["strategy", "service", "site"]].itertuples(index=False):
        told = f"{about.order(str(row.strategy)) + 1}  {about.marked(str(row.strategy))}"
        told += f": {title_of(str(row.service))}" if services else ""
        told += f", {clean(row.site)}" if sites else ""
        names.append(clean(told, 60))
    return table.assign(panel=names)


def panel_names(table: pd.DataFrame) -> list[str]:
    """Return the panels that are drawn, the first ones where there are too many."""
    return list(dict.fromkeys(table["panel"]))[:MOST_PANELS]


def panels_figure(
    table: pd.DataFrame,
    about: About,
    question: str,
    finding: str,
    draw: Callable[[pd.DataFrame, Axes], None],
    labels: tuple[str, str],
    key_rows: int = 1,
    panel_height: float = 2.0,
    share_y: bool = True,
) -> Figure:
    """Return a figure with one panel for each value of `panel`.

    Args:
        table: with a column `panel`.
        about: what the result is.
        question: title.
        finding: sentence under it.
        draw: draws the rows of one panel.
        labels: of the axes, below and beside.
        key_rows: lines of the key.
        panel_height: inches.
        share_y: whether panels have the same vertical axis.
    """
    names = panel_names(table)
    columns = min(2, len(names))
    rows = style.key_rows(len(names), columns)
    height = 1.0 + panel_height * rows + 0.15 * key_rows
    fig = style.page(height, question, finding, about, key_rows)
    grid = style.panels(fig, rows, columns, sharex=True, sharey=share_y)
    axes = [ax for row in grid for ax in row]
    for ax, name in zip(axes, names, strict=False):
        draw(table[table["panel"] == name], ax)
        ax.set_title(name)
    for ax in grid[-1]:
        ax.set_xlabel(labels[0])
    for row in grid:
        row[0].set_ylabel(labels[1])
    style.hide_unused(axes, len(names), columns)
    return fig


def top(table: pd.DataFrame, column: str) -> pd.Series:
    """Return the row in which a column is highest, the first of several; unknown counts lowest."""
    return table.sort_values(column, ascending=False, kind="stable", na_position="last").iloc[0]
