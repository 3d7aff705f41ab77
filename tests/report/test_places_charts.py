"""Charts about limited places, from tables made by formula: what they show, and when."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from tests.report.synthetic import write_result

from popmodel.report.charts import CHARTS, PLACES_CHARTS, place_value_by_year
from popmodel.report.html import write_report
from popmodel.report.redraw import draw_all
from popmodel.report.tables import load_result

STRATEGIES = ("usual_care", "saint_when_severe")
OF = {"strategy": "saint_when_severe", "service": "saint_suite", "site": "all"}
WEEKS = np.arange(260)


def services():
    queue = np.maximum(60.0 * np.sin(WEEKS / 80.0), 0.0)
    places = np.where(WEEKS < 52, 1.0, 3.0)
    return pd.DataFrame(
        {
            **OF, "week": WEEKS, "places": places, "in_use": places * 0.8, "waiting": queue,
            "waiting_p10": queue * 0.8, "waiting_p90": queue * 1.3, "joined": 3.0, "started": 2.0,
            "left": 1.0, "wait_days": queue,
        }
    )  # fmt: skip


def service_use():
    days = {f"wait_days_{n}{e}": 50.0 for n in ("mean", "median", "p90") for e in ("", "_se")}
    after = {f"{name}_after_start_up": 30.0 for name in ("joined", *days)}
    used = {"place_years": 13.0, "place_years_in_use": 10.4, "idle_share": 0.2,
            "cost_of_places": 1e6, "cost_of_idleness": 2e5, "start_up_weeks": 52,
            "settled": False, "joined": 700.0}  # fmt: skip
    return pd.DataFrame([{**OF, **used, **days, **after}])


def waits():
    groups = [("all", "all"), ("severity_band", "moderate"), ("severity_band", "severe"),
              ("line", "3"), ("biotype", "anxious")]  # fmt: skip
    rows = [
        {"strategy": OF["strategy"], "service": OF["service"], "dimension": d, "group": g,
         "joined": 100.0, "served": 60.0, "wait_days_mean": 40.0 + 9 * n,
         "wait_days_median": 30.0 + 9 * n, "wait_days_p90": 90.0, "wait_days_mean_se": 2.0,
         "wait_days_median_se": math.nan if n == 3 else 2.0, "wait_days_p90_se": 5.0}
        for n, (d, g) in enumerate(groups)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def place_value(worth=(300, 120, 40, -20, -60)):
    kinds = [("one_fewer", 1, 90)] + [
        ("one_more" if n == 0 else "one_more_from_year", n + 1, one) for n, one in enumerate(worth)
    ]
    rows = [
        {**OF, "structure": "evidence", "change": kind, "from_year": year, "wtp": wtp,
         "place_years": 4.0, "nmb_per_place_year": 1000.0 * one,
         "nmb_per_place_year_se": 9000.0, "nmb_per_place_year_low": 1000.0 * one - 2e4,
         "nmb_per_place_year_high": 1000.0 * one + 2e4, "price_of_place_year": 60_000.0,
         "worth_before_price": 1000.0 * one + 60_000.0, "verdict": "pays"}
        for kind, year, one in kinds
        for wtp in (20_000, 50_000, 100_000)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def waiting_cost():
    measures = ("qaly", "remission_weeks", "suicides", "deaths", "crises", "cost_without_places")
    return pd.DataFrame(
        [
            {**OF, "structure": "evidence", "measure": m, "lost": 5.0, "lost_per_1000": 2.0 + n,
             "lost_per_1000_low": 1.0, "lost_per_1000_high": 9.0}
            for n, m in enumerate(measures)
        ]
    )  # fmt: skip


def demand():
    return pd.DataFrame(
        [
            {**OF, "structure": "evidence", "year": y, "places": y * 1.0, "in_use": 0.8 * y,
             "places_needed": 4.0, "wait_days_median": math.nan if y == 1 else 100.0 / y}
            for y in range(1, 6)
        ]
    )  # fmt: skip


def who_waits():
    parts = []
    for n, rule in enumerate(("longest_wait", "most_severe", "latest_line", "weighted")):
        part = waits().assign(structure="evidence", discipline=rule)
        parts.append(part.assign(wait_days_mean=part["wait_days_mean"] + 10 * n))
    return pd.concat(parts, ignore_index=True)


def places_tried():
    return pd.DataFrame(
        {
            "structure": "evidence", **OF, "places": [1, 2, 3, 4],
            "value": [math.inf, 80.0, 30.0, 20.0], "value_se": [math.nan, 5.0, 3.0, 2.0],
            "value_low": [400.0, 70.0, 24.0, 16.0], "value_high": [math.inf, 90.0, 36.0, 24.0],
            "holds": [False, False, False, True], "share_holding": [0.0, 0.0, 0.4, 1.0],
            "measure": "wait_days_median", "operator": "<", "limit": 28.0, "answer": 4,
            "answer_low": 3, "answer_high": 4, "status": "found",
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = write_result(tmp_path_factory.mktemp("queues") / "r", ["evidence"], STRATEGIES)
    tables = {
        "services": services(), "service_use": service_use(), "waits": waits(),
        "places/place_value": place_value(), "places/waiting_cost": waiting_cost(),
        "places/demand": demand(), "places/who_waits": who_waits(), "places_tried": places_tried(),
    }  # fmt: skip
    (home / "places").mkdir()
    for name, table in tables.items():
        table.to_csv(home / f"{name}.csv", index=False)
    return home


@pytest.fixture(scope="module")
def drawn(folder):
    return draw_all(folder, list(PLACES_CHARTS))


def test_every_chart_is_drawn_with_its_table_and_told_in_words(folder, drawn):
    assert {f.name for f in drawn} == {
        f"{name}.{form}" for name in PLACES_CHARTS for form in ("svg", "png", "csv")
    }
    captions = json.loads((folder / "charts/captions.json").read_text())
    for name in PLACES_CHARTS:
        assert all(captions[name][key] for key in ("question", "finding", "reading", "caption"))
        assert "nan" not in captions[name]["finding"] + captions[name]["reading"]


def test_the_report_shows_what_was_asked_about_places(folder, drawn):
    page = write_report(folder, charts=False).read_text(encoding="utf-8")
    for name, chart in PLACES_CHARTS.items():
        assert chart.question in page, name


def test_no_chart_about_places_is_drawn_where_nobody_waits(tmp_path):
    result = load_result(write_result(tmp_path / "r", ["evidence"], STRATEGIES))
    assert not any(chart.can_show(result) for chart in PLACES_CHARTS.values())
    assert any(chart.can_show(result) for chart in CHARTS.values())


def test_the_finding_names_the_year_in_which_one_more_stops_paying(folder):
    result = load_result(folder)
    table = place_value_by_year.table(result)
    assert "stops paying in year 4" in place_value_by_year.finding(table, result.about)


@pytest.mark.parametrize(
    ("worth", "told"),
    [((-1, -2, -3), "pays in no year, it would at up to"), ((5, 5, 5), "pays in every year"),
     ((-70, -80, -90), "not even for nothing")],
)  # fmt: skip
def test_the_finding_says_when_it_always_or_never_pays(tmp_path, worth, told):
    home = write_result(tmp_path / "r", ["evidence"], STRATEGIES)
    (home / "places").mkdir()
    place_value(worth).to_csv(home / "places/place_value.csv", index=False)
    result = load_result(home)
    table = place_value_by_year.table(result)
    assert told in place_value_by_year.finding(table, result.about)


def test_referrals_are_averaged_and_the_start_up_is_shaded_up_to_its_end(folder):
    table = PLACES_CHARTS["waiting_list"].table(load_result(folder))
    assert table["demand"].to_numpy() == pytest.approx(3.0)
    assert table["start_up_years"].iloc[0] == pytest.approx(52 * 7 / 365.25, rel=1e-3)


def test_need_is_patients_in_or_waiting_for_a_place_by_place(folder):
    table = PLACES_CHARTS["need_map"].table(load_result(folder))
    weekly = services()
    first = weekly[weekly["week"] < 13]
    wanted = (first["in_use"].mean() + first["waiting"].mean()) / first["places"].mean()
    assert table["need"].iloc[0] == pytest.approx(wanted, rel=0.1)


def two_services(folder, chart):
    """The table of a chart of a long queue, with a short one of beds drawn before it."""
    result = load_result(folder)
    table = PLACES_CHARTS[chart].table(result)
    short = [
        name for name in table if name.startswith(("waiting", "wait_days", "joined", "demand"))
    ]
    beds = table.assign(service="inpatient_bed", panel="beds")
    beds[short] /= 200.0
    return pd.concat([beds, table], ignore_index=True), result.about


def test_a_short_queue_drawn_first_does_not_cut_off_a_long_one(folder):
    table, about = two_services(folder, "waiting_list")
    axes = [ax for ax in PLACES_CHARTS["waiting_list"].figure(table, about).axes if ax.lines]
    assert len(axes) == 2
    for ax in axes:
        assert ax.get_ylim()[1] >= table["waiting_p90"].max()
    said = PLACES_CHARTS["waiting_list"].finding(table, about)
    assert said.index("(Saint suite)") < said.index("(Inpatient bed)")


def test_waits_of_hours_and_of_months_share_an_axis_on_which_both_are_seen(folder):
    table, about = two_services(folder, "waiting_times")
    table["row"] = range(len(table))
    assert PLACES_CHARTS["waiting_times"].figure(table, about).axes[0].get_xscale() == "symlog"
    alone = table[table["service"] == "saint_suite"].assign(row=lambda own: range(len(own)))
    assert PLACES_CHARTS["waiting_times"].figure(alone, about).axes[0].get_xscale() == "linear"
