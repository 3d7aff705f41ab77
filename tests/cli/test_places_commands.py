"""`popmodel places` and `popmodel solve` for places: what is typed, refused and announced."""

from __future__ import annotations

import json

import pytest

from popmodel.cli import main

SCENARIO = "scenarios/saint_rollout.yaml"


def asked(capsys, *arguments):
    code = main([str(one) for one in arguments])
    return code, capsys.readouterr()


def test_a_dry_run_says_how_many_runs_there_would_be_and_runs_none(capsys, tmp_path):
    code, told = asked(capsys, "places", SCENARIO, "--dry-run", "--json", "--out", tmp_path / "p")
    plan = json.loads(told.out)
    assert code == 0 and not (tmp_path / "p").exists()
    assert plan["strategies"] == "one_suite, roll_out"
    # as it is, without waiting, 1 fewer, 1 more, 4 later years, 4 orders of the queue
    assert plan["runs of a strategy"] == 2 * (1 + 1 + 1 + 1 + 4 + 4)


def test_a_dry_search_for_places_names_service_and_strategy(capsys, tmp_path):
    code, told = asked(
        capsys, "solve", SCENARIO, "--for", "services.saint_suite.places", "--until",
        "wait_days_median(roll_out) < 28", "--dry-run", "--json", "--out", tmp_path / "p",
    )  # fmt: skip
    plan = json.loads(told.out)
    assert code == 0 and not (tmp_path / "p").exists()
    assert (plan["places of"], plan["strategy"]) == ("saint_suite", "roll_out")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--question", "valu"), "did you mean value"),
        (("--strategy", "usual_care"), "no strategy with a number of places"),
        (("--weights", "1:2"), "are no weights"),
        (("--weights", "0:0:0"), "are no weights"),
        (("--replicates", "4"), "8 are the fewest"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(capsys, tmp_path, arguments, told):
    code, said = asked(capsys, "places", SCENARIO, "--out", tmp_path / "p", *arguments)
    assert code == 2 and told in said.err
    assert "Traceback" not in said.err and not (tmp_path / "p").exists()


def test_a_scenario_without_places_is_told_where_to_say_them(capsys):
    code, said = asked(capsys, "places", "scenarios/five_pathways.yaml")
    assert code == 2 and "no service has a number of places" in said.err
