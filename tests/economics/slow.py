"""The decision layer by definition: plain loops over exact fractions, nothing shared with src."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

import pandas as pd


def net_benefits(psa: pd.DataFrame, wtp: float) -> dict[str, dict[str, Fraction]]:
    """Return sample → strategy → net benefit, numbers as their shortest decimals say."""
    out: dict[str, dict[str, Fraction]] = defaultdict(dict)
    price = Fraction(repr(float(wtp)))
    for row in psa.to_dict("records"):
        effect, cost = Fraction(repr(float(row["qaly"]))), Fraction(repr(float(row["cost"])))
        out[str(row["sample"])][str(row["strategy"])] = price * effect - cost
    return out


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def ceac(psa: pd.DataFrame, wtp: float) -> dict[str, Fraction]:
    draws = net_benefits(psa, wtp)
    won: dict[str, Fraction] = defaultdict(Fraction)
    for benefit in draws.values():
        best = [s for s in benefit if benefit[s] == max(benefit.values())]
        for strategy in best:
            won[strategy] += Fraction(1, len(best) * len(draws))
    return {strategy: won[strategy] for strategy in psa["strategy"].unique()}


def expected(psa: pd.DataFrame, wtp: float) -> dict[str, Fraction]:
    draws = net_benefits(psa, wtp)
    return {s: mean([draws[i][s] for i in draws]) for s in psa["strategy"].unique()}


def choice(psa: pd.DataFrame, wtp: float) -> str:
    values = expected(psa, wtp)
    return min(s for s in values if values[s] == max(values.values()))


def loss(psa: pd.DataFrame, wtp: float) -> dict[str, Fraction]:
    draws = net_benefits(psa, wtp)
    return {
        s: mean([max(draws[i].values()) - draws[i][s] for i in draws])
        for s in psa["strategy"].unique()
    }


def evpi(psa: pd.DataFrame, wtp: float) -> Fraction:
    draws = net_benefits(psa, wtp)
    return mean([max(b.values()) for b in draws.values()]) - max(expected(psa, wtp).values())


def evppi(psa: pd.DataFrame, values: dict[str, float], wtp: float) -> Fraction:
    """Return EVPPI of a discrete parameter: group the draws by its value, choose in each group.

    Args:
        psa: the draws.
        values: of the parameter, by sample.
        wtp: willingness to pay.
    """
    draws, groups = net_benefits(psa, wtp), defaultdict(list)
    for sample, benefit in draws.items():
        groups[values[sample]].append(benefit)
    informed = sum(
        (
            max(sum((b[s] for b in group), Fraction(0)) for s in group[0])
            for group in groups.values()
        ),
        Fraction(0),
    )
    return informed / len(draws) - max(expected(psa, wtp).values())
