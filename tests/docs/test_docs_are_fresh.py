"""The pages say what is: generated parts are fresh, paths, commands, numbers and columns exist."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
import types
from functools import cache
from pathlib import Path

import pytest
import typer.main
from ruamel.yaml import YAML
from tests.report.synthetic import write_result

from popmodel import pipeline
from popmodel.cli import app, main
from popmodel.economics import acceptability, acceptability_frontier, evpi, expected_loss
from popmodel.evidence import load_evidence
from popmodel.evidence.quantity import Quantity
from popmodel.outcomes import STRATEGY_COLUMNS
from popmodel.report.charts import CHARTS
from popmodel.report.tables import load_result
from popmodel.results import TABLES
from popmodel.scenario import check_scenario, load_scenario
from popmodel.vocabulary import COST_CATEGORIES

ROOT = Path(__file__).parents[2]
NAMED = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "outputs/README.md")
PAGES = sorted([*(ROOT / name for name in NAMED), *ROOT.glob("docs/**/*.md")])
IDS = [str(page.relative_to(ROOT)) for page in PAGES]
GLOSSARY = ROOT / "docs/glossary.md"

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
SLOT = re.compile(r"<\w+>|NAME|RESULT_DIR|PATH\b|…")
EXAMPLES = (
    *("my_question", "deep_tms", "my_cards"),
    # scenarios that the page of open questions writes out for readers to save
    *(f"scenarios/{name}.yaml" for name in ("caffeine", "derivatives", "trip", "circuits_early")),
    *(f"scenarios/{name}.yaml" for name in ("kept_up", "first_line")),
)
"""Names that a reader is told to make."""


@cache
def build() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs/build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["docs_build"] = module
    spec.loader.exec_module(module)
    return module


@cache
def words(page: Path) -> tuple[str, ...]:
    """Everything on a page that is set as code: words in lines, and lines of blocks."""
    text = page.read_text(encoding="utf-8")
    lines = [line.strip() for _, block in FENCE.findall(text) for line in block.splitlines()]
    return (*CODE.findall(FENCE.sub("", text)), *lines)


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    found = [m for m in FENCE.finditer(text) if m[1] == language]
    return ["\n".join(_dedented(m[2])) for m in found]


def _dedented(block: str) -> list[str]:
    lines = block.splitlines()
    indent = min((len(one) - len(one.lstrip()) for one in lines if one.strip()), default=0)
    return [line[indent:] for line in lines]


# ------------------------------------------------------------------ what is generated


def test_generated_parts_are_fresh():
    stale = build().stale(build().parts())
    assert [page.name for page in stale] == [], "run make docs"


def test_every_generated_part_stands_on_a_page():
    pages = "".join((ROOT / name).read_text(encoding="utf-8") for name in build().PAGES)
    found = {match["name"] for match in build().PART.finditer(pages)}
    assert found == set(build().parts())
    assert pages.count("<!-- begin ") == len(list(build().PART.finditer(pages)))


# ------------------------------------------------------------------ paths and links


def paths_on(page: Path) -> set[str]:
    tops = {p.name for p in ROOT.iterdir() if not p.name.startswith(".")} - {"outputs"}
    found = {part for word in words(page) for part in re.split(r"[\s,()='\"]+", word)}
    return {
        one
        for one in found
        if (one.split("/")[0] in tops and ("/" in one or "." in one))
        and not SLOT.search(one)
        and not any(name in one for name in EXAMPLES)
        and "*" not in one
    }


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_path_named_on_a_page_exists(page):
    assert [path for path in sorted(paths_on(page)) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_link_leads_somewhere(page):
    links = [one for one in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in one]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_names_files_for_questions():
    assert len([p for p in paths_on(ROOT / "README.md") if p.startswith("src/")]) > 15


def test_every_decision_is_listed_and_argued():
    folder = ROOT / "docs/decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    for page in sorted(folder.glob("0*.md")):
        text = page.read_text(encoding="utf-8")
        assert f"]({page.name})" in listed
        heads = [line[3:] for line in text.splitlines() if line.startswith("## ")]
        assert heads[0] == "Context", page.name
        assert "Choice" in heads, page.name
        assert heads[-1] == "Consequences", page.name
        assert len(text) < 5000, f"{page.name}: one page"


def test_pictures_are_small():
    assert all(p.stat().st_size < 300_000 for p in ROOT.glob("docs/gallery/*"))


# ------------------------------------------------------------------ commands


def commands_on(page: Path, program: str) -> list[list[str]]:
    """Words of every command that a page tells to type, comments left out."""
    found = []
    for word in words(page):
        line = word.removeprefix(".venv/bin/").split("  #")[0].strip()
        if line.startswith(f"{program} "):
            found.append(shlex.split(line))
    return found


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_command_and_option_exists(page):
    known = typer.main.get_command(app).commands
    for _, *rest in commands_on(page, "popmodel"):
        if rest[0] == "--help":
            continue
        assert rest[0] in known, f"popmodel {rest[0]}"
        options = {
            name for one in known[rest[0]].params for name in (*one.opts, *one.secondary_opts)
        }
        asked = {one for one in rest[1:] if one.startswith("--")} - {"--help"}
        assert asked <= options, f"popmodel {rest[0]}: {asked - options}"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_make_target_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    asked = {
        one
        for _, *rest in commands_on(page, "make")
        for one in rest
        if "=" not in one and not one.startswith("-")
    }
    assert asked <= targets


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_number_named_in_a_command_exists(page):
    evidence = load_evidence()
    for _, command, *rest in commands_on(page, "popmodel"):
        if command == "explain" and not SLOT.search(rest[0]):
            evidence.quantity(rest[0])
        settings = [rest[n + 1] for n, one in enumerate(rest) if one == "--set"]
        named = [ROOT / one for one in rest if one.endswith(".yaml") and (ROOT / one).exists()]
        scenario = named[0] if named else ROOT / "scenarios/five_pathways.yaml"
        for setting in settings:
            path, _, value = setting.partition("=")
            assert check_scenario(scenario, {path: value}).problems == ()


def test_scenarios_on_the_pages_are_right(tmp_path):
    base = ROOT / "scenarios/base_us_adults.yaml"
    (tmp_path / base.name).write_bytes(base.read_bytes())
    found = [one for page in PAGES for one in blocks(page, "yaml") if "strategies:" in one]
    assert found
    for number, text in enumerate(found):
        file = tmp_path / f"example_{number}.yaml"
        part = "" if "extends:" in text else f"extends: {base.name}\ntitle: A question\n"
        file.write_text(part + text, encoding="utf-8")
        checked = check_scenario(file)
        assert checked.problems == ()
        # A page may ask about a card that is a guess, and is told so; a part says not everything.
        expected = ("is exploratory", "needs this service") if part else ("is exploratory",)
        assert [w for w in checked.warnings if not any(one in w for one in expected)] == []


def test_numbers_and_cards_on_the_pages_are_right(tmp_path):
    found = [one for page in PAGES for one in blocks(page, "yaml") if "strategies:" not in one]
    assert found
    for text in found:
        said = YAML(typ="safe").load(text)
        if "id" in said:
            card = tmp_path / f"{said['id']}.yaml"
            card.write_text(text, encoding="utf-8")
            assert main(["check", str(card)]) == 0
        else:
            for number in said.values():
                if isinstance(number, dict) and "value" in number:
                    Quantity.model_validate(number)


# ------------------------------------------------------------------ columns


@cache
def explained() -> dict[str, set[str]]:
    """Return the columns that the glossary explains, by the heading of their table."""
    found: dict[str, set[str]] = {}
    heading = ""
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ").strip("`")
        elif line.startswith("| `"):
            found.setdefault(heading, set()).update(CODE.findall(line.split("|")[1]))
    return found


def missing(columns, table: str) -> list[str]:
    """Return the columns that no entry of a table explains, endings and slots understood."""
    known = explained()[table]
    plain = {name for name in known if "<" not in name}
    slots = [re.escape(name).replace("<wtp>", r"\d+") for name in known]
    slots = [one.replace("<category>", f"({'|'.join(COST_CATEGORIES)})") for one in slots]

    def is_known(column: str) -> bool:
        bare = re.sub(r"(_undiscounted)?(_se|_low|_high)?$", "", column)
        return {column, bare} & plain != set() or any(re.fullmatch(s, bare) for s in slots)

    return [column for column in columns if not is_known(column)]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """A whole answer to the main question, from few patients."""
    folder = tmp_path_factory.mktemp("answer") / "five_pathways"
    scenario = load_scenario(ROOT / "scenarios/five_pathways.yaml", patients=40, years=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline.stages, "RECRUITS", 300)
        return pipeline.run(scenario, out=folder)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A result with the tables of a probabilistic analysis."""
    return write_result(tmp_path_factory.mktemp("drawn") / "r", ["evidence"], with_psa=True)


