"""What the numbers say, in sentences: the best strategy, and whether it hinges on the premise."""

from __future__ import annotations

import pandas as pd

from popmodel.economics import best_strategies
from popmodel.report.tables import STRUCTURE, Result
from popmodel.report.words import listed, money, number, percent, structure_label

ONLY_UNDER_PREMISE = "only under premise"
PREMISE, EVIDENCE = "premise", "evidence"


def best_by_price(result: Result) -> pd.DataFrame:
    """Return the strategy with the highest expected net benefit: `structure, wtp, strategy, nmb`.

    One row a structure and a willingness to pay; empty when the scenario names no price.
    """
    about = result.about
    if not about.wtp:
        return pd.DataFrame(columns=[STRUCTURE, "wtp", "strategy", "nmb"])
    return best_strategies(means_of(result), about.wtp)


def means_of(result: Result) -> pd.DataFrame:
    """Return `structure, strategy, cost, qaly`: means of the run, else of the draws."""
    keys = [STRUCTURE, "strategy"]
    if result.has("strategies"):
        cost = f"cost_{result.about.perspective}"
        return result.table("strategies").rename(columns={cost: "cost"})[[*keys, "cost", "qaly"]]
    psa = result.table("psa/psa")
    return psa.groupby(keys, sort=False)[["cost", "qaly"]].mean().reset_index()


def hinges_on_premise(best: pd.DataFrame, wtp: float) -> bool:
    """Say whether the best strategy under the premise differs from that under the evidence."""
    at = best[best["wtp"] == wtp].set_index(STRUCTURE)["strategy"]
    return PREMISE in at and EVIDENCE in at and at[PREMISE] != at[EVIDENCE]


def headline(result: Result) -> str:
    """Say in one sentence which strategy is worth most, at the middle willingness to pay."""
    about = result.about if result.has("strategies") else result.about_psa
    if about.main_wtp is None:
        return _most_remission(result)
    best = best_by_price(result)
    at = best[best["wtp"] == about.main_wtp].set_index(STRUCTURE)["strategy"]
    price = f"At {money(about.main_wtp, about.currency)} per QALY"
    groups: dict[str, list[str]] = {}
    for structure in about.structures:
        groups.setdefault(str(at[structure]), []).append(structure_label(structure).lower())
    if len(groups) == 1:
        everywhere = " under every structure" if len(about.structures) > 1 else ""
        (strategy,) = groups
        return (
            f"{price}, {about.labels[strategy]} has the highest expected net benefit{everywhere}"
            f"{_gain(result, strategy)}."
        )
    told = [f"{about.labels[s]} under {listed(names)}" for s, names in groups.items()]
    return f"{price}, the highest expected net benefit goes to {listed(told)}."


def _gain(result: Result, strategy: str) -> str:
    """Return what the best strategy adds to the comparator, in the main structure."""
    about = result.about
    if strategy == about.comparator or not result.has("versus_comparator"):
        return ""
    table = result.table("versus_comparator")
    own = table[(table[STRUCTURE] == about.main_structure) & (table["strategy"] == strategy)]
    if own.empty:
        return ""
    row = own.iloc[0]
    cost, weeks = float(row["inc_cost"]), float(row["inc_remission_weeks"])
    where = f" ({structure_label(about.main_structure).lower()})" * (len(about.structures) > 1)
    gained = f"{number(abs(weeks), 1)} weeks {'more' if weeks >= 0 else 'less'} in remission"
    paid = f"{money(abs(cost), about.currency)} {'more' if cost >= 0 else 'less'} a patient"
    qalys = f"{number(float(row['inc_qaly']), 3)} QALYs"
    return f": against {about.labels[about.comparator]} {gained} and {qalys} for {paid}{where}"


def _most_remission(result: Result) -> str:
    about = result.about
    if not result.has("strategies"):
        return f"{about.title}: no willingness to pay was given."
    table = result.table("strategies")
    own = table[table[STRUCTURE] == about.main_structure]
    row = own.iloc[int(own["remission_12m"].argmax())]
    return (
        f"{about.labels[row['strategy']]} has the most patients in remission after a year: "
        f"{percent(float(row['remission_12m']))}."
    )


def counts_of(manifest_counts: object) -> list[tuple[str, str]]:
    """Return the counts of quantities by origin as words and numbers, in the order given."""
    words = {"seen": "read in their source", "unseen": "recalled and not yet read",
             "assumption": "assumptions", "overridden": "overridden by the scenario"}  # fmt: skip
    if isinstance(manifest_counts, dict):
        return [
            (words.get(str(name), str(name).replace("_", " ")), number(float(value)))
            for name, value in manifest_counts.items()
            if isinstance(value, int | float)
        ]
    if isinstance(manifest_counts, int | float):
        return [("assumptions", number(float(manifest_counts)))]
    return []
