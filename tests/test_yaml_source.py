"""YAML as people and attackers write it: read as YAML 1.2 with places, or refused with a line."""

import re
import time
import tracemalloc
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from popmodel.errors import InputError, InputWarning
from popmodel.yaml_source import (
    Fault,
    faults,
    number_hint,
    read_yaml,
    read_yaml_text,
    read_yaml_value,
    validation_problems,
)

SECONDS_ALLOWED = 2.0


def refusal(text):
    """Return the problems of a text that must be refused, and check that it took no time."""
    began = time.process_time()  # of this process alone: a busy machine is no fault of the reader
    with pytest.raises(InputError) as caught:
        read_yaml_text(text, "hostile.yaml")
    assert time.process_time() - began < SECONDS_ALLOWED
    return caught.value.problems


# ------------------------------------------------------------------ YAML 1.2


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("0o10", 8),
        ("0x1F", 31),
        ("1:30", "1:30"),
        ("1e5", 100000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-0.5", -0.5),
        ("+3", 3),
        ("1,5", "1,5"),
        ("35%", "35%"),
        ("2026-01-01", "2026-01-01"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("nan", "nan"),
        ("Infinity", "Infinity"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("０.５", "０.５"),
        ("999999999999999", 999999999999999),
        ("=", "="),
    ],
)
def test_an_unquoted_word_means_what_yaml_1_2_says(word, value):
    found = read_yaml_text(f"a: {word}\n", "x.yaml").data["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("word", "plain"),
    [("010", "10"), ("-010", "-10"), ("+007", "+7"), ("00", "0"), ("00.5", "0.5"), ("01e3", "1e3")],
)
def test_a_number_with_a_leading_zero_is_refused_where_it_stands(word, plain):
    with pytest.raises(InputError, match=rf"x\.yaml:2:6: a\.b: {re.escape(word)} begins with") as e:
        read_yaml_text(f"a:\n  b: {word}\n", "x.yaml")
    assert f"write {plain}, or quotes" in str(e.value)


@pytest.mark.parametrize("word", ["010_000", "0" * 500 + "7", "999_999_999_999_999_999"])
def test_grouped_and_long_numbers_are_refused_by_the_same_rules(word):
    with pytest.raises(InputError, match=r"x\.yaml:1:4: a: "):
        read_yaml_text(f"a: {word}\n", "x.yaml")


@pytest.mark.parametrize("word", ["0", "0.05", "-0", "0e3", "'010'", "2026-01-01", "007x", "0.0.1"])
def test_zeros_that_mean_what_they_say_are_read(word):
    read_yaml_text(f"a: {word}\n", "x.yaml")


def test_a_year_can_be_a_key_and_stays_a_number():
    assert read_yaml_text("2014: 1.2\n", "x").data == {2014: 1.2}


def test_grouped_digits_are_accepted_with_a_warning_that_says_where():
    with pytest.warns(InputWarning, match=r"x\.yaml:1:4: a: 100_000 is read as 100000"):
        assert read_yaml_text("a: 100_000\n", "x.yaml").data == {"a": 100000}


def test_every_key_and_item_knows_its_place():
    located = read_yaml_text("a:\n  b: [1, {c: 2}]\nd: 3\n", "x.yaml")
    assert located.position(("a",)) == (1, 1)
    assert located.position(("a", "b")) == (2, 3)
    assert located.position(("a", "b", 1)) == (2, 10)
    assert located.position(("a", "b", 1, "c")) == (2, 11)
    assert located.position(("d",)) == (3, 1)


def test_what_is_not_written_stands_at_its_nearest_parent():
    located = read_yaml_text("a:\n  b: 1\n", "x.yaml")
    assert located.position(("a", "missing", "deeper")) == (1, 1)
    assert located.position(("nowhere",)) == (1, 1)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_the_line_ends_of_any_system_count_as_one_line(ending, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(ending.join(["a: 1", "b:", "  c: 2", ""]).encode())
    located = read_yaml(path)
    assert located.data == {"a": 1, "b": {"c": 2}}
    assert located.position(("b", "c")) == (3, 3)


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_yaml(path).data == {"a": 1}


def test_block_texts_are_read_as_they_are_meant():
    located = read_yaml_text("a: >-\n  one\n  two\nb: |\n  x\n  y\n", "x")
    assert located.data == {"a": "one two", "b": "x\ny\n"}


@pytest.mark.parametrize(
    ("typed", "value"),
    [("15000", 15000), ("0.3", 0.3), ("[1, 2]", [1, 2]), ("{a: 1}", {"a": 1}), ("", None)],
)
def test_a_value_typed_on_the_command_line_is_read_by_the_same_rules(typed, value):
    assert read_yaml_value(typed, "--set") == value


# ------------------------------------------------------------------ refused

HOSTILE = {
    "a billion laughs": "a: &a [lol, lol]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "an alias to itself": "a: &a [*a]\n",
    "an anchor alone": "a: &x 1\n",
    "a python object": "a: !!python/object/apply:os.system ['ls']\n",
    "a python name": "a: !!python/name:os.system\n",
    "a plain tag": "a: !!str 1\n",
    "a local tag": "a: !mine 1\n",
    "the empty tag": "a: ! 1\n",
    "a merge key": "a: {x: 1}\nb:\n  <<: {x: 2}\n",
    "a merge of an anchor": "a: &a {x: 1}\nb: {<<: *a}\n",
    "a key written twice": "a: 1\na: 2\n",
    "a nested key written twice": "a:\n  b: 1\n  c: 2\n  b: 3\n",
    "a key written as number and text": "1: a\n'1': b\n",
    "not a number": "a: .nan\n",
    "infinity": "a: .inf\n",
    "minus infinity": "a: -.INF\n",
    "a float beyond floats": "a: 1e400\n",
    "a huge whole number": f"a: {'9' * 401}\n",
    "a population of 10^15": "a: 1000000000000000\n",
    "a huge hexadecimal": f"a: 0x{'f' * 400}\n",
    "two documents": "a: 1\n---\nb: 2\n",
    "a yaml directive": "%YAML 1.1\n---\na: 1\n",
    "a tag directive": "%TAG ! tag:example.com,2000:\n---\na: 1\n",
    "a tab as indentation": "a:\n\tb: 1\n",
    "a tab after spaces": "a:\n  \tb: 1\n",
    "a zero-width space": "co\u200bst: 1\n",
    "a zero-width joiner in a text": "a: 'x\u200dy'\n",
    "an escaped override": 'a: "\\u202Eevil"\n',
    "an escaped null": 'a: "\\0"\n',
    "an override of direction": "a: '\u202egnp.exe'\n",
    "a direction isolate": "a: '\u2066x\u2069'\n",
    "a byte order mark inside": "a: 'x\ufeffy'\n",
    "a null byte": "a: \x00\n",
    "a terminal escape": "a: \x1b[31m\n",
    "a next-line character": "a: x\x85b: 2\n",
    "a line separator": "a: x\u2028b: 2\n",
    "a soft hyphen": "co\u00adst: 1\n",
    "a letter that prints nothing": "a\u3164: 1\n",
    "a lone surrogate": "a: \ud800\n",
    "a character that does not exist": 'a: "\\UFFFFFFFF"\n',
    "deep brackets": "a: " + "[" * 5000,
    "deep braces": "a: " + "{a: " * 5000,
    "deep dashes": "a:\n  " + "- " * 5000,
    "deep blocks": "".join(f"{' ' * n}k:\n" for n in range(200)),
    "far too many values": "a: [" + "1," * 120_000 + "1]",
    "far too many keys": "".join(f"k{n}: 1\n" for n in range(22_000)),
    "an unclosed quote": 'a: "' + "x " * 100_000,
    "an unclosed bracket": "a: [1, 2\n",
    "a colon in a text": "a: b: c\n",
    "a list as key": "? [1, 2]\n: 3\n",
    "a mapping as key": "? {a: 1}\n: 3\n",
    "nothing as key": "a:\n  : 3\n",
    "true as key": "true: 3\n",
    "an empty text": "",
    "comments alone": "# nothing here\n",
    "nothing": "null\n",
    "a list at the top": "- 1\n- 2\n",
    "a text at the top": "hello\n",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_could_harm_or_mislead_is_refused_in_no_time_with_a_line(text):
    problems = refusal(text)
    assert all(problem.file == "hostile.yaml" and problem.message for problem in problems)
    assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)


def test_refusing_a_file_takes_little_memory():
    tracemalloc.start()
    for name in ("a billion laughs", "an unclosed quote", "a huge whole number"):
        with pytest.raises(InputError):
            read_yaml_text(HOSTILE[name], "hostile.yaml")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


def test_all_slips_of_a_file_are_told_at_once():
    told = [str(problem) for problem in refusal("a: .nan\nb: &x 1\na: 2\nc: !t 3\n")]
    assert told == [
        "hostile.yaml:1:4: a: .nan is not a finite number",
        "hostile.yaml:2:4: b: anchor &x is not allowed",
        "hostile.yaml:3:1: a: the key a is written twice (first in line 1)",
        "hostile.yaml:4:4: c: tag !t is not allowed",
    ]


def test_a_file_of_ten_megabytes_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "big.yaml"
    path.write_bytes(b"a: 1 # x\n" * 1_200_000)
    began = time.process_time()
    with pytest.raises(InputError, match="larger than 256 KB"):
        read_yaml(path)
    assert time.process_time() - began < 0.05


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_than_utf_8_are_refused(encoding, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes("a: 1\n".encode(encoding))
    with pytest.raises(InputError, match=r"UTF-8|invisible"):
        read_yaml(path)


def test_bytes_that_are_no_text_are_refused_at_their_line(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: 1\nb: caf\xe9\n")
    with pytest.raises(InputError, match=r"a\.yaml:2:7: is not UTF-8: byte 0xe9"):
        read_yaml(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        read_yaml(tmp_path / "none.yaml")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match="is a folder, not a file"):
        read_yaml(tmp_path)


def test_a_name_that_no_file_can_have_is_refused():
    with pytest.raises(InputError):
        read_yaml(Path("a\x00b.yaml"))


GOOD = """\
id: pill
label: "Pill visits (drug or placebo)"
level:
  value: 0.61
  unit: log depth
  distribution: {kind: normal, mean: 0.61, se: 0.169}
  rationale: >-
    Starting prior from the fit;
    replaced later.
"""
FRAGMENTS = st.sampled_from(
    [
        "&a ",
        "*a",
        "<<: ",
        "!!x ",
        "? ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ": ",
        ">",
        "\t",
        "\r",
        "#",
        '"',
        "'",
        "`",
        "@",
        "%",
        ".nan",
        "1e999",
        "---\n",
        "...\n",
        "\x00",
        "\u2028",
        '"\\UFFFFFFFF"',
        "%YAML 1.1\n---\n",
        "\ufeff",
        "\ud800",
        "null: 1\n",
        "~",
        ",",
        "\n",
        "  ",
        "|9\n",
        "|",
        "💥",
    ]
)
MUTATION = st.tuples(st.integers(0, len(GOOD)), st.integers(0, 12), FRAGMENTS | st.text(max_size=4))


DAMAGE = st.lists(MUTATION, min_size=1, max_size=6)


@settings(max_examples=400, deadline=2000)
@given(DAMAGE)
def test_a_damaged_file_is_read_or_refused_and_never_breaks_the_reader(mutations):
    read_damaged(mutations)


@pytest.mark.slow
@settings(max_examples=5000, deadline=2000)
@given(DAMAGE)
def test_thousands_of_damaged_files_are_read_or_refused(mutations):
    read_damaged(mutations)


def read_damaged(mutations):
    text = GOOD
    for at, cut, fragment in mutations:
        text = text[:at] + fragment + text[at + cut :]
    try:
        located = read_yaml_text(text, "damaged.yaml")
    except InputError as error:
        assert error.problems
    else:
        assert isinstance(located.data, dict)


# ------------------------------------------------------------------ what a schema finds


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Round(Strict):
    kind: Literal["round"]
    radius: float


class Square(Strict):
    kind: Literal["square"]
    side: float


class Thing(Strict):
    id: str
    size: float = 1.0
    flag: bool = False
    grade: Literal["A", "B"] = "A"
    shape: Annotated[Round | Square, Field(discriminator="kind")] | None = None
    parts: dict[str, Square] = {}
    steps: list[Round] = []

    @model_validator(mode="after")
    def _small(self):
        if self.size > 100:
            raise faults(
                [Fault("is too large", ("size",), "at most 100"), Fault("is odd", ("parts", "x"))]
            )
        return self


def told(text, model=Thing, prefix=()):
    located = read_yaml_text(text, "t.yaml")
    data = located.data
    for part in prefix:
        data = data[part]
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    return [str(problem) for problem in validation_problems(caught.value, located, prefix)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("size: 1\n", "t.yaml:1:1: id: is missing"),
        ("id: 3\n", "t.yaml:1:1: id: must be a text (found 3)"),
        ("id: a\nsize: big\n", "t.yaml:2:1: size: must be a number (found 'big')"),
        (
            "id: a\nsize: 1,5\n",
            "t.yaml:2:1: size: must be a number (found '1,5') (with a decimal point: 1.5)",
        ),
        ("id: a\nsize:\n", "t.yaml:2:1: size: must be a number (found nothing)"),
        ("id: a\nflag: NO\n", "flag: must be true or false (found 'NO') (write true or false)"),
        ("id: a\ngrade: a\n", "grade: must be A or B (found 'a') (did you mean A?)"),
        ("id: a\nsiez: 2\n", "t.yaml:2:1: siez: unknown key (did you mean size?)"),
        (
            "id: a\nshape: {kind: sqare, side: 1}\n",
            "t.yaml:2:1: shape: must be round or square (found 'sqare') (did you mean square?)",
        ),
        ("id: a\nshape: {side: 1}\n", "t.yaml:2:1: shape: needs the key 'kind'"),
        (
            "id: a\nshape: {kind: round, radios: 1, radius: 2}\n",
            "t.yaml:2:22: shape.radios: unknown key (did you mean radius?)",
        ),
        (
            "id: a\nparts:\n  x: {kind: square, sid: 1, side: 2}\n",
            "t.yaml:3:21: parts.x.sid: unknown key (did you mean side?)",
        ),
        ("id: a\nsteps:\n  - {kind: round}\n", "t.yaml:3:5: steps.0.radius: is missing"),
        ("id: a\nsteps: 3\n", "t.yaml:2:1: steps: must be a list (found 3)"),
    ],
)
def test_what_a_schema_refuses_is_told_with_place_value_and_nearest_word(text, message):
    assert any(line.endswith(message) for line in told(text)), told(text)


def test_a_validator_may_find_several_faults_each_at_its_own_place():
    assert told("id: a\nsize: 200\nparts:\n  x: {kind: square, side: 1}\n") == [
        "t.yaml:2:1: size: is too large (at most 100)",
        "t.yaml:4:3: parts.x: is odd",
    ]


def test_a_part_of_a_file_is_located_within_the_whole_file():
    text = "other: 1\nthings:\n  first:\n    id: a\n    siez: 2\n"
    assert told(text, prefix=("things", "first")) == [
        "t.yaml:5:5: things.first.siez: unknown key (did you mean size?)"
    ]


@pytest.mark.parametrize(
    ("text", "split"),
    [("a: {size: 1,000}", "1,000"), ("a: {years: 2,5}", "2,5"), ("a: {b: 1,000, c: 2}", "1,000")],
)
def test_a_comma_inside_a_number_is_named_and_not_read_as_a_key(text, split):
    with pytest.raises(InputError, match=f"x.yaml:1:.*a comma splits the number {split}"):
        read_yaml_text(text, "x.yaml")


def test_years_as_keys_beside_numbers_are_no_split_numbers():
    assert read_yaml_text("{2014: 1.2, 2015: 1.3}", "x").data == {2014: 1.2, 2015: 1.3}
    assert read_yaml_text("{2014: 1.2, 2015: null}", "x").data == {2014: 1.2, 2015: None}
    assert read_yaml_text("{a: 1, b}", "x").data == {"a": 1, "b": None}


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("35 %", "did you mean 0.35?"),
        ("1,5", "with a decimal point: 1.5"),
        ("1,000", "write 1000, or 1.000 with a decimal point"),
        ("1,000,000", "write 1000000"),
        ("0,125", "with a decimal point: 0.125"),
        ("-12,345.6", "write -12345.6"),
        ("1000", "without quotes: 1000"),
        ("high", ""),
        ("", ""),
        ("1,00,0", ""),
    ],
)
def test_a_number_written_as_a_text_is_answered_with_the_way_to_write_it(text, hint):
    assert number_hint(text) == hint
