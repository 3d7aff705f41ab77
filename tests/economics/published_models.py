"""Published decision models, written out in a few lines to have their tables to compare with."""

from __future__ import annotations

import numpy as np
import pandas as pd

# --- HIV: Chancellor et al., PharmacoEconomics 1997;12:54, as worked by Briggs, Claxton & Sculpher,
# Decision Modelling for Health Economic Evaluation, Oxford 2006, exercise 2.5. The same counts and
# costs stand in the vignette `markov-cohort` of hesim.
HIV_COUNTS = np.array(
    [[1251, 350, 116, 17], [0, 731, 512, 15], [0, 0, 1312, 437], [0, 0, 0, 469]], dtype=float
)
HIV_CARE = np.array([1701 + 1055, 1774 + 1278, 6948 + 2059, 0], dtype=float)
ZIDOVUDINE, LAMIVUDINE = 2278.0, 2086.5


def hiv(relative_risk: float = 0.509) -> pd.DataFrame:
    """Monotherapy against two years of combination; costs discounted at 6 %, life-years not."""
    rows = []
    for name, years in (("monotherapy", 0), ("combination", 2)):
        alive, cost, life = np.array([1.0, 0, 0, 0]), 0.0, 0.0
        for year in range(1, 21):
            move = HIV_COUNTS / HIV_COUNTS.sum(axis=1, keepdims=True)
            if year <= years:
                worse = np.triu(move, 1) * relative_risk
                move = worse + np.diag(1.0 - worse.sum(axis=1))
            alive = alive @ move
            drug = ZIDOVUDINE + (LAMIVUDINE if year <= years else 0.0)
            spent = alive @ HIV_CARE + drug * alive[:3].sum()
            cost, life = cost + spent / 1.06**year, life + alive[:3].sum()
        rows.append((name, cost, life))
    return pd.DataFrame(rows, columns=["strategy", "cost", "life_years"])


# --- Sick-Sicker: Alarid-Escudero et al., An introductory tutorial on cohort state-transition
# models in R using a cost-effectiveness analysis example, Med Decis Making 2023;43:3.
SICK_SICKER = {
    "r_HD": 0.002, "r_HS1": 0.15, "r_S1H": 0.5, "r_S1S2": 0.105, "hr_S1": 3.0, "hr_S2": 10.0,
    "hr_S1S2_trtB": 0.6, "c_H": 2000.0, "c_S1": 4000.0, "c_S2": 15000.0, "c_trtA": 12000.0,
    "c_trtB": 13000.0, "u_H": 1.0, "u_S1": 0.75, "u_S2": 0.5, "u_trtA": 0.95,
}  # fmt: skip
CYCLES = 75


def sick_sicker(parameters: pd.DataFrame) -> pd.DataFrame:
    """Four strategies of the time-independent model for every row of parameters.

    Yearly cycles from age 25 to 100, 3 % a year, within-cycle correction by Simpson's 1/3 rule.
    """
    p = {name: parameters[name].to_numpy() for name in parameters.columns}
    count = len(parameters)
    weight = np.full(CYCLES + 1, 4 / 3)  # in the order in which the tutorial's software has them
    weight[1::2] = 2 / 3
    weight[[0, -1]] = 1 / 3
    weight = weight * 1.03 ** -np.arange(CYCLES + 1)
    parts = []
    for name, has_a, has_b in (
        ("Standard of care", 0, 0),
        ("Strategy A", 1, 0),
        ("Strategy B", 0, 1),
        ("Strategy AB", 1, 1),
    ):
        move = np.zeros((count, 4, 4))
        dies = [1 - np.exp(-p["r_HD"] * hr) for hr in (1.0, p["hr_S1"], p["hr_S2"])]
        sick, recover = 1 - np.exp(-p["r_HS1"]), 1 - np.exp(-p["r_S1H"])
        worse = 1 - np.exp(-p["r_S1S2"] * (p["hr_S1S2_trtB"] if has_b else 1.0))
        move[:, 0, 0], move[:, 0, 1] = (1 - dies[0]) * (1 - sick), (1 - dies[0]) * sick
        move[:, 1, 0], move[:, 1, 2] = (1 - dies[1]) * recover, (1 - dies[1]) * worse
        move[:, 1, 1] = (1 - dies[1]) * (1 - recover - worse)
        move[:, 2, 2] = 1 - dies[2]
        for state in range(3):
            move[:, state, 3] = dies[state]
        move[:, 3, 3] = 1.0
        treated = p["c_trtA"] * has_a + p["c_trtB"] * has_b
        zero = np.zeros(count)
        cost = np.stack([p["c_H"], p["c_S1"] + treated, p["c_S2"] + treated, zero], axis=1)
        u_sick = p["u_trtA"] if has_a else p["u_S1"]
        utility = np.stack([p["u_H"], u_sick, p["u_S2"], zero], axis=1)
        state, total = np.zeros((count, 4)), np.zeros((2, count))
        state[:, 0] = 1.0
        for cycle in range(CYCLES + 1):
            total[0] += weight[cycle] * (state * cost).sum(axis=1)
            total[1] += weight[cycle] * (state * utility).sum(axis=1)
            state = np.einsum("ni,nij->nj", state, move)
        sample = np.arange(count)
        parts.append(
            pd.DataFrame({"sample": sample, "strategy": name, "cost": total[0], "qaly": total[1]})
        )
    return pd.concat(parts, ignore_index=True)


def sick_sicker_draws(count: int, seed: int) -> pd.DataFrame:
    """Draw parameters from the distributions of the tutorial (`generate_psa_params`)."""
    luck = np.random.default_rng(seed)
    gamma, lognormal, beta = luck.gamma, luck.lognormal, luck.beta
    return pd.DataFrame(
        {
            "r_HD": gamma(20, 1 / 10000, count),
            "r_HS1": gamma(30, 1 / 200, count),
            "r_S1H": gamma(60, 1 / 120, count),
            "r_S1S2": gamma(84, 1 / 800, count),
            "hr_S1": lognormal(np.log(3), 0.01, count),
            "hr_S2": lognormal(np.log(10), 0.02, count),
            "hr_S1S2_trtB": lognormal(np.log(0.6), 0.02, count),
            "c_H": gamma(100, 20, count),
            "c_S1": gamma(177.8, 22.5, count),
            "c_S2": gamma(225, 66.7, count),
            "c_trtA": gamma(73.5, 163.3, count),
            "c_trtB": gamma(86.2, 150.8, count),
            "u_H": beta(200, 3, count),
            "u_S1": beta(130, 45, count),
            "u_S2": beta(230, 230, count),
            "u_trtA": beta(300, 15, count),
        }
    )
