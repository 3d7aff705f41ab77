"""What a search would do and about how long it takes, before it is started."""

from __future__ import annotations

import math
from typing import Any, Final

from popmodel.pipeline.plan import MICROSECONDS_PER_LIFE, SECONDS_TO_COMPILE
from popmodel.pipeline.stages import horizon_days
from popmodel.population import default_threads
from popmodel.search.shortlist import SHORT
from popmodel.search.space import Space
from popmodel.units import DAYS_PER_YEAR

FORMS: Final = 2.5
"""Strategies tried on the patients of the shortlist, simpler forms too, for each that is on it."""


def plan_of(space: Space, threads: int | None = None) -> dict[str, Any]:
    """Return what a search would do, as words and numbers.

    Args:
        space: what it may propose.
        threads: how many; all processors when None.
    """
    question = space.question
    search = question.search
    return {
        "treatments": ", ".join(space.treatments),
        "rules of a strategy": search.most_rules,
        "thresholds of severity": ", ".join(f"{cut:g}" for cut in space.thresholds),
        "lines": f"1 to {search.last_line}",
        "biotypes": ", ".join(space.biotypes) or "not known, not used",
        "followed by": question.then,
        "objectives": ", ".join(question.objectives),
        "budget per patient and year": search.budget_per_year,
        "possible choices": f"{math.prod(float(size) for size in space.sizes.values()):.1e}",
        "evaluations": search.evaluations,
        "patients of each": question.patients,
        "patients of the shortlist": question.shortlist_patients,
        "fresh patients": question.fresh_patients,
        "time": f"about {_seconds(space, threads):,.0f} s, and up to {SECONDS_TO_COMPILE:.0f} s "
        "to compile the rules the first time",
    }


def _seconds(space: Space, threads: int | None) -> float:
    question = space.question
    search = question.search
    again = search.keep + len(question.scenario.strategies)
    lives = float(search.evaluations * question.patients + again * question.fresh_patients)
    lives += FORMS * SHORT * question.shortlist_patients
    years = horizon_days(question.scenario) / DAYS_PER_YEAR
    at_once = threads or default_threads()
    return lives * MICROSECONDS_PER_LIFE * years / 5.0 / 1e6 * 2.0 / at_once
