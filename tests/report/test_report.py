from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.report import synthetic
from tests.report.synthetic import write_result

from popmodel.errors import InputError
from popmodel.report.charts import CHARTS
from popmodel.report.html import write_report
from popmodel.report.summary import headline
from popmodel.report.tables import load_result

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
    findings = [chart.finding(chart.table(result), result.about) for chart in CHARTS.values()]
    assert alternatives == findings
    assert len(page.all("figure")) == len(page.all("figcaption")) == len(CHARTS)


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(page: Page):
    assert not page.all("script", "iframe", "object", "embed", "link", "form", "base")
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "href"):
                assert value.startswith(("#", "data:image/svg+xml;base64,"))
    (policy,) = [m["content"] for m in page.all("meta") if "http-equiv" in m]
    assert "default-src 'none'" in policy and "script-src" not in policy


def test_tables_say_what_each_cell_belongs_to(page: Page):
    assert page.all("th")
    assert all(th.get("scope") in {"row", "col", "colgroup"} for th in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))


def test_links_within_the_page_arrive(page: Page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in page.all("a")} <= set(ids)
    labelled = {a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a}
    assert labelled <= set(ids)


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
    assert len(page.all("figure")) == len(CHARTS)
    before = (result / "charts" / "flow.png").stat().st_mtime_ns
    write_report(result)
    assert (result / "charts" / "flow.png").stat().st_mtime_ns == before


def test_the_same_result_gives_the_same_page(result: Path):
    first = write_report(result, charts=False).read_bytes()
    assert write_report(result, charts=False).read_bytes() == first


PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "</title></style></figure><script>1</script>",
    "javascript:alert(1)",
    "&lt;script&gt;",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_of_a_result_becomes_part_of_the_page(
    payload: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for table in (synthetic.STRATEGIES, synthetic.TREATMENTS):
        name = next(iter(table))
        monkeypatch.setitem(table, name, (payload, *table[name][1:]))
    changes = dict.fromkeys(("title", "scenario", "currency", "price_year", "extra"), payload)
    changes["made"] = {"versions": {"popmodel": payload, payload: payload}, "commit": payload}
    changes["evidence"] = {payload: 3}
    clean = read(write_report(write_result(tmp_path / "clean", ["evidence"]), charts=False))
    page = read(
        write_report(write_result(tmp_path / "r", ["evidence"], changes=changes), charts=False)
    )
    assert page.wrong == [] and page.open == []
    extra = {"div", "dt", "dd"}  # the added line of the manifest
    assert [tag for tag, _ in page.tags if tag not in extra] == [
        tag for tag, _ in clean.tags if tag not in extra
    ]
    assert any(payload[:20] in words for words in page.words)


def test_a_folder_that_is_no_result_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"manifest\.json"):
        write_report(tmp_path)
