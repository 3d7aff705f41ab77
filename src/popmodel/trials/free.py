"""What a calibration moves: depth, contacts and potencies, each with the prior of its card.

Cards state how sure a number is; their law is read on a scale without limits (log, logit, or as it
is). Most of these priors come from a prototype fit to the same trials, so they are widened:
otherwise the trials would count twice. What no trial can tell keeps its prior as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from popmodel.evidence.load import Evidence
from popmodel.evidence.quantity import Quantity
from popmodel.evidence.schema import Response, Trial
from popmodel.parameters import Structure
from popmodel.parameters.links import link_of, linked, slope_of, unlinked

Floats = NDArray[np.float64]

WIDER: Final = 3.0
"""Factor on prior standard deviations that a prototype fit to the same trials has narrowed."""
FITTED_BEFORE: Final = "prototype fit"
"""Words in a card's rationale that mark such a number."""
ONE_SD: Final = 0.8413447460685429
DEPTH: Final = ("depth_mean", "depth_sd")
PERSISTENT: Final = "persistent_share"
LUCK: Final = "luck_sd"


@dataclass(frozen=True)
class Free:
    """One number that is fitted.

    Attributes:
        path: its dotted path.
        link: `identity`, `log` or `logit`.
        centre: prior median on the link's scale.
        sd: prior standard deviation on that scale.
    """

    path: str
    link: str
    centre: float
    sd: float

    def value(self, x: float) -> float:
        """Return the number at x prior standard deviations from its prior median."""
        return float(unlinked(self.centre + self.sd * x, self.link))

    def at(self, value: float) -> float:
        """Return where a value lies, in prior standard deviations from the prior median."""
        return (float(linked(value, self.link)) - self.centre) / self.sd

    def slope(self, x: float) -> float:
        """Return the change of the number by a prior standard deviation, at x."""
        return slope_of(self.value(x), self.link) * self.sd


def free_parameters(
    evidence: Evidence, structure: Structure, trials: Iterable[Trial]
) -> list[Free]:
    """Return what a fit to these trials moves, in a fixed order.

    Depth (mean, spread, persistent share under the default correlation only: the others are defined
    by theirs), spread of luck, the contacts and the potencies that the arms of the trials meet.
    What is not in doubt, such as a number that was overridden, is left alone.

    Args:
        evidence: cards.
        structure: what the fit holds for.
        trials: trials that are fitted.
    """
    response = f"disease.{evidence.the(Response).id}."
    depth = [response + name for name in DEPTH]
    if structure.correlation == "default":
        depth.append(response + PERSISTENT)
    treatments, contacts = met(evidence, trials)
    paths = [
        *depth,
        *(f"contacts.{name}.level" for name in contacts),
        *(f"treatments.{name}.potency" for name in treatments),
    ]
    paths.insert(len(depth), response + LUCK)
    unsure = [path for path in paths if _in_doubt(evidence.quantity(path))]
    return [
        _free(path, evidence.quantity(path), 1.0 if path == response + LUCK else None)
        for path in unsure
    ]


def free_number(evidence: Evidence, path: str) -> Free:
    """Return a number that no fit moves as if one did, with the prior of its card."""
    return _free(path, evidence.quantity(path), 1.0)


def met(evidence: Evidence, trials: Iterable[Trial]) -> tuple[list[str], list[str]]:
    """Return the treatments with a potency and the contacts in doubt that arms of trials meet."""
    trials = list(trials)
    arms = [arm for trial in trials for arm in trial.arms.values()]
    used = treatments_met(trials)
    treatments = [name for name in sorted(used) if _in_doubt(evidence.treatments[name].potency)]
    contacts = {arm.contact for arm in arms if arm.contact is not None}
    contacts |= {evidence.treatments[name].contact for name in used}
    return treatments, [
        name for name in sorted(contacts) if _in_doubt(evidence.contacts[name].level)
    ]


def treatments_met(trials: Iterable[Trial]) -> set[str]:
    """Return the treatments that arms of trials are given."""
    arms = [arm for trial in trials for arm in trial.arms.values()]
    return {name for arm in arms for name in (arm.treat, *arm.instead) if name is not None}


def _in_doubt(quantity: Quantity) -> bool:
    return quantity.sd > 0.0


def _free(path: str, quantity: Quantity, wider: float | None = None) -> Free:
    if wider is None:
        wider = WIDER if FITTED_BEFORE in (quantity.rationale or "") else 1.0
    link = link_of(quantity)
    low, middle, high = (
        float(linked(float(quantity.quantile(u)), link)) for u in (1.0 - ONE_SD, 0.5, ONE_SD)
    )
    return Free(path, link, middle, wider * 0.5 * (high - low))


def values_at(free: Sequence[Free], x: Sequence[float] | Floats) -> Mapping[str, float]:
    """Return values by path at a point (in prior standard deviations)."""
    return {one.path: one.value(float(at)) for one, at in zip(free, x, strict=True)}
