"""The commands: what they print, where, and with which exit code; never a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from openpyxl import load_workbook

from popmodel import cli
from popmodel.cli import main
from popmodel.errors import InputError, NotMet, PartlyDone, RunError
from popmodel.evidence import load_evidence
from popmodel.report.side_by_side import MUST_AGREE, side_by_side

ROOT = Path(__file__).parents[2]
FIVE = ROOT / "scenarios" / "five_pathways.yaml"


@pytest.fixture
def popmodel(capsys):
    """Run a command; return its exit code, output and messages."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(one) for one in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err + captured.out
        return code, captured.out, captured.err

    return run


@pytest.fixture
def wrong(tmp_path):
    text = FIVE.read_text(encoding="utf-8").replace("treat: saint,", "treat: saynt,")
    path = tmp_path / "wrong.yaml"
    path.write_text(text.replace("extends: base_us_adults.yaml", "extends: base.yaml"), "utf-8")
    base = (ROOT / "scenarios" / "base_us_adults.yaml").read_text(encoding="utf-8")
    (tmp_path / "base.yaml").write_text(base.replace("size: 100000", "size: 0"), "utf-8")
    return path


@pytest.fixture
def places(wrong):
    """The lines of the two mistakes."""

    def line(path: Path, word: str) -> int:
        lines = path.read_text(encoding="utf-8").splitlines()
        return next(number for number, told in enumerate(lines, 1) if word in told)

    return line(wrong.parent / "base.yaml", "size: 0"), line(wrong, "saynt")


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    """A result folder of a small run, and what the run printed."""
    folder = tmp_path_factory.mktemp("run") / "five"
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "popmodel.cli",
                "run",
                FIVE,
                "--patients",
                "60",
                "--years",
                "1",
            ),
            *("--structure", "evidence", "--no-charts", "--out", folder),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout, done.stderr


# ------------------------------------------------------------------ run


def test_a_run_prints_a_row_a_strategy_and_where_the_results_are(answer):
    folder, printed, messages = answer
    for label in ("Usual care", "SSRI first", "SAINT first", "Ketamine first"):
        assert label in printed
    assert "(evidence)" in printed
    assert "remitted at 12 months" in printed
    assert str(folder) in printed.replace("\n", "")
    assert "Monte Carlo" in messages
    assert (folder / "strategies.csv").is_file()


def test_a_run_again_replaces_its_own_results(answer, popmodel):
    folder, _, _ = answer
    code, out, _ = popmodel(
        "run", FIVE, "--patients", 20, "--years", 0.5, "--structure", "evidence",
        "--no-charts", "--out", folder, "--json",
    )  # fmt: skip
    assert code == 0
    (said,) = json.loads(out)
    assert [row["patients"] for row in said["strategies"]] == [20] * 6
    assert len(said["versus_comparator"]) == 5


def test_a_dry_run_writes_nothing(popmodel, tmp_path):
    out = tmp_path / "out"
    code, printed, _ = popmodel("run", FIVE, "--dry-run", "--out", out, "--json")
    assert code == 0
    (plan,) = json.loads(printed)
    assert plan["patients"] == 100000
    assert plan["patient lives"] == 1800000
    assert not out.exists()
    code, printed, _ = popmodel("run", FIVE, "--dry-run", "--out", out)
    assert "ketamine_first" in printed


