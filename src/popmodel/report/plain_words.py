"""The answer in plain words: what is gained, for how much, under which beliefs, and how sure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from popmodel.report import summary
from popmodel.report.charts import acceptability
from popmodel.report.tables import STRUCTURE, About, Result
from popmodel.report.words import listed, money, number, percent, structure_label

WEEKS_TOLD = 1
QALY_DIGITS = 3


def answer(result: Result) -> list[str]:
    """Return sentences made from numbers: the gain, what is luck, on what it hinges, how sure.

    Each follows from a saved table; where the table is missing the sentence is left out.
    """
    told = [*gains(result), *clearness(result), *hinging(result), *draws(result)]
    return [sentence for sentence in told if sentence]


def gains(result: Result) -> list[str]:
    """Say what each strategy that gains remission adds, and at which cost per QALY."""
    versus = _versus(result)
    if versus is None:
        return []
    about = result.about
    main = versus[versus[STRUCTURE] == about.main_structure]
    main = main[main["inc_remission_weeks_low"] > 0.0]
    ordered = main.sort_values("inc_remission_weeks", ascending=False, kind="stable")
    return [_gain(row, about) for row in ordered.to_dict("records")[:2]]


def _gain(row: dict[Any, Any], about: About) -> str:
    where = _where([about.main_structure], about)
    weeks, low, high = (
        number(row[f"inc_remission_weeks{end}"], WEEKS_TOLD) for end in ("", "_low", "_high")
    )
    cost, qaly = float(row["inc_cost"]), float(row["inc_qaly"])
    told = (
        f"{about.labels[str(row['strategy'])]} adds {weeks} weeks in remission per patient "
        f"(95 % interval {low} to {high}) against {about.labels[about.comparator]}{where}"
    )
    if qaly <= 0.0:
        return f"{told}, but no QALYs, for {money(cost, about.currency)} more."
    if cost <= 0.0:
        saved = money(-cost, about.currency)
        return f"{told}, and {number(qaly, QALY_DIGITS)} QALYs, while it saves {saved}."
    return f"{told}, and {number(qaly, QALY_DIGITS)} QALYs at {_per_qaly(row, about)} each."


def _per_qaly(row: dict[Any, Any], about: About) -> str:
    """Return the price of a QALY with its limits, or in words that it has none."""
    price = money(float(row["icer"]), about.currency)
    low, high = row.get("icer_low", np.nan), row.get("icer_high", np.nan)
    if not np.isfinite([low, high]).all():
        return f"{price} (no upper limit: it may gain none)"
    return f"{price} ({money(low, about.currency)} to {money(high, about.currency)})"


def clearness(result: Result) -> list[str]:
    """Say which strategies cannot be told from the comparator, given the luck of patients."""
    versus, about = _versus(result), result.about
    if versus is None or about.main_wtp is None:
        return []
    column = f"nmb_{about.main_wtp:.0f}"
    if f"{column}_low" not in versus.columns:
        return []
    main = versus[versus[STRUCTURE] == about.main_structure]
    unclear = (main[f"{column}_low"] <= 0.0) & (main[f"{column}_high"] >= 0.0)
    names = [about.labels[s] for s in main.loc[unclear, "strategy"]]
    base, price = about.labels[about.comparator], money(about.main_wtp, about.currency)
    luck = f"with {number(about.patients)} patients" if about.patients else "with so few patients"
    if len(names) == len(main):
        return [
            f"Nothing can be told from luck: {luck} the net benefit of no strategy differs clearly "
            f"from {base} at {price} per QALY{_where([about.main_structure], about)}."
        ]
    better = main[f"{column}_low"] > 0.0
    told = [
        f"At {price} per QALY {listed([about.labels[s] for s in main.loc[better, 'strategy']])} "
        f"{'is' if int(better.sum()) == 1 else 'are'} clearly worth more than {base}, "
        f"by the luck of patients alone."
        if better.any()
        else f"At {price} per QALY no strategy is clearly worth more than {base}."
    ]
    if names:
        told.append(f"{listed(names)} cannot be told from {base}: 0 is in the interval.")
    return told


def hinging(result: Result) -> list[str]:
    """Say under which structures the best strategy is the best, where not under all."""
    about = result.about
    if len(about.structures) < 2 or about.main_wtp is None:
        return []
    best = summary.best_by_price(result)
    at = best[best["wtp"] == about.main_wtp].set_index(STRUCTURE)["strategy"]
    winner = str(at[about.main_structure])
    holds = [s for s in about.structures if at[s] == winner]
    fails = [s for s in about.structures if at[s] != winner]
    if not fails:  # the headline says so
        return []
    return [
        f"That {about.labels[winner]} is worth most holds under {_named(holds)}, "
        f"not under {_named(fails)}."
    ]


def draws(result: Result) -> list[str]:
    """Say what the probabilistic analysis adds: how often the best is the best."""
    if not (result.has("psa/ceac") and result.has("psa/ceaf")):
        return []
    about = result.about_psa
    told = acceptability.finding(acceptability.table(result), about)
    return [f"With all uncertain numbers drawn {number(about.samples)} times: {_lower(told)}"]


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _versus(result: Result) -> pd.DataFrame | None:
    """Return the differences from the comparator, if a run has saved them with limits."""
    if not result.has("versus_comparator"):
        return None
    table = result.table("versus_comparator")
    table = table[table["strategy"] != result.about.comparator]
    needed = {"inc_remission_weeks_low", "inc_remission_weeks_high", "icer", "inc_qaly", "inc_cost"}
    return table if len(table) and needed <= set(table.columns) else None


def _where(structures: list[str], about: About) -> str:
    return f" (under {_named(structures)})" if len(about.structures) > 1 else ""


def _named(structures: list[str]) -> str:
    return listed([structure_label(s).lower() for s in structures])


def uncertainty_rows(result: Result) -> list[tuple[str, list[str]]]:
    """Return by strategy the limits over draws, and how often it is worth it and the best."""
    if not result.has("psa/plane"):
        return []
    about = result.about_psa
    table = result.table("psa/plane")
    main = table[table[STRUCTURE] == about.main_structure]
    best = _best_share(result)
    rows = []
    for row in main.to_dict("records"):
        name = str(row["strategy"])
        rows.append(
            (
                about.marked(name),
                [
                    _with_limits(row, "inc_cost", lambda x: money(x, about.currency)),
                    _with_limits(row, "inc_effect", lambda x: number(x, QALY_DIGITS)),
                    percent(float(row["share_worth"])),
                    percent(best.get(name, float("nan"))),
                ],
            )
        )
    return rows


def _with_limits(row: dict[Any, Any], name: str, told: Any) -> str:
    return f"{told(row[name])} ({told(row[f'{name}_low'])} to {told(row[f'{name}_high'])})"


def _best_share(result: Result) -> dict[str, float]:
    about = result.about_psa
    if not result.has("psa/ceac"):
        return {}
    curves = result.table("psa/ceac")
    main = curves[curves[STRUCTURE] == about.main_structure]
    price = about.main_wtp or float(main["wtp"].median())
    at = main[main["wtp"] == main["wtp"].iloc[int((main["wtp"] - price).abs().argmin())]]
    return {str(s): float(p) for s, p in zip(at["strategy"], at["probability"], strict=True)}
