from __future__ import annotations

from pathlib import Path

import pytest
from tests.report.synthetic import write_result

from popmodel.report.html import write_report
from popmodel.report.redraw import draw_all


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a result of three structures and six strategies with its charts and its report."""
    directory = write_result(tmp_path_factory.mktemp("results") / "five_pathways", with_psa=True)
    draw_all(directory)
    write_report(directory)
    return directory


@pytest.fixture
def result(tmp_path: Path) -> Path:
    """Return a small result without charts: one structure, two strategies."""
    return write_result(
        tmp_path / "small", structures=["evidence"], strategies=["usual_care", "cbt_first"]
    )
