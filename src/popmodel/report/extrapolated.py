"""Which strategies rest on use of a treatment earlier in care than its trials tested it."""

from __future__ import annotations

from popmodel.report.tables import Result, each_row
from popmodel.report.words import listed

NONE = "none"


def extrapolated(result: Result) -> list[tuple[str, str]]:
    """Return strategies and the treatments they start with fewer failures than were tested.

    Nothing where the extrapolation was taken out (`structure.extrapolation: none`), or where the
    folder has no table of courses.
    """
    if result.manifest.get("extrapolation") == NONE or not result.has("flow"):
        return []
    about = result.about
    early: dict[str, list[str]] = {}
    flow = result.table("flow")
    for row in each_row(flow[(flow["outcome"] == "started") & (flow["count"] > 0)]):
        after = int(about.treatments.get(row.treatment, {}).get("tested_after") or 0)
        known = early.setdefault(row.strategy, [])
        if row.line <= after and row.treatment not in known:
            known.append(row.treatment)
    return [
        (about.marked(strategy), listed(sorted(about.treatment_label(t) for t in names)))
        for strategy, names in early.items()
        if names
    ]
