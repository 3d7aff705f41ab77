"""A result folder as a run leaves it, made from formulas: realistic, deterministic, quick.

Nothing here is evidence; the shapes are those of `docs/model.md` so that charts can be judged
before and without a simulation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from popmodel.economics import acceptability, acceptability_frontier, evpi, incremental_table
from popmodel.economics.fairness import fairness
from popmodel.economics.gained_per_million import gained_per_million
from popmodel.economics.policy import Question, policy_tables
from popmodel.economics.price_curve import courses_of
from popmodel.economics.waterfall import cost_steps
from popmodel.economics.yearly_budget import yearly_budget

STRUCTURES = ("premise", "evidence", "mixture")
PATIENTS = 20_000
DRAWS, MAP_DRAWS = 120, 30
WTP = (20_000, 50_000, 100_000)
YEARS = 5

# id: label, gain at entry (log depth), speed, severity loss under premise, extra cost
STRATEGIES: dict[str, tuple[str, float, float, float, float]] = {
    "usual_care": ("Usual care", 0.00, 0.030, 0.00, 0.0),
    "stepped_behavioural": ("Stepped behavioural care", 0.10, 0.035, 0.22, -310.0),
    "cbt_first": ("CBT first", 0.13, 0.034, 0.12, 640.0),
    "aih_first": ("Home aIH first", 0.05, 0.040, 0.05, 420.0),
    "ketamine_second": ("Ketamine after two failures", 0.19, 0.050, 0.00, 1900.0),
    "saint_when_severe": ("SAINT first when severe", 0.27, 0.060, 0.00, 3850.0),
}

# id: label, family, grade, human efficacy, potency, contact, loss share under premise, evidence
TREATMENTS: dict[str, tuple[str, str, str, bool, float, float, float, float]] = {
    "breathing": ("Slow breathing", "behavioural", "C", True, 0.28, 0.32, 0.50, 0.0),
    "exercise": ("Exercise", "behavioural", "B", True, 0.62, 0.32, 0.50, 0.12),
    "mindfulness": ("Mindfulness (MBCT)", "behavioural", "B", True, 0.55, 0.32, 0.50, 0.0),
    "self_help": ("Guided self-help", "behavioural", "A", True, 0.42, 0.32, 0.25, 0.0),
    "cbt": ("CBT", "behavioural", "A", True, 0.95, 0.61, 0.25, 0.0),
    "escitalopram": ("Escitalopram", "drug", "A", True, 0.55, 0.61, -0.22, -0.22),
    "second_antidepressant": ("Second antidepressant", "drug", "A", True, 0.45, 0.61, -0.22, -0.22),
    "aripiprazole": ("Aripiprazole added", "drug", "A", True, 0.60, 0.61, -0.10, -0.10),
    "ketamine": ("IV ketamine", "rapid_drug", "B", True, 1.35, 0.61, 0.0, 0.0),
    "esketamine": ("Esketamine spray", "rapid_drug", "A", True, 0.85, 0.95, 0.0, 0.0),
    "rtms": ("rTMS", "circuit", "A", True, 1.00, 0.61, 0.0, 0.0),
    "saint": ("SAINT", "circuit", "B", True, 1.70, 0.70, 0.0, 0.0),
    "ect": ("ECT", "circuit", "A", True, 1.75, 0.61, -0.20, -0.20),
    "psilocybin": ("Psilocybin", "psychedelic", "B", True, 1.05, 0.55, 0.0, 0.0),
    "aih": ("Acute intermittent hypoxia (aIH)", "adenosine", "D", False, 0.35, 0.32, 0.0, 0.0),
}
COURSE_PRICES = {
    "cbt": 2100.0, "aih": 1500.0, "ketamine": 4200.0, "saint": 12_000.0, "rtms": 9000.0,
    "ect": 9800.0,
}  # fmt: skip
PREMISE_WEIGHT = {"premise": 1.0, "evidence": 0.0, "mixture": 0.5}
BIOTYPES = ("anhedonic", "anxious", "psychomotor", "other")
BANDS = ("0-10", "11-17", "18-24", "25-33", "34+")
CATEGORIES = (
    "treatment", "visits", "drugs", "adverse_events", "crisis", "background",
    "productivity", "patient_time",
)  # fmt: skip


def write_result(
    directory: Path,
    structures: Sequence[str] = STRUCTURES,
    strategies: Sequence[str] = tuple(STRATEGIES),
    changes: Mapping[str, Any] | None = None,
    with_psa: bool = False,
) -> Path:
    """Write a whole result folder and return it.

    Args:
        directory: made if it does not exist.
        structures: one or several; one leaves out the column `structure` as the contract says.
        strategies: ids from `STRATEGIES`.
        changes: keys of the manifest to replace.
    """
    directory.mkdir(parents=True, exist_ok=True)
    parts: dict[str, list[pd.DataFrame]] = {}
    for structure in structures:
        weekly = _weekly(structure, strategies)
        home = directory / structure if len(structures) > 1 else directory
        home.mkdir(exist_ok=True)
        weekly.to_parquet(home / "weekly.parquet", index=False)
        for name, table in _tables(structure, strategies, weekly).items():
            table.insert(0, "structure", structure)
            parts.setdefault(name, []).append(table)
    for name, tables in parts.items():
        table = pd.concat(tables, ignore_index=True)
        keep = table if len(structures) > 1 else table.drop(columns="structure")
        keep.to_csv(directory / f"{name}.csv", index=False, lineterminator="\n")
    if with_psa:
        write_psa(directory / "psa", structures, list(strategies), parts)
    manifest = _manifest(structures, strategies) | dict(changes or {})
    (directory / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return directory


def write_psa(
    directory: Path,
    structures: Sequence[str],
    strategies: list[str],
    parts: Mapping[str, list[pd.DataFrame]],
) -> None:
    """Write the tables of a probabilistic analysis around the means of the run."""
    means = pd.concat(parts["strategies"], ignore_index=True)
    psa, blocks, groups = _draws(means, strategies)
    one = len(structures) == 1
    psa, blocks, groups, courses = (
        t.drop(columns="structure") if one else t
        for t in (psa, blocks, groups, pd.concat(parts["courses"], ignore_index=True))
    )
    grid = np.linspace(0, 150_000, 16)
    question = Question(strategies[0], WTP[1], grid, 2000, courses)
    several = len(strategies) > 1
    tables = {
        "psa": psa,
        "ceac": acceptability(psa, grid),
        "ceaf": acceptability_frontier(psa, grid),
        "evpi": evpi(psa, grid),
        "evppi": pd.concat([_evppi().assign(structure=s) for s in structures]),
        "psa_weeks": _weeks(structures, strategies).drop(columns="structure" if one else []),
        **(policy_tables(psa, blocks, groups, question) if several else {}),
    }
    directory.mkdir()
    for name, table in tables.items():
        table.to_csv(directory / f"{name}.csv", index=False, lineterminator="\n")
    manifest = {"structures": list(structures), "patients": 2000}
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _weeks(structures: Sequence[str], strategies: list[str]) -> pd.DataFrame:
    """Return shares in remission that rise, a little more under later strategies."""
    rows = [
        {
            "structure": s, "strategy": name, "week": week, "mean": middle, "low": 0.6 * middle,
            "lower": 0.9 * middle, "upper": 1.1 * middle, "high": 1.3 * middle,
        }
        for s in structures
        for k, name in enumerate(strategies)
        for week in range(0, 105, 8)
        for middle in [0.6 * (1 - 0.98**week) * (1 + 0.02 * k)]
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _draws(
    means: pd.DataFrame, strategies: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(7)
    shared = rng.normal(size=(DRAWS, 2))
    own = rng.normal(size=(DRAWS, len(strategies), 3))
    luck = rng.normal(size=(DRAWS, len(strategies), 4, 2))
    rows, blocks, groups = [], [], []
    for row in means.itertuples():
        k = strategies.index(row.strategy)
        spread = 0.2 + abs(STRATEGIES[row.strategy][1])
        cost = row.cost_health_care + 900 * shared[:, 0] + 1500 * spread * own[:, k, 0]
        qaly = row.qaly + 0.04 * shared[:, 1] + 0.07 * spread * own[:, k, 1]
        weeks = row.remission_weeks + 9 * shared[:, 1] + 6 * spread * own[:, k, 1]
        table = pd.DataFrame(
            {"structure": row.structure, "sample": range(DRAWS), "strategy": row.strategy,
             "cost": cost, "qaly": qaly, "remission_weeks": weeks}
        )  # fmt: skip
        rows.append(table)
        apart = luck[:, k] - luck[:, k].mean(axis=1, keepdims=True)
        for block in range(4):
            noise = apart[:, block]
            blocks.append(
                table.assign(block=block, cost=cost + 300 * noise[:, 0],
                             qaly=qaly + 0.012 * noise[:, 1])
            )  # fmt: skip
        for biotype, shift in zip(BIOTYPES, (-0.02, 0.01, 0.0, 0.02), strict=True):
            for level, band in enumerate(BANDS):
                gain = STRATEGIES[row.strategy][1] * (0.08 * (level - 2) + shift)
                groups.append(
                    table.iloc[:MAP_DRAWS].assign(
                        biotype=biotype, severity_band=band, patients=40 * (level + 1),
                        qaly=qaly[:MAP_DRAWS] + gain - 0.1 * level,
                    )
                )  # fmt: skip
    return tuple(pd.concat(t, ignore_index=True) for t in (rows, blocks, groups))


def _evppi() -> pd.DataFrame:
    """Return what learning would be worth: few numbers matter, the others drown in noise."""
    names = [
        "treatments.saint.potency", "disease.natural_course.recovery_rate_per_year",
        "treatments.ketamine.durability.loss_of_response_per_month", "economics.utility_remitted",
        *(f"treatments.{t}.potency" for t in ("cbt", "rtms", "ect", "escitalopram")),
        *(f"biotypes.{b}.potency_shift.circuit" for b in BIOTYPES),
    ]  # fmt: skip
    worth = [420.0, 250.0, 130.0, 60.0, *np.linspace(30.0, 2.0, len(names) - 4)]
    return pd.DataFrame(
        [
            (wtp, name, value * wtp / WTP[1], 25.0 + 0.1 * value, value * 0.8, 22.0)
            for wtp in WTP
            for name, value in zip(names, worth, strict=True)
        ],
        columns=["wtp", "parameter", "evppi", "evppi_se", "evppi_check", "evppi_noise"],
    )


def _manifest(structures: Sequence[str], strategies: Sequence[str]) -> dict[str, Any]:
    return {
        "title": "Five pathways for adults with major depression",
        "scenario": "five_pathways",
        "perspective": "health_care",
        "currency": "USD",
        "price_year": 2025,
        "discount": {"costs": 0.03, "health": 0.03},
        "horizon_years": float(YEARS),
        "lifetime": False,
        "patients": PATIENTS,
        "structures": list(structures),
        "comparator": strategies[0],
        "strategies": {s: STRATEGIES[s][0] for s in strategies},
        "treatments": {
            t: {
                "label": label, "kind": "treatment", "family": family, "grade": grade,
                "human_efficacy": human,
                "basis": "calibrated" if human else "assumption",
            }
            for t, (label, family, grade, human, *_) in TREATMENTS.items()
        },
        "willingness_to_pay": list(WTP),
        "seed": 20261121,
        "biotypes": {b: b.capitalize() for b in BIOTYPES},
        "calibrated": True,
        "evidence": {"seen": 467, "unseen": 121, "assumption": 287, "calibrated": 58},
        "made": {
            "time": "2026-11-21T12:00:00Z", "commit": "0123abc",
            "versions": {"popmodel": "0.1.0", "python": "3.11.7", "numpy": "2.4.6"},
        },
    }  # fmt: skip


def _gain(structure: str, strategy: str) -> float:
    _, gain, _, loss, _ = STRATEGIES[strategy]
    return gain - loss * PREMISE_WEIGHT[structure]


def _weekly(structure: str, strategies: Sequence[str]) -> pd.DataFrame:
    week = np.arange(0, round(YEARS * 52.1786) + 1)
    return pd.concat([_one_weekly(structure, s, week) for s in strategies], ignore_index=True)


def _one_weekly(structure: str, strategy: str, week: np.ndarray) -> pd.DataFrame:
    speed, gain = STRATEGIES[strategy][2], _gain(structure, strategy)
    well = norm.cdf(-0.15 + gain) * (1 - np.exp(-speed * week)) * (0.80 + 0.25 * np.exp(-week / 90))
    recovered = well * np.clip((week - 26) / 120, 0, 0.72)
    dead = 0.012 * week / 52
    crisis = 0.004 * (1 - well)
    course = (0.30 * np.exp(-week / 60) + 0.06) * (1 - well) * np.clip(week / 3, 0, 1)
    waiting = 0.10 * np.exp(-week / 30) * (1 - well)
    responding = 0.16 * well * np.exp(-week / 200) + 0.05 * np.clip(week / 10, 0, 1)
    shares = {
        "waiting": waiting, "on_course": course, "responding": responding,
        "remitted": well - recovered, "recovered": recovered, "in_crisis": crisis, "dead": dead,
    }  # fmt: skip
    counts = {state: np.round(share * PATIENTS).astype(int) for state, share in shares.items()}
    counts["untreated"] = PATIENTS - sum(counts.values())
    table = pd.DataFrame({"strategy": strategy, "week": week, **counts})
    for flow in ("starts", "remissions", "responses", "relapses", "crises", "deaths"):
        table[flow] = 10
    table["recurrences"] = 2
    for category in CATEGORIES:
        table[f"cost_{category}"] = _weekly_cost(structure, strategy, category, week)
    return table


def _weekly_cost(structure: str, strategy: str, category: str, week: np.ndarray) -> np.ndarray:
    """Spend the undiscounted cost of all patients: courses early, the rest evenly."""
    costs = _costs(structure, [strategy]).set_index("category")["cost_undiscounted"]
    weight = np.exp(-week / 60) + 0.05 if category == "treatment" else np.ones(len(week))
    return PATIENTS * costs[category] * weight / weight.sum()


def _tables(
    structure: str, strategies: Sequence[str], weekly: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    costs = _costs(structure, strategies)
    table = _strategies(structure, strategies, weekly, costs)
    frontier = incremental_table(
        table[["strategy", "cost_health_care", "qaly"]].rename(columns={"cost_health_care": "cost"})
    )
    days, flow = YEARS * 365.25, _flow(structure, strategies)
    subgroups = _subgroups(structure, strategies, table)
    return {
        "budget": yearly_budget(weekly, costs, strategies[0], PATIENTS, days),
        "waterfall": cost_steps(costs, strategies[0], "health_care"),
        "courses": courses_of(flow, costs, PATIENTS, COURSE_PRICES),
        "equity": fairness(subgroups, strategies[0], WTP[1]),
        "remission_per_million": _per_million(table, strategies[0]),
        "strategies": table,
        "incremental": frontier,
        "versus_comparator": _versus(table, strategies[0]),
        "thresholds": _thresholds(structure),
        "subgroups": subgroups,
        "flow": flow,
        "stays": _stays(strategies),
        "courses_by_setting": _begun(strategies),
        "severity_curves": _curves(structure),
        "cost_by_category": costs,
    }


def _per_million(table: pd.DataFrame, comparator: str) -> pd.DataFrame:
    """Return the ratios of a run from means and made-up luck of patients."""
    rng = np.random.default_rng(3)
    luck = rng.normal(size=(500, 3))
    units = {}
    for row in table.itertuples():
        size = 0.0 if row.strategy == comparator else 1.0
        units[row.strategy] = pd.DataFrame(
            {"cost": row.cost_health_care + size * 4000 * luck[:, 0],
             "remission_weeks": row.remission_weeks + size * 15 * luck[:, 1],
             "remission_12m": row.remission_12m + size * 0.3 * luck[:, 2]}
        )  # fmt: skip
    return gained_per_million(units, comparator, "cost", ["remission_weeks", "remission_12m"])


def _costs(structure: str, strategies: Sequence[str]) -> pd.DataFrame:
    rows = []
    for strategy in strategies:
        extra, gain = STRATEGIES[strategy][4], _gain(structure, strategy)
        cost = {
            "treatment": 2900.0 + max(extra, 0.0) * 1.35,
            "visits": 2350.0 + 90 * gain,
            "drugs": 1480.0 - 500 * gain,
            "adverse_events": 95.0 + extra * 0.01,
            "crisis": 1890.0 - 1500 * gain,
            "background": 21_300.0 - 5800 * gain + min(extra, 0.0),
            "productivity": 30_100.0 - 11_000 * gain,
            "patient_time": 640.0 + 0.04 * extra,
        }
        for perspective in ("health_care", "societal"):
            for category in CATEGORIES[:6] if perspective == "health_care" else CATEGORIES[6:]:
                payer = "health_system" if category in CATEGORIES[:6] else "patient"
                value = cost[category]
                rows.append(
                    (strategy, perspective, category, payer, value, value * 0.006, value * 1.07)
                )
    columns = ["strategy", "perspective", "category", "payer", "cost", "cost_se"]
    return pd.DataFrame(rows, columns=[*columns, "cost_undiscounted"])


def _strategies(
    structure: str, strategies: Sequence[str], weekly: pd.DataFrame, costs: pd.DataFrame
) -> pd.DataFrame:
    rows = []
    for strategy in strategies:
        own = weekly[weekly["strategy"] == strategy]
        well = ((own["remitted"] + own["recovered"]) / PATIENTS).to_numpy()
        spent = costs[costs["strategy"] == strategy].groupby("perspective")["cost"].sum()
        values = {
            "patients": PATIENTS,
            "ever_response": min(0.97, 0.86 + 0.2 * _gain(structure, strategy)),
            "ever_remission": min(0.95, 0.74 + 0.3 * _gain(structure, strategy)),
            "remission_12m": well[52],
            "remission_end": well[-1],
            "share_time_in_remission": well.mean(),
            "remission_days_90d": 7 * well[:13].sum(),
            "remission_weeks": well.sum(),
            "weeks_to_remission_median": 28 - 30 * _gain(structure, strategy),
            "relapses": 0.71 - 0.3 * _gain(structure, strategy),
            "courses": 2.6 - _gain(structure, strategy),
            "crises": 0.31 - 0.2 * _gain(structure, strategy),
            "deaths": 0.058,
            "life_years": 4.86,
            "qaly": 2.95 + 0.21 * well.sum() / 52,
            "cost_health_care": spent["health_care"],
            "cost_societal": spent.sum(),
            "wait_days_median": 21.0,
            "wait_days_p90": 84.0,
        }
        row: dict[str, Any] = {"strategy": strategy}
        for name, value in values.items():
            row[name] = value
            if name != "patients":
                row[f"{name}_se"] = abs(value) * 0.004
        rows.append(row)
    return pd.DataFrame(rows)


def _versus(table: pd.DataFrame, comparator: str) -> pd.DataFrame:
    own = table.set_index("strategy")
    rows = []
    for strategy in own.index:
        inc_cost = own.loc[strategy, "cost_health_care"] - own.loc[comparator, "cost_health_care"]
        inc_qaly = own.loc[strategy, "qaly"] - own.loc[comparator, "qaly"]
        inc_weeks = own.loc[strategy, "remission_weeks"] - own.loc[comparator, "remission_weeks"]
        inc_12m = own.loc[strategy, "remission_12m"] - own.loc[comparator, "remission_12m"]
        values = {
            "inc_cost": (inc_cost, 45.0), "inc_qaly": (inc_qaly, 0.0022),
            "inc_remission_12m": (inc_12m, 0.003), "inc_remission_weeks": (inc_weeks, 0.4),
            **{f"nmb_{wtp}": (wtp * inc_qaly - inc_cost, 0.0022 * wtp) for wtp in WTP},
        }  # fmt: skip
        row: dict[str, Any] = {"strategy": strategy}
        for name, (value, spread) in values.items():
            se = spread if strategy != comparator else 0.0
            row |= {
                name: value, f"{name}_se": se,
                f"{name}_low": value - 1.96 * se, f"{name}_high": value + 1.96 * se,
            }  # fmt: skip
        row["cost_per_remission_week"] = inc_cost / inc_weeks if inc_weeks else np.nan
        row["icer"] = inc_cost / inc_qaly if inc_qaly else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def _loss_share(structure: str, treatment: str) -> float:
    premise, evidence = TREATMENTS[treatment][6:8]
    weight = PREMISE_WEIGHT[structure]
    return weight * premise + (1 - weight) * evidence


def _kept(share: float, severity: np.ndarray) -> np.ndarray:
    z = (np.log(severity) - np.log(26)) / 0.28
    hinge = 0.3 * np.log1p(np.exp((z + 0.2) / 0.3))
    return np.maximum(0.0, 1 - share * (hinge if share > 0 else z))


def _curves(structure: str) -> pd.DataFrame:
    severity = np.arange(12.0, 51.0, 2.0)
    parts = []
    for treatment, (label, family, *_, potency, contact, _, _) in TREATMENTS.items():
        effect = potency * _kept(_loss_share(structure, treatment), severity)
        for biotype, shift in zip(("all", *BIOTYPES), (0.0, -0.1, 0.05, -0.05, 0.1), strict=True):
            base = contact - 0.75 + shift
            distance = np.log(severity / 10) - 0.25
            response = norm.cdf((base + effect) / 1.15)
            response_control = np.full_like(severity, norm.cdf(base / 1.15))
            remission = norm.cdf((base + 0.35 + effect - distance) / 1.05)
            gain = response - response_control
            control = norm.cdf((base + 0.35 - distance) / 1.05)
            parts.append(
                pd.DataFrame(
                    {
                        "treatment": treatment,
                        "label": label,
                        "family": family,
                        "biotype": biotype,
                        "severity": severity,
                        "p_response": response,
                        "p_response_se": 0.004,
                        "p_remission": remission,
                        "p_remission_se": 0.004,
                        "p_response_control": response_control,
                        "p_remission_control": control,
                        "gain_response": gain,
                        "gain_response_se": 0.004,
                        "gain_remission": remission - control,
                        "distance_remission": norm.cdf((base + 0.35 + potency - distance) / 1.05),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def _thresholds(structure: str) -> pd.DataFrame:
    curves = _curves(structure)
    rows = []
    for (treatment, biotype), own in curves.groupby(["treatment", "biotype"], sort=False):
        for criterion, column, limit in (
            ("gain_in_response", "gain_response", 0.10),
            ("remission", "p_remission", 0.20),
        ):
            values, at = own[column].to_numpy() - limit, own["severity"].to_numpy()
            if (values >= 0).all() or (values < 0).all():
                status = "always_above" if values[0] >= 0 else "always_under"
                rows.append((treatment, biotype, criterion, np.nan, np.nan, np.nan, status))
                continue
            i = int(np.flatnonzero(np.diff(np.sign(values)))[-1])
            x = at[i] + 2 * values[i] / (values[i] - values[i + 1])
            rows.append((treatment, biotype, criterion, x, x - 1.3, x + 1.5, "crosses"))
    columns = ["treatment", "biotype", "criterion", "severity", "low", "high", "status"]
    return pd.DataFrame(rows, columns=columns)


def _subgroups(structure: str, strategies: Sequence[str], table: pd.DataFrame) -> pd.DataFrame:
    groups = {
        "biotype": dict(zip(BIOTYPES, (-0.06, 0.02, -0.03, 0.03), strict=True)),
        "severity_band": dict(zip(BANDS, (0.20, 0.12, 0.04, -0.05, -0.14), strict=True)),
        "age_band": {"18-34": 0.02, "35-49": 0.0, "50-64": -0.01, "65+": -0.03},
        "sex": {"female": 0.004, "male": -0.006},
    }
    own = table.set_index("strategy")
    rows = []
    for strategy in strategies:
        base = own.loc[strategy]
        for dimension, shifts in groups.items():
            for group, shift in shifts.items():
                extra = 0.06 if strategy == "saint_when_severe" and group in BANDS[3:] else 0.0
                weight = PREMISE_WEIGHT[structure] * STRATEGIES[strategy][3]
                loss = -0.25 * weight if group in BANDS[3:] else 0.0
                rate = float(np.clip(base["remission_12m"] + shift + extra + loss, 0.02, 0.95))
                patients = PATIENTS // len(shifts)
                se = float(np.sqrt(rate * (1 - rate) / patients))
                rows.append(
                    (strategy, dimension, group, patients, rate, se, rate * 200, se * 200,
                     base["qaly"] + shift, 0.01, base["cost_health_care"] - 4000 * shift, 60.0)
                )  # fmt: skip
    columns = ["strategy", "dimension", "group", "patients"]
    for name in ("remission_12m", "remission_weeks", "qaly", "cost_health_care"):
        columns += [name, f"{name}_se"]
    return pd.DataFrame(rows, columns=columns)


def _stays(strategies: Sequence[str]) -> pd.DataFrame:
    moves = [
        ("crisis", "emergency", 2900), ("crisis", "death", 36), ("crisis", "same_stay", 60),
        ("emergency", "inpatient", 960), ("emergency", "home", 1939), ("emergency", "death", 1),
        ("inpatient", "home", 952), ("inpatient", "death", 2), ("inpatient", "still_there", 6),
    ]  # fmt: skip
    rows = [(strategy, *move) for strategy in strategies for move in moves]
    return pd.DataFrame(rows, columns=["strategy", "start", "end", "count"])


def _begun(strategies: Sequence[str]) -> pd.DataFrame:
    rows = [(s, "escitalopram", "outpatient", 14_000) for s in strategies]
    rows += [(s, "escitalopram", "inpatient", 210 + 90 * n) for n, s in enumerate(strategies)]
    rows += [(s, "ketamine", "emergency", 850) for s in strategies if s.startswith("ketamine")]
    return pd.DataFrame(rows, columns=["strategy", "treatment", "setting", "count"])


def _flow(structure: str, strategies: Sequence[str]) -> pd.DataFrame:
    first = {
        "usual_care": "escitalopram", "stepped_behavioural": "self_help", "cbt_first": "cbt",
        "aih_first": "aih", "ketamine_second": "escitalopram", "saint_when_severe": "saint",
    }  # fmt: skip
    later = ["escitalopram", "second_antidepressant", "aripiprazole", "rtms", "ketamine", "ect"]
    rows = []
    for strategy in strategies:
        gain = _gain(structure, strategy)
        started = 14_600
        for line in range(1, 7):
            treatment = first.get(strategy, "escitalopram") if line == 1 else later[line - 1]
            rate = max(0.10, 0.36 - 0.055 * line + (0.5 * gain if line < 3 else 0))
            ends = {
                "remission": round(started * rate), "response": round(started * 0.14),
                "dropped_out": round(started * 0.17), "stopped": round(started * 0.06),
                "died": round(started * 0.003), "unfinished": round(started * 0.02),
            }  # fmt: skip
            ends["failed"] = started - sum(ends.values())
            for outcome, count in {"started": started, **ends}.items():
                rows.append((strategy, line, treatment, outcome, count))
            started = round((ends["failed"] + 0.3 * ends["response"]) * 0.82)
    return pd.DataFrame(rows, columns=["strategy", "line", "treatment", "outcome", "count"])
