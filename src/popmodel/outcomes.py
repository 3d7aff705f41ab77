"""Histories -> tables: patients, strategies, differences, subgroups, weeks, lines, costs.

Means are per patient who entered. Every mean carries its Monte Carlo standard error; differences
are paired by patient, because the same patient has the same luck under every strategy.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from popmodel.parameters import Parameters, earnings_ahead, years_ahead
from popmodel.rules.records import (
    MICRO,
    WAIT,
    WEEK_BEDS,
    WEEK_COST,
    WEEK_FLOW,
    WEEK_RATE,
    History,
)
from popmodel.units import DAYS_PER_WEEK, DAYS_PER_YEAR
from popmodel.vocabulary import (
    COST_CATEGORIES,
    FLOWS,
    HEALTH_CARE_CATEGORIES,
    LINE_EVENTS,
    PAYERS,
    REPORTING_BANDS,
    SEXES,
    STATES,
)
from popmodel.waiting import error_of_replicates, wait_summary

STRATEGY_COLUMNS: Final = (
    "strategy", "patients", "ever_response", "ever_remission", "remission_12m", "remission_end",
    "share_time_in_remission", "remission_days_90d", "remission_weeks",
    "weeks_to_remission_median", "relapses", "courses", "crises", "deaths", "life_years", "qaly",
    "qaly_undiscounted", "daly", "daly_undiscounted", "yld", "yll", "cost_health_care",
    "cost_health_care_undiscounted", "cost_societal", "cost_societal_undiscounted",
    "cost_productivity_death", "cost_productivity_death_undiscounted", "suicides",
    "wait_days_median", "wait_days_p90", "admissions", "bed_days",
)  # fmt: skip
"""Columns of strategies.csv; all but the first two have a twin `…_se`."""
YEAR: Final = 365.0
EARLY: Final = 90.0
"""Days after which `remission_12m` and `remission_days_90d` are read."""
AGE_BANDS: Final = ((18, 29), (30, 44), (45, 64), (65, 120))
_MEANS: Final = (
    "ever_response", "ever_remission", "remission_12m", "remission_end",
    "share_time_in_remission", "remission_days_90d", "remission_weeks", "relapses", "courses",
    "crises", "deaths", "life_years", "qaly", "qaly_undiscounted", "daly", "daly_undiscounted",
    "yld", "yll", "cost_health_care", "cost_health_care_undiscounted", "cost_societal",
    "cost_societal_undiscounted", "cost_productivity_death",
    "cost_productivity_death_undiscounted", "suicides", "admissions", "bed_days",
)  # fmt: skip
Z95: Final = float(stats.norm.ppf(0.975))


def patient_table(
    population: NDArray[Any],
    history: History,
    parameters: Parameters,
    replicate: NDArray[Any] | None = None,
    wanted: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return one row a patient: who they are, what happened, what it cost.

    `replicate` is given where patients share places; then `site` and `replicate` are columns.
    `wanted` names the columns that are asked for, all of them when None.
    """
    a = history.accounts
    horizon = float(parameters.record["horizon"][0])
    followed = horizon - population["entry"]
    died = a["died"]
    cost = np.ascontiguousarray(a["cost"].T)
    plain_cost = np.ascontiguousarray(a["cost_undiscounted"].T)
    years = (np.minimum(died, horizon) - population["entry"]) / DAYS_PER_YEAR
    health = [COST_CATEGORIES.index(name) for name in HEALTH_CARE_CATEGORIES]
    table: dict[str, Any] = {
        "patient": population["id"],
        "entry_day": population["entry"],
        "age": population["age"],
        "sex": _words(population["sex"], SEXES),
        "biotype": _words(population["biotype"], parameters.biotypes),
        "severity": a["entry_severity"],
        "failures_before": population["failures_before"],
        "ever_response": np.isfinite(a["first_response"]),
        "ever_remission": np.isfinite(a["first_remission"]),
        "remission_12m": if_followed(a["remitted_12m"] == 1, followed, YEAR),
        "remission_end": a["remitted_end"] == 1,
        "share_time_in_remission": a["remission_days"] / followed,
        "remission_days_90d": if_followed(a["remission_days_90"], followed, EARLY),
        "remission_weeks": a["remission_days"] / DAYS_PER_WEEK,
        "days_to_relief": a["first_response"],
        "days_to_remission": a["first_remission"],
        "relapses": a["relapses"],
        "recurrences": a["recurrences"],
        "courses": a["courses"],
        "crises": a["crises"],
        "admissions": a["admissions"],
        "bed_days": a["bed_days"],
        "deaths": np.isfinite(died),
        "suicides": a["suicide"] == 1,
        "life_years": years,
        "qaly": a["qaly"],
        "qaly_undiscounted": a["qaly_undiscounted"],
        **burden_of_disease(population, a, parameters),
        "cost_health_care": sum(cost[k] for k in health),
        "cost_health_care_undiscounted": sum(plain_cost[k] for k in health),
        "cost_societal": sum(cost),
        "cost_societal_undiscounted": sum(plain_cost),
        **(
            work_lost_to_death(population, died, parameters)
            if wanted is None or "cost_productivity_death" in wanted
            else {}
        ),
        "wait_days": a["wait_days"],
        "waits": a["waits"],
        "events": a["events"],
    }
    if replicate is not None:
        table |= {"site": population["site"], "replicate": replicate}
    for k, name in enumerate(COST_CATEGORIES):
        table[f"cost_{name}"] = cost[k]
        table[f"cost_{name}_undiscounted"] = plain_cost[k]
    return pd.DataFrame(
        {
            name: _column(values)
            for name, values in table.items()
            if wanted is None or name in wanted
        },
        copy=False,
    )


