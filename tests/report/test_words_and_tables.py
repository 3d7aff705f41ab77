from __future__ import annotations

import csv
import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.report.colour_vision import KINDS, least_difference, seen_as

from popmodel.report import style, words
from popmodel.report.tables import write_atomically
from popmodel.safe_csv import safe_cell, safe_csv


@pytest.mark.parametrize(
    ("amount", "told"),
    [(31_234.0, "$31.2k"), (640.4, "$640"), (-1084.0, "−$1.08k"), (999.6, "$1.00k"),
     (999_700.0, "$1.00M"), (1_240_000.0, "$1.24M"), (0.2, "$0"), (-0.3, "$0"),
     (float("nan"), "–")],
)  # fmt: skip
def test_amounts_are_told_in_three_digits(amount: float, told: str):
    assert words.short_money(amount, "USD") == told


def test_amounts_carry_their_currency():
    assert words.money(-1234.5, "GBP") == "−£1,234"
    assert words.money(-0.2, "EUR") == "€0"
    assert words.money(99.6, "CHF") == "CHF 100"


def test_a_per_cent_sign_never_stands_alone_on_a_line():
    assert words.percent(0.4912, 1) == "49.1\u00a0%"


def test_labels_are_freed_of_what_cannot_be_printed():
    assert words.clean("a\tb\n\u202e\x00c ") == "a b c"
    assert words.clean("x" * 99).endswith("…") and len(words.clean("x" * 99)) == 60


def test_lists_read_as_sentences():
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.listed([]) == ""


@given(st.text(max_size=12))
@settings(deadline=None)
def test_no_cell_of_a_saved_table_is_a_formula(text: str):
    table = pd.DataFrame({"name": [text], "value": [-3.2]})
    row = next(iter(csv.reader(io.StringIO(safe_csv(table).split("\n", 1)[1], newline=""))))
    assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert row[1] == "-3.2"


def test_a_heading_is_no_formula_either():
    assert safe_csv(pd.DataFrame({"=A1": [1]})) == "'=A1\n1\n"
    assert safe_cell(-1.5) == -1.5


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
@settings(deadline=None)
def test_numbers_survive_the_way_through_a_file_to_the_last_bit(values: list[float]):
    back = pd.read_csv(io.StringIO(safe_csv(pd.DataFrame({"x": values}))), float_precision=None)
    text = safe_csv(pd.DataFrame({"x": values})).split()[1:]
    assert [float(t) for t in text] == values
    np.testing.assert_allclose(back["x"], values)


def test_a_failed_write_leaves_the_old_file_and_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = write_atomically(tmp_path / "a.txt", b"old")

    def full(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("popmodel.report.tables.os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


PLACES = st.lists(st.floats(-2, 3), min_size=1, max_size=14)


@given(PLACES)
@settings(deadline=None)
def test_labels_spread_apart_in_order_and_within_the_axis(wanted: list[float]):
    places = style.spread(wanted, 0.1, 0.0, 1.0)
    gap = min(0.1, 1.0 / max(1, len(wanted) - 1))
    ordered = sorted(places)
    assert min(ordered) >= -1e-9 and max(ordered) <= 1 + 1e-9
    assert all(b - a >= gap - 1e-6 for a, b in pairwise(ordered))
    by_wish = [place for _, place in sorted(zip(wanted, places, strict=True))]
    assert by_wish == ordered


def test_labels_with_room_stay_where_they_are():
    assert style.spread([0.2, 0.6], 0.1, 0.0, 1.0) == [0.2, 0.6]


PALETTES = {
    "strategies": list(style.PALETTE),
    "treatments": list(style.TREATMENT_PALETTE),
    "states": [colour for colour, _ in style.STATE_LOOKS.values()],
    "costs": [colour for colour, _ in style.CATEGORY_LOOKS.values()],
    "outcomes": [colour for colour, _ in style.OUTCOME_LOOKS.values()],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PALETTES)
def test_any_two_colours_of_a_chart_differ_for_every_eye(name: str, kind: str):
    difference, one, two = least_difference(PALETTES[name], kind)
    assert difference >= 10, (one, two)


def test_simulated_vision_leaves_grey_grey():
    for kind in KINDS:
        _, a, b = seen_as("#808080", kind)
        assert abs(a) < 1 and abs(b) < 1


@pytest.mark.parametrize("colour", [*style.PALETTE, *style.TREATMENT_PALETTE])
def test_coloured_words_are_dark_enough_to_read(colour: str):
    light = 1.05 / (style._luminance(style.as_text(colour)) + 0.05)
    assert light >= 4.5


def test_no_two_strategies_of_a_chart_look_the_same():
    looks = [style.look(order) for order in range(24)]
    assert len({(x.colour, str(x.dash)) for x in looks}) == len(looks)
