from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]

SMALL = """\
title: A small question
setting: united_states
start: 2026-01-01
population: {card: us_adults_mdd, size: 1000}
horizon: {years: 2}
strategies:
  usual_care:
    offer:
      - {treat: escitalopram, when: {not_tried: [escitalopram]}}
      - {treat: ect, when: {line: {at_least: 3}}, repeat: true}
  saint_first:
    label: SAINT first
    offer:
      - {treat: saint, when: {severity: {at_least: 35}}}
    then: usual_care
comparator: usual_care
"""


@pytest.fixture
def small() -> str:
    """A right scenario; tests change a word of it."""
    return SMALL


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a scenario file and return its path."""

    def write_file(text: str = SMALL, name: str = "question.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_file
