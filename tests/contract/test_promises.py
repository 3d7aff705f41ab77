"""What the README and the house promise: names, paths, and no card in the code."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
import shutil
import subprocess
import sys

import pytest
from tests.worlds import ROOT, SCENARIOS, live

import popmodel
from popmodel import economics
from popmodel.scenario import load_scenario

CODE = ROOT / "src" / "popmodel"
# Words of the field that happen to be the id of a card too; each is said where it is decided.
WORDS = {
    "augmentation",  # a kind of treatment card
    "waiting_list",  # a chart, and a contact
    "other",  # a family without a colour of its own
    "none",  # not in care: one of the two contacts the rules must know …
    "usual_care",  # … and the contact of gaps, waits and aftercare
}
CONTACTS_KNOWN_TO_CODE = {"none", "usual_care"}


def literals(path):
    """Every string in a file that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    blocks = (ast.Module, ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, blocks) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def test_no_card_is_named_in_the_code(shipped):
    """Adding or removing a treatment, contact, biotype, service or trial is a data change."""
    groups = (
        "treatments", "contacts", "biotypes", "services", "tests", "trials", "population",
        "settings",
    )  # fmt: skip
    ids = {card for group in groups for card in shipped.cards(group)}
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sorted(CODE.rglob("*.py"))
        for line, text in literals(path)
        if not re.search(r"\s", text) and set(text.split(".")) & ids - WORDS
    ]
    assert found == []


def test_the_contacts_known_to_the_code_are_two_and_said_where_parameters_are_made(shipped):
    contacts = set(shipped.contacts)
    found = {
        word
        for path in sorted((CODE / "parameters").rglob("*.py"))
        for _, text in literals(path)
        for word in re.split(r"[.\s]", text)
        if word in contacts
    }
    assert found <= CONTACTS_KNOWN_TO_CODE


def test_every_path_in_the_readme_exists():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.split("## Question → file")[1].split("\n## ")[0]
    paths = re.findall(r"`([^`\s]+)`", table) + re.findall(r"\]\(([^)#:]+)\)", text)
    assert len(paths) > 15
    assert [path for path in paths if not (ROOT / path).exists()] == []


def blocks(language):
    """The code blocks of the README in a language."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_scenarios_named_in_the_readme_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"scenarios/\w+\.yaml", text))
    assert len(named) > 2
    written_by_the_reader = {name for name in named if "/my_" in name}
    assert {name for name in named - written_by_the_reader if not (ROOT / name).exists()} == set()


def test_the_question_of_the_readme_can_be_asked(tmp_path):
    shutil.copytree(SCENARIOS, tmp_path / "scenarios")
    for text in blocks("yaml"):
        path = tmp_path / "scenarios" / "my_question.yaml"
        path.write_text(text, encoding="utf-8")
        lives = live(load_scenario(path, patients=100, years=2))
        assert len(lives.histories) > 1


def test_the_python_of_the_readme_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("popmodel.pipeline.stages.FEWEST_RECRUITS", 200)
    for text in blocks("python"):
        exec(compile(text.replace("2000", "60"), "README.md", "exec"), {})  # noqa: S102


@pytest.mark.slow
def test_every_command_of_the_readme_runs(tmp_path):
    """In order, as a reader would, in a copy of the project and with few patients."""
    for name in ("scenarios", "src"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "scenarios" / "my_question.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    lines = [
        line.split("  #")[0].strip().replace("2000", "60")
        for block in blocks("sh")
        for line in block.splitlines()
        if line.startswith("popmodel ") and " check src/" not in line
    ]
    assert len(lines) > 8
    for line in lines:
        done = subprocess.run(
            [sys.executable, "-m", "popmodel.cli", *shlex.split(line)[1:]], cwd=tmp_path,
            capture_output=True, text=True,
        )  # fmt: skip
        # 4: ran to its end and found that published trials are not met within the targets.
        allowed = {0, 4} if line.startswith("popmodel validate") else {0}
        assert done.returncode in allowed, f"{line}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def test_the_commands_of_the_readme_exist():
    from typer.main import get_command

    from popmodel.cli import app

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^popmodel (\w+)", text, re.MULTILINE))
    assert shown - set(get_command(app).commands) == set()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("name", ["Result", "Scenario", "economics", "load_scenario", "run"])
def test_public_names_can_be_imported_and_say_what_they_are(name):
    assert name in popmodel.__all__
    assert inspect.getdoc(getattr(popmodel, name))


def test_public_names_are_exactly_those_listed():
    assert sorted(popmodel.__all__) == popmodel.__all__ or set(popmodel.__all__) >= {"__version__"}
    for name in popmodel.__all__:
        assert getattr(popmodel, name) is not None
    with pytest.raises(AttributeError, match="no attribute"):
        popmodel.nothing  # noqa: B018


@pytest.mark.parametrize(
    "name", ["incremental_table", "acceptability", "acceptability_frontier", "evpi", "evppi"]
)
def test_the_names_of_economics_are_those_of_the_interface(name):
    assert callable(getattr(economics, name))


def test_the_version_is_that_of_the_citation():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(rf"^version: ['\"]?{re.escape(popmodel.__version__)}", text, re.MULTILINE)
