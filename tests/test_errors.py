"""The error tree: what users read, and what scripts branch on."""

import pickle

import pytest

from popmodel.errors import (
    InputError,
    NotMet,
    PartlyDone,
    PopmodelError,
    Problem,
    Problems,
    RunError,
    did_you_mean,
    nearest,
)


def test_every_outcome_of_a_command_has_its_own_exit_code():
    codes = {RunError: 1, InputError: 2, PartlyDone: 3, NotMet: 4}
    assert {error: error.exit_code for error in codes} == codes
    assert all(issubclass(error, PopmodelError) for error in codes)


def test_a_problem_reads_as_place_path_message_and_hint():
    problem = Problem("a.yaml", 3, 5, "cost.course", "must be a number", "did you mean 1.5?")
    assert str(problem) == "a.yaml:3:5: cost.course: must be a number (did you mean 1.5?)"


def test_a_problem_without_a_line_names_the_file_alone():
    assert str(Problem("a.yaml", 0, 0, "", "is empty")) == "a.yaml: is empty"


def test_problems_are_told_in_the_order_of_the_file_and_once():
    late, early = Problem("a", 9, 1, "", "late"), Problem("a", 2, 1, "", "early")
    error = InputError([late, early, late])
    assert str(error) == "a:2:1: early\na:9:1: late"
    assert error.problems == (early, late)


def test_nothing_is_raised_when_nothing_is_wrong():
    problems = Problems()
    problems.raise_if_any()
    assert not problems
    assert len(problems) == 0


def test_all_that_is_wrong_is_raised_at_once():
    problems = Problems()
    problems.add(file="a", line=1, column=1, where="x", message="one")
    problems.extend([Problem("a", 2, 1, "y", "two")])
    with pytest.raises(InputError) as caught:
        problems.raise_if_any()
    assert len(caught.value.problems) == len(problems) == 2


def test_an_input_error_survives_the_way_between_processes():
    error = InputError([Problem("a", 1, 2, "w", "m", "h")])
    assert pickle.loads(pickle.dumps(error)).problems == error.problems  # noqa: S301


def test_a_sentence_alone_makes_an_input_error():
    assert str(InputError("nothing to do")) == "nothing to do"


@pytest.mark.parametrize(
    ("word", "meant"), [("potensy", "potency"), ("COST", "cost"), ("xyzzy", None), ("", None)]
)
def test_a_slip_of_the_keyboard_finds_the_word_that_was_meant(word, meant):
    assert nearest(word, ["potency", "cost", "schedule"]) == meant


def test_a_short_list_is_told_in_full_when_nothing_is_alike():
    assert did_you_mean("xyzzy", ["b", "a"]) == "known: a, b"
    assert did_you_mean("xyzzy", map(str, range(50))) == ""
