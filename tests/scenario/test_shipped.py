"""The scenarios, the editor's schema and the starter that are shipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from popmodel.errors import InputError
from popmodel.scenario import check_scenario, compile_strategies, load_scenario
from popmodel.scenario.editor import json_schema, json_schema_text
from popmodel.scenario.kinds import is_scenario, scenarios_in
from popmodel.scenario.place import output_folder
from popmodel.scenario.template import write_starter

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FILES = sorted(SCENARIOS.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_shipped_scenario_is_right_and_raises_no_suspicion(file):
    checked = check_scenario(file)
    assert checked.problems == ()
    assert checked.warnings == ()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_shipped_scenario_compiles_and_says_what_it_is(file):
    scenario = load_scenario(file)
    compiled = compile_strategies(scenario, scenario.evidence())
    assert [one.id for one in compiled] == list(scenario.strategies)
    assert len(scenario.note) > 80
    assert file.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=./")


def test_the_main_comparison_has_five_first_offers_that_go_on_with_usual_care():
    scenario = load_scenario(SCENARIOS / "five_pathways.yaml")
    pathways = {name: one for name, one in scenario.strategies.items() if name != "usual_care"}
    assert len(pathways) == 5
    assert len({one.offer[0].treat for one in pathways.values()}) == 5
    assert {one.then for one in pathways.values()} == {"usual_care"} == {scenario.comparator}
    assert {str(one.stop_if) for one in pathways.values()} != {"None"}
    assert len({str(one.stop_if) for one in pathways.values()}) == 1, "they measure alike"
    assert len(scenario.structures()) == 3


# ------------------------------------------------------------------ schema


def test_the_shipped_schema_is_fresh():
    shipped = (SCENARIOS / "scenario.schema.json").read_text(encoding="utf-8")
    assert shipped == json_schema_text(), "popmodel schema --out scenarios/scenario.schema.json"


def test_every_field_of_the_schema_has_a_description():
    schema = json_schema()
    parts = {"scenario": schema, **schema["$defs"]}
    for name, part in parts.items():
        for field, said in part.get("properties", {}).items():
            assert len(said.get("description", "")) > 10, f"{name}.{field}"


def test_the_schema_allows_what_the_loader_does():
    schema = json_schema()
    assert set(schema["properties"]) > {"extends", "strategies", "comparator"}
    assert "required" not in schema
    assert schema["additionalProperties"] is False
    line = json.dumps(schema["$defs"]["When"]["properties"]["line"])
    assert "integer" in line
    assert "lifetime" in json.dumps(schema["properties"]["horizon"])


# ------------------------------------------------------------------ starter


def test_the_starter_is_right(tmp_path):
    path = write_starter("my_question", tmp_path)
    checked = check_scenario(path)
    assert checked.problems == ()
    assert checked.warnings == ()
    assert checked.scenario.title == "My question"
    text = path.read_text(encoding="utf-8")
    assert text.count("#") > 15, "it explains itself"


def test_the_commented_parts_of_the_starter_are_right_too(tmp_path):
    path = write_starter("my_question", tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines()
    opened = [line.removeprefix("# ") if line.startswith(KEYS) else line for line in lines]
    assert opened != lines
    path.write_text("\n".join(opened), encoding="utf-8")
    assert check_scenario(path).problems == ()


KEYS = (
    "# discount: ",
    "# willingness_to_pay: [",
    "# overrides:",
    "#   treatments",
    "# services:",
    "#   saint_suite",
)


def test_the_starter_never_overwrites(tmp_path):
    path = write_starter("mine.yaml", tmp_path)
    path.write_text("precious", encoding="utf-8")
    with pytest.raises(InputError, match="exists already"):
        write_starter("mine", tmp_path)
    assert path.read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "C:\\x", "CON", "a\0b", "x" * 300, "", ".", ".."]
)
def test_the_starter_refuses_dangerous_names(name, tmp_path):
    with pytest.raises(InputError):
        write_starter(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------ places of results


def test_results_go_to_a_folder_named_as_the_scenario():
    assert output_folder(Path("some/where/five.yaml")) == Path("outputs/five")


@pytest.mark.parametrize("stem", ["con", "NUL.a", "x" * 300, " a", "a<b", "a:b", "a|b", "a\nb"])
def test_a_scenario_with_a_dangerous_name_needs_another_folder(stem, tmp_path):
    with pytest.raises(InputError, match="--out"):
        output_folder(Path(f"{stem}.yaml"))
    assert output_folder(Path(f"{stem}.yaml"), tmp_path / "fine") == tmp_path / "fine"


@pytest.mark.parametrize("name", ["con", "x" * 300, "a<b", "a\0b", "aux.txt"])
def test_a_dangerous_folder_is_refused(name, tmp_path):
    with pytest.raises(InputError):
        output_folder(Path("five.yaml"), tmp_path / name)


def test_results_never_replace_what_is_not_a_result(tmp_path):
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(InputError, match="holds other files"):
        output_folder(Path("five.yaml"), tmp_path)
    with pytest.raises(InputError, match="is a file"):
        output_folder(Path("five.yaml"), tmp_path / "thesis.docx")


def test_results_replace_earlier_results(tmp_path):
    (tmp_path / "manifest.json").touch()
    assert output_folder(Path("five.yaml"), tmp_path) == tmp_path


def test_results_do_not_follow_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(InputError, match="is a link"):
        output_folder(Path("five.yaml"), tmp_path / "link")


# ------------------------------------------------------------------ kinds


def test_scenarios_and_cards_are_told_apart():
    assert set(scenarios_in(SCENARIOS)) == set(FILES)
    cards = Path(__file__).parents[2] / "src/popmodel/evidence/cards"
    assert not any(is_scenario(card) for card in cards.rglob("*.yaml"))
