"""What no run answers yet is refused before it: by check, dry-run and run, in the same words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from popmodel import pipeline
from popmodel.cli import main
from popmodel.errors import InputError
from popmodel.evidence.load import load_evidence
from popmodel.scenario import check_scenario, load_scenario

NO_FIT = "structure: {correlation: optimistic, extrapolation: none}\nhorizon:"


@pytest.fixture
def few_fits(monkeypatch):
    """Only the structures with the default correlation have a fit, as in somebody's own cards."""

    def load(*arguments, **named):
        evidence = load_evidence(*arguments, **named)
        kept = {n: card for n, card in evidence.calibrated.items() if n.endswith("_default")}
        return replace(evidence, calibrated=kept)

    monkeypatch.setattr("popmodel.scenario.load.load_evidence", load)


@pytest.mark.usefixtures("few_fits")
@pytest.mark.parametrize(
    ("said", "line", "column", "where", "words"),
    [
        (NO_FIT, 5, 38, "structure.extrapolation", "none needs the calibrated card"),
    ],
)
@pytest.mark.parametrize("command", ["check", "dry-run", "run", "patient"])
def test_every_command_refuses_in_the_same_words_at_the_same_place(
    small, write, capsys, tmp_path, command, said, line, column, where, words
):
    path = write(small.replace("horizon:", said))
    arguments = {
        "check": ["check", path],
        "dry-run": ["run", path, "--dry-run", "--out", tmp_path / "out"],
        "run": ["run", path, "--out", tmp_path / "out"],
        "patient": ["patient", 1, "--scenario", path, "--out", tmp_path / "out"],
    }[command]
    assert main([str(one) for one in arguments]) == 2
    assert f"question.yaml:{line}:{column}: {where}: {words}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("few_fits")
@pytest.mark.filterwarnings("ignore::popmodel.errors.InputWarning")
def test_a_run_from_python_refuses_in_the_words_of_check(small, write):
    path = write(small.replace("horizon:", NO_FIT))
    with pytest.raises(InputError, match="calibrated card") as error:
        pipeline.run(load_scenario(path))
    told = [(one.message, one.hint) for one in error.value.problems]
    assert told
    assert told == [(one.message, one.hint) for one in check_scenario(path).refused]


def test_a_fit_with_its_factors_is_not_refused(small, write):
    said = "structure: {extrapolation: none}\nhorizon:"
    assert check_scenario(write(small.replace("horizon:", said))).refused == ()


@pytest.mark.usefixtures("few_fits")
def test_a_structure_without_a_fit_is_remarked_on_and_can_be_run(small, write):
    said = "structure: {severity_effect: evidence, correlation: pessimistic}\nhorizon:"
    checked = check_scenario(write(small.replace("horizon:", said)))
    (warning,) = checked.warnings
    assert "question.yaml:5:40: structure.correlation: there is no fit" in warning
    assert "uncalibrated" in warning
    assert checked.refused == ()


def test_a_number_is_explained_although_its_scenario_cannot_be_run(small, write, capsys):
    path = write(small.replace("horizon:", NO_FIT))
    assert main(["explain", "treatments.saint.cost.course", "--scenario", str(path)]) == 0
    assert "USD" in capsys.readouterr().out
