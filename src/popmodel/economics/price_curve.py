"""Up to which price of a course a strategy is worth it, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from popmodel.economics.checks import FloatArray, each_structure, wtp_values
from popmodel.economics.plane import increments


def courses_of(
    flow: pd.DataFrame, costs: pd.DataFrame, patients: int, prices: Mapping[str, float]
) -> pd.DataFrame:
    """Return how many courses of each treatment a patient has, and what a course costs.

    Discounted courses are counted by the mean discount factor of all the strategy's spending on
    treatment, because when each course began is not kept.

    Args:
        flow: columns `strategy, treatment, outcome, count`.
        costs: columns `strategy, category, cost, cost_undiscounted`.
        patients: simulated.
        prices: money of a whole course by treatment, all sessions included.

    Returns:
        Columns `strategy, treatment, courses, courses_discounted, price` per patient and course.
    """
    started = flow[flow["outcome"] == "started"]
    count = started.groupby(["strategy", "treatment"], sort=False)["count"].sum().reset_index()
    own = costs[costs["category"] == "treatment"].groupby("strategy", sort=False)
    sums = own[["cost", "cost_undiscounted"]].sum()
    factor = (sums["cost"] / sums["cost_undiscounted"]).where(sums["cost_undiscounted"] > 0.0, 1.0)
    courses = count["count"] / max(patients, 1)
    return pd.DataFrame(
        {
            "strategy": count["strategy"],
            "treatment": count["treatment"],
            "courses": courses,
            "courses_discounted": courses * count["strategy"].map(factor).fillna(1.0),
            "price": count["treatment"].map(dict(prices)),
        }
    )


def new_treatments(courses: pd.DataFrame, comparator: str) -> pd.DataFrame:
    """Return the treatment of each strategy that the comparator does not give.

    Of several the one most money is spent on. A price asked for a treatment that both give would
    be divided by a small difference in courses, and tell nothing.

    Returns:
        Columns `strategy, treatment, courses` (discounted), `price`; a strategy is left out where
        it has no such treatment, or that has no price.
    """
    known = set(courses.loc[courses["strategy"] == comparator, "treatment"])
    table = courses[~courses["treatment"].isin(known)]
    table = table.assign(
        courses=table["courses_discounted"], money=table["courses_discounted"] * table["price"]
    )
    table = table[table["money"] > 0.0].sort_values("money", kind="stable")
    kept = table.drop_duplicates("strategy", keep="last").sort_index()
    return kept[["strategy", "treatment", "courses", "price"]].reset_index(drop=True)


def price_curve(
    psa: pd.DataFrame,
    comparator: str,
    wtp: Sequence[float] | FloatArray,
    effect: str = "qaly",
    courses: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return how much more a strategy may cost, and up to which price of a course it is worth it.

    `headroom` is the net benefit against the comparator: money per patient that could be spent on
    top. Divided by the courses it is what a course may cost more, because cost is linear in price.
    Whether behaviour follows the price is not in the table: check a price found by running it.

    Args:
        psa: columns `sample, strategy, cost, <effect>`; `structure`: each apart.
        comparator: compared with this one alone.
        wtp: willingness to pay.
        effect: name of the effect column.
        courses: from `courses_of`, also with `structure`; None: headroom only.

    Returns:
        Columns `strategy, wtp, headroom, headroom_low, headroom_high` (mean, 2.5 % and 97.5 % of
        the draws), `treatment, price_now, price, price_low, price_high` (empty where unknown). A
        price under 0: not even free.

    Raises:
        InputError: as `increments`.
    """
    prices = wtp_values(wtp)
    draws = increments(psa, comparator, effect)

    def one(part: pd.DataFrame) -> pd.DataFrame:
        parts = [_headroom(str(s), own, prices) for s, own in part.groupby("strategy", sort=False)]
        return pd.concat(parts, ignore_index=True)

    table = each_structure(draws, one)
    return _with_prices(table, courses, comparator)


def _headroom(name: str, own: pd.DataFrame, prices: FloatArray) -> pd.DataFrame:
    benefit = np.outer(prices, own["inc_effect"]) - own["inc_cost"].to_numpy()
    low, high = np.quantile(benefit, [0.025, 0.975], axis=1)
    return pd.DataFrame(
        {
            "strategy": name, "wtp": prices, "headroom": benefit.mean(axis=1),
            "headroom_low": low, "headroom_high": high,
        }
    )  # fmt: skip


def _with_prices(
    table: pd.DataFrame, courses: pd.DataFrame | None, comparator: str
) -> pd.DataFrame:
    if courses is None:
        empty = {"price_now": np.nan, "price": np.nan, "price_low": np.nan, "price_high": np.nan}
        return table.assign(treatment="", **empty)
    main = each_structure(courses, lambda part: new_treatments(part, comparator))
    keys = [k for k in ("structure", "strategy") if k in table.columns and k in main.columns]
    out = table.merge(main.rename(columns={"price": "price_now"}), on=keys, how="left")
    for name in ("", "_low", "_high"):
        out[f"price{name}"] = out["price_now"] + out[f"headroom{name}"] / out["courses"]
    return out.drop(columns="courses").assign(treatment=out["treatment"].fillna(""))
