"""What every version of the work hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

STATES = (
    "untreated", "waiting", "on_course", "responding", "remitted", "recovered", "in_crisis", "dead",
)  # fmt: skip
UNTREATED, WAITING, ON_COURSE, RESPONDING, REMITTED, RECOVERED, IN_CRISIS, DEAD = range(8)
COSTS = (
    "treatment", "visits", "drugs", "adverse_events", "crisis", "background", "productivity",
    "patient_time",
)  # fmt: skip
TREATMENT, VISITS, DRUG_COST, ADVERSE, CRISIS, BACKGROUND, PRODUCTIVITY, PATIENT_TIME = range(8)
YEAR = 365.25


@dataclass(frozen=True)
class Outcome:
    """One row a patient, and patients by state week by week."""

    remitted_12m: Any
    remission_weeks: Any
    qaly: Any
    cost: Any
    courses: Any
    died: Any
    weekly: Any

    @property
    def health_care(self) -> Any:
        """Discounted cost of health care: everything but lost work and the patient's time."""
        return self.cost[:, :PRODUCTIVITY].sum(axis=1)

    def means(self) -> dict[str, tuple[float, float]]:
        """Return mean and standard error of the headline outcomes."""
        columns = {
            "remission_12m": self.remitted_12m,
            "remission_weeks": self.remission_weeks,
            "qaly": self.qaly,
            "cost_health_care": self.health_care,
            "courses": self.courses,
            "deaths": self.died,
        }
        n = len(self.qaly)
        return {
            name: (float(np.mean(x)), float(np.std(x, ddof=1) / np.sqrt(n)))
            for name, x in columns.items()
        }
