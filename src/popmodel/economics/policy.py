"""All tables behind the policy charts, from the draws of a probabilistic analysis."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from popmodel.economics.checks import FloatArray, each_structure, wtp_values
from popmodel.economics.gained_per_million import gained_per_million, of_draws
from popmodel.economics.monte_carlo_noise import evpi_without_noise
from popmodel.economics.plane import plane
from popmodel.economics.policy_map import policy_map
from popmodel.economics.price_curve import price_curve


@dataclass(frozen=True)
class Question:
    """What a scenario asks, as far as tables of draws need it.

    Attributes:
        comparator: strategy of today.
        wtp: the amount of sentences and of `share_worth`.
        amounts: willingness to pay of curves and of the map.
        patients: simulated for each draw and strategy; None if not known.
        courses: `courses.csv` of a run of the same scenario; None: no price of a course.
        shared_luck: whether the same patients live every draw; see `evpi_without_noise`.
    """

    comparator: str
    wtp: float
    amounts: FloatArray
    patients: int | None = None
    courses: pd.DataFrame | None = None
    shared_luck: bool = False


def policy_tables(
    psa: pd.DataFrame,
    blocks: pd.DataFrame | None,
    subgroups: pd.DataFrame | None,
    question: Question,
) -> dict[str, pd.DataFrame]:
    """Return the tables behind the policy charts, by file name without ending.

    Args:
        psa: columns `sample, strategy, cost, qaly, remission_weeks, …`; `structure`: each apart.
        blocks: the same with a column `block`; None: no correction of the EVPI.
        subgroups: columns `sample, strategy, biotype, severity_band, patients, cost, qaly`; None:
            no map.
        question: what is asked.

    Returns:
        `plane`, `value_based_price`, `remission_per_million`, and where their table is given
        `evpi_without_noise`, `policy_map`; write them beside `psa.csv`.

    Raises:
        InputError: as the functions of these names.
    """
    amounts = wtp_values(question.amounts)
    tables = {
        "plane": plane(psa, question.comparator, question.wtp),
        "value_based_price": price_curve(
            psa, question.comparator, amounts, courses=question.courses
        ),
    }
    effects = [name for name in ("remission_weeks", "remission_12m") if name in psa.columns]
    if effects:
        tables["remission_per_million"] = each_structure(
            psa,
            lambda part: gained_per_million(of_draws(part), question.comparator, "cost", effects),
        )
    if blocks is not None:
        tables["evpi_without_noise"] = evpi_without_noise(
            blocks, amounts, patients=question.patients, shared_luck=question.shared_luck
        )
    if subgroups is not None:
        tables["policy_map"] = policy_map(subgroups, amounts)
    return tables