def if_followed(values: NDArray[Any], followed: NDArray[Any], days: float) -> NDArray[Any]:
    """Return values with nan for patients who entered too late to be followed for some days."""
    short = followed < days
    return np.where(short, math.nan, values) if short.any() else values


def burden_of_disease(
    population: NDArray[Any], accounts: NDArray[Any], parameters: Parameters
) -> dict[str, NDArray[np.float64]]:
    """Return DALYs and their parts: years lived with disability, and years of life lost.

    A death within the horizon loses the life expectancy L at its age by the life table, worth
    (1 - exp(-r L)) / r at that day (Fox-Rushby & Hanson, Health Policy Plan 2001;16:326). Without
    disability weights in the setting all are nan: not known.
    """
    rate = float(parameters.record["discount_health"][0]) * DAYS_PER_YEAR
    died = accounts["died"]
    dead = np.isfinite(died)
    ahead, now = np.zeros(len(died)), np.zeros(len(died))
    sex, age = population["sex"][dead], _age_at_death(population[dead], died[dead])
    ahead[dead] = years_ahead(parameters.record, sex, age)
    worth = -np.expm1(-rate * ahead[dead]) / rate if rate > 0.0 else ahead[dead]
    now[dead] = worth * np.exp(-rate * died[dead] / DAYS_PER_YEAR)
    known = 1.0 if parameters.weighs_disability else math.nan
    return {
        "daly": (accounts["yld"] + now) * known,
        "daly_undiscounted": (accounts["yld_undiscounted"] + ahead) * known,
        "yld": accounts["yld"] * known,
        "yll": now * known,
    }


def work_lost_to_death(
    population: NDArray[Any], died: NDArray[np.float64], parameters: Parameters
) -> dict[str, NDArray[np.float64]]:
    """Return the earnings that deaths within the horizon take away; in no total of costs."""
    record = parameters.record
    rate = float(record["discount_costs"][0]) * DAYS_PER_YEAR
    days = float(record["work_lost_to_death_days"][0])
    dead = np.isfinite(died)
    sex, age = population["sex"][dead], _age_at_death(population[dead], died[dead])
    now, plain = np.zeros(len(died)), np.zeros(len(died))
    now[dead] = earnings_ahead(record, sex, age, rate, days)
    now[dead] *= np.exp(-rate * died[dead] / DAYS_PER_YEAR)
    plain[dead] = earnings_ahead(record, sex, age, 0.0, days)
    return {"cost_productivity_death": now, "cost_productivity_death_undiscounted": plain}


