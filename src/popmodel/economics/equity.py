"""Who gains and who pays: net benefit by subgroup, and what a fairer distribution is worth.

Distributional cost-effectiveness analysis (Asaria, Griffin & Cookson, Distributional
cost-effectiveness analysis: a tutorial, Med Decis Making 2016;36:8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from popmodel.economics.checks import FloatArray, checked, each_structure, one_price
from popmodel.errors import InputError

Weights = Mapping[str, float]


def subgroup_benefit(
    table: pd.DataFrame,
    comparator: str,
    wtp: float,
    effect: str = "qaly",
    opportunity: Weights | None = None,
    beside: Sequence[str] = (),
) -> pd.DataFrame:
    """Return what every subgroup gains under every strategy against the comparator.

    Args:
        table: columns `strategy, group, patients, cost, <effect>`: means of a patient of the group;
            `structure`: each apart.
        comparator: strategy of today.
        wtp: money per unit of effect that is given up elsewhere, above 0.
        effect: name of the effect column.
        opportunity: share of the health given up elsewhere that each group bears, adding up to 1;
            None: every group pays what is spent on it.
        beside: other columns whose differences are wanted, such as the days waited.

    Returns:
        Columns `strategy, group, patients, inc_cost, inc_<effect>, inmb, inhb, gains` (is the net
        benefit above 0?) and `inc_<column>` for those beside.

    Raises:
        InputError: a column, group or number is missing, infinite or repeated; the comparator is
            unknown; groups differ in size between strategies.
    """
    price = _price(wtp)

    def one(part: pd.DataFrame) -> pd.DataFrame:
        plain = _groups(part, comparator, [effect, *beside])
        out = _increments(plain, comparator, ["cost", effect, *beside])
        paid = _paid(out, opportunity)
        out["inmb"] = out[f"inc_{effect}"] * price - paid
        out["inhb"] = out[f"inc_{effect}"] - paid / price
        out["gains"] = out["inmb"] > 0.0
        return out

    return each_structure(table, one)


def equity_weighted(
    table: pd.DataFrame,
    comparator: str,
    wtp: float,
    weights: Weights,
    effect: str = "qaly",
    opportunity: Weights | None = None,
) -> pd.DataFrame:
    """Return the net health benefit of every strategy when gains count more for some groups.

    Args:
        table: as `subgroup_benefit`, and so the other arguments.
        comparator: strategy of today.
        wtp: money per unit of effect, above 0.
        weights: how much a unit of effect counts in each group, at least 0; scaled to a mean of 1
            over the patients.
        effect: name of the effect column.
        opportunity: as `subgroup_benefit`.

    Returns:
        One row a strategy: `strategy, inhb, inhb_weighted` (means per patient), `share_gaining`
        (of patients, by group), `least_group, least_inhb` (who gains least).

    Raises:
        InputError: as `subgroup_benefit`; a group has no weight.
    """

    def one(part: pd.DataFrame) -> pd.DataFrame:
        gains = subgroup_benefit(part, comparator, wtp, effect, opportunity)
        weight = _scaled(gains, weights)
        return pd.DataFrame([_weighted(name, rows, weight) for name, rows in _by_strategy(gains)])

    return each_structure(table, one)


def equity_plane(
    table: pd.DataFrame,
    comparator: str,
    wtp: float,
    health: Weights,
    aversion: float,
    effect: str = "qaly",
    opportunity: Weights | None = None,
) -> pd.DataFrame:
    """Return how much each strategy adds to health, and how much to its fair distribution.

    The equally distributed equivalent (EDE) is the health that, had by everybody, would be as good
    as the unequal one (Atkinson). The equity impact is what a strategy adds to the EDE beyond what
    it adds to the mean.

    Args:
        table: as `subgroup_benefit`, and so the other arguments.
        comparator: strategy of today.
        wtp: money per unit of effect, above 0.
        health: lifetime health of each group today, in units of the effect, above 0.
        aversion: to inequality, Atkinson's ε, 0 for none; about 11 was found in England (Robson et
            al., Health Econ 2017;26:1328).
        effect: name of the effect column.
        opportunity: as `subgroup_benefit`.

    Returns:
        One row a strategy: `strategy, inhb, inc_ede, equity_impact`.

    Raises:
        InputError: as `subgroup_benefit`; a group has no health, or loses all of it.
    """

    def one(part: pd.DataFrame) -> pd.DataFrame:
        gains = subgroup_benefit(part, comparator, wtp, effect, opportunity)
        rows = []
        for name, own in _by_strategy(gains):
            today = _of_groups(own, health, "health")
            size = own["patients"].to_numpy()
            mean = float(np.average(own["inhb"], weights=size))
            new = equally_distributed(today + own["inhb"].to_numpy(), size, aversion)
            ede = new - equally_distributed(today, size, aversion)
            rows.append((name, mean, ede, ede - mean))
        return pd.DataFrame(rows, columns=["strategy", "inhb", "inc_ede", "equity_impact"])

    return each_structure(table, one)


def equally_distributed(health: FloatArray, patients: FloatArray, aversion: float) -> float:
    """Return Atkinson's equally distributed equivalent: (Σ s·h^(1−ε))^(1 ÷ (1−ε)).

    At ε = 1 the geometric mean.

    Args:
        health: of each group, above 0.
        patients: of each group.
        aversion: ε, at least 0.

    Raises:
        InputError: health is not above 0, or aversion negative.
    """
    if not (np.isfinite(aversion) and aversion >= 0.0):
        raise InputError(f"aversion: {aversion} is not a number of at least 0")
    if not (np.isfinite(health).all() and (health > 0.0).all()):
        raise InputError("health: every group needs some above 0")
    least = float(health.min())  # of which all others are multiples: powers stay in range
    logs = np.log(health / least)
    if aversion == 1.0:
        return least * float(np.exp(np.average(logs, weights=patients)))
    mean = np.average(np.exp((1.0 - aversion) * logs), weights=patients)
    return least * float(np.exp(np.log(mean) / (1.0 - aversion)))


def atkinson_weights(health: Weights, aversion: float) -> dict[str, float]:
    """Return how much a small gain counts in each group: health^−ε, 1 for the best off.

    Args:
        health: lifetime health of each group today, above 0.
        aversion: ε, at least 0.

    Raises:
        InputError: health is not above 0, or aversion negative.
    """
    values = np.array(list(health.values()), dtype=np.float64)
    equally_distributed(values, np.ones(len(values)), aversion)  # refuses what has no weight
    weights = (values / values.max()) ** -aversion
    return dict(zip(health, weights.tolist(), strict=True))


def _price(wtp: float) -> float:
    price = one_price(wtp)
    if price == 0.0:
        raise InputError("net health benefit needs a willingness to pay above 0")
    return price


def _groups(part: pd.DataFrame, comparator: str, columns: list[str]) -> pd.DataFrame:
    """Return the checked table, every strategy with the same groups."""
    plain = checked(part, ["strategy", "group"], ["patients", "cost", *columns])
    if comparator not in set(plain["strategy"]):
        raise InputError(f"comparator: {comparator} is no strategy of the table")
    sizes = plain.pivot(index="group", columns="strategy", values="patients")
    if sizes.isna().any(axis=None):
        row, column = np.argwhere(sizes.isna().to_numpy())[0]
        raise InputError(f"groups: {sizes.columns[column]} has no group {sizes.index[row]}")
    if (plain["patients"] <= 0.0).any() or not sizes.eq(sizes[comparator], axis=0).all(axis=None):
        raise InputError("groups: each needs patients, equally many under every strategy")
    return plain


def _increments(plain: pd.DataFrame, comparator: str, columns: list[str]) -> pd.DataFrame:
    today = plain[plain["strategy"] == comparator].set_index("group")
    out = plain[["strategy", "group", "patients"]].copy()
    for column in columns:
        out[f"inc_{column}"] = plain[column] - plain["group"].map(today[column])
    return out


def _paid(out: pd.DataFrame, opportunity: Weights | None) -> pd.Series[float]:
    """Return the cost that a patient of the group bears."""
    if opportunity is None:
        return out["inc_cost"]
    given = pd.Series(dict(opportunity), dtype=np.float64)
    bears = pd.Series(_of_groups(out, opportunity, "opportunity"), index=out.index)
    if (given < 0.0).any() or abs(given.sum() - 1.0) > 1e-9:
        raise InputError(f"opportunity: the shares add up to {given.sum():g}, not to 1")
    whole = (out["inc_cost"] * out["patients"]).groupby(out["strategy"]).sum()
    return bears * out["strategy"].map(whole) / out["patients"]


def _of_groups(rows: pd.DataFrame, values: Weights, what: str) -> FloatArray:
    for group in rows["group"]:
        if group not in values:
            raise InputError(f"{what}: group {group} has none")
    found = np.array([values[group] for group in rows["group"]], dtype=np.float64)
    if not np.isfinite(found).all():
        raise InputError(f"{what}: one is no finite number")
    return found


def _scaled(gains: pd.DataFrame, weights: Weights) -> dict[str, float]:
    own = gains[gains["strategy"] == gains["strategy"].iloc[0]]
    found = _of_groups(own, weights, "weights")
    mean = float(np.average(found, weights=own["patients"]))
    if (found < 0.0).any() or mean == 0.0:
        raise InputError("weights: none may be negative, and not all of them 0")
    return dict(zip(own["group"], (found / mean).tolist(), strict=True))


def _by_strategy(gains: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(str(name), rows) for name, rows in gains.groupby("strategy", sort=False)]


def _weighted(name: str, rows: pd.DataFrame, weight: dict[str, float]) -> dict[str, object]:
    size = rows["patients"].to_numpy()
    least = rows.sort_values(["inhb", "group"]).iloc[0]
    return {
        "strategy": name,
        "inhb": np.average(rows["inhb"], weights=size),
        "inhb_weighted": np.average(rows["inhb"] * rows["group"].map(weight), weights=size),
        "share_gaining": np.average(rows["gains"], weights=size),
        "least_group": least["group"],
        "least_inhb": least["inhb"],
    }
