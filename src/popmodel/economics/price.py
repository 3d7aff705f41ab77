"""Value-based price: up to which price of a treatment a strategy is the one to choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from popmodel.economics.acceptability import TIE
from popmodel.economics.checks import FloatArray, checked, each_structure, wtp_values
from popmodel.errors import InputError

FOUND = "found"
NEVER = "never"
NOT_EVEN_FREE = "not_even_free"
ANY = "any"
STATUSES = (FOUND, NEVER, NOT_EVEN_FREE, ANY)


def value_based_price(
    table: pd.DataFrame,
    strategy: str,
    wtp: float | Sequence[float] | FloatArray,
    price: float,
    comparator: str | None = None,
    effect: str = "qaly",
) -> pd.DataFrame:
    """Return the highest price of a course at which a strategy has the highest net benefit.

    Costs are linear in the price, cost + (new price − price) × courses, and so is net benefit:
    against another strategy with fewer courses it falls with the price, and is equal at
    price + (NMB − NMB of the other) ÷ (courses − courses of the other). Whether behaviour follows
    the price (places, uptake) is not in the table: check the price found by running it.

    Args:
        table: columns `strategy, cost, <effect>, courses`, means per person; `courses` of the
            treatment, discounted as costs are. `structure`: each apart.
        strategy: whose price is wanted.
        wtp: willingness to pay, money per unit of effect.
        price: of a course, at which `cost` was computed.
        comparator: compare with this one only; None: with all.
        effect: name of the effect column.

    Returns:
        Columns `wtp, price_from, price, status`. The strategy is best at prices from `price_from`
        (0, or higher if another uses more of the treatment) up to `price`. `status`: `found`;
        `any`: no price is too high; `not_even_free`: the treatment would have to be paid for being
        taken, and `price` is negative; `never`: at no price, and both are empty.

    Raises:
        InputError: a strategy or number is missing, infinite or repeated, or courses are negative.
    """
    prices = wtp_values(wtp)
    if not np.isfinite(price):
        raise InputError(f"price: {price} is not a finite number")

    def one(part: pd.DataFrame) -> pd.DataFrame:
        plain = checked(part, ["strategy"], ["cost", effect, "courses"]).set_index("strategy")
        if (plain["courses"] < 0.0).any():
            raise InputError("courses: a number of courses is negative")
        for name in [strategy] if comparator is None else [strategy, comparator]:
            if name not in plain.index:
                raise InputError(f"strategy: {name} is not in the table")
        others = plain.drop(index=strategy) if comparator is None else plain.loc[[comparator]]
        if strategy in others.index:
            raise InputError(f"comparator: {strategy} cannot be compared with itself")
        mine: Mapping[Any, float] = plain.to_dict("index")[strategy]
        rows = [_interval(*_leads(mine, others, amount, effect), price) for amount in prices]
        out = pd.DataFrame(rows, columns=["price_from", "price", "status"])
        out.insert(0, "wtp", prices)
        return out

    return each_structure(table, one)


def _leads(
    mine: Mapping[Any, float], others: pd.DataFrame, amount: float, effect: str
) -> tuple[FloatArray, FloatArray]:
    """Return net benefit and courses beyond those of each other strategy; ties are exactly 0."""
    benefit = amount * (mine[effect] - others[effect]) - (mine["cost"] - others["cost"])
    size = amount * (abs(mine[effect]) + others[effect].abs()) + abs(mine["cost"])
    courses = mine["courses"] - others["courses"]
    benefit = benefit.mask(benefit.abs() <= TIE * (size + others["cost"].abs()), 0.0)
    courses = courses.mask(courses.abs() <= TIE * mine["courses"], 0.0)
    return benefit.to_numpy(), courses.to_numpy()


def _interval(benefit: FloatArray, courses: FloatArray, price: float) -> tuple[float, float, str]:
    """Return the prices between which no other strategy is better, and what they mean.

    Args:
        benefit: net benefit at today's price less that of each other strategy.
        courses: more than in each other strategy.
        price: of today.
    """
    if (benefit[courses == 0.0] < 0.0).any():
        return np.nan, np.nan, NEVER
    more, fewer = courses > 0.0, courses < 0.0
    high = float((price + benefit[more] / courses[more]).min(initial=np.inf))
    low = float((price + benefit[fewer] / courses[fewer]).max(initial=-np.inf))
    if low > high + TIE * abs(high):
        return np.nan, np.nan, NEVER
    if high < 0.0:
        return np.nan, high, NOT_EVEN_FREE
    return max(low, 0.0), high, ANY if high == np.inf else FOUND