def test_wrong_input_is_told_at_once_and_nothing_is_written(popmodel, wrong, places, tmp_path):
    out = tmp_path / "out"
    code, printed, messages = popmodel("run", wrong, "--out", out, "--set", "seed=x")
    assert code == 2
    assert printed == ""
    size, saint = places
    assert f"base.yaml:{size}:3: population.size" in messages
    assert f"wrong.yaml:{saint}:" in messages
    assert "--set: seed" in messages
    assert "3 problems; nothing was run" in messages
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "nowhere.yaml"], "there is no such file"),
        (["run", FIVE, "--patients", "many"], "--patients"),
        (["run", FIVE, "--patients", "0"], "population.size"),
        (["run", FIVE, "--engine", "steam"], "compiled"),
        (["run", FIVE, "--structure", "premis"], "did you mean premise?"),
        (["run", FIVE, "--set", "population.size"], "path=value"),
        (["run", FIVE, "--set", "=3"], "path=value"),
        (["run", FIVE, "--out", "con"], "cannot name a folder"),
        (["run", FIVE, "--threads", "0"], "--threads"),
        (["run", FIVE, FIVE], "same folder"),
        (["run"], "Missing argument"),
        (["rum"], "run"),
        (["run", FIVE, "--patient", "3"], "--patients"),
        (["check", "nowhere.yaml"], "there is no such file"),
        (["explain", "treatments.saint.cost.curse"], "did you mean treatments.saint.cost.course?"),
        (["explain", "treatments.saynt.cost.curse"], "did you mean treatments.saint.cost.course?"),
        (["explain", "saint"], "did you mean treatments.saint?"),
        (["explain", "saint.cost.course"], "did you mean treatments.saint.cost.course?"),
        (["explain", "treatment.saint"], "treatments"),
        (["evidence", "saynt"], "saint"),
        (["run", ROOT / "scenarios"], "is a folder"),
        (["run", ROOT / "src/popmodel/evidence/cards/treatments/ect.yaml"], "is a card"),
        (["run", FIVE, "--set", "population.size=1,000"], "write 1000, or"),
        (["run", FIVE, "--set", "treatments.saint.cost.course=19,703"], "write 19703, or"),
        (["new", "../x"], "--folder"),
        (["new", "../x"], "cannot name"),
        (["charts", "nowhere"], "nowhere"),
        (["report", "nowhere"], "nowhere"),
        (["export", "nowhere"], "nowhere"),
    ],
)
def test_what_is_wrong_is_told_with_exit_code_2(arguments, words, popmodel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, messages = popmodel(*arguments)
    assert code == 2, messages
    assert words in " ".join(messages.split())
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------ compare


def test_compare_sets_all_strategies_side_by_side(popmodel, tmp_path):
    other = FIVE.with_name("do_nothing_new.yaml")
    code, printed, _ = popmodel(
        "compare", FIVE, other, "--patients", 30, "--years", 0.5, "--structure", "evidence",
        "--no-charts", "--out", tmp_path, "--json",
    )  # fmt: skip
    assert code == 0
    said = json.loads(printed)
    assert len(said["strategies"]) == 9
    by_name = {row["strategy"]: row for row in said["strategies"]}
    usual = by_name["five_pathways.usual_care"], by_name["do_nothing_new.usual_care"]
    assert usual[0]["qaly"] == usual[1]["qaly"], "the same patients with the same luck"
    together = tmp_path / "comparison-five_pathways-do_nothing_new"
    assert (together / "incremental.csv").is_file()
    assert (tmp_path / "five_pathways" / "strategies.csv").is_file()
    manifest = json.loads((together / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["comparator"] == "five_pathways.usual_care"
    assert list(manifest["compared"]) == ["five_pathways", "do_nothing_new"]


def test_what_cannot_stand_side_by_side_is_refused():
    facts = dict.fromkeys(MUST_AGREE, 1)
    results = {
        "here": SimpleNamespace(manifest=facts | {"currency": "USD"}),
        "there": SimpleNamespace(manifest=facts | {"currency": "GBP"}),
    }
    with pytest.raises(InputError, match="currency must be the same"):
        side_by_side(results, Path("nowhere"))
    assert not Path("nowhere").exists()


# ------------------------------------------------------------------ export


def test_export_holds_every_table_and_every_number_behind_it(answer, popmodel, tmp_path):
    folder, _, _ = answer
    code, printed, _ = popmodel("export", folder, "--out", tmp_path / "answer.xlsx")
    assert code == 0
    assert printed.strip() == str(tmp_path / "answer.xlsx")
    sheets = pd.read_excel(tmp_path / "answer.xlsx", sheet_name=None)
    assert {"about", "strategies", "versus_comparator", "incremental", "parameters"} <= set(sheets)
    saved = pd.read_csv(folder / "strategies.csv")
    pd.testing.assert_frame_equal(sheets["strategies"], saved, check_dtype=False)
    numbers = sheets["parameters"].set_index("path")["value"]
    assert numbers["treatments.saint.cost.course"] > 0
    assert len(numbers) > 500


def test_export_writes_no_formula(answer, popmodel, tmp_path):
    folder, _, _ = answer
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    manifest["title"] = "=HYPERLINK(1)"
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert popmodel("export", copy)[0] == 0
    about = load_workbook(copy / "copy.xlsx")["about"]
    title = next(row[1] for row in about.iter_rows() if row[0].value == "title")
    assert title.value == "'=HYPERLINK(1)"
    assert title.data_type == "s"


# ------------------------------------------------------------------ patient


def test_the_life_of_a_patient_is_told_moment_by_moment_and_drawn(popmodel, monkeypatch, tmp_path):
    from popmodel.engine.story import Life

    def story(scenario, number):
        told = ((0.0, f"patient {number} asks", 31.2), (1500.0, "dies", float("nan")))
        life = Life(told, (0.0, 7.0), (31.2, 30.0), ((0.0, 7.0, "SSRI"),))
        return {"evidence": dict.fromkeys(scenario.strategies, life)}

    monkeypatch.setattr("popmodel.pipeline.patient_story", story)
    code, printed, _ = popmodel("patient", 42, "--scenario", FIVE, "--out", tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {
        f"patient_42_evidence.{kind}" for kind in ("png", "svg", "csv")
    }
    assert code == 0
    assert "SAINT first (evidence)" in printed
    assert "day 0  MADRS 31  patient 42 asks" in printed
    assert "year 4.11            dies" in printed


def test_a_patient_who_is_not_there_is_told(popmodel):
    code, _, messages = popmodel("patient", 9, "--scenario", FIVE, "--patients", 9)
    assert code == 2
    assert "0 to 8" in messages


# ------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (RunError("it broke"), 1, "it broke"),
        (PartlyDone("3 of 5"), 3, "3 of 5"),
        (NotMet("outside"), 4, "outside"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 1, "memory"),
        (OSError(28, "No space left on device", "outputs/x"), 1, "No space left on device"),
        (ZeroDivisionError("by nothing"), 1, "this is a bug of popmodel: ZeroDivisionError"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_ends_as_a_message_and_an_exit_code(error, code, words, popmodel, monkeypatch):
    def break_down(*_arguments, **_options):
        raise error

    monkeypatch.setattr("popmodel.scenario.editor.json_schema_text", break_down)
    found, printed, messages = popmodel("schema")
    assert found == code
    assert words in messages
    assert printed == ""


def test_a_bug_names_the_place_and_the_full_story_is_one_variable_away(capsys, monkeypatch):
    def break_down():
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("popmodel.scenario.editor.json_schema_text", break_down)
    monkeypatch.setenv("POPMODEL_DEBUG", "1")
    assert main(["schema"]) == 1
    messages = capsys.readouterr().err
    assert "Traceback" in messages
    assert "(break_down)" in messages


def test_a_reader_that_leaves_early_is_no_error():
    command = f"{sys.executable} -m popmodel.cli evidence --assumptions | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert done.stderr == ""


# ------------------------------------------------------------------ check


def test_check_tells_everything_of_several_files(popmodel, wrong):
    code, printed, messages = popmodel("check", FIVE, wrong)
    assert code == 2
    assert printed == ""
    assert "2 problems" in messages


def test_check_says_what_it_checked(popmodel):
    card = ROOT / "src/popmodel/evidence/cards/treatments/saint.yaml"
    code, printed, messages = popmodel("check", FIVE, card, card.parents[1], FIVE.parent)
    assert (code, messages) == (0, "")
    lines = printed.splitlines()
    assert "a scenario, all right (6 strategies" in lines[0]
    assert "a card, all right" in lines[1]
    assert "cards, all right" in lines[2]
    assert len(lines) == 3 + len(list(FIVE.parent.glob("*.yaml")))


def test_check_tells_the_line_of_a_wrong_card(popmodel, tmp_path):
    card = ROOT / "src/popmodel/evidence/cards/contacts/pill.yaml"
    text = card.read_text(encoding="utf-8").replace("unit:", "units:", 1)
    (tmp_path / "contacts").mkdir()
    copy = tmp_path / "contacts" / "pill.yaml"
    copy.write_text(text, "utf-8")
    line = next(n for n, told in enumerate(text.splitlines(), 1) if "units:" in told)
    for what in (copy, tmp_path):
        code, _, messages = popmodel("check", what)
        assert code == 2
        assert f"pill.yaml:{line}:" in messages
        assert "unit" in messages


def test_check_prints_json(popmodel, wrong, places):
    code, printed, _ = popmodel("check", wrong, "--json")
    assert code == 2
    problems = json.loads(printed)["problems"]
    assert {problem["line"] for problem in problems} == set(places)


def test_suspicions_are_warnings_and_no_failure(popmodel, tmp_path):
    assert popmodel("new", "mine", "--folder", tmp_path)[0] == 0
    path = tmp_path / "mine.yaml"
    text = path.read_text(encoding="utf-8").replace("size: 20000", "size: 20_000")
    path.write_text(text, "utf-8")
    code, printed, messages = popmodel("check", path)
    assert code == 0
    assert messages.startswith("warning: ")
    assert "20_000" in messages
    assert "all right" in printed


# ------------------------------------------------------------------ evidence, explain


def test_evidence_counts_what_the_numbers_rest_on(popmodel):
    code, printed, _ = popmodel("evidence")
    assert code == 0
    assert "treatments" in printed
    assert "assumption" in printed


def test_evidence_lists_only_what_is_asked_for(popmodel):
    listed = {}
    for option in ("--assumptions", "--unverified"):
        code, printed, _ = popmodel("evidence", option, "--json")
        assert code == 0
        listed[option] = json.loads(printed)
    assert {one["rests_on"] for one in listed["--assumptions"]} == {"assumption"}
    assert all(one["seen"] is False for one in listed["--unverified"])
    code, printed, _ = popmodel("evidence", "saint", "--json")
    assert all(one["path"].startswith("treatments.saint.") for one in json.loads(printed))


@pytest.mark.parametrize(
    ("card", "use"), [("saint", "on"), ("psilocybin", "scenario"), ("ibogaine", "exploratory")]
)
def test_evidence_says_how_far_a_treatment_may_be_taken(popmodel, card, use):
    code, printed, _ = popmodel("evidence", card)
    assert code == 0
    assert f"use: {use}" in printed
    _, printed, _ = popmodel("evidence", card, "--json")
    assert {one["use"] for one in json.loads(printed)} == {use}


def test_evidence_divides_all_numbers_and_says_where_each_stands(popmodel):
    asked = {option: popmodel("evidence", *option, "--json") for option in EVIDENCE_OPTIONS}
    assert {code for code, _, _ in asked.values()} == {0}
    listed = {option: json.loads(printed) for option, (_, printed, _) in asked.items()}
    everything = listed[()]
    for option, word in ((("--assumptions",), "assumption"), (("--unverified",), "recalled")):
        assert listed[option] == [one for one in everything if one["rests_on"] == word]
    both = listed["--assumptions", "--unverified"]
    assert len(both) == len(listed["--assumptions",]) + len(listed["--unverified",])
    words = [one["rests_on"] for one in everything]
    assert sum(map(words.count, ("seen in source", "recalled", "assumption", "calibrated"))) == len(
        words
    )
    for one in everything:
        file, _, line = one["place"].rpartition(":")
        written = (ROOT / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
        assert written.split("#")[0].strip()
        assert f"/{one['path'].split('.')[0]}/" in file


EVIDENCE_OPTIONS = ((), ("--assumptions",), ("--unverified",), ("--assumptions", "--unverified"))


def test_explain_and_evidence_show_the_fit_beside_the_prior(popmodel):
    path = "treatments.saint.potency"
    code, printed, _ = popmodel("explain", path)
    assert code == 0
    card = load_evidence().calibrated["evidence_default"]
    found = card.values[path]
    for word in ("prior", f"{found.value:g} ± {found.se:.4g}", f"fit {card.fit}", card.command):
        assert word in printed
    code, printed, _ = popmodel("explain", path, "--json")
    assert {one["structure"] for one in json.loads(printed)["fits"]} == set(
        load_evidence().calibrated
    )
    code, printed, _ = popmodel("evidence", "saint")
    assert f"{found.value:g} ± {found.se:.2g}" in printed


def test_set_without_a_scenario_is_not_ignored(popmodel):
    code, _, messages = popmodel("explain", "treatments.saint.potency", "--set", "seed=3")
    assert code == 2
    assert "--scenario" in messages


def test_paths_are_printed_so_that_they_can_be_typed_again(popmodel):
    _, printed, _ = popmodel("explain", "treatments.saint")
    paths = [line.split()[0] for line in printed.splitlines()[1:]]
    assert "treatments.saint.tested_after" in paths
    assert all(popmodel("explain", path)[0] == 0 for path in paths)


def test_explain_tells_where_a_number_comes_from(popmodel):
    code, printed, _ = popmodel("explain", "treatments.saint.cost.course")
    assert code == 0
    for word in ("USD", "saint.yaml:", "distribution"):
        assert word in printed


def test_explain_tells_what_a_scenario_replaced(popmodel):
    path = "treatments.saint.cost.course"
    code, printed, _ = popmodel("explain", path, "--scenario", FIVE, "--set", f"{path}=15000")
    assert code == 0
    assert "15000 USD" in printed
    assert "on the card" in printed


def test_explain_goes_on_from_a_card_to_its_numbers(popmodel):
    code, printed, _ = popmodel("explain", "treatments.saint", "--json")
    assert code == 0
    said = json.loads(printed)
    assert "treatments.saint.potency" in said
    code, printed, _ = popmodel("explain", "treatments.saint.tested_after")
    assert code == 0
    assert "value" in printed


# ------------------------------------------------------------------ schema, new


def test_schema_prints_json_and_writes_files(popmodel, tmp_path):
    code, printed, _ = popmodel("schema")
    assert code == 0
    assert json.loads(printed)["title"] == "A popmodel scenario"
    assert popmodel("schema", "--out", tmp_path / "s.json")[0] == 0
    assert (tmp_path / "s.json").read_text(encoding="utf-8") == printed


def test_new_writes_a_scenario_that_checks(popmodel, tmp_path):
    code, printed, _ = popmodel("new", "mine", "--folder", tmp_path)
    assert code == 0
    assert "mine.yaml" in printed
    assert popmodel("check", tmp_path / "mine.yaml")[0] == 0
    code, _, messages = popmodel("new", "mine", "--folder", tmp_path)
    assert code == 2
    assert "exists already" in messages


# ------------------------------------------------------------------ all


def test_every_command_explains_itself(popmodel):
    code, printed, _ = popmodel("--help")
    assert code == 0
    for command in cli.app.registered_commands:
        assert command.name in printed
        code, told, _ = popmodel(command.name, "--help")
        assert code == 0
        assert len(told) > 200


def test_help_answers_in_under_half_a_second():
    fastest = min(_seconds_of_help() for _ in range(3))
    assert fastest < 0.5


def _seconds_of_help() -> float:
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "popmodel.cli", "--help"],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return time.perf_counter() - start


def test_help_waits_with_heavy_imports():
    code = "import sys, popmodel.cli; print([m for m in sys.modules if '.' not in m])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    heavy = {"numpy", "pandas", "numba", "pydantic", "matplotlib", "scipy", "mesa", "ruamel"}
    assert heavy.isdisjoint(json.loads(done.stdout.replace("'", '"')))


def test_messages_are_plain_where_there_is_no_terminal(answer):
    _, printed, messages = answer
    assert "\x1b" not in printed + messages


def test_popmodel_is_installed_as_a_command():
    command = Path(sys.executable).parent / ("popmodel.exe" if os.name == "nt" else "popmodel")
    if not command.exists():
        pytest.skip("run from a source tree that is not installed")
    done = subprocess.run([command, "check", FIVE], capture_output=True, text=True, check=False)
    assert done.returncode == 0
