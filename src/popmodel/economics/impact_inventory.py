"""The impact inventory: what a comparison counts, what it leaves out, and where to find it.

Sectors and impacts are those of the Second Panel on Cost-Effectiveness in Health and Medicine
(Sanders et al., JAMA 2016;316:1093), which asks for the table beside both reference cases.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import pandas as pd

from popmodel.economics.checks import checked, each_structure
from popmodel.vocabulary import HEALTH_CARE_CATEGORIES

YES, NO, APART = "yes", "no", "shown apart"
FORMAL, INFORMAL, OTHER = "formal health care", "informal health care", "other sectors"
COLUMNS: Final = ("sector", "impact", "health_care", "societal", "note")
PATIENT: Final = "patient"
"""The payer whose payments are out of pocket."""
Row = tuple[str, str, str, str, str]

_HEALTH: Final[tuple[Row, ...]] = (
    (FORMAL, "length of life", YES, YES, "life_years, qaly and daly; deaths within the horizon"),
    (FORMAL, "quality of life", YES, YES, "qaly by the utilities of the setting; daly beside it"),
    (FORMAL, "adverse events", YES, YES, "lost QALYs and deaths of the treatment cards"),
)
_NOT_MODELLED: Final[tuple[Row, ...]] = (
    (OTHER, "household production", NO, NO, "no source on the cards"),
    (OTHER, "future consumption unrelated to health", NO, NO, "no source on the cards"),
    (OTHER, "social services", NO, NO, "no source on the cards"),
    (OTHER, "criminal justice", NO, NO, "no source on the cards"),
    (OTHER, "education", NO, NO, "adults only"),
    (OTHER, "housing", NO, NO, "no source on the cards"),
    (OTHER, "environment", NO, NO, "no source on the cards"),
)


def impact_inventory(
    costs: pd.DataFrame, included: Collection[str] = (), work_lost_to_death: str = "none"
) -> pd.DataFrame:
    """Return what each perspective counts, by sector and type of impact.

    Args:
        costs: columns `strategy, category, payer, cost` (`cost_by_category.csv`); `structure`:
            each apart.
        included: categories that the source of the costs by state holds.
        work_lost_to_death: how work lost to death is valued: human_capital, friction or none.

    Returns:
        Columns `sector, impact, health_care, societal, note`; `yes`, `no` or `shown apart`.

    Raises:
        InputError: a column is missing, or a cost is no number.
    """
    inside = set(included) - {"background"}
    return each_structure(costs, lambda part: _inventory(part, inside, work_lost_to_death))


def _inventory(costs: pd.DataFrame, inside: set[str], work_lost_to_death: str) -> pd.DataFrame:
    keys = ["strategy", "category", "payer"]
    table = checked(costs.reset_index(drop=True), keys, ["cost"])
    paid = table[table["cost"] != 0.0]
    rows = [
        *_HEALTH,
        *_medical(paid, inside),
        _time("patient time", "patient_time", paid, inside),
        (INFORMAL, "time of unpaid carers", NO, NO, "no source on the cards"),
        (INFORMAL, "transport", NO, NO, "no source on the cards"),
        (OTHER, *_time("work lost to illness", "productivity", paid, inside)[1:]),
        _death(work_lost_to_death),
        *_NOT_MODELLED,
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _medical(paid: pd.DataFrame, inside: set[str]) -> list[Row]:
    """Return the rows of medical costs: by who pays, and of years to come."""
    medical = paid[paid["category"].isin(HEALTH_CARE_CATEGORIES)]
    others = [str(name) for name in medical["payer"].unique() if name != PATIENT]
    named = [name for name in HEALTH_CARE_CATEGORIES if name in set(medical["category"])]
    held = [name for name in HEALTH_CARE_CATEGORIES if name in inside]
    note = ", ".join(named)
    if held:
        note += f"; inside the costs by state: {', '.join(held)}"
    pocket = PATIENT in set(medical["payer"])
    background = _said("background" in named)
    return [
        (FORMAL, f"medical costs paid by {', '.join(others) or 'third parties'}",
         _said(bool(others)), _said(bool(others)), note),
        (FORMAL, "medical costs paid by patients", _said(pocket), _said(pocket),
         "by the shares of payers" if pocket else "not told apart from what others pay"),
        (FORMAL, "future costs of depression", _said(bool(named)), _said(bool(named)),
         "courses, crises and care by state until the horizon"),
        (FORMAL, "future costs of other illness", background, background,
         "inside the costs by state, while alive and until the horizon"),
    ]  # fmt: skip


def _time(impact: str, category: str, paid: pd.DataFrame, inside: set[str]) -> Row:
    """Return the row of a category that only the societal perspective counts."""
    if category in set(paid["category"]):
        return (INFORMAL, impact, NO, YES, f"category {category}")
    if category in inside:
        return (INFORMAL, impact, YES, YES, "inside the costs by state")
    return (INFORMAL, impact, NO, NO, "costs nothing on the cards")


def _death(method: str) -> Row:
    counted = NO if method == "none" else APART
    note = "no method chosen" if method == "none" else f"cost_productivity_death, by {method}"
    return (OTHER, "work lost to death", NO, counted, note.replace("_capital", " capital"))


def _said(counted: bool) -> str:
    return YES if counted else NO