@pytest.mark.parametrize("table", TABLES)
def test_the_glossary_explains_every_column(result, table):
    assert missing(result.tables[table].columns, f"{table}.csv") == []


def test_the_glossary_explains_weeks_and_patients(result):
    assert missing(result.weekly("evidence").columns, "weekly.parquet") == []
    rows = result.patients("saint_first", "evidence")
    assert missing(rows.columns, "patients/<strategy>.parquet") == []


@pytest.mark.parametrize("chart", CHARTS)
def test_the_glossary_explains_the_table_beside_every_chart(result, drawn, chart):
    found = load_result(result.folder)
    has_all = all(found.has(need) for need in CHARTS[chart].needs)
    table = CHARTS[chart].table(found if has_all else load_result(drawn))
    heading = f"charts/{chart}.csv".replace("_remission_weeks", "_qaly")
    assert missing(table.columns, heading) == []


def test_the_glossary_explains_no_column_that_is_not_there(result):
    plain = {one for one in explained()["strategies.csv"] if one != "structure"}
    assert plain == set(STRATEGY_COLUMNS)


def test_the_glossary_knows_the_tables_of_the_decision_layer(result):
    psa = result.strategies.rename(columns={"cost_health_care": "cost", "structure": "sample"})
    text = GLOSSARY.read_text(encoding="utf-8").partition("## Tables of `popmodel economics`")[2]
    for make in (acceptability, acceptability_frontier, evpi, expected_loss):
        assert all(f"`{column}`" in text for column in make(psa, [50_000.0]).columns)


# ------------------------------------------------------------------ Python


def python_blocks() -> list[tuple[str, str]]:
    return [
        (name, text)
        for page, name in zip(PAGES, IDS, strict=True)
        for text in blocks(page, "python")
    ]


@pytest.mark.parametrize(("page", "text"), python_blocks(), ids=[p for p, _ in python_blocks()])
def test_python_on_the_pages_runs(page, text, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(pipeline.stages, "RECRUITS", 300)
    exec(re.sub(r"patients=[\d_]+", "patients=30", text), {})  # noqa: S102
