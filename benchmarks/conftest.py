"""What the benchmarks share: the sheet of figures, printed when all is done."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

import pytest
from benchmarks.sheet import Sheet

SHEET = Path(".benchmarks") / "figures.md"


_sheet = pytest.StashKey[Sheet]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_sheet] = Sheet()


@pytest.fixture(scope="session")
def sheet(pytestconfig: pytest.Config) -> Sheet:
    """The sheet on which this session writes its figures."""
    return pytestconfig.stash[_sheet]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    sheet = config.stash[_sheet]
    if not sheet.rows:
        return
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    machine = f"{os.cpu_count()} processors{load}, Python {platform.python_version()}"
    head = f"Measured {time.strftime('%Y-%m-%d')} on {machine}."
    SHEET.parent.mkdir(exist_ok=True)
    SHEET.write_text(f"{head}\n\n{sheet.table()}\n", encoding="utf-8")
    terminalreporter.section(f"figures (also in {SHEET})")
    terminalreporter.write_line(head)
    width = max(len(what) for what, _, _ in sheet.rows)
    for what, value, unit in sheet.rows:
        terminalreporter.write_line(f"{what:<{width}}  {value:>10}  {unit}")
