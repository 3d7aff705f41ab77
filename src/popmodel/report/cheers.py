"""The 28 items of CHEERS 2022, each filled from the run or left open for the author.

Husereau et al., Consolidated Health Economic Evaluation Reporting Standards 2022 (CHEERS 2022)
statement, Value Health 2022;25:3.
"""

from __future__ import annotations

from collections.abc import Mapping

from popmodel.report import summary
from popmodel.report.style import discount_words, horizon_words, perspective_words
from popmodel.report.tables import Result
from popmodel.report.words import clean, listed, money, number, structure_label

OPEN = "open: for the author"
ITEMS = (
    (1, "Title"),
    (2, "Abstract"),
    (3, "Background and objectives"),
    (4, "Health economic analysis plan"),
    (5, "Study population"),
    (6, "Setting and location"),
    (7, "Comparators"),
    (8, "Perspective"),
    (9, "Time horizon"),
    (10, "Discount rate"),
    (11, "Selection of outcomes"),
    (12, "Measurement of outcomes"),
    (13, "Valuation of outcomes"),
    (14, "Measurement and valuation of resources and costs"),
    (15, "Currency, price date, and conversion"),
    (16, "Rationale and description of model"),
    (17, "Analytics and assumptions"),
    (18, "Characterising heterogeneity"),
    (19, "Characterising distributional effects"),
    (20, "Characterising uncertainty"),
    (21, "Approach to engagement with patients and others affected by the study"),
    (22, "Study parameters"),
    (23, "Summary of main results"),
    (24, "Effect of uncertainty"),
    (25, "Effect of engagement with patients and others affected by the study"),
    (26, "Study findings, limitations, generalisability, and current knowledge"),
    (27, "Source of funding"),
    (28, "Conflicts of interest"),
)
INTAKES = {
    "prevalent": "depressed on the first day, with the past they lived",
    "incident": "at the beginning of an episode",
    "open": "depressed on the first day, and new ones who enter later",
}


def checklist(result: Result, plain: list[str]) -> list[tuple[str, str, bool]]:
    """Return the items as `number name`, what is said, and whether it is open.

    Args:
        result: a result folder.
        plain: the sentences of the headline, for items 23 and 24.
    """
    said = _said(result, plain)
    return [(f"{n}. {name}", said.get(n) or OPEN, not said.get(n)) for n, name in ITEMS]


def _said(result: Result, plain: list[str]) -> Mapping[int, str]:
    return {**_question(result), **_model(result), **_findings(result, plain)}


def _question(result: Result) -> dict[int, str]:
    about, manifest = result.about, result.manifest
    comparator = about.labels.get(about.comparator, "")
    others = [label for s, label in about.labels.items() if s != about.comparator]
    intake = INTAKES.get(str(manifest.get("intake", "")), "")
    patients = f"{number(about.patients)} simulated patients" if about.patients else ""
    return {
        1: about.title,
        5: "; ".join(part for part in (patients, intake) if part),
        6: clean(str(manifest.get("setting", "")).replace("_", " ")),
        7: f"{comparator} (comparator); {listed(others)}" if others else comparator,
        8: perspective_words(about) + "; see the impact inventory",
        9: horizon_words(about),
        10: discount_words(about),
        11: "QALYs, weeks in remission, remission after 12 months, life years",
        12: "simulated by patient and event; columns are explained in docs/glossary.md",
        13: "QALYs from utilities by severity; the cards are named in resolved.yaml",
    }


def _model(result: Result) -> dict[int, str]:
    about = result.about
    structures = listed([structure_label(s).lower() for s in about.structures])
    said = {
        14: "costs by category, each from a card (popmodel explain); by whom they are paid is in "
        "cost_by_category.csv",
        15: f"{about.price_year} {about.currency}".strip(),
        16: "agent-based model of depression care; docs/model.md describes it in words and "
        "equations",
        17: f"structures: {structures}; assumptions are counted and listed in this report",
        22: "every number with its distribution and source: popmodel evidence, and the sheet "
        "parameters of popmodel export",
    }
    if result.has("subgroups"):
        said[18] = "by biotype, severity, age and sex: subgroups.csv"
    if result.has("equity"):
        said[19] = "equity plane with equal weight on relative gains: equity.csv"
    ways = ["Monte Carlo error of every mean and difference"]
    if len(about.structures) > 1:
        ways.append(f"{len(about.structures)} structures side by side")
    if result.has("psa/psa"):
        ways.append(f"probabilistic analysis with {number(result.about_psa.samples)} draws")
    said[20] = listed(ways)
    if not result.has("psa/psa"):
        said[20] += "; no probabilistic analysis was run"
    return said


def _findings(result: Result, plain: list[str]) -> dict[int, str]:
    said = {23: summary.headline(result)}
    if plain:
        said[24] = " ".join(plain[-2:])
    if result.has("psa/evpi"):
        about = result.about_psa
        table = result.table("psa/evpi")
        own = table[table["structure"] == about.main_structure]
        price = about.main_wtp or float(own["wtp"].median())
        row = own.iloc[int((own["wtp"] - price).abs().argmin())]
        worth = money(float(row["evpi"]), about.currency)
        said[24] = f"{said.get(24, '')} EVPI {worth} per person (luck included).".strip()
    return said
