"""The impact inventory: which effects and costs are in which perspective, and which in none.

After the Second Panel on Cost-Effectiveness in Health and Medicine (Sanders et al., JAMA
2016;316:1093): what a reference case leaves out is said, not forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass

from popmodel.report.tables import STRUCTURE, Result
from popmodel.report.words import clean, title_of
from popmodel.vocabulary import COST_CATEGORIES, HEALTH_CARE_CATEGORIES, PAYERS

SAVED = "impact_inventory"
BACKGROUND = "background"
HEALTH = {
    "Life years": "deaths by suicide and other causes",
    "QALYs": "utility by severity, crises and adverse events",
    "Weeks in remission": "beside QALYs, not added to them",
}
MEANINGS = {
    "treatment": "courses and sessions of what is offered",
    "visits": "appointments",
    "drugs": "medicines",
    "adverse_events": "care for harms of treatment",
    "crisis": "emergency and inpatient care for crises",
    "background": "other health care by state",
    "productivity": "work lost while ill",
    "patient_time": "time and travel of patients",
}
LEFT_OUT = {
    "Informal care": "time of family and friends",
    "Other sectors": "housing, justice, education, environment",
    "Future unrelated consumption": "of those who live longer",
}


@dataclass(frozen=True)
class Impact:
    """One kind of effect or cost, and whether each perspective counts it."""

    sector: str
    name: str
    health_care: str
    societal: str
    note: str


def inventory(result: Result) -> list[Impact]:
    """Return the impacts, from the saved table if there is one, else by default."""
    return _saved(result) if result.has(SAVED) else _default(result)


def _saved(result: Result) -> list[Impact]:
    table = result.table(SAVED).drop(columns=STRUCTURE).drop_duplicates().fillna("")
    names = [str(c) for c in table.columns]
    keep = [c for c in ("health_care", "societal") if c in names]
    if len(keep) < 2:
        return _default(result)
    texts = [c for c in names if c not in keep]
    return [
        Impact(
            title_of(str(row[texts[0]])) if texts else "",
            title_of(str(row[texts[1]])) if len(texts) > 1 else "",
            _yes(row["health_care"]),
            _yes(row["societal"]),
            clean(row[texts[-1]], 120) if len(texts) > 2 else "",
        )
        for row in table.to_dict("records")
    ]


def _yes(value: object) -> str:
    text = str(value).strip().lower()
    if text in ("true", "1", "1.0", "yes"):
        return "yes"
    return "no" if text in ("false", "0", "0.0", "no", "") else clean(value)


def _default(result: Result) -> list[Impact]:
    inside = {str(name) for name in result.manifest.get("included_in_background") or ()}
    rows = [Impact("Health", name, "yes", "yes", note) for name, note in HEALTH.items()]
    for category in COST_CATEGORIES:
        health = "yes" if category in HEALTH_CARE_CATEGORIES else "no"
        note = MEANINGS.get(category, "")
        if category in inside and category != BACKGROUND:
            note += "; counted within other health care by state, not charged again"
        sector = title_of(PAYERS.get(category, "other"))
        rows.append(Impact(sector, title_of(category), health, "yes", note))
    return rows + [Impact("Not counted", name, "no", "no", note) for name, note in LEFT_OUT.items()]
