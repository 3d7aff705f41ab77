"""Tables for those who decide, against closed forms and plain sums."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.economics.tables import normal_grid, psa_of, shuffled

from popmodel.economics.fairness import fairness
from popmodel.economics.gained_per_million import gained_per_million, of_draws
from popmodel.economics.plane import QUADRANTS, ellipse, increments, plane
from popmodel.economics.policy import Question, policy_tables
from popmodel.economics.policy_map import policy_map
from popmodel.economics.price_curve import courses_of, new_treatments, price_curve
from popmodel.economics.waterfall import cost_steps
from popmodel.economics.yearly_budget import yearly_budget
from popmodel.errors import InputError
from popmodel.units import DAYS_PER_YEAR


def draws(count: int = 400) -> pd.DataFrame:
    """Return two strategies: cost N(1000, 200), QALYs N(0.02, 0.01) more, and unrelated."""
    effect = np.stack([np.zeros(count), shuffled(normal_grid(count, 0.02, 0.01), 1)], axis=1)
    cost = np.stack([np.zeros(count), normal_grid(count, 1000.0, 200.0)], axis=1)
    return psa_of(cost, effect, ("old", "new"))


# ------------------------------------------------------------------ the plane


def test_the_plane_tells_the_moments_of_the_draws():
    row = plane(draws(), "old", 100_000.0).iloc[0]
    assert row["inc_cost"] == pytest.approx(1000.0)
    assert row["inc_effect"] == pytest.approx(0.02)
    assert row["sd_cost"] == pytest.approx(200.0, rel=0.01)
    assert abs(row["correlation"]) < 0.1
    assert row["inc_cost_low"] == pytest.approx(1000 - 1.96 * 200, rel=0.02)
    assert row["north_east"] == pytest.approx(0.977, abs=0.003)  # Φ(2)
    # net benefit N(1000, 1000² + 200²)
    assert row["share_worth"] == pytest.approx(0.836, abs=0.02)


def test_every_draw_is_in_one_quadrant():
    cost = np.array([[0, 1.0], [0, -1.0], [0, 0.0], [0, 0.0], [0, 1.0]])
    effect = np.array([[0, 1.0], [0, 1.0], [0, 0.0], [0, -1.0], [0, -1.0]])
    row = plane(psa_of(cost, effect, ("old", "new")), "old", 1.0).iloc[0]
    assert row[list(QUADRANTS)].sum() == pytest.approx(1.0)
    assert (row["north_east"], row["south_east"], row["north_west"]) == (0.2, 0.2, 0.6)


def test_the_ellipse_holds_95_of_100_draws_of_a_normal():
    rng = np.random.default_rng(3)
    both = rng.multivariate_normal([1000, 0.02], [[4e4, 1.2], [1.2, 1e-4]], 20_000)
    zero = np.zeros(len(both))
    psa = psa_of(np.stack([zero, both[:, 0]], 1), np.stack([zero, both[:, 1]], 1), ("old", "new"))
    row = plane(psa, "old", 1.0).iloc[0]
    cost, effect = ellipse(row)
    u = (both[:, 1] - row["inc_effect"]) / row["sd_effect"]
    v = (both[:, 0] - row["inc_cost"]) / row["sd_cost"]
    rho = row["correlation"]
    distance = (u**2 - 2 * rho * u * v + v**2) / (1 - rho**2)
    assert (distance <= 5.991).mean() == pytest.approx(0.95, abs=0.005)
    edge = ((effect - row["inc_effect"]) / row["sd_effect"],
            (cost - row["inc_cost"]) / row["sd_cost"])  # fmt: skip
    on_it = (edge[0] ** 2 - 2 * rho * edge[0] * edge[1] + edge[1] ** 2) / (1 - rho**2)
    np.testing.assert_allclose(on_it, 5.991, rtol=1e-3)


def test_a_comparator_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="nobody is not in the table"):
        increments(draws(), "nobody")


# ------------------------------------------------------------------ the map


def groups(count: int = 60) -> pd.DataFrame:
    """Return draws in which `new` is worth it only for the severe, and only for biotype a."""
    rows = []
    for sample in range(count):
        for biotype, patients in (("a", 30), ("b", 10)):
            for band, gain in (("0-10", 0.0), ("34+", 0.1 if biotype == "a" else -0.02)):
                rows.append((sample, "old", biotype, band, patients, 100.0, 1.0))
                rows.append((sample, "new", biotype, band, patients, 1100.0, 1.0 + gain))
    columns = ["sample", "strategy", "biotype", "severity_band", "patients", "cost", "qaly"]
    return pd.DataFrame(rows, columns=columns)


def chosen(table: pd.DataFrame, biotype: str, band: str, wtp: float) -> pd.Series:
    here = table["biotype"].eq(biotype) & table["severity_band"].eq(band) & table["wtp"].eq(wtp)
    return table[here].iloc[0]


def test_the_map_offers_a_treatment_to_whom_it_is_worth_it():
    table = policy_map(groups(), [5_000, 50_000])
    assert chosen(table, "a", "34+", 50_000)["strategy"] == "new"
    assert chosen(table, "a", "34+", 5_000)["strategy"] == "old"
    assert chosen(table, "b", "34+", 50_000)["strategy"] == "old"
    assert chosen(table, "a", "0-10", 50_000)["strategy"] == "old"
    assert (table["probability"] == 1.0).all()


def test_all_biotypes_together_are_weighted_by_patients():
    # 30 × 0.1 − 10 × 0.02 = 2.8 QALYs of 40 patients for 40,000: worth it above 14,286 each
    table = policy_map(groups(), [14_200, 14_400])
    assert chosen(table, "all", "34+", 14_200)["strategy"] == "old"
    assert chosen(table, "all", "34+", 14_400)["strategy"] == "new"
    assert chosen(table, "all", "34+", 14_200)["patients"] == 40


def test_a_group_that_is_empty_in_a_draw_is_left_out_of_that_draw():
    table = groups()
    empty = (table["sample"] == 3) & (table["biotype"] == "b")
    table.loc[empty, ["patients", "cost", "qaly"]] = (0, np.nan, np.nan)
    told = policy_map(table, [50_000])
    assert chosen(told, "b", "34+", 50_000)["samples"] == 59
    assert chosen(told, "all", "34+", 50_000)["patients"] == pytest.approx((59 * 40 + 30) / 60)


# ------------------------------------------------------------------ money for health


def patients_of(cost: np.ndarray, weeks: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"cost": cost, "weeks": weeks})


def test_a_million_buys_the_ratio_of_the_means():
    rng = np.random.default_rng(5)
    old = patients_of(rng.normal(900, 30, 4000), rng.normal(50, 3, 4000))
    new = patients_of(
        old["cost"] + rng.normal(500, 50, 4000), old["weeks"] + rng.normal(2, 1, 4000)
    )
    row = gained_per_million({"old": old, "new": new}, "old", "cost", ["weeks"]).iloc[0]
    assert row["per_million"] == pytest.approx(1e6 * 2 / 500, rel=0.03)
    assert row["low"] < row["per_million"] < row["high"]
    assert row["status"] == "gains"


@pytest.mark.parametrize(
    ("cost", "weeks", "status"), [(500, -2, "worse"), (-500, 2, "saves"), (500, 0, "unclear")]
)
def test_what_cannot_be_bought_has_another_word(cost: float, weeks: float, status: str):
    luck = normal_grid(300)
    old = patients_of(np.zeros(300), np.zeros(300))
    new = patients_of(cost + 9 * luck, weeks + shuffled(luck, 2))
    row = gained_per_million({"old": old, "new": new}, "old", "cost", ["weeks"]).iloc[0]
    assert row["status"] == status
    assert np.isnan(row["per_million"]) == (status == "saves")


def test_limits_are_empty_where_it_may_cost_nothing_more():
    luck = normal_grid(100)
    new = patients_of(0.05 + luck, 1 + shuffled(luck, 2))
    table = gained_per_million(
        {"old": patients_of(np.zeros(100), np.zeros(100)), "new": new}, "old", "cost", ["weeks"]
    )
    assert table["low"].isna().all() and table["status"].tolist() == ["unclear"]


def test_limits_cover_the_truth_in_95_of_100_worlds():
    rng, inside = np.random.default_rng(11), 0
    zero = patients_of(np.zeros(200), np.zeros(200))
    for _ in range(400):
        new = patients_of(rng.normal(500, 400, 200), rng.normal(2, 4, 200))
        row = gained_per_million({"old": zero, "new": new}, "old", "cost", ["weeks"]).iloc[0]
        inside += row["low"] <= 4000 <= row["high"]
    assert 363 <= inside <= 394  # binomial(400, .95), one false alarm in a thousand


# ------------------------------------------------------------------ steps and budgets


def costs() -> pd.DataFrame:
    rows = [
        ("old", "health_care", "treatment", "health_system", 100.0, 110.0),
        ("old", "health_care", "drugs", "health_system", 40.0, 30.0),
        ("old", "health_care", "drugs", "patient", 10.0, 10.0),
        ("old", "societal", "productivity", "employer", 500.0, 500.0),
        ("new", "health_care", "treatment", "health_system", 400.0, 440.0),
        ("new", "health_care", "drugs", "health_system", 15.0, 15.0),
        ("new", "health_care", "drugs", "patient", 5.0, 5.0),
        ("new", "societal", "productivity", "employer", 300.0, 300.0),
    ]  # fmt: skip
    columns = ["strategy", "perspective", "category", "payer", "cost", "cost_undiscounted"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize(
    ("perspective", "ends"), [("health_care", (150, 420)), ("societal", (650, 720))]
)
def test_steps_of_cost_lead_from_one_total_to_the_other(perspective: str, ends: tuple[int, int]):
    table = cost_steps(costs(), "old", perspective)
    assert (table["start"].iloc[0], table["end"].iloc[-1]) == ends
    np.testing.assert_allclose(table["start"].iloc[1:], table["end"].iloc[:-1])
    np.testing.assert_allclose(table["cost_after"] - table["cost_before"], table["change"])


def weekly(weeks: int, a_week: float = 70.0) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"strategy": s, "week": range(weeks), "cost_treatment": a_week * k,
                      "cost_drugs": 8.0})
        for s, k in (("old", 1.0), ("new", 4.0))
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def test_a_budget_holds_every_penny_and_deals_a_week_in_two_years_by_its_days():
    table = yearly_budget(weekly(105), costs(), "old", 10, 2 * DAYS_PER_YEAR)
    new = table[(table["strategy"] == "new") & (table["category"] == "treatment")]
    assert new["cost"].sum() == pytest.approx(105 * 280)
    # 52 whole weeks and 1.25 days of the 53rd
    assert new["cost"].iloc[0] == pytest.approx(280 * DAYS_PER_YEAR / 7)
    assert new["inc_cost_per_patient"].iloc[0] == pytest.approx(21 * DAYS_PER_YEAR / 7)
    assert set(table["year"]) == {1, 2}


def test_payers_share_a_category_as_the_costs_say():
    table = yearly_budget(weekly(52), costs(), "old", 10, DAYS_PER_YEAR)
    drugs = table[table["category"] == "drugs"].set_index(["strategy", "payer"])["cost"]
    assert drugs["old", "health_system"] == pytest.approx(3 * drugs["old", "patient"])
    assert drugs["new"].sum() == pytest.approx(52 * 8.0)


@given(st.floats(30, 4000), st.integers(1, 50))
@settings(deadline=None, max_examples=40)
def test_a_budget_is_complete_at_any_horizon(days: float, patients: int):
    weeks = int(np.ceil(days / 7))
    table = yearly_budget(weekly(weeks), costs(), "old", patients, days)
    assert table["cost"].sum() == pytest.approx(weeks * (350 + 16))
    assert table["year"].max() == int(np.ceil(days / DAYS_PER_YEAR - 1e-9))


# ------------------------------------------------------------------ prices


def courses() -> pd.DataFrame:
    flow = pd.DataFrame(
        [
            ("old", "pill", "started", 100), ("new", "pill", "started", 40),
            ("new", "device", "started", 110), ("new", "device", "remission", 50),
        ],
        columns=["strategy", "treatment", "outcome", "count"],
    )  # fmt: skip
    return courses_of(flow, costs(), 50, {"pill": 10.0, "device": 150.0})


def test_courses_are_counted_per_patient_and_discounted_as_their_money():
    device = courses().set_index(["strategy", "treatment"]).loc[("new", "device")]
    assert device["courses"] == pytest.approx(110 / 50)
    assert device["courses_discounted"] == pytest.approx(110 / 50 * 400 / 440)


def test_the_price_of_a_strategy_is_that_of_what_the_comparator_does_not_give():
    (row,) = new_treatments(courses(), "old").to_dict("records")
    assert row["treatment"] == "device" and row["courses"] == pytest.approx(2.0)


def test_at_the_highest_price_nothing_is_left_of_the_net_benefit():
    table = price_curve(draws(), "old", [50_000, 100_000], courses=courses())
    row = table.set_index("wtp").loc[100_000]
    assert row["headroom"] == pytest.approx(100_000 * 0.02 - 1000)
    assert row["price"] == pytest.approx(150 + 1000 / 2.0)
    more = increments(draws(), "old")
    benefit = 100_000 * more["inc_effect"] - more["inc_cost"]
    assert (benefit < row["headroom_low"]).mean() == pytest.approx(0.025, abs=0.003)
    at = draws().assign(
        cost=lambda t: t["cost"] + (t["strategy"] == "new") * 2.0 * (row["price"] - 150)
    )
    assert price_curve(at, "old", [100_000])["headroom"].iloc[0] == pytest.approx(0.0, abs=1e-6)


def test_without_courses_there_is_room_but_no_price():
    table = price_curve(draws(), "old", [50_000])
    assert table["price"].isna().all() and table["headroom"].iloc[0] == pytest.approx(0.0, abs=1e-6)


# ------------------------------------------------------------------ fairness


def test_a_gain_of_the_worst_off_makes_health_fairer_and_one_of_the_best_off_less_fair():
    rows = [
        (s, "sex", group, 50, 2.0 + unwell + gain, 100.0)
        for s, gains in (
            ("old", (0, 0)),
            ("poor", (0.2, 0)),
            ("rich", (0, 0.2)),
            ("both", (0.1, 0.15)),
        )
        for group, unwell, gain in (("a", 0.0, gains[0]), ("b", 1.0, gains[1]))
    ]
    columns = ["strategy", "dimension", "group", "patients", "qaly", "cost_health_care"]
    table = fairness(pd.DataFrame(rows, columns=columns), "old", 50_000).set_index("strategy")
    assert table.loc["poor", "equity_impact"] > 0 > table.loc["rich", "equity_impact"]
    # the same relative gain of 5 %: the equally distributed equivalent grows by 5 % too
    before = np.sqrt(2.0 * 3.0)
    assert table.loc["both", "inc_ede"] == pytest.approx(0.05 * before)
    assert (table["worst_off"] == "a").all() and table.loc[
        "poor", "worst_off_inhb"
    ] == pytest.approx(0.2)


def test_fairness_is_left_empty_where_a_group_has_no_health():
    rows = [
        (s, "sex", group, 5, qaly, 10.0)
        for s in ("old", "new")
        for group, qaly in (("a", 0.0), ("b", 1.0))
    ]
    columns = ["strategy", "dimension", "group", "patients", "qaly", "cost_health_care"]
    table = fairness(pd.DataFrame(rows, columns=columns), "old", 50_000)
    assert table["equity_impact"].isna().all() and (table["inhb"] == 0.0).all()


# ------------------------------------------------------------------ together


def test_all_tables_of_a_probabilistic_analysis_come_from_one_call():
    psa = draws().assign(remission_weeks=lambda t: 50 * t["qaly"])
    blocks = pd.concat([psa.assign(block=k) for k in range(2)], ignore_index=True)
    question = Question("old", 50_000.0, np.linspace(0, 100_000, 5), 100, courses())
    tables = policy_tables(psa, blocks, groups(), question)
    assert set(tables) == {"plane", "value_based_price", "remission_per_million",
                           "evpi_without_noise", "policy_map"}  # fmt: skip
    assert tables["remission_per_million"]["per_million"].iloc[0] == pytest.approx(1000.0)
    assert not any(table.empty for table in tables.values())


def test_structures_are_answered_apart():
    psa = pd.concat([draws().assign(structure=s) for s in ("premise", "evidence")])
    psa.loc[psa["structure"] == "premise", "cost"] *= 2
    tables = policy_tables(psa, None, None, Question("old", 50_000.0, np.array([50_000.0])))
    cost = tables["plane"].set_index("structure")["inc_cost"]
    assert cost["premise"] == pytest.approx(2 * cost["evidence"])
    assert all(table.columns[0] == "structure" for table in tables.values())


def test_draws_pair_by_sample_whatever_the_order_of_rows():
    mixed = draws().sample(frac=1.0, random_state=1)
    for name, own in of_draws(mixed).items():
        assert own["sample"].is_monotonic_increasing, name