def _age_at_death(population: NDArray[Any], died: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(population["age"] + (died - population["entry"]) / DAYS_PER_YEAR)


def _column(values: Any) -> Any:
    """Return values as a column that lies in one piece."""
    return np.ascontiguousarray(values) if isinstance(values, np.ndarray) else values


def _words(positions: NDArray[Any], words: Sequence[str]) -> pd.Categorical[Any]:
    """Return positions as the words they stand for."""
    kinds: Any = pd.CategoricalDtype(list(words))
    return pd.Categorical.from_codes(positions.astype(np.int64), dtype=kinds)


def replicates_of(patients: pd.DataFrame) -> NDArray[Any] | None:
    """Return the replicate of every patient where patients share places, else None."""
    return patients["replicate"].to_numpy() if "replicate" in patients.columns else None


def by_replicate(values: NDArray[np.float64], replicate: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean of known values in every replicate; nan where there are none."""
    known = ~np.isnan(values)
    total = np.bincount(replicate[known], weights=values[known], minlength=replicate.max() + 1)
    count = np.bincount(replicate[known], minlength=replicate.max() + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(total / count)


def mean_and_error(
    values: NDArray[Any] | pd.Series[Any], replicate: NDArray[Any] | None = None
) -> tuple[float, float]:
    """Return the mean over patients and its Monte Carlo standard error; nan values do not count.

    Patients who share places are no independent draws: with `replicate`, the error comes from the
    means of replicates, and there is none with one replicate.
    """
    x = np.asarray(values, dtype=float)
    if replicate is not None and len(x):
        known = x[~np.isnan(x)]
        mean = float(known.mean()) if len(known) else math.nan
        return mean, error_of_replicates(by_replicate(x, replicate))
    unknown = np.isnan(x)
    if unknown.any():
        x = x[~unknown]
    if len(x) < 2:
        return float(x.mean()) if len(x) else math.nan, math.nan
    return float(x.mean()), float(x.std(ddof=1) / math.sqrt(len(x)))


def strategy_row(
    name: str, patients: pd.DataFrame, horizon_days: float, waits: NDArray[Any] | None = None
) -> dict[str, Any]:
    """Return the row of a strategy: means and their standard errors."""
    row: dict[str, Any] = {"strategy": name, "patients": len(patients)}
    of = replicates_of(patients)
    found = {column: mean_and_error(patients[column].to_numpy(), of) for column in _MEANS}
    found["weeks_to_remission_median"] = median_time(patients, horizon_days)
    found |= wait_quantiles(patients, waits, of)
    for column in STRATEGY_COLUMNS[2:]:
        row[column] = found[column][0]
    for column in STRATEGY_COLUMNS[2:]:
        row[column + "_se"] = found[column][1]
    return row


def cumulative_incidence(
    patients: pd.DataFrame, horizon_days: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return days and cumulative incidence of first remission, death competing (Aalen-Johansen).

    Patients who entered late are followed for less time and censored at the horizon.
    """
    follow = horizon_days - patients["entry_day"].to_numpy(dtype=float)
    dead = np.where(patients["deaths"], patients["life_years"].to_numpy() * DAYS_PER_YEAR, math.inf)
    remission = patients["days_to_remission"].to_numpy(dtype=float)
    time = np.minimum(np.minimum(remission, dead), follow)
    kind = np.where(remission <= time, 1, np.where(dead <= time, 2, 0))
    order = np.argsort(time, kind="stable")
    time, kind = time[order], kind[order]
    at_risk = np.arange(len(time), 0, -1)
    alive = np.cumprod(1.0 - (kind > 0) / at_risk)
    before = np.concatenate([[1.0], alive[:-1]])
    return time, np.cumsum(before * (kind == 1) / at_risk)


def median_time(patients: pd.DataFrame, horizon_days: float) -> tuple[float, float]:
    """Return weeks until half have had a first remission and the standard error; nan if never."""
    if len(patients) == 0:
        return math.nan, math.nan
    of = replicates_of(patients)
    if of is not None:
        whole = median_time(patients.drop(columns="replicate"), horizon_days)[0]
        parts = [
            median_time(part.drop(columns="replicate"), horizon_days)[0]
            for _, part in patients.groupby(of)
        ]
        return whole, error_of_replicates(np.array(parts))
    time, reached = cumulative_incidence(patients, horizon_days)
    spread = math.sqrt(0.25 / len(patients))

    def quantile(level: float) -> float:
        where = int(np.searchsorted(reached, level, side="left"))
        return float(time[where]) / DAYS_PER_WEEK if where < len(time) else math.nan

    return quantile(0.5), 0.5 * (quantile(0.5 + spread) - quantile(0.5 - spread))


def wait_quantiles(
    patients: pd.DataFrame, waits: NDArray[Any] | None, replicate: NDArray[Any] | None
) -> dict[str, tuple[float, float]]:
    """Return median and 90th percentile of days waited for a place, with their errors.

    Over courses served and still waited for, not over beds. Nobody waits where no service is
    limited.
    """
    every = np.zeros(0, dtype=WAIT) if waits is None else waits
    courses = every[(every["booster"] == 0) & (every["treatment"] >= 0)]
    if len(courses) == 0:
        none = (0.0, 0.0) if (patients["courses"] > 0).any() else (math.nan, math.nan)
        return dict.fromkeys(("wait_days_median", "wait_days_p90"), none)
    count = int(replicate.max()) + 1 if replicate is not None and len(replicate) else 1
    found = wait_summary(courses, count)
    return {n: (found[n], found[n + "_se"]) for n in ("wait_days_median", "wait_days_p90")}


def strategy_table(
    patients: Mapping[str, pd.DataFrame],
    horizon_days: float,
    waits: Mapping[str, NDArray[Any]] | None = None,
) -> pd.DataFrame:
    """Return strategies.csv: one row a strategy."""
    return pd.DataFrame(
        [strategy_row(n, t, horizon_days, (waits or {}).get(n)) for n, t in patients.items()]
    )


def versus_comparator(
    patients: Mapping[str, pd.DataFrame],
    comparator: str,
    perspective: str,
    willingness_to_pay: Sequence[float],
) -> pd.DataFrame:
    """Return paired differences from the comparator, with standard errors and 95 % limits.

    `nmb_<wtp>` is the incremental net monetary benefit; `p_better` the share of patients whose own
    net benefit at the middle willingness to pay is higher (ties count half). Ratios have Fieller
    limits, left empty where the denominator may be zero.
    """
    rows = [
        _against(name, table, patients[comparator], f"cost_{perspective}", willingness_to_pay)
        for name, table in patients.items()
    ]
    table = pd.DataFrame(rows)
    return table[table["strategy"] != comparator].reset_index(drop=True)


def _against(
    name: str,
    table: pd.DataFrame,
    base: pd.DataFrame,
    cost: str,
    willingness_to_pay: Sequence[float],
) -> dict[str, Any]:
    """Return the row of one strategy against the comparator."""
    d_cost = _difference(table, base, cost)
    d_qaly = _difference(table, base, "qaly")
    d_weeks = _difference(table, base, "remission_weeks")
    d_daly = _difference(table, base, "daly")
    of = replicates_of(table)
    row: dict[str, Any] = {"strategy": name}
    _put(row, "inc_cost", d_cost, of)
    _put(row, "inc_qaly", d_qaly, of)
    _put(row, "inc_remission_12m", _difference(table, base, "remission_12m"), of)
    _put(row, "inc_remission_weeks", d_weeks, of)
    _put(row, "inc_remission_days_90d", _difference(table, base, "remission_days_90d"), of)
    _put(row, "inc_daly", d_daly, of)
    _put_ratio(row, "cost_per_remission_week", d_cost, d_weeks, of)
    _put_ratio(row, "cost_per_daly_averted", d_cost, -d_daly, of)
    _put_ratio(row, "icer", d_cost, d_qaly, of)
    for wtp in willingness_to_pay:
        _put(row, f"nmb_{wtp:g}", wtp * d_qaly - d_cost, of)
    middle = sorted(willingness_to_pay)[len(willingness_to_pay) // 2]
    net = middle * d_qaly - d_cost
    _put(row, "p_better", np.where(net > 0.0, 1.0, np.where(net == 0.0, 0.5, 0.0)), of)
    return row


def _difference(table: pd.DataFrame, base: pd.DataFrame, column: str) -> NDArray[np.float64]:
    return np.asarray(
        table[column].to_numpy(dtype=float) - base[column].to_numpy(dtype=float), dtype=float
    )


def _put(
    row: dict[str, Any], name: str, values: NDArray[np.float64], of: NDArray[Any] | None
) -> None:
    mean, error = mean_and_error(values, of)
    row[name], row[name + "_se"] = mean, error
    row[name + "_low"], row[name + "_high"] = mean - Z95 * error, mean + Z95 * error


def _put_ratio(
    row: dict[str, Any],
    name: str,
    top: NDArray[np.float64],
    bottom: NDArray[np.float64],
    of: NDArray[Any] | None,
) -> None:
    a, se_a = mean_and_error(top, of)
    b, se_b = mean_and_error(bottom, of)
    if of is not None:
        top, bottom = by_replicate(top, of), by_replicate(bottom, of)
    n = len(top)
    both = float(np.cov(top, bottom)[0, 1]) / n if n > 1 else math.nan
    ratio = a / b if b != 0.0 else math.nan
    row[name] = ratio
    spread = se_a**2 - 2.0 * ratio * both + (ratio * se_b) ** 2
    row[name + "_se"] = math.sqrt(max(spread, 0.0)) / abs(b) if b != 0.0 else math.nan
    low, high = fieller_limits(a, b, se_a**2, se_b**2, both)
    row[name + "_low"], row[name + "_high"] = low, high


def fieller_limits(
    a: float, b: float, var_a: float, var_b: float, cov: float
) -> tuple[float, float]:
    """Return Fieller's 95 % limits of a / b; nan where the denominator may be zero."""
    g = b**2 - Z95**2 * var_b
    if not g > 0.0:
        return math.nan, math.nan
    middle = a * b - Z95**2 * cov
    root = middle**2 - g * (a**2 - Z95**2 * var_a)
    half = math.sqrt(max(root, 0.0))
    return (middle - half) / g, (middle + half) / g


OTHER_EFFECTS: Final = ("remission_weeks", "remission_days_90d", "daly")
"""Effects that stand beside QALYs in every economic table."""


def with_other_effects(incremental: pd.DataFrame, strategies: pd.DataFrame) -> pd.DataFrame:
    """Return the frontier with the other effects beside it; it stays that of costs and QALYs.

    Increments refer to the previous strategy on the frontier, as those of the table do.
    `cost_per_remission_week` is empty where no weeks are won. Each structure is taken apart.
    """
    keys = [key for key in ("structure", "strategy") if key in incremental.columns]
    out = incremental.merge(strategies[[*keys, *OTHER_EFFECTS]], on=keys, how="left")
    efficient = out[out["status"].isin(["reference", "frontier"])]
    steps: Any = efficient.groupby("structure") if "structure" in keys else efficient
    out = out.join(steps[list(OTHER_EFFECTS)].diff().add_prefix("inc_"))
    won = out["inc_remission_weeks"].where(out["inc_remission_weeks"] > 0.0)
    out["cost_per_remission_week"] = out["inc_cost"] / won
    return out


SUBGROUP_MEANS: Final = (
    "remission_12m", "remission_weeks", "remission_days_90d", "qaly", "daly", "cost_health_care",
    "cost_societal",
)  # fmt: skip


def subgroup_table(patients: Mapping[str, pd.DataFrame], bands: str = "default") -> pd.DataFrame:
    """Return strategies by biotype, severity band, age band and sex; empty groups are left out."""
    parts = []
    groups: dict[str, pd.Categorical[Any]] = {}
    for name, table in patients.items():
        groups = groups or groups_of(table, bands)
        values = {c: _centred(table[c].to_numpy(dtype=float)) for c in SUBGROUP_MEANS}
        for dimension, group in groups.items():
            part = _group_means(group, values)
            of = replicates_of(table)
            if of is not None:
                _errors_of_replicates(part, table, group, of)
            part.insert(0, "strategy", name)
            part.insert(1, "dimension", dimension)
            parts.append(part)
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class _Centred:
    """A column less its mean, and its squares, of the patients whose value is known."""

    known: NDArray[np.bool_] | None
    middle: float
    value: NDArray[np.float64]
    square: NDArray[np.float64]


def _centred(x: NDArray[np.float64]) -> _Centred:
    unknown = np.isnan(x)
    known = ~unknown if unknown.any() else None
    x = x if known is None else x[known]
    middle = float(x.mean()) if len(x) else math.nan
    value = x - middle
    return _Centred(known, middle, value, value * value)


def _group_means(group: pd.Categorical[Any], values: Mapping[str, _Centred]) -> pd.DataFrame:
    """Return means and standard errors by group."""
    size = len(group.categories)
    code = np.asarray(group.codes, dtype=np.intp)
    code = np.where(code < 0, size, code)
    everybody = np.bincount(code, minlength=size + 1)[:size]
    table: dict[str, Any] = {"group": [str(c) for c in group.categories], "patients": everybody}
    for name, x in values.items():
        here = code if x.known is None else code[x.known]
        n = everybody if x.known is None else np.bincount(here, minlength=size + 1)[:size]
        total = np.bincount(here, weights=x.value, minlength=size + 1)[:size]
        square = np.bincount(here, weights=x.square, minlength=size + 1)[:size]
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = total / n
            spread = np.maximum(square - n * mean**2, 0.0) / (n - 1.0)
            table[name], table[name + "_se"] = x.middle + mean, np.sqrt(spread / n)
    return pd.DataFrame(table)[everybody > 0]


def _errors_of_replicates(
    part: pd.DataFrame, table: pd.DataFrame, group: pd.Categorical[Any], of: NDArray[Any]
) -> None:
    """Put errors from replicates in the place of those from patients."""
    names = np.asarray(group.astype(str))
    for column in SUBGROUP_MEANS:
        x = table[column].to_numpy(dtype=float)
        part[column + "_se"] = [
            error_of_replicates(by_replicate(np.where(names == label, x, math.nan), of))
            for label in part["group"]
        ]


def groups_of(table: pd.DataFrame, bands: str = "default") -> dict[str, pd.Categorical[Any]]:
    """Return the group of every patient by dimension."""
    severity = REPORTING_BANDS[bands]
    edges = [-math.inf, *[high + 0.5 for _, high in severity[:-1]], math.inf]
    labels = [f"{low:g}-{high:g}" for low, high in severity]
    labels[-1] = f"{severity[-1][0]:g}+"
    ages = [-math.inf, *[high + 1 for _, high in AGE_BANDS[:-1]], math.inf]
    names = [f"{low}-{high}" for low, high in AGE_BANDS[:-1]] + [f"{AGE_BANDS[-1][0]}+"]
    return {
        "biotype": pd.Categorical(table["biotype"]),
        "severity_band": pd.Categorical(pd.cut(table["severity"], edges, labels=labels)),
        "age_band": pd.Categorical(pd.cut(table["age"], ages, labels=names, right=False)),
        "sex": pd.Categorical(table["sex"]),
    }


def weekly_table(name: str, history: History, horizon_days: float) -> pd.DataFrame:
    """Return occupancy at the start of every week, and happenings and costs during it."""
    weeks = math.ceil(horizon_days / DAYS_PER_WEEK)
    tally = history.tally["week"][0][: weeks + 1]
    table: dict[str, Any] = {"strategy": name, "week": np.arange(weeks)}
    occupancy = np.cumsum(tally[:, : len(STATES)], axis=0)[:weeks]
    for k, state in enumerate(STATES):
        table[state] = occupancy[:, k]
    for k, flow in enumerate(FLOWS):
        table[flow] = tally[:weeks, WEEK_FLOW + k]
    rates = np.cumsum(tally[:, WEEK_RATE:WEEK_BEDS], axis=0)
    for k, category in enumerate(COST_CATEGORIES):
        spent = tally[:, WEEK_COST + k] + rates[:, k]
        if weeks < len(spent):
            spent[weeks - 1] += spent[weeks]
        table[f"cost_{category}"] = spent[:weeks] / MICRO
    table["bed_days"] = tally[:weeks, WEEK_BEDS] / MICRO
    return pd.DataFrame(table)


def flow_table(name: str, history: History, treatments: Sequence[str]) -> pd.DataFrame:
    """Return courses by line, treatment and outcome, empty ones left out."""
    counts = history.tally["line"][0]
    rows = [
        {
            "strategy": name, "line": line + 1, "treatment": treatments[t],
            "outcome": LINE_EVENTS[k], "count": int(counts[line, t, k]),
        }
        for line, t, k in zip(*np.nonzero(counts), strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["strategy", "line", "treatment", "outcome", "count"])


def cost_table(
    patients: Mapping[str, pd.DataFrame], payers: Mapping[str, Mapping[str, float]] | None = None
) -> pd.DataFrame:
    """Return mean costs by category, payer and perspective; rows add up to the totals.

    Args:
        patients: patient table by strategy.
        payers: share of each payer by category (`Parameters.payers`); one payer each when None.
    """
    paid = payers or {category: {PAYERS[category]: 1.0} for category in COST_CATEGORIES}
    rows = []
    for name, table in patients.items():
        for category in COST_CATEGORIES:
            mean, error = mean_and_error(table[f"cost_{category}"], replicates_of(table))
            plain, _ = mean_and_error(table[f"cost_{category}_undiscounted"])
            inside = "health_care" if category in HEALTH_CARE_CATEGORIES else "societal"
            rows += [
                {
                    "strategy": name, "perspective": inside, "category": category,
                    "payer": payer, "cost": share * mean, "cost_se": share * error,
                    "cost_undiscounted": share * plain,
                }
                for payer, share in paid[category].items()
            ]  # fmt: skip
    return pd.DataFrame(rows)
